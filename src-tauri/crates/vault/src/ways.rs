//! The ways into a vault: what its slots say, and how they are exchanged (SECURITY.md §b.2, §b.7, §b.8).
//!
//! Whatever a new slot needs of the keychain lies there before the slot is stored, and goes only after the slot that
//! needed it is gone: a crash between the two leaves an entry that opens nothing, never a slot that nothing opens.

use std::{sync::PoisonError, time::Duration};

use keyward_model::{SecretValue, Timestamp};
use keyward_seal::{KdfParams, MasterKey, RecoveryKey, calibrated, slot_key_passphrase};

use crate::{
    error::{Error, Result},
    header::Header,
    home::Home,
    keychain::{self, Keychain},
    lease,
    slot::{self, DeviceSecret, Entry, Slot},
    table::audit,
    unlock::passphrase_slot,
    vault::{UnlockedVault, event},
};

/// What a vault is usually unlocked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The OS keychain, at the login of the person.
    Keychain,
    /// A passphrase.
    Passphrase,
}

/// What opens a vault. Before it is unlocked this is what the file says, and proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    /// A key in the OS keychain.
    pub keychain: bool,
    /// A passphrase, and what it costs.
    pub passphrase: Option<PassphraseWay>,
    /// A recovery key.
    pub recovery: bool,
}

/// How a passphrase opens a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassphraseWay {
    /// Costs of its derivation.
    pub kdf: KdfParams,
    /// Whether it opens alone.
    pub device_secret: DeviceSecret,
}

/// A slot that is to be made.
#[derive(Clone, Copy)]
pub enum NewSlot<'a> {
    /// A key in the OS keychain.
    Keychain,
    /// A passphrase.
    Passphrase {
        /// UTF-8; its strength was judged by the caller.
        passphrase: &'a SecretValue,
        /// Costs; `None` to find those that take between half a second and one (§b.7).
        kdf: Option<KdfParams>,
        /// Whether it opens alone.
        device_secret: DeviceSecret,
    },
}

impl Ways {
    pub(crate) fn of(slots: &[Slot]) -> Result<Self> {
        let first = |kind| slots.iter().find(|slot| slot.is(kind));
        let passphrase = first(slot::Type::Passphrase)
            .map(Slot::passphrase_params)
            .transpose()?;
        Ok(Self {
            keychain: first(slot::Type::OsKeychain).is_some(),
            passphrase: passphrase.map(|params| PassphraseWay {
                kdf: params.kdf,
                device_secret: params.device_secret,
            }),
            recovery: first(slot::Type::Recovery).is_some(),
        })
    }
}

pub(crate) fn mode_of(slots: &[Slot]) -> Mode {
    if slots.iter().any(|slot| slot.is(slot::Type::OsKeychain)) {
        Mode::Keychain
    } else {
        Mode::Passphrase
    }
}

/// What the making of slots needs.
pub(crate) struct Workshop<'a> {
    /// Where to queue for the KDF.
    pub(crate) home: &'a Home,
    pub(crate) keychain: &'a dyn Keychain,
    pub(crate) uuid: &'a [u8; 16],
    pub(crate) master: &'a MasterKey,
    /// Tells the time since some moment; asked only when costs are to be found.
    pub(crate) stopwatch: &'a dyn Fn() -> Duration,
}

/// Slots that are not stored yet, and what must lie in the keychain before they are.
#[derive(Default)]
pub(crate) struct Prepared {
    pub(crate) slots: Vec<Slot>,
    entries: Vec<Entry>,
}

impl Prepared {
    /// Adds a slot; a keychain that it needs is probed first.
    pub(crate) fn add(&mut self, workshop: &Workshop<'_>, new: NewSlot<'_>) -> Result<()> {
        let Workshop { uuid, master, .. } = workshop;
        match new {
            NewSlot::Keychain => {
                keychain::probe(workshop.keychain)?;
                let (slot, entry) = Slot::for_keychain(uuid, master)?;
                self.slots.push(slot);
                self.entries.push(entry);
            }
            NewSlot::Passphrase {
                passphrase,
                kdf,
                device_secret,
            } => {
                if device_secret == DeviceSecret::With {
                    keychain::probe(workshop.keychain)?;
                }
                let kdf = match kdf {
                    Some(kdf) => kdf,
                    None => calibrate(workshop, passphrase)?,
                };
                kdf.check()?;
                let _turn = lease::kdf_lock(workshop.home)?;
                let (slot, entry) = Slot::for_passphrase(uuid, passphrase, &kdf, device_secret, master)?;
                self.slots.push(slot);
                self.entries.extend(entry);
            }
        }
        Ok(())
    }

