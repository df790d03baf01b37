//! A new key for the whole vault.

use super::{Error, Plaintext};
use serde::{Deserialize, Serialize};

/// Proves the Owner and offers the recovery key that the vault will have; confirming that starts the work.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RekeyBegin {
    /// How much is made anew.
    pub depth: RekeyDepth,
    /// Needed where the vault has one.
    pub passphrase: Option<Plaintext>,
}

/// How much is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum RekeyDepth {
    /// The vault's key, and how every item's key is wrapped.
    Shallow,
    /// Every item's key and content too.
    Deep,
}

/// Asks for [`RekeyProgress`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RekeyStatus {}

/// Stops the work; the vault is as it was before.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RekeyStop {}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RekeyProgress {
    /// Whether it runs, and how it ended.
    pub state: RekeyState,
    /// What it is doing.
    pub stage: RekeyStage,
    /// Records or rows of the log that are done.
    #[cfg_attr(test, ts(type = "number"))]
    pub done: u64,
    /// Of so many.
    #[cfg_attr(test, ts(type = "number"))]
    pub total: u64,
    /// About so many seconds more; told after the first three.
    pub seconds_left: Option<u32>,
    /// Why it failed.
    pub error: Option<Error>,
}

/// Whether a rekey runs, and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum RekeyState {
    /// It runs.
    Running,
    /// The vault has its new key.
    Done,
    /// It was stopped: the vault is as it was.
    Stopped,
    /// It failed: the vault is as it was.
    Failed,
}

/// What a rekey is doing, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum RekeyStage {
    /// Waiting for refreshes that are under way.
    Waiting,
    /// Opening every item as it is.
    Checking,
    /// Locking every item with the new key.
    Sealing,
    /// Sealing the activity log anew.
    Chaining,
    /// Opening every item with the new key.
    Verifying,
    /// Storing the new key; from here on nothing stops it.
    Storing,
}
