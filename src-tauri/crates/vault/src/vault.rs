//! A vault while it is open: reading, writing, and what follows from a write.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use keyward_model::{Id, SecretValue, Timestamp, audit::AuditEvent, name::VaultName};
use keyward_seal::RecoveryKey;
use rusqlite::Connection;

use crate::{
    anchor::{self, Anchor, Need},
    error::{Error, Freshness, Result},
    header::Header,
    home::Home,
    keychain::{self, Keychain},
    keys::Keys,
    lease::VaultLock,
    mend, platform,
    schema::{self, OnClose},
    session::{Inner, RELAXED, State},
    slot,
    table::{audit, connections, environments},
    tx::{Tx, WriteTx},
    unlock::{entry, keychain_slot},
    verify::{self, Damages, Verification},
};
pub use crate::{
    create::create,
    rekey::{Depth, Rekey, Stage, Step, rekey},
    slot::DeviceSecret,
    unlock::{identity, mode, unlock, ways},
    ways::{Mode, NewSlot, PassphraseWay, Ways},
};

/// How long an opener waits while somebody exchanges the file (§b.5 “Locks”).
pub(crate) const EXCHANGE: Duration = Duration::from_secs(10);

/// How long a one-shot command waits for another writer: a rekey takes as long as the vault is large (§b.8). Within
/// a host writers wait for each other before they ask the file.
const ONE_SHOT_PATIENCE: Duration = Duration::from_secs(60);

/// How often the event of a read looks whether it may write.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

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

