//! The folder the webview writes into (W-09): below the runtime folder, 0700, gone at exit and at the next start.
//!
//! Not `incognito` on Linux: WebKitGTK then refuses automation, and the window could not be tested as it is shipped.

use std::path::{Path, PathBuf};

use keyward_api::{endpoint, wire::Error};
use keyward_engine::home::{Home, create_private_dir, is_alive};

const NAME: &str = "webview-";

/// A fresh folder; removed with this value.
#[derive(Debug)]
pub struct Profile(PathBuf);

impl Profile {
    /// Removes what killed processes left, then makes a folder of this process.
    ///
    /// # Errors
    /// `corrupt` when the runtime folder is not ours alone.
    pub fn make(home: &Home, runtime: Option<&Path>) -> Result<Self, Error> {
        let socket = endpoint::socket(home, runtime)?;
        endpoint::prepare(&socket, home)?;
        let folder = socket.parent().unwrap_or(home.root());
        sweep(folder);
        let path = folder.join(format!("{NAME}{}", std::process::id()));
        create_private_dir(&path).map_err(keyward_engine::Error::from)?;
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // The webview's own processes end a moment after the window and may still write: what comes back is swept
        // at the next start.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name
            .to_str()
            .and_then(|name| name.strip_prefix(NAME))
            .and_then(|pid| pid.parse::<u32>().ok());
        // Another app that is starting may wait beside us: its process lives.
        if pid.is_some_and(|pid| pid == std::process::id() || !is_alive(pid)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn w09_private_fresh_and_swept() {
        let root = std::env::temp_dir().join(format!("kw-profile-{}", std::process::id()));
        let home = Home::open(&root).unwrap();
        let profile = Profile::make(&home, None).unwrap();
        let path = profile.path().to_owned();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        // No process has a number above the kernel's limit of 4 194 304.
        let dead = path.parent().unwrap().join("webview-4999999");
        std::fs::create_dir(&dead).unwrap();
        drop(profile);
        assert!(!path.exists());
        drop(Profile::make(&home, None).unwrap());
        assert!(!dead.exists());
        std::fs::remove_dir_all(&root).unwrap();
    }
}
