//! The whole verification: every row, every leaf, the whole log (SECURITY.md §b.5).
//!
//! A host does it in the background after unlock, and so do `doctor`, backup, restore and migration; no other
//! one-shot command does, for its time grows with the vault.

use crate::{
    body::Map,
    compare,
    error::{Error, Result},
    manifest::Leaves,
    record::{Kind, Record, select},
    table,
    tx::Tx,
};

/// What was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Records whose row, leaf, keys, body and name fit.
    pub records: u64,
    /// Buckets of the manifest.
    pub buckets: u64,
    /// Rows of the activity log.
    pub audit_rows: u64,
}

/// Verifies everything there is.
///
/// # Errors
/// [`Error::Corrupt`] names what is damaged.
pub(crate) fn whole(tx: &Tx<'_>) -> Result<Verification> {
    watched(tx, &mut |_| Ok(()))
}

/// As [`whole`]; tells how many records were opened so far, and ends when that is refused.
pub(crate) fn watched(tx: &Tx<'_>, opened: &mut dyn FnMut(u64) -> Result<()>) -> Result<Verification> {
    let (buckets, mut leaves) = tx.manifest.borrow_mut().check_all(tx.db, tx.keys)?;
    let mut records = 0;
    let mut statement = tx.db.prepare(select!("ORDER BY rowid"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let record = Record::from_row(row)?;
        if leaves.remove(&record.name_bi) != Some(record.leaf()) {
            return Err(Error::Corrupt(
                "a record was changed, doubled or put back".to_owned(),
            ));
        }
        self::record(tx, &record, &tx.open(&record)?)?;
        records += 1;
        opened(records)?;
    }
    if !leaves.is_empty() {
        return Err(Error::Corrupt("a record is missing".to_owned()));
    }
    pages(tx)?;
    Ok(Verification {
        records,
        buckets,
        audit_rows: table::audit::verify(tx)?,
    })
}

/// What of the records is not as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damages {
    /// Each damaged record by its kind, and by its key where that can be read still.
    pub records: Vec<String>,
    /// Records that the manifest names and that are not there.
    pub missing: usize,
}

/// Goes on where [`whole`] stops, and names every record that is damaged. A value is named by the key that it is of,
/// where that can be read.
///
/// # Errors
/// [`Error::Corrupt`] when the manifest is damaged, which says what the records must be.
pub(crate) fn damages(tx: &Tx<'_>) -> Result<Damages> {
    let (_, mut leaves) = tx.manifest.borrow_mut().check_all(tx.db, tx.keys)?;
    let mut damages = Damages::default();
    let mut values: usize = 0;
    let mut sound = Vec::new();
    let mut statement = tx.db.prepare(select!("ORDER BY rowid"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Ok(record) = Record::from_row(row) else {
            damages.records.push("a record of no known kind".to_owned());
            continue;
        };
        let has_leaf = leaves.remove(&record.name_bi) == Some(record.leaf());
        let opened = tx.open(&record);
        let is_sound = has_leaf
            && opened
                .as_ref()
                .is_ok_and(|plaintext| self::record(tx, &record, plaintext).is_ok());
        if is_sound {
            if record.kind == Kind::Secret {
                sound.push(record);
            }
        } else if record.kind == Kind::SecretVersion {
            values += 1;
        } else {
            let kind = record.kind.as_str().replace('_', " ");
            let key = opened.ok().and_then(|plaintext| key_of(&record, &plaintext));
            damages.records.push(match key {
                Some(key) => format!("{kind} {key}"),
                None if compare::has_key(record.kind) => format!("{kind} (its key cannot be read)"),
                None => kind,
            });
        }
    }
    damages.missing = leaves.len();
    if values > 0 || damages.missing > 0 {
        for record in &sound {
            let secret = table::secrets::decode(tx, record, &tx.open(record)?)?;
            if table::secrets::value(tx, &secret).is_err() {
                damages.records.push(format!("value of secret {}", secret.key));
                values = values.saturating_sub(1);
            }
        }
        let unnamed = (0..values).map(|_| "value of a secret".to_owned());
        damages.records.extend(unnamed);
    }
    Ok(damages)
}

/// The key of a record that opened, in the kinds that have one.
fn key_of(record: &Record, plaintext: &[u8]) -> Option<String> {
    compare::has_key(record.kind)
        .then(|| Map::parse(plaintext, u64::MAX).ok()?.string(compare::KEY).ok())
        .flatten()
}

/// SQLite's own check of its pages and indexes. The rows above were read without any index and are found by one ever
/// after: one that is damaged, or leads elsewhere, would make a sound vault in which nothing is found.
fn pages(tx: &Tx<'_>) -> Result<()> {
    let said: String = tx
        .db
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    match said.as_str() {
        "ok" => Ok(()),
        _ => Err(Error::Corrupt(
            "an index or a page of the file is damaged".to_owned(),
        )),
    }
}

/// Whether a record that opened holds what its kind holds, and lies under the name that its body asks for.
pub(crate) fn record(tx: &Tx<'_>, record: &Record, plaintext: &[u8]) -> Result<()> {
    table::name_bi(tx, tx, record, plaintext).map(drop)
}

/// Whether every row has a leaf and every leaf a row; opens nothing.
pub(crate) fn rows_have_leaves(tx: &Tx<'_>) -> Result<()> {
    let (_, mut leaves): (u64, Leaves) = tx.manifest.borrow_mut().check_all(tx.db, tx.keys)?;
    let mut statement = tx.db.prepare_cached("SELECT name_bi FROM rec")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if leaves.remove(&row.get::<_, [u8; 16]>(0)?).is_none() {
            return Err(Error::Corrupt("a record that nobody wrote".to_owned()));
        }
    }
    if leaves.is_empty() {
        Ok(())
    } else {
        Err(Error::Corrupt("a record is missing".to_owned()))
    }
}
