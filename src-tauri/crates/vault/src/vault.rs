//! Making, unlocking, reading and writing a vault: the order in which things are checked (SECURITY.md §b).

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use keyward_model::{
    SecretValue, Timestamp,
    audit::AuditEvent,
    environment::DEFAULT_ENVIRONMENT,
    name::{EnvironmentName, VaultName},
};
use keyward_seal::{
    KdfParams, Key, MasterKey, RecoveryKey, calibrated, slot_key_keychain, slot_key_passphrase,
};
use rusqlite::Connection;

use crate::{
    anchor::{self, Anchor, Need},
    error::{Error, Freshness, Result},
    files,
    header::Header,
    home::Home,
    keychain::{self, Keychain, KeychainError},
    keys::Keys,
    lease::{self, VaultLock},
    manifest::Manifest,
    record::new_uuid,
    schema::{self, OnClose},
    session::{Inner, State},
    slot::{self, Slot},
    table::{audit, environments},
    tx::{Tx, WriteTx},
    verify::{self, Verification},
};

/// How long an opener waits while somebody exchanges the file (§b.5 “Locks”).
const EXCHANGE: Duration = Duration::from_secs(10);

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
    freshness: Freshness,
    // Dropped last: the file may be exchanged once the connection is closed.
    _lock: VaultLock,
}

/// Makes a vault with one slot and the environment `default`, and unlocks it. `stopwatch` tells the time since
/// some moment; it is asked only when costs are to be found.
///
/// # Errors
/// [`Error::Exists`], [`Error::KeychainUnavailable`] when the keychain cannot keep a key. Nothing is left behind.
pub fn create(
    place: &Place<'_>,
    slot: FirstSlot<'_>,
    now: Timestamp,
    stopwatch: &dyn Fn() -> Duration,
) -> Result<UnlockedVault> {
    let Place {
        home, name, keychain, ..
    } = place;
    if home.vault_exists(name) {
        return Err(Error::Exists(format!("vault {}", name.as_str())));
    }
    let uuid = new_uuid()?;
    let keys = Keys::derive(MasterKey::make()?, uuid, 1);
    let (first, mode) = match slot {
        FirstSlot::Keychain => {
            keychain::probe(keychain.as_ref())?;
            let key = slot_key_keychain()?;
            let first = Slot::for_keychain(&uuid, &key, &keys.master)?;
            keychain.set(&slot::account(&uuid, &first.id), key.expose(), keychain::DEADLINE)?;
            (first, Mode::Keychain)
        }
        FirstSlot::Passphrase { passphrase, kdf } => {
            let kdf = match kdf {
                Some(kdf) => kdf,
                None => calibrate(home, passphrase, stopwatch)?,
            };
            kdf.check()?;
            let _turn = lease::kdf_lock(home)?;
            (
                Slot::for_passphrase(&uuid, passphrase, &kdf, &keys.master)?,
                Mode::Passphrase,
            )
        }
    };
    let made = make_files(home, name, &keys, &first, now);
    if made.is_err() && mode == Mode::Keychain {
        // Best effort: the error that matters is the first one.
        let _ = keychain.delete(&slot::account(&uuid, &first.id), keychain::DEADLINE);
    }
    made?;
    let lock = VaultLock::shared(home, name, EXCHANGE)?;
    let db = schema::open(&home.vault_file(name), on_close(place.opening))?;
    let need = if mode == Mode::Keychain {
        Need::Demanded
    } else {
        Need::Welcome
    };
    let mut vault = assemble(place, db, keys, lock, mode, need, State::Nothing);
    vault.read(|_| Ok(()))?;
    // The file was synced before it got its name.
    vault.inner().everything_is_synced();
    vault.save_anchor(now)?;
    if matches!(vault.inner().anchor, State::Written { .. }) {
        vault.freshness = Freshness::Ok;
    }
    Ok(vault)
}

/// How the vault is usually unlocked; needs no key.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unsafe`], [`Error::Corrupt`], [`Error::TooNew`].
pub fn mode(place: &Place<'_>) -> Result<Mode> {
    place.home.check_vault(place.name)?;
    let _lock = VaultLock::shared(place.home, place.name, EXCHANGE)?;
    let db = schema::open(&place.home.vault_file(place.name), OnClose::Leave)?;
    Header::read(&db)?;
    Ok(mode_of(&slot::read_all(&db)?))
}

