//! Tokens that wait to be revoked: their Connection dropped them while the provider could not be reached (O-52).
//! Found by their uuid alone, as tokens are.

use keyward_model::{
    Id, Timestamp,
    connection::{Address, PendingRevocation},
};

use crate::{
    body::{self, Item, Map},
    error::Result,
    record::{Kind, Record},
    tx::{Tx, WriteTx},
};

// Numbers of the fields (FORMAT.md).
const CONNECTION: u8 = 1;
const AUTH_CLIENT: u8 = 2;
const REFRESH_TOKEN: u8 = 3;
const ACCESS_TOKEN: u8 = 4;
const QUEUED_AT: u8 = 5;
const TRIES: u8 = 6;
const RETRY_AT: u8 = 7;
const KEPT: u8 = 8;

/// Puts tokens into the queue.
///
/// # Errors
/// [`crate::error::Error::Conflict`] when the identity is taken.
pub fn insert(tx: &mut WriteTx<'_>, pending: &PendingRevocation) -> Result<()> {
    let plaintext = encode(pending);
    let id = *pending.id.as_bytes();
    tx.insert(Kind::PendingRevocation, id, id, &plaintext)
}

/// Everything that waits, in the order it was queued.
///
/// # Errors
/// [`crate::error::Error::Corrupt`] when one fails its checks.
pub fn list(tx: &Tx<'_>) -> Result<Vec<PendingRevocation>> {
    let mut pending = Vec::new();
    tx.each(Kind::PendingRevocation, |record, plaintext| {
        pending.push(decode(record, plaintext)?);
        Ok(())
    })?;
    Ok(pending)
}

/// Stores what a failed try changed; one that is gone by now is left alone.
///
/// # Errors
/// [`crate::error::Error::Corrupt`].
pub fn postpone(tx: &mut WriteTx<'_>, id: Id, retry_at: Timestamp) -> Result<()> {
    let Some(record) = tx.by_name(id.as_bytes())? else {
        return Ok(());
    };
    let mut pending = decode(&record, &tx.open(&record)?)?;
    pending.tries = pending.tries.saturating_add(1);
    pending.retry_at = retry_at;
    let plaintext = encode(&pending);
    tx.replace(&record, *id.as_bytes(), &plaintext)
}

/// Takes tokens out of the queue for good; one that is gone by now is fine.
///
/// # Errors
/// [`crate::error::Error::Corrupt`].
pub fn remove(tx: &mut WriteTx<'_>, id: Id) -> Result<()> {
    match tx.by_name(id.as_bytes())? {
        Some(record) => tx.remove(&record),
        None => Ok(()),
    }
}

fn encode(pending: &PendingRevocation) -> zeroize::Zeroizing<Vec<u8>> {
    // vault_uuid || record_uuid (§b.4)
    let auth_client = [
        *pending.auth_client.vault.as_bytes(),
        *pending.auth_client.client.as_bytes(),
    ]
    .concat();
    body::encode(&[
        (CONNECTION, Item::Text(&pending.connection)),
        (AUTH_CLIENT, Item::Bytes(&auth_client)),
        (
            REFRESH_TOKEN,
            Item::maybe(pending.refresh_token.as_ref(), |token| {
                Item::Bytes(token.expose())
            }),
        ),
        (ACCESS_TOKEN, Item::Bytes(pending.access_token.expose())),
        (QUEUED_AT, Item::time(pending.queued_at)),
        (TRIES, Item::Unsigned(pending.tries.into())),
        (RETRY_AT, Item::time(pending.retry_at)),
        (
            KEPT,
            Item::maybe((!pending.kept.is_empty()).then_some(&pending.kept), |kept| {
                Item::Pairs(kept)
            }),
        ),
    ])
}

fn decode(record: &Record, plaintext: &[u8]) -> Result<PendingRevocation> {
    let map = Map::parse(plaintext, KEPT.into())?;
    let both: [u8; 32] = map.array(AUTH_CLIENT.into())?;
    let half = |bytes: &[u8]| Id::from_bytes(bytes.try_into().expect("half of 32 bytes"));
    Ok(PendingRevocation {
        id: Id::from_bytes(record.uuid),
        connection: map.string(CONNECTION.into())?,
        auth_client: Address {
            vault: half(&both[..16]),
            client: half(&both[16..]),
        },
        refresh_token: map.maybe(REFRESH_TOKEN.into(), Map::secret)?,
        access_token: map.secret(ACCESS_TOKEN.into())?,
        queued_at: map.time(QUEUED_AT.into())?,
        tries: map.u32(TRIES.into())?,
        retry_at: map.time(RETRY_AT.into())?,
        kept: map.maybe(KEPT.into(), Map::pairs)?.unwrap_or_default(),
    })
}
