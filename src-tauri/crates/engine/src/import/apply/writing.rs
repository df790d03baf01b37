//! One entry into the tables: its values in the order they were made, with their times and notes.

mod apps;

use std::time::Duration;

use keyward_foreign::{Content, Found, Variable};
use keyward_model::{
    Id, SecretValue, Timestamp,
    connection::{Connection, ConnectionState},
    credential::Credential,
    name::Handle,
    secret::LONGEST_ROTATION,
};
use keyward_vault::{
    error as store,
    table::{connections, credentials, secrets, secrets::Masking},
    tx::WriteTx,
};

pub(super) use apps::{Already, client};

use super::{
    super::plan::{Row, is_same, names, one_line},
    Made,
};

fn handle(row: &Row) -> store::Result<Handle> {
    // A row that is carried out has a key that was parsed.
    Handle::parse(&row.key).map_err(|error| store::Error::Conflict(error.to_string()))
}

/// A value of one variable in the order they were made, the current one last; an entry that carries structure alone
/// has one empty value.
struct Step<'a> {
    value: &'a SecretValue,
    at: Option<Timestamp>,
    note: &'a str,
}

fn steps<'a>(variable: &'a Variable, nothing: &'a SecretValue) -> Vec<Step<'a>> {
    let older = variable.older.iter().map(|older| Step {
        value: &older.value,
        at: older.created_at,
        note: &older.note,
    });
    let current = Step {
        value: variable.value.as_ref().unwrap_or(nothing),
        at: variable.created_at,
        note: &variable.note,
    };
    older.chain([current]).collect()
}

/// Makes what an entry becomes.
pub(super) fn insert(
    tx: &mut WriteTx<'_>,
    environment: Id,
    row: &Row,
    found: &Found,
    already: Already<'_>,
    now: Timestamp,
) -> store::Result<Made> {
    if let (Some(app), Content::Value(one)) = (&found.app, &found.content) {
        let named = apps::Named {
            environment,
            key: handle(row)?,
            name: display_name(row, found),
        };
        return apps::connection(tx, named, app, one, already, now).map(Made::Connection);
    }
    match &found.content {
        Content::Value(one) => secret(tx, environment, row, found, one, now).map(Made::Secret),
        Content::Variables(variables) => {
            credential(tx, environment, row, found, variables, now).map(Made::Credential)
        }
    }
}

fn display_name(row: &Row, found: &Found) -> String {
    let name = one_line(found.name.trim());
    if name.is_empty() { row.key.clone() } else { name }
}

fn secret(
    tx: &mut WriteTx<'_>,
    environment: Id,
    row: &Row,
    found: &Found,
    one: &Variable,
    now: Timestamp,
) -> store::Result<Id> {
    let nothing = SecretValue::from("");
    let steps = steps(one, &nothing);
    let (first, later) = steps.split_first().expect("I1: there is always a current value");
    let at = |step: &Step<'_>| step.at.unwrap_or(now);
    let tags: Vec<String> = found.tags.iter().map(|tag| one_line(tag)).collect();
    let made = secrets::insert(
        tx,
        secrets::New {
            key: &handle(row)?,
            name: &display_name(row, found),
            description: &found.description,
            tags: &tags,
            masked: masking(one.masked),
            environment,
            value: first.value,
            notes: &found.note,
            expires_at: found.expires_at,
            rotate_every: found
                .rotate_every
                .map(Duration::from_secs)
                .filter(|every| *every <= LONGEST_ROTATION),
            favourite: found.favourite,
            value_changed_at: at(first),
        },
        at(first),
    )?;
    for step in later {
        secrets::set_value(tx, made.id, step.value, step.note, at(step))?;
    }
    Ok(made.id)
}

