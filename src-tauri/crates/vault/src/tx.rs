//! Transactions: what tables read and write through (SECURITY.md §b.4, §b.5).
//!
//! A row is believed after its leaf was found in a verified bucket; “not found” is said after the bucket was
//! verified and holds no leaf. A leaf without its row, or a row without its leaf, is damage.

use std::{
    cell::{Cell, RefCell},
    ops::Deref,
};

use keyward_model::Id;
use keyward_seal::{equal, name_index};
use rusqlite::{Connection, OptionalExtension};
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    keys::Keys,
    manifest::Manifest,
    record::{Kind, Record, new_uuid, select},
};

/// From this many records on, a list reads all buckets in one pass.
const MANY: usize = 256;

/// A read transaction: one snapshot of the vault.
pub struct Tx<'v> {
    pub(crate) db: &'v Connection,
    pub(crate) keys: &'v Keys,
    pub(crate) manifest: RefCell<Manifest>,
    /// The environment that was found last, as long as this transaction takes none away: an import asks for the same
    /// one ten thousand times (P7).
    environment: Cell<Option<Id>>,
}

/// A write transaction: what it changes is committed whole or not at all.
pub struct WriteTx<'v> {
    tx: Tx<'v>,
    dirty: bool,
    anchor_due: bool,
    checkpoint_due: bool,
}

impl<'v> Deref for WriteTx<'v> {
    type Target = Tx<'v>;

    fn deref(&self) -> &Tx<'v> {
        &self.tx
    }
}

impl<'v> Tx<'v> {
    pub(crate) fn new(db: &'v Connection, keys: &'v Keys, mut manifest: Manifest) -> Self {
        manifest.begin();
        Self {
            db,
            keys,
            manifest: RefCell::new(manifest),
            environment: Cell::new(None),
        }
    }

    /// The identity of the vault itself.
    #[must_use]
    pub fn vault_id(&self) -> Id {
        Id::from_bytes(self.keys.uuid)
    }

    /// A new identity.
    ///
    /// # Errors
    /// [`Error::Storage`] when the system gives no random bytes.
    pub fn new_id(&self) -> Result<Id> {
        new_uuid().map(Id::from_bytes)
    }

    /// The blind index of a name in the vault or, with an environment, in there.
    pub(crate) fn name_bi(&self, scope: &str, environment: Option<Id>, handle: &str) -> Result<[u8; 16]> {
        let environment = environment.map_or([0; 16], |id| *id.as_bytes());
        Ok(name_index(&self.keys.owner()?.index, scope, &environment, handle))
    }

    /// The record of a blind index; `None` is an answer that was verified.
    pub(crate) fn by_name(&self, name_bi: &[u8; 16]) -> Result<Option<Record>> {
        let mut statement = self.db.prepare_cached(select!("WHERE name_bi = ?1"))?;
        let mut rows = statement.query([name_bi])?;
        let record = rows.next()?.map(Record::from_row).transpose()?;
        let leaf = self.manifest.borrow_mut().leaf(self.db, self.keys, name_bi)?;
        match (record, leaf) {
            (None, None) => Ok(None),
            (Some(record), Some(leaf)) if fits(&record, name_bi, &leaf) => Ok(Some(record)),
            (Some(_), _) => Err(Error::Corrupt("a record was changed or put back".to_owned())),
            (None, Some(_)) => Err(Error::Corrupt("a record is missing".to_owned())),
        }
    }

    /// The record of an identity and kind.
    ///
    /// # Errors
    /// [`Error::NotFound`] after every row was compared with every leaf: an identity says nothing about where
    /// its leaf would be, so a row that somebody took away shows only so. Rare: identities come from records.
    pub(crate) fn by_uuid(&self, kind: Kind, uuid: &[u8; 16]) -> Result<Record> {
        let mut statement = self.db.prepare_cached(select!("WHERE record_uuid = ?1"))?;
        let mut rows = statement.query([uuid])?;
        match rows.next()?.map(Record::from_row).transpose()? {
            Some(record) => {
                self.check(&record)?;
                if record.kind == kind {
                    Ok(record)
                } else {
                    Err(Error::NotFound(what(kind).to_owned()))
                }
            }
            None => {
                crate::verify::rows_have_leaves(self)?;
                Err(Error::NotFound(what(kind).to_owned()))
            }
        }
    }

