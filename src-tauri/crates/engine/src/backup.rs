//! Copies of the vault: made by hand and every day, put back, and what a damaged file still gives (ST4).

use std::path::{Path, PathBuf};

use keyward_model::SecretValue;
use keyward_vault::{
    self as store, backup,
    restore::{Candidate, Proven},
    vault::{Mode, Place, Unlocking},
};
pub use keyward_vault::{
    backup::{BackupFile, Reason},
    compare::Comparison,
    salvage::Salvaged,
    verify::Verification,
};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    error::sentence,
    lifecycle,
};

/// What a restore did.
#[derive(Clone, Debug)]
pub struct Restored {
    /// What was verified in the file before it took the vault's place.
    pub verified: Verification,
    /// Name of the copy that holds the vault which was replaced.
    pub replaced: Option<String>,
    /// Connections whose refresh token may be an old one.
    pub doubtful: usize,
}

/// Copies the vault into the new file `to`, verified whole, while others read and write.
///
/// # Errors
/// [`Kind::Locked`]; [`Kind::Conflict`] when `to` is there and no earlier copy of this vault; [`Kind::Corrupt`].
pub fn make(engine: &Engine, caller: &Caller, to: &Path) -> Result<Verification> {
    access::authorize(caller, Act::Write)?;
    let vault = engine.unlocked()?;
    a_place(to)?;
    let made = vault.back_up(to).map_err(new_file)?;
    let subject = format!("vault {}", engine.name);
    let event = crate::audit::event(engine, caller.actor(), "vault.backup", subject, "ok");
    // L-10: a copy is read, sealed as it is. Whoever saves it from a full disk must not be told that it failed.
    if let Some(notice) = engine.reads.record(engine, vec![event])? {
        log::warn!("vault {}: {notice}", engine.name);
    }
    Ok(made)
}

/// The copies that lie beside the vault, newest first.
///
/// # Errors
/// [`Kind::Corrupt`] when their folder is open to others.
pub fn list(engine: &Engine) -> Result<Vec<BackupFile>> {
    Ok(backup::list(&engine.home, &engine.name)?)
}

/// What a restore of the copy `file` would change, by keys.
///
/// # Errors
/// [`Kind::Locked`]; [`Kind::Conflict`] when the keys of this vault do not open it; [`Kind::Corrupt`].
pub fn compare(engine: &Engine, file: &Path) -> Result<Comparison> {
    Ok(engine.unlocked()?.compare(file)?)
}

/// How the copy `file` is opened, told without a key.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Corrupt`].
pub fn mode(engine: &Engine, file: &Path) -> Result<Mode> {
    Ok(Candidate::read(&engine.place(), file)?.mode()?)
}

/// Where the copy of this name lies.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn find(engine: &Engine, copy: &str) -> Result<PathBuf> {
    Ok(backup::find(&engine.home, &engine.name, copy)?)
}

/// A host's copy of the day, where one is due.
pub(crate) fn daily(engine: &Engine) {
    let Ok(vault) = engine.unlocked() else { return };
    match vault.back_up_daily(engine.now()) {
        Ok(None) => {}
        Ok(Some(made)) => {
            log::info!("vault {}: copy of the day, {} records", engine.name, made.records);
            engine.changes.publish(ChangeKind::Vault, None);
        }
        // Tried again at the next look; `doctor` says how old the newest copy is.
        Err(error) => log::warn!(
            "vault {}: no copy of the day: {}",
            engine.name,
            Error::from(error)
        ),
    }
}

/// Puts the copy `file` in the place of the vault, or makes the vault from it. It opens with `given`, a passphrase or
/// recovery key of the copy, else with the key that the keychain has for it. The vault stays open until the copy has
/// been opened and verified; then this process closes its own connection.
///
/// # Errors
/// [`Kind::Locked`] for a missing or wrong key, [`Kind::Keychain`] when the keychain has none and nothing was given,
/// [`Kind::Corrupt`] when the copy does not verify, [`Kind::Conflict`] when it is a copy of another vault: nothing is
/// changed then. [`Kind::Conflict`] when somebody has the vault open: the file is as it was, and the vault is unlocked
/// where that takes nobody.
pub fn restore(
    engine: &Engine,
    caller: &Caller,
    file: &Path,
    given: Option<&SecretValue>,
) -> Result<Restored> {
    access::authorize(caller, Act::Write)?;
    let place = engine.place();
    // The vault's own file is copied while nobody holds it: to close it once more would end the locks of the connection
    // that is open (POSIX: all locks of a process on a file go with the first descriptor that is closed).
    let mut before = is_own_file(engine, file).then(|| lifecycle::close_unseen(engine));
    let restored = prove(&place, file, given).and_then(|proven| {
        before.get_or_insert_with(|| lifecycle::close_unseen(engine));
        proven.put_back(engine.now()).map_err(|error| unfit(error, file))
    });
    match restored {
        Ok(restored) => {
            let replaced = restored.replaced.as_deref().and_then(Path::file_name);
            let told = Restored {
                verified: restored.verified,
                replaced: replaced.map(|name| name.to_string_lossy().into_owned()),
                doubtful: restored.doubtful,
            };
            log::info!("vault {} was restored", engine.name);
            lifecycle::install(engine, restored.vault);
            engine.changes.publish_all();
            Ok(told)
        }
        Err(error) => {
            if let Some(before) = before {
                lifecycle::open_again(engine, before);
            }
            Err(error)
        }
    }
}

fn is_own_file(engine: &Engine, file: &Path) -> bool {
    let own = engine.home.vault_file(&engine.name).canonicalize();
    own.is_ok_and(|own| file.canonicalize().is_ok_and(|file| file == own))
}

