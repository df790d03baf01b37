//! Private files and folders: made for the owner alone, and refused when they are not (SECURITY.md b.5, R-14).
//!
//! A file is opened without following a symlink and judged by what was opened, not by its name, so a swap
//! between look and use gains nothing. Folders are 0700 and ours, so nobody else can swap inside them.
//!
//! Longer than other files because the tests of every refusal stand beside the one function that judges.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::platform::{self, Kind, Seen};

/// How long a waiting lock sleeps between two tries.
const LOCK_STEP: Duration = Duration::from_millis(5);

/// Refuses `path` unless it is a regular file or a folder, owned by this user, closed to group and others.
///
/// # Errors
/// [`Error::Unsafe`] names the path and the way out; [`Error::NotFound`] when nothing is there.
pub fn check_private(path: &Path) -> Result<()> {
    // A trailing slash would make lstat follow a link.
    let path = without_trailing_slash(path);
    judge(&path, look(&path)?)
}

/// [`check_private`] for `root` and for every part of `path` below it.
///
/// # Errors
/// As [`check_private`]; [`Error::Unsafe`] too when `path` does not lie below `root`.
pub fn check_private_below(root: &Path, path: &Path) -> Result<()> {
    let below = path
        .strip_prefix(root)
        .map_err(|_| outside(root, path))?
        .components();
    let mut part = without_trailing_slash(root);
    check_private(&part)?;
    for component in below {
        let Component::Normal(name) = component else {
            return Err(outside(root, path));
        };
        part.push(name);
        check_private(&part)?;
    }
    Ok(())
}

/// Makes the folder `path` with mode 0700, or accepts a private one that is there. Its parent must exist.
///
/// # Errors
/// [`Error::Unsafe`] when what is there is not private or no folder.
pub fn create_private_dir(path: &Path) -> Result<()> {
    let path = without_trailing_slash(path);
    match platform::make_folder(&path) {
        Ok(()) => {
            // what is put into it lasts only if its own name does. A parent that cannot be read cannot be synced.
            if let Some(parent) = path.parent() {
                let _ = sync_dir(parent);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(io_failed("create", &path, &error)),
    }
    let seen = look(&path)?;
    judge(&path, seen)?;
    if seen.kind == Kind::Folder {
        Ok(())
    } else {
        Err(refused(&path, "is not a folder"))
    }
}

/// Makes a new file with mode 0600, opened for reading and writing.
///
/// # Errors
/// [`Error::Exists`] when anything, even a dangling symlink, has that name already.
pub fn create_new_private(path: &Path) -> Result<File> {
    platform::create_new(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(path.display().to_string()),
        _ => io_failed("create", path, &error),
    })
}

/// A new file for the owner alone, opened for reading and writing, outside a home: the system's own refusal comes back.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when anything, even a dangling symlink, has that name already.
pub fn new_private(path: &Path) -> io::Result<File> {
    platform::create_new(path)
}

/// Gives a file its name, never over another.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when anything has that name already.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    platform::rename_new(from, to)
}

/// Opens a file that is there, for reading and writing, after judging the file and the folder it lies in. On a
/// read-only disk it is opened for reading: a lock holds all the same, and a write fails when it is tried.
///
/// # Errors
/// [`Error::NotFound`] when there is none; [`Error::Unsafe`] for a symlink, a foreign owner, an open mode, or
/// something that is no regular file (a pipe or device is never waited for).
pub fn open_private(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        check_private(folder)?;
    }
    let file = match platform::open(path) {
        Ok(file) => file,
        // The open itself fails for these; say what is there instead of the system's number.
        Err(error) if platform::fails_for_its_kind(&error) => {
            check_private(path)?;
            return Err(if error.kind() == io::ErrorKind::PermissionDenied {
                io_failed("open", path, &error)
            } else {
                refused(path, "is not a regular file")
            });
        }
        Err(error) => return Err(io_failed("open", path, &error)),
    };
    let seen = platform::look_at(&file).map_err(|error| io_failed("look at", path, &error))?;
    judge(path, seen)?;
    if seen.kind == Kind::File {
        Ok(file)
    } else {
        Err(refused(path, "is not a regular file"))
    }
}