fn credential(
    tx: &mut WriteTx<'_>,
    environment: Id,
    row: &Row,
    found: &Found,
    variables: &[Variable],
    now: Timestamp,
) -> store::Result<Id> {
    let nothing = SecretValue::from("");
    let names = handles(variables)?;
    let steps: Vec<Vec<Step<'_>>> = variables.iter().map(|one| steps(one, &nothing)).collect();
    let drafts: Vec<credentials::Draft<'_>> = variables
        .iter()
        .zip(&names)
        .zip(&steps)
        .map(|((variable, name), steps)| draft(None, name, variable, steps.first().map(|step| step.value)))
        .collect();
    let first = steps
        .iter()
        .filter_map(|steps| steps.first()?.at)
        .min()
        .unwrap_or(now);
    let mut description = found.description.clone();
    // A Credential has one text; what a Secret keeps as notes belongs there.
    if !found.note.is_empty() {
        if !description.is_empty() {
            description.push_str("\n\n");
        }
        description.push_str(&found.note);
    }
    let mut made = credentials::insert(
        tx,
        credentials::New {
            key: &handle(row)?,
            name: &display_name(row, found),
            description: &description,
            environment,
            variables: &drafts,
        },
        first,
    )?;
    let most = steps.iter().map(Vec::len).max().unwrap_or(0);
    for number in 1..most {
        let round: Vec<Option<&Step<'_>>> = steps.iter().map(|steps| steps.get(number)).collect();
        let at = round
            .iter()
            .flatten()
            .filter_map(|step| step.at)
            .max()
            .unwrap_or(now);
        let kept: Vec<credentials::Draft<'_>> = variables
            .iter()
            .zip(&names)
            .enumerate()
            .map(|(index, (variable, name))| {
                let value = round[index].map(|step| step.value);
                draft(Some(made.variables[index].id), name, variable, value)
            })
            .collect();
        made = rearrange(tx, made.id, &kept, at)?;
    }
    Ok(made.id)
}

fn rearrange(
    tx: &mut WriteTx<'_>,
    id: Id,
    kept: &[credentials::Draft<'_>],
    at: Timestamp,
) -> store::Result<Credential> {
    let changes = credentials::Changes {
        variables: Some(credentials::Arrangement { kept, removed: &[] }),
        ..credentials::Changes::default()
    };
    credentials::update(tx, id, &changes, at)
}

fn draft<'a>(
    id: Option<Id>,
    name: &'a Handle,
    variable: &'a Variable,
    value: Option<&'a SecretValue>,
) -> credentials::Draft<'a> {
    credentials::Draft {
        id,
        name,
        description: &variable.description,
        masking: masking(variable.masked),
        value,
        file: None,
    }
}

fn masking(masked: bool) -> Masking {
    match masked {
        true => Masking::Masked,
        false => Masking::Plain,
    }
}

fn handles(variables: &[Variable]) -> store::Result<Vec<Handle>> {
    names(variables)
        .iter()
        .map(|name| Handle::parse(name).map_err(|error| store::Error::Conflict(error.to_string())))
        .collect()
}

/// Stores the values of an entry as new versions of what is there; variables that it lacks are added.
pub(super) fn version(
    tx: &mut WriteTx<'_>,
    environment: Id,
    row: &Row,
    found: &Found,
    now: Timestamp,
) -> store::Result<()> {
    let nothing = SecretValue::from("");
    let key = handle(row)?;
    match &found.content {
        Content::Value(one) if found.app.is_some() => {
            let connection = connections::find(tx, environment, &key)?;
            if let Some(value) = &one.value {
                let ready = Connection {
                    state: ConnectionState::Ready,
                    ..connection
                };
                connections::set_value(tx, ready, value, "Imported", now)?;
            }
        }
        Content::Value(one) => {
            let secret = secrets::find(tx, environment, &key)?;
            let value = one.value.as_ref().unwrap_or(&nothing);
            secrets::set_value(tx, secret.id, value, "Imported", now)?;
        }
        Content::Variables(variables) => {
            let there = credentials::find(tx, environment, &key)?;
            let names = handles(variables)?;
            let brought = |name: &Handle| names.iter().position(|one| one.same_ignoring_case(name));
            let mut kept = Vec::new();
            for one in &there.variables {
                let mut value = brought(&one.name).and_then(|at| variables[at].value.as_ref());
                // What did not change gets no version.
                if value.is_some() && is_same(&credentials::value(tx, one)?, value) {
                    value = None;
                }
                kept.push(credentials::Draft {
                    id: Some(one.id),
                    name: &one.name,
                    description: &one.description,
                    masking: masking(one.masked),
                    value,
                    // The file of a value that is replaced is not the one it came from any more.
                    file: one.file.as_deref().filter(|_| value.is_none()),
                });
            }
            for (variable, name) in variables.iter().zip(&names) {
                if !there
                    .variables
                    .iter()
                    .any(|one| one.name.same_ignoring_case(name))
                {
                    let value = variable.value.as_ref().unwrap_or(&nothing);
                    kept.push(draft(None, name, variable, Some(value)));
                }
            }
            rearrange(tx, there.id, &kept, now)?;
        }
    }
    Ok(())
}
