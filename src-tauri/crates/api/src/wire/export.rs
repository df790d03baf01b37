//! Export: where to, for whom, and what was written.

use super::Plaintext;
use serde::{Deserialize, Serialize};

/// Writes an export to a new file of this machine.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportWrite {
    /// Absolute path of the file; it must not exist.
    pub path: String,
    /// What the file shall be.
    pub shape: ExportShape,
    /// The passphrase of the vault, where it has one and values go out.
    pub passphrase: Option<Plaintext>,
}

/// What the file shall be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum ExportShape {
    /// An age file that this passphrase opens.
    Passphrase(Plaintext),
    /// An age file for the identities of these recipients.
    Recipients(Vec<String>),
    /// Every value in plain text.
    Plaintext,
    /// No value at all.
    Structure,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Exported {
    /// The file.
    pub path: String,
    /// Secrets and credentials in it.
    pub items: u32,
    /// Environments in it.
    pub environments: u32,
    /// What is not in it.
    pub remarks: Vec<String>,
}
