//! Secrets: create, read, change, delete, restore, copy and move.

mod changing;
mod copying;
mod finding;
mod trash;

use std::time::Duration;

use keyward_model::{
    SecretValue, Timestamp,
    audit::AuditEvent,
    environment::Environment,
    name::Handle,
    secret::{LONGEST_ROTATION, Secret, Version},
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

pub use changing::{renew, restore_version, set_value, update};
pub use copying::{Transfer, duplicate, transfer};
pub(crate) use finding::{Listed, find_all, missing};
pub use finding::{Wanted, each, find};
pub use keyward_vault::table::secrets::Masking;
pub use trash::{Removal, delete, empty, restore, trashed};

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
    /// What the Owner wants to remember about it.
    pub notes: &'a str,
    /// From when on whoever issued the value refuses it.
    pub expires_at: Option<Timestamp>,
    /// How old a value may become before it should be replaced.
    pub rotate_every: Option<Duration>,
    /// Whether the Owner wants it at hand.
    pub favourite: bool,
    /// When the value was made, where another store knows; default: now.
    pub value_changed_at: Option<Timestamp>,
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
        "Keys that differ only in case count as the same. `keyward secret update`, `credential update` and `connection update` store new values.",
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
    check_text("tags", &new.tags.concat())?;
    check_text("notes", new.notes)?;
    check_rotation(new.rotate_every)?;
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
        notes: new.notes,
        expires_at: new.expires_at,
        rotate_every: new.rotate_every,
        favourite: new.favourite,
        value_changed_at: new.value_changed_at.unwrap_or(now),
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
    hand_out(engine, caller, environment, key_or_id, None, "secret.reveal")
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
    hand_out(engine, caller, environment, key_or_id, None, "secret.copy")
}

/// Shows an old value to the Owner, as [`reveal`] does the current one.
///
/// # Errors
/// As [`reveal`]; [`Kind::NotFound`] also for the version.
pub fn reveal_version(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    number: u32,
    passphrase: again::Given<'_>,
) -> Result<(SecretValue, Option<String>)> {
    again::before_reveal(engine, passphrase)?;
    hand_out(
        engine,
        caller,
        environment,
        key_or_id,
        Some(number),
        "secret.reveal",
    )
}

/// An old value for the clipboard, as [`copy`] gives the current one.
///
/// # Errors
/// As [`copy`]; [`Kind::NotFound`] also for the version.
pub fn copy_version(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    number: u32,
) -> Result<(SecretValue, Option<String>)> {
    hand_out(
        engine,
        caller,
        environment,
        key_or_id,
        Some(number),
        "secret.copy",
    )
}

fn hand_out(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    version: Option<u32>,
    action: &str,
) -> Result<(SecretValue, Option<String>)> {
    access::authorize(caller, Act::Read)?;
    let (secret, environment) = find(engine, environment, key_or_id)?;
    let mut event = event(engine, caller, action, &secret, &environment);
    let vault = engine.unlocked()?;
    let value = match version {
        None => vault.read(|tx| secrets::value(tx, &secret))?,
        Some(number) => {
            event.subject.push_str(&format!(" version {number}"));
            vault.read(|tx| secrets::version_value(tx, &secret, number))?
        }
    };
    let notice = engine.reads.record(engine, vec![event])?;
    Ok((value, notice))
}

/// Whether a value is the one that is stored, for whoever is about to store it again. The stored one stays here.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Denied`].
pub fn is_current(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    value: &SecretValue,
) -> Result<bool> {
    access::authorize(caller, Act::Read)?;
    let (secret, _) = find(engine, environment, key_or_id)?;
    let stored = engine.unlocked()?.read(|tx| secrets::value(tx, &secret))?;
    Ok(stored.is_same(value))
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

/// A time between rotations that means something: from a second to a hundred years.
fn check_rotation(every: Option<Duration>) -> Result<()> {
    match every {
        Some(every) if every.as_secs() == 0 || every > LONGEST_ROTATION => Err(Error::invalid(
            "rotate every: from a second up to a hundred years, for example 90d.",
        )),
        _ => Ok(()),
    }
}

/// Longest name, description or notes, in bytes: together with a value they must fit a record (SECURITY.md §b.4).
const MAX_TEXT_BYTES: usize = 16 * 1024;

pub(crate) fn check_text(field: &str, text: &str) -> Result<()> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::invalid(format!("{field}: at most 16 KiB.")));
    }
    Ok(())
}
