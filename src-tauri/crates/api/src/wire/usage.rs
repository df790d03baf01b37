//! What was used lately.

use serde::{Deserialize, Serialize};

/// How one item was used: what the audit log tells, without opening a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Usage {
    /// Name of the environment.
    pub environment: String,
    /// Key of the Secret, Credential or Connection.
    pub key: String,
    /// Reads by all programs together.
    pub reads: u32,
    /// RFC 3339: the newest of them.
    pub last_read_at: String,
    /// Who read it, the latest first.
    pub programs: Vec<ProgramUsage>,
}

/// How one program used one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ProgramUsage {
    /// `window`, or the name of an executable.
    pub program: String,
    /// Its reads.
    pub reads: u32,
    /// RFC 3339: the newest of them.
    pub last_read_at: String,
}

/// Lists the items that were read lately, by environment and key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct UsageList {
    /// Name of an environment; absent: all.
    pub environment: Option<String>,
    /// How many days back, from 1; absent: 30.
    pub days: Option<u32>,
    /// Only those that come after this one, as `ENV/KEY`: the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub after: Option<String>,
    /// At most so many; absent: all. Over the socket a page has at most 1 000 (SECURITY.md §b.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub limit: Option<u32>,
}
