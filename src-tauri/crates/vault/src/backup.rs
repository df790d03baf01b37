//! Backups: copies of the file, made while it is in use, sealed with the vault's own slots and verified whole
//! before they get their name (SECURITY.md §b.8).

use std::path::{Path, PathBuf};

use keyward_model::{Timestamp, name::VaultName};

use crate::{
    draft::{Draft, remove_with_sides},
    error::{Error, Result},
    files,
    header::Header,
    home::Home,
    manifest::Manifest,
    platform,
    schema::{self, OnClose},
    tx::Tx,
    vault::UnlockedVault,
    verify::{self, Verification},
};

/// How many daily copies a vault keeps (§b.8).
pub const DAILY: usize = 7;

/// Why a copy was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A day has begun.
    Daily,
    /// A restore put another file in the vault's place.
    Replaced,
}

/// A copy in the `backups` folder of a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupFile {
    /// Its file name, which says when and why.
    pub name: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Why it was made.
    pub reason: Reason,
    /// Size in bytes.
    pub size: u64,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Replaced => "replaced",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Daily, Self::Replaced]
            .into_iter()
            .find(|reason| reason.as_str() == text)
    }
}

/// `2026-11-28T060000Z-daily.db`: names sort by time, and no system forbids a letter in them.
fn file_name(at: Timestamp, reason: Reason) -> String {
    format!("{}-{}.db", at.to_rfc3339().replace(':', ""), reason.as_str())
}

fn parse_name(name: &str) -> Option<(Timestamp, Reason)> {
    let (time, reason) = name.strip_suffix(".db")?.rsplit_once('-')?;
    let (date, clock) = time.split_once('T')?;
    let [hours, minutes, seconds] = [clock.get(..2)?, clock.get(2..4)?, clock.get(4..)?];
    let at = Timestamp::parse_rfc3339(&format!("{date}T{hours}:{minutes}:{seconds}"))?;
    Some((at, Reason::parse(reason)?))
}

/// A new name in the `backups` folder, which is made when there is none.
pub(crate) fn new_path(home: &Home, name: &VaultName, now: Timestamp, reason: Reason) -> Result<PathBuf> {
    let folder = home.backups_dir(name);
    files::create_private_dir(&folder)?;
    // Two of one second: the later one moves on.
    let mut at = now;
    loop {
        let path = folder.join(file_name(at, reason));
        if path.symlink_metadata().is_err() {
            return Ok(path);
        }
        at = at.after(std::time::Duration::from_secs(1));
    }
}

