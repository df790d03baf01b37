//! Vaults as folders of a home: renaming and deleting one, while nobody has it open (SECURITY.md §b.5 “Locks”).
//!
//! No key is needed: a vault's name is not secret, and whoever may write the folder could do the same without us.

use std::path::Path;

use keyward_model::{Id, name::VaultName};
use rusqlite::Connection;

use crate::{
    error::{Error, Result},
    files,
    header::Header,
    home::Home,
    keychain::{self, Keychain, KeychainError},
    lease::VaultLock,
    platform,
    schema::{self, OnClose},
    slot,
    vault::EXCHANGE,
};

/// First letters of a folder whose vault was deleted and whose files are not all gone yet.
const DELETED: &str = ".deleted-";

/// What is left of a vault that was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// Nothing.
    Whole,
    /// Entries in the keychain, which did not answer as it should; they open nothing any more.
    KeysLeft(KeychainError),
}

/// Gives the vault `from` the name `to`. Its content, keys and keychain entries stay as they are.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Exists`] when `to`, in whatever case, is taken; [`Error::Busy`] names who has the
/// vault open.
pub fn rename(home: &Home, from: &VaultName, to: &VaultName) -> Result<()> {
    home.check_vault(from)?;
    check_free(home, to, Some(from))?;
    let _lock = kept(exclusive(home, from)?);
    if home.vault_dir(to).symlink_metadata().is_ok() && !same_folder(home, from, to) {
        return Err(Error::Exists(format!("the folder of vault “{}”", to.as_str())));
    }
    std::fs::rename(home.vault_dir(from), home.vault_dir(to))
        .map_err(|error| files::io_failed("rename", &home.vault_dir(from), &error))?;
    files::sync_dir(&home.vaults_dir())
}

/// Deletes the vault for good: its folder with all copies in it, and its entries in the keychain.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Busy`] names who has the vault open; [`Error::Storage`].
pub fn delete(home: &Home, keychain: &dyn Keychain, name: &VaultName) -> Result<Deleted> {
    home.check_vault(name)?;
    let lock = kept(exclusive(home, name)?);
    let gone = home
        .vaults_dir()
        .join(format!("{DELETED}{}-{}", name.as_str(), std::process::id()));
    // Out of sight in one step: whoever is killed from here on leaves no half of a vault under its name.
    std::fs::rename(home.vault_dir(name), &gone)
        .map_err(|error| files::io_failed("delete", &home.vault_dir(name), &error))?;
    files::sync_dir(&home.vaults_dir())?;
    drop(lock);
    finish_deleting(keychain, &gone)
}

/// Whether a folder of this name is what a [`delete`] which was killed has left.
pub(crate) fn is_half_deleted(name: &str) -> bool {
    name.starts_with(DELETED)
}

/// Removes what a [`delete`] which was killed has left.
///
/// # Errors
/// [`Error::Storage`] when the disk fails.
pub(crate) fn finish_deleting(keychain: &dyn Keychain, folder: &Path) -> Result<Deleted> {
    let entries = Entries::of(&folder.join("vault.db"));
    std::fs::remove_dir_all(folder).map_err(|error| files::io_failed("delete", folder, &error))?;
    Ok(entries.delete(keychain))
}

/// Whether a new vault may have the name `name`; names differ in more than case, as some disks know no case.
///
/// # Errors
/// [`Error::Exists`] names the vault that has it. `except` may be in the way.
pub(crate) fn check_free(home: &Home, name: &VaultName, except: Option<&VaultName>) -> Result<()> {
    let taken = home
        .vault_names()?
        .into_iter()
        .find(|there| Some(there) != except && there.as_str().eq_ignore_ascii_case(name.as_str()));
    match taken {
        Some(there) => Err(Error::Exists(format!("vault “{}”", there.as_str()))),
        None => Ok(()),
    }
}

/// On a disk that knows no case, a name in another case is the same folder.
fn same_folder(home: &Home, one: &VaultName, other: &VaultName) -> bool {
    let identity = |name| platform::identity(&home.vault_dir(name)).ok();
    identity(one) == identity(other)
}

/// The lock for as long as the folder moves. Where the system moves none with an open file in it, the lock, being one,
/// is let go: whoever opens the vault in that moment keeps it where it is.
fn kept(lock: VaultLock) -> Option<VaultLock> {
    platform::RENAMES_FOLDERS_IN_USE.then_some(lock)
}

fn exclusive(home: &Home, name: &VaultName) -> Result<VaultLock> {
    let lock = VaultLock::exclusive(home, name, EXCHANGE)?;
    // Whoever held it before us may have renamed or deleted the vault.
    if home.vault_exists(name) {
        Ok(lock)
    } else {
        Err(Error::NotFound(format!("vault {}", name.as_str())))
    }
}

/// What a vault has in the keychain.
#[derive(Default)]
struct Entries {
    accounts: Vec<String>,
    /// Whether one of them opens the vault, so that it is there for certain.
    holds_a_key: bool,
}

impl Entries {
    /// Told by header and slots, without a key; a file that cannot be read tells of none.
    fn of(database: &Path) -> Self {
        schema::open(database, OnClose::Leave)
            .and_then(|db| Self::read(&db))
            .unwrap_or_default()
    }

    fn read(db: &Connection) -> Result<Self> {
        let uuid = Header::read(db)?.vault_uuid;
        let mut entries = Self {
            accounts: vec![format!("{}:anchor", Id::from_bytes(uuid))],
            holds_a_key: false,
        };
        for slot in slot::read_all(db)? {
            let account = slot.account(&uuid);
            entries.holds_a_key |= account.is_some();
            entries.accounts.extend(account);
        }
        Ok(entries)
    }

    fn delete(self, keychain: &dyn Keychain) -> Deleted {
        for account in &self.accounts {
            match keychain.delete(account, keychain::DEADLINE) {
                Ok(()) => {}
                // A vault that needs no keychain has nothing in one that is not there.
                Err(_) if !self.holds_a_key => return Deleted::Whole,
                Err(error) => return Deleted::KeysLeft(error),
            }
        }
        Deleted::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keychain::NoKeychain;

    #[test]
    fn names_differ_in_more_than_case() {
        let top = tempfile::tempdir().unwrap();
        let home = Home::open(&top.path().join("home")).unwrap();
        let name = |text: &str| VaultName::parse(text).unwrap();
        home.create_vault_dir(&name("Work")).unwrap();
        files::create_new_private(&home.vault_file(&name("Work"))).unwrap();
        assert_eq!(
            check_free(&home, &name("work"), None),
            Err(Error::Exists("vault “Work”".to_owned()))
        );
        check_free(&home, &name("work"), Some(&name("Work"))).unwrap();
        check_free(&home, &name("works"), None).unwrap();
        rename(&home, &name("Work"), &name("work")).unwrap();
        assert_eq!(home.vault_names(), Ok(vec![name("work")]));
    }

    #[test]
    fn a_delete_that_was_killed_is_finished() {
        let top = tempfile::tempdir().unwrap();
        let home = Home::open(&top.path().join("home")).unwrap();
        let left = home.vaults_dir().join(".deleted-old-1");
        files::create_private_dir(&left).unwrap();
        drop(files::create_new_private(&left.join("vault.db")).unwrap());
        assert_eq!(home.vault_names(), Ok(Vec::new()));
        assert!(is_half_deleted(".deleted-old-1") && !is_half_deleted("old"));
        assert_eq!(finish_deleting(&NoKeychain, &left), Ok(Deleted::Whole));
        assert!(!left.exists());
    }
}
