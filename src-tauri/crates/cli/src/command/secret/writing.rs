//! `keyward secret add` and `update`: what reads values.

use std::time::Duration;

use keyward_api::{
    verbs::Verb,
    wire::{Code, Error, Plaintext, SecretCheckKey, SecretCreate, SecretSetValue, SecretShow, SecretUpdate},
};
use keyward_model::{SecretValue, Timestamp};

use super::tables::facts;
use crate::{
    args::{Bound, SecretAdd, SecretUpdate as UpdateArguments, ValueSource},
    command::Result,
    context::{Context, has_terminal},
    door::Door,
    output::Face,
    value,
};

/// Stores a new secret.
///
/// # Errors
/// `usage`, `conflict`, `locked`.
pub fn add(context: &Context, face: &Face, add: SecretAdd) -> Result {
    value::refuse_arguments(&add.refused)?;
    let mut door = Door::open(context)?;
    let environment = context.environment.clone();
    let check = SecretCheckKey {
        environment: environment.clone(),
        key: add.key.clone(),
    };
    let secret = read_for(context, &mut door, check, &add.value, || value::read(&add.value))?;
    let request = SecretCreate {
        environment,
        key: add.key,
        name: add.name,
        description: add.description,
        tags: Some(written(add.tags)),
        masked: Some(!add.plain),
        value: Plaintext(secret),
        expires_at: add.care.expires.map(expiry),
        rotate_every: add.care.rotate_every.map(rotation).transpose()?,
        favourite: add.care.favourite(),
        notes: add.care.notes,
    };
    let made = door.call(context, request)?;
    face.say(format!(
        "Stored {}. Refer to it as keyward://{}/{}",
        made.key, made.environment, made.key
    ));
    if face.is_json() {
        face.show(&made, facts)
    } else {
        Ok(())
    }
}

/// Changes metadata, stores a new value, or both.
///
/// # Errors
/// `usage`, `not_found`, `conflict`, `locked`.
pub fn update(context: &Context, face: &Face, update: UpdateArguments) -> Result {
    value::refuse_arguments(&update.refused)?;
    if update.key.is_some() {
        return Err(Error::new(
            Code::Conflict,
            "A key never changes: everything that refers to it would break.",
            "`keyward secret duplicate KEY NEW` makes one under another key; --name changes what people read.",
        ));
    }
    let masked = (update.plain || update.masked).then_some(update.masked);
    let metadata = update.name.is_some()
        || update.description.is_some()
        || !update.tags.is_empty()
        || masked.is_some()
        || update.care.is_said();
    let from_source = update.value_stdin || update.value.value_file.is_some();
    // CLI.md: a value is read when it is asked for, or on a terminal with no option at all.
    if !metadata && !from_source && !has_terminal() {
        return Err(Error::new(
            Code::Usage,
            "There is nothing to change.",
            "Say --value-stdin or --value-file for a new value, or --name, --description, --tag, --plain, --masked, --note, --expires, --rotate-every, --favourite.",
        ));
    }
    let mut door = Door::open(context)?;
    let environment = context.environment.clone();
    let value = if from_source || !metadata {
        let there = SecretShow {
            environment: environment.clone(),
            secret: update.secret.clone(),
        };
        Some(read_for(
            context,
            &mut door,
            there,
            &update.value,
            || match update.value_stdin {
                true => value::from_stdin(&update.value),
                false => value::read(&update.value),
            },
        )?)
    } else {
        None
    };
    let stores = value.is_some();
    let changed = match value {
        Some(value) if !metadata => door.call(
            context,
            SecretSetValue {
                environment,
                secret: update.secret,
                value: Plaintext(value),
                note: None,
            },
        )?,
        // One request, one transaction: a refused name leaves the old value in place, and the other way round.
        value => door.call(
            context,
            SecretUpdate {
                environment,
                secret: update.secret,
                name: update.name,
                description: update.description,
                tags: (!update.tags.is_empty()).then(|| written(update.tags)),
                masked,
                expires_at: update.care.expires.map(expiry),
                rotate_every: update.care.rotate_every.map(rotation).transpose()?,
                favourite: update.care.favourite(),
                notes: update.care.notes,
                value: value.map(Plaintext),
            },
        )?,
    };
    if stores {
        face.say(format!("{} has version {} now.", changed.key, changed.version));
    }
    face.show(&changed, facts)
}

/// Reads the value for an act that `check` finds possible.
///
/// Nobody types a value for what cannot be, and a passphrase may lie before it on stdin: then `check` comes first. What
/// lies ready is read first and stored in one request (P5), which refuses what `check` would; where it cannot be read,
/// the refusal is the same as for a person.
fn read_for<V: Verb>(
    context: &Context,
    door: &mut Door,
    check: V,
    source: &ValueSource,
    read: impl FnOnce() -> Result<SecretValue>,
) -> Result<SecretValue> {
    if value::is_typed(source) || context.brings_passphrase() {
        door.call(context, check)?;
        return read();
    }
    let value = read();
    if value.is_err() {
        door.call(context, check)?;
    }
    value
}

/// The tags that are words.
fn written(tags: Vec<String>) -> Vec<String> {
    tags.into_iter().filter(|tag| !tag.is_empty()).collect()
}

fn expiry(at: Bound<Timestamp>) -> String {
    match at {
        Bound::Never => String::new(),
        Bound::At(at) => at.to_rfc3339(),
    }
}

fn rotation(every: Bound<Duration>) -> Result<u32> {
    let seconds = match every {
        Bound::Never => return Ok(0),
        Bound::At(every) => every.as_secs(),
    };
    match u32::try_from(seconds) {
        Ok(seconds @ 1..) => Ok(seconds),
        _ => Err(Error::usage(
            "rotate every: from a second up to a hundred years, for example 90d.",
        )),
    }
}
