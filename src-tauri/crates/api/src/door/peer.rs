//! Who is at the other end of a Unix socket (SECURITY.md L-02): the system's word, nothing that the other side sends.

use std::{io, os::unix::net::UnixStream, path::PathBuf};

/// A process, at the moment it connected.
pub(super) struct Credentials {
    pub uid: u32,
    pub pid: i32,
}

#[cfg(target_os = "linux")]
impl Credentials {
    /// SO_PEERCRED.
    pub(super) fn of(stream: &UnixStream) -> io::Result<Self> {
        let peer = rustix::net::sockopt::socket_peercred(stream)?;
        Ok(Self {
            uid: peer.uid.as_raw(),
            pid: peer.pid.as_raw_nonzero().get(),
        })
    }
}

/// Where its program lies.
#[cfg(target_os = "linux")]
pub(super) fn program(pid: i32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/exe")).ok()
}

#[cfg(target_os = "macos")]
impl Credentials {
    /// getpeereid(3) and LOCAL_PEERPID.
    #[expect(unsafe_code, reason = "the standard library does not ask for them yet")]
    pub(super) fn of(stream: &UnixStream) -> io::Result<Self> {
        use std::os::fd::AsRawFd;
        let socket = stream.as_raw_fd();
        let (mut uid, mut gid, mut pid) = (0, 0, 0);
        // SAFETY: the socket is open, and the results are ours.
        if unsafe { libc::getpeereid(socket, &mut uid, &mut gid) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let mut length = size_of::<libc::pid_t>() as libc::socklen_t;
        // SAFETY: as before; the result is as long as it is said to be.
        let told = unsafe {
            let result = (&raw mut pid).cast();
            libc::getsockopt(socket, libc::SOL_LOCAL, libc::LOCAL_PEERPID, result, &mut length)
        };
        match told {
            0 => Ok(Self { uid, pid }),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// Where its program lies.
#[cfg(target_os = "macos")]
#[expect(unsafe_code, reason = "the standard library does not ask for it")]
pub(super) fn program(pid: i32) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    let mut path = vec![0_u8; libc::PROC_PIDPATHINFO_MAXSIZE as usize];
    // SAFETY: the buffer is as long as it is said to be.
    let told = unsafe {
        libc::proc_pidpath(
            pid,
            path.as_mut_ptr().cast(),
            libc::PROC_PIDPATHINFO_MAXSIZE as u32,
        )
    };
    path.truncate(usize::try_from(told).ok().filter(|&length| length > 0)?);
    Some(std::ffi::OsString::from_vec(path).into())
}
