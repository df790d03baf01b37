//! A vault file outside its place: a backup that is looked at, or a draft that will take the vault's place.
//!
//! Whatever lies elsewhere is copied into the vault's own folder first: what is verified there is what is used
//! afterwards, whoever writes the original meanwhile, and SQLite makes no side files where it may not.

use std::{
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use keyward_model::Timestamp;

use crate::{
    anchor::Need,
    error::{Error, Result},
    files,
    header::Header,
    keys::Keys,
    schema::{self, OnClose},
    session::{Follow, Inner, State},
    slot,
    tx::WriteTx,
    unlock::open_slot,
    vault::{Place, Unlocking},
    verify::{self, Verification},
    ways::{Mode, Ways, mode_of},
};

/// What SQLite keeps beside a database.
const SIDES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Nobody else has a file of ours open: its keys cannot change under us.
pub(crate) const NO_OTHERS: Follow<'static> = &|_| Err(Error::Locked);

/// A file of its own in the folder of a vault; gone, with its side files, unless it was [`Draft::place`]d.
pub(crate) struct Draft {
    path: PathBuf,
}

/// A draft that opened with one of its own slots.
pub(crate) struct Opened {
    inner: Inner,
    pub(crate) mode: Mode,
    pub(crate) need: Need,
}

impl Draft {
    /// An empty file for the owner alone, beside the file it may replace.
    pub(crate) fn beside(path: &Path) -> Result<Self> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Error::Storage(format!("{} is no file name", path.display())));
        };
        let (path, _) = files::create_beside(folder, name)?;
        Ok(Self { path })
    }

    /// A copy of `from` and of the log beside it, for the owner alone.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Corrupt`] when it is no regular file; [`Error::Storage`].
    pub(crate) fn copy(from: &Path, beside: &Path) -> Result<Self> {
        let draft = Self::beside(beside)?;
        copy_into(from, &draft.path)?;
        let log = side(from, "-wal");
        if log.symlink_metadata().is_ok() {
            let to = side(&draft.path, "-wal");
            drop(files::create_new_private(&to)?);
            copy_into(&log, &to)?;
        }
        Ok(draft)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How it is usually unlocked; needs no key.
    pub(crate) fn mode(&self) -> Result<Mode> {
        let db = schema::open(&self.path, OnClose::Checkpoint)?;
        Header::read(&db)?;
        Ok(mode_of(&slot::read_all(&db)?))
    }

    /// What opens it, as it says itself; needs no key.
    pub(crate) fn ways(&self) -> Result<Ways> {
        let db = schema::open(&self.path, OnClose::Checkpoint)?;
        Header::read(&db)?;
        Ways::of(&slot::read_all(&db)?)
    }

    /// Opens it with its own slots. The place gives keychain and queue; the vault in it is not touched.
    ///
    /// # Errors
    /// As [`crate::unlock`], freshness left out.
    pub(crate) fn open(&self, place: &Place<'_>, with: Unlocking<'_>) -> Result<Opened> {
        let db = schema::open(&self.path, OnClose::Checkpoint)?;
        let header = Header::read(&db)?;
        let slots = slot::read_all(&db)?;
        let (master, _) = open_slot(place, &header.vault_uuid, &slots, with)?;
        let keys = Keys::derive(master, header.vault_uuid, header.epoch);
        Ok(Opened {
            inner: Inner::new(db, keys, State::NoAnswer),
            mode: mode_of(&slots),
            need: with.need(),
        })
    }

    /// Syncs the file and gives it the name `to`, over what is there; nobody has either open.
    ///
    /// # Errors
    /// [`Error::Storage`]; what is there stays then.
    pub(crate) fn place(self, to: &Path) -> Result<()> {
        // For writing: Windows syncs nothing else.
        let file = File::options().write(true).open(&self.path);
        let synced = file.and_then(|file| file.sync_all());
        synced
            .and_then(|()| std::fs::rename(&self.path, to))
            .map_err(|error| files::io_failed("write", to, &error))?;
        files::sync_dir(to.parent().unwrap_or(Path::new(".")))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        remove_with_sides(&self.path);
    }
}

impl Opened {
    /// The whole verification.
    pub(crate) fn verify(&mut self) -> Result<Verification> {
        self.inner.read(NO_OTHERS, verify::whole)
    }

    /// The vault's identity.
    pub(crate) fn uuid(&self) -> [u8; 16] {
        self.inner.keys.uuid
    }

    /// Generation and root last verified.
    pub(crate) fn state(&self) -> (u64, [u8; 32]) {
        self.inner.seen
    }

    pub(crate) fn write<T>(
        &mut self,
        now: Timestamp,
        f: impl FnOnce(&mut WriteTx<'_>) -> Result<T>,
    ) -> Result<T> {
        self.inner.write(NO_OTHERS, schema::BUSY, now, f)
    }

    /// Moves the log into the file, and closes it in the mode a vault is used in.
    pub(crate) fn close(self, path: &Path) -> Result<Keys> {
        self.inner.end(path)
    }
}

/// `path` with `suffix` behind its name.
pub(crate) fn side(path: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(path);
    path.push(suffix);
    PathBuf::from(path)
}

/// Removes a database and what SQLite keeps beside it, as far as they are there.
pub(crate) fn remove_with_sides(path: &Path) {
    for suffix in [""].into_iter().chain(SIDES) {
        // Best effort: `doctor --fix` sweeps up what stays.
        let _ = std::fs::remove_file(side(path, suffix));
    }
}

/// Copies the content of a regular file into one that is there, and syncs it.
pub(crate) fn copy_into(from: &Path, to: &Path) -> Result<()> {
    let copied = File::open(from).and_then(|mut source| {
        if !source.metadata()?.is_file() {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let mut target = File::options().write(true).open(to)?;
        io::copy(&mut source, &mut target)?;
        target.sync_all()
    });
    copied.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidInput => Error::Corrupt(format!("{} is not a regular file", from.display())),
        _ => files::io_failed("copy", from, &error),
    })
}
