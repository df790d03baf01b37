//! The tokens of a Connection, in one record that is overwritten, and what is written before a refresh request
//! leaves (O-53). Both are found by the uuids that the Connection chose when it was made.

use keyward_model::{
    Id,
    connection::{Connection, Lifetime, RefreshIntent, TokenSet},
};
use zeroize::Zeroizing;

use crate::{
    body::{self, Item, Map},
    error::{Error, Result},
    record::{Kind, Record},
    tx::{Tx, WriteTx},
};

/// Numbers of the fields of a `token_set` (FORMAT.md).
mod token {
    pub(super) const CONNECTION: u8 = 1;
    pub(super) const ACCESS_TOKEN: u8 = 2;
    pub(super) const REFRESH_TOKEN: u8 = 3;
    pub(super) const TOKEN_TYPE: u8 = 4;
    pub(super) const SCOPE: u8 = 5;
    pub(super) const OBTAINED_AT: u8 = 6;
    pub(super) const EXPIRES_AT: u8 = 7;
    pub(super) const RAW: u8 = 8;
    pub(super) const REFRESH_WINDOW: u8 = 9;
}

/// Numbers of the fields of a `refresh_intent` (FORMAT.md).
mod intent {
    pub(super) const CONNECTION: u8 = 1;
    pub(super) const ATTEMPT: u8 = 2;
    pub(super) const REFRESH_TOKEN_DIGEST: u8 = 3;
    pub(super) const STARTED_AT: u8 = 4;
    pub(super) const UNREADABLE_ANSWER: u8 = 5;
}

/// The tokens and the version of their row; `None` before the first consent and after a disconnect.
///
/// # Errors
/// [`Error::Corrupt`].
pub fn tokens(tx: &Tx<'_>, connection: &Connection) -> Result<Option<(TokenSet, u64)>> {
    let Some((record, plaintext)) = part(tx, Kind::TokenSet, connection.token_set)? else {
        return Ok(None);
    };
    let map = Map::parse(&plaintext, token::REFRESH_WINDOW.into())?;
    belongs(connection, map.id(token::CONNECTION.into())?)?;
    let tokens = TokenSet {
        access_token: map.secret(token::ACCESS_TOKEN.into())?,
        refresh_token: map.maybe(token::REFRESH_TOKEN.into(), Map::secret)?,
        token_type: map.string(token::TOKEN_TYPE.into())?,
        scope: map.maybe(token::SCOPE.into(), Map::string)?,
        lifetime: Lifetime {
            obtained_at: map.time(token::OBTAINED_AT.into())?,
            expires_at: map.time(token::EXPIRES_AT.into())?,
            refresh_window: map.maybe(token::REFRESH_WINDOW.into(), Map::u32)?,
        },
        raw: map.secret(token::RAW.into())?,
    };
    Ok(Some((tokens, record.version)))
}

/// Stores new tokens over the old ones and takes the intent away, if the row is still the one that was read:
/// `expected` is the version [`tokens`] gave, `None` where it gave none.
///
/// # Errors
/// [`Error::Conflict`] when somebody else stored tokens since.
pub fn replace_tokens(
    tx: &mut WriteTx<'_>,
    connection: &Connection,
    tokens: &TokenSet,
    expected: Option<u64>,
) -> Result<()> {
    let plaintext = body::encode(&[
        (token::CONNECTION, Item::id(&connection.id)),
        (token::ACCESS_TOKEN, Item::Bytes(tokens.access_token.expose())),
        (
            token::REFRESH_TOKEN,
            Item::maybe(tokens.refresh_token.as_ref(), |value| Item::Bytes(value.expose())),
        ),
        (token::TOKEN_TYPE, Item::Text(&tokens.token_type)),
        (token::SCOPE, Item::maybe(tokens.scope.as_deref(), Item::Text)),
        (token::OBTAINED_AT, Item::time(tokens.lifetime.obtained_at)),
        (token::EXPIRES_AT, Item::time(tokens.lifetime.expires_at)),
        (token::RAW, Item::Bytes(tokens.raw.expose())),
        (
            token::REFRESH_WINDOW,
            Item::maybe(tokens.lifetime.refresh_window, |seconds| {
                Item::Unsigned(seconds.into())
            }),
        ),
    ]);
    let found = row(tx, Kind::TokenSet, connection.token_set)?;
    if found.as_ref().map(|record| record.version) != expected {
        return Err(Error::Conflict(format!(
            "the tokens of {} have changed",
            connection.key.as_str()
        )));
    }
    put(tx, Kind::TokenSet, connection.token_set, found, &plaintext)?;
    delete_intent(tx, connection)
}

