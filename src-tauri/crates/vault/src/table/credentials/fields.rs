//! The body of a Credential: its fields, and those of each variable (FORMAT.md).

use keyward_model::{
    Id,
    credential::{Credential, Removed, Variable},
    name::Handle,
};
use zeroize::Zeroizing;

use super::name_bi;
use crate::{
    body::{self, Item, Map},
    error::Result,
    record::{Kind, Record},
    table,
    tx::Tx,
};

const KEY: u8 = 1;
const NAME: u8 = 2;
const DESCRIPTION: u8 = 3;
const ENVIRONMENT: u8 = 4;
const VARIABLES: u8 = 5;
const REMOVED: u8 = 6;
const CREATED_AT: u8 = 7;
const UPDATED_AT: u8 = 8;
const DELETED_AT: u8 = 9;

/// Numbers of the fields of one variable.
mod variable {
    pub(super) const ID: u8 = 1;
    pub(super) const NAME: u8 = 2;
    pub(super) const DESCRIPTION: u8 = 3;
    pub(super) const MASKED: u8 = 4;
    pub(super) const VERSION: u8 = 5;
    pub(super) const CURRENT: u8 = 6;
    pub(super) const BYTES: u8 = 7;
    pub(super) const FILE: u8 = 8;
    pub(super) const REMOVED_AT: u8 = 9;
}

pub(super) fn encode(credential: &Credential) -> Zeroizing<Vec<u8>> {
    let variables: Vec<_> = credential.variables.iter().map(items).collect();
    let removed: Vec<_> = credential
        .removed
        .iter()
        .map(|removed| {
            let mut items = items(&removed.variable);
            items.push((variable::REMOVED_AT, Item::time(removed.at)));
            items
        })
        .collect();
    body::encode(&[
        (KEY, Item::Text(credential.key.as_str())),
        (NAME, Item::Text(&credential.name)),
        (DESCRIPTION, Item::Text(&credential.description)),
        (ENVIRONMENT, Item::id(&credential.environment)),
        (VARIABLES, Item::Maps(&variables)),
        (REMOVED, Item::Maps(&removed)),
        (CREATED_AT, Item::time(credential.created_at)),
        (UPDATED_AT, Item::time(credential.updated_at)),
        (DELETED_AT, Item::maybe(credential.deleted_at, Item::time)),
    ])
}

fn items(one: &Variable) -> Vec<(u8, Item<'_>)> {
    vec![
        (variable::ID, Item::id(&one.id)),
        (variable::NAME, Item::Text(one.name.as_str())),
        (variable::DESCRIPTION, Item::Text(&one.description)),
        (variable::MASKED, Item::Bool(one.masked)),
        (variable::VERSION, Item::Unsigned(one.version.into())),
        (variable::CURRENT, Item::id(&one.current)),
        (variable::BYTES, Item::Unsigned(one.bytes.into())),
        (variable::FILE, Item::maybe(one.file.as_deref(), Item::Text)),
    ]
}

pub(crate) fn decode(tx: &Tx<'_>, record: &Record, plaintext: &[u8]) -> Result<Credential> {
    let map = Map::parse(plaintext, DELETED_AT.into())?;
    let credential = Credential {
        id: Id::from_bytes(record.uuid),
        key: table::name(Handle::parse(map.text(KEY.into())?))?,
        name: map.string(NAME.into())?,
        description: map.string(DESCRIPTION.into())?,
        environment: map.id(ENVIRONMENT.into())?,
        variables: map.maps(VARIABLES.into(), variable::FILE.into(), read)?,
        removed: map.maps(REMOVED.into(), variable::REMOVED_AT.into(), |one| {
            Ok(Removed {
                variable: read(one)?,
                at: one.time(variable::REMOVED_AT.into())?,
            })
        })?,
        created_at: map.time(CREATED_AT.into())?,
        updated_at: map.time(UPDATED_AT.into())?,
        deleted_at: map.maybe(DELETED_AT.into(), Map::time)?,
    };
    table::check_name(tx, record, Kind::Credential, || name_bi(tx, &credential))?;
    Ok(credential)
}

fn read(map: &Map<'_>) -> Result<Variable> {
    Ok(Variable {
        id: map.id(variable::ID.into())?,
        name: table::name(Handle::parse(map.text(variable::NAME.into())?))?,
        description: map.string(variable::DESCRIPTION.into())?,
        masked: map.flag(variable::MASKED.into())?,
        version: map.u32(variable::VERSION.into())?,
        current: map.id(variable::CURRENT.into())?,
        bytes: map.u32(variable::BYTES.into())?,
        file: map.maybe(variable::FILE.into(), Map::string)?,
    })
}
