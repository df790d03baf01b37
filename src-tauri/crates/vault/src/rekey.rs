//! A new master key for the whole vault, in one transaction: all of it, or nothing (SECURITY.md §b.8).
//!
//! It works through a connection of its own, so that reading goes on meanwhile with the keys there are; who wants to
//! write waits. Only for the commit are readers held, and they go on with the new keys. A crash before the commit
//! leaves the vault as it was, and in the keychain perhaps an entry that opens nothing.

use std::ops::ControlFlow;

use keyward_model::{SecretValue, Timestamp};
use keyward_seal::{KdfParams, MasterKey, RecoveryKey};
use rusqlite::Connection;

use crate::{
    error::{Error, Result},
    header::Header,
    keys::Keys,
    manifest::Manifest,
    platform,
    record::{Record, select},
    schema::{self, OnClose},
    session::{IMMEDIATELY, Transaction},
    slot::{self, Slot},
    table::{self, audit},
    tx::{Tx, WriteTx},
    unlock::passphrase_slot,
    vault::{UnlockedVault, event},
    verify,
    ways::{NewSlot, PassphraseWay, Prepared, Ways, forget, mode_of, no_time},
};

/// How much is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The master key, and how every record's key is wrapped; no body is written.
    Shallow,
    /// Every record's key and body too: after a suspected theft of keys.
    Deep,
}

/// What a rekey needs of the person.
pub struct Rekey<'a> {
    /// How much is made anew.
    pub depth: Depth,
    /// The passphrase, where the vault has one.
    pub passphrase: Option<&'a SecretValue>,
    /// The recovery key from now on; the person has it in hand.
    pub recovery: &'a RecoveryKey,
}

/// What a rekey is doing, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Opening every record as it is.
    Checking,
    /// Wrapping or sealing every record anew.
    Sealing,
    /// Sealing and chaining the activity log anew.
    Chaining,
    /// Opening every record with the new keys.
    Verifying,
    /// Writing the new key into the keychain and committing; from here on nothing stops it.
    Storing,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is doing.
    pub stage: Stage,
    /// Records or rows done.
    pub done: u64,
    /// Of so many.
    pub total: u64,
}

/// Told each step; may stop the work until [`Stage::Storing`].
pub type Watch<'w> = &'w mut dyn FnMut(Step) -> ControlFlow<()>;

/// Gives an unlocked vault a new master key, keys of the next epoch and new slots, and goes on with them.
///
/// # Errors
/// [`Error::WrongKey`] when the passphrase is missing or wrong; [`Error::KeychainUnavailable`] where the keychain
/// opens the vault and does not work; [`Error::Corrupt`] when something does not open as it is; [`Error::Stopped`];
/// as [`UnlockedVault::write`]. Nothing has changed then.
pub fn rekey(vault: &UnlockedVault, request: &Rekey<'_>, now: Timestamp, watch: Watch<'_>) -> Result<()> {
    let old = vault.keys();
    let before = vault.read(|tx| slot::read_all(tx.db))?;
    let epoch = old.epoch.checked_add(1).ok_or(Error::TooLarge)?;
    let new = Keys::derive(MasterKey::make()?, old.uuid, epoch);
    let prepared = prepare(vault, request, &before, &new)?;
    let work = Work {
        old: &old,
        new: &new,
        slots: &prepared.slots,
        depth: request.depth,
        now,
    };
    let keychain = vault.keychain.as_ref();
    let _turn = vault.turn_to_write();
    let state;
    if platform::lies_on_a_network(&vault.file) {
        // There the file has one connection: reading waits too.
        let mut inner = vault.inner();
        let transaction = Transaction::begin(&inner.db, IMMEDIATELY)?;
        state = work.run(&inner.db, watch)?;
        prepared.store(keychain, || transaction.commit())?;
        inner.go_on_with(new, state, now);
    } else {
        let db = schema::open(&vault.file, OnClose::Leave)?;
        let transaction = Transaction::begin(&db, IMMEDIATELY)?;
        state = work.run(&db, watch)?;
        prepared.store(keychain, || {
            // Held over the commit: nobody may meet the new epoch with the old keys.
            let mut inner = vault.inner();
            transaction.commit()?;
            inner.go_on_with(new, state, now);
            Ok(())
        })?;
    }
    vault.set_mode(mode_of(&prepared.slots));
    // It is committed, whatever comes of the rest: what fails now is tried again at the end or with the next write.
    forget(
        keychain,
        before.iter().filter_map(|slot| slot.account(&vault.uuid)),
    );
    let _ = vault.checkpoint();
    let _ = vault.save_anchor(now);
    Ok(())
}

