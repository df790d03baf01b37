//! Windows: owner and DACL. What mode 0700 is elsewhere is one entry here, for this user, and nothing inherited from
//! the folders above (SECURITY.md §b.5 “Files”). What SQLite makes beside a database inherits it from its folder.
#![expect(
    unsafe_code,
    reason = "the standard library knows no security descriptors, volumes or byte-range locks of Windows"
)]

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    mem::zeroed,
    os::windows::{
        ffi::OsStrExt,
        fs::{MetadataExt, OpenOptionsExt},
        io::{AsRawHandle, FromRawHandle, OwnedHandle},
    },
    path::Path,
    ptr::null_mut,
};

use windows_sys::Win32::{
    Foundation::{
        ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, ERROR_IO_PENDING, ERROR_LOCK_VIOLATION,
        ERROR_WRITE_PROTECT, GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE, WAIT_OBJECT_0,
    },
    Security::SECURITY_ATTRIBUTES,
    Storage::FileSystem::{
        BY_HANDLE_FILE_INFORMATION, CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_ATTRIBUTE_NORMAL,
        FILE_ATTRIBUTE_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
        FILE_READ_ATTRIBUTES, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, GetDriveTypeW,
        GetFileInformationByHandle, GetVolumeInformationW, GetVolumePathNameW, LOCK_FILE_FLAGS,
        LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY, LockFileEx, MOVEFILE_WRITE_THROUGH, MoveFileExW,
        READ_CONTROL, SYNCHRONIZE, WRITE_DAC,
    },
    System::{
        IO::OVERLAPPED,
        Threading::{OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, WaitForSingleObject},
    },
};

use super::{Kind, Seen};

mod rights;

/// A folder with open files in it keeps its name: the system itself refuses.
pub(crate) const RENAMES_FOLDERS_IN_USE: bool = false;

/// What lies at `path`.
pub(crate) fn look(path: &Path) -> io::Result<Seen> {
    look_at(&open_as_it_is(path, 0)?)
}

/// What was opened.
pub(crate) fn look_at(file: &File) -> io::Result<Seen> {
    let found = file.metadata()?;
    let kind = if found.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        Kind::Link
    } else if found.is_dir() {
        Kind::Folder
    } else {
        Kind::File
    };
    let (is_ours, is_closed) = rights::of(file)?;
    Ok(Seen {
        kind,
        is_ours,
        is_closed,
    })
}

/// Which file it is, whatever its name; a link is not followed.
pub(crate) fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = open_as_it_is(path, 0)?;
    // SAFETY: a plain structure of numbers.
    let mut found: BY_HANDLE_FILE_INFORMATION = unsafe { zeroed() };
    // SAFETY: the handle is open, and the structure is ours.
    done(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &mut found) })?;
    let index = u64::from(found.nFileIndexHigh) << 32 | u64::from(found.nFileIndexLow);
    Ok((u64::from(found.dwVolumeSerialNumber), index))
}

/// Makes a folder for the owner alone; what is made in it is closed like it.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let path = wide(path);
    rights::private(|attributes| {
        // SAFETY: the path ends with a zero, and the attributes live as long as the call.
        done(unsafe { CreateDirectoryW(path.as_ptr(), attributes) })
    })?
}

/// Makes the folders of `path` that are missing. They get the rights of the person's own folder above them.
pub(crate) fn make_folders(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Makes a file for the owner alone, opened for reading and writing.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    let path = wide(path);
    rights::private(|attributes: *const SECURITY_ATTRIBUTES| {
        // SAFETY: the path ends with a zero, and the attributes live as long as the call.
        let handle = unsafe {
            CreateFileW(
                path.as_ptr(),
                GENERIC_READ | GENERIC_WRITE,
                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                attributes,
                CREATE_NEW,
                FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT,
                null_mut(),
            )
        };
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it was just opened, and nothing else owns it.
        Ok(unsafe { File::from_raw_handle(handle) })
    })?
}

/// Gives a file its name, never over another.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (wide(from), wide(to));
    // SAFETY: both paths end with a zero.
    done(unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), MOVEFILE_WRITE_THROUGH) })
}

