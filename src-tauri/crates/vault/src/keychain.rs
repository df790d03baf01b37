//! The OS keychain: where the key of an `os-keychain` slot and the freshness anchor lie (SECURITY.md b.2, b.6).
//!
//! Only 32 to 96 raw bytes go in, never the vault, a token or a value. A missing entry is an answer, not
//! “first run”: a keychain without an open collection says the same, so an existing vault never gets a new key
//! because of it; [`probe`] tells the two apart.

mod os;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use zeroize::Zeroizing;

pub use os::{OsKeychain, name, truth};

/// How long a call may take when nobody is asked anything.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// The service under which all our entries lie.
pub const SERVICE: &str = "dev.keyward.vault";

/// Why the keychain could not be used.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// Nobody provides a keychain here; the text is the system's own reason.
    #[error("this system offers no keychain ({0})")]
    Absent(String),
    /// The keychain is there and refused: it is locked, has no collection, or the person said no.
    #[error("the keychain refused access ({0})")]
    Denied(String),
    /// The keychain did not answer before the deadline.
    #[error("the keychain did not answer in time")]
    Silent,
    /// It works, and what a vault needs of it is gone: it was emptied or reset, or this is another machine.
    #[error("the keychain holds no {0} for this vault")]
    Lost(&'static str),
    /// Anything else; the text is the system's own reason.
    #[error("the keychain failed ({0})")]
    Failed(String),
}

impl KeychainError {
    /// What happened, in one sentence, without the system's own words.
    #[must_use]
    pub fn plainly(&self) -> &'static str {
        match self {
            Self::Absent(_) => "No keychain runs in this login session.",
            Self::Denied(_) => "The keychain refused access.",
            Self::Silent => "The keychain did not answer in time.",
            Self::Lost("key") => "The keychain works, but the key of this vault is not in it.",
            Self::Lost(_) => "The keychain works, but the device secret of this vault is not in it.",
            Self::Failed(_) => "The keychain failed.",
        }
    }

    /// What the person can do about it, in one sentence or two.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Absent(_) => {
                "Start a keychain service in your login session, or use a vault with a passphrase."
            }
            Self::Denied(_) => {
                "Unlock the keychain, by logging in on the desktop or with its own program, then try again."
            }
            Self::Silent => {
                "It may be waiting for an answer in a window of its own. Answer it, or log in again, then try again."
            }
            Self::Lost(_) => {
                "It was emptied or reset, or this is another machine. Your data is safe: `keyward recovery use` opens the vault with its recovery key and stores a new key."
            }
            Self::Failed(_) => "Run `keyward doctor`. The recovery key opens the vault without the keychain.",
        }
    }
}

/// Somewhere to keep a few bytes that the operating system guards.
pub trait Keychain: Send + Sync {
    /// The bytes of `account`; `None` when there is no such entry, or no collection that could hold it.
    ///
    /// # Errors
    /// [`KeychainError::Silent`] after `deadline`.
    fn get(&self, account: &str, deadline: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError>;

    /// Puts `bytes` (32 to 96) under `account`, over what is there.
    ///
    /// # Errors
    /// [`KeychainError::Silent`] after `deadline`; the entry may or may not have been written then.
    fn set(&self, account: &str, bytes: &[u8], deadline: Duration) -> Result<(), KeychainError>;

    /// The accounts of all our entries, as far as this keychain can list them.
    ///
    /// # Errors
    /// [`KeychainError::Silent`] after `deadline`.
    fn accounts(&self, deadline: Duration) -> Result<Vec<String>, KeychainError> {
        let _ = deadline;
        Ok(Vec::new())
    }

    /// Removes `account`; an entry that is not there is fine.
    ///
    /// # Errors
    /// [`KeychainError::Silent`] after `deadline`; the entry may or may not be gone then.
    fn delete(&self, account: &str, deadline: Duration) -> Result<(), KeychainError>;
}

/// Writes, reads and deletes an entry: the only proof that a keychain will keep a key.
///
/// # Errors
/// What the keychain said; [`KeychainError::Failed`] when it gave back something else than was put in
/// (some keep text only, so the probe holds every kind of byte).
pub fn probe(keychain: &dyn Keychain) -> Result<(), KeychainError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // An account of its own for each probe: two at once must not delete each other's entry.
    let account = format!(
        "probe:{}:{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 255 / 31).unwrap_or(0xff));
    keychain.set(&account, &bytes, DEADLINE)?;
    let found = keychain.get(&account, DEADLINE);
    let deleted = keychain.delete(&account, DEADLINE);
    match found? {
        Some(found) if *found == bytes => deleted,
        Some(_) => Err(KeychainError::Failed(
            "it does not keep bytes as they are".to_owned(),
        )),
        None => Err(KeychainError::Failed(
            "it forgot what was just written".to_owned(),
        )),
    }
}

/// A keychain that is not there, for tests that need none.
#[cfg(test)]
pub(crate) struct NoKeychain;

#[cfg(test)]
impl Keychain for NoKeychain {
    fn get(&self, _: &str, _: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        Err(KeychainError::Absent("none".to_owned()))
    }

