//! Custom credentials: create, arrange, read, trash, restore.

mod finding;
mod trash;
mod values;

use keyward_model::{
    Id, SecretValue,
    audit::AuditEvent,
    credential::{Credential, MAX_VARIABLES, Variable, repeated},
    environment::Environment,
    name::Handle,
    secret::Version,
    value::MAX_VALUE_BYTES,
};
use keyward_vault::{
    error as store,
    table::{audit, credentials},
    tx::WriteTx,
};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    again,
    changes::ChangeKind,
    environments as environment_acts,
    secrets::{check_text, parse_key, taken},
};

pub use finding::{find, list};
use finding::{variable, variable_or_removed};
pub use keyward_vault::table::secrets::Masking;
pub use trash::{delete, empty, restore, trashed};
pub(crate) use values::resolve;

/// What a person says of a new Credential.
pub struct New<'a> {
    /// The key, for ever.
    pub key: &'a str,
    /// Default: the key.
    pub name: Option<&'a str>,
    /// Free text.
    pub description: &'a str,
    /// In order; each with a value and none with an id.
    pub variables: &'a [Draft<'a>],
}

/// A variable as it shall be.
pub struct Draft<'a> {
    /// Its id; `None` makes a new one.
    pub id: Option<&'a str>,
    /// The FIELD of references.
    pub name: &'a str,
    /// Free text.
    pub description: &'a str,
    /// Whether faces hide it.
    pub masking: Masking,
    /// Its new value; `None` keeps the one it has.
    pub value: Option<&'a SecretValue>,
    /// Name of the file the new value was read from.
    pub file: Option<&'a str>,
}

/// What a person changes; `None` stays.
#[derive(Default)]
pub struct Changes<'a> {
    /// New name.
    pub name: Option<&'a str>,
    /// New description.
    pub description: Option<&'a str>,
    /// All variables there shall be, in order.
    pub variables: Option<&'a [Draft<'a>]>,
    /// Ids of the variables to take out: one that is neither here nor among `variables` came meanwhile, and is a conflict.
    pub removed: &'a [String],
}

/// Makes a Credential with its values, in one transaction.
///
/// # Errors
/// [`Kind::Invalid`] naming the variable, [`Kind::Conflict`], [`Kind::NotFound`] for the environment.
pub fn create(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    new: &New<'_>,
) -> Result<(Credential, Environment)> {
    access::authorize(caller, Act::Write)?;
    let key = parse_key(new.key)?;
    check_text("name", new.name.unwrap_or_default())?;
    check_text("description", new.description)?;
    let names = check_variables(new.variables)?;
    let drafts = drafts(new.variables, &names)?;
    let environment = environment_acts::find(engine, environment)?;
    let row = credentials::New {
        key: &key,
        name: new.name.unwrap_or(new.key),
        description: new.description,
        environment: environment.id,
        variables: &drafts,
    };
    let now = engine.now();
    let made = write(engine, caller, "credential.create", &environment, |tx| {
        credentials::insert(tx, row, now)
    });
    match made {
        Ok(credential) => Ok((credential, environment)),
        Err(store::Error::Conflict(_)) => Err(taken(&key, &environment)),
        Err(error) => Err(error.into()),
    }
}

