//! Connections whose values a person enters.

use std::sync::Arc;

use keyward_engine::{
    Engine,
    access::Caller,
    connections::{self, Changes, Choice, New},
};
use keyward_model::{SecretValue, connection::AuthType};

use super::{Result, from_engine};
use crate::wire::{self, NamedValue, Plaintext};

/// Makes one with its first values; the reply has none of them in it.
///
/// # Errors
/// `usage`, `conflict`, `not_found`.
pub fn create(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ConnectionCreate,
) -> Result<wire::Connection> {
    let new = New {
        key: &request.key,
        name: request.name.as_deref(),
        auth_type: request.auth_type.into(),
        application: request.application.as_deref(),
        application_name: request.application_name.as_deref(),
        auth_client: request.auth_client.as_deref(),
        url: request.url.as_deref(),
        apply: request.apply.as_deref(),
        values: &named(&request.values),
        default: match request.default {
            Some(true) => Choice::This,
            Some(false) | None => Choice::First,
        },
    };
    Ok(connections::create(engine, caller, &request.environment, &new)?.into())
}

/// Changes what is known about it, or its values.
///
/// # Errors
/// `usage`, `conflict`, `not_found`.
pub fn update(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ConnectionUpdate,
) -> Result<wire::Connection> {
    let values = request.values.unwrap_or_default();
    let changes = Changes {
        name: request.name.as_deref(),
        url: request.url.as_deref(),
        apply: request.apply.as_deref(),
        values: &named(&values),
        note: request.note.as_deref().unwrap_or_default(),
    };
    let shown = connections::update(
        engine,
        caller,
        &request.environment,
        &request.connection,
        &changes,
    )?;
    Ok(shown.into())
}

/// Versions, newest first, without values.
///
/// # Errors
/// `not_found`, `usage` for a type without values.
pub fn history(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::ConnectionHistory,
) -> Result<Vec<wire::Version>> {
    let (shown, versions) = connections::history(engine, &request.environment, &request.connection)?;
    let current = shown.connection.value.map_or(0, |(number, _)| number);
    Ok(versions
        .into_iter()
        .map(|version| from_engine::version(version, current))
        .collect())
}

/// Old values made current.
///
/// # Errors
/// `not_found`, `conflict`.
pub fn restore(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ConnectionRestore,
) -> Result<wire::Connection> {
    let shown = connections::restore_version(
        engine,
        caller,
        &request.environment,
        &request.connection,
        request.version,
    )?;
    Ok(shown.into())
}

/// Reveals one value.
///
/// # Errors
/// `not_found`, `needs_consent`; `locked` where the passphrase is needed again.
pub fn reveal(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ConnectionReveal,
) -> Result<wire::Revealed> {
    let (value, notice) = connections::reveal(
        engine,
        caller,
        &request.environment,
        &request.connection,
        &request.field,
        request.passphrase.as_ref().map(|passphrase| &passphrase.0),
    )?;
    Ok(wire::Revealed {
        value: Plaintext(value),
        notice,
    })
}

fn named(values: &[NamedValue]) -> Vec<(&str, &SecretValue)> {
    values
        .iter()
        .map(|one| (one.name.as_str(), &one.value.0))
        .collect()
}

impl From<wire::AuthType> for AuthType {
    fn from(auth_type: wire::AuthType) -> Self {
        match auth_type {
            wire::AuthType::Oauth2 => Self::Oauth2,
            wire::AuthType::Oauth1 => Self::Oauth1,
            wire::AuthType::Basic => Self::Basic,
            wire::AuthType::ApiKey => Self::ApiKey,
            wire::AuthType::AccessToken => Self::AccessToken,
            wire::AuthType::None => Self::None,
        }
    }
}
