//! Custom credentials.

use std::sync::Arc;

use keyward_engine::{
    Engine,
    access::Caller,
    credentials::{self, Draft, Masking},
};

use super::{Result, from_engine};
use crate::wire::{self, Plaintext, VariableDraft};

/// Credentials of an environment, by key.
///
/// # Errors
/// `locked`, `not_found` for the environment.
pub fn list(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::CredentialList,
) -> Result<Vec<wire::Credential>> {
    let search = request.search.unwrap_or_default();
    let (found, environment) = credentials::list(engine, &request.environment, &search)?;
    let after = request.after.unwrap_or_default();
    let page = found
        .into_iter()
        .filter(|credential| credential.key.as_str() > after.as_str())
        .take(request.limit.map_or(usize::MAX, |limit| limit as usize));
    Ok(page
        .map(|credential| from_engine::credential(credential, &environment))
        .collect())
}

/// Makes a Credential; the reply has no value in it.
///
/// # Errors
/// `usage`, `conflict`.
pub fn create(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::CredentialCreate,
) -> Result<wire::Credential> {
    let variables = drafts(&request.variables);
    let new = credentials::New {
        key: &request.key,
        name: request.name.as_deref(),
        description: request.description.as_deref().unwrap_or_default(),
        variables: &variables,
    };
    let (credential, environment) = credentials::create(engine, caller, &request.environment, &new)?;
    Ok(from_engine::credential(credential, &environment))
}

/// One Credential's metadata.
///
/// # Errors
/// `not_found`.
pub fn show(engine: &Arc<Engine>, _: &Caller, request: wire::CredentialShow) -> Result<wire::Credential> {
    let (credential, environment) = credentials::find(engine, &request.environment, &request.credential)?;
    Ok(from_engine::credential(credential, &environment))
}

/// Changes everything but the key, in one act.
///
/// # Errors
/// `not_found`, `usage`, `conflict` when the variables changed meanwhile.
pub fn update(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::CredentialUpdate,
) -> Result<wire::Credential> {
    let variables = request.variables.as_deref().map(drafts);
    let removed = request.removed.unwrap_or_default();
    let changes = credentials::Changes {
        name: request.name.as_deref(),
        description: request.description.as_deref(),
        variables: variables.as_deref(),
        removed: &removed,
    };
    let (credential, environment) = credentials::update(
        engine,
        caller,
        &request.environment,
        &request.credential,
        &changes,
    )?;
    Ok(from_engine::credential(credential, &environment))
}

/// Moves Credentials to the trash, or out of it for good.
///
/// # Errors
/// `not_found`; then none was moved.
pub fn delete(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::CredentialDelete,
) -> Result<Vec<wire::Credential>> {
    let trashed = credentials::delete(engine, caller, &request.environment, &request.credentials)?;
    Ok(trashed
        .into_iter()
        .map(|(credential, environment)| from_engine::credential(credential, &environment))
        .collect())
}

/// What lies in the trash, newest first.
///
/// # Errors
/// `locked`, `not_found` for the environment.
pub fn trash(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::CredentialTrash,
) -> Result<Vec<wire::Credential>> {
    let (trashed, environment) = credentials::trashed(engine, &request.environment)?;
    Ok(trashed
        .into_iter()
        .map(|credential| from_engine::credential(credential, &environment))
        .collect())
}

/// Empties the trash of an environment of Credentials; answers how many are gone for good.
///
/// # Errors
/// `not_found` for the environment.
pub fn empty_trash(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::CredentialEmptyTrash,
) -> Result<wire::Purged> {
    let gone = credentials::empty(engine, caller, &request.environment)?;
    Ok(wire::Purged {
        purged: u32::try_from(gone.len()).unwrap_or(u32::MAX),
    })
}

/// Out of the trash.
///
/// # Errors
/// `not_found`, `conflict`.
pub fn restore(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::CredentialRestore,
) -> Result<wire::Credential> {
    let (credential, environment) =
        credentials::restore(engine, caller, &request.environment, &request.credential)?;
    Ok(from_engine::credential(credential, &environment))
}

/// An old value of a variable made current.
///
/// # Errors
/// `not_found`, `conflict`.
pub fn restore_version(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::CredentialRestoreVersion,
) -> Result<wire::Credential> {
    let (credential, environment) = credentials::restore_version(
        engine,
        caller,
        &request.environment,
        &request.credential,
        &request.variable,
        request.version,
    )?;
    Ok(from_engine::credential(credential, &environment))
}

/// Versions of one variable, newest first, without values.
///
/// # Errors
/// `not_found`.
pub fn history(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::CredentialHistory,
) -> Result<Vec<wire::Version>> {
    let (variable, versions) = credentials::history(
        engine,
        &request.environment,
        &request.credential,
        &request.variable,
    )?;
    Ok(versions
        .into_iter()
        .map(|version| from_engine::version(version, variable.version))
        .collect())
}

/// Reveals one value.
///
/// # Errors
/// `not_found`, `denied`; `locked` where the passphrase is needed again.
pub fn reveal(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::CredentialReveal,
) -> Result<wire::Revealed> {
    let (value, notice) = credentials::reveal(
        engine,
        caller,
        &request.environment,
        &request.credential,
        &request.variable,
        request.passphrase.as_ref().map(|passphrase| &passphrase.0),
    )?;
    Ok(wire::Revealed {
        value: Plaintext(value),
        notice,
    })
}

fn drafts(drafts: &[VariableDraft]) -> Vec<Draft<'_>> {
    drafts
        .iter()
        .map(|draft| Draft {
            id: draft.id.as_deref(),
            name: &draft.name,
            description: &draft.description,
            masking: if draft.masked {
                Masking::Masked
            } else {
                Masking::Plain
            },
            value: draft.value.as_ref().map(|value| &value.0),
            file: draft.file.as_deref(),
        })
        .collect()
}
