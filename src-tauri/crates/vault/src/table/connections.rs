//! Connections: what the Owner consented to or entered. Their tokens and values lie in records of their own.

mod body;

use keyward_model::{
    Id, Timestamp,
    connection::{AuthType, Connection, Records},
    name::{AppName, Handle},
};

pub use super::connection_values::{
    current_version, drop_values, set_value, value, value_versions, version_value,
};
pub use super::token_sets::{delete_intent, drop_tokens, intent, put_intent, replace_tokens, tokens};
use crate::{
    error::{Error, Result},
    record::{Kind, Record},
    table::items,
    tx::{Tx, WriteTx},
};
pub(crate) use body::decode;
use body::encode;

/// A Connection for [`insert`] that holds nothing yet and waits for a person.
///
/// # Errors
/// [`Error::Storage`] when the system gives no random bytes.
pub fn new(
    tx: &Tx<'_>,
    environment: Id,
    key: Handle,
    auth_type: AuthType,
    now: Timestamp,
) -> Result<Connection> {
    let records = Records {
        id: tx.new_id()?,
        token_set: tx.new_id()?,
        refresh_intent: tx.new_id()?,
    };
    Ok(Connection::new(records, environment, key, auth_type, now))
}

/// Stores a new Connection.
///
/// # Errors
/// [`Error::Conflict`] when the key is taken in its environment, in whatever case; [`Error::NotFound`] without
/// such an environment or AuthClient.
pub fn insert(tx: &mut WriteTx<'_>, connection: &Connection) -> Result<()> {
    items::check_free(tx, connection.environment, &connection.key)?;
    tx.expect_environment(connection.environment)?;
    // One that another vault keeps is its own business (EL7).
    if let Some(address) = connection.auth_client
        && address.vault == tx.vault_id()
    {
        tx.by_uuid(Kind::AuthClient, address.client.as_bytes())?;
    }
    let name_bi = name_bi(tx, connection)?;
    let plaintext = encode(connection);
    tx.insert(Kind::Connection, *connection.id.as_bytes(), name_bi, &plaintext)
}

/// Stores what changed of a Connection.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Conflict`] when key, environment or the records it names are not what they
/// were: none of them ever changes.
pub fn update(tx: &mut WriteTx<'_>, connection: &Connection) -> Result<()> {
    let (record, before) = open(tx, connection.id)?;
    let same = before.key == connection.key
        && before.environment == connection.environment
        && before.token_set == connection.token_set
        && before.refresh_intent == connection.refresh_intent;
    if !same {
        return Err(Error::Conflict(format!(
            "the key of {} never changes",
            before.key.as_str()
        )));
    }
    let plaintext = encode(connection);
    tx.replace(&record, record.name_bi, &plaintext)
}

/// The Connections of one environment or of all, in the order they were made. Opens no token.
///
/// # Errors
/// [`Error::Corrupt`] when one fails its checks.
pub fn list(tx: &Tx<'_>, environment: Option<Id>) -> Result<Vec<Connection>> {
    let mut connections = Vec::new();
    tx.each(Kind::Connection, |record, plaintext| {
        let connection = decode(tx, record, plaintext)?;
        if environment.is_none_or(|id| id == connection.environment) {
            connections.push(connection);
        }
        Ok(())
    })?;
    Ok(connections)
}

/// The Connection of this key.
///
/// # Errors
/// [`Error::NotFound`], with the right spelling where only the case differs.
pub fn find(tx: &Tx<'_>, environment: Id, key: &Handle) -> Result<Connection> {
    match items::find(tx, environment, key)? {
        items::Item::Connection(connection) => Ok(*connection),
        items::Item::Secret(_) | items::Item::Credential(_) => {
            Err(Error::NotFound(format!("the connection {}", key.as_str())))
        }
    }
}

/// The Connection of this identity.
///
/// # Errors
/// [`Error::NotFound`].
pub fn read(tx: &Tx<'_>, id: Id) -> Result<Connection> {
    open(tx, id).map(|(_, connection)| connection)
}

/// The default Connection of an Application in an environment (AM9).
///
/// # Errors
/// [`Error::NotFound`].
pub fn default_of(tx: &Tx<'_>, environment: Id, application: &AppName) -> Result<Connection> {
    let same = |name: &AppName| name.as_str().eq_ignore_ascii_case(application.as_str());
    list(tx, Some(environment))?
        .into_iter()
        .find(|connection| connection.default && connection.application.as_ref().is_some_and(same))
        .ok_or_else(|| Error::NotFound(format!("a default connection for {}", application.as_str())))
}

/// Makes a Connection the default of its Application in its environment: the one before it is no longer (AM9).
///
/// # Errors
/// [`Error::NotFound`].
pub fn make_default(tx: &mut WriteTx<'_>, id: Id, now: Timestamp) -> Result<Connection> {
    let mut chosen = read(tx, id)?;
    for mut other in of_same_application(tx, &chosen)? {
        if other.default && other.id != id {
            other.default = false;
            other.updated_at = now;
            update(tx, &other)?;
        }
    }
    if !chosen.default {
        chosen.default = true;
        chosen.updated_at = now;
        update(tx, &chosen)?;
    }
    Ok(chosen)
}

/// Removes a Connection with its tokens or values for good (AM6: it never lies in the trash). Was it the default of
/// its Application, the one made first of those that remain is (AM9: there is exactly one).
///
/// # Errors
/// [`Error::NotFound`].
pub fn purge(tx: &mut WriteTx<'_>, id: Id, now: Timestamp) -> Result<()> {
    let (record, connection) = open(tx, id)?;
    drop_tokens(tx, &connection)?;
    drop_values(tx, &connection)?;
    tx.remove(&record)?;
    if connection.default
        && let Some(first) = of_same_application(tx, &connection)?.first()
    {
        make_default(tx, first.id, now)?;
    }
    Ok(())
}

/// The Connections of the same Application in the same environment, in the order they were made.
fn of_same_application(tx: &Tx<'_>, connection: &Connection) -> Result<Vec<Connection>> {
    let Some(application) = &connection.application else {
        return Ok(Vec::new());
    };
    let mut same = list(tx, Some(connection.environment))?;
    same.retain(|other| other.application.as_ref() == Some(application));
    Ok(same)
}

fn open(tx: &Tx<'_>, id: Id) -> Result<(Record, Connection)> {
    let record = tx.by_uuid(Kind::Connection, id.as_bytes())?;
    let connection = decode(tx, &record, &tx.open(&record)?)?;
    Ok((record, connection))
}

pub(crate) fn name_bi(tx: &Tx<'_>, connection: &Connection) -> Result<[u8; 16]> {
    tx.name_bi(
        items::SCOPE,
        Some(connection.environment),
        connection.key.as_str(),
    )
}
