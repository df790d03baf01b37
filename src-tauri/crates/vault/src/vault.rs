//! A vault while it is open: reading, writing, and what follows from a write.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use keyward_model::{SecretValue, Timestamp, audit::AuditEvent, name::VaultName};
use keyward_seal::{KdfParams, RecoveryKey};
use rusqlite::Connection;

use crate::{
    anchor::{self, Anchor, Need},
    error::{Error, Freshness, Result},
    header::Header,
    home::Home,
    keychain::Keychain,
    keys::Keys,
    lease::{self, VaultLock},
    schema::{self, OnClose},
    session::{Inner, State},
    slot::{self, Slot},
    table::audit,
    tx::{Tx, WriteTx},
    verify::{self, Verification},
};
pub use crate::{
    create::create,
    unlock::{mode, unlock},
};

/// How long an opener waits while somebody exchanges the file (§b.5 “Locks”).
pub(crate) const EXCHANGE: Duration = Duration::from_secs(10);

/// Who opens a vault: this decides when the log is moved into the file and when the anchor is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// One command, then the end.
    OneShot,
    /// A process that stays.
    Host,
}

/// What a vault is unlocked with.
#[derive(Clone, Copy)]
pub enum Unlocking<'a> {
    /// The key in the OS keychain.
    Keychain,
    /// A passphrase.
    Passphrase(&'a SecretValue),
    /// A recovery key.
    Recovery(&'a RecoveryKey),
}

/// The slot a vault is made with.
#[derive(Clone, Copy)]
pub enum FirstSlot<'a> {
    /// A key in the OS keychain.
    Keychain,
    /// A passphrase.
    Passphrase {
        /// UTF-8; its strength was judged by the caller.
        passphrase: &'a SecretValue,
        /// Costs; `None` to find those that take between half a second and one (§b.7).
        kdf: Option<KdfParams>,
    },
}

/// What a vault is usually unlocked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The OS keychain, at the login of the person.
    Keychain,
    /// A passphrase.
    Passphrase,
}

/// Which vault, and the surroundings it needs.
pub struct Place<'a> {
    /// The home it lies in.
    pub home: &'a Home,
    /// Its name.
    pub name: &'a VaultName,
    /// The OS keychain.
    pub keychain: &'a Arc<dyn Keychain>,
    /// Who opens it.
    pub opening: Opening,
}

/// A state of the records, to compare with a later one of the same [`UnlockedVault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition((i64, u64));

/// Whether reads were written into the log (L-10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadLog {
    /// They were.
    Logged,
    /// They were not, for this reason; the next writer says how many are missing.
    NotLogged(String),
}

/// A vault while its key is in memory. May be shared between threads; transactions run one at a time, and none
/// may be begun inside another.
pub struct UnlockedVault {
    inner: Mutex<Inner>,
    keys: Keys,
    home: Home,
    /// The write-ahead log.
    log: PathBuf,
    keychain: Arc<dyn Keychain>,
    opening: Opening,
    mode: Mode,
    need: Need,
    pub(crate) freshness: Freshness,
    // Dropped last: the file may be exchanged once the connection is closed.
    _lock: VaultLock,
}

