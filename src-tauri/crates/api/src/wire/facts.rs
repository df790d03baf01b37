//! What is known of the tokens of a Connection beside its state, and what a list of Connections cannot show.

use serde::{Deserialize, Serialize};

/// Asks what is known of the tokens of a Connection. Nobody else is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionFacts {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
}

/// What is known of the tokens of a Connection beside its state. No token is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct TokenFacts {
    /// Scopes asked for at the last consent.
    pub asked: Vec<String>,
    /// Claims of the ID token that the present tokens came with; empty without one.
    pub claims: Vec<Claim>,
    /// When the refresh token ends; `null` where nobody said.
    pub refresh_token_end: Option<TokenEnd>,
    /// RFC 3339; when the Owner last consented, where the audit log still says so.
    pub consented_at: Option<String>,
    /// Refreshes that failed in a row.
    pub failures: u32,
    /// RFC 3339; no refresh before this moment, after failures.
    pub retry_at: Option<String>,
    /// Seconds that the provider's clock was ahead of ours at its last answer.
    #[cfg_attr(test, ts(type = "number | null"))]
    pub clock_skew: Option<i64>,
    /// Whether the newest tokens are in memory alone: the disk does not take them (O-72).
    pub unsaved: bool,
    /// Tokens of it that the provider could not be asked to forget yet (O-52), oldest first.
    pub revocations: Vec<QueuedRevocation>,
}

/// What an ID token says, as plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Claim {
    /// As the provider calls it.
    pub name: String,
    /// Times are seconds since 1970.
    pub value: String,
}

/// The end of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct TokenEnd {
    /// RFC 3339.
    pub at: String,
    /// Whether using it moves that moment, so that it ends of idleness alone; a fixed end asks for a person.
    pub idle: bool,
}

/// Dropped tokens that wait for their provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct QueuedRevocation {
    /// RFC 3339; when they were dropped.
    pub queued_at: String,
    /// Tries that failed since.
    pub tries: u32,
    /// RFC 3339; the next try.
    pub retry_at: String,
}

/// Lists the Connections that are in trouble for a reason that a row of a list does not show, by key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionAlarms {
    /// Name of the environment.
    pub environment: String,
}

/// A Connection in such trouble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Alarm {
    /// Id of the Connection.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: AlarmKind,
    /// RFC 3339; when the refresh token ends, of `ending`.
    pub at: Option<String>,
}

/// What a row of a list does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum AlarmKind {
    /// The newest tokens are in memory alone: the disk does not take them (O-72).
    Unsaved,
    /// The refresh token ends, whatever is done: a person must consent again before (OA9).
    Ending,
}
