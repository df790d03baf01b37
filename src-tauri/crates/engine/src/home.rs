//! KEYWARD_HOME as faces name it: the vault's own types, so that `api` and the faces need not depend on the vault.

use std::{ffi::OsString, path::PathBuf};

pub use keyward_vault::{
    Freshness, Ways,
    files::{check_private, create_private_dir, new_private, sync_dir, write_private_atomic},
    home::Home,
    keychain::{self, Keychain, OsKeychain},
    lease::{Holder, HostLock, is_alive},
    vault::{DeviceSecret, Mode, Opening},
};

/// Where KEYWARD_HOME is unless it is set: `$XDG_DATA_HOME/keyward`, else the platform's data folder.
///
/// Both are passed in: faces read the environment.
#[must_use]
pub fn default_root(xdg_data_home: Option<OsString>, person: Option<PathBuf>) -> Option<PathBuf> {
    // The XDG specification says that a relative path is to be ignored.
    let data = xdg_data_home.map(PathBuf::from).filter(|path| path.is_absolute());
    let platform = || {
        let person = person.filter(|person| person.is_absolute())?;
        Some(person.join(if cfg!(target_os = "macos") {
            "Library/Application Support"
        } else if cfg!(windows) {
            "AppData/Local"
        } else {
            ".local/share"
        }))
    };
    Some(data.or_else(platform)?.join("keyward"))
}
