//! Where the socket of a KEYWARD_HOME is (SECURITY.md L-01).

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use keyward_engine::{
    Error,
    home::{self, Home, HostLock},
};

use sha2::{Digest, Sha256};

/// Longest path a socket can have on every platform, in bytes.
const MAX_PATH: usize = 104;

/// The owner's door of a KEYWARD_HOME.
///
/// `runtime` is XDG_RUNTIME_DIR where it is set; it is used when it is a folder of ours, else `KEYWARD_HOME/run`.
///
/// # Errors
/// [`keyward_engine::Kind::Invalid`] when the path would be too long.
pub fn socket(home: &Home, runtime: Option<&Path>) -> Result<PathBuf, Error> {
    let path = match runtime.filter(|runtime| is_ours(runtime)) {
        Some(runtime) => runtime.join("keyward").join(name(home)).join("host.sock"),
        None => home.run_dir().join("host.sock"),
    };
    if path.as_os_str().len() > MAX_PATH {
        return Err(Error::new(
            keyward_engine::Kind::Invalid,
            format!(
                "The socket's path is longer than {MAX_PATH} bytes: {}.",
                path.display()
            ),
            "Set KEYWARD_HOME or XDG_RUNTIME_DIR to a shorter path.",
        ));
    }
    Ok(path)
}

/// Makes the folder of the socket, private to us; refuses one that is not.
///
/// # Errors
/// When it belongs to somebody else or is open to others.
pub fn prepare(socket: &Path, home: &Home) -> Result<(), Error> {
    let Some(folder) = socket.parent() else {
        return Err(Error::internal("The socket has no folder."));
    };
    if folder != home.run_dir()
        && let Some(parent) = folder.parent()
    {
        home::create_private_dir(parent)?;
    }
    Ok(home::create_private_dir(folder)?)
}

/// Refuses a socket in a folder that is not ours alone: whoever made it may listen there. Where there is no
/// folder there is no socket either, and no harm.
///
/// # Errors
/// [`keyward_engine::Kind::Corrupt`] when it belongs to somebody else or is open to others.
pub fn check(socket: &Path, home: &Home) -> Result<(), Error> {
    let Some(folder) = socket.parent() else {
        return Err(Error::internal("The socket has no folder."));
    };
    let above = folder.parent().filter(|_| folder != home.run_dir());
    for folder in above.into_iter().chain([folder]) {
        if folder.symlink_metadata().is_ok() {
            home::check_private(folder)?;
        }
    }
    Ok(())
}

/// Removes a socket that no host serves, left by one that was killed; where it was.
///
/// # Errors
/// When its folder is not ours alone, or the file cannot be removed.
pub fn remove_stale(home: &Home, runtime: Option<&Path>) -> Result<Option<PathBuf>, Error> {
    let socket = socket(home, runtime)?;
    check(&socket, home)?;
    if socket.symlink_metadata().is_err() {
        return Ok(None);
    }
    // Who holds this lock may make a socket: while we do, nobody else does.
    let Some(_lock) = HostLock::try_take(home, "doctor")? else {
        return Ok(None);
    };
    std::fs::remove_file(&socket)
        .map_err(|error| Error::internal(format!("{} could not be removed: {error}.", socket.display())))?;
    Ok(Some(socket))
}

fn is_ours(runtime: &Path) -> bool {
    runtime.is_absolute()
        && std::fs::symlink_metadata(runtime).is_ok_and(|folder| folder.is_dir())
        && home::check_private(runtime).is_ok()
}

/// First 16 hexadecimal digits of SHA-256 of the canonical KEYWARD_HOME.
fn name(home: &Home) -> String {
    let canonical = home
        .root()
        .canonicalize()
        .unwrap_or_else(|_| home.root().to_owned());
    let digest = Sha256::digest(canonical.as_os_str().as_encoded_bytes());
    digest[..8]
        .iter()
        .fold(String::with_capacity(16), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        })
}
