//! Finding one item by what a person wrote: its key, or its id (PV4).

use std::collections::HashSet;

use keyward_model::{Id, environment::Environment, name::Handle};
use keyward_vault::{error as store, table::environments, tx::Tx};

use crate::{Engine, Error, Result, environments as environment_acts, secrets};

/// Finds an item of one kind by key in an environment, else by id wherever it is. `environment_of` says where one
/// that was found by id belongs.
///
/// # Errors
/// [`crate::Kind::NotFound`] naming the environments that have the key; [`crate::Kind::Invalid`] for what is neither a
/// key nor an id.
pub(crate) fn locate<T>(
    engine: &Engine,
    environment: &str,
    key_or_id: &str,
    by_key: impl FnOnce(&Tx<'_>, Id, &Handle) -> store::Result<T>,
    by_id: impl FnOnce(&Tx<'_>, Id) -> store::Result<T>,
    environment_of: impl FnOnce(&T) -> Id,
) -> Result<(T, Environment)> {
    let environment = environment_acts::find(engine, environment)?;
    let vault = engine.unlocked()?;
    let handle = Handle::parse(key_or_id);
    if let Ok(handle) = &handle {
        match vault.read(|tx| by_key(tx, environment.id, handle)) {
            Ok(found) => return Ok((found, environment)),
            Err(store::Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(id) = Id::parse(key_or_id) {
        return Ok(vault.read(|tx| {
            let found = by_id(tx, id)?;
            let environment = environments::read(tx, environment_of(&found))?;
            Ok((found, environment))
        })?);
    }
    match handle {
        Ok(handle) => Err(secrets::missing(engine, &handle, &environment)?),
        Err(error) => Err(Error::invalid(format!("key: {error}"))),
    }
}

/// Finds each of several, once however often it is named.
///
/// # Errors
/// As `find`, for the first that is not there.
pub(crate) fn each_once<T>(
    keys_or_ids: &[String],
    id: impl Fn(&T) -> Id,
    find: impl Fn(&str) -> Result<(T, Environment)>,
) -> Result<Vec<(T, Environment)>> {
    let mut found: Vec<(T, Environment)> = Vec::with_capacity(keys_or_ids.len());
    let mut seen = HashSet::new();
    for key_or_id in keys_or_ids {
        let one = find(key_or_id)?;
        if seen.insert(id(&one.0)) {
            found.push(one);
        }
    }
    Ok(found)
}
