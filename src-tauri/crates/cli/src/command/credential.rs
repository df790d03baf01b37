//! `keyward credential`

mod edit;
mod trash;
mod values;

use keyward_api::wire::{
    Code, Credential, CredentialCreate, CredentialHistory, CredentialList, CredentialRestoreVersion,
    CredentialReveal, CredentialShow, CredentialUpdate, Error, SecretCheckKey,
};

use super::{Result, get, of_version, secret::versions};
use crate::{
    args::{Credential as Command, CredentialAdd, CredentialUpdate as UpdateArguments, RefusedValues},
    context::Context,
    door::Door,
    output,
    output::Face,
    value,
};

/// Everything about Credentials.
///
/// # Errors
/// `usage`, `not_found`, `conflict`, `locked`.
pub fn run(context: &Context, face: &Face, command: Command) -> Result {
    let environment = context.environment.clone();
    match command {
        Command::Add(add) => self::add(context, face, add),
        Command::Update(update) => self::update(context, face, update),
        Command::List { search } => list(context, face, search),
        Command::Show { credential, reveal } => show(context, face, credential, reveal),
        Command::Delete { credentials } => trash::delete(context, face, credentials),
        Command::History { credential, variable } => {
            let request = CredentialHistory {
                environment,
                credential,
                variable,
            };
            face.show(&Door::open(context)?.call(context, request)?, |list| {
                versions(list)
            })
        }
        Command::Restore {
            credential,
            variable,
            version,
        } => {
            let mut door = Door::open(context)?;
            let restored = match (variable, version) {
                (Some(variable), Some(version)) => {
                    let history = format!("credential history {credential} {variable}");
                    let request = CredentialRestoreVersion {
                        environment,
                        credential,
                        variable,
                        version,
                    };
                    of_version(door.call(context, request), &history)
                }
                _ => trash::restore(context, &mut door, credential),
            }?;
            face.show(&restored, facts)
        }
        Command::Trash {
            restore: Some(credential),
            ..
        } => {
            let restored = trash::restore(context, &mut Door::open(context)?, credential)?;
            face.show(&restored, facts)
        }
        Command::Trash { empty: true, .. } => trash::empty(context, face),
        Command::Trash { .. } => trash::list(context, face),
    }
}

fn add(context: &Context, face: &Face, add: CredentialAdd) -> Result {
    refuse_arguments(&add.refused)?;
    if add.values.is_empty() {
        return Err(Error::new(
            Code::Usage,
            "A credential needs at least one variable.",
            "Say --var NAME once for each and pipe in one value a line, or --from FILE with NAME=value lines.",
        ));
    }
    // The names first: nobody types a value for what cannot be.
    let wanted = values::wanted(&add.values)?;
    let mut door = Door::open(context)?;
    let environment = context.environment.clone();
    door.call(
        context,
        SecretCheckKey {
            environment: environment.clone(),
            key: add.key.clone(),
        },
    )?;
    let request = CredentialCreate {
        environment,
        key: add.key,
        name: add.name,
        description: add.description,
        variables: edit::all_new(values::read(&add.values, wanted)?),
    };
    let made = door.call(context, request)?;
    face.say(format!(
        "Stored {} with {}. Refer to one as keyward://{}/{}/{}",
        made.key,
        counted(made.variables.len()),
        made.environment,
        made.key,
        made.variables.first().map_or("VARIABLE", |one| one.name.as_str()),
    ));
    match face.is_json() {
        true => face.show(&made, facts),
        false => Ok(()),
    }
}

fn update(context: &Context, face: &Face, update: UpdateArguments) -> Result {
    refuse_arguments(&update.refused)?;
    if update.key.is_some() {
        return Err(Error::new(
            Code::Conflict,
            "A key never changes: everything that refers to it would break.",
            "Add a credential under the new key and delete the old one; --name changes what people read.",
        ));
    }
    if update.name.is_none() && update.description.is_none() && !edit::changes_variables(&update) {
        return Err(Error::new(
            Code::Usage,
            "There is nothing to change.",
            "Say --var or --from for new values, or --name, --description, --mask, --unmask, --describe, --rename, \
             --remove or --order.",
        ));
    }
    let wanted = values::wanted(&update.values)?;
    let mut door = Door::open(context)?;
    let environment = context.environment.clone();
    let shown = door.call(
        context,
        CredentialShow {
            environment: environment.clone(),
            credential: update.credential.clone(),
        },
    )?;
    let (variables, removed) = match edit::changes_variables(&update) {
        false => (None, None),
        true => {
            // What is said of variables that are there first: nobody types values for an edit that cannot be.
            let mut edited = edit::Edited::of(&shown);
            edited.apply(&update)?;
            edited.give(values::read(&update.values, wanted)?);
            (Some(edited.variables), Some(edited.removed))
        }
    };
    let request = CredentialUpdate {
        environment,
        credential: shown.id,
        name: update.name,
        description: update.description,
        variables,
        removed,
    };
    face.show(&door.call(context, request)?, facts)
}

