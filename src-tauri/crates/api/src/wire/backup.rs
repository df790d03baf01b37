//! Copies of the vault.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Plaintext;

/// Why a copy was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum BackupReason {
    /// A day has begun.
    Daily,
    /// A restore put another file in the vault's place.
    Replaced,
}

/// A copy that lies beside the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct BackupCopy {
    /// Its file name.
    pub name: String,
    /// Where it lies.
    pub path: String,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// Why it was made.
    pub reason: BackupReason,
    /// Size in bytes.
    #[cfg_attr(test, ts(type = "number"))]
    pub size: u64,
}

/// Asks for the copies that lie beside the vault, newest first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct BackupList {}

/// What a restore would change, by keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct BackupComparison {
    /// In the vault and not in the copy: a restore takes them away.
    pub lost: Vec<String>,
    /// Changed since the copy was made: a restore brings the older state back.
    pub older: Vec<String>,
    /// In the copy and no more in the vault: a restore brings them back.
    pub back: Vec<String>,
}

/// Copies the vault into a new file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupMake {
    /// Absolute path of the new file.
    pub file: String,
}

/// A copy was made and verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct BackupMade {
    /// Where it lies.
    pub path: String,
    /// Records in it.
    #[cfg_attr(test, ts(type = "number"))]
    pub records: u64,
    /// Events of the activity log in it.
    #[cfg_attr(test, ts(type = "number"))]
    pub events: u64,
}

/// Puts a copy in the vault's place.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultRestore {
    /// Absolute path of the copy.
    pub file: String,
    /// The copy's own passphrase or recovery key; without one the keychain opens it.
    pub passphrase: Option<Plaintext>,
}

/// A copy is the vault now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct VaultRestored {
    /// Records in it.
    #[cfg_attr(test, ts(type = "number"))]
    pub records: u64,
    /// The copy that keeps what was replaced; `null` when there was nothing.
    pub replaced: Option<String>,
    /// Connections whose refresh token may be an old one.
    #[cfg_attr(test, ts(type = "number"))]
    pub doubtful: usize,
}

/// Saves what a damaged file still gives into a new one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultSalvage {
    /// Absolute path of the damaged file.
    pub file: String,
    /// Absolute path of the new file.
    pub out: String,
    /// Its passphrase or recovery key, where the keychain does not open it.
    pub passphrase: Option<Plaintext>,
}

/// What a damaged file gave up, and what it did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salvaged {
    /// Records that were saved, by kind.
    pub saved: BTreeMap<String, usize>,
    /// Records that are there and do not open, by the kind they claim.
    pub lost: BTreeMap<String, usize>,
    /// Records that are not there at all.
    pub missing: usize,
    /// Whether the list of records is damaged itself: some may be gone that nothing names.
    pub list_damaged: bool,
    /// Names of new environments, each in the place of one that is lost.
    pub recovered: Vec<String>,
    /// Keys of what was saved without its value.
    pub without_value: Vec<String>,
    /// Saved records that may be older than what was there last.
    pub unvouched: usize,
    /// Events of the activity log that were saved.
    pub events: u64,
    /// Events that are gone; `null` when nothing tells how many there were.
    pub lost_events: Option<u64>,
}