impl UnlockedVault {
    /// One read transaction.
    ///
    /// # Errors
    /// [`Error::Corrupt`]; [`Error::Locked`] when the vault was given new keys; [`Error::NotFresh`] when an
    /// older copy was put in its place while it was open; what `f` says.
    pub fn read<T>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T>) -> Result<T> {
        self.inner().read(&self.keys, f)
    }

    /// One write transaction, synced when it comes back. All of it is stored, or nothing on an error. A purge is
    /// followed by a checkpoint, so that the bytes are gone.
    ///
    /// # Errors
    /// As [`UnlockedVault::read`]; [`Error::Busy`] when another process writes for five seconds;
    /// [`Error::ReadOnly`], [`Error::Storage`].
    pub fn write<T>(&self, now: Timestamp, f: impl FnOnce(&mut WriteTx<'_>) -> Result<T>) -> Result<T> {
        let mut inner = self.inner();
        let done = inner.write(&self.keys, now, f)?;
        inner.own_writes += 1;
        inner.written(now);
        if inner.checkpoint_due {
            // The write is committed whatever comes of this: what fails now is tried again at the end.
            let _ = inner.checkpoint();
        }
        Ok(done)
    }

    /// Appends events of reads without waiting for the disk (L-10).
    ///
    /// # Errors
    /// [`Error::Corrupt`] and [`Error::Locked`] alone: whatever keeps the log from being written keeps nobody
    /// from reading.
    pub fn log_reads(&self, now: Timestamp, events: &[AuditEvent]) -> Result<ReadLog> {
        let mut inner = self.inner();
        let append = |tx: &mut WriteTx<'_>| events.iter().try_for_each(|event| audit::append(tx, event));
        match inner.write_relaxed(&self.keys, now, append) {
            Ok(()) => Ok(ReadLog::Logged),
            Err(error @ (Error::Busy(_) | Error::ReadOnly(_) | Error::Storage(_))) => {
                inner.unlogged += events.len() as u64;
                Ok(ReadLog::NotLogged(error.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    /// Makes the recovery key the one that opens this vault; the one before it ends.
    ///
    /// # Errors
    /// As [`UnlockedVault::write`].
    pub fn add_recovery_slot(&self, recovery: &RecoveryKey, now: Timestamp) -> Result<()> {
        let new = Slot::for_recovery(&self.keys.uuid, recovery, &self.keys.master)?;
        self.exchange_slots(now, "recovery.create", new, |slot| slot.is(slot::Type::Recovery))
    }

    /// Whether a recovery key opens this vault.
    ///
    /// # Errors
    /// As [`UnlockedVault::read`].
    pub fn has_recovery(&self) -> Result<bool> {
        self.read(|tx| {
            Ok(slot::read_all(tx.db)?
                .iter()
                .any(|slot| slot.is(slot::Type::Recovery)))
        })
    }

    /// What it is usually unlocked with.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How the file compared with the anchor when it was unlocked: [`Freshness::Ok`] or [`Freshness::None`].
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// The vault's identity.
    #[must_use]
    pub fn uuid(&self) -> [u8; 16] {
        self.keys.uuid
    }

    /// The whole verification; its time grows with the vault.
    ///
    /// # Errors
    /// [`Error::Corrupt`] names what is damaged.
    pub fn verify(&self) -> Result<Verification> {
        self.read(verify::whole)
    }

    /// Writes the anchor if something synced is newer than it. Without a keychain, in a vault that needs none,
    /// nothing happens.
    ///
    /// # Errors
    /// [`Error::KeychainUnavailable`] where the keychain is needed anyway; [`Error::Busy`].
    pub fn save_anchor(&self, now: Timestamp) -> Result<()> {
        self.raise_anchor(now)
    }

    /// Moves the write-ahead log into the file; readers in the way put it off.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn checkpoint(&self) -> Result<()> {
        self.inner().checkpoint()
    }

    /// The generation of the last transaction: grows with every write, by whomever.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.inner().seen.0
    }

    /// Equal to an earlier answer as long as no record changed, by whomever: for those who keep what they listed.
    ///
    /// # Errors
    /// As [`UnlockedVault::read`].
    pub fn edition(&self) -> Result<Edition> {
        self.inner().edition(&self.keys).map(Edition)
    }

    /// Whether the operating system keeps the keys out of swap.
    #[must_use]
    pub fn keys_locked_in_memory(&self) -> bool {
        self.keys.locked_in_memory()
    }

    /// Ends the session: a host moves the log into the file and writes the anchor; a one-shot command does the
    /// first only when it finds a long log, the second when a minute has passed or a purge asks for it. Dropping
    /// does the same and tells nobody. A process that is about to exec must call this.
    ///
    /// # Errors
    /// [`Error::KeychainUnavailable`], [`Error::Storage`]; the vault is closed all the same.
    pub fn close(self, now: Timestamp) -> Result<()> {
        self.finish(Some(now))
    }

    fn finish(&self, now: Option<Timestamp>) -> Result<()> {
        let mut inner = self.inner();
        if std::mem::replace(&mut inner.is_over, true) {
            return Ok(());
        }
        let is_long =
            || std::fs::metadata(&self.log).is_ok_and(|log| log.len() > schema::WAL_WORTH_A_CHECKPOINT);
        let checkpointed = if self.opening == Opening::Host || inner.checkpoint_due || is_long() {
            inner.checkpoint()
        } else {
            Ok(())
        };
        let now = now
            .or(inner.last_write)
            .filter(|&now| self.opening == Opening::Host || inner.is_anchor_due(now));
        drop(inner);
        let anchored = now.map_or(Ok(()), |now| self.raise_anchor(now));
        checkpointed.and(anchored)
    }

    fn raise_anchor(&self, now: Timestamp) -> Result<()> {
        let Some((generation, root)) = self.inner().to_anchor() else {
            return Ok(());
        };
        let to = Anchor {
            generation,
            root,
            written_at: now,
        };
        // Nothing is held meanwhile: a keychain may take seconds, and reading goes on. Two that raise it at once are
        // put in order by anchor.lock, and it only ever goes up.
        let raised = anchor::raise(&self.home, self.keychain.as_ref(), &self.keys.uuid, self.need, to);
        let mut inner = self.inner();
        match (raised, self.need) {
            (Ok(()), _) => inner.anchored(generation, now),
            (Err(Error::KeychainUnavailable(_)), Need::Welcome) => inner.anchor = State::NoAnswer,
            (Err(error), _) => return Err(error),
        }
        Ok(())
    }

    /// Puts `new` in the place of the slots that `ends` names.
    fn exchange_slots(
        &self,
        now: Timestamp,
        act: &str,
        new: Slot,
        ends: impl Fn(&Slot) -> bool,
    ) -> Result<()> {
        self.write(now, |tx| {
            for old in slot::read_all(tx.db)?.iter().filter(|slot| ends(slot)) {
                old.delete(tx.db)?;
            }
            new.insert(tx.db)?;
            let mut header = Header::read(tx.db)?;
            header.mac =
                header.expected_mac(schema::user_version(tx.db)?, &slot::read_all(tx.db)?, &self.keys);
            header.write(tx.db)?;
            tx.manifest.borrow_mut().header_mac = header.mac;
            tx.want_anchor();
            tx.want_checkpoint(); // the old blob must not stay in the log
            audit::append(tx, &event(now, "owner", act, "vault"))
        })
    }

    /// Wraps the vault's key again at today's costs (§b.7). Costs no more than a slower unlock: if it cannot be
    /// stored now, the next unlock tries again.
    pub(crate) fn strengthen(&self, weak: &Slot, passphrase: &SecretValue, now: Timestamp) -> Result<()> {
        let turn = lease::kdf_lock(&self.home)?;
        let new = Slot::for_passphrase(
            &self.keys.uuid,
            passphrase,
            &KdfParams::DEFAULT,
            &self.keys.master,
        )?;
        drop(turn);
        match self.exchange_slots(now, "passphrase.strengthen", new, |slot| slot.id == weak.id) {
            Err(Error::Busy(_) | Error::ReadOnly(_) | Error::Storage(_)) => Ok(()),
            other => other,
        }
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic inside a transaction rolled it back and left nothing half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnlockedVault {
    fn drop(&mut self) {
        // Best effort: whoever wants to know calls `close`.
        let _ = self.finish(None);
    }
}

pub(crate) fn on_close(opening: Opening) -> OnClose {
    match opening {
        Opening::OneShot => OnClose::Leave,
        Opening::Host => OnClose::Checkpoint,
    }
}

pub(crate) fn mode_of(slots: &[Slot]) -> Mode {
    if slots.iter().any(|slot| slot.is(slot::Type::OsKeychain)) {
        Mode::Keychain
    } else {
        Mode::Passphrase
    }
}

pub(crate) fn event(now: Timestamp, actor: &str, action: &str, subject: &str) -> AuditEvent {
    AuditEvent {
        at: now,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        outcome: "ok".to_owned(),
    }
}

pub(crate) fn assemble(
    place: &Place<'_>,
    db: Connection,
    keys: Keys,
    lock: VaultLock,
    mode: Mode,
    need: Need,
    anchor: State,
) -> UnlockedVault {
    UnlockedVault {
        inner: Mutex::new(Inner::new(db, anchor)),
        keys,
        home: place.home.clone(),
        log: place.home.vault_dir(place.name).join("vault.db-wal"),
        keychain: Arc::clone(place.keychain),
        opening: place.opening,
        mode,
        need,
        freshness: Freshness::None,
        _lock: lock,
    }
}
