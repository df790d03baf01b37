//! Secrets as they change: what is said of them, and their values.

use keyward_model::{
    SecretValue,
    environment::Environment,
    secret::{Changes, Secret},
};
use keyward_vault::{
    error as store,
    table::{audit, secrets},
};

use super::{check_rotation, check_text, check_value, event, find};
use crate::{
    Engine, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
};

/// Changes metadata; never the key (PV5) and never the value.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Invalid`].
pub fn update(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    changes: &Changes,
) -> Result<(Secret, Environment)> {
    change(engine, caller, environment, key_or_id, changes, None)
}

/// As [`update`], and stores a new value with it: both or neither.
///
/// # Errors
/// As [`update`] and [`set_value`].
pub fn renew(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    changes: &Changes,
    value: &SecretValue,
) -> Result<(Secret, Environment)> {
    check_value(value)?;
    change(engine, caller, environment, key_or_id, changes, Some(value))
}

fn change(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    changes: &Changes,
    value: Option<&SecretValue>,
) -> Result<(Secret, Environment)> {
    access::authorize(caller, Act::Write)?;
    check_text("name", changes.name.as_deref().unwrap_or_default())?;
    check_text("description", changes.description.as_deref().unwrap_or_default())?;
    check_text("tags", &changes.tags.as_deref().unwrap_or_default().concat())?;
    check_text("notes", changes.notes.as_deref().unwrap_or_default())?;
    check_rotation(changes.rotate_every.flatten())?;
    let (secret, environment) = find(engine, environment, key_or_id)?;
    let now = engine.now();
    let secret = engine.unlocked()?.write(now, |tx| {
        let mut secret = secrets::update(tx, secret.id, changes, now)?;
        audit::append(tx, &event(engine, caller, "secret.update", &secret, &environment))?;
        if let Some(value) = value {
            secret = secrets::set_value(tx, secret.id, value, "", now)?;
            audit::append(
                tx,
                &event(engine, caller, "secret.set_value", &secret, &environment),
            )?;
        }
        Ok(secret)
    })?;
    engine.changes.publish(ChangeKind::Secret, secret.id);
    Ok((secret, environment))
}

/// Stores a new value as a new version.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Invalid`] over 1 MiB.
pub fn set_value(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    value: &SecretValue,
    note: &str,
) -> Result<(Secret, Environment)> {
    access::authorize(caller, Act::Write)?;
    check_value(value)?;
    check_text("note", note)?;
    let (secret, environment) = find(engine, environment, key_or_id)?;
    let now = engine.now();
    let secret = engine.unlocked()?.write(now, |tx| {
        let secret = secrets::set_value(tx, secret.id, value, note, now)?;
        audit::append(
            tx,
            &event(engine, caller, "secret.set_value", &secret, &environment),
        )?;
        Ok(secret)
    })?;
    engine.changes.publish(ChangeKind::Secret, secret.id);
    Ok((secret, environment))
}

/// Makes an old value the current one, as a new version.
///
/// # Errors
/// [`Kind::NotFound`] for the Secret or the version; [`Kind::Conflict`] for a revoked version.
pub fn restore_version(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    number: u32,
) -> Result<(Secret, Environment)> {
    access::authorize(caller, Act::Write)?;
    let (secret, environment) = find(engine, environment, key_or_id)?;
    let now = engine.now();
    let secret = engine.unlocked()?.write(now, |tx| {
        let revoked = secrets::versions(tx, &secret)?
            .iter()
            .any(|version| version.number == number && version.revoked);
        if revoked {
            return Err(store::Error::Conflict(format!(
                "version {number} of {} was revoked",
                secret.key
            )));
        }
        let value = secrets::version_value(tx, &secret, number)?;
        let note = format!("Restored from version {number}");
        let secret = secrets::set_value(tx, secret.id, &value, &note, now)?;
        audit::append(
            tx,
            &event(engine, caller, "secret.restore_version", &secret, &environment),
        )?;
        Ok(secret)
    })?;
    engine.changes.publish(ChangeKind::Secret, secret.id);
    Ok((secret, environment))
}
