//! Unix sockets.

use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

pub(crate) use std::os::unix::net::{UnixListener as Listener, UnixStream as Stream};

use super::{Peer, peer::Credentials};

/// What helps where the door cannot be made.
pub(crate) const HINT: &str = "";

/// Makes the socket, for this user alone.
pub(crate) fn bind(path: &Path) -> io::Result<Listener> {
    let listener = Listener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Who is at the other end, as the system says it.
pub(crate) fn peer(stream: &Stream) -> io::Result<Peer> {
    let Credentials { uid, pid } = Credentials::of(stream)?;
    let program = super::peer::program(pid);
    let program = program.map_or_else(|| "unknown program".to_owned(), |path| path.display().to_string());
    Ok(Peer {
        is_ours: uid == rustix::process::geteuid().as_raw(),
        shown: format!("{program}, process {pid}"),
    })
}
