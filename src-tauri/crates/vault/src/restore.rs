//! Restoring: a file that was verified takes the vault's place (SECURITY.md §b.5 “Locks”, §b.6, §b.8).
//!
//! Until the one rename everything is as it was; after it the new file is the vault. What was replaced is kept as a
//! copy. The restored vault goes on from above the newest generation this machine has seen: no file from before the
//! restore, the replaced one included, passes for it afterwards (T-04).

use std::path::{Path, PathBuf};

use keyward_model::{Timestamp, connection::ConnectionError};

use crate::{
    anchor,
    backup::{self, Reason},
    create,
    draft::{Draft, Opened, side},
    error::{Error, Result},
    files, folder,
    lease::VaultLock,
    schema::{self, OnClose},
    table::{audit, connections},
    tx::WriteTx,
    vault::{EXCHANGE, Place, UnlockedVault, Unlocking, event},
    verify::Verification,
    ways::{Mode, Ways},
};

/// A generation that a file merely claims is believed up to here, so that a forged one leaves room to count on.
const MOST_CLAIMED: u64 = 1 << 62;

/// What a restore did.
pub struct Restored {
    /// The vault, unlocked.
    pub vault: UnlockedVault,
    /// What was verified in the file before it took its place.
    pub verified: Verification,
    /// Where the vault that was replaced lies; `None` when there was none.
    pub replaced: Option<PathBuf>,
    /// Connections whose refresh token may have been replaced since the copy was made.
    pub doubtful: usize,
}

/// A copy that may take the vault's place: it lies in the vault's folder already, and nothing else has changed.
pub struct Candidate<'p> {
    place: &'p Place<'p>,
    draft: Option<Draft>,
    made_folder: bool,
}

/// A copy that opened with one of its own slots and was verified whole; still nothing has changed.
pub struct Proven<'p> {
    // Dropped first: the draft is removed with what SQLite keeps beside it.
    opened: Opened,
    candidate: Candidate<'p>,
    verified: Verification,
}

impl<'p> Candidate<'p> {
    /// Copies `file`, and the log beside it, into the vault's folder, which is made when there is none.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a file; [`Error::Exists`] when another vault has the name but for its case;
    /// [`Error::Unsafe`]; [`Error::Storage`].
    pub fn read(place: &'p Place<'p>, file: &Path) -> Result<Self> {
        if place.home.vault_exists(place.name) {
            place.home.check_vault(place.name)?;
        } else {
            folder::check_free(place.home, place.name, None)?;
        }
        let made_folder = place.home.vault_dir(place.name).symlink_metadata().is_err();
        place.home.create_vault_dir(place.name)?;
        let mut candidate = Self {
            place,
            draft: None,
            made_folder,
        };
        candidate.draft = Some(Draft::copy(file, &place.home.vault_file(place.name))?);
        Ok(candidate)
    }

    /// How the copy is usually unlocked; needs no key.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::TooNew`].
    pub fn mode(&self) -> Result<Mode> {
        self.draft().mode()
    }

    /// What the copy says that opens it; needs no key.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::TooNew`].
    pub fn ways(&self) -> Result<Ways> {
        self.draft().ways()
    }

    /// Opens the copy with one of its own slots and verifies it whole. The vault may be open meanwhile: a wrong key
    /// changes nothing.
    ///
    /// # Errors
    /// [`Error::WrongKey`], [`Error::Corrupt`], [`Error::TooNew`], [`Error::KeychainUnavailable`] of the copy;
    /// [`Error::Conflict`] when it is a copy of another vault.
    pub fn prove(self, with: Unlocking<'_>) -> Result<Proven<'p>> {
        let mut opened = self.draft().open(self.place, with)?;
        let verified = opened.verify()?;
        check_identity(self.place, &opened.uuid())?;
        Ok(Proven {
            opened,
            candidate: self,
            verified,
        })
    }

    /// [`Candidate::prove`] and [`Proven::put_back`] in one.
    ///
    /// # Errors
    /// As both.
    pub fn restore(self, with: Unlocking<'_>, now: Timestamp) -> Result<Restored> {
        self.prove(with)?.put_back(now)
    }

    fn draft(&self) -> &Draft {
        self.draft
            .as_ref()
            .expect("I1: a candidate has a draft until it takes its place")
    }
}

impl Proven<'_> {
    /// Puts the copy in the place of the vault, or makes the vault from it. The caller has closed its own connections.
    ///
    /// # Errors
    /// [`Error::Busy`] names who has the vault open; [`Error::Conflict`] when it is a copy of another vault;
    /// [`Error::Storage`]. Nothing is changed then.
    pub fn put_back(self, now: Timestamp) -> Result<Restored> {
        // Dropped in reverse where this ends early: what is open goes before its file.
        let Self {
            mut candidate,
            mut opened,
            verified,
        } = self;
        let place = candidate.place;
        let target = place.home.vault_file(place.name);
        let lock = VaultLock::exclusive(place.home, place.name, EXCHANGE)?;
        // Once more: while the vault was open its file may not have been readable beside it (a network file system), and
        // another may lie there by now.
        check_identity(place, &opened.uuid())?;
        let seen = newest_seen(place, &opened)?;
        let doubtful = opened.write(now, |tx| {
            let doubtful = doubt_refresh_tokens(tx, now)?;
            audit::append(tx, &event(now, "owner", "vault.restore", place.name.as_str()))?;
            let mut manifest = tx.manifest.borrow_mut();
            manifest.generation = manifest.generation.max(seen);
            Ok(doubtful)
        })?;
        opened.verify()?;
        let (mode, need) = (opened.mode, opened.need);
        let draft = candidate
            .draft
            .take()
            .expect("I1: a candidate has a draft until it takes its place");
        let keys = opened.close(draft.path())?;
        let replaced = keep_replaced(place, &target, now)?;
        draft.place(&target)?;
        drop(lock);
        let vault = create::begin(place, keys, mode, need, now)?;
        Ok(Restored {
            vault,
            verified,
            replaced,
            doubtful,
        })
    }
}

