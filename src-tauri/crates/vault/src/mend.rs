//! What may be wrong with the files of a home, and mending it: modes that are too open, and what killed processes
//! have left. No content is ever touched.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::{
    draft::remove_with_sides,
    error::{Error, Result},
    files,
    folder::{self, Deleted},
    keychain::Keychain,
    platform::{self, Kind},
};

/// Deepest folder of a home: `vaults/NAME/backups`.
const DEPTH: usize = 4;

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Group or others may read, write or enter it.
    Open(PathBuf),
    /// It belongs to somebody else.
    Foreign(PathBuf),
    /// It leads somewhere else.
    Link(PathBuf),
    /// A file that a process which was killed was writing.
    LeftOver(PathBuf),
    /// A vault that was deleted, by a process which was killed meanwhile.
    HalfDeleted(PathBuf),
}

impl Fault {
    /// Whether [`Fault::mend`] can do something about it; else [`Fault::way_out`] tells what a person can.
    #[must_use]
    pub fn is_mendable(&self) -> bool {
        !matches!(self, Self::Foreign(_) | Self::Link(_))
    }

    /// What a person can do.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self {
            Self::Foreign(path) => format!(
                "Ask yourself who put it there. To take it over, {}",
                platform::take_over(path)
            ),
            Self::Link(path) => format!(
                "Ask yourself who put it there. Then move what it leads to into its place, or remove it: rm '{}'",
                path.display()
            ),
            Self::Open(_) | Self::LeftOver(_) | Self::HalfDeleted(_) => {
                "`keyward doctor --fix` mends it.".to_owned()
            }
        }
    }

    /// Mends it.
    ///
    /// # Errors
    /// [`Error::Unsafe`] for what only a person can mend; [`Error::Storage`].
    pub fn mend(&self, keychain: &dyn Keychain) -> Result<()> {
        match self {
            Self::Open(path) => close_to_others(path),
            Self::Foreign(_) | Self::Link(_) => Err(Error::Unsafe(self.to_string())),
            Self::LeftOver(path) => {
                remove_with_sides(path);
                Ok(())
            }
            Self::HalfDeleted(path) => match folder::finish_deleting(keychain, path)? {
                Deleted::Whole => Ok(()),
                Deleted::KeysLeft(error) => Err(error.into()),
            },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, what) = match self {
            Self::Open(path) => (path, "is open to other users"),
            Self::Foreign(path) => (path, "belongs to another user"),
            Self::Link(path) => (path, "is a symbolic link"),
            Self::LeftOver(path) => (path, "was left by a process that was killed"),
            Self::HalfDeleted(path) => (path, "is what is left of a vault that was deleted"),
        };
        write!(out, "{} {what}", path.display())
    }
}

/// Everything below `root` that is not as it must be; a folder that is not ours is not entered.
///
/// # Errors
/// [`Error::Storage`] when a folder cannot be read. A home that is not there has no faults.
pub fn look(root: &Path) -> Result<Vec<Fault>> {
    let mut faults = Vec::new();
    look_at(&files::without_trailing_slash(root), DEPTH, &mut faults)?;
    Ok(faults)
}

fn look_at(path: &Path, depth: usize, faults: &mut Vec<Fault>) -> Result<()> {
    let found = match platform::look(path) {
        Ok(found) => found,
        // Whoever works here removes its files when it is done.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(files::io_failed("look at", path, &error)),
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if found.kind == Kind::Link {
        faults.push(Fault::Link(path.to_owned()));
        return Ok(());
    }
    if !found.is_ours {
        faults.push(Fault::Foreign(path.to_owned()));
        return Ok(());
    }
    if !found.is_closed && matches!(found.kind, Kind::File | Kind::Folder) {
        faults.push(Fault::Open(path.to_owned()));
    }
    if found.kind == Kind::Folder && folder::is_half_deleted(&name) {
        faults.push(Fault::HalfDeleted(path.to_owned()));
    } else if found.kind == Kind::Folder && depth > 0 {
        let failed = |error: std::io::Error| files::io_failed("read", path, &error);
        for entry in std::fs::read_dir(path).map_err(failed)? {
            look_at(&entry.map_err(failed)?.path(), depth - 1, faults)?;
        }
    } else if found.kind == Kind::File && is_left_over(&name) {
        faults.push(Fault::LeftOver(path.to_owned()));
    }
    Ok(())
}

/// `.NAME.PID-N`, as [`files::create_beside`] names what is being written, of a process that is no more.
fn is_left_over(name: &str) -> bool {
    let writer = || {
        let (_, last) = name.strip_prefix('.')?.rsplit_once('.')?;
        let (pid, count) = last.split_once('-')?;
        // What SQLite keeps beside it goes with it.
        let count = count.split('-').next()?;
        count.parse::<u64>().ok()?;
        pid.parse::<u32>().ok()
    };
    writer().is_some_and(|pid| !platform::is_alive(pid))
}

fn close_to_others(path: &Path) -> Result<()> {
    match platform::close_to_others(path) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::Unsafe(Fault::Foreign(path.to_owned()).to_string())),
        Err(error) => Err(files::io_failed("close to others", path, &error)),
    }
}

