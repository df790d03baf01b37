//! The whole verification: every row, every leaf, the whole log (SECURITY.md §b.5).
//!
//! A host does it in the background after unlock, and so do `doctor`, backup, restore and migration; no other
//! one-shot command does, for its time grows with the vault.

use crate::{
    error::{Error, Result},
    manifest::Leaves,
    record::{Record, select},
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
