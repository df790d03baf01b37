//! `keyward secret add` and `update`: what reads values.

use std::time::Duration;

use keyward_api::wire::{
    Code, Error, Plaintext, SecretCheckKey, SecretCreate, SecretSetValue, SecretShow, SecretUpdate,
};
use keyward_model::Timestamp;

use super::tables::facts;
use crate::{
    args::{Bound, SecretAdd, SecretUpdate as UpdateArguments},
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
    // The key first: nobody types a value for a key that cannot be.
    door.call(
        context,
        SecretCheckKey {
            environment: environment.clone(),
            key: add.key.clone(),
        },
    )?;
    let secret = value::read(&add.value)?;
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
    let mut changed = door.call(
        context,
        SecretShow {
            environment: environment.clone(),
            secret: update.secret.clone(),
        },
    )?;
    let value = match from_source || !metadata {
        true if update.value_stdin => Some(value::from_stdin(&update.value)?),
        true => Some(value::read(&update.value)?),
        false => None,
    };
    let stores = value.is_some();
    if metadata {
        // One request, one transaction: a refused name leaves the old value in place, and the other way round.
        let request = SecretUpdate {
            environment: environment.clone(),
            secret: update.secret.clone(),
            name: update.name,
            description: update.description,
            tags: (!update.tags.is_empty()).then(|| written(update.tags)),
            masked,
            expires_at: update.care.expires.map(expiry),
            rotate_every: update.care.rotate_every.map(rotation).transpose()?,
            favourite: update.care.favourite(),
            notes: update.care.notes,
            value: value.map(Plaintext),
        };
        changed = door.call(context, request)?;
    } else if let Some(value) = value {
        changed = door.call(
            context,
            SecretSetValue {
                environment,
                secret: update.secret,
                value: Plaintext(value),
                note: None,
            },
        )?;
    }
    if stores {
        face.say(format!("{} has version {} now.", changed.key, changed.version));
    }
    face.show(&changed, facts)
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
