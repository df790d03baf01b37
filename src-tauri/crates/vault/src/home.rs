//! The folder everything of one user lies in, `KEYWARD_HOME`, and the names inside it (SECURITY.md b.5 “Files”).

use std::path::{Path, PathBuf};

use keyward_model::name::VaultName;

use crate::error::{Error, Result};
use crate::{files, platform};

/// A `KEYWARD_HOME` that was found private.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// Opens `root`, making it and the `vaults` folder (0700) where they are missing.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when a folder is a symlink, belongs to somebody else or is open to others.
    pub fn open(root: &Path) -> Result<Self> {
        let home = Self {
            root: files::without_trailing_slash(root),
        };
        if let Some(parent) = home.root.parent() {
            // Folders above are the user's own business; new ones get the mode the XDG rules ask for.
            platform::make_folders(parent).map_err(|error| files::io_failed("create", parent, &error))?;
        }
        files::create_private_dir(&home.root)?;
        files::create_private_dir(&home.vaults_dir())?;
        Ok(home)
    }

    /// Opens `root` without making anything; `None` when it is not there.
    ///
    /// # Errors
    /// As [`Home::open`].
    pub fn existing(root: &Path) -> Result<Option<Self>> {
        let home = Self {
            root: files::without_trailing_slash(root),
        };
        match files::check_private(&home.root) {
            Ok(()) => {}
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        match files::check_private(&home.vaults_dir()) {
            Ok(()) | Err(Error::NotFound(_)) => Ok(Some(home)),
            Err(error) => Err(error),
        }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the vault `name` lies or would lie.
    #[must_use]
    pub fn vault_dir(&self, name: &VaultName) -> PathBuf {
        self.vaults_dir().join(name.as_str())
    }

    /// The database file of the vault `name`.
    #[must_use]
    pub fn vault_file(&self, name: &VaultName) -> PathBuf {
        self.vault_dir(name).join("vault.db")
    }

    /// The folder of the copies of the vault `name` (SECURITY.md b.8).
    #[must_use]
    pub fn backups_dir(&self, name: &VaultName) -> PathBuf {
        self.vault_dir(name).join("backups")
    }

    /// The folder of the leases of the vault `name` (SECURITY.md b.5 “Locks”).
    #[must_use]
    pub fn leases_dir(&self, name: &VaultName) -> PathBuf {
        self.vault_dir(name).join("leases")
    }

    /// The lock of the one host of this home (SECURITY.md L-01).
    #[must_use]
    pub fn host_lock(&self) -> PathBuf {
        self.root.join("host.lock")
    }

    /// Where the host's socket lies when the system gives no folder for it (SECURITY.md L-01).
    #[must_use]
    pub fn run_dir(&self) -> PathBuf {
        self.root.join("run")
    }

    /// Whether there is a vault `name`. Anything of the database's name counts, so nothing is ever put over it.
    #[must_use]
    pub fn vault_exists(&self, name: &VaultName) -> bool {
        self.vault_file(name).symlink_metadata().is_ok()
    }

    /// The names of all vaults, in order of their bytes.
    ///
    /// # Errors
    /// [`Error::Storage`] when the folder cannot be read.
    pub fn vault_names(&self) -> Result<Vec<VaultName>> {
        let vaults = self.vaults_dir();
        let failed = |error: &std::io::Error| files::io_failed("read", &vaults, error);
        let entries = match std::fs::read_dir(&vaults) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| failed(&error))?;
            // What is not named like a vault is not ours.
            if let Some(name) = entry
                .file_name()
                .to_str()
                .and_then(|text| text.parse::<VaultName>().ok())
                && self.vault_exists(&name)
            {
                names.push(name);
            }
        }
        names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        Ok(names)
    }

    /// Makes the folders of the vault `name`: itself and `leases`.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when one is there and not private.
    pub fn create_vault_dir(&self, name: &VaultName) -> Result<PathBuf> {
        let folder = self.vault_dir(name);
        files::check_private_below(&self.root, &self.vaults_dir())?;
        files::create_private_dir(&folder)?;
        files::create_private_dir(&self.leases_dir(name))?;
        files::sync_dir(&self.vaults_dir())?;
        Ok(folder)
    }

    /// Refuses the vault `name` unless each folder from the home down to it, and each file in it, is private.
    /// To be called before a database in it is opened, as SQLite itself follows symlinks.
    ///
    /// # Errors
    /// [`Error::NotFound`] without such a vault; [`Error::Unsafe`] names the first thing that is wrong.
    pub fn check_vault(&self, name: &VaultName) -> Result<()> {
        let folder = self.vault_dir(name);
        let no_vault = || Error::NotFound(format!("vault {}", name.as_str()));
        match files::check_private_below(&self.root, &folder) {
            Err(Error::NotFound(_)) => return Err(no_vault()),
            other => other?,
        }
        if !self.vault_exists(name) {
            return Err(no_vault());
        }
        let failed = |error: &std::io::Error| files::io_failed("read", &folder, error);
        for entry in std::fs::read_dir(&folder).map_err(|error| failed(&error))? {
            match files::check_private(&entry.map_err(|error| failed(&error))?.path()) {
                // SQLite removes its side files whenever the last reader leaves.
                Ok(()) | Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The folder of all vaults.
    pub(crate) fn vaults_dir(&self) -> PathBuf {
        self.root.join("vaults")
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn name(text: &str) -> VaultName {
        text.parse().unwrap()
    }

    fn with_vault(root: &Path) -> Home {
        let home = Home::open(root).unwrap();
        home.create_vault_dir(&name("main")).unwrap();
        files::create_new_private(&home.vault_file(&name("main"))).unwrap();
        home
    }

    fn private() -> tempfile::TempDir {
        tempfile::Builder::new()
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir()
            .unwrap()
    }

    fn open_to_others(path: &Path) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o750)).unwrap();
    }

    #[test]
    fn a_home_is_made_only_when_asked() {
        let top = private();
        let root = top.path().join("share/keyward");
        assert_eq!(Home::existing(&root), Ok(None));
        assert!(!top.path().join("share").exists());
        let home = Home::open(&root).unwrap();
        assert_eq!(Home::existing(&root), Ok(Some(home.clone())));
        assert_eq!(home.vault_names(), Ok(Vec::new()));
        for folder in ["share", "share/keyward", "share/keyward/vaults"] {
            let mode = top.path().join(folder).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{folder}");
        }
    }

    #[test]
    fn only_vaults_are_listed() {
        let top = private();
        let home = with_vault(top.path());
        files::create_private_dir(&home.vault_dir(&name("empty"))).unwrap();
        files::create_private_dir(&top.path().join("vaults/not a name")).unwrap();
        home.create_vault_dir(&name("A")).unwrap();
        files::create_new_private(&home.vault_file(&name("A"))).unwrap();
        assert_eq!(home.vault_names(), Ok(vec![name("A"), name("main")]));
        assert!(home.vault_exists(&name("main")) && !home.vault_exists(&name("empty")));
        home.check_vault(&name("main")).unwrap();
        assert!(matches!(
            home.check_vault(&name("empty")),
            Err(Error::NotFound(_))
        ));
        assert!(matches!(home.check_vault(&name("none")), Err(Error::NotFound(_))));
    }

    /// one open folder or file anywhere in the home.
    #[test]
    fn r14_an_open_part_is_refused() {
        for part in [
            "",
            "vaults",
            "vaults/main",
            "vaults/main/leases",
            "vaults/main/vault.db",
        ] {
            let top = private();
            let home = with_vault(top.path());
            open_to_others(&top.path().join(part));
            assert!(
                matches!(home.check_vault(&name("main")), Err(Error::Unsafe(_))),
                "{part}"
            );
            let opened = matches!(Home::open(top.path()), Err(Error::Unsafe(_)));
            let existing = matches!(Home::existing(top.path()), Err(Error::Unsafe(_)));
            let of_home = part.is_empty() || part == "vaults";
            assert_eq!((opened, existing), (of_home, of_home), "{part}");
        }
    }

    /// one symlink anywhere in the home, also the home itself with a slash behind it.
    #[test]
    fn r14_a_symlink_is_refused() {
        for part in [
            "vaults",
            "vaults/main",
            "vaults/main/leases",
            "vaults/main/vault.db",
        ] {
            let top = private();
            let home = with_vault(top.path());
            let moved = top.path().join("moved");
            std::fs::rename(top.path().join(part), &moved).unwrap();
            symlink(&moved, top.path().join(part)).unwrap();
            assert!(
                matches!(home.check_vault(&name("main")), Err(Error::Unsafe(_))),
                "{part}"
            );
        }
        let top = private();
        with_vault(&top.path().join("real"));
        symlink(top.path().join("real"), top.path().join("link")).unwrap();
        for root in ["link", "link/", "link/."] {
            let root = top.path().join(root);
            assert!(matches!(Home::open(&root), Err(Error::Unsafe(_))));
            assert!(matches!(Home::existing(&root), Err(Error::Unsafe(_))));
        }
    }
}
