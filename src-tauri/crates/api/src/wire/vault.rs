//! The vault as a whole.

use super::{Error, Plaintext};
use serde::{Deserialize, Serialize};

/// How a vault is unlocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum Mode {
    /// By a key in the OS keychain.
    Keychain,
    /// By a passphrase.
    Passphrase,
}

/// Whether the file is as new as the keychain last saw it (SECURITY.md §b.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum Freshness {
    /// At least as new.
    Ok,
    /// Nothing to compare with.
    None,
    /// Older than last seen.
    Older,
    /// As old as last seen, with other content.
    Forked,
}

/// The process that serves the vaults of one KEYWARD_HOME.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Host {
    /// `app` or `serve`.
    pub kind: String,
    /// Its process id.
    pub pid: u32,
}

/// The `status` object of CLI.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export, rename = "VaultStatus"))]
pub struct Status {
    /// Version of the program.
    pub version: String,
    /// KEYWARD_HOME.
    pub home: String,
    /// Name of the vault.
    pub vault: String,
    /// Whether the vault has been made.
    pub exists: bool,
    /// How it is unlocked; `null` when it does not exist.
    pub mode: Option<Mode>,
    /// Whether values can be had right now.
    pub locked: bool,
    /// Who serves it.
    pub host: Option<Host>,
    /// Against the keychain's anchor; `none` while locked.
    pub freshness: Freshness,
    /// Whether a recovery key was confirmed; `null` while locked.
    pub recovery: Option<bool>,
    /// What the whole verification after unlocking found wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub damage: Option<String>,
    /// While a host has it locked: whether its tokens are kept fresh all the same (SECURITY.md O-71).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub refreshing: Option<bool>,
}

/// Asks for [`Status`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct VaultStatusRequest {}

/// Asks whether the OS keychain works: write, read, delete.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct KeychainProbeRequest {}

/// What the OS keychain answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct KeychainProbe {
    /// Whether a vault can be unlocked with it.
    pub usable: bool,
    /// What the platform calls it.
    pub name: String,
    /// Why it is not usable, and what to do; empty when it is.
    pub reason: String,
    /// What it really protects against on this platform, in one sentence (SECURITY.md T-06).
    pub truth: String,
}

/// Makes the vault.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct VaultCreate {
    /// How it will be unlocked.
    pub mode: Mode,
    /// Required in passphrase mode, refused otherwise.
    pub passphrase: Option<Plaintext>,
    /// Memory of Argon2id in MiB (64…1024); measured when absent (SECURITY.md §b.7).
    pub kdf_memory_mib: Option<u32>,
    /// Whether the passphrase opens the vault only together with a secret in this machine's keychain.
    #[serde(default)]
    pub device_secret: bool,
}

/// Unlocks: by keychain, else by the passphrase.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct VaultUnlock {
    /// Needed in passphrase mode.
    pub passphrase: Option<Plaintext>,
}

/// Drops the keys, all but those that keep tokens fresh where the settings say so.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct VaultLock {}

/// “This kind, this id, changed”: whoever shows it reads it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Change {
    /// What changed.
    pub kind: ChangeKind,
    /// Its id; empty for the vault as a whole.
    pub id: String,
}

/// Kinds of things that change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum ChangeKind {
    /// Made, unlocked, locked.
    Vault,
    /// An environment.
    Environment,
    /// A Secret.
    Secret,
    /// A Credential.
    Credential,
    /// An Application.
    Application,
    /// An AuthClient.
    AuthClient,
    /// A Connection.
    Connection,
    /// A running consent.
    Consent,
    /// How far a rekey is.
    Rekey,
    /// How far a long work is.
    Work,
    /// The settings that protect.
    Settings,
}

/// A reply of something that was tried once for each of several things.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Failure {
    /// What it was tried on.
    pub subject: String,
    /// Why it failed.
    pub error: Error,
}