impl Drop for Candidate<'_> {
    fn drop(&mut self) {
        if self.made_folder && !self.place.home.vault_exists(self.place.name) {
            // Best effort: an empty folder is no vault.
            let _ = std::fs::remove_dir_all(self.place.home.vault_dir(self.place.name));
        }
    }
}

/// A vault is restored from its own copies; and no two vaults of a home are one, as they would share an anchor.
fn check_identity(place: &Place<'_>, uuid: &[u8; 16]) -> Result<()> {
    for name in place.home.vault_names()? {
        // One that cannot be read is what restores are for.
        let Ok(there) = backup::vault_uuid(&place.home.vault_file(&name)) else {
            continue;
        };
        let is_target = name == *place.name;
        if is_target && there != *uuid {
            return Err(Error::Conflict(format!(
                "this is a copy of another vault than {}; restore it under a name of its own",
                name.as_str()
            )));
        }
        if !is_target && there == *uuid {
            return Err(Error::Conflict(format!(
                "this is a copy of vault {}; restore it there",
                name.as_str()
            )));
        }
    }
    Ok(())
}

/// The newest generation there is a trace of: in the keychain, and in the file that is replaced.
fn newest_seen(place: &Place<'_>, opened: &Opened) -> Result<u64> {
    let anchored = match anchor::find(place.keychain.as_ref(), &opened.uuid(), opened.need)? {
        anchor::Found::Anchor(anchor) => anchor.generation,
        anchor::Found::Nothing | anchor::Found::NoAnswer => 0,
    };
    let there = backup::generation(&place.home.vault_file(place.name)).unwrap_or(0);
    Ok(anchored.max(there.min(MOST_CLAIMED)).max(opened.state().0))
}

/// A provider may have given newer refresh tokens since the copy was made (§b.6): the state stays `ready`.
fn doubt_refresh_tokens(tx: &mut WriteTx<'_>, now: Timestamp) -> Result<usize> {
    let mut doubtful = 0;
    for mut connection in connections::list(tx, None)? {
        if !connection.has_refresh_token {
            continue;
        }
        connection.error = Some(ConnectionError {
            code: "restored".to_owned(),
            message:
                "The vault was restored from a copy: the provider may have given a newer refresh token since."
                    .to_owned(),
            hint: "Refresh it now. If the provider refuses, connect it again.".to_owned(),
        });
        connection.updated_at = now;
        connections::update(tx, &connection)?;
        doubtful += 1;
    }
    Ok(doubtful)
}

/// Keeps the file that is replaced as a copy and takes its log out of the way: a log beside a file that it does not
/// belong to would be read into it.
fn keep_replaced(place: &Place<'_>, target: &Path, now: Timestamp) -> Result<Option<PathBuf>> {
    if target.symlink_metadata().is_err() {
        return Ok(None);
    }
    let kept = backup::new_path(place.home, place.name, now, Reason::Replaced)?;
    let failed = |error: std::io::Error| files::io_failed("keep", target, &error);
    let (log, kept_log) = (side(target, "-wal"), side(&kept, "-wal"));
    // The log is kept first: SQLite throws away one that does not fit a damaged file as soon as it opens that file.
    if log.symlink_metadata().is_ok_and(|log| log.len() > 0) {
        link(&log, &kept_log).map_err(failed)?;
    }
    let is_settled = settle(target);
    link(target, &kept).map_err(failed)?;
    if is_settled {
        // It is in the file now. Best effort: `doctor --fix` sweeps up what stays.
        let _ = std::fs::remove_file(&kept_log);
    }
    files::sync_dir(&place.home.backups_dir(place.name))?;
    for suffix in ["-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(side(target, suffix));
    }
    Ok(Some(kept))
}

/// A second name for a file, or a copy of it on a disk without links.
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::hard_link(from, to).or_else(|_| std::fs::copy(from, to).map(drop))
}

/// Moves the log into the file, so that the file alone is the vault. False for one that is damaged.
fn settle(target: &Path) -> bool {
    schema::open(target, OnClose::Checkpoint)
        .and_then(|db| {
            schema::checkpoint(&db)?;
            Ok(db.pragma_update(None, "journal_mode", "DELETE")?)
        })
        .is_ok()
}
