//! The vault as a whole: status, create, unlock, lock, recovery key.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    thread,
    time::Duration,
};

use keyward_model::SecretValue;
use keyward_vault::{
    self as store, Freshness, KdfParams, RecoveryKey,
    keychain::{self, KeychainError},
    vault::{FirstSlot, Mode, UnlockedVault, Unlocking},
};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    engine::hold,
    passphrase,
};

/// What a face shows of the vault as a whole.
#[derive(Clone, Debug)]
pub struct Status {
    /// How it is unlocked; `None` when it does not exist.
    pub mode: Option<Mode>,
    /// Whether values can be had.
    pub locked: bool,
    /// Against the anchor; `None` while locked.
    pub freshness: Option<Freshness>,
    /// Whether a recovery key was confirmed; `None` while locked.
    pub recovery: Option<bool>,
    /// What the whole verification after unlocking found wrong.
    pub damage: Option<String>,
}

/// Wrong passphrases in a row; a local nuisance control, no protection of the file (SECURITY.md §b.7). Counted on the
/// monotonic clock: setting the wall clock neither ends a wait nor makes it endless.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    failed: u32,
    wait_until: Duration,
}

/// Wrong passphrases that cost no wait.
const FREE_ATTEMPTS: u32 = 5;

/// Longest wait after a wrong passphrase, in seconds.
const LONGEST_WAIT: u64 = 30;

impl Attempts {
    fn check(&self, monotonic: Duration) -> Result<()> {
        let left = self.wait_until.saturating_sub(monotonic);
        if left.is_zero() {
            return Ok(());
        }
        let message = format!(
            "Too many wrong passphrases. Wait {} s.",
            left.as_secs_f64().ceil()
        );
        Err(Error::new(
            Kind::Locked,
            message,
            "The recovery key opens the vault as well.",
        ))
    }

    fn failed(&mut self, monotonic: Duration) {
        self.failed += 1;
        if self.failed >= FREE_ATTEMPTS {
            // 1 s, 2 s, 4 s … 30 s.
            let wait = 1_u64 << (self.failed - FREE_ATTEMPTS).min(5);
            self.wait_until = monotonic + Duration::from_secs(wait.min(LONGEST_WAIT));
        }
    }
}

/// How a new vault will be unlocked.
pub enum NewMode<'a> {
    /// By a key in the OS keychain.
    Keychain,
    /// By a passphrase; memory in MiB, measured when `None`.
    Passphrase(&'a SecretValue, Option<u32>),
}

/// A recovery key that counts once the groups asked for were typed back.
pub struct RecoveryOffer {
    /// Eight groups of four, joined by dashes.
    pub groups: SecretValue,
    /// Which to type back, from 0, ascending.
    pub ask: Vec<usize>,
}

/// What there is.
///
/// # Errors
/// When the files are unsafe or damaged.
pub fn status(engine: &Engine) -> Result<Status> {
    if !engine.home.vault_exists(&engine.name) {
        return Ok(Status {
            mode: None,
            locked: true,
            freshness: None,
            recovery: None,
            damage: None,
        });
    }
    match engine.unlocked() {
        Ok(vault) => Ok(Status {
            mode: Some(vault.mode()),
            locked: false,
            freshness: Some(vault.freshness()),
            recovery: Some(vault.has_recovery()?),
            damage: hold(&engine.damage).clone(),
        }),
        Err(_) => Ok(Status {
            mode: Some(store::vault::mode(&engine.place())?),
            locked: true,
            freshness: None,
            recovery: None,
            damage: None,
        }),
    }
}

/// Whether the OS keychain works: write, read, delete.
///
/// # Errors
/// What the keychain said.
pub fn probe_keychain(engine: &Engine) -> std::result::Result<(), KeychainError> {
    keychain::probe(engine.ports.keychain.as_ref())
}

