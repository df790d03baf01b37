//! The vault as a whole: status, create, unlock, lock. A long file, because every way to open and to close a vault has
//! to do the same steps in the same order.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::Duration,
};

use keyward_model::{SecretValue, name::VaultName};
use keyward_vault::{
    self as store, DeviceSecret, Freshness, NewSlot, RecoveryKey, Ways,
    home::Home,
    keychain::{self, KeychainError},
    vault::{Mode, Opening, Place, UnlockedVault, Unlocking},
};

use crate::{
    Engine, Error, Kind, Ports, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    engine::hold,
    error::sentence,
    hardening, passphrase,
    recovery::{self, RecoveryOffer},
    refresh, rekey,
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
    /// Whether this process keeps its tokens fresh right now, which it may while it is locked (O-71).
    pub refreshing: bool,
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
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn check(&self, monotonic: Duration) -> Result<()> {
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

    pub(crate) fn failed(&mut self, monotonic: Duration) {
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
    /// By a passphrase.
    Passphrase {
        /// Judged here.
        passphrase: &'a SecretValue,
        /// Memory of its derivation in MiB; measured when `None`.
        memory_mib: Option<u32>,
        /// Whether it opens the vault alone.
        device_secret: DeviceSecret,
    },
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
            refreshing: false,
        });
    }
    let refreshing = engine.opening == Opening::Host && engine.refreshing().is_ok();
    match engine.unlocked() {
        Ok(vault) => Ok(Status {
            mode: Some(vault.mode()),
            locked: false,
            freshness: Some(vault.freshness()),
            recovery: Some(vault.has_recovery()?),
            damage: hold(&engine.damage).clone(),
            refreshing,
        }),
        Err(_) => Ok(Status {
            mode: Some(store::vault::mode(&engine.place())?),
            locked: true,
            freshness: None,
            recovery: None,
            damage: None,
            refreshing,
        }),
    }
}

/// How a vault is unlocked, told without a key.
///
/// # Errors
/// When its files are unsafe or damaged.
pub(crate) fn mode(home: &Home, name: &VaultName, ports: &Ports) -> Result<Mode> {
    let place = Place {
        home,
        name,
        keychain: &ports.keychain,
        opening: Opening::OneShot,
    };
    Ok(store::vault::mode(&place)?)
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
        return Err(store::Error::Exists(format!("vault “{}”", engine.name)).into());
    }
    let now = engine.now();
    let clock = Arc::clone(&engine.ports.clock);
    let stopwatch = move || clock.monotonic();
    let vault = match mode {
        NewMode::Keychain => store::vault::create(&engine.place(), NewSlot::Keychain, now, &stopwatch)?,
        NewMode::Passphrase {
            passphrase,
            memory_mib,
            device_secret,
        } => {
            passphrase::check(passphrase)?;
            let slot = NewSlot::Passphrase {
                passphrase,
                kdf: memory_mib.map(hardening::costs).transpose()?,
                device_secret,
            };
            store::vault::create(&engine.place(), slot, now, &stopwatch)?
        }
    };
    install(engine, vault);
    recovery::begin(engine, None)
}

/// What opens the vault, as its file says; needs no key.
///
/// # Errors
/// [`Kind::NotFound`] without a vault, [`Kind::Corrupt`].
pub fn ways(engine: &Engine) -> Result<Ways> {
    match engine.unlocked() {
        Ok(vault) => Ok(vault.ways()?),
        Err(error) if error.kind != Kind::Locked => Err(error),
        Err(_) => Ok(store::vault::ways(&engine.place())?),
    }
}

/// Whether the keychain has lost what it kept of the vault, as far as that can be seen: nothing is said of a locked one.
#[must_use]
pub fn has_dead_slot(engine: &Engine) -> bool {
    let vault = engine.unlocked();
    // A keychain that does not answer is told of by [`probe_keychain`].
    vault.is_ok_and(|vault| vault.has_dead_slot().unwrap_or_default())
}