impl Unlocking<'_> {
    /// What opens a vault decides whether its anchor is demanded (§b.6).
    pub(crate) fn need(self) -> Need {
        match self {
            Self::Keychain => Need::Demanded,
            Self::Passphrase(_) | Self::Recovery(_) => Need::Welcome,
        }
    }
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
    /// Held by whoever writes, before `inner`: while one works for long, the others wait here, and reading goes on.
    writing: Mutex<()>,
    pub(crate) uuid: [u8; 16],
    pub(crate) home: Home,
    pub(crate) name: VaultName,
    /// The database file.
    pub(crate) file: PathBuf,
    pub(crate) keychain: Arc<dyn Keychain>,
    opening: Opening,
    pub(crate) mode: Mutex<Mode>,
    /// The vault was given keys that this process cannot have.
    outdated: AtomicBool,
    need: Need,
    /// It is “locked, refreshing”.
    is_narrowed: bool,
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
        self.inner().read(&|db| self.follow(db), f)
    }

    /// One write transaction, synced when it comes back. All of it is stored, or nothing on an error. A purge is
    /// followed by a checkpoint, so that the bytes are gone.
    ///
    /// # Errors
    /// As [`UnlockedVault::read`]; [`Error::Busy`] when another process writes for five seconds, or for a minute
    /// where a one-shot command waits; [`Error::ReadOnly`], [`Error::Storage`].
    pub fn write<T>(&self, now: Timestamp, f: impl FnOnce(&mut WriteTx<'_>) -> Result<T>) -> Result<T> {
        let patience = match self.opening {
            Opening::OneShot => ONE_SHOT_PATIENCE,
            Opening::Host => schema::BUSY,
        };
        let _turn = self.turn_to_write();
        let mut inner = self.inner();
        let done = inner.write(&|db| self.follow(db), patience, now, f)?;
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
        let append = |tx: &mut WriteTx<'_>| events.iter().try_for_each(|event| audit::append(tx, event));
        let turn = self.short_turn_to_write();
        let mut inner = self.inner();
        let written = match turn {
            Some(_) => inner.write_relaxed(&|db| self.follow(db), now, append),
            None => Err(Error::Busy("the vault".to_owned())),
        };
        match written {
            Ok(()) => Ok(ReadLog::Logged),
            Err(error @ (Error::Busy(_) | Error::ReadOnly(_) | Error::Storage(_))) => {
                inner.unlogged += events.len() as u64;
                Ok(ReadLog::NotLogged(error.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    /// Entries in the keychain that open nothing any more: of this vault's former slots, and of probes that were killed.
    ///
    /// # Errors
    /// As [`UnlockedVault::read`]; [`Error::KeychainUnavailable`].
    pub fn orphaned_entries(&self) -> Result<Vec<String>> {
        let slots = self.read(|tx| slot::read_all(tx.db))?;
        let text = |id: &[u8; 16]| Id::from_bytes(*id).to_string();
        let slots: Vec<String> = slots.iter().map(|slot| text(&slot.id)).collect();
        let mut accounts = self.keychain.accounts(keychain::DEADLINE)?;
        accounts.retain(|account| mend::is_orphan(account, &text(&self.uuid), &slots));
        Ok(accounts)
    }

    /// Whether a slot needs an entry of the keychain that is gone, or that opens nothing: nobody comes in by that slot
    /// any more, and only another one helps.
    ///
    /// # Errors
    /// [`Error::KeychainUnavailable`], [`Error::Corrupt`].
    pub fn has_dead_slot(&self) -> Result<bool> {
        for slot in self.read(|tx| slot::read_all(tx.db))? {
            if slot.account(&self.uuid).is_none() {
                continue;
            }
            let key = match entry(self.keychain.as_ref(), &self.uuid, &slot) {
                Ok(key) => key,
                Err(Error::WrongKey) => None,
                Err(error) => return Err(error),
            };
            // A device secret opens nothing alone: that it is there is all that can be said.
            let opens = key
                .is_some_and(|key| !slot.is(slot::Type::OsKeychain) || slot.open(&self.uuid, &key).is_some());
            if !opens {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What it is usually unlocked with.
    #[must_use]
    pub fn mode(&self) -> Mode {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another process gave the vault keys that this one cannot have: it is to be locked (§b.8).
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.outdated.load(Ordering::Relaxed)
    }

    /// How the file compared with the anchor when it was unlocked: [`Freshness::Ok`] or [`Freshness::None`].
    #[must_use]
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// The same vault, “locked, refreshing” (SECURITY.md §b.2, O-71): with the keys that keep tokens fresh and no other,
    /// through a connection of its own, so that this one can be closed. Whatever needs more answers [`Error::Locked`].
    ///
    /// # Errors
    /// As [`UnlockedVault::read`]; [`Error::Busy`] while the file is exchanged, and where it lies on a network.
    pub fn narrowed(&self) -> Result<Self> {
        if platform::lies_on_a_network(&self.file) {
            // There a file has one connection, and whoever unlocks needs it.
            return Err(Error::Busy("the vault, which lies on a network,".to_owned()));
        }
        let lock = VaultLock::shared(&self.home, &self.name, EXCHANGE)?;
        let environments = self.read(|tx| {
            let connections = connections::list(tx, None)?;
            let mut named = environments::list(tx)?;
            // T-06: the log names no other.
            named.retain(|one| {
                connections
                    .iter()
                    .any(|connection| connection.environment == one.id)
            });
            Ok(named)
        })?;
        let db = schema::open(&self.file, on_close(self.opening))?;
        let inner = self.inner();
        let keys = inner.keys.narrowed(environments)?;
        let narrowed = Self {
            inner: Mutex::new(inner.narrowed(db, keys)),
            writing: Mutex::new(()),
            uuid: self.uuid,
            home: self.home.clone(),
            name: self.name.clone(),
            file: self.file.clone(),
            keychain: Arc::clone(&self.keychain),
            opening: self.opening,
            mode: Mutex::new(self.mode()),
            outdated: AtomicBool::new(false),
            need: self.need,
            is_narrowed: true,
            freshness: self.freshness,
            _lock: lock,
        };
        drop(inner);
        narrowed.read(|_| Ok(()))?;
        Ok(narrowed)
    }

    /// The vault's identity.
    #[must_use]
    pub fn uuid(&self) -> [u8; 16] {
        self.uuid
    }

    /// The whole verification; its time grows with the vault.
    ///
    /// # Errors
    /// [`Error::Corrupt`] names what is damaged.
    pub fn verify(&self) -> Result<Verification> {
        self.read(verify::whole)
    }

    /// Names every damaged record, where [`UnlockedVault::verify`] ends at the first.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the manifest is damaged.
    pub fn damages(&self) -> Result<Damages> {
        self.read(verify::damages)
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
        self.inner().edition(&|db| self.follow(db)).map(Edition)
    }

    /// Whether the operating system keeps the keys out of swap.
    #[must_use]
    pub fn keys_locked_in_memory(&self) -> bool {
        self.keys().locked_in_memory()
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
        let log = self.file.with_extension("db-wal");
        let is_long = || std::fs::metadata(&log).is_ok_and(|log| log.len() > schema::WAL_WORTH_A_CHECKPOINT);
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
        let raised = anchor::raise(&self.home, self.keychain.as_ref(), &self.uuid, self.need, to);
        let mut inner = self.inner();
        match (raised, self.need) {
            (Ok(()), _) => inner.anchored(generation, now),
            (Err(Error::KeychainUnavailable(_)), Need::Welcome) => inner.anchor = State::NoAnswer,
            (Err(error), _) => return Err(error),
        }
        Ok(())
    }

    /// The keys of a vault whose epoch is no longer ours: from the keychain where there is such a slot, else the
    /// vault is locked. That alone is never told as forged (§b.8); what the new keys do not confirm is.
    fn follow(&self, db: &Connection) -> Result<Keys> {
        let header = Header::read(db)?;
        if self.is_narrowed {
            // O-71: nobody is let in while it is locked, by the keychain no more than otherwise.
            self.outdated.store(true, Ordering::Relaxed);
            return Err(Error::Locked);
        }
        match keychain_slot(self.keychain.as_ref(), &self.uuid, &slot::read_all(db)?) {
            Ok((master, _)) => Ok(Keys::derive(master, self.uuid, header.epoch)),
            Err(_) => {
                self.outdated.store(true, Ordering::Relaxed);
                Err(Error::Locked)
            }
        }
    }

    /// The keys of the epoch last seen.
    pub(crate) fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.inner().keys)
    }

    /// Waits until nobody of this process writes.
    pub(crate) fn turn_to_write(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`UnlockedVault::turn_to_write`], but not for long: a read waits for nobody's work (L-10).
    fn short_turn_to_write(&self) -> Option<MutexGuard<'_, ()>> {
        let mut waited = Duration::ZERO;
        loop {
            match self.writing.try_lock() {
                Ok(turn) => return Some(turn),
                Err(TryLockError::Poisoned(turn)) => return Some(turn.into_inner()),
                Err(TryLockError::WouldBlock) if waited >= RELAXED => return None,
                Err(TryLockError::WouldBlock) => {
                    thread::sleep(LOOK_AGAIN);
                    waited += LOOK_AGAIN;
                }
            }
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

pub(crate) fn event(now: Timestamp, actor: &str, action: &str, subject: &str) -> AuditEvent {
    AuditEvent {
        at: now,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        outcome: "ok".to_owned(),
        took: None,
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
        uuid: keys.uuid,
        inner: Mutex::new(Inner::new(db, keys, anchor)),
        writing: Mutex::new(()),
        home: place.home.clone(),
        name: place.name.clone(),
        file: place.home.vault_file(place.name),
        keychain: Arc::clone(place.keychain),
        opening: place.opening,
        mode: Mutex::new(mode),
        outdated: AtomicBool::new(false),
        need,
        is_narrowed: false,
        freshness: Freshness::None,
        _lock: lock,
    }
}