/// The copies of a vault, newest first.
///
/// # Errors
/// [`Error::Unsafe`] when the folder is not private; [`Error::Storage`].
pub fn list(home: &Home, name: &VaultName) -> Result<Vec<BackupFile>> {
    let folder = home.backups_dir(name);
    match files::check_private(&folder) {
        Ok(()) => {}
        Err(Error::NotFound(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    }
    let failed = |error: std::io::Error| files::io_failed("read", &folder, &error);
    let mut copies = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // What is not named like a copy is not ours.
        if let (Some((made_at, reason)), Ok(found)) = (parse_name(&name), entry.metadata()) {
            copies.push(BackupFile {
                name,
                made_at,
                reason,
                size: found.len(),
            });
        }
    }
    copies.sort_by(|one, other| {
        other
            .made_at
            .cmp(&one.made_at)
            .then_with(|| other.name.cmp(&one.name))
    });
    Ok(copies)
}

/// Where the copy `copy` of a vault lies.
///
/// # Errors
/// [`Error::NotFound`] when there is none of this name; no path leads out of the folder.
pub fn find(home: &Home, name: &VaultName, copy: &str) -> Result<PathBuf> {
    let found = list(home, name)?.into_iter().find(|there| there.name == copy);
    found
        .map(|found| home.backups_dir(name).join(found.name))
        .ok_or_else(|| Error::NotFound(format!("the backup {copy}")))
}

impl UnlockedVault {
    /// Copies the vault, as it is at one moment, into the new file `to`. Others read and write meanwhile.
    ///
    /// A file that is there is replaced when it is an earlier copy of this vault.
    ///
    /// # Errors
    /// [`Error::Exists`] when `to` is anything else; [`Error::Corrupt`] when the vault does not verify, and then
    /// there is no new copy; [`Error::Storage`].
    pub fn back_up(&self, to: &Path) -> Result<Verification> {
        self.check_replaceable(to)?;
        let draft = Draft::beside(to)?;
        // A connection of its own: neither readers nor writers of this process wait.
        let source = schema::open(&self.file, OnClose::Leave)?;
        // SQLite refuses a symbolic link anywhere in the path: the folders above are resolved first.
        let resolved = draft
            .path()
            .canonicalize()
            .map_err(|error| files::io_failed("write", to, &error))?;
        let resolved = resolved
            .to_str()
            .ok_or_else(|| Error::Storage("the path is no text".to_owned()))?;
        source.execute("VACUUM INTO ?1", [resolved])?;
        drop(source);
        let copy = schema::open(draft.path(), OnClose::Checkpoint)?;
        let keys = self.keys();
        let verified = verify::whole(&Tx::new(&copy, &keys, Manifest::load(&copy, &keys, None)?))?;
        copy.close().map_err(|(_, error)| error)?;
        draft.place(to)?;
        Ok(verified)
    }

    /// Makes today's copy, unless there is one or nothing has changed since the newest, and removes those of which
    /// there are more than [`DAILY`]. `None` when none was due.
    ///
    /// # Errors
    /// As [`UnlockedVault::back_up`]; no old copy is removed then.
    pub fn back_up_daily(&self, now: Timestamp) -> Result<Option<Verification>> {
        let copies = self.daily_copies()?;
        let is_of_today = |copy: &BackupFile| day(copy.made_at) == day(now);
        if copies.iter().any(is_of_today)
            || copies
                .first()
                .is_some_and(|newest| self.is_unchanged_since(newest))
        {
            return Ok(None);
        }
        let made = self.back_up(&new_path(&self.home, &self.name, now, Reason::Daily)?)?;
        for old in self.daily_copies()?.iter().skip(DAILY) {
            remove_with_sides(&self.home.backups_dir(&self.name).join(&old.name));
        }
        Ok(Some(made))
    }

    fn daily_copies(&self) -> Result<Vec<BackupFile>> {
        let mut copies = list(&self.home, &self.name)?;
        copies.retain(|copy| copy.reason == Reason::Daily);
        Ok(copies)
    }

    fn is_unchanged_since(&self, copy: &BackupFile) -> bool {
        let path = self.home.backups_dir(&self.name).join(&copy.name);
        generation(&path).is_ok_and(|there| there == self.generation())
    }

    /// Nothing is ever written over but a copy of the same vault.
    fn check_replaceable(&self, to: &Path) -> Result<()> {
        match to.symlink_metadata() {
            Err(_) => Ok(()),
            Ok(found) if found.is_file() && !self.is_my_file(to) && vault_uuid(to) == Ok(self.uuid()) => {
                Ok(())
            }
            Ok(_) => Err(Error::Exists(to.display().to_string())),
        }
    }

    fn is_my_file(&self, path: &Path) -> bool {
        let (mine, found) = (platform::identity(&self.file), platform::identity(path));
        mine.is_ok_and(|mine| found.is_ok_and(|found| found == mine))
    }
}

/// Whole days since the epoch, UTC.
fn day(at: Timestamp) -> i64 {
    at.seconds().div_euclid(24 * 60 * 60)
}

/// The generation that a file claims, told without a key.
pub(crate) fn generation(path: &Path) -> Result<u64> {
    let db = schema::open(path, OnClose::Leave)?;
    Ok(
        db.query_row("SELECT generation FROM manifest WHERE id = 1", [], |row| {
            row.get(0)
        })?,
    )
}

/// The identity that a file claims, told without a key.
pub(crate) fn vault_uuid(path: &Path) -> Result<[u8; 16]> {
    Ok(Header::read(&schema::open(path, OnClose::Leave)?)?.vault_uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_when_and_why() {
        let at = Timestamp(1_795_338_000);
        for reason in [Reason::Daily, Reason::Replaced] {
            let name = file_name(at, reason);
            assert_eq!(parse_name(&name), Some((at, reason)), "{name}");
        }
        assert_eq!(file_name(at, Reason::Daily), "2026-11-22T090000Z-daily.db");
        for foreign in [
            "",
            "a.db",
            "2026-11-22T090000Z-weekly.db",
            "2026-11-22-daily.db",
            "2026-11-22Té0000Z-daily.db",
        ] {
            assert_eq!(parse_name(foreign), None, "{foreign}");
        }
        assert_eq!(day(Timestamp(-1)), -1);
    }
}
