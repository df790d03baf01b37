//! `health`: what is not well with stored values.

use serde::{Deserialize, Serialize};

use super::Outcome;

/// One thing to mend: a `check` of CLI.md that says where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Finding {
    /// The rule: `expired`, `overdue`, `expiring`, `reused`, `weak` or `never_rotated`.
    pub id: String,
    /// `fail`: to be acted on now; `warn`: it can wait.
    pub outcome: Outcome,
    /// What was found.
    pub message: String,
    /// The command that mends it.
    pub hint: String,
    /// With which value.
    pub place: ValuePlace,
    /// RFC 3339: an end, the day rotation was due, the day the value was made.
    pub at: Option<String>,
    /// The other places of the same value.
    pub others: Vec<ValuePlace>,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ValuePlace {
    /// `secret`, `credential`, `connection` or `auth_client`.
    pub kind: String,
    /// UUID of the item.
    pub item: String,
    /// Name of the environment.
    pub environment: String,
    /// Key of the item.
    pub key: String,
    /// The variable or field, where there are several.
    pub field: Option<String>,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct HealthReport {
    /// What to mend, the most urgent first; at most 5 000.
    pub findings: Vec<Finding>,
    /// Findings beyond these.
    pub left_out: u32,
    /// Values that were looked at.
    pub checked: u32,
    /// Values among them that could not be read; `doctor` says why.
    pub unread: u32,
}

/// What can be said without opening a value: ends and ages.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct HealthList {}

/// Everything: opens each confidential value once. Audited.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct HealthCheck {}