    /// Whether there is such an environment, for what is to be put there.
    ///
    /// # Errors
    /// As [`Tx::by_uuid`].
    pub(crate) fn expect_environment(&self, id: Id) -> Result<()> {
        if self.environment.get() != Some(id) {
            self.by_uuid(Kind::Environment, id.as_bytes())?;
            self.environment.set(Some(id));
        }
        Ok(())
    }

    /// Whether the row is the one that the manifest speaks of.
    pub(crate) fn check(&self, record: &Record) -> Result<()> {
        believe(
            record,
            self.manifest
                .borrow_mut()
                .leaf(self.db, self.keys, &record.name_bi)?,
        )
    }

    /// Opens every record of one kind, in the order they were made.
    pub(crate) fn each(&self, kind: Kind, mut visit: impl FnMut(&Record, &[u8]) -> Result<()>) -> Result<()> {
        let count: usize = self
            .db
            .prepare_cached("SELECT count(*) FROM rec WHERE tbl = ?1")?
            .query_row([kind.as_str()], |row| row.get(0))?;
        let leaves = if count > MANY {
            self.manifest.borrow_mut().all_leaves(self.db, self.keys)?
        } else {
            None
        };
        let mut statement = self.db.prepare_cached(select!("WHERE tbl = ?1 ORDER BY rowid"))?;
        let mut rows = statement.query([kind.as_str()])?;
        while let Some(row) = rows.next()? {
            let record = Record::from_row(row)?;
            match &leaves {
                Some(leaves) => believe(&record, leaves.leaf(&record.name_bi))?,
                None => self.check(&record)?,
            }
            let plaintext = self.open(&record)?;
            visit(&record, &plaintext)?;
        }
        Ok(())
    }

    pub(crate) fn open(&self, record: &Record) -> Result<Zeroizing<Vec<u8>>> {
        record.open(self.keys)
    }

    /// Whether a name is taken; verified either way.
    pub(crate) fn exists(&self, name_bi: &[u8; 16]) -> Result<bool> {
        Ok(self
            .manifest
            .borrow_mut()
            .leaf(self.db, self.keys, name_bi)?
            .is_some())
    }

    /// The MAC of one row of the log.
    pub(crate) fn audit_mac(&self, seq: u64) -> Result<Option<[u8; 32]>> {
        let mut statement = self.db.prepare_cached("SELECT mac FROM audit WHERE seq = ?1")?;
        Ok(statement.query_row([seq], |row| row.get(0)).optional()?)
    }
}

impl<'v> WriteTx<'v> {
    pub(crate) fn new(tx: Tx<'v>) -> Self {
        Self {
            tx,
            dirty: false,
            anchor_due: false,
            checkpoint_due: false,
        }
    }

    /// Seals and stores a new record. The caller made sure that the name is free.
    pub(crate) fn insert(
        &mut self,
        kind: Kind,
        uuid: [u8; 16],
        name_bi: [u8; 16],
        plaintext: &[u8],
    ) -> Result<()> {
        let record = Record::seal(self.keys, uuid, kind, 1, name_bi, plaintext)?;
        self.store(&record)
    }

