//! The values of a type: what is entered, what is stored, and what a Reference to it means (CLI.md, FIELD).

use keyward_model::{
    SecretValue,
    apply::Apply,
    connection::{AuthType, Connection, UserPass},
    value::MAX_VALUE_BYTES,
};
use keyward_vault::error as store;

use crate::{
    Error, Kind, Result,
    auth_clients::{apply_of, endpoint_of},
    json,
};

/// Values as a person enters them, by the names of [`AuthType::values`].
pub type Named<'a> = &'a [(&'a str, &'a SecretValue)];

/// What a Reference to an entered value means: one field of it, or without a field the value, of Basic both as JSON
/// (CLI.md, FIELD).
///
/// # Errors
/// [`Kind::NotFound`] for a field that its type does not have; [`Kind::NeedsConsent`] while it is disconnected.
pub(crate) fn field(
    connection: &Connection,
    value: Option<SecretValue>,
    name: Option<&str>,
) -> Result<SecretValue> {
    let auth_type = connection.auth_type;
    if let Some(name) = name
        && !auth_type.has_field(name)
    {
        return Err(Error::new(
            Kind::NotFound,
            format!(
                "“{}” is of type {} and has no field “{name}”.",
                connection.key,
                auth_type.as_str()
            ),
            fields(auth_type),
        ));
    }
    if auth_type == AuthType::None {
        return Err(Error::new(
            Kind::NotFound,
            format!("“{}” is of type none: it has no value.", connection.key),
            "It says where requests go; `keyward connection show` tells.",
        ));
    }
    let value = value.ok_or_else(|| {
        Error::new(
            Kind::NeedsConsent,
            format!("“{}” is disconnected: its values were destroyed.", connection.key),
            format!("Enter them again: keyward connection update {}", connection.key),
        )
    })?;
    if auth_type != AuthType::Basic {
        return Ok(value);
    }
    let UserPass { username, password } = UserPass::split(&value)
        .ok_or_else(|| store::Error::Corrupt("a user name and a password".to_owned()))?;
    match name {
        Some("username") => Ok(username),
        Some(_) => Ok(password),
        None => json::object(&[("username", username), ("password", password)]).map_err(|name| {
            Error::new(
                Kind::Invalid,
                format!(
                    "The {name} of “{}” is not UTF-8 and cannot be JSON.",
                    connection.key
                ),
                "Name a field: username or password.",
            )
        }),
    }
}

/// The fields of a type, as a hint.
pub(crate) fn fields(auth_type: AuthType) -> String {
    match auth_type {
        AuthType::Oauth2 => {
            "Fields are access_token, token_type, expires_at, scope, account, raw.MEMBER and what \
             `keyward connection show` names as kept."
                .to_owned()
        }
        AuthType::Oauth1 => "Fields are access_token, token_type, account and raw.MEMBER.".to_owned(),
        AuthType::Basic => "Fields are username and password.".to_owned(),
        AuthType::ApiKey => "Its one field is value.".to_owned(),
        AuthType::AccessToken => "Its one field is access_token.".to_owned(),
        AuthType::None => "It has no fields.".to_owned(),
    }
}

/// All values of a type, as the one that is stored.
pub(super) fn joined(auth_type: AuthType, values: Named<'_>) -> Result<Option<SecretValue>> {
    let wanted = auth_type.values();
    if let Some((name, _)) = values.iter().find(|(name, _)| !wanted.contains(name)) {
        return Err(Error::new(
            Kind::Invalid,
            format!("{name}: the type {} has no such value.", auth_type.as_str()),
            fields(auth_type),
        ));
    }
    let one = |name: &str| {
        let mut given = values.iter().filter(|(given, _)| *given == name);
        match (given.next(), given.next()) {
            (Some((_, value)), None) => Ok(*value),
            (None, _) => Err(Error::invalid(format!("{name}: it is missing."))),
            (Some(_), Some(_)) => Err(Error::invalid(format!("{name}: it is given twice."))),
        }
    };
    match auth_type {
        AuthType::Oauth2 | AuthType::Oauth1 | AuthType::None => Ok(None),
        AuthType::Basic => {
            let both = UserPass {
                username: one("username")?.duplicate(),
                password: one("password")?.duplicate(),
            };
            if both.username.is_empty() && both.password.is_empty() {
                return Err(Error::invalid("username and password: both are empty."));
            }
            let value = both
                .join()
                .map_err(|error| Error::invalid(format!("values: {error}.")))?;
            Ok(Some(value))
        }
        AuthType::ApiKey | AuthType::AccessToken => {
            let name = wanted[0];
            let value = one(name)?;
            if value.is_empty() {
                return Err(Error::invalid(format!("{name}: it is empty.")));
            }
            if value.len() > MAX_VALUE_BYTES {
                return Err(Error::invalid(format!("{name}: at most 1 MiB can be stored.")));
            }
            Ok(Some(value.duplicate()))
        }
    }
}

/// An address that requests may go to; empty for none, which a Connection without a value cannot do without.
pub(crate) fn checked_url(auth_type: AuthType, url: &str) -> Result<Option<String>> {
    match url {
        "" if auth_type == AuthType::None => Err(Error::invalid(
            "url: a connection of type none is an address, and there is none.",
        )),
        "" => Ok(None),
        url => endpoint_of("url", url).map(Some),
    }
}

pub(super) fn checked_apply(auth_type: AuthType, text: &str) -> Result<Apply> {
    let apply = apply_of(text)?;
    if auth_type.allows(&apply) {
        return Ok(apply);
    }
    let message = match auth_type {
        AuthType::Basic => "apply: a user name and a password are sent as basic.".to_owned(),
        other => format!(
            "apply: a connection of type {} has no value of its own to send.",
            other.as_str()
        ),
    };
    Err(Error::invalid(message))
}
