//! The grant doctor: why a Connection is as it is (OA10).

use serde::{Deserialize, Serialize};

use super::Connection;

/// Asks why a Connection failed, ended, or will end. Nobody else is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionWhy {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
}

/// What the grant doctor says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Diagnosis {
    /// The Connection.
    pub connection: Connection,
    /// The likeliest cause first, then those that may also be it; never empty.
    pub causes: Vec<Cause>,
    /// RFC 3339; when the Owner last consented, where the audit log still says so.
    pub consented_at: Option<String>,
}

/// One cause, in the provider's terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Cause {
    /// A stable word.
    pub id: String,
    /// What happened, in a few words.
    pub title: String,
    /// Why.
    pub why: String,
    /// What mends it; empty where nothing is broken.
    pub fix: String,
    /// The one act that does it here.
    pub act: Remedy,
    /// The command of that act; `null` where there is nothing to do here.
    pub command: Option<String>,
}

/// The one act that mends a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum Remedy {
    /// Nothing is broken.
    Nothing,
    /// Keyward tries again by itself.
    Wait,
    /// A refresh by hand.
    Refresh,
    /// The Owner consents again.
    Connect,
    /// The AuthClient is changed.
    EditAuthClient,
    /// Something at the provider, then a new consent.
    AtProvider,
}
