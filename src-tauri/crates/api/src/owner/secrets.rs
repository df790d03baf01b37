//! Secrets.

use std::sync::Arc;

use keyward_engine::{
    Engine,
    access::Caller,
    secrets::{self, Masking},
};
use keyward_model::secret::Changes;

use super::{Result, from_engine};
use crate::wire::{self, Done, Plaintext};

/// Secrets of an environment, by key.
///
/// # Errors
/// `locked`, `not_found` for the environment.
pub fn list(engine: &Arc<Engine>, _: &Caller, request: wire::SecretList) -> Result<Vec<wire::Secret>> {
    let search = request.search.unwrap_or_default();
    let (found, environment) = secrets::list(engine, &request.environment, &search, request.tag.as_deref())?;
    let after = request.after.unwrap_or_default();
    let page = found
        .into_iter()
        .filter(|secret| secret.key.as_str() > after.as_str())
        .take(request.limit.map_or(usize::MAX, |limit| limit as usize));
    Ok(page
        .map(|secret| from_engine::secret(secret, &environment))
        .collect())
}

/// Fails when a new Secret could not have this key.
///
/// # Errors
/// `usage`, `conflict`.
pub fn check_key(engine: &Arc<Engine>, _: &Caller, request: wire::SecretCheckKey) -> Result<Done> {
    secrets::check_key(engine, &request.environment, &request.key)?;
    Ok(Done {})
}

/// Makes a Secret; the reply has no value in it.
///
/// # Errors
/// `usage`, `conflict`.
pub fn create(engine: &Arc<Engine>, caller: &Caller, request: wire::SecretCreate) -> Result<wire::Secret> {
    let new = secrets::New {
        key: &request.key,
        name: request.name.as_deref(),
        description: request.description.as_deref().unwrap_or_default(),
        tags: request.tags.as_deref().unwrap_or_default(),
        masking: if request.masked == Some(false) {
            Masking::Plain
        } else {
            Masking::Masked
        },
        value: &request.value.0,
    };
    let (secret, environment) = secrets::create(engine, caller, &request.environment, &new)?;
    Ok(from_engine::secret(secret, &environment))
}

/// One Secret's metadata.
///
/// # Errors
/// `not_found`.
pub fn show(engine: &Arc<Engine>, _: &Caller, request: wire::SecretShow) -> Result<wire::Secret> {
    let (secret, environment) = secrets::find(engine, &request.environment, &request.secret)?;
    Ok(from_engine::secret(secret, &environment))
}

/// Changes metadata.
///
/// # Errors
/// `not_found`, `usage`.
pub fn update(engine: &Arc<Engine>, caller: &Caller, request: wire::SecretUpdate) -> Result<wire::Secret> {
    let changes = Changes {
        name: request.name,
        description: request.description,
        tags: request.tags,
        masked: request.masked,
    };
    let (secret, environment) =
        secrets::update(engine, caller, &request.environment, &request.secret, &changes)?;
    Ok(from_engine::secret(secret, &environment))
}

/// Stores a new value.
///
/// # Errors
/// `not_found`, `usage`.
pub fn set_value(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::SecretSetValue,
) -> Result<wire::Secret> {
    let note = request.note.unwrap_or_default();
    let (secret, environment) = secrets::set_value(
        engine,
        caller,
        &request.environment,
        &request.secret,
        &request.value.0,
        &note,
    )?;
    Ok(from_engine::secret(secret, &environment))
}

/// Moves Secrets to the trash.
///
/// # Errors
/// `not_found`; then none was moved.
pub fn delete(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::SecretDelete,
) -> Result<Vec<wire::Secret>> {
    let trashed = secrets::delete(engine, caller, &request.environment, &request.secrets)?;
    Ok(trashed
        .into_iter()
        .map(|(secret, environment)| from_engine::secret(secret, &environment))
        .collect())
}

/// Out of the trash, or an old value made current.
///
/// # Errors
/// `not_found`, `conflict`.
pub fn restore(engine: &Arc<Engine>, caller: &Caller, request: wire::SecretRestore) -> Result<wire::Secret> {
    let (secret, environment) = match request.version {
        None => secrets::restore(engine, caller, &request.environment, &request.secret)?,
        Some(number) => {
            secrets::restore_version(engine, caller, &request.environment, &request.secret, number)?
        }
    };
    Ok(from_engine::secret(secret, &environment))
}

/// Versions, newest first, without values.
///
/// # Errors
/// `not_found`.
pub fn history(engine: &Arc<Engine>, _: &Caller, request: wire::SecretHistory) -> Result<Vec<wire::Version>> {
    let (secret, versions) = secrets::history(engine, &request.environment, &request.secret)?;
    Ok(versions
        .into_iter()
        .map(|version| from_engine::version(version, secret.version))
        .collect())
}

/// Reveals one value.
///
/// # Errors
/// `not_found`, `denied`; `locked` where the passphrase is needed again.
pub fn reveal(engine: &Arc<Engine>, caller: &Caller, request: wire::SecretReveal) -> Result<wire::Revealed> {
    let (value, notice) = secrets::reveal(
        engine,
        caller,
        &request.environment,
        &request.secret,
        request.passphrase.as_ref().map(|passphrase| &passphrase.0),
    )?;
    Ok(wire::Revealed {
        value: Plaintext(value),
        notice,
    })
}
