//! The audit log.

use serde::{Deserialize, Serialize};

/// The `audit_event` object of CLI.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuditEvent {
    /// From 1, without gaps.
    #[cfg_attr(test, ts(type = "number"))]
    pub seq: u64,
    /// RFC 3339.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// On what.
    pub subject: String,
    /// How it ended.
    pub outcome: String,
}

/// Lists events, oldest first, at most 1 000.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuditList {
    /// RFC 3339; only events from then on.
    pub since: Option<String>,
    /// Only events with a greater number.
    #[cfg_attr(test, ts(type = "number | null"))]
    pub after: Option<u64>,
}

/// Lists the newest events about one item, newest first, at most 100.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ItemEvents {
    /// Name of the environment.
    pub environment: String,
    /// Key of the item.
    pub key: String,
}

/// Walks the whole chain (SECURITY.md §b.5).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuditVerify {}

/// The chain holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuditVerified {
    /// Events checked.
    #[cfg_attr(test, ts(type = "number"))]
    pub events: u64,
}
