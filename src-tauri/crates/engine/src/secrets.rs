//! Secrets: create, read, change, trash, restore.

mod finding;

use keyward_model::{
    Id, SecretValue,
    audit::AuditEvent,
    environment::Environment,
    name::Handle,
    secret::{Changes, Secret, Version},
    value::MAX_VALUE_BYTES,
};
use keyward_vault::{
    error as store,
    table::{audit, items, secrets},
};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    again,
    changes::ChangeKind,
    environments as environment_acts,
};

pub(crate) use finding::{Listed, missing};
pub use finding::{find, list};
pub use keyward_vault::table::secrets::Masking;

/// What a person says of a new Secret.
pub struct New<'a> {
    /// The key, for ever.
    pub key: &'a str,
    /// Default: the key.
    pub name: Option<&'a str>,
    /// Free text.
    pub description: &'a str,
    /// Free words.
    pub tags: &'a [String],
    /// Whether faces hide it.
    pub masking: Masking,
    /// The value.
    pub value: &'a SecretValue,
}

/// Refuses a key that a new Secret could not have.
///
/// # Errors
/// [`Kind::Invalid`] naming the rule, [`Kind::Conflict`] when it is taken (also by one that differs only in case).
pub fn check_key(engine: &Engine, environment: &str, key: &str) -> Result<Handle> {
    let handle = parse_key(key)?;
    let environment = environment_acts::find(engine, environment)?;
    match engine
        .unlocked()?
        .read(|tx| items::in_any_case(tx, environment.id, &handle))?
    {
        Some(_) => Err(taken(&handle, &environment)),
        None => Ok(handle),
    }
}

/// Reads a key or says which rule it breaks.
///
/// # Errors
/// [`Kind::Invalid`].
pub fn parse_key(key: &str) -> Result<Handle> {
    Handle::parse(key).map_err(|error| Error::invalid(format!("key: {error}")))
}

pub(crate) fn taken(key: &Handle, environment: &Environment) -> Error {
    Error::new(
        Kind::Conflict,
        format!("The key “{key}” is taken in environment “{}”.", environment.name),
        "Keys that differ only in case count as the same. `keyward secret update` and `keyward credential update` store new values.",
    )
}

/// Makes a Secret with its first value, in one transaction.
///
/// # Errors
/// [`Kind::Invalid`], [`Kind::Conflict`], [`Kind::NotFound`] for the environment.
pub fn create(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    new: &New<'_>,
) -> Result<(Secret, Environment)> {
    access::authorize(caller, Act::Write)?;
    let handle = parse_key(new.key)?;
    check_value(new.value)?;
    check_text("name", new.name.unwrap_or_default())?;
    check_text("description", new.description)?;
    let environment = environment_acts::find(engine, environment)?;
    let now = engine.now();
    let row = secrets::New {
        key: &handle,
        name: new.name.unwrap_or(new.key),
        description: new.description,
        tags: new.tags,
        masked: new.masking,
        environment: environment.id,
        value: new.value,
    };
    let written = engine.unlocked()?.write(now, |tx| {
        let secret = secrets::insert(tx, row, now)?;
        audit::append(tx, &event(engine, caller, "secret.create", &secret, &environment))?;
        Ok(secret)
    });
    match written {
        Ok(secret) => {
            engine.changes.publish(ChangeKind::Secret, secret.id);
            Ok((secret, environment))
        }
        Err(store::Error::Conflict(_)) => Err(taken(&handle, &environment)),
        Err(error) => Err(error.into()),
    }
}

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
    access::authorize(caller, Act::Write)?;
    check_text("name", changes.name.as_deref().unwrap_or_default())?;
    check_text("description", changes.description.as_deref().unwrap_or_default())?;
    let (secret, environment) = find(engine, environment, key_or_id)?;
    let now = engine.now();
    let secret = engine.unlocked()?.write(now, |tx| {
        let secret = secrets::update(tx, secret.id, changes, now)?;
        audit::append(tx, &event(engine, caller, "secret.update", &secret, &environment))?;
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

/// Moves Secrets to the trash: all of them, or none when one is missing.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn delete(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    keys_or_ids: &[String],
) -> Result<Vec<(Secret, Environment)>> {
    access::authorize(caller, Act::Write)?;
    let mut found: Vec<(Secret, Environment)> = Vec::new();
    for key_or_id in keys_or_ids {
        let one = find(engine, environment, key_or_id)?;
        if !found.iter().any(|(secret, _)| secret.id == one.0.id) {
            found.push(one);
        }
    }
    let now = engine.now();
    let trashed = engine.unlocked()?.write(now, |tx| {
        let mut trashed = Vec::new();
        for (secret, environment) in found {
            let event = event(engine, caller, "secret.delete", &secret, &environment);
            trashed.push((secrets::trash(tx, secret.id, now)?, environment));
            audit::append(tx, &event)?;
        }
        Ok(trashed)
    })?;
    for (secret, _) in &trashed {
        engine.changes.publish(ChangeKind::Secret, secret.id);
    }
    Ok(trashed)
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
            Error::new(Kind::NotFound, message, "")
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

/// Versions, newest first, without values, and the number of the current one.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn history(engine: &Engine, environment: &str, key_or_id: &str) -> Result<(Secret, Vec<Version>)> {
    let (secret, _) = find(engine, environment, key_or_id)?;
    let versions = engine.unlocked()?.read(|tx| secrets::versions(tx, &secret))?;
    Ok((secret, versions))
}

/// Shows the current value to the Owner, and says when the log could not take the event.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Denied`]; [`Kind::Locked`] where the passphrase is needed again (W-08).
pub fn reveal(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    passphrase: again::Given<'_>,
) -> Result<(SecretValue, Option<String>)> {
    again::before_reveal(engine, passphrase)?;
    hand_out(engine, caller, environment, key_or_id, "secret.reveal")
}

/// The current value for the clipboard, which shows it to nobody.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Denied`].
pub fn copy(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
) -> Result<(SecretValue, Option<String>)> {
    hand_out(engine, caller, environment, key_or_id, "secret.copy")
}

fn hand_out(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    action: &str,
) -> Result<(SecretValue, Option<String>)> {
    access::authorize(caller, Act::Read)?;
    let (secret, environment) = find(engine, environment, key_or_id)?;
    let value = engine.unlocked()?.read(|tx| secrets::value(tx, &secret))?;
    let notice = engine
        .reads
        .record(engine, vec![event(engine, caller, action, &secret, &environment)])?;
    Ok((value, notice))
}

pub(crate) fn event(
    engine: &Engine,
    caller: &Caller,
    action: &str,
    secret: &Secret,
    environment: &Environment,
) -> AuditEvent {
    let subject = format!("secret {}/{}", environment.name, secret.key);
    crate::audit::event(engine, caller.actor(), action, subject, "ok")
}

fn check_value(value: &SecretValue) -> Result<()> {
    if value.len() > MAX_VALUE_BYTES {
        return Err(Error::invalid(format!(
            "value: {} bytes, and at most 1 MiB can be stored.",
            value.len()
        )));
    }
    Ok(())
}

/// Longest name or description, in bytes: together with a value they must fit a record (SECURITY.md §b.4).
const MAX_TEXT_BYTES: usize = 16 * 1024;

pub(crate) fn check_text(field: &str, text: &str) -> Result<()> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::invalid(format!("{field}: at most 16 KiB.")));
    }
    Ok(())
}