    /// Adds the slot of a recovery key.
    pub(crate) fn add_recovery(&mut self, workshop: &Workshop<'_>, recovery: &RecoveryKey) -> Result<()> {
        self.slots
            .push(Slot::for_recovery(workshop.uuid, recovery, workshop.master)?);
        Ok(())
    }

    /// Puts the entries into the keychain, runs `store`, and takes them out again if it fails.
    pub(crate) fn store<T>(&self, keychain: &dyn Keychain, store: impl FnOnce() -> Result<T>) -> Result<T> {
        let entered = self
            .entries
            .iter()
            .try_for_each(|entry| keychain.set(&entry.account, entry.key.expose(), keychain::DEADLINE));
        let stored = entered.map_err(Error::from).and_then(|()| store());
        if stored.is_err() {
            forget(keychain, self.entries.iter().map(|entry| entry.account.clone()));
        }
        stored
    }
}

/// Takes entries that no slot needs out of the keychain. Best effort: what stays opens nothing.
pub(crate) fn forget(keychain: &dyn Keychain, accounts: impl Iterator<Item = String>) {
    for account in accounts {
        let _ = keychain.delete(&account, keychain::DEADLINE);
    }
}

/// Measures the KDF at its least cost and picks the cost for this machine.
fn calibrate(workshop: &Workshop<'_>, passphrase: &SecretValue) -> Result<KdfParams> {
    measure(workshop.home, passphrase, &KdfParams::DEFAULT, workshop.stopwatch).map(calibrated)
}

/// How long one derivation takes, waiting for one's turn left out.
fn measure(
    home: &Home,
    passphrase: &SecretValue,
    kdf: &KdfParams,
    stopwatch: &dyn Fn() -> Duration,
) -> Result<Duration> {
    let _turn = lease::kdf_lock(home)?;
    let start = stopwatch();
    slot_key_passphrase(passphrase.expose(), &[0; 16], kdf, None)?;
    Ok(stopwatch().saturating_sub(start))
}

/// The slots that new ones replace.
enum Ended<'a> {
    All,
    Kind(slot::Type),
    This(&'a Slot),
}

impl Ended<'_> {
    /// [`Error::Conflict`] when the one that was opened is there no more: what it was wrapped for would come back.
    fn among(&self, mut slots: Vec<Slot>) -> Result<Vec<Slot>> {
        match self {
            Self::All => {}
            Self::Kind(kind) => slots.retain(|slot| slot.is(*kind)),
            Self::This(used) => {
                slots.retain(|slot| slot.id == used.id);
                if slots.is_empty() {
                    return Err(Error::Conflict("the passphrase was changed meanwhile".to_owned()));
                }
            }
        }
        Ok(slots)
    }
}

impl UnlockedVault {
    /// What opens it.
    ///
    /// # Errors
    /// As [`UnlockedVault::read`].
    pub fn ways(&self) -> Result<Ways> {
        self.read(|tx| Ways::of(&slot::read_all(tx.db)?))
    }

    /// Whether a recovery key opens this vault.
    ///
    /// # Errors
    /// As [`UnlockedVault::read`].
    pub fn has_recovery(&self) -> Result<bool> {
        Ok(self.ways()?.recovery)
    }

    /// Checks the passphrase of the vault; as slow as unlocking.
    ///
    /// # Errors
    /// [`Error::WrongKey`] when it is another, or there is none; [`Error::KeychainUnavailable`] without the device
    /// secret.
    pub fn prove(&self, passphrase: &SecretValue) -> Result<()> {
        let slots = self.read(|tx| slot::read_all(tx.db))?;
        passphrase_slot(&self.home, self.keychain.as_ref(), &self.uuid, &slots, passphrase).map(drop)
    }

    /// Makes the recovery key the one that opens this vault; the one before it ends.
    ///
    /// # Errors
    /// As [`UnlockedVault::write`].
    pub fn add_recovery_slot(&self, recovery: &RecoveryKey, now: Timestamp) -> Result<()> {
        let keys = self.keys();
        let mut new = Prepared::default();
        new.add_recovery(&self.workshop(keys.master()?, &no_time), recovery)?;
        self.exchange(now, "recovery.create", &new, &Ended::Kind(slot::Type::Recovery))
    }

    /// Makes the passphrase the one that opens this vault: a further way in, or in the place of the one before it,
    /// whose blob is overwritten (§b.8).
    ///
    /// # Errors
    /// [`Error::KeychainUnavailable`] when a device secret cannot be kept; as [`UnlockedVault::write`].
    pub fn renew_way(
        &self,
        passphrase: NewSlot<'_>,
        now: Timestamp,
        stopwatch: &dyn Fn() -> Duration,
    ) -> Result<()> {
        let keys = self.keys();
        let mut new = Prepared::default();
        new.add(&self.workshop(keys.master()?, stopwatch), passphrase)?;
        let replaced = match passphrase {
            NewSlot::Keychain => slot::Type::OsKeychain,
            NewSlot::Passphrase { .. } => slot::Type::Passphrase,
        };
        self.exchange(now, "passphrase.change", &new, &Ended::Kind(replaced))
    }

