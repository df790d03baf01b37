//! The recovery key: offered, typed back, used.

use super::{Mode, Plaintext};
use serde::{Deserialize, Serialize};

/// A recovery key that counts once two of its groups were typed back.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RecoveryOffer {
    /// Eight groups of four characters, joined by dashes.
    pub recovery_key: Plaintext,
    /// Which groups to type back, from 0, ascending.
    pub ask: Vec<usize>,
}

/// Makes a recovery key for an unlocked vault; the one it has ends when this one is confirmed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RecoveryBegin {
    /// Needed where the vault has a recovery key and a passphrase.
    pub passphrase: Option<Plaintext>,
}

/// Opens a vault, locked or not, with its recovery key, and offers a new one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RecoveryUse {
    /// The recovery key, as it was typed.
    pub recovery_key: Plaintext,
    /// How the vault will be unlocked; every other way in ends.
    pub mode: Mode,
    /// Required in passphrase mode, refused otherwise.
    pub passphrase: Option<Plaintext>,
    /// Whether the passphrase opens the vault only together with a secret in this machine's keychain.
    pub device_secret: bool,
}

/// The groups asked for, typed back: does what the offer was made for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RecoveryConfirm {
    /// In the order of [`RecoveryOffer::ask`].
    pub groups: Vec<Plaintext>,
}

/// Takes the offer back; nothing has changed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RecoveryDecline {}