/// Unlocks a vault. Checked in this order: owner and mode of the files; version; floor and cap of the costs,
/// before the KDF runs; the slot; header and slots; the root; the head of the log; freshness.
///
/// # Errors
/// [`Error::WrongKey`], [`Error::NotFresh`], [`Error::Corrupt`], [`Error::TooNew`], [`Error::Unsafe`],
/// [`Error::KeychainUnavailable`], [`Error::NotFound`].
pub fn unlock(place: &Place<'_>, with: Unlocking<'_>, now: Timestamp) -> Result<UnlockedVault> {
    place.home.check_vault(place.name)?;
    let lock = VaultLock::shared(place.home, place.name, EXCHANGE)?;
    let db = schema::open(&place.home.vault_file(place.name), on_close(place.opening))?;
    let header = Header::read(&db)?;
    let slots = slot::read_all(&db)?;
    let (master, used) = open_slot(place, &header.vault_uuid, &slots, with)?;
    let keys = Keys::derive(master, header.vault_uuid, header.epoch);
    let need = if matches!(with, Unlocking::Keychain) {
        Need::Demanded
    } else {
        Need::Welcome
    };
    // Before the read transaction: a vault that is written meanwhile is newer then, never older.
    let found = anchor::find(place.keychain.as_ref(), &keys.uuid, need)?;
    let mut vault = assemble(place, db, keys, lock, mode_of(&slots), need, State::of(&found));
    vault.read(audit::check_head)?;
    let freshness = vault.inner().compare(&found);
    vault.freshness = freshness;
    if matches!(vault.freshness, Freshness::Older { .. } | Freshness::Forked) {
        vault.inner().is_over = true; // what was not believed leaves no trace
        return Err(Error::NotFresh(vault.freshness));
    }
    if let Unlocking::Passphrase(passphrase) = with
        && used.is_below_default()
    {
        vault.strengthen(used, passphrase, now)?;
    }
    Ok(vault)
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
        inner.written(now);
        if inner.checkpoint_due {
            // A purge is committed: readers in the way only put the checkpoint off.
            inner.checkpoint()?;
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
        self.raise_anchor(&mut self.inner(), now)
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
        let now = now.or(inner.last_write);
        let anchored = match now {
            Some(now) if self.opening == Opening::Host || inner.is_anchor_due(now) => {
                self.raise_anchor(&mut inner, now)
            }
            _ => Ok(()),
        };
        checkpointed.and(anchored)
    }

    fn raise_anchor(&self, inner: &mut Inner, now: Timestamp) -> Result<()> {
        let Some((generation, root)) = inner.to_anchor() else {
            return Ok(());
        };
        let to = Anchor {
            generation,
            root,
            written_at: now,
        };
        match (
            anchor::raise(&self.home, self.keychain.as_ref(), &self.keys.uuid, self.need, to),
            self.need,
        ) {
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
    fn strengthen(&self, weak: &Slot, passphrase: &SecretValue, now: Timestamp) -> Result<()> {
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

    fn inner(&self) -> MutexGuard<'_, Inner> {
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

fn on_close(opening: Opening) -> OnClose {
    match opening {
        Opening::OneShot => OnClose::Leave,
        Opening::Host => OnClose::Checkpoint,
    }
}

fn mode_of(slots: &[Slot]) -> Mode {
    if slots.iter().any(|slot| slot.is(slot::Type::OsKeychain)) {
        Mode::Keychain
    } else {
        Mode::Passphrase
    }
}

fn event(now: Timestamp, actor: &str, action: &str, subject: &str) -> AuditEvent {
    AuditEvent {
        at: now,
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        outcome: "ok".to_owned(),
    }
}

fn assemble(
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

/// The vault's key, and the slot that gave it.
fn open_slot<'s>(
    place: &Place<'_>,
    vault_uuid: &[u8; 16],
    slots: &'s [Slot],
    with: Unlocking<'_>,
) -> Result<(MasterKey, &'s Slot)> {
    let open = |slot: &'s Slot, key: &Key| slot.open(vault_uuid, key).map(|master| (master, slot));
    match with {
        Unlocking::Keychain => {
            let mut lost = false;
            for slot in slots.iter().filter(|slot| slot.is(slot::Type::OsKeychain)) {
                match place
                    .keychain
                    .get(&slot::account(vault_uuid, &slot.id), keychain::DEADLINE)?
                {
                    Some(bytes) => {
                        if let Some(found) = Key::from_slice(&bytes).ok().and_then(|key| open(slot, &key)) {
                            return Ok(found);
                        }
                    }
                    None => lost = true,
                }
            }
            if lost {
                return Err(KeychainError::Failed("it holds no key for this vault".to_owned()).into());
            }
        }
        Unlocking::Passphrase(passphrase) => {
            let slots: Vec<_> = slots
                .iter()
                .filter(|slot| slot.is(slot::Type::Passphrase))
                .collect();
            slots.iter().try_for_each(|slot| slot.check_costs())?;
            let _turn = lease::kdf_lock(place.home)?;
            for slot in slots {
                if let Some(found) = open(slot, &slot.passphrase_key(passphrase)?) {
                    return Ok(found);
                }
            }
        }
        Unlocking::Recovery(recovery) => {
            for slot in slots.iter().filter(|slot| slot.is(slot::Type::Recovery)) {
                if let Some(found) = open(slot, &slot.recovery_key(recovery)?) {
                    return Ok(found);
                }
            }
        }
    }
    Err(Error::WrongKey)
}

/// Measures the KDF at its least cost and picks the cost for this machine.
fn calibrate(home: &Home, passphrase: &SecretValue, stopwatch: &dyn Fn() -> Duration) -> Result<KdfParams> {
    let _turn = lease::kdf_lock(home)?;
    let start = stopwatch();
    slot_key_passphrase(passphrase.expose(), &[0; 16], &KdfParams::DEFAULT, None)?;
    Ok(calibrated(stopwatch().saturating_sub(start)))
}

/// Makes folder and file. The file gets its name when it is whole and synced, so that a crash leaves no vault.
fn make_files(home: &Home, name: &VaultName, keys: &Keys, first: &Slot, now: Timestamp) -> Result<()> {
    let is_new = home.vault_dir(name).symlink_metadata().is_err();
    let folder = home.create_vault_dir(name)?;
    let draft = folder.join("vault.db.new");
    let made = VaultLock::exclusive(home, name, EXCHANGE).and_then(|_lock| {
        if home.vault_exists(name) {
            return Err(Error::Exists(format!("vault {}", name.as_str())));
        }
        remove_draft(&draft); // of a creation that was killed
        files::create_new_private(&draft)?;
        fill(&draft, keys, first, now, name)?;
        let failed = |error: std::io::Error| Error::Storage(error.to_string());
        std::fs::rename(&draft, home.vault_file(name)).map_err(failed)?;
        files::sync_dir(&folder)
    });
    if let Err(error) = &made {
        if is_new && !matches!(error, Error::Exists(_)) {
            let _ = std::fs::remove_dir_all(&folder);
        } else {
            remove_draft(&draft);
        }
    }
    made
}

fn remove_draft(draft: &std::path::Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut path = draft.as_os_str().to_owned();
        path.push(suffix);
        let _ = std::fs::remove_file(PathBuf::from(path));
    }
}

/// The first transaction of a vault: header, slot, environment, log, manifest. Closing syncs it.
fn fill(draft: &std::path::Path, keys: &Keys, first: &Slot, now: Timestamp, name: &VaultName) -> Result<()> {
    let db = schema::create(draft)?;
    db.execute_batch("BEGIN IMMEDIATE")?;
    first.insert(&db)?;
    let mut header = Header::new(keys.uuid, keys.epoch);
    header.mac = header.expected_mac(schema::USER_VERSION, &slot::read_all(&db)?, keys);
    header.write(&db)?;
    let mut tx = WriteTx::new(Tx::new(&db, keys, Manifest::empty(keys, header.mac)));
    let default = EnvironmentName::parse(DEFAULT_ENVIRONMENT).expect("the name is one");
    environments::insert(&mut tx, &default, now)?;
    audit::append(&mut tx, &event(now, "owner", "vault.create", name.as_str()))?;
    tx.into_effects().manifest.flush(&db, keys)?;
    db.execute_batch("COMMIT")?;
    schema::checkpoint(&db)?;
    db.close().map_err(|(_, error)| error.into())
}