/// Unlocks: by the keychain where the vault has a key there, else by the passphrase; also where the keychain fails.
/// Unlocking an unlocked vault changes nothing. A recovery key does more than unlock and is not taken here
/// ([`crate::recovery::begin_use`]).
///
/// # Errors
/// [`Kind::NotFound`] without a vault, [`Kind::Locked`] for a missing or wrong passphrase, [`Kind::Keychain`],
/// [`Kind::Corrupt`].
pub fn unlock(engine: &Engine, passphrase: Option<&SecretValue>) -> Result<()> {
    if engine.unlocked().is_ok() {
        return Ok(());
    }
    if !engine.home.vault_exists(&engine.name) {
        return Err(Error::no_vault(&engine.name, &engine.home));
    }
    // Tried before the file is asked what opens it: in keychain mode it is opened once, not twice (P1).
    let refused = match store::vault::unlock(&engine.place(), Unlocking::Keychain, engine.now()) {
        Ok(vault) => {
            unlocked(engine, vault);
            return Ok(());
        }
        Err(store::Error::KeychainUnavailable(cause)) => Some(cause),
        Err(store::Error::WrongKey) => None,
        Err(error) => return Err(error.into()),
    };
    let ways = store::vault::ways(&engine.place())?;
    if !ways.keychain {
        return by_passphrase(engine, passphrase);
    }
    let failed = match refused {
        Some(cause) => Error::new(
            Kind::Keychain,
            sentence(&cause.to_string()),
            way_out(&ways, cause.hint()),
        ),
        None => Error::new(
            Kind::Keychain,
            "The key in the OS keychain does not open this vault.",
            way_out(&ways, "It may belong to another copy of the vault."),
        ),
    };
    match passphrase {
        Some(_) if ways.passphrase.is_some() => by_passphrase(engine, passphrase),
        _ => Err(failed),
    }
}

/// What else opens a vault whose keychain does not.
fn way_out(ways: &Ways, hint: &str) -> String {
    let other = match (ways.passphrase.is_some(), ways.recovery) {
        (true, _) => "Its passphrase opens it as well: `keyward unlock`.",
        (false, true) => "Its recovery key opens it and stores a new key: `keyward recovery use`.",
        (false, false) => "Nothing else opens it: it has no recovery key and no passphrase.",
    };
    match hint.contains("recovery") {
        // The hint names that way already.
        true if ways.recovery && ways.passphrase.is_none() => hint.to_owned(),
        _ => format!("{hint} {other}"),
    }
}

fn by_passphrase(engine: &Engine, passphrase: Option<&SecretValue>) -> Result<()> {
    let Some(passphrase) = passphrase else {
        return Err(Error::new(
            Kind::Locked,
            "The vault is locked and needs its passphrase.",
            "Unlock it in the app or with `keyward unlock`, or give the passphrase with --passphrase-fd.",
        ));
    };
    if recovery_key(passphrase).is_some() {
        return Err(Error::new(
            Kind::Locked,
            "That is a recovery key, not the passphrase.",
            "`keyward recovery use`, or “Use recovery key” in the app, opens the vault with it and makes a new one.",
        ));
    }
    let monotonic = engine.ports.clock.monotonic();
    hold(&engine.attempts).check(monotonic)?;
    match store::vault::unlock(&engine.place(), Unlocking::Passphrase(passphrase), engine.now()) {
        Ok(vault) => {
            unlocked(engine, vault);
            Ok(())
        }
        Err(store::Error::WrongKey) => {
            hold(&engine.attempts).failed(monotonic);
            Err(passphrase::wrong())
        }
        Err(error) => Err(error.into()),
    }
}

/// What was given, when it is a recovery key: 32 characters with a checksum, which no passphrase is by accident.
pub(crate) fn recovery_key(given: &SecretValue) -> Option<RecoveryKey> {
    RecoveryKey::parse(given.expose_text()?).ok()
}

fn unlocked(engine: &Engine, vault: UnlockedVault) {
    log::info!("vault {} unlocked", engine.name);
    hold(&engine.attempts).succeeded();
    install(engine, vault);
}

pub(crate) fn install(engine: &Engine, vault: UnlockedVault) {
    engine.last_act.store(engine.now().0, Ordering::Relaxed);
    // Closed here, not under the lock: closing asks the keychain.
    drop(engine.opens(vault));
    engine.changes.publish(ChangeKind::Vault, None);
}

/// Drops the keys, cancels Consents that wait for a person. A host keeps those that refreshing needs where the settings
/// say so (O-71). Locking a locked vault changes nothing.
pub fn lock(engine: &Engine) {
    forget(engine);
    // Before anything else of the vault: new acts find it locked, and a Consent that begins now notices it by itself.
    let shut = engine.shuts();
    drop_what_was_read(engine);
    let Some((vault, mark)) = shut else { return };
    store_last(engine, &vault);
    let refreshes = engine.goes_on_refreshing(&vault, &mark);
    if engine.refreshing().is_err() {
        // Values do not outlive the keys; those that a flight under way cannot store are the only copy, and stay (O-72).
        hold(&engine.unsaved).clear();
    }
    log::info!(
        "vault {} locked, {}",
        engine.name,
        if refreshes {
            "refreshing"
        } else {
            "all keys dropped"
        }
    );
    end(engine, vault);
}

