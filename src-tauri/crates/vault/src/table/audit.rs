//! The activity log: a chain of sealed rows whose head is in the root (SECURITY.md §b.5, L-10).

use std::time::Duration;

use keyward_model::{Timestamp, audit::AuditEvent};
use keyward_seal::{equal, mac, open, pad_to, seal, unpad};

use crate::{
    body::{self, Item, Map},
    error::{Error, Result},
    keys::Keys,
    tx::{Tx, WriteTx},
};

// Numbers of the fields (FORMAT.md).
const AT: u8 = 1;
const ACTOR: u8 = 2;
const ACTION: u8 = 3;
const SUBJECT: u8 = 4;
const OUTCOME: u8 = 5;
const MILLISECONDS: u8 = 6;

/// Rows are padded to a multiple of this.
const STEP: usize = 128;

/// What stands in for the MAC of row 0.
pub(crate) fn genesis(keys: &Keys) -> [u8; 32] {
    mac(&keys.refreshing.audit, &[b"genesis", &keys.uuid])
}

fn row_mac(keys: &Keys, before: &[u8; 32], seq: u64, body: &[u8]) -> [u8; 32] {
    mac(&keys.refreshing.audit, &[before, &seq.to_be_bytes(), body])
}

fn aad(keys: &Keys, seq: u64) -> Vec<u8> {
    [keys.uuid.as_slice(), &seq.to_be_bytes()].concat()
}

/// Appends one event.
///
/// # Errors
/// [`Error::TooLarge`] when its texts are longer than a record.
pub fn append(tx: &mut WriteTx<'_>, event: &AuditEvent) -> Result<()> {
    let plaintext = body::encode(&[
        (AT, Item::time(event.at)),
        (ACTOR, Item::Text(&event.actor)),
        (ACTION, Item::Text(&event.action)),
        (SUBJECT, Item::Text(&event.subject)),
        (OUTCOME, Item::Text(&event.outcome)),
        (MILLISECONDS, Item::maybe(event.took, milliseconds)),
    ]);
    if plaintext.len() > crate::record::LONGEST {
        return Err(Error::TooLarge);
    }
    tx.touch();
    let mut manifest = tx.manifest.borrow_mut();
    let seq = manifest.audit_seq + 1;
    let body = seal(
        &tx.keys.refreshing.audit_enc,
        "audit",
        &aad(tx.keys, seq),
        &pad_to(&plaintext, STEP),
    )?;
    let mac = row_mac(tx.keys, &manifest.audit_head, seq, &body);
    tx.db
        .prepare_cached("INSERT INTO audit(seq, body, mac) VALUES (?1, ?2, ?3)")?
        .execute((seq, body, mac))?;
    manifest.audit_seq = seq;
    manifest.audit_head = mac;
    Ok(())
}

/// Up to `limit` events after number `after`, oldest first, from `since` on; each with its number.
///
/// # Errors
/// [`Error::Corrupt`] when a row is missing or does not fit the one before it.
pub fn list(
    tx: &Tx<'_>,
    since: Option<Timestamp>,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, AuditEvent)>> {
    let mut events = Vec::new();
    walk(tx, after, |seq, body| {
        let event = open_row(tx.keys, seq, body)?;
        if since.is_none_or(|since| event.at >= since) {
            events.push((seq, event));
        }
        Ok(events.len() < limit)
    })?;
    Ok(events)
}

/// The newest `limit` events that are `wanted`, newest first, each with its number.
///
/// # Errors
/// As [`list`].
pub fn newest(
    tx: &Tx<'_>,
    limit: usize,
    wanted: impl Fn(&AuditEvent) -> bool,
) -> Result<Vec<(u64, AuditEvent)>> {
    let mut kept = Vec::new();
    newest_first(tx, |seq, event| {
        if wanted(&event) {
            kept.push((seq, event));
        }
        kept.len() < limit
    })?;
    Ok(kept)
}

/// Visits events with their numbers from the newest back while `visit` says so. What it costs is what is visited.
///
/// # Errors
/// [`Error::Corrupt`] when a row is missing or does not fit the one after it.
pub fn newest_first(tx: &Tx<'_>, mut visit: impl FnMut(u64, AuditEvent) -> bool) -> Result<()> {
    let (mut seq, mut expected) = {
        let manifest = tx.manifest.borrow();
        (manifest.audit_seq, manifest.audit_head)
    };
    // Each row vouches for the MAC of the one before it, as the root does for that of the newest.
    let mut statement = tx
        .db
        .prepare_cached("SELECT seq, body, mac FROM audit WHERE seq <= ?1 ORDER BY seq DESC")?;
    let mut rows = statement.query([seq])?;
    let mut next = rows.next()?.map(Row::read).transpose()?;
    while seq > 0 {
        let row = next.take().ok_or_else(damaged)?;
        next = rows.next()?.map(Row::read).transpose()?;
        let before = next.as_ref().map_or_else(|| genesis(tx.keys), |row| row.mac);
        let fits = row.seq == seq
            && equal(&row.mac, &expected)
            && equal(&row_mac(tx.keys, &before, seq, &row.body), &row.mac);
        if !fits {
            return Err(damaged());
        }
        if !visit(seq, open_row(tx.keys, seq, &row.body)?) {
            return Ok(());
        }
        expected = before;
        seq -= 1;
    }
    Ok(())
}

struct Row {
    seq: u64,
    body: Vec<u8>,
    mac: [u8; 32],
}

