//! Bulk import of AuthClients and planned Connections.

use serde::{Deserialize, Serialize};

/// Checks the lines of a roster, and writes them all or none (OA13). Whoever asks has read the file: no line holds
/// what looked like a secret.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuthClientImport {
    /// Name of the environment.
    pub environment: String,
    /// At most two thousand.
    pub lines: Vec<RosterLine>,
    /// Keeps what is there where a key is taken; else nothing is imported then.
    pub skip_existing: bool,
    /// Writes nothing.
    pub dry_run: bool,
}

/// One line as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RosterLine {
    /// Line or member of the file.
    pub place: String,
    /// What it makes.
    pub kind: RosterKind,
    /// Its fields.
    pub fields: Vec<RosterField>,
}

/// What a line makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum RosterKind {
    /// An AuthClient.
    AuthClient,
    /// A Connection that awaits consent.
    Connection,
}

/// One field of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RosterField {
    /// Its name.
    pub name: String,
    /// One text, several words, or `NAME=VALUE` each.
    pub values: Vec<String>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuthClientImported {
    /// Lines without a fault.
    pub rows: Vec<RosterRow>,
    /// All that is wrong.
    pub complaints: Vec<RosterComplaint>,
    /// Whether it was written.
    pub written: bool,
}

/// A line without a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RosterRow {
    /// Line or member of the file.
    pub place: String,
    /// What it makes.
    pub kind: RosterKind,
    /// Its key.
    pub key: String,
    /// Whether the key is taken already.
    pub taken: bool,
    /// Of an AuthClient that is made: whether it still wants its client secret.
    pub wants_client_secret: bool,
}

/// A fault of a file; never holds a value that looks like a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RosterComplaint {
    /// Line or member of the file.
    pub place: String,
    /// Field; empty for the whole line.
    pub field: String,
    /// What is wrong.
    pub reason: String,
    /// What to do; may be empty.
    pub hint: String,
}