/// Opens what is there for reading and writing, for reading alone on a read-only disk; no link is followed.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let with = |write| {
        OpenOptions::new()
            .read(true)
            .write(write)
            .custom_flags(FILE_FLAG_OPEN_REPARSE_POINT)
            .open(path)
    };
    match with(true) {
        Err(error) if is(&error, ERROR_WRITE_PROTECT) => with(false),
        other => other,
    }
}

/// Whether [`open`] failed because of what lies there, so that a look tells more than the system's number.
pub(crate) fn fails_for_its_kind(error: &io::Error) -> bool {
    is(error, ERROR_ACCESS_DENIED)
}

/// Takes the rights of everybody else away from what is there now, and from nothing that it leads to; `false` when it
/// is not ours.
pub(crate) fn close_to_others(path: &Path) -> io::Result<bool> {
    let file = open_as_it_is(path, WRITE_DAC)?;
    if !look_at(&file)?.is_ours {
        return Ok(false);
    }
    rights::close(&file)?;
    Ok(true)
}

/// What takes over a file that belongs to somebody else.
pub(crate) fn take_over(path: &Path) -> String {
    format!("as administrator: takeown /f \"{}\"", path.display())
}

/// Nothing to do: there is no call that syncs a folder. NTFS writes names through its own log, and a power cut may take
/// the last ones.
#[expect(clippy::unnecessary_wraps, reason = "the other systems can fail")]
pub(crate) fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// `false`: what is reserved for a file beyond its end is given back when it is closed.
#[expect(clippy::unnecessary_wraps, reason = "the other systems can fail")]
pub(crate) fn reserve(_file: &File, _size: u64) -> io::Result<bool> {
    Ok(false)
}

/// Takes a file's lock for this handle alone, or says at once that it is held.
pub(crate) fn try_lock(file: &File) -> Result<(), TryLockError> {
    lock(file, LOCKFILE_EXCLUSIVE_LOCK)
}

/// Takes a file's lock together with other sharers, or says at once that it is held.
pub(crate) fn try_lock_shared(file: &File) -> Result<(), TryLockError> {
    lock(file, 0)
}

/// One byte far behind the end: a lock over content, as the standard library takes it, would keep others from reading
/// who holds it.
fn lock(file: &File, kind: LOCK_FILE_FLAGS) -> Result<(), TryLockError> {
    // SAFETY: a plain structure of numbers and a null handle.
    let mut at: OVERLAPPED = unsafe { zeroed() };
    at.Anonymous.Anonymous.OffsetHigh = 0x4000_0000;
    // SAFETY: the handle is open for synchronous use, so the structure is done with when the call is.
    let locked = done(unsafe {
        LockFileEx(
            file.as_raw_handle(),
            kind | LOCKFILE_FAIL_IMMEDIATELY,
            0,
            1,
            0,
            &mut at,
        )
    });
    locked.map_err(|error| {
        if is(&error, ERROR_LOCK_VIOLATION) || is(&error, ERROR_IO_PENDING) {
            TryLockError::WouldBlock
        } else {
            TryLockError::Error(error)
        }
    })
}

