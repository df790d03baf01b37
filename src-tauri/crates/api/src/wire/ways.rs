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
    /// Memory of its derivation, 64 to 1024 MiB; as it is when absent.
    pub kdf_memory_mib: Option<u32>,
}

/// Measures what a guess at the passphrase costs on this machine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct PassphraseMeasure {}

/// What a guess costs, and the next step up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Hardening {
    /// As it is: measured.
    pub now: Measured,
    /// The next step up: expected. `null` at the most that Keyward makes.
    pub stronger: Option<Measured>,
}

/// Costs of one derivation, and its time on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Measured {
    /// Memory, in MiB.
    pub memory_mib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Time, in milliseconds.
    pub milliseconds: u32,
}

/// Makes every guess at the passphrase cost more; the passphrase stays.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct PassphraseStrengthen {
    /// The passphrase.
    pub passphrase: Plaintext,
    /// Memory of its derivation from now on, in MiB: more than now, at most 1024.
    pub memory_mib: u32,
}
