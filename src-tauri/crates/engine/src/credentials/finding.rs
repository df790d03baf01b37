//! Finding Credentials and their variables.

use keyward_model::{
    Id,
    credential::{Credential, Variable},
    environment::Environment,
    name::Handle,
    search::Query,
};
use keyward_vault::table::credentials;

use crate::{Engine, Error, Kind, Result, environments, locate::locate};

/// Credentials of an environment by key, narrowed by a search text. Opens no value.
///
/// # Errors
/// When locked or damaged.
pub fn list(engine: &Engine, environment: &str, search: &str) -> Result<(Vec<Credential>, Environment)> {
    let environment = environments::find(engine, environment)?;
    let query = Query::new(search);
    let mut found = engine
        .unlocked()?
        .read(|tx| credentials::list(tx, environment.id))?;
    found.retain(|credential| {
        let variables: Vec<&str> = credential.variables.iter().map(|one| one.name.as_str()).collect();
        query.matches(&[
            credential.key.as_str(),
            &credential.name,
            &credential.description,
            &variables.join(" "),
        ])
    });
    found.sort_by(|one, other| one.key.cmp(&other.key));
    Ok((found, environment))
}

/// Finds a Credential by key or id; by id also in the trash.
///
/// # Errors
/// [`Kind::NotFound`] naming the environments that have the key.
pub fn find(engine: &Engine, environment: &str, key_or_id: &str) -> Result<(Credential, Environment)> {
    locate(
        engine,
        environment,
        key_or_id,
        credentials::find,
        credentials::read,
        |credential| credential.environment,
    )
}

/// The variable of this name or id.
///
/// # Errors
/// [`Kind::NotFound`] naming the variables there are.
pub(super) fn variable<'a>(credential: &'a Credential, name_or_id: &str) -> Result<&'a Variable> {
    let by_name = Handle::parse(name_or_id)
        .ok()
        .and_then(|name| credential.variable(&name));
    let id = Id::parse(name_or_id);
    by_name
        .or_else(|| credential.variables.iter().find(|one| Some(one.id) == id))
        .ok_or_else(|| no_variable(credential, name_or_id))
}

/// As [`variable`]; one that was taken out, when there is no other of that name.
///
/// # Errors
/// As [`variable`].
pub(super) fn variable_or_removed<'a>(credential: &'a Credential, name_or_id: &str) -> Result<&'a Variable> {
    variable(credential, name_or_id).or_else(|error| {
        let name = Handle::parse(name_or_id).ok();
        name.and_then(|name| credential.removed(&name)).ok_or(error)
    })
}

/// The error for a variable that is not there: names one that differs only in case, else those there are.
pub(super) fn no_variable(credential: &Credential, name: &str) -> Error {
    let message = format!("“{}” has no variable “{name}”.", credential.key);
    let names: Vec<&str> = credential.variables.iter().map(|one| one.name.as_str()).collect();
    let hint = match names.iter().find(|have| have.eq_ignore_ascii_case(name)) {
        Some(similar) => format!("Did you mean {similar}? Case counts."),
        None if names.is_empty() => "It has no variables.".to_owned(),
        None => format!("Its variables are {}.", names.join(", ")),
    };
    Error::new(Kind::NotFound, message, hint)
}