    /// Makes one way in and a recovery key, and ends every other: after the vault was opened with its recovery key
    /// because nothing else did (§b.2).
    ///
    /// # Errors
    /// [`Error::KeychainUnavailable`]; as [`UnlockedVault::write`].
    pub fn begin_anew(
        &self,
        way: NewSlot<'_>,
        recovery: &RecoveryKey,
        now: Timestamp,
        stopwatch: &dyn Fn() -> Duration,
    ) -> Result<()> {
        let keys = self.keys();
        let workshop = self.workshop(keys.master()?, stopwatch);
        let mut new = Prepared::default();
        new.add(&workshop, way)?;
        new.add_recovery(&workshop, recovery)?;
        self.exchange(now, "recovery.use", &new, &Ended::All)
    }

    /// How long a derivation at `kdf` takes here. What is derived is thrown away.
    ///
    /// # Errors
    /// [`Error::Busy`] while others queue for the KDF; [`Error::Storage`] when the memory cannot be had.
    pub fn measure(&self, kdf: &KdfParams, stopwatch: &dyn Fn() -> Duration) -> Result<Duration> {
        measure(&self.home, &SecretValue::from("measured"), kdf, stopwatch)
    }

    /// Wraps the vault's key again at other costs (§b.7); the passphrase stays, and so does whether it opens alone.
    ///
    /// # Errors
    /// As [`UnlockedVault::prove`]; [`Error::Conflict`] when the passphrase was changed meanwhile; as
    /// [`UnlockedVault::write`]. The costs before stay then.
    pub fn strengthen(&self, passphrase: &SecretValue, kdf: KdfParams, now: Timestamp) -> Result<()> {
        let slots = self.read(|tx| slot::read_all(tx.db))?;
        let keychain = self.keychain.as_ref();
        let (_, used) = passphrase_slot(&self.home, keychain, &self.uuid, &slots, passphrase)?;
        self.wrap_again(used, passphrase, kdf, now)
    }

    /// Wraps the vault's key again at today's costs (§b.7). Costs no more than a slower unlock: if it cannot be
    /// stored now, the next unlock tries again.
    pub(crate) fn bring_up(&self, weak: &Slot, passphrase: &SecretValue, now: Timestamp) -> Result<()> {
        match self.wrap_again(weak, passphrase, KdfParams::DEFAULT, now) {
            Err(
                Error::Busy(_)
                | Error::Conflict(_)
                | Error::ReadOnly(_)
                | Error::Storage(_)
                | Error::KeychainUnavailable(_),
            ) => Ok(()),
            other => other,
        }
    }

    fn wrap_again(
        &self,
        used: &Slot,
        passphrase: &SecretValue,
        kdf: KdfParams,
        now: Timestamp,
    ) -> Result<()> {
        let keys = self.keys();
        let mut new = Prepared::default();
        let slot = NewSlot::Passphrase {
            passphrase,
            kdf: Some(kdf),
            device_secret: used.passphrase_params()?.device_secret,
        };
        new.add(&self.workshop(keys.master()?, &no_time), slot)?;
        self.exchange(now, "passphrase.strengthen", &new, &Ended::This(used))
    }

    pub(crate) fn workshop<'a>(
        &'a self,
        master: &'a MasterKey,
        stopwatch: &'a dyn Fn() -> Duration,
    ) -> Workshop<'a> {
        Workshop {
            home: &self.home,
            keychain: self.keychain.as_ref(),
            uuid: &self.uuid,
            master,
            stopwatch,
        }
    }

    /// Puts new slots in the place of those that end.
    fn exchange(&self, now: Timestamp, act: &str, new: &Prepared, ended: &Ended<'_>) -> Result<()> {
        let keychain = self.keychain.as_ref();
        let (ended, mode) = new.store(keychain, || {
            self.write(now, |tx| {
                let old = ended.among(slot::read_all(tx.db)?)?;
                old.iter().try_for_each(|slot| slot.delete(tx.db))?;
                new.slots.iter().try_for_each(|slot| slot.insert(tx.db))?;
                let slots = slot::read_all(tx.db)?;
                Header::renew(tx)?;
                tx.want_anchor();
                tx.want_checkpoint(); // the old blob must not stay in the log
                audit::append(tx, &event(now, "owner", act, "vault"))?;
                Ok((old, mode_of(&slots)))
            })
        })?;
        self.set_mode(mode);
        forget(keychain, ended.iter().filter_map(|slot| slot.account(&self.uuid)));
        Ok(())
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }
}

/// For slots whose costs are known.
pub(crate) fn no_time() -> Duration {
    Duration::ZERO
}
