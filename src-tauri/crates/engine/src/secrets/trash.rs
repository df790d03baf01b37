//! The trash: what is deleted stays for 30 days, and is purged then, on demand, or with its environment.

use std::collections::HashMap;

use keyward_model::{
    Id,
    audit::AuditEvent,
    environment::Environment,
    secret::{Secret, TRASH_KEEPS},
};
use keyward_vault::{
    error as store,
    table::{audit, environments, secrets},
};

use super::{event, taken};
use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    environments as environment_acts,
    steady::is_steady,
};

/// What deleting means for a Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Into the trash; out of the trash for good.
    Trash,
    /// For good, wherever it is.
    Purge,
}

/// Deletes Secrets: all of them, or none when one is missing. What was purged comes back without `deleted_at`, as it lies
/// in no trash.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn delete(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    keys_or_ids: &[String],
    removal: Removal,
) -> Result<Vec<(Secret, Environment)>> {
    access::authorize(caller, Act::Write)?;
    let found = super::find_all(engine, environment, keys_or_ids)?;
    let now = engine.now();
    let gone = engine.unlocked()?.write(now, |tx| {
        let mut gone = Vec::new();
        for (secret, environment) in found {
            let is_purge = removal == Removal::Purge || secret.deleted_at.is_some();
            let action = if is_purge { "secret.purge" } else { "secret.delete" };
            audit::append(tx, &event(engine, caller, action, &secret, &environment))?;
            let secret = if is_purge {
                secrets::purge(tx, secret.id)?;
                Secret {
                    deleted_at: None,
                    ..secret
                }
            } else {
                secrets::trash(tx, secret.id, now)?
            };
            gone.push((secret, environment));
        }
        Ok(gone)
    })?;
    for (secret, _) in &gone {
        engine.changes.publish(ChangeKind::Secret, secret.id);
    }
    Ok(gone)
}

/// What lies in the trash of an environment, newest first. What is older than 30 days is purged before.
///
/// # Errors
/// When locked or damaged.
pub fn trashed(engine: &Engine, environment: &str) -> Result<(Vec<Secret>, Environment)> {
    sweep(engine)?;
    let environment = environment_acts::find(engine, environment)?;
    let mut trashed = engine
        .unlocked()?
        .read(|tx| secrets::trashed(tx, environment.id))?;
    trashed.sort_by(|one, other| {
        other
            .deleted_at
            .cmp(&one.deleted_at)
            .then(one.key.cmp(&other.key))
    });
    Ok((trashed, environment))
}

/// Empties the trash of an environment, in one transaction; answers what is gone for good.
///
/// # Errors
/// [`Kind::NotFound`] for the environment.
pub fn empty(engine: &Engine, caller: &Caller, environment: &str) -> Result<Vec<Secret>> {
    access::authorize(caller, Act::Write)?;
    let environment = environment_acts::find(engine, environment)?;
    let gone = engine.unlocked()?.write(engine.now(), |tx| {
        let gone = secrets::trashed(tx, environment.id)?;
        for secret in &gone {
            secrets::purge(tx, secret.id)?;
            audit::append(tx, &event(engine, caller, "secret.purge", secret, &environment))?;
        }
        Ok(gone)
    })?;
    for secret in &gone {
        engine.changes.publish(ChangeKind::Secret, secret.id);
    }
    Ok(gone)
}

/// Purges what the trash has kept for 30 days, in every environment. Writes nothing when there is nothing, or when the
/// clock leapt.
///
/// # Errors
/// When locked or damaged.
pub(crate) fn sweep(engine: &Engine) -> Result<()> {
    let now = engine.now();
    let vault = engine.unlocked()?;
    if vault.read(|tx| Ok(secrets::spent(tx, now)?.is_empty() || !is_steady(tx, now)?))? {
        return Ok(());
    }
    let gone = vault.write(now, |tx| {
        let names: HashMap<Id, Environment> = environments::list(tx)?
            .into_iter()
            .map(|environment| (environment.id, environment))
            .collect();
        let gone = secrets::spent(tx, now)?;
        for secret in &gone {
            secrets::purge(tx, secret.id)?;
            audit::append(tx, &swept(engine, secret, names.get(&secret.environment)))?;
        }
        Ok(gone)
    })?;
    for secret in gone {
        engine.changes.publish(ChangeKind::Secret, secret.id);
    }
    Ok(())
}

fn swept(engine: &Engine, secret: &Secret, environment: Option<&Environment>) -> AuditEvent {
    let days = TRASH_KEEPS.as_secs() / (24 * 3600);
    let environment = environment.map_or("?", |environment| environment.name.as_str());
    let subject = format!(
        "secret {environment}/{} after {days} days in the trash",
        secret.key
    );
    crate::audit::event(engine, "keyward".to_owned(), "secret.purge", subject, "ok")
}

/// Takes a Secret out of the trash: by id, or the newest of that key.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Conflict`] when the key is taken meanwhile.
pub fn restore(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
) -> Result<(Secret, Environment)> {
    access::authorize(caller, Act::Write)?;
    let environment = environment_acts::find(engine, environment)?;
    let vault = engine.unlocked()?;
    let trashed = vault.read(|tx| secrets::trashed(tx, environment.id))?;
    let id = Id::parse(key_or_id);
    let secret = trashed
        .into_iter()
        .filter(|secret| secret.key.as_str() == key_or_id || Some(secret.id) == id)
        .max_by_key(|secret| (secret.deleted_at, secret.updated_at))
        .ok_or_else(|| {
            let message = format!(
                "The trash of environment “{}” has no “{key_or_id}”.",
                environment.name
            );
            Error::new(
                Kind::NotFound,
                message,
                "`keyward secret trash` lists what it has.",
            )
        })?;
    let now = engine.now();
    let restored = vault.write(now, |tx| {
        let secret = secrets::restore(tx, secret.id, now)?;
        audit::append(
            tx,
            &event(engine, caller, "secret.restore", &secret, &environment),
        )?;
        Ok(secret)
    });
    match restored {
        Ok(secret) => {
            engine.changes.publish(ChangeKind::Secret, secret.id);
            Ok((secret, environment))
        }
        Err(store::Error::Conflict(_)) => Err(taken(&secret.key, &environment)),
        Err(error) => Err(error.into()),
    }
}
