//! `keyward secret delete` and `trash`.

use keyward_api::wire::{CredentialTrash, Secret, SecretDelete, SecretEmptyTrash, SecretTrash};

use super::tables;
use crate::{
    command::{Result, trash},
    context::Context,
    door::Door,
    output::Face,
};

/// Into the trash, or for good.
///
/// # Errors
/// `not_found`; then nothing was deleted.
pub fn delete(context: &Context, face: &Face, door: &mut Door, request: SecretDelete) -> Result {
    let gone = door.call(context, request)?;
    for secret in &gone {
        face.say(match secret.deleted_at {
            Some(_) => format!(
                "{} is in the trash. Undo: keyward secret restore {}",
                secret.key, secret.id
            ),
            None => format!("{} is gone for good.", secret.key),
        });
    }
    match face.is_json() {
        true => face.show(&gone, |list| tables::lines(list)),
        false => Ok(()),
    }
}

/// Everything in the trash of the environment, newest first.
///
/// # Errors
/// `not_found` for the environment, `locked`.
pub fn list(context: &Context, face: &Face, door: &mut Door) -> Result {
    let mut all: Vec<Secret> = Vec::new();
    loop {
        let request = SecretTrash {
            environment: context.environment.clone(),
            after: all.last().map(|last| last.id.clone()),
            limit: door.page(),
        };
        let page = door.call(context, request)?;
        let is_last = door.page().is_none() || page.is_empty();
        all.extend(page);
        if is_last {
            break;
        }
    }
    face.say(match all.is_empty() {
        true => "No secrets are in the trash.",
        false => "Take one out: keyward secret restore ID. After 30 days they are gone for good.",
    });
    let environment = context.environment.clone();
    match door.call(context, CredentialTrash { environment })?.len() {
        0 => {}
        1 => face.say("1 custom credential lies in a trash of its own: keyward credential trash"),
        count => face.say(format!(
            "{count} custom credentials lie in a trash of their own: keyward credential trash"
        )),
    }
    face.show(&all, |list| {
        trash::table(
            list.iter()
                .map(|one| (one.key.as_str(), one.deleted_at.as_deref(), one.id.as_str())),
        )
    })
}

/// Deletes the whole trash of the environment for good.
///
/// # Errors
/// `not_found` for the environment, `locked`.
pub fn empty(context: &Context, face: &Face, door: &mut Door) -> Result {
    let environment = context.environment.clone();
    let purged = door.call(context, SecretEmptyTrash { environment })?;
    trash::emptied(face, &purged, "secret")
}