/// Makes the vault, leaves it unlocked and offers a recovery key.
///
/// # Errors
/// [`Kind::Conflict`] when it exists, [`Kind::Keychain`], [`Kind::Invalid`] for a weak passphrase; then nothing is left behind.
pub fn create(engine: &Engine, caller: &Caller, mode: NewMode<'_>) -> Result<RecoveryOffer> {
    access::authorize(caller, Act::Write)?;
    if engine.home.vault_exists(&engine.name) {
        return Err(store::error::Error::Exists(engine.name.to_string()).into());
    }
    let now = engine.now();
    let clock = Arc::clone(&engine.ports.clock);
    let stopwatch = move || clock.monotonic();
    let vault = match mode {
        NewMode::Keychain => store::vault::create(&engine.place(), FirstSlot::Keychain, now, &stopwatch)?,
        NewMode::Passphrase(passphrase, memory) => {
            passphrase::check(passphrase)?;
            let kdf = memory.map(kdf_params).transpose()?;
            store::vault::create(
                &engine.place(),
                FirstSlot::Passphrase { passphrase, kdf },
                now,
                &stopwatch,
            )?
        }
    };
    install(engine, vault);
    recovery_begin(engine)
}

fn kdf_params(memory_mib: u32) -> Result<KdfParams> {
    // SECURITY.md §b.7: --kdf-memory is 64…1024 MiB.
    if !(64..=1024).contains(&memory_mib) {
        return Err(Error::invalid(
            "The memory of the key derivation is 64 to 1024 MiB.",
        ));
    }
    Ok(KdfParams {
        memory_kib: memory_mib * 1024,
        ..KdfParams::DEFAULT
    })
}

/// Makes a recovery key for an unlocked vault that has none; it counts after [`recovery_confirm`].
///
/// # Errors
/// [`Kind::Conflict`] when the vault has one.
pub fn recovery_begin(engine: &Engine) -> Result<RecoveryOffer> {
    if engine.unlocked()?.has_recovery()? {
        return Err(Error::new(
            Kind::Conflict,
            "This vault has a recovery key already.",
            "",
        ));
    }
    let key = RecoveryKey::make().map_err(store::error::Error::from)?;
    let groups = SecretValue::new(key.to_groups().as_bytes().to_vec());
    let ask = two_groups(&key);
    *hold(&engine.offered) = Some((key, ask.clone()));
    Ok(RecoveryOffer { groups, ask })
}

/// Which two groups to ask for: taken from the key itself, which is random.
fn two_groups(key: &RecoveryKey) -> Vec<usize> {
    let text = key.to_groups();
    let bytes = text.as_bytes();
    let first = usize::from(bytes[0]) % 8;
    let second = (first + 1 + usize::from(bytes[1]) % 7) % 8;
    vec![first.min(second), first.max(second)]
}

/// The key on offer, for Copy and Save in the window.
///
/// # Errors
/// [`Kind::NotFound`] when none is on offer.
pub fn recovery_offered(engine: &Engine) -> Result<SecretValue> {
    match &*hold(&engine.offered) {
        Some((key, _)) => Ok(SecretValue::new(key.to_groups().as_bytes().to_vec())),
        None => Err(Error::new(
            Kind::NotFound,
            "No recovery key is on offer.",
            "Make a new one.",
        )),
    }
}

/// Writes the slot of the recovery key once the groups asked for were typed back.
///
/// # Errors
/// [`Kind::Invalid`] when they differ; the offer stands.
pub fn recovery_confirm(engine: &Engine, caller: &Caller, typed: &[&SecretValue]) -> Result<()> {
    access::authorize(caller, Act::Write)?;
    let vault = engine.unlocked()?;
    let mut offered = hold(&engine.offered);
    let Some((key, ask)) = &*offered else {
        return Err(Error::new(
            Kind::NotFound,
            "No recovery key is on offer.",
            "Make a new one.",
        ));
    };
    let text = key.to_groups();
    let groups: Vec<&str> = text.split('-').collect();
    let same = typed.len() == ask.len()
        && ask.iter().zip(typed).all(|(&index, typed)| {
            typed
                .expose_text()
                .is_some_and(|typed| RecoveryKey::group_matches(groups[index], typed))
        });
    if !same {
        return Err(Error::new(
            Kind::Invalid,
            "The groups do not match the recovery key.",
            "Compare them with what you wrote down; 0 and O, 1 and I may be mixed up.",
        ));
    }
    let now = engine.now();
    vault.add_recovery_slot(key, now)?;
    *offered = None;
    drop(offered);
    engine.changes.publish(ChangeKind::Vault, None);
    Ok(())
}