/// Locks and drops every key: nothing is refreshed any more. Before the files are exchanged, moved or deleted, and
/// before a host ends.
pub fn close(engine: &Engine) {
    if shut(engine) {
        engine.changes.publish(ChangeKind::Vault, None);
    }
}

/// Closes it, and tells nobody. False when it was not open.
fn shut(engine: &Engine) -> bool {
    forget(engine);
    let vault = engine.shuts_all();
    drop_what_was_read(engine);
    let Some(vault) = vault else { return false };
    store_last(engine, &vault);
    hold(&engine.unsaved).clear();
    log::info!("vault {} closed", engine.name);
    drop_keys(engine, vault);
    true
}

/// As [`close`], for a vault that was given keys which this process cannot have, if it is still the one that is open.
/// May be called by an act that holds what [`forget`] waits for, and nothing can be stored in it any more.
pub(crate) fn close_outdated(engine: &Engine, vault: &Arc<UnlockedVault>) {
    let Some(vault) = engine.shuts_this(vault) else {
        return;
    };
    rekey::stop(engine);
    drop_what_was_read(engine);
    hold(&engine.unsaved).clear();
    log::info!("vault {} closed: it was given new keys", engine.name);
    end(engine, vault);
}

/// How far a vault was open before it was closed for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    Locked,
    /// “Locked, refreshing”.
    Refreshing,
    Unlocked,
}

impl Before {
    fn of(engine: &Engine) -> Self {
        match engine.unlocked() {
            Ok(_) => Self::Unlocked,
            Err(_) if engine.is_locked_refreshing() => Self::Refreshing,
            Err(_) => Self::Locked,
        }
    }
}

/// Closes a vault whose file is about to be moved.
pub(crate) fn close_for_now(engine: &Engine) -> Before {
    let before = Before::of(engine);
    close(engine);
    before
}

/// As [`close_for_now`], for one whose file is about to be exchanged. Nobody is told before it is known what becomes of
/// it, by [`install`] or [`open_again`]: a window would be emptied for a vault that is open a moment later.
pub(crate) fn close_unseen(engine: &Engine) -> Before {
    let before = Before::of(engine);
    shut(engine);
    before
}

/// Opens a vault as far as it was, where nobody need be asked for it; else it stays locked, which is told.
pub(crate) fn open_again(engine: &Engine, before: Before) {
    match before {
        // An unlock that came in between was ended with it: whoever shows the vault looks again.
        Before::Locked => engine.changes.publish(ChangeKind::Vault, None),
        _ if unlock(engine, None).is_err() => engine.changes.publish(ChangeKind::Vault, None),
        Before::Refreshing => lock(engine),
        Before::Unlocked => {}
    }
}

/// Ends what a person began.
fn forget(engine: &Engine) {
    recovery::decline(engine);
    rekey::stop(engine);
}

/// What was read goes with the keys (T-06).
fn drop_what_was_read(engine: &Engine) {
    let mut consents = hold(&engine.consents);
    for consent in consents.values() {
        consent.cancel();
    }
    // A finished one still names an account and scopes.
    consents.retain(|_, consent| !consent.progress().state.is_final());
    drop(consents);
    *hold(&engine.listed) = None;
    hold(&engine.imports).clear();
    *hold(&engine.damage) = None;
    engine.neighbours.close();
}

/// O-72: the last moment at which it can be stored.
fn store_last(engine: &Engine, vault: &UnlockedVault) {
    engine.reads.flush_into(vault, engine.now());
    refresh::save(engine, vault);
}

fn end(engine: &Engine, vault: Arc<UnlockedVault>) {
    drop_keys(engine, vault);
    engine.changes.publish(ChangeKind::Vault, None);
}

fn drop_keys(engine: &Engine, vault: Arc<UnlockedVault>) {
    // I5: an act that is under way holds its own Arc: keys go when the last one ends.
    if let Some(vault) = Arc::into_inner(vault) {
        let _ = vault.close(engine.now());
    }
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
        close(self);
    }
}
