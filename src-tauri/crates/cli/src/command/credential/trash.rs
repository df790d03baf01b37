//! `keyward credential delete` and `trash`.

use keyward_api::wire::{
    Credential, CredentialDelete, CredentialEmptyTrash, CredentialRestore, CredentialTrash,
};

use super::rows;
use crate::{
    command::{Result, trash},
    context::Context,
    door::Door,
    output::Face,
};

/// Into the trash; what lies there already, out of it for good.
///
/// # Errors
/// `not_found`; then nothing was deleted.
pub fn delete(context: &Context, face: &Face, credentials: Vec<String>) -> Result {
    let request = CredentialDelete {
        environment: context.environment.clone(),
        credentials,
    };
    let gone = Door::open(context)?.call(context, request)?;
    for credential in &gone {
        face.say(match credential.deleted_at {
            Some(_) => format!(
                "{} is in the trash. Undo: keyward credential restore {}",
                credential.key, credential.id
            ),
            None => format!("{} is gone for good, with every value it had.", credential.key),
        });
    }
    match face.is_json() {
        true => face.show(&gone, |list| rows(list)),
        false => Ok(()),
    }
}

/// Everything in the trash of the environment, newest first.
///
/// # Errors
/// `not_found` for the environment, `locked`.
pub fn list(context: &Context, face: &Face) -> Result {
    let environment = context.environment.clone();
    let all = Door::open(context)?.call(context, CredentialTrash { environment })?;
    face.say(match all.is_empty() {
        true => "No custom credentials are in the trash.",
        false => "Take one out: keyward credential restore ID. After 30 days they are gone for good.",
    });
    face.show(&all, |list| {
        trash::table(
            list.iter()
                .map(|one| (one.key.as_str(), one.deleted_at.as_deref(), one.id.as_str())),
        )
    })
}

/// Takes one out.
///
/// # Errors
/// `not_found`, `conflict` when the key is taken meanwhile.
pub fn restore(context: &Context, door: &mut Door, credential: String) -> Result<Credential> {
    let environment = context.environment.clone();
    door.call(
        context,
        CredentialRestore {
            environment,
            credential,
        },
    )
}

/// Deletes all of them for good.
///
/// # Errors
/// `not_found` for the environment, `locked`.
pub fn empty(context: &Context, face: &Face) -> Result {
    let environment = context.environment.clone();
    let purged = Door::open(context)?.call(context, CredentialEmptyTrash { environment })?;
    trash::emptied(face, &purged, "credential")
}