/// Unlocks: by keychain, else by the passphrase. What is given may be the recovery key instead: it opens the vault in
/// both modes. Unlocking an unlocked vault changes nothing.
///
/// # Errors
/// [`Kind::NotFound`] without a vault, [`Kind::Locked`] for a missing or wrong passphrase, [`Kind::Keychain`], [`Kind::Corrupt`].
pub fn unlock(engine: &Engine, passphrase: Option<&SecretValue>) -> Result<()> {
    if engine.unlocked().is_ok() {
        return Ok(());
    }
    if !engine.home.vault_exists(&engine.name) {
        return Err(Error::no_vault(&engine.name, &engine.home));
    }
    let now = engine.now();
    let place = engine.place();
    let recovery = passphrase.and_then(recovery_key);
    if passphrase.is_some() {
        hold(&engine.attempts).check(engine.ports.clock.monotonic())?;
    }
    let by = match (store::vault::mode(&place)?, passphrase, &recovery) {
        (_, _, Some(recovery)) => Unlocking::Recovery(recovery),
        (Mode::Keychain, _, None) => Unlocking::Keychain,
        (Mode::Passphrase, Some(passphrase), None) => Unlocking::Passphrase(passphrase),
        (Mode::Passphrase, None, None) => {
            return Err(Error::new(
                Kind::Locked,
                "The vault is locked and needs its passphrase.",
                "Unlock it in the app or with `keyward unlock`, or give the passphrase with --passphrase-fd.",
            ));
        }
    };
    match store::vault::unlock(&place, by, now) {
        Ok(vault) => {
            log::info!("vault {} unlocked", engine.name);
            *hold(&engine.attempts) = Attempts::default();
            install(engine, vault);
            Ok(())
        }
        Err(store::error::Error::WrongKey) => match by {
            Unlocking::Passphrase(_) | Unlocking::Recovery(_) => {
                hold(&engine.attempts).failed(engine.ports.clock.monotonic());
                Err(store::error::Error::WrongKey.into())
            }
            Unlocking::Keychain => Err(Error::new(
                Kind::Keychain,
                "The key in the OS keychain does not open this vault.",
                "It may belong to another copy of the vault. The recovery key opens this one.",
            )),
        },
        Err(error) => Err(error.into()),
    }
}

/// What was given, when it is a recovery key: 32 characters with a checksum, which no passphrase is by accident.
fn recovery_key(given: &SecretValue) -> Option<RecoveryKey> {
    RecoveryKey::parse(given.expose_text()?).ok()
}

fn install(engine: &Engine, vault: UnlockedVault) {
    engine.last_act.store(engine.now().0, Ordering::Relaxed);
    let before = engine
        .vault
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .replace(Arc::new(vault));
    // Closed here, not under the lock: closing asks the keychain. Two that unlock at once are the only way to it.
    drop(before);
    engine.changes.publish(ChangeKind::Vault, None);
}

/// Drops all keys, cancels Consents that wait for a person. Locking a locked vault changes nothing.
pub fn lock(engine: &Engine) {
    *hold(&engine.offered) = None;
    // First of all: new acts find the vault locked, and a Consent that begins now notices it by itself.
    let vault = engine
        .vault
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let mut consents = hold(&engine.consents);
    for consent in consents.values() {
        consent.cancel();
    }
    // A finished one still names an account and scopes.
    consents.retain(|_, consent| !consent.progress().state.is_final());
    drop(consents);
    *hold(&engine.listed) = None;
    *hold(&engine.damage) = None;
    let Some(vault) = vault else { return };
    log::info!("vault {} locked", engine.name);
    engine.reads.flush_into(&vault, engine.now());
    // I5: an act that is under way holds its own Arc: keys go when the last one ends.
    if let Some(vault) = Arc::into_inner(vault) {
        let _ = vault.close(engine.now());
    }
    engine.changes.publish(ChangeKind::Vault, None);
}

/// Waits until the answers that acts under way will get are stored, at most `patience`: before a host ends (L-01).
pub fn settle(engine: &Engine, patience: Duration) {
    let mut waited = Duration::ZERO;
    while engine.is_in_flight() && waited < patience {
        thread::sleep(LOOK_EVERY);
        waited += LOOK_EVERY;
    }
}

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Says that a person or tool is there: auto-lock counts from now.
pub fn touch(engine: &Engine) {
    engine.last_act.store(engine.now().0, Ordering::Relaxed);
}

impl Drop for Engine {
    fn drop(&mut self) {
        lock(self);
    }
}
