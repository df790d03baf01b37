//! The trash: what is deleted stays for 30 days, and is purged then, on demand, or with its environment.

use std::collections::HashMap;

use keyward_model::{
    Id,
    credential::{Credential, KEPT},
    environment::Environment,
};
use keyward_vault::{
    error as store,
    table::{audit, credentials, environments},
};

use super::{event, find, write};
use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    environments as environment_acts,
    secrets::taken,
    steady::is_steady,
};

/// Moves Credentials to the trash, and those that lie there out of it for good: all of them, or none when one is missing.
/// What was purged comes back without `deleted_at`, as it lies in no trash.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn delete(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    keys_or_ids: &[String],
) -> Result<Vec<(Credential, Environment)>> {
    access::authorize(caller, Act::Write)?;
    let mut found: Vec<(Credential, Environment)> = Vec::new();
    for key_or_id in keys_or_ids {
        let one = find(engine, environment, key_or_id)?;
        if !found.iter().any(|(credential, _)| credential.id == one.0.id) {
            found.push(one);
        }
    }
    let now = engine.now();
    let gone = engine.unlocked()?.write(now, |tx| {
        let mut gone = Vec::new();
        for (credential, environment) in found {
            let is_purge = credential.deleted_at.is_some();
            let action = if is_purge {
                "credential.purge"
            } else {
                "credential.delete"
            };
            audit::append(tx, &event(engine, caller, action, &credential, &environment))?;
            let credential = if is_purge {
                credentials::purge(tx, credential.id)?;
                Credential {
                    deleted_at: None,
                    ..credential
                }
            } else {
                credentials::trash(tx, credential.id, now)?
            };
            gone.push((credential, environment));
        }
        Ok(gone)
    })?;
    for (credential, _) in &gone {
        engine.changes.publish(ChangeKind::Credential, credential.id);
    }
    Ok(gone)
}

/// What lies in the trash of an environment, newest first. What is older than 30 days is purged before.
///
/// # Errors
/// When locked or damaged.
pub fn trashed(engine: &Engine, environment: &str) -> Result<(Vec<Credential>, Environment)> {
    sweep(engine)?;
    let environment = environment_acts::find(engine, environment)?;
    let mut trashed = engine
        .unlocked()?
        .read(|tx| credentials::trashed(tx, environment.id))?;
    trashed.sort_by(|one, other| {
        other
            .deleted_at
            .cmp(&one.deleted_at)
            .then(one.key.cmp(&other.key))
    });
    Ok((trashed, environment))
}

/// Purges what the trash has kept for 30 days, in every environment. Writes nothing when there is nothing, or when the
/// clock leapt.
///
/// # Errors
/// When locked or damaged.
pub(crate) fn sweep(engine: &Engine) -> Result<()> {
    let now = engine.now();
    let vault = engine.unlocked()?;
    if vault.read(|tx| Ok(credentials::spent(tx, now)?.is_empty() || !is_steady(tx, now)?))? {
        return Ok(());
    }
    let gone = vault.write(now, |tx| {
        let names: HashMap<Id, Environment> = environments::list(tx)?
            .into_iter()
            .map(|environment| (environment.id, environment))
            .collect();
        let gone = credentials::spent(tx, now)?;
        for credential in &gone {
            credentials::purge(tx, credential.id)?;
            let environment = names
                .get(&credential.environment)
                .map_or("?", |environment| environment.name.as_str());
            let subject = format!(
                "credential {environment}/{} after {} days in the trash",
                credential.key,
                KEPT.as_secs() / (24 * 3600)
            );
            let event = crate::audit::event(engine, "keyward".to_owned(), "credential.purge", subject, "ok");
            audit::append(tx, &event)?;
        }
        Ok(gone)
    })?;
    for credential in gone {
        engine.changes.publish(ChangeKind::Credential, credential.id);
    }
    Ok(())
}

/// Takes a Credential out of the trash: by id, or the newest of that key.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Conflict`] when the key is taken meanwhile.
pub fn restore(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
) -> Result<(Credential, Environment)> {
    access::authorize(caller, Act::Write)?;
    let environment = environment_acts::find(engine, environment)?;
    let trashed = engine
        .unlocked()?
        .read(|tx| credentials::trashed(tx, environment.id))?;
    let id = Id::parse(key_or_id);
    let credential = trashed
        .into_iter()
        .filter(|credential| credential.key.as_str() == key_or_id || Some(credential.id) == id)
        .max_by_key(|credential| (credential.deleted_at, credential.updated_at))
        .ok_or_else(|| {
            let message = format!(
                "The trash of environment “{}” has no credential “{key_or_id}”.",
                environment.name
            );
            Error::new(Kind::NotFound, message, "")
        })?;
    let now = engine.now();
    let restored = write(engine, caller, "credential.restore", &environment, |tx| {
        credentials::restore(tx, credential.id, now)
    });
    match restored {
        Ok(credential) => Ok((credential, environment)),
        Err(store::Error::Conflict(_)) => Err(taken(&credential.key, &environment)),
        Err(error) => Err(error.into()),
    }
}