/// Opens a private file, or makes it empty when there is none (lock files).
///
/// # Errors
/// As [`open_private`].
pub fn open_or_create_private(path: &Path) -> Result<File> {
    loop {
        match open_private(path) {
            Err(Error::NotFound(_)) => {}
            other => return other,
        }
        match create_new_private(path) {
            // Somebody else was faster: open theirs.
            Err(Error::Exists(_)) => {}
            other => return other,
        }
    }
}

/// Replaces the file `path` by `bytes` in one step: whoever reads sees the old content or the new, even after a crash.
///
/// # Errors
/// [`Error::Unsafe`] when the folder or the file there is not private; [`Error::Storage`] when the disk fails, and
/// then the old content stands.
pub fn write_private_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Error::Storage(format!("{} is no file name", path.display())));
    };
    check_private(folder)?;
    match check_private(path) {
        Ok(()) | Err(Error::NotFound(_)) => {}
        Err(error) => return Err(error),
    }
    let (fresh, mut file) = create_beside(folder, name)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::rename(&fresh, path));
    if let Err(error) = written {
        // The refusal is what matters; a left-over of the same name is stepped over next time.
        let _ = std::fs::remove_file(&fresh);
        return Err(io_failed("write", path, &error));
    }
    sync_dir(folder)
}

/// Makes names in `folder` durable (after a create, rename or remove in it).
///
/// # Errors
/// [`Error::Storage`] when the disk fails.
pub fn sync_dir(folder: &Path) -> Result<()> {
    platform::sync_folder(folder).map_err(|error| io_failed("sync", folder, &error))
}

/// Takes `file`'s lock for this handle alone, waiting up to `wait` (counted in sleeps, so a little longer).
/// `who_has_it` names what is held, for [`Error::Busy`].
///
/// # Errors
/// [`Error::Busy`] after `wait`.
pub fn lock_exclusive(file: &File, wait: Duration, who_has_it: impl FnOnce() -> String) -> Result<()> {
    wait_for(wait, who_has_it, || platform::try_lock(file))
}

/// Takes `file`'s lock together with other sharers, waiting up to `wait`.
///
/// # Errors
/// [`Error::Busy`] after `wait`.
pub fn lock_shared(file: &File, wait: Duration, who_has_it: impl FnOnce() -> String) -> Result<()> {
    wait_for(wait, who_has_it, || platform::try_lock_shared(file))
}

fn wait_for(
    wait: Duration,
    who_has_it: impl FnOnce() -> String,
    mut attempt: impl FnMut() -> std::result::Result<(), TryLockError>,
) -> Result<()> {
    // Polling, not a blocking call: a blocking lock knows no deadline.
    let mut left = wait;
    loop {
        match attempt() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if left.is_zero() => return Err(Error::Busy(who_has_it())),
            Err(TryLockError::WouldBlock) => {
                let step = LOCK_STEP.min(left);
                std::thread::sleep(step);
                left -= step;
            }
            Err(TryLockError::Error(error)) => return Err(Error::Storage(format!("cannot lock: {error}"))),
        }
    }
}

