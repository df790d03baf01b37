//! Environments: a row each, the name unique in the vault.

use std::collections::BTreeMap;

use keyward_model::{
    Id, Timestamp,
    environment::{Changes, Colour, Environment},
    name::{EnvironmentName, Handle},
};

use crate::{
    body::{self, Item, Map},
    error::{Error, Result},
    record::{Kind, Record},
    table,
    tx::{Tx, WriteTx},
};

const SCOPE: &str = "environment";

// Numbers of the fields (FORMAT.md).
const NAME: u8 = 1;
const PRODUCTION: u8 = 2;
const CREATED_AT: u8 = 3;
const COLOUR: u8 = 4;

/// Makes an environment.
///
/// # Errors
/// [`Error::Conflict`] when the name is taken, in whatever case.
pub fn insert(tx: &mut WriteTx<'_>, name: &EnvironmentName, now: Timestamp) -> Result<Environment> {
    let id = tx.new_id()?;
    insert_as(tx, id, name, now)
}

/// As [`insert`], under an identity that things belong to already.
pub(crate) fn insert_as(
    tx: &mut WriteTx<'_>,
    id: Id,
    name: &EnvironmentName,
    now: Timestamp,
) -> Result<Environment> {
    let name_bi = tx.name_bi(SCOPE, None, name.as_str())?;
    if tx.exists(&name_bi)? {
        return Err(Error::Conflict(format!(
            "an environment {} exists already",
            name.as_str()
        )));
    }
    let environment = Environment {
        id,
        name: name.clone(),
        production: false,
        created_at: now,
        colour: None,
    };
    tx.insert(
        Kind::Environment,
        *environment.id.as_bytes(),
        name_bi,
        &encode(&environment),
    )?;
    Ok(environment)
}

/// Changes what it looks like and how carefully it is treated.
///
/// # Errors
/// [`Error::NotFound`].
pub fn update(tx: &mut WriteTx<'_>, id: Id, changes: Changes) -> Result<Environment> {
    let record = tx.by_uuid(Kind::Environment, id.as_bytes())?;
    let mut environment = decode(tx, &record, &tx.open(&record)?)?;
    environment.production = changes.production.unwrap_or(environment.production);
    environment.colour = changes.colour.unwrap_or(environment.colour);
    tx.replace(&record, record.name_bi, &encode(&environment))?;
    Ok(environment)
}

/// All environments, in the order they were made.
///
/// # Errors
/// [`Error::Corrupt`] when one fails its checks.
pub fn list(tx: &Tx<'_>) -> Result<Vec<Environment>> {
    let mut environments = Vec::new();
    tx.each(Kind::Environment, |record, plaintext| {
        environments.push(decode(tx, record, plaintext)?);
        Ok(())
    })?;
    Ok(environments)
}

/// Environments that are not there and that something belongs to: by their identity, the keys of what belongs to them,
/// the trash included. A vault that is whole has none.
///
/// # Errors
/// [`Error::Corrupt`] when a record fails its checks.
pub fn missing(tx: &Tx<'_>) -> Result<BTreeMap<Id, Vec<String>>> {
    let mut keys: BTreeMap<Id, Vec<String>> = BTreeMap::new();
    let mut belongs = |environment, key: &Handle| {
        let keys = keys.entry(environment).or_default();
        keys.push(key.as_str().to_owned());
    };
    tx.each(Kind::Secret, |record, plaintext| {
        let secret = table::secrets::decode(tx, record, plaintext)?;
        belongs(secret.environment, &secret.key);
        Ok(())
    })?;
    tx.each(Kind::Credential, |record, plaintext| {
        let credential = table::credentials::decode(tx, record, plaintext)?;
        belongs(credential.environment, &credential.key);
        Ok(())
    })?;
    for connection in table::connections::list(tx, None)? {
        belongs(connection.environment, &connection.key);
    }
    for client in table::auth_clients::list(tx)? {
        belongs(client.environment, &client.key);
    }
    for environment in list(tx)? {
        keys.remove(&environment.id);
    }
    Ok(keys)
}

/// The environment of this name.
///
/// # Errors
/// [`Error::NotFound`], with the right spelling where only the case differs.
pub fn find(tx: &Tx<'_>, name: &EnvironmentName) -> Result<Environment> {
    let Some(record) = tx.by_name(&tx.name_bi(SCOPE, None, name.as_str())?)? else {
        return Err(Error::NotFound(format!("the environment {}", name.as_str())));
    };
    let environment = decode(tx, &record, &tx.open(&record)?)?;
    table::same_case(name.as_str(), environment.name.as_str())?;
    Ok(environment)
}

/// The environment of this identity; while “locked, refreshing” as it was when the vault was locked.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Locked`] for one that is not remembered.
pub fn read(tx: &Tx<'_>, id: Id) -> Result<Environment> {
    if let Some(environment) = tx.keys.remembered(id) {
        return Ok(environment.clone());
    }
    let record = tx.by_uuid(Kind::Environment, id.as_bytes())?;
    decode(tx, &record, &tx.open(&record)?)
}

/// Deletes an environment with its trash.
///
/// # Errors
/// [`Error::Conflict`] when it is the last one, or when anything outside the trash belongs to it.
pub fn delete(tx: &mut WriteTx<'_>, id: Id) -> Result<()> {
    let record = tx.by_uuid(Kind::Environment, id.as_bytes())?;
    if list(tx)?.len() == 1 {
        return Err(Error::Conflict(
            "a vault keeps at least one environment".to_owned(),
        ));
    }
    if table::is_in_use(tx, id)? {
        return Err(Error::Conflict("the environment is not empty".to_owned()));
    }
    for secret in table::secrets::trashed(tx, id)? {
        table::secrets::purge(tx, secret.id)?;
    }
    for credential in table::credentials::trashed(tx, id)? {
        table::credentials::purge(tx, credential.id)?;
    }
    tx.remove(&record)
}

fn encode(environment: &Environment) -> zeroize::Zeroizing<Vec<u8>> {
    body::encode(&[
        (NAME, Item::Text(environment.name.as_str())),
        (PRODUCTION, Item::Bool(environment.production)),
        (CREATED_AT, Item::time(environment.created_at)),
        (
            COLOUR,
            Item::maybe(environment.colour, |colour| Item::Text(colour.as_str())),
        ),
    ])
}

pub(crate) fn decode(tx: &Tx<'_>, record: &Record, plaintext: &[u8]) -> Result<Environment> {
    let map = Map::parse(plaintext, COLOUR.into())?;
    let name = table::name(EnvironmentName::parse(map.text(NAME.into())?))?;
    let environment = Environment {
        id: Id::from_bytes(record.uuid),
        name,
        production: map.flag(PRODUCTION.into())?,
        created_at: map.time(CREATED_AT.into())?,
        colour: map
            .maybe(COLOUR.into(), Map::text)?
            .map(|name| Colour::parse(name).ok_or_else(table::unknown))
            .transpose()?,
    };
    table::check_name(tx, record, Kind::Environment, || name_bi(tx, &environment))?;
    Ok(environment)
}

pub(crate) fn name_bi(tx: &Tx<'_>, environment: &Environment) -> Result<[u8; 16]> {
    tx.name_bi(SCOPE, None, environment.name.as_str())
}