/// New slots of the kinds there are, and one for the recovery key.
fn prepare(vault: &UnlockedVault, request: &Rekey<'_>, before: &[Slot], new: &Keys) -> Result<Prepared> {
    let ways = Ways::of(before)?;
    let workshop = vault.workshop(new.master()?, &no_time);
    let mut prepared = Prepared::default();
    if let Some(PassphraseWay { kdf, device_secret }) = ways.passphrase {
        let passphrase = request.passphrase.ok_or(Error::WrongKey)?;
        passphrase_slot(
            workshop.home,
            workshop.keychain,
            workshop.uuid,
            before,
            passphrase,
        )?;
        let kdf = if kdf.below_default() {
            KdfParams::DEFAULT
        } else {
            kdf
        };
        let slot = NewSlot::Passphrase {
            passphrase,
            kdf: Some(kdf),
            device_secret,
        };
        prepared.add(&workshop, slot)?;
    }
    if ways.keychain {
        prepared.add(&workshop, NewSlot::Keychain)?;
    }
    prepared.add_recovery(&workshop, request.recovery)?;
    Ok(prepared)
}

/// What happens inside the transaction.
struct Work<'a> {
    old: &'a Keys,
    new: &'a Keys,
    slots: &'a [Slot],
    depth: Depth,
    now: Timestamp,
}

impl Work<'_> {
    /// Answers generation and root of what is to be committed.
    fn run(&self, db: &Connection, watch: Watch<'_>) -> Result<(u64, [u8; 32])> {
        let Self { old, new, .. } = *self;
        let total = count(db)?;
        let tx = Tx::new(db, old, Manifest::load(db, old, None)?);
        verify::watched(&tx, &mut |done| step(watch, Stage::Checking, done, total))?;
        let (generation, newest, head) = {
            let before = tx.manifest.borrow();
            (before.generation, before.audit_seq, before.audit_head)
        };
        let header_mac = self.exchange_header(db)?;
        db.execute_batch("DELETE FROM bucket; DELETE FROM node")?;
        let mut manifest = Manifest::empty(new, header_mac);
        manifest.generation = generation;
        let mut renewed = WriteTx::new(Tx::new(db, new, manifest));
        self.records(&tx, &mut renewed, &mut |done| {
            step(watch, Stage::Sealing, done, total)
        })?;
        audit::renew(&mut renewed, old, newest, &mut |done| {
            step(watch, Stage::Chaining, done, newest)
        })?;
        // The last event holds the head of the log as it was: who kept that can tell that no row was slipped in.
        let depth = match self.depth {
            Depth::Shallow => "shallow",
            Depth::Deep => "deep",
        };
        let subject = format!("vault, {depth}; the log before: {newest} {}", hex(&head));
        audit::append(&mut renewed, &event(self.now, "owner", "vault.rekey", &subject))?;
        renewed.into_effects().manifest.flush(db, new)?;
        let tx = Tx::new(db, new, Manifest::load(db, new, None)?);
        verify::watched(&tx, &mut |done| step(watch, Stage::Verifying, done, total))?;
        step(watch, Stage::Storing, 0, 1)?;
        let manifest = tx.manifest.borrow();
        Ok((manifest.generation, manifest.root))
    }

    fn exchange_header(&self, db: &Connection) -> Result<[u8; 32]> {
        slot::read_all(db)?.iter().try_for_each(|slot| slot.delete(db))?;
        self.slots.iter().try_for_each(|slot| slot.insert(db))?;
        let mut header = Header::read(db)?;
        header.epoch = self.new.epoch;
        header.mac = header.expected_mac(schema::user_version(db)?, &slot::read_all(db)?, self.new)?;
        header.write(db)?;
        Ok(header.mac)
    }

    /// Row by row, in the order they were made; each keeps its place and its version.
    fn records(
        &self,
        tx: &Tx<'_>,
        renewed: &mut WriteTx<'_>,
        done: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<()> {
        let rows: Vec<i64> = tx
            .db
            .prepare("SELECT rowid FROM rec ORDER BY rowid")?
            .query_map([], |row| row.get(0))?
            .collect::<std::result::Result<_, _>>()?;
        let mut count = 0;
        for row in rows {
            let record = {
                let mut statement = tx.db.prepare_cached(select!("WHERE rowid = ?1"))?;
                let mut found = statement.query([row])?;
                let row = found.next()?;
                Record::from_row(row.ok_or_else(|| Error::Corrupt("a record is missing".to_owned()))?)?
            };
            let plaintext = tx.open(&record)?;
            let name_bi = table::name_bi(tx, renewed, &record, &plaintext)?;
            let record = match self.depth {
                Depth::Shallow => record.rewrap(self.old, self.new, name_bi)?,
                Depth::Deep => {
                    let Record {
                        uuid, kind, version, ..
                    } = record;
                    Record::seal(self.new, uuid, kind, version, name_bi, &plaintext)?
                }
            };
            renewed.renew(&record)?;
            count += 1;
            done(count)?;
        }
        Ok(())
    }
}

fn count(db: &Connection) -> Result<u64> {
    Ok(db.query_row("SELECT count(*) FROM rec", [], |row| row.get(0))?)
}

fn step(watch: Watch<'_>, stage: Stage, done: u64, total: u64) -> Result<()> {
    match watch(Step { stage, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Stopped),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
