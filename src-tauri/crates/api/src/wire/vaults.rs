//! The vaults of a home.

use serde::{Deserialize, Serialize};

use super::Mode;

/// A vault as the list shows it: nothing of its content (AM14).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Vault {
    /// Its name.
    pub name: String,
    /// How it is unlocked; `null` when its file cannot be read.
    pub mode: Option<Mode>,
    /// Whether values can be had right now.
    pub locked: bool,
}

/// Asks for the vaults there are.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct VaultList {}

/// Gives a vault another name.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct VaultRename {
    /// The name it has.
    pub name: String,
    /// The name it gets.
    pub new_name: String,
}

/// Deletes a vault for good, with its copies and its keys in the keychain.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct VaultDelete {
    /// Its name.
    pub name: String,
}

/// A vault is gone.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct VaultDeleted {
    /// Why its entries in the keychain, which open nothing any more, could not be deleted; `null` when they were.
    pub keys_left: Option<String>,
}