/// Whether there is a process of this number.
pub(crate) fn is_alive(pid: u32) -> bool {
    // SAFETY: no pointers.
    let handle = unsafe { OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    if handle.is_null() {
        // “Not allowed” means that there is somebody.
        return !is(&io::Error::last_os_error(), ERROR_INVALID_PARAMETER);
    }
    // SAFETY: it was just opened, and nothing else owns it.
    let process = unsafe { OwnedHandle::from_raw_handle(handle) };
    // SAFETY: the handle is open. One that has ended is signalled while somebody holds a handle of it.
    unsafe { WaitForSingleObject(process.as_raw_handle(), 0) != WAIT_OBJECT_0 }
}

/// Whether the disk on which `path` lies takes no writes.
pub(crate) fn is_read_only_disk(path: &Path) -> bool {
    const READ_ONLY_VOLUME: u32 = 0x0008_0000;
    let mut flags = 0;
    volume(path).is_some_and(|volume| {
        // SAFETY: the path ends with a zero; what is null is not asked for.
        let told = unsafe {
            GetVolumeInformationW(
                volume.as_ptr(),
                null_mut(),
                0,
                null_mut(),
                null_mut(),
                &mut flags,
                null_mut(),
                0,
            )
        };
        told != 0 && flags & READ_ONLY_VOLUME != 0
    })
}

/// Whether `path` lies on a network file system.
pub(crate) fn lies_on_a_network(path: &Path) -> bool {
    const REMOTE: u32 = 4;
    // SAFETY: the path ends with a zero.
    volume(path).is_some_and(|volume| unsafe { GetDriveTypeW(volume.as_ptr()) } == REMOTE)
}

/// The root of the volume on which `path` lies.
fn volume(path: &Path) -> Option<Vec<u16>> {
    let path = wide(path);
    // A root is never longer than what it is the root of, and a separator.
    let mut root = vec![0; path.len() + 2];
    let length = u32::try_from(root.len()).ok()?;
    // SAFETY: the path ends with a zero; the buffer is as long as it is said to be.
    let told = unsafe { GetVolumePathNameW(path.as_ptr(), root.as_mut_ptr(), length) };
    (told != 0).then_some(root)
}

/// Opens a file, folder or link itself, to look at its rights, or to change them.
fn open_as_it_is(path: &Path, more: u32) -> io::Result<File> {
    OpenOptions::new()
        .access_mode(READ_CONTROL | FILE_READ_ATTRIBUTES | more)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
        .open(path)
}

fn wide(path: &Path) -> Vec<u16> {
    path.as_os_str().encode_wide().chain([0]).collect()
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error().map(i32::cast_unsigned) == Some(code)
}

fn done(outcome: i32) -> io::Result<()> {
    if outcome == 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// what we make is closed to everybody else, what is opened to them is told and closed again.
    #[test]
    fn r14_private_is_told_from_open() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("folder");
        make_folder(&folder).unwrap();
        let twice = make_folder(&folder).unwrap_err();
        assert_eq!(twice.kind(), io::ErrorKind::AlreadyExists);
        let file = folder.join("file");
        drop(create_new(&file).unwrap());
        let heir = folder.join("heir");
        std::fs::write(&heir, "as SQLite makes it").unwrap();
        let private = |kind| Seen {
            kind,
            is_ours: true,
            is_closed: true,
        };
        assert_eq!(look(&folder).unwrap(), private(Kind::Folder));
        assert_eq!(look(&file).unwrap(), private(Kind::File));
        assert_eq!(look(&heir).unwrap(), private(Kind::File));
        assert_eq!(look_at(&open(&file).unwrap()).unwrap(), private(Kind::File));

        rights::open_to_all(&open_as_it_is(&file, WRITE_DAC).unwrap()).unwrap();
        assert!(!look(&file).unwrap().is_closed);
        assert!(close_to_others(&file).unwrap());
        assert_eq!(look(&file).unwrap(), private(Kind::File));
    }

    #[test]
    fn names_are_given_once_and_files_are_told_apart() {
        let top = tempfile::tempdir().unwrap();
        let (one, other) = (top.path().join("one"), top.path().join("other"));
        drop((create_new(&one).unwrap(), create_new(&other).unwrap()));
        assert_ne!(identity(&one).unwrap(), identity(&other).unwrap());
        assert_eq!(create_new(&one).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(
            rename_new(&one, &other).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
        std::fs::remove_file(&other).unwrap();
        rename_new(&one, &other).unwrap();
        assert!(other.exists() && !one.exists());
    }

    /// L-01: a lock keeps others from taking it, and not from reading who holds it.
    #[test]
    fn l01_a_locked_file_is_readable() {
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("lock");
        std::fs::write(&path, "app 1").unwrap();
        let (mine, theirs) = (open(&path).unwrap(), open(&path).unwrap());
        try_lock(&mine).unwrap();
        assert!(matches!(try_lock(&theirs), Err(TryLockError::WouldBlock)));
        assert!(matches!(try_lock_shared(&theirs), Err(TryLockError::WouldBlock)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "app 1");
        drop(mine);
        try_lock_shared(&theirs).unwrap();
        try_lock_shared(&open(&path).unwrap()).unwrap();
    }

    #[test]
    fn processes_and_disks_are_told() {
        assert!(is_alive(std::process::id()));
        let mut child = Command::new("cmd").args(["/c", "exit"]).spawn().unwrap();
        child.wait().unwrap();
        assert!(!is_alive(child.id()));
        let top = tempfile::tempdir().unwrap();
        assert!(!is_read_only_disk(top.path()) && !lies_on_a_network(top.path()));
    }
}