/// A new private file beside `name`, under a name nobody uses.
pub(crate) fn create_beside(folder: &Path, name: &std::ffi::OsStr) -> Result<(PathBuf, File)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    loop {
        let mut fresh = OsString::from(".");
        fresh.push(name);
        fresh.push(format!(
            ".{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        let fresh = folder.join(fresh);
        match create_new_private(&fresh) {
            Ok(file) => return Ok((fresh, file)),
            // Left by a crashed process of the same number: the next number is free sooner or later.
            Err(Error::Exists(_)) => {}
            Err(error) => return Err(error),
        }
    }
}

fn look(path: &Path) -> Result<Seen> {
    platform::look(path).map_err(|error| io_failed("look at", path, &error))
}

fn judge(path: &Path, seen: Seen) -> Result<()> {
    match seen.kind {
        Kind::File | Kind::Folder => {}
        Kind::Link => return Err(refused(path, "is a symbolic link")),
        Kind::Other => return Err(refused(path, "is neither a file nor a folder")),
    }
    if !seen.is_ours {
        return Err(refused(path, "belongs to another user"));
    }
    if !seen.is_closed {
        return Err(refused(path, "is open to other users"));
    }
    Ok(())
}

fn refused(path: &Path, what: &str) -> Error {
    Error::Unsafe(format!(
        "{} {what}; it must be yours alone (folders 0700, files 0600)",
        path.display()
    ))
}

fn outside(root: &Path, path: &Path) -> Error {
    Error::Unsafe(format!("{} does not lie in {}", path.display(), root.display()))
}

pub(crate) fn io_failed(what: &str, path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound(path.display().to_string()),
        io::ErrorKind::ReadOnlyFilesystem => {
            Error::ReadOnly(format!("{} lies on a read-only disk", path.display()))
        }
        _ => Error::Storage(format!("cannot {what} {}: {error}", path.display())),
    }
}