    fn set(&self, _: &str, _: &[u8], _: Duration) -> Result<(), KeychainError> {
        Err(KeychainError::Absent("none".to_owned()))
    }

    fn delete(&self, _: &str, _: Duration) -> Result<(), KeychainError> {
        Err(KeychainError::Absent("none".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// each way of failing has a sentence of its own and a way out, without the system's own words.
    #[test]
    fn r29_every_failure_is_explained() {
        let own = || "canary: org.freedesktop.DBus".to_owned();
        let all = [
            KeychainError::Absent(own()),
            KeychainError::Denied(own()),
            KeychainError::Silent,
            KeychainError::Lost("key"),
            KeychainError::Lost("device secret"),
            KeychainError::Failed(own()),
        ];
        let sentences: std::collections::HashSet<_> = all.iter().map(KeychainError::plainly).collect();
        assert_eq!(sentences.len(), all.len());
        for error in &all {
            for text in [error.plainly(), error.hint()] {
                assert!(text.ends_with('.') && !text.contains("canary"), "{text}");
            }
        }
    }

    type Keep = fn(&[u8]) -> Option<Vec<u8>>;

    /// A keychain that keeps what `keep` makes of it.
    struct Keeps {
        keep: Keep,
        held: Mutex<Option<Vec<u8>>>,
    }

    impl Keychain for Keeps {
        fn get(&self, _: &str, _: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
            Ok(self.held.lock().unwrap().clone().map(Zeroizing::new))
        }

        fn set(&self, _: &str, bytes: &[u8], _: Duration) -> Result<(), KeychainError> {
            *self.held.lock().unwrap() = (self.keep)(bytes);
            Ok(())
        }

        fn delete(&self, _: &str, _: Duration) -> Result<(), KeychainError> {
            *self.held.lock().unwrap() = None;
            Ok(())
        }
    }

    /// a keychain that says yes and keeps nothing, or something else, would lose the key of a vault.
    #[test]
    fn r29_a_keychain_that_keeps_badly_is_refused() {
        let probed = |keep: Keep| {
            let keychain = Keeps {
                keep,
                held: Mutex::default(),
            };
            let outcome = probe(&keychain);
            assert_eq!(*keychain.held.lock().unwrap(), None, "nothing of the probe stays");
            assert_eq!(keychain.accounts(DEADLINE), Ok(Vec::new()), "nobody has to list");
            outcome
        };
        assert_eq!(probed(|bytes| Some(bytes.to_vec())), Ok(()));
        let bad: [Keep; 3] = [
            |_| None,
            |bytes| Some(String::from_utf8_lossy(bytes).into_owned().into_bytes()),
            |bytes| Some(bytes.iter().copied().take_while(|byte| *byte != 0).collect()),
        ];
        assert!(matches!(probe(&NoKeychain), Err(KeychainError::Absent(_))));
        for keep in bad {
            assert!(matches!(probed(keep), Err(KeychainError::Failed(_))));
        }
    }
}
