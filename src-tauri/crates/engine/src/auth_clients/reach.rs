//! Using an AuthClient, wherever it is kept (EL7): it is used where it is visible; its client secret never leaves the
//! request it is for.

use keyward_model::{
    SecretValue,
    auth_client::{AuthClient, Oauth2, Visibility},
    connection::{Address, AuthType},
    environment::Environment,
};
use keyward_vault::{error as store, table::auth_clients, vault::UnlockedVault};

use super::{Counted, find, list};
use crate::{Engine, Error, Kind, Result, neighbours};

/// An AuthClient on its way into a request.
pub(crate) struct Used {
    pub(crate) auth_client: AuthClient,
    pub(crate) client_secret: Option<SecretValue>,
}

/// Reads an AuthClient with its client secret out of the vault that keeps it, as it stands now (EL13).
///
/// # Errors
/// [`Kind::Locked`] naming that vault, [`Kind::Denied`] when it is no longer visible from here, [`Kind::NotFound`].
pub(crate) fn read_for_use(engine: &Engine, vault: &UnlockedVault, address: Address) -> Result<Used> {
    let read = |vault: &UnlockedVault| {
        vault.read(|tx| {
            let auth_client = auth_clients::read(tx, address.client)?;
            let client_secret = auth_clients::client_secret(tx, &auth_client)?;
            Ok(Used {
                auth_client,
                client_secret,
            })
        })
    };
    if *address.vault.as_bytes() == vault.uuid() {
        return Ok(read(vault)?);
    }
    let keeper = neighbours::of(engine, address.vault)?;
    let used = read(&keeper.vault).map_err(|error| match error {
        store::Error::NotFound(_) => Error::new(
            Kind::NotFound,
            format!(
                "The auth client of this connection was deleted in the vault “{}”.",
                keeper.name
            ),
            "Delete the connection and make it again through another auth client.",
        ),
        error => error.into(),
    })?;
    if used.auth_client.visibility != Visibility::Machine {
        return Err(Error::new(
            Kind::Denied,
            format!(
                "The auth client “{}” of the vault “{}” is no longer visible here.",
                used.auth_client.key, keeper.name
            ),
            format!(
                "Widen it there: keyward --vault {} auth-client update {} --visibility machine",
                keeper.name, used.auth_client.key
            ),
        ));
    }
    Ok(used)
}

/// The OAuth registration of an AuthClient that a consent or a refresh goes through.
///
/// # Errors
/// [`Kind::Invalid`] when it is of another type.
pub(crate) fn oauth2(auth_client: &AuthClient) -> Result<&Oauth2> {
    auth_client
        .oauth2()
        .ok_or_else(|| unfit(auth_client, AuthType::Oauth2))
}

/// The AuthClient for a new Connection of this type. Those that a person enters
/// need none.
///
/// # Errors
/// [`Kind::NotFound`], also for one that is not visible here; [`Kind::Invalid`] for one of another type.
pub(crate) fn choose(
    engine: &Engine,
    environment: &Environment,
    wanted: Option<&str>,
    auth_type: AuthType,
) -> Result<Option<Counted>> {
    let Some(key) = wanted else {
        return Ok(None);
    };
    let found = visible(engine, environment, key)?;
    if !found.auth_client.registration.serves(auth_type) {
        return Err(unfit(&found.auth_client, auth_type));
    }
    Ok(Some(found))
}

/// The AuthClient for a new Connection that a person consents to. EL8: one is chosen, several are a choice, none is an
/// error.
///
/// # Errors
/// As [`choose`].
pub(crate) fn choose_for_consent(
    engine: &Engine,
    environment: &Environment,
    wanted: Option<&str>,
) -> Result<Counted> {
    let Some(key) = wanted else {
        return only_one(engine, environment);
    };
    let found = visible(engine, environment, key)?;
    if !takes_consents(&found.auth_client) {
        return Err(no_consents(&found.auth_client));
    }
    Ok(found)
}

fn takes_consents(auth_client: &AuthClient) -> bool {
    auth_client.oauth2().is_some() || auth_client.oauth1().is_some()
}

/// Why there is nothing to consent to.
pub(crate) fn no_consents(auth_client: &AuthClient) -> Error {
    unfit(auth_client, AuthType::Oauth2)
}

fn visible(engine: &Engine, environment: &Environment, key: &str) -> Result<Counted> {
    let found = find(engine, key)?;
    if found.kept_in.is_none() && !found.auth_client.is_visible_in(environment.id) {
        return Err(Error::new(
            Kind::NotFound,
            format!("The auth client “{key}” belongs to another environment."),
            format!("Widen it: keyward auth-client update {key} --visibility vault"),
        ));
    }
    Ok(found)
}

fn only_one(engine: &Engine, environment: &Environment) -> Result<Counted> {
    let mut visible = list(engine, environment.name.as_str())?;
    visible.retain(|one| takes_consents(&one.auth_client));
    match visible.len() {
        1 => Ok(visible.remove(0)),
        0 => Err(Error::new(
            Kind::NotFound,
            format!(
                "Environment “{}” has no auth client to connect through.",
                environment.name
            ),
            "Make one with `keyward auth-client add NAME --type oauth2 --issuer URL --client-id ID`.",
        )),
        _ => {
            let keys: Vec<String> = visible
                .iter()
                .map(|one| one.auth_client.key.to_string())
                .collect();
            Err(Error::new(
                Kind::Invalid,
                "Several auth clients could be meant.",
                format!("Say --auth-client with one of: {}.", keys.join(", ")),
            ))
        }
    }
}

fn unfit(auth_client: &AuthClient, auth_type: AuthType) -> Error {
    Error::new(
        Kind::Invalid,
        format!(
            "The auth client “{}” is of type {} and makes no {} connections.",
            auth_client.key,
            auth_client.registration.kind(),
            auth_type.as_str()
        ),
        "`keyward auth-client list` names the types of those there are.",
    )
}