/// Opens the copy with its own keys, and verifies it.
fn prove<'p>(place: &'p Place<'p>, file: &Path, given: Option<&SecretValue>) -> Result<Proven<'p>> {
    let unfit = |error| unfit(error, file);
    let candidate = Candidate::read(place, file).map_err(unfit)?;
    let recovery = given.and_then(lifecycle::recovery_key);
    let ways = candidate.ways().map_err(unfit)?;
    let with = match (given, &recovery) {
        (_, Some(recovery)) => Unlocking::Recovery(recovery),
        (Some(passphrase), None) if ways.passphrase.is_some() || !ways.keychain => {
            Unlocking::Passphrase(passphrase)
        }
        _ if ways.keychain => Unlocking::Keychain,
        _ => return Err(asks_key(file)),
    };
    candidate.prove(with).map_err(|error| match error {
        store::Error::WrongKey => wrong_key(with, file),
        error => unfit(error),
    })
}

/// Why a copy cannot take the place of this vault.
fn unfit(error: store::Error, file: &Path) -> Error {
    let is_another = matches!(error, store::Error::Conflict(_));
    let mut error = of_copy(error, file);
    if is_another {
        error.hint =
            "Name the vault that it goes to: keyward --vault NAME restore FILE; a new NAME makes one."
                .to_owned();
    }
    error
}

/// Saves what a damaged file still gives into the new file `out`; the vault itself is not touched.
///
/// # Errors
/// [`Kind::Corrupt`] when nothing can be opened or saved; [`Kind::Locked`]; [`Kind::Keychain`]; [`Kind::Conflict`] when
/// `out` is there.
pub fn salvage(
    engine: &Engine,
    caller: &Caller,
    file: &Path,
    out: &Path,
    given: Option<&SecretValue>,
) -> Result<Salvaged> {
    access::authorize(caller, Act::Write)?;
    let place = engine.place();
    a_place(out)?;
    // Which slots a damaged file has shows only when it is read: what is given is tried.
    let recovery = given.and_then(lifecycle::recovery_key);
    let with = match (given, &recovery) {
        (_, Some(recovery)) => Unlocking::Recovery(recovery),
        (Some(passphrase), None) => Unlocking::Passphrase(passphrase),
        (None, None) => Unlocking::Keychain,
    };
    match store::salvage::salvage(&place, file, out, with, engine.now()) {
        Err(store::Error::WrongKey) if given.is_none() => Err(asks_key(file)),
        Err(store::Error::WrongKey) => Err(wrong_key(with, file)),
        Err(store::Error::Corrupt(what)) => Err(Error::new(
            Kind::Corrupt,
            format!("{}: {what}.", file.display()),
            "Take another copy; the vault itself was not touched.",
        )),
        Err(store::Error::Exists(path)) => Err(Error::new(
            Kind::Conflict,
            format!("{path} exists already."),
            "Name a file that is not there yet; what is there is never written over.",
        )),
        done => done.map_err(|error| of_copy(error, file)),
    }
}

/// Whether there is a folder for a new file.
pub(crate) fn a_place(file: &Path) -> Result<()> {
    match file.parent() {
        Some(folder) if !folder.is_dir() => Err(Error::new(
            Kind::NotFound,
            format!("There is no folder {}.", folder.display()),
            "Make it first, or name a file elsewhere.",
        )),
        _ => Ok(()),
    }
}

/// About the file that was to be made; the vault itself is not in the way.
fn new_file(error: store::Error) -> Error {
    let is_there = matches!(error, store::Error::Exists(_));
    let mut error = Error::from(error);
    if is_there {
        error.hint =
            "Name a file that is not there yet; a backup may also replace an earlier one of this vault."
                .to_owned();
    }
    error
}

/// About the copy that was named: it is not the vault that is damaged.
fn of_copy(error: store::Error, file: &Path) -> Error {
    match error {
        store::Error::Corrupt(what) => Error::new(
            Kind::Corrupt,
            format!("{} is damaged, or no vault: {what}.", file.display()),
            format!(
                "Nothing was changed. Take another copy, or save what this one still gives: keyward salvage {} --out NEW",
                file.display()
            ),
        ),
        // What `recovery use` does for the vault itself helps nobody with a file.
        store::Error::KeychainUnavailable(cause) => Error::new(
            Kind::Keychain,
            sentence(&cause.to_string()),
            format!(
                "{} opens with its passphrase or recovery key as well. {GIVE_KEY}",
                file.display()
            ),
        ),
        other => other.into(),
    }
}

/// How a copy's own key is brought.
const GIVE_KEY: &str = "Type it when asked on a terminal or in the app, or give it with --passphrase-fd N.";

fn asks_key(file: &Path) -> Error {
    Error::new(
        Kind::Locked,
        format!("{} opens with the passphrase it was made with.", file.display()),
        format!("Its recovery key works as well. {GIVE_KEY}"),
    )
}

fn wrong_key(with: Unlocking<'_>, file: &Path) -> Error {
    let file = file.display();
    match with {
        Unlocking::Keychain => Error::new(
            Kind::Keychain,
            format!("The key in the OS keychain does not open {file}."),
            format!("Its passphrase or recovery key opens it. {GIVE_KEY}"),
        ),
        Unlocking::Recovery(_) => Error::new(
            Kind::Locked,
            format!("That recovery key does not open {file}. Nothing was changed."),
            "Each new recovery key ends the one before: a copy opens with the one that its vault had when it was made.",
        ),
        Unlocking::Passphrase(_) => Error::new(
            Kind::Locked,
            format!("That passphrase does not open {file}. Nothing was changed."),
            "A copy opens with the passphrase that its vault had when it was made. Check the keyboard layout and Caps Lock.",
        ),
    }
}
