//! Copies of the vault: made by hand and every day, put back, and what a damaged file still gives (ST4).

use std::path::{Path, PathBuf};

use keyward_model::SecretValue;
use keyward_vault::{
    self as store, backup,
    vault::{Mode, Unlocking},
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
    Ok(store::restore::Candidate::read(&engine.place(), file)?.mode()?)
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

/// Puts the copy `file` in the place of the vault, or makes the vault from it. It opens by its own keychain key, else
/// by `passphrase`, which may be its recovery key. This process closes its own connection first.
///
/// # Errors
/// [`Kind::Locked`] for a missing or wrong passphrase, [`Kind::Corrupt`] when the copy does not verify,
/// [`Kind::Conflict`] when it is a copy of another vault or somebody has the vault open. The vault is as it was then.
pub fn restore(
    engine: &Engine,
    caller: &Caller,
    file: &Path,
    passphrase: Option<&SecretValue>,
) -> Result<Restored> {
    access::authorize(caller, Act::Write)?;
    let before = lifecycle::close_for_now(engine);
    match put_back(engine, file, passphrase) {
        Ok(restored) => {
            let replaced = restored.replaced.as_deref().and_then(Path::file_name);
            let told = Restored {
                verified: restored.verified,
                replaced: replaced.map(|name| name.to_string_lossy().into_owned()),
                doubtful: restored.doubtful,
            };
            log::info!("vault {} was restored", engine.name);
            lifecycle::install(engine, restored.vault);
            Ok(told)
        }
        Err(error) => {
            lifecycle::open_again(engine, before);
            Err(error)
        }
    }
}

fn put_back(
    engine: &Engine,
    file: &Path,
    passphrase: Option<&SecretValue>,
) -> Result<store::restore::Restored> {
    let place = engine.place();
    let unfit = |error| of_copy(error, file);
    let candidate = store::restore::Candidate::read(&place, file).map_err(unfit)?;
    let recovery = passphrase.and_then(lifecycle::recovery_key);
    // Its own mode says by what it opens.
    let with = match (candidate.mode().map_err(unfit)?, passphrase, &recovery) {
        (_, _, Some(recovery)) => Unlocking::Recovery(recovery),
        (Mode::Keychain, _, None) => Unlocking::Keychain,
        (Mode::Passphrase, Some(passphrase), None) => Unlocking::Passphrase(passphrase),
        (Mode::Passphrase, None, None) => return Err(asks_passphrase(file)),
    };
    candidate.restore(with, engine.now()).map_err(|error| {
        let is_conflict = matches!(error, store::Error::Conflict(_));
        let mut error = unfit(error);
        if is_conflict {
            error.hint =
                "Name the vault that it goes to: keyward --vault NAME restore FILE; a new NAME makes one."
                    .to_owned();
        }
        error
    })
}

/// Saves what a damaged file still gives into the new file `out`; the vault itself is not touched.
///
/// # Errors
/// [`Kind::Corrupt`] when nothing can be opened; [`Kind::Locked`]; [`Kind::Conflict`] when `out` is there.
pub fn salvage(
    engine: &Engine,
    caller: &Caller,
    file: &Path,
    out: &Path,
    passphrase: Option<&SecretValue>,
) -> Result<Salvaged> {
    access::authorize(caller, Act::Write)?;
    let place = engine.place();
    a_place(out)?;
    // Which slots a damaged file has shows only when it is read: a passphrase is tried when there is one.
    let recovery = passphrase.and_then(lifecycle::recovery_key);
    let with = match (passphrase, &recovery) {
        (_, Some(recovery)) => Unlocking::Recovery(recovery),
        (Some(passphrase), None) => Unlocking::Passphrase(passphrase),
        (None, None) => Unlocking::Keychain,
    };
    match store::salvage::salvage(&place, file, out, with, engine.now()) {
        Err(store::Error::WrongKey) if passphrase.is_none() => Err(asks_passphrase(file)),
        Err(store::Error::Corrupt(what)) => Err(Error::new(
            Kind::Corrupt,
            format!("{}: {what}.", file.display()),
            "Take another copy; the vault itself was not touched.",
        )),
        done => done.map_err(new_file),
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
        other => other.into(),
    }
}

fn asks_passphrase(file: &Path) -> Error {
    Error::new(
        Kind::Locked,
        format!("{} opens with the passphrase it was made with.", file.display()),
        "Give it on a terminal or with --passphrase-fd N; its recovery key works as well.",
    )
}
