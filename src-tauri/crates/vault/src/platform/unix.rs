//! Linux and macOS: owner and mode, 0700 and 0600.

use std::{
    fs::{File, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::Path,
};

use rustix::{
    fs::{CWD, FallocateFlags, FileType, Mode, OFlags, RenameFlags, Stat},
    io::Errno,
    process::{Pid, geteuid, test_kill_process},
};

use super::{Kind, Seen};

/// Read and write for the owner, nothing for anybody else.
const FILE: Mode = Mode::from_raw_mode(0o600);
/// All for the owner, nothing for anybody else.
const FOLDER: Mode = Mode::from_raw_mode(0o700);
/// The bits of group and others; a private file has none of them.
const FOREIGN: Mode = Mode::RWXG.union(Mode::RWXO);

/// Whether a folder can be renamed while files in it are open.
pub(crate) const RENAMES_FOLDERS_IN_USE: bool = true;

/// What lies at `path`.
pub(crate) fn look(path: &Path) -> io::Result<Seen> {
    Ok(seen(&rustix::fs::lstat(path)?))
}

/// What was opened.
pub(crate) fn look_at(file: &File) -> io::Result<Seen> {
    Ok(seen(&rustix::fs::fstat(file)?))
}

fn seen(stat: &Stat) -> Seen {
    Seen {
        kind: match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        },
        is_ours: stat.st_uid == geteuid().as_raw(),
        is_closed: !Mode::from_raw_mode(stat.st_mode).intersects(FOREIGN),
    }
}

/// Which file it is, whatever its name; a link is not followed.
pub(crate) fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = path.symlink_metadata()?;
    Ok((found.dev(), found.ino()))
}

/// Makes a folder for the owner alone.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    rustix::fs::mkdir(path, FOLDER)?;
    // The umask may have taken bits of the owner away.
    Ok(rustix::fs::chmod(path, FOLDER)?)
}

/// Makes the folders of `path` that are missing, for the owner alone, as the XDG rules ask.
pub(crate) fn make_folders(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// Makes a file for the owner alone, opened for reading and writing.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, FILE)?);
    rustix::fs::fchmod(&file, FILE)?;
    Ok(file)
}

/// Gives a file its name, never over another.
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // File systems of sticks and shares do not know that flag.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if to.symlink_metadata().is_err() => {
            std::fs::rename(from, to)
        }
        other => Ok(other?),
    }
}

/// Opens what is there for reading and writing, for reading alone on a read-only disk; no link is followed.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // NONBLOCK: a pipe put in the file's place must not make us wait for its other end.
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let opened = match rustix::fs::open(path, flags | OFlags::RDWR, Mode::empty()) {
        Err(Errno::ROFS) => rustix::fs::open(path, flags | OFlags::RDONLY, Mode::empty()),
        other => other,
    };
    Ok(File::from(opened?))
}

/// Whether [`open`] failed because of what lies there, so that a look tells more than the system's number.
pub(crate) fn fails_for_its_kind(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::LOOP | Errno::ACCESS | Errno::ISDIR | Errno::NXIO)
    )
}

/// Takes the rights of everybody else away from what is there now, and from nothing that it leads to; `false` when it
/// is not ours.
pub(crate) fn close_to_others(path: &Path) -> io::Result<bool> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty())?;
    let found = seen(&rustix::fs::fstat(&opened)?);
    if !found.is_ours {
        return Ok(false);
    }
    let mode = if found.kind == Kind::Folder { FOLDER } else { FILE };
    rustix::fs::fchmod(&opened, mode)?;
    Ok(true)
}

/// What takes over a file that belongs to somebody else.
pub(crate) fn take_over(path: &Path) -> String {
    format!("as root: chown {} '{}'", geteuid().as_raw(), path.display())
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Keeps room on the disk for an empty file; `false` where the file system can promise none.
pub(crate) fn reserve(file: &File, size: u64) -> io::Result<bool> {
    match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, size) {
        Ok(()) => Ok(true),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// Takes a file's lock for this handle alone, or says at once that it is held.
pub(crate) fn try_lock(file: &File) -> Result<(), TryLockError> {
    file.try_lock()
}

/// Takes a file's lock together with other sharers, or says at once that it is held.
pub(crate) fn try_lock_shared(file: &File) -> Result<(), TryLockError> {
    file.try_lock_shared()
}

/// Whether there is a process of this number.
pub(crate) fn is_alive(pid: u32) -> bool {
    i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        // “Not allowed” means that there is somebody.
        .is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// Whether the disk on which `path` lies takes no writes.
pub(crate) fn is_read_only_disk(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|disk| disk.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// Whether `path` lies on a network file system.
#[cfg(target_os = "linux")]
pub(crate) fn lies_on_a_network(path: &Path) -> bool {
    // Numbers of statfs(2): NFS, SMB, CIFS, SMB2, 9P, Ceph, AFS, Coda.
    const NETWORK: [u64; 8] = [
        0x6969,
        0x517B,
        0xFF53_4D42,
        0xFE53_4D42,
        0x0102_1997,
        0x00C3_6400,
        0x5346_414F,
        0x7375_7245,
    ];
    rustix::fs::statfs(path).is_ok_and(|found| NETWORK.contains(&(found.f_type as u64 & 0xFFFF_FFFF)))
}

/// Whether `path` lies on a network file system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn lies_on_a_network(path: &Path) -> bool {
    // MNT_LOCAL of statfs(2): the file system is stored on this machine.
    const LOCAL: u32 = 0x1000;
    rustix::fs::statfs(path).is_ok_and(|found| found.f_flags & LOCAL == 0)
}
