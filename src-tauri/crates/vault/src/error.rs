//! What can go wrong with a vault. No text in here ever holds a value, a key or a passphrase.

use std::fmt;

use crate::keychain::KeychainError;

/// The result of a vault operation.
pub type Result<T> = std::result::Result<T, Error>;

/// How the vault file compares with the newest state this machine has seen (SECURITY.md b.6).
///
/// Defined beside the error because [`Error::NotFresh`] carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// At least as new as the anchor, and on the same history.
    Ok,
    /// There is no anchor to compare with (a new machine, or a keychain that does not answer).
    None,
    /// An older copy of the vault was put back.
    Older {
        /// The generation the file carries.
        file: u64,
        /// The generation this machine has seen.
        seen: u64,
    },
    /// The file carries the seen generation or a later one, but another history led to it.
    Forked,
}

impl fmt::Display for Freshness {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => out.write_str("up to date"),
            Self::None => out.write_str("nothing to compare with on this machine"),
            Self::Older { file, seen } => write!(
                out,
                "an older copy: it is at change {file}, this machine has seen change {seen}"
            ),
            Self::Forked => out.write_str("another history than the one this machine has seen"),
        }
    }
}

/// Why a vault operation was refused or failed.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The vault has no key in memory.
    #[error("the vault is locked")]
    Locked,
    /// There is no such thing; the text names it.
    #[error("{0} was not found")]
    NotFound(String),
    /// The change contradicts what is stored; the text says how.
    #[error("{0}")]
    Conflict(String),
    /// A vault of this name is there already.
    #[error("{0} exists already")]
    Exists(String),
    /// The passphrase, recovery key or keychain key opens no slot of this vault.
    #[error("that key does not open this vault")]
    WrongKey,
    /// The keychain could not be used.
    #[error(transparent)]
    KeychainUnavailable(#[from] KeychainError),
    /// The file is older than, or forked from, what this machine has seen (SECURITY.md b.6).
    #[error("the vault file is {0}")]
    NotFresh(Freshness),
    /// The file fails its checks; the text says where.
    #[error("the vault is damaged: {0}")]
    Corrupt(String),
    /// Owner, mode or kind of a file is not what a private file has; the text names the path and the way out.
    #[error("{0}")]
    Unsafe(String),
    /// A newer Keyward wrote this; the text says what.
    #[error("{0} was written by a newer Keyward")]
    TooNew(String),
    /// A value, note or file is above its limit.
    #[error("this is larger than a vault takes")]
    TooLarge,
    /// Somebody else holds what is needed; the text says what, and nothing was changed.
    #[error("{0} is in use by another Keyward")]
    Busy(String),
    /// The vault can be read but not changed; the text says why.
    #[error("the vault cannot be changed: {0}")]
    ReadOnly(String),
    /// The person stopped a long work; nothing was changed.
    #[error("stopped; nothing was changed")]
    Stopped,
    /// The disk or the database failed; the text says which step.
    #[error("storage failed: {0}")]
    Storage(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SECURITY.md §b.6: a person is told which of the two files is behind.
    #[test]
    fn r08_freshness_names_both_states() {
        let older = Freshness::Older { file: 3, seen: 7 }.to_string();
        assert!(
            older.contains("change 3") && older.contains("change 7"),
            "{older}"
        );
        let all = [
            Freshness::Ok.to_string(),
            Freshness::None.to_string(),
            older,
            Freshness::Forked.to_string(),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!one.is_empty() && !all[..at].contains(one), "{one}");
        }
    }
}