    /// Stores a row that is sealed already.
    pub(crate) fn store(&mut self, record: &Record) -> Result<()> {
        self.set_leaf(&record.name_bi, Some(record.leaf()))?;
        self.db
            .prepare_cached(
                "INSERT INTO rec(record_uuid, tbl, version, epoch, wrapped, body, name_bi)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                record.uuid,
                record.kind.as_str(),
                record.version,
                record.epoch,
                &record.wrapped,
                &record.body,
                record.name_bi,
            ))?;
        Ok(())
    }

    /// Seals `plaintext` in the place of `old`, which was verified, under the name it has now.
    pub(crate) fn replace(&mut self, old: &Record, name_bi: [u8; 16], plaintext: &[u8]) -> Result<()> {
        let version = old.version + 1;
        let record = Record::seal(self.keys, old.uuid, old.kind, version, name_bi, plaintext)?;
        if old.name_bi != name_bi {
            self.set_leaf(&old.name_bi, None)?;
        }
        self.set_leaf(&name_bi, Some(record.leaf()))?;
        let changed = self
            .db
            .prepare_cached(
                "UPDATE rec SET version = ?2, epoch = ?3, wrapped = ?4, body = ?5, name_bi = ?6 WHERE record_uuid = ?1",
            )?
            .execute((record.uuid, record.version, record.epoch, record.wrapped, record.body, name_bi))?;
        if changed == 1 {
            Ok(())
        } else {
            Err(Error::Corrupt("a record is missing".to_owned()))
        }
    }

    /// Stores a record that keeps its row and version under new keys (§b.8); the manifest does not know it yet.
    pub(crate) fn renew(&mut self, record: &Record) -> Result<()> {
        self.set_leaf(&record.name_bi, Some(record.leaf()))?;
        self.db
            .prepare_cached(
                "UPDATE rec SET epoch = ?2, wrapped = ?3, body = ?4, name_bi = ?5 WHERE record_uuid = ?1",
            )?
            .execute((
                record.uuid,
                record.epoch,
                &record.wrapped,
                &record.body,
                record.name_bi,
            ))?;
        Ok(())
    }

    /// Takes the record away for good; its bytes go with the checkpoint after the commit.
    pub(crate) fn remove(&mut self, record: &Record) -> Result<()> {
        self.checkpoint_due = true;
        self.anchor_due = true;
        self.remove_quietly(record)
    }

    /// As [`WriteTx::remove`], for what is made and removed all the time: no checkpoint, no anchor.
    pub(crate) fn remove_quietly(&mut self, record: &Record) -> Result<()> {
        self.tx.environment.set(None);
        self.set_leaf(&record.name_bi, None)?;
        let changed = self
            .db
            .prepare_cached("DELETE FROM rec WHERE record_uuid = ?1")?
            .execute([record.uuid])?;
        if changed == 1 {
            Ok(())
        } else {
            Err(Error::Corrupt("a record is missing".to_owned()))
        }
    }

    fn set_leaf(&mut self, name_bi: &[u8; 16], leaf: Option<[u8; 32]>) -> Result<()> {
        self.dirty = true;
        self.manifest
            .borrow_mut()
            .set_leaf(self.db, self.keys, name_bi, leaf)
    }

    /// Something else than a record changed: the log, or the header.
    pub(crate) fn touch(&mut self) {
        self.dirty = true;
    }

    /// The anchor is written after this, whatever its age (slots, purge).
    pub(crate) fn want_anchor(&mut self) {
        self.anchor_due = true;
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// The log is moved into the file after this, so that what was overwritten is gone from both.
    pub(crate) fn want_checkpoint(&mut self) {
        self.checkpoint_due = true;
    }

    /// Ends the write.
    pub(crate) fn into_effects(self) -> Effects {
        Effects {
            manifest: self.tx.manifest.into_inner(),
            is_dirty: self.dirty,
            anchor_due: self.anchor_due,
            checkpoint_due: self.checkpoint_due,
        }
    }
}

/// What follows from a write.
pub(crate) struct Effects {
    pub(crate) manifest: Manifest,
    /// Whether there is anything to commit.
    pub(crate) is_dirty: bool,
    pub(crate) anchor_due: bool,
    pub(crate) checkpoint_due: bool,
}

fn believe(record: &Record, leaf: Option<[u8; 32]>) -> Result<()> {
    if leaf.is_some_and(|leaf| fits(record, &record.name_bi, &leaf)) {
        Ok(())
    } else {
        Err(Error::Corrupt("a record was changed or put back".to_owned()))
    }
}

fn fits(record: &Record, name_bi: &[u8; 16], leaf: &[u8; 32]) -> bool {
    record.name_bi == *name_bi && equal(&record.leaf(), leaf)
}

/// What a kind is called in a sentence.
pub(crate) fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Environment => "the environment",
        Kind::Secret => "the secret",
        Kind::SecretVersion => "the version",
        Kind::Credential => "the credential",
        Kind::CredentialVersion => "the version of a variable",
        Kind::Application => "the application",
        Kind::AuthClient => "the auth client",
        Kind::AuthClientVersion => "the client secret",
        Kind::Connection => "the connection",
        Kind::ConnectionVersion => "the entered value",
        Kind::TokenSet => "the tokens",
        Kind::RefreshIntent => "the refresh intent",
        Kind::PendingRevocation => "the pending revocation",
        Kind::Settings => "the settings",
    }
}
