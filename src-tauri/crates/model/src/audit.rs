//! What the audit log records; never a value.

use std::time::Duration;

use crate::Timestamp;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// Who: `owner`, or `keyward` for background work; with the process where it is known.
    pub actor: String,
    /// What, as `noun.verb`, for example `secret.reveal`.
    pub action: String,
    /// On what: kind, environment and key, never a value.
    pub subject: String,
    /// How it ended: `ok`, or the code of the error.
    pub outcome: String,
    /// How long the provider took over the request that it tells of, in whole milliseconds; of a refresh alone.
    pub took: Option<Duration>,
}