impl Row {
    fn read(row: &rusqlite::Row<'_>) -> Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            body: row.get(1)?,
            mac: row.get(2)?,
        })
    }
}

/// Walks the whole chain to its head; answers how many rows there are.
///
/// # Errors
/// [`Error::Corrupt`] when a row was changed, removed, added or cut off.
pub fn verify(tx: &Tx<'_>) -> Result<u64> {
    let last = walk(tx, 0, |seq, body| open_row(tx.keys, seq, body).map(|_| true))?;
    let manifest = tx.manifest.borrow();
    if last != (manifest.audit_seq, manifest.audit_head) {
        return Err(damaged());
    }
    let rows: u64 = tx
        .db
        .query_row("SELECT count(*) FROM audit", [], |row| row.get(0))?;
    if rows == manifest.audit_seq {
        Ok(rows)
    } else {
        Err(damaged())
    }
}

/// Whether the last row is the head that the root vouches for (at unlock).
pub(crate) fn check_head(tx: &Tx<'_>) -> Result<()> {
    let last: Option<(u64, [u8; 32])> = {
        let mut statement = tx
            .db
            .prepare_cached("SELECT seq, mac FROM audit ORDER BY seq DESC LIMIT 1")?;
        let mut rows = statement.query([])?;
        rows.next()?
            .map(|row| Ok::<_, Error>((row.get(0)?, row.get(1)?)))
            .transpose()?
    };
    let manifest = tx.manifest.borrow();
    let (seq, head) = last.unwrap_or_else(|| (0, genesis(tx.keys)));
    if seq == manifest.audit_seq && equal(&head, &manifest.audit_head) {
        Ok(())
    } else {
        Err(damaged())
    }
}

/// Visits rows after `after` in order while `visit` says so; number and MAC of the last one visited.
fn walk(
    tx: &Tx<'_>,
    after: u64,
    mut visit: impl FnMut(u64, &[u8]) -> Result<bool>,
) -> Result<(u64, [u8; 32])> {
    let (newest, head) = {
        let manifest = tx.manifest.borrow();
        (manifest.audit_seq, manifest.audit_head)
    };
    if after >= newest {
        return Ok((newest, head));
    }
    let mut before = match after {
        0 => genesis(tx.keys),
        _ => tx.audit_mac(after)?.ok_or_else(damaged)?,
    };
    let mut seq = after;
    let mut statement = tx
        .db
        .prepare_cached("SELECT seq, body, mac FROM audit WHERE seq > ?1 ORDER BY seq")?;
    let mut rows = statement.query([after])?;
    while let Some(row) = rows.next()? {
        let (number, body, mac): (u64, Vec<u8>, [u8; 32]) = (row.get(0)?, row.get(1)?, row.get(2)?);
        seq += 1;
        if number != seq || number > newest || !equal(&row_mac(tx.keys, &before, seq, &body), &mac) {
            return Err(damaged());
        }
        before = mac;
        if !visit(seq, &body)? {
            return Ok((seq, before));
        }
    }
    // Whoever walked to the end must have met the head: a cut tail shows here.
    if seq == newest && equal(&before, &head) {
        Ok((seq, before))
    } else {
        Err(damaged())
    }
}

/// Seals and chains every row of `old` anew under the keys of `tx`, each keeping its number (§b.8). The chain of
/// `old` was verified. Tells how many rows are done.
pub(crate) fn renew(
    tx: &mut WriteTx<'_>,
    old: &Keys,
    newest: u64,
    done: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<()> {
    tx.touch();
    let mut head = genesis(tx.keys);
    for seq in 1..=newest {
        let body: Vec<u8> = tx
            .db
            .prepare_cached("SELECT body FROM audit WHERE seq = ?1")?
            .query_row([seq], |row| row.get(0))?;
        let plaintext =
            open(&old.refreshing.audit_enc, "audit", &aad(old, seq), &body).map_err(|_| damaged())?;
        let body = seal(
            &tx.keys.refreshing.audit_enc,
            "audit",
            &aad(tx.keys, seq),
            &plaintext,
        )?;
        head = row_mac(tx.keys, &head, seq, &body);
        tx.db
            .prepare_cached("UPDATE audit SET body = ?2, mac = ?3 WHERE seq = ?1")?
            .execute((seq, body, head))?;
        done(seq)?;
    }
    let mut manifest = tx.manifest.borrow_mut();
    manifest.audit_seq = newest;
    manifest.audit_head = head;
    Ok(())
}

/// The event of row `seq`, whatever the rows around it say.
pub(crate) fn open_row(keys: &Keys, seq: u64, body: &[u8]) -> Result<AuditEvent> {
    let plaintext =
        open(&keys.refreshing.audit_enc, "audit", &aad(keys, seq), body).map_err(|_| damaged())?;
    let plaintext = unpad(plaintext).map_err(|_| damaged())?;
    let map = Map::parse(&plaintext, MILLISECONDS.into())?;
    Ok(AuditEvent {
        at: map.time(AT.into())?,
        actor: map.string(ACTOR.into())?,
        action: map.string(ACTION.into())?,
        subject: map.string(SUBJECT.into())?,
        outcome: map.string(OUTCOME.into())?,
        took: map
            .maybe(MILLISECONDS.into(), Map::unsigned)?
            .map(Duration::from_millis),
    })
}

fn milliseconds(took: Duration) -> Item<'static> {
    Item::Unsigned(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

fn damaged() -> Error {
    Error::Corrupt("the activity log was changed".to_owned())
}