/// Changes name, description and variables, all in one transaction; never the key (PV5).
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Invalid`] naming the variable; [`Kind::Conflict`] when the variables changed meanwhile.
pub fn update(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    changes: &Changes<'_>,
) -> Result<(Credential, Environment)> {
    access::authorize(caller, Act::Write)?;
    check_text("name", changes.name.unwrap_or_default())?;
    check_text("description", changes.description.unwrap_or_default())?;
    let names = check_variables(changes.variables.unwrap_or_default())?;
    let kept = drafts(changes.variables.unwrap_or_default(), &names)?;
    let removed = changes
        .removed
        .iter()
        .map(|id| parse_id(id))
        .collect::<Result<Vec<_>>>()?;
    let (credential, environment) = find(engine, environment, key_or_id)?;
    let changes = credentials::Changes {
        name: changes.name,
        description: changes.description,
        variables: changes.variables.map(|_| credentials::Arrangement {
            kept: &kept,
            removed: &removed,
        }),
    };
    let now = engine.now();
    let changed = write(engine, caller, "credential.update", &environment, |tx| {
        credentials::update(tx, credential.id, &changes, now)
    });
    match changed {
        Ok(credential) => Ok((credential, environment)),
        Err(error @ store::Error::Conflict(_)) => Err(Error {
            hint: format!(
                "Nothing was changed. Look at {} again, then repeat the change.",
                credential.key
            ),
            ..error.into()
        }),
        Err(error) => Err(error.into()),
    }
}

/// Makes an old value of a variable the current one, as a new version. A variable that was taken out comes back.
///
/// # Errors
/// [`Kind::NotFound`] for the Credential, the variable or the version; [`Kind::Conflict`] for a revoked version.
pub fn restore_version(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    name: &str,
    number: u32,
) -> Result<(Credential, Environment)> {
    access::authorize(caller, Act::Write)?;
    let (credential, environment) = find(engine, environment, key_or_id)?;
    let variable = variable_or_removed(&credential, name)?.id;
    let now = engine.now();
    let credential = write(engine, caller, "credential.restore_version", &environment, |tx| {
        credentials::restore_version(tx, credential.id, variable, number, now)
    })?;
    Ok((credential, environment))
}

/// Versions of one variable, newest first, without values; also of one that was taken out.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn history(
    engine: &Engine,
    environment: &str,
    key_or_id: &str,
    name: &str,
) -> Result<(Variable, Vec<Version>)> {
    let (credential, _) = find(engine, environment, key_or_id)?;
    let variable = variable_or_removed(&credential, name)?.clone();
    let versions = engine
        .unlocked()?
        .read(|tx| credentials::versions(tx, &variable))?;
    Ok((variable, versions))
}

/// Shows the current value of one variable to the Owner, and says when the log could not take the event.
///
/// # Errors
/// [`Kind::NotFound`] naming the variables there are; [`Kind::Denied`]; [`Kind::Locked`] where the passphrase is
/// needed again (W-08).
pub fn reveal(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    name: &str,
    passphrase: again::Given<'_>,
) -> Result<(SecretValue, Option<String>)> {
    again::before_reveal(engine, passphrase)?;
    hand_out(engine, caller, environment, key_or_id, name, "credential.reveal")
}

/// The current value of one variable for the clipboard, which shows it to nobody.
///
/// # Errors
/// [`Kind::NotFound`] naming the variables there are; [`Kind::Denied`].
pub fn copy(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    name: &str,
) -> Result<(SecretValue, Option<String>)> {
    hand_out(engine, caller, environment, key_or_id, name, "credential.copy")
}

fn hand_out(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    name: &str,
    action: &str,
) -> Result<(SecretValue, Option<String>)> {
    access::authorize(caller, Act::Read)?;
    let (credential, environment) = find(engine, environment, key_or_id)?;
    let variable = variable(&credential, name)?;
    let value = engine.unlocked()?.read(|tx| credentials::value(tx, variable))?;
    let mut event = event(engine, caller, action, &credential, &environment);
    event.subject = format!("{}/{}", event.subject, variable.name);
    let notice = engine.reads.record(engine, vec![event])?;
    Ok((value, notice))
}

/// One change of one Credential: the record and its event in a transaction, then the news.
fn write(
    engine: &Engine,
    caller: &Caller,
    action: &str,
    environment: &Environment,
    change: impl FnOnce(&mut WriteTx<'_>) -> store::Result<Credential>,
) -> store::Result<Credential> {
    let vault = engine.unlocked().map_err(|_| store::Error::Locked)?;
    let credential = vault.write(engine.now(), |tx| {
        let credential = change(tx)?;
        audit::append(tx, &event(engine, caller, action, &credential, environment))?;
        Ok(credential)
    })?;
    engine.changes.publish(ChangeKind::Credential, credential.id);
    Ok(credential)
}

fn event(
    engine: &Engine,
    caller: &Caller,
    action: &str,
    credential: &Credential,
    environment: &Environment,
) -> AuditEvent {
    let subject = format!("credential {}/{}", environment.name, credential.key);
    crate::audit::event(engine, caller.actor(), action, subject, "ok")
}

/// The names of the variables, when each is one and no two are the same.
fn check_variables(variables: &[Draft<'_>]) -> Result<Vec<Handle>> {
    if variables.len() > MAX_VARIABLES {
        return Err(Error::invalid(format!(
            "variables: {} of them, and a credential holds at most {MAX_VARIABLES}.",
            variables.len()
        )));
    }
    let name = |(at, draft): (usize, &Draft<'_>)| {
        Handle::parse(draft.name).map_err(|error| Error::invalid(format!("variable {}: {error}", at + 1)))
    };
    let names = variables
        .iter()
        .enumerate()
        .map(name)
        .collect::<Result<Vec<_>>>()?;
    if let Some((one, other)) = repeated(&names) {
        let message = match one == other {
            true => format!("variable {one}: it is there twice."),
            false => format!("variable {other}: it differs from {one} only in case."),
        };
        return Err(Error::new(
            Kind::Invalid,
            message,
            "Give one of them another name.",
        ));
    }
    Ok(names)
}

fn drafts<'a>(variables: &'a [Draft<'a>], names: &'a [Handle]) -> Result<Vec<credentials::Draft<'a>>> {
    variables
        .iter()
        .zip(names)
        .map(|(draft, name)| {
            check_text(&format!("description of {name}"), draft.description)?;
            check_text(&format!("file of {name}"), draft.file.unwrap_or_default())?;
            match draft.value {
                Some(value) if value.len() > MAX_VALUE_BYTES => Err(Error::invalid(format!(
                    "variable {name}: {} bytes, and at most 1 MiB can be stored.",
                    value.len()
                ))),
                None if draft.id.is_none() => {
                    Err(Error::invalid(format!("variable {name}: it has no value.")))
                }
                value => Ok(credentials::Draft {
                    id: draft.id.map(parse_id).transpose()?,
                    name,
                    description: draft.description,
                    masking: draft.masking,
                    value,
                    file: draft.file,
                }),
            }
        })
        .collect()
}

fn parse_id(text: &str) -> Result<Id> {
    Id::parse(text).ok_or_else(|| Error::invalid("variable: that is no id."))
}