pub(crate) fn without_trailing_slash(path: &Path) -> PathBuf {
    path.components().collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn private() -> tempfile::TempDir {
        tempfile::Builder::new()
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir()
            .unwrap()
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn is_unsafe<T: std::fmt::Debug>(result: Result<T>, path: &Path) {
        match result {
            Err(Error::Unsafe(text)) => {
                assert!(text.contains(&path.display().to_string()), "{text}");
                assert!(text.contains("0700"), "{text}");
            }
            other => panic!("not refused: {other:?}"),
        }
    }

    /// what we make is closed to everybody else.
    #[test]
    fn r14_made_private() {
        let home = private();
        let folder = home.path().join("vaults");
        create_private_dir(&folder).unwrap();
        create_private_dir(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        let file = folder.join("a");
        drop(create_new_private(&file).unwrap());
        assert_eq!(mode(&file), 0o600);
        assert_eq!(
            create_new_private(&file).unwrap_err(),
            Error::Exists(file.display().to_string())
        );
        write_private_atomic(&file, b"second").unwrap();
        assert_eq!(mode(&file), 0o600);
        assert_eq!(std::fs::read(&file).unwrap(), b"second");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "left-overs");
        open_private(&file).unwrap();
        check_private_below(home.path(), &file).unwrap();
    }

    /// each bit of group and others, on files and on folders.
    #[test]
    fn r14_open_modes_are_refused() {
        let home = private();
        let file = home.path().join("a");
        drop(create_new_private(&file).unwrap());
        let folder = home.path().join("vaults");
        create_private_dir(&folder).unwrap();
        for bit in 0..6 {
            set_mode(&file, 0o600 | 1 << bit);
            is_unsafe(open_private(&file), &file);
            is_unsafe(check_private(&file), &file);
            is_unsafe(open_or_create_private(&file), &file);
            is_unsafe(write_private_atomic(&file, b"x"), &file);
            set_mode(&folder, 0o700 | 1 << bit);
            is_unsafe(create_private_dir(&folder), &folder);
            is_unsafe(open_private(&folder.join("x")), &folder);
            is_unsafe(write_private_atomic(&folder.join("x"), b"x"), &folder);
            is_unsafe(check_private_below(home.path(), &folder.join("x")), &folder);
        }
        assert!(!folder.join("x").exists());
    }

    /// symlinks to a file, a folder, and nowhere; also hidden behind a trailing slash.
    #[test]
    fn r14_symlinks_are_refused() {
        let home = private();
        let file = home.path().join("a");
        drop(create_new_private(&file).unwrap());
        let link = home.path().join("link");
        symlink(&file, &link).unwrap();
        is_unsafe(check_private(&link), &link);
        is_unsafe(open_private(&link), &link);
        is_unsafe(open_or_create_private(&link), &link);
        is_unsafe(write_private_atomic(&link, b"x"), &link);
        assert!(std::fs::read(&file).unwrap().is_empty());

        let nowhere = home.path().join("nowhere");
        symlink(home.path().join("target"), &nowhere).unwrap();
        assert!(matches!(create_new_private(&nowhere), Err(Error::Exists(_))));
        is_unsafe(open_or_create_private(&nowhere), &nowhere);
        assert!(!home.path().join("target").exists());

        let folder = home.path().join("vaults");
        create_private_dir(&folder).unwrap();
        let folder_link = home.path().join("folder-link");
        symlink(&folder, &folder_link).unwrap();
        is_unsafe(create_private_dir(&folder_link), &folder_link);
        let slash = PathBuf::from(format!("{}/", folder_link.display()));
        is_unsafe(check_private(&slash), &folder_link);
        is_unsafe(create_private_dir(&slash), &folder_link);
        is_unsafe(open_private(&folder_link.join("x")), &folder_link);
    }

    /// a file or folder of another user. Only root can give a file away.
    #[test]
    fn r14_foreign_owner_is_refused() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let home = private();
        let file = home.path().join("a");
        drop(create_new_private(&file).unwrap());
        std::os::unix::fs::chown(&file, Some(12_345), None).unwrap();
        is_unsafe(open_private(&file), &file);
        is_unsafe(write_private_atomic(&file, b"x"), &file);
        let folder = home.path().join("vaults");
        create_private_dir(&folder).unwrap();
        std::os::unix::fs::chown(&folder, Some(12_345), None).unwrap();
        is_unsafe(create_private_dir(&folder), &folder);
        is_unsafe(open_private(&folder.join("x")), &folder);
    }

    /// pipes, sockets and folders in a file's place are refused and never waited for.
    #[test]
    fn r14_special_files_are_refused() {
        let home = private();
        let pipe = home.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        set_mode(&pipe, 0o600);
        is_unsafe(open_private(&pipe), &pipe);
        let socket = home.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        set_mode(&socket, 0o600);
        is_unsafe(open_private(&socket), &socket);
        let folder = home.path().join("folder");
        create_private_dir(&folder).unwrap();
        is_unsafe(open_private(&folder), &folder);
        let file = home.path().join("file");
        drop(create_new_private(&file).unwrap());
        is_unsafe(create_private_dir(&file), &file);
    }

    #[test]
    fn paths_that_leave_the_home_are_refused() {
        let home = private();
        let outside = home.path().join("..");
        assert!(matches!(
            check_private_below(home.path(), &outside),
            Err(Error::Unsafe(_))
        ));
        assert!(matches!(
            check_private_below(home.path(), Path::new("/etc")),
            Err(Error::Unsafe(_))
        ));
    }

    #[test]
    fn a_missing_file_is_not_found() {
        let home = private();
        assert!(matches!(
            open_private(&home.path().join("a")),
            Err(Error::NotFound(_))
        ));
    }

    #[test]
    fn a_lock_waits_no_longer_than_told() {
        let home = private();
        let path = home.path().join("lock");
        let first = open_or_create_private(&path).unwrap();
        let second = open_or_create_private(&path).unwrap();
        let name = || "the lock".to_owned();
        lock_shared(&first, Duration::ZERO, name).unwrap();
        lock_shared(&second, Duration::ZERO, name).unwrap();
        assert_eq!(
            lock_exclusive(&second, Duration::from_millis(20), name),
            Err(Error::Busy("the lock".to_owned()))
        );
        drop(first);
        lock_exclusive(&second, Duration::from_millis(20), name).unwrap();
    }
}