/// Removes the tokens and the intent for good.
///
/// # Errors
/// [`Error::Corrupt`].
pub fn drop_tokens(tx: &mut WriteTx<'_>, connection: &Connection) -> Result<()> {
    if let Some(record) = row(tx, Kind::TokenSet, connection.token_set)? {
        tx.remove(&record)?;
    }
    delete_intent(tx, connection)
}

/// What was written before the last refresh request, if nothing was stored since.
///
/// # Errors
/// [`Error::Corrupt`].
pub fn intent(tx: &Tx<'_>, connection: &Connection) -> Result<Option<RefreshIntent>> {
    let Some((_, plaintext)) = part(tx, Kind::RefreshIntent, connection.refresh_intent)? else {
        return Ok(None);
    };
    let map = Map::parse(&plaintext, intent::UNREADABLE_ANSWER.into())?;
    belongs(connection, map.id(intent::CONNECTION.into())?)?;
    Ok(Some(RefreshIntent {
        attempt: map.u32(intent::ATTEMPT.into())?,
        refresh_token_digest: map.array(intent::REFRESH_TOKEN_DIGEST.into())?,
        started_at: map.time(intent::STARTED_AT.into())?,
        unreadable_answer: map.maybe(intent::UNREADABLE_ANSWER.into(), Map::secret)?,
    }))
}

/// Stores the intent, over the one there may be.
///
/// # Errors
/// [`Error::TooLarge`].
pub fn put_intent(tx: &mut WriteTx<'_>, connection: &Connection, intent: &RefreshIntent) -> Result<()> {
    let answer = intent.unreadable_answer.as_ref();
    let plaintext = body::encode(&[
        (intent::CONNECTION, Item::id(&connection.id)),
        (intent::ATTEMPT, Item::Unsigned(intent.attempt.into())),
        (
            intent::REFRESH_TOKEN_DIGEST,
            Item::Bytes(&intent.refresh_token_digest),
        ),
        (intent::STARTED_AT, Item::time(intent.started_at)),
        (
            intent::UNREADABLE_ANSWER,
            Item::maybe(answer, |value| Item::Bytes(value.expose())),
        ),
    ]);
    let found = row(tx, Kind::RefreshIntent, connection.refresh_intent)?;
    put(
        tx,
        Kind::RefreshIntent,
        connection.refresh_intent,
        found,
        &plaintext,
    )
}

/// Takes the intent away; one that is not there is fine.
///
/// # Errors
/// [`Error::Corrupt`].
pub fn delete_intent(tx: &mut WriteTx<'_>, connection: &Connection) -> Result<()> {
    match row(tx, Kind::RefreshIntent, connection.refresh_intent)? {
        // Holds a digest and, rarely, an answer; it goes at each refresh, which is no reason to checkpoint.
        Some(record) => tx.remove_quietly(&record),
        None => Ok(()),
    }
}

/// The row that is found by its uuid alone: its name_bi is its uuid.
fn row(tx: &Tx<'_>, kind: Kind, id: Id) -> Result<Option<Record>> {
    match tx.by_name(id.as_bytes())? {
        Some(record) if record.uuid != *id.as_bytes() || record.kind != kind => {
            Err(Error::Corrupt("a record lies under another's name".to_owned()))
        }
        found => Ok(found),
    }
}

fn part(tx: &Tx<'_>, kind: Kind, id: Id) -> Result<Option<(Record, Zeroizing<Vec<u8>>)>> {
    let Some(record) = row(tx, kind, id)? else {
        return Ok(None);
    };
    let plaintext = tx.open(&record)?;
    Ok(Some((record, plaintext)))
}

fn put(tx: &mut WriteTx<'_>, kind: Kind, id: Id, found: Option<Record>, plaintext: &[u8]) -> Result<()> {
    match found {
        Some(record) => tx.replace(&record, *id.as_bytes(), plaintext),
        None => tx.insert(kind, *id.as_bytes(), *id.as_bytes(), plaintext),
    }
}

fn belongs(connection: &Connection, parent: Id) -> Result<()> {
    if parent == connection.id {
        Ok(())
    } else {
        Err(Error::Corrupt("tokens of another connection".to_owned()))
    }
}
