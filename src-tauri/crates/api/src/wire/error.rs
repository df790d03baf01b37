//! The one error shape of every face.

use serde::{Deserialize, Serialize};

/// What went wrong, as a word that faces act on; each has its exit status (CLI.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum Code {
    /// A fault of ours.
    Internal,
    /// Invalid input.
    Usage,
    /// No such thing.
    NotFound,
    /// Locked, or the wrong passphrase.
    Locked,
    /// The Owner, a rule or the provider's consent page said no.
    Denied,
    /// Exists, immutable, in use, or changed meanwhile.
    Conflict,
    /// A person must consent (again).
    NeedsConsent,
    /// The provider or the network failed for now.
    Provider,
    /// Damaged, forged, older than last seen, or open to others.
    Corrupt,
    /// No usable OS keychain where one is needed.
    Keychain,
}

impl Code {
    /// The exit status of the command line.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Locked => 4,
            Self::Denied => 5,
            Self::Conflict => 6,
            Self::NeedsConsent => 7,
            Self::Provider => 8,
            Self::Corrupt => 9,
            Self::Keychain => 10,
        }
    }
}

/// An error as every face shows it; no field ever holds a value, a token or a response body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export, rename = "WireError"))]
pub struct Error {
    /// What faces act on.
    pub code: Code,
    /// What happened, in one sentence.
    pub message: String,
    /// What the person can do; may be empty.
    pub hint: String,
}

impl Error {
    /// An error with a hint.
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// Invalid input: says which field and why.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message, "")
    }
}