/// Entries of ours in the keychain that open nothing: of probes that were killed, and of slots that the vault `uuid`,
/// which has the slots `slots`, no longer has. Entries of other vaults, which may lie in other homes, are never among
/// them.
pub(crate) fn is_orphan(account: &str, uuid: &str, slots: &[String]) -> bool {
    let mut parts = account.split(':');
    match (parts.next(), parts.next()) {
        (Some("probe"), Some(pid)) => pid.parse().is_ok_and(|pid| !platform::is_alive(pid)),
        (Some(vault), Some(slot)) if vault == uuid => {
            slot != "anchor" && !slots.iter().any(|known| known == slot)
        }
        _ => false,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::home::Home;
    use crate::keychain::NoKeychain;

    #[test]
    fn what_a_killed_process_left_is_told_from_what_a_living_one_writes() {
        let mine = std::process::id();
        for (name, expect) in [
            (".vault.db.4194999-0".to_owned(), true),
            (".vault.db.4194999-12-wal".to_owned(), true),
            (format!(".vault.db.{mine}-0"), false),
            ("vault.db".to_owned(), false),
            (".hidden".to_owned(), false),
            (".config.toml.x-1".to_owned(), false),
        ] {
            assert_eq!(is_left_over(&name), expect, "{name}");
        }
    }

    #[test]
    fn orphans_are_of_this_vault_and_of_dead_probes_alone() {
        let slots = ["s1".to_owned()];
        let mine = format!("probe:{}:0", std::process::id());
        for (account, expect) in [
            ("u:s1", false),
            ("u:s1:device", false),
            ("u:anchor", false),
            ("u:s2", true),
            ("u:s2:device", true),
            ("other:s2", false),
            ("probe:4194999:0", true),
            (mine.as_str(), false),
            ("something else", false),
        ] {
            assert_eq!(is_orphan(account, "u", &slots), expect, "{account}");
        }
    }

    /// modes are mended, links and what is not ours are told; nothing outside is touched.
    #[test]
    fn r14_faults_are_found_and_mended() {
        let top = tempfile::tempdir().unwrap();
        let root = top.path().join("home");
        let home = Home::open(&root).unwrap();
        let name = keyward_model::name::VaultName::default();
        home.create_vault_dir(&name).unwrap();
        drop(files::create_new_private(&home.vault_file(&name)).unwrap());
        assert_eq!(look(&root), Ok(Vec::new()));
        assert_eq!(look(&top.path().join("none")), Ok(Vec::new()));

        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap()
        };
        set(&home.vault_file(&name), 0o644);
        set(&home.vault_dir(&name), 0o755);
        let outside = top.path().join("outside");
        std::fs::write(&outside, "mine").unwrap();
        set(&outside, 0o644);
        let link = root.join("config.toml");
        symlink(&outside, &link).unwrap();
        let left = home.vault_dir(&name).join(".vault.db.4194999-0");
        drop(files::create_new_private(&left).unwrap());
        let half = home.vaults_dir().join(".deleted-old-4194999");
        std::fs::create_dir(&half).unwrap();
        set(&half, 0o700);
        let mut found = look(&root).unwrap();
        found.sort_by_key(ToString::to_string);
        let expect = [
            Fault::Link(link.clone()),
            Fault::LeftOver(left.clone()),
            Fault::HalfDeleted(half.clone()),
            Fault::Open(home.vault_dir(&name)),
            Fault::Open(home.vault_file(&name)),
        ];
        for fault in &expect {
            assert!(found.contains(fault), "{fault} in {found:?}");
        }
        assert_eq!(found.len(), expect.len());
        for fault in &found {
            assert_eq!(fault.mend(&NoKeychain).is_ok(), fault.is_mendable(), "{fault}");
            assert!(!fault.way_out().is_empty());
        }
        assert_eq!(look(&root), Ok(vec![Fault::Link(link)]));
        assert!(!left.exists() && !half.exists());
        assert_eq!(outside.metadata().unwrap().permissions().mode() & 0o777, 0o644);
        home.check_vault(&name).unwrap();

        // Only root can give a file away, and only the other user or root can mend that.
        if rustix::process::geteuid().is_root() {
            let owner = rustix::fs::Uid::from_raw(65_534);
            rustix::fs::chown(home.vault_dir(&name), Some(owner), None).unwrap();
            let foreign = Fault::Foreign(home.vault_dir(&name));
            assert!(look(&root).unwrap().contains(&foreign));
            assert!(!foreign.is_mendable() && !foreign.way_out().is_empty());
            assert!(matches!(foreign.mend(&NoKeychain), Err(Error::Unsafe(_))));
            assert!(matches!(
                close_to_others(&home.vault_dir(&name)),
                Err(Error::Unsafe(_))
            ));
            assert!(matches!(home.check_vault(&name), Err(Error::Unsafe(_))));
        }
    }
}
