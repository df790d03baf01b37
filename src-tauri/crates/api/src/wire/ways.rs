//! What opens a vault, and changing it.

use super::Plaintext;
use serde::{Deserialize, Serialize};

/// What opens a vault. While it is locked this is what the file says, and proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Ways {
    /// A key in the OS keychain.
    pub keychain: bool,
    /// Whether the keychain has lost what it kept of this vault; not known of a locked one.
    pub keychain_lost: bool,
    /// A passphrase, and what it costs; `null` without one.
    pub passphrase: Option<PassphraseWay>,
    /// A recovery key.
    pub recovery: bool,
}

/// How a passphrase opens a vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct PassphraseWay {
    /// Whether it opens only together with a secret in this machine's keychain.
    pub device_secret: bool,
    /// Memory of its derivation, in MiB.
    pub memory_mib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// Asks for [`Ways`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct WaysRequest {}

/// Gives an unlocked vault another passphrase, or a first one beside its keychain.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct PassphraseChange {
    /// The one it has; needed where it has one.
    pub current: Option<Plaintext>,
    /// The one it gets.
    pub new: Plaintext,
    /// Whether it opens the vault only together with a secret in this machine's keychain; as it is when absent.
    pub device_secret: Option<bool>,
}
