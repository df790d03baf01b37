//! Versions: one value each, of a Secret, a variable or an AuthClient, apart from the metadata (SECURITY.md §b.4).

use keyward_model::{Id, SecretValue, Timestamp, secret::Version, value::MAX_VALUE_BYTES};
use keyward_seal::version_index;
use zeroize::Zeroizing;

use crate::{
    body::{self, Item, Map},
    error::{Error, Result},
    record::{Kind, Record},
    tx::{Tx, WriteTx},
};

// Numbers of the fields, the same for each kind of version (FORMAT.md).
const PARENT: u8 = 1;
const NUMBER: u8 = 2;
const CREATED_AT: u8 = 3;
const NOTE: u8 = 4;
const REVOKED: u8 = 5;
const VALUE: u8 = 6;

/// Longest note, in bytes.
const LONGEST_NOTE: usize = 4096;

/// Whose value, and which.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) kind: Kind,
    pub(crate) parent: Id,
    pub(crate) number: u32,
}

impl Place {
    fn name_bi(self, tx: &Tx<'_>) -> Result<[u8; 16]> {
        Ok(version_index(
            &tx.keys.owner()?.index,
            self.parent.as_bytes(),
            self.number,
        ))
    }
}

/// Stores a value; answers the identity of its record.
pub(crate) fn insert(
    tx: &mut WriteTx<'_>,
    place: Place,
    value: &SecretValue,
    note: &str,
    now: Timestamp,
) -> Result<Id> {
    if value.len() > MAX_VALUE_BYTES || note.len() > LONGEST_NOTE {
        return Err(Error::TooLarge);
    }
    let id = tx.new_id()?;
    let name_bi = place.name_bi(tx)?;
    let plaintext = body::encode(&[
        (PARENT, Item::id(&place.parent)),
        (NUMBER, Item::Unsigned(place.number.into())),
        (CREATED_AT, Item::time(now)),
        (NOTE, Item::Text(note)),
        (REVOKED, Item::Bool(false)),
        (VALUE, Item::Bytes(value.expose())),
    ]);
    tx.insert(place.kind, *id.as_bytes(), name_bi, &plaintext)?;
    Ok(id)
}

/// The row of a version and its plaintext; its name is recomputed from the body.
fn read(tx: &Tx<'_>, place: Place) -> Result<Option<(Record, Zeroizing<Vec<u8>>)>> {
    let Some(record) = tx.by_name(&place.name_bi(tx)?)? else {
        return Ok(None);
    };
    let plaintext = open(tx, place, &record)?;
    Ok(Some((record, plaintext)))
}

fn open(tx: &Tx<'_>, place: Place, record: &Record) -> Result<Zeroizing<Vec<u8>>> {
    let plaintext = tx.open(record)?;
    let map = Map::parse(&plaintext, VALUE.into())?;
    if record.kind != place.kind
        || map.id(PARENT.into())? != place.parent
        || map.u32(NUMBER.into())? != place.number
    {
        return Err(Error::Corrupt("a version lies under another's name".to_owned()));
    }
    Ok(plaintext)
}

/// One value; `None` when there is no such number.
pub(crate) fn value(tx: &Tx<'_>, place: Place) -> Result<Option<SecretValue>> {
    let Some((_, plaintext)) = read(tx, place)? else {
        return Ok(None);
    };
    Map::parse(&plaintext, VALUE.into())?
        .secret(VALUE.into())
        .map(Some)
}

/// The value that a parent names as its current one: both the number and the record must fit. Found by the record,
/// as a vault that is “locked, refreshing” has no index (§b.2).
pub(crate) fn current(tx: &Tx<'_>, place: Place, record: Id) -> Result<SecretValue> {
    let record = match tx.by_uuid(place.kind, record.as_bytes()) {
        Err(Error::NotFound(_)) => return Err(Error::Corrupt("the current value is missing".to_owned())),
        found => found?,
    };
    let plaintext = open(tx, place, &record)?;
    super::check_name(tx, &record, place.kind, || place.name_bi(tx))?;
    Map::parse(&plaintext, VALUE.into())?.secret(VALUE.into())
}

/// What is known about one version; its value stays where it is.
pub(crate) fn describe(tx: &Tx<'_>, place: Place) -> Result<Option<Version>> {
    let Some((record, plaintext)) = read(tx, place)? else {
        return Ok(None);
    };
    let map = Map::parse(&plaintext, VALUE.into())?;
    Ok(Some(Version {
        id: Id::from_bytes(record.uuid),
        number: place.number,
        note: map.string(NOTE.into())?,
        revoked: map.flag(REVOKED.into())?,
        created_at: map.time(CREATED_AT.into())?,
    }))
}

/// Removes one version for good; one that is gone is fine.
pub(crate) fn remove(tx: &mut WriteTx<'_>, place: Place) -> Result<()> {
    let name_bi = place.name_bi(tx)?;
    match tx.by_name(&name_bi)? {
        Some(record) if record.kind == place.kind => tx.remove(&record),
        Some(_) => Err(Error::Corrupt("a record lies under another's name".to_owned())),
        None => Ok(()),
    }
}

/// The name that the body of a version asks for under the keys of `new`; under those of `tx` it must have it.
pub(crate) fn name_bi(tx: &Tx<'_>, new: &Tx<'_>, record: &Record, plaintext: &[u8]) -> Result<[u8; 16]> {
    let map = Map::parse(plaintext, VALUE.into())?;
    let place = Place {
        kind: record.kind,
        parent: map.id(PARENT.into())?,
        number: map.u32(NUMBER.into())?,
    };
    map.bytes(VALUE.into())?;
    super::check_name(tx, record, place.kind, || place.name_bi(tx))?;
    place.name_bi(new)
}
