//! Resolving References for the Caller.

use super::{Error, Plaintext};
use serde::{Deserialize, Serialize};

/// Resolves a batch of References; the audit log has one event for each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Resolve {
    /// Environment meant by References that name none.
    pub environment: String,
    /// URIs, brace references, keys or `@APP`.
    pub references: Vec<String>,
}

/// One answer for each Reference, in order.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Resolved {
    /// The answers.
    pub answers: Vec<Resolution>,
    /// Says that this read could not be written to the audit log (SECURITY.md L-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub notice: Option<String>,
}

/// A value, or why there is none.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum Resolution {
    /// The value.
    Value(Plaintext),
    /// Why there is none.
    Error(Error),
}
