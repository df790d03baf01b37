//! `keyward secret`

use keyward_api::wire::{
    Code, Error, Plaintext, Secret, SecretCheckKey, SecretCreate, SecretDelete, SecretHistory, SecretList,
    SecretRestore, SecretReveal, SecretSetValue, SecretShow, SecretUpdate, Version,
};

use super::{Result, get};
use crate::{
    args::{Secret as Command, SecretAdd, SecretUpdate as UpdateArguments},
    context::{Context, has_terminal},
    door::Door,
    output,
    output::Face,
    value,
};

/// Everything about Secrets.
///
/// # Errors
/// `usage`, `not_found`, `conflict`, `locked`.
pub fn run(context: &Context, face: &Face, command: Command) -> Result {
    let environment = context.environment.clone();
    match command {
        Command::Add(add) => return self::add(context, face, add),
        Command::Update(update) => return self::update(context, face, update),
        _ => {}
    }
    let mut door = Door::open(context)?;
    match command {
        Command::Add(_) | Command::Update(_) => Ok(()),
        Command::List { search, tag } => {
            let list = pages(context, &mut door, search, tag)?;
            if list.is_empty() {
                face.say("No secrets here. Add one: keyward secret add KEY");
            }
            face.show(&list, |list| rows(list))
        }
        Command::Show { secret, reveal } => show(context, face, &mut door, secret, reveal),
        Command::Delete { secrets } => {
            let gone = door.call(context, SecretDelete { environment, secrets })?;
            for secret in &gone {
                face.say(format!(
                    "{} is in the trash. Undo: keyward secret restore {}",
                    secret.key, secret.id
                ));
            }
            if face.is_json() {
                face.show(&gone, |list| rows(list))
            } else {
                Ok(())
            }
        }
        Command::Restore { secret, version } => {
            let restored = door.call(
                context,
                SecretRestore {
                    environment,
                    secret,
                    version,
                },
            )?;
            face.show(&restored, facts)
        }
        Command::History { secret } => face.show(
            &door.call(context, SecretHistory { environment, secret })?,
            |list| versions(list),
        ),
    }
}

fn add(context: &Context, face: &Face, add: SecretAdd) -> Result {
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
        tags: Some(add.tags),
        masked: Some(!add.plain),
        value: Plaintext(secret),
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

fn update(context: &Context, face: &Face, update: UpdateArguments) -> Result {
    value::refuse_arguments(&update.refused)?;
    if update.key.is_some() {
        return Err(Error::new(
            Code::Conflict,
            "A key never changes: everything that refers to it would break.",
            "Add a secret under the new key and delete the old one; --name changes what people read.",
        ));
    }
    let metadata =
        update.name.is_some() || update.description.is_some() || !update.tags.is_empty() || update.plain;
    let from_source = update.value_stdin || update.value.value_file.is_some();
    // CLI.md: a value is read when it is asked for, or on a terminal with no option at all.
    if !metadata && !from_source && !has_terminal() {
        return Err(Error::new(
            Code::Usage,
            "There is nothing to change.",
            "Say --value-stdin or --value-file for a new value, or --name, --description, --tag, --plain.",
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
        true if update.value_stdin => Some(stdin_value(&update.value)?),
        true => Some(value::read(&update.value)?),
        false => None,
    };
    // Metadata first: what is refused there leaves the old value in place.
    if metadata {
        let request = SecretUpdate {
            environment: environment.clone(),
            secret: update.secret.clone(),
            name: update.name,
            description: update.description,
            tags: (!update.tags.is_empty()).then_some(update.tags),
            masked: update.plain.then_some(false),
        };
        changed = door.call(context, request)?;
    }
    if let Some(value) = value {
        changed = door.call(
            context,
            SecretSetValue {
                environment,
                secret: update.secret,
                value: Plaintext(value),
                note: None,
            },
        )?;
        face.say(format!("{} has version {} now.", changed.key, changed.version));
    }
    face.show(&changed, facts)
}

fn stdin_value(source: &crate::args::ValueSource) -> Result<keyward_model::SecretValue> {
    let value = value::stdin(source.raw)?;
    if value.is_empty() && !source.empty {
        return Err(Error::new(
            Code::Usage,
            "The value is empty; nothing was stored.",
            "Say --empty when that is meant.",
        ));
    }
    Ok(value)
}

fn show(context: &Context, face: &Face, door: &mut Door, secret: String, reveal: bool) -> Result {
    let environment = context.environment.clone();
    let shown = door.call(
        context,
        SecretShow {
            environment: environment.clone(),
            secret,
        },
    )?;
    if !reveal {
        return face.show(&shown, facts);
    }
    let revealed = door.call_again(context, &mut None, |passphrase| SecretReveal {
        environment: environment.clone(),
        secret: shown.id.clone(),
        passphrase,
    })?;
    if let Some(notice) = &revealed.notice {
        face.say(notice);
    }
    if face.is_json() {
        let mut document = serde_json::to_value(&shown)
            .map_err(|_| Error::new(Code::Internal, "The answer could not be encoded.", ""))?;
        get::add_value(&mut document, &revealed.value.0);
        return face.document(&document);
    }
    face.data(facts(&shown).as_bytes())?;
    face.data(b"value:       ")?;
    face.data(revealed.value.0.expose())?;
    face.data(b"\n")
}

/// Every page of a list: a frame holds about ten thousand entries, a vault may hold more.
fn pages(
    context: &Context,
    door: &mut Door,
    search: Option<String>,
    tag: Option<String>,
) -> Result<Vec<Secret>> {
    let mut all: Vec<Secret> = Vec::new();
    loop {
        let request = SecretList {
            environment: context.environment.clone(),
            search: search.clone(),
            tag: tag.clone(),
            after: all.last().map(|last| last.key.clone()),
            limit: door.page(),
        };
        let page = door.call(context, request)?;
        let is_last = door.page().is_none_or(|limit| page.len() < limit as usize);
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

fn facts(secret: &Secret) -> String {
    output::facts(&[
        ("key", secret.key.clone()),
        ("name", secret.name.clone()),
        ("description", secret.description.clone()),
        ("tags", secret.tags.join(", ")),
        ("masked", if secret.masked { "yes" } else { "no" }.to_owned()),
        ("environment", secret.environment.clone()),
        ("version", secret.version.to_string()),
        ("created", secret.created_at.clone()),
        ("updated", secret.updated_at.clone()),
        ("id", secret.id.clone()),
    ])
}

fn rows(list: &[Secret]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            vec![
                one.key.clone(),
                if one.name == one.key {
                    String::new()
                } else {
                    one.name.clone()
                },
                one.tags.join(","),
                one.version.to_string(),
                one.updated_at.clone(),
            ]
        })
        .collect();
    output::table(&["KEY", "NAME", "TAGS", "VERSION", "UPDATED"], &rows)
}

pub(super) fn versions(list: &[Version]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            let state = if one.current {
                "current"
            } else if one.revoked {
                "revoked"
            } else {
                ""
            };
            vec![
                one.number.to_string(),
                one.created_at.clone(),
                state.to_owned(),
                one.note.clone(),
            ]
        })
        .collect();
    output::table(&["VERSION", "CREATED", "STATE", "NOTE"], &rows)
}
