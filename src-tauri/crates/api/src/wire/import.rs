//! Import: parts of a document in, a plan out, and what was done.

use super::Plaintext;
use serde::{Deserialize, Serialize};

/// Hands over what was read of another program's file, as the document of our own export (FORMAT.md of
/// `crates/foreign` tells it), in parts of at most 1 MiB.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportStage {
    /// The import it belongs to; absent: a new one begins.
    pub import: Option<String>,
    /// The next bytes.
    pub bytes: Plaintext,
    /// Whether these are the last.
    pub last: bool,
}

/// An import under review.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ImportStaged {
    /// Its identity, until the vault is locked.
    pub import: String,
}

/// What to do where a key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum ImportConflict {
    /// Ask the person.
    Ask,
    /// Keep what is there.
    Skip,
    /// A new version of what is there.
    Version,
    /// Beside it, under another key.
    Rename,
}

/// How an entry compares with the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum ImportStanding {
    /// Its key is free.
    New,
    /// The same values are there.
    Same,
    /// The key is there with another value.
    Changed,
    /// The key belongs to a thing of another kind.
    Taken,
    /// It cannot be stored.
    Unusable,
}

/// What is done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum ImportAction {
    /// Made new.
    Add,
    /// Left out.
    Skip,
    /// Stored as a new version.
    Version,
    /// Made new under another key.
    Rename,
    /// Undecided.
    Ask,
}

/// What the person decided of one row.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ImportChoice {
    /// Number of the row.
    pub row: u32,
    /// What to do; absent: what the rule says.
    pub action: Option<ImportAction>,
    /// Another key.
    pub key: Option<String>,
}

/// Plans a staged import; writes nothing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ImportPlanRequest {
    /// The staged import.
    pub import: String,
    /// Name of the environment entries go to that name none themselves.
    pub environment: String,
    /// The rule for taken keys.
    pub on_conflict: ImportConflict,
    /// What was decided otherwise.
    pub choices: Vec<ImportChoice>,
    /// Only rows with a number after this one: the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub after: Option<u32>,
    /// At most so many rows; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub limit: Option<u32>,
}

/// One row of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ImportRow {
    /// Number, from 0, in the order of the file.
    pub row: u32,
    /// What it is called in the file.
    pub found: String,
    /// Folders it lay in.
    pub folder: String,
    /// `secret`, `credential` or `connection`.
    pub kind: String,
    /// Names of its variables; empty for a secret.
    pub variables: Vec<String>,
    /// The environment it goes to.
    pub environment: String,
    /// The key it gets; empty when none can be had.
    pub key: String,
    /// Whether the key was proposed, because its own name is none or is taken twice.
    pub proposed: bool,
    /// Against the vault.
    pub standing: ImportStanding,
    /// What is done.
    pub action: ImportAction,
    /// Number of the version that a secret would get.
    pub next_version: Option<u32>,
    /// Why it cannot be stored, or what is special.
    pub remark: String,
}

/// A plan: what would happen, and one page of its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ImportPlan {
    /// How many rows there are in all.
    pub total: u32,
    /// Rows of this page.
    pub rows: Vec<ImportRow>,
    /// Environments that would be made.
    pub environments: Vec<String>,
    /// What was left out when the file was read.
    pub remarks: Vec<String>,
}

/// Carries a plan out: all of it, or nothing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ImportApply {
    /// The staged import.
    pub import: String,
    /// As in the plan.
    pub environment: String,
    /// As in the plan.
    pub on_conflict: ImportConflict,
    /// As in the plan.
    pub choices: Vec<ImportChoice>,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ImportSummary {
    /// Made new.
    pub added: u32,
    /// Stored as a new version.
    pub versions: u32,
    /// Made new under another key.
    pub renamed: u32,
    /// Left out.
    pub skipped: u32,
    /// Environments that were made.
    pub environments: Vec<String>,
}

/// Moves what an import made to the trash.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ImportUndo {
    /// The import that was carried out.
    pub import: String,
}

/// What an undo did.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ImportUndone {
    /// How many things moved to the trash.
    pub trashed: u32,
}

/// Forgets an import.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ImportDiscard {
    /// The import.
    pub import: String,
}