fn list(context: &Context, face: &Face, search: Option<String>) -> Result {
    let mut door = Door::open(context)?;
    let mut all: Vec<Credential> = Vec::new();
    loop {
        let request = CredentialList {
            environment: context.environment.clone(),
            search: search.clone(),
            after: all.last().map(|last| last.key.clone()),
            limit: door.page(),
        };
        let page = door.call(context, request)?;
        let is_last = door.page().is_none_or(|limit| page.len() < limit as usize);
        all.extend(page);
        if is_last {
            break;
        }
    }
    if all.is_empty() {
        face.say(match search {
            Some(_) => "No credential here fits.",
            None => "No credentials here. Add one: keyward credential add NAME --from FILE",
        });
    }
    face.show(&all, |list| rows(list))
}

fn show(context: &Context, face: &Face, credential: String, reveal: bool) -> Result {
    let mut door = Door::open(context)?;
    let environment = context.environment.clone();
    let shown = door.call(
        context,
        CredentialShow {
            environment: environment.clone(),
            credential,
        },
    )?;
    if !reveal {
        return face.show(&shown, facts);
    }
    let (mut values, mut given) = (Vec::with_capacity(shown.variables.len()), None);
    for variable in &shown.variables {
        let revealed = door.call_again(context, &mut given, |passphrase| CredentialReveal {
            environment: environment.clone(),
            credential: shown.id.clone(),
            variable: variable.id.clone(),
            passphrase,
        })?;
        if let Some(notice) = &revealed.notice {
            face.say(notice);
        }
        values.push(revealed.value.0);
    }
    if face.is_json() {
        let mut document = output::document_of(&shown)?;
        for (at, value) in values.iter().enumerate() {
            get::add_value(&mut document["variables"][at], value);
        }
        return face.document(&document);
    }
    face.data(facts(&shown).as_bytes())?;
    for (variable, value) in shown.variables.iter().zip(&values) {
        face.data(format!("\n{}:\n", variable.name).as_bytes())?;
        face.value(value.expose())?;
    }
    Ok(())
}

fn refuse_arguments(refused: &RefusedValues) -> Result {
    value::refuse_arguments_for(
        refused,
        "Pipe in one line for each --var, or write NAME=value lines into a file and say --from FILE.",
    )
}

fn counted(variables: usize) -> String {
    match variables {
        1 => "1 variable".to_owned(),
        count => format!("{count} variables"),
    }
}

fn facts(credential: &Credential) -> String {
    let text = output::facts(&[
        ("key", credential.key.clone()),
        ("name", credential.name.clone()),
        ("description", credential.description.clone()),
        ("environment", credential.environment.clone()),
        ("owner", credential.owner.clone()),
        ("requests", "none".to_owned()),
        ("access", "owner".to_owned()),
        ("created", credential.created_at.clone()),
        ("changed", credential.changed_at.clone()),
        ("id", credential.id.clone()),
    ]);
    let rows: Vec<_> = credential
        .variables
        .iter()
        .map(|one| {
            vec![
                one.name.clone(),
                if one.masked { "yes" } else { "no" }.to_owned(),
                one.version.to_string(),
                one.description.clone(),
            ]
        })
        .collect();
    let table = output::table(&["VARIABLE", "MASKED", "VERSION", "DESCRIPTION"], &rows);
    match table.is_empty() {
        true => text,
        false => format!("{text}\n{table}"),
    }
}

fn rows(list: &[Credential]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            let names: Vec<&str> = one.variables.iter().map(|one| one.name.as_str()).collect();
            vec![
                one.key.clone(),
                match one.name == one.key {
                    true => String::new(),
                    false => one.name.clone(),
                },
                names.join(","),
                one.changed_at.clone(),
            ]
        })
        .collect();
    output::table(&["KEY", "NAME", "VARIABLES", "CHANGED"], &rows)
}
