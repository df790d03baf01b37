//! What the systems do differently with files, folders, disks and processes: one file a system, the same acts in each.
//!
//! Linux is what every test runs on. What the others do is typed against their own interfaces and was not run there;
//! README.md says so.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::*;
#[cfg(windows)]
pub(crate) use windows::*;

/// What lies under a name, as far as privacy goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// What it is; a link is not followed.
    pub kind: Kind,
    /// Whether it belongs to this user.
    pub is_ours: bool,
    /// Whether nobody but its owner (and whoever rules the machine) may read, write or enter it.
    pub is_closed: bool,
}

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    /// It leads somewhere else: a symbolic link, or what Windows calls a reparse point.
    Link,
    /// A pipe, a socket, a device.
    #[cfg_attr(
        windows,
        expect(dead_code, reason = "Windows keeps these outside its folders")
    )]
    Other,
}
