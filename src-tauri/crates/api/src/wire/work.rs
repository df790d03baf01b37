//! How far long works are.

use serde::{Deserialize, Serialize};

/// A work that takes longer the more there is, and that one request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum Work {
    /// `import_apply`.
    Import,
    /// `health_check`.
    HealthCheck,
}

/// Asks for [`WorkProgress`]; whoever waits asks beside the request that does the work.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct WorkStatus {
    /// Which one.
    pub work: Work,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct WorkProgress {
    /// Whether there is one under way.
    pub running: bool,
    /// Rows or values that are done.
    pub done: u32,
    /// Of so many.
    pub total: u32,
}
