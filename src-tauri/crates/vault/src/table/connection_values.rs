//! The values of a Connection that holds no tokens: one version each, as those of a Secret (SECURITY.md §b.4).

use keyward_model::{SecretValue, Timestamp, connection::Connection, secret::Version};

use super::{
    connections::{self, update},
    versions::{self, Place},
};
use crate::{
    error::{Error, Result},
    record::Kind,
    tx::{Tx, WriteTx},
};

/// Gives a Connection a value: a new version, which is the current one from now on. The Connection is stored too,
/// with whatever else the caller changed of it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::TooLarge`]; [`Error::Conflict`] when somebody else stored a value meanwhile.
pub fn set_value(
    tx: &mut WriteTx<'_>,
    mut connection: Connection,
    value: &SecretValue,
    note: &str,
    now: Timestamp,
) -> Result<Connection> {
    let before = connections::read(tx, connection.id)?;
    if before.value != connection.value {
        return Err(Error::Conflict(format!(
            "{} was changed meanwhile",
            connection.key
        )));
    }
    let number = connection.value.map_or(0, |(number, _)| number) + 1;
    let record = versions::insert(tx, place(&connection, number), value, note, now)?;
    connection.value = Some((number, record));
    connection.updated_at = now;
    update(tx, &connection)?;
    Ok(connection)
}

/// The current value; `None` while there is none.
///
/// # Errors
/// [`Error::Corrupt`] when it is not where the metadata says.
pub fn value(tx: &Tx<'_>, connection: &Connection) -> Result<Option<SecretValue>> {
    connection
        .value
        .map(|(number, record)| versions::current(tx, place(connection, number), record))
        .transpose()
}

/// What is known about the current value; `None` while there is none.
///
/// # Errors
/// [`Error::Corrupt`] when it is missing.
pub fn current_version(tx: &Tx<'_>, connection: &Connection) -> Result<Option<Version>> {
    let Some((number, _)) = connection.value else {
        return Ok(None);
    };
    versions::describe(tx, place(connection, number))?
        .ok_or_else(|| Error::Corrupt("a version is missing".to_owned()))
        .map(Some)
}

/// The value of one version.
///
/// # Errors
/// [`Error::NotFound`] without such a number.
pub fn version_value(tx: &Tx<'_>, connection: &Connection, number: u32) -> Result<SecretValue> {
    versions::value(tx, place(connection, number))?
        .ok_or_else(|| Error::NotFound(format!("version {number} of {}", connection.key)))
}

/// All versions, newest first.
///
/// # Errors
/// [`Error::Corrupt`] when one is missing.
pub fn value_versions(tx: &Tx<'_>, connection: &Connection) -> Result<Vec<Version>> {
    let describe = |number| {
        versions::describe(tx, place(connection, number))?
            .ok_or_else(|| Error::Corrupt("a version is missing".to_owned()))
    };
    let newest = connection.value.map_or(0, |(number, _)| number);
    (1..=newest).rev().map(describe).collect()
}

/// Destroys every version; the bytes go with the checkpoint after the commit (AM6, R-16). The caller stores the
/// Connection, which has no value from now on.
///
/// # Errors
/// [`Error::Corrupt`] when one is missing.
pub fn drop_values(tx: &mut WriteTx<'_>, connection: &Connection) -> Result<()> {
    for number in 1..=connection.value.map_or(0, |(number, _)| number) {
        versions::remove(tx, place(connection, number))?;
    }
    Ok(())
}

fn place(connection: &Connection, number: u32) -> Place {
    Place {
        kind: Kind::ConnectionVersion,
        parent: connection.id,
        number,
    }
}
