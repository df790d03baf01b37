//! The keychain of this operating system, through `keyring-core` and one store per system.
//!
//! No call may hang: a session bus that accepts and never answers blocks its caller for ever, so each call runs
//! on a thread of its own and is given up after its deadline.
//!
//! The Secret Service is run by the tests. The stores of macOS and Windows are typed against their crates and were never
//! run here.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use keyring_core::{CredentialStore, Entry, Error as Refusal};
use zeroize::Zeroizing;

use super::{Keychain, KeychainError, SERVICE};

/// Above this many calls that never came back, the next one is answered at once instead of costing a thread.
const MOST_WAITING: usize = 16;
/// Bytes an entry may hold: keys and anchors only.
const SIZES: std::ops::RangeInclusive<usize> = 32..=96;

/// What the keychain is called on this system, for sentences.
#[must_use]
pub fn name() -> &'static str {
    if cfg!(target_os = "macos") {
        "macOS Keychain"
    } else if cfg!(windows) {
        "Windows Credential Manager"
    } else {
        "Secret Service"
    }
}

/// What that keychain really protects against, in one sentence (SECURITY.md T-06). The sentences for macOS and Windows
/// are those systems' documented behaviour; they were not run.
#[must_use]
pub fn truth() -> &'static str {
    if cfg!(target_os = "macos") {
        "macOS asks before a program other than Keyward reads the key; one that you allowed, or that runs as an administrator, can open this vault."
    } else if cfg!(windows) {
        "Windows gives the key to every program that runs as you: while you are logged in, any of them can open this vault."
    } else {
        "The Secret Service gives the key to every program that runs as you: while you are logged in, any of them can open this vault."
    }
}

/// The keychain of the logged-in user.
///
/// The connection is opened by the first call and kept, as opening costs far more than reading. One that fails
/// is opened anew, so a long-living process survives a restart of the keychain service.
pub struct OsKeychain {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    store: Mutex<Option<Arc<CredentialStore>>>,
    waiting: AtomicUsize,
}

impl Default for OsKeychain {
    fn default() -> Self {
        Self::new()
    }
}

impl OsKeychain {
    /// Connects to nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shared: Arc::default(),
        }
    }

    /// Runs `work` on the entry of `account`, as [`OsKeychain::bounded`] does.
    fn on_entry<T: Send + 'static>(
        &self,
        account: &str,
        deadline: Duration,
        work: impl Fn(&Entry) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, KeychainError> {
        let account = account.to_owned();
        self.bounded(deadline, move |store| {
            work(&store.build(SERVICE, &account, None)?)
        })
    }

    /// Runs `work` on a thread of its own and waits for it up to `deadline`.
    fn bounded<T: Send + 'static>(
        &self,
        deadline: Duration,
        work: impl Fn(&CredentialStore) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, KeychainError> {
        let Some(place) = Place::take(&self.shared) else {
            return Err(KeychainError::Silent);
        };
        let (sender, answer) = mpsc::sync_channel(1);
        thread::Builder::new()
            .name("keychain".to_owned())
            .spawn(move || {
                let result = place.0.run(&work);
                drop(place);
                // Nobody listens after the deadline; what comes too late is dropped, and wiped where it is a key.
                let _ = sender.send(result);
            })
            .map_err(|error| KeychainError::Failed(plain(&error)))?;
        match answer.recv_timeout(deadline) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => {
                // The thread is leaked on purpose: nothing can end a call that waits inside the system. It holds
                // its connection, so the next call needs another one.
                *self.shared.kept() = None;
                Err(KeychainError::Silent)
            }
            Err(RecvTimeoutError::Disconnected) => {
                Err(KeychainError::Failed("the call broke off".to_owned()))
            }
        }
    }
}

impl Keychain for OsKeychain {
    fn get(&self, account: &str, deadline: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        self.on_entry(account, deadline, |entry| match entry.get_secret() {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(Refusal::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn set(&self, account: &str, bytes: &[u8], deadline: Duration) -> Result<(), KeychainError> {
        if !SIZES.contains(&bytes.len()) {
            return Err(KeychainError::Failed(format!(
                "an entry holds {} to {} bytes",
                SIZES.start(),
                SIZES.end()
            )));
        }
        let bytes = Zeroizing::new(bytes.to_vec());
        self.on_entry(account, deadline, move |entry| entry.set_secret(&bytes))
    }

    fn delete(&self, account: &str, deadline: Duration) -> Result<(), KeychainError> {
        self.on_entry(account, deadline, |entry| match entry.delete_credential() {
            Err(Refusal::NoEntry) => Ok(()),
            other => other,
        })
    }

    fn accounts(&self, deadline: Duration) -> Result<Vec<String>, KeychainError> {
        self.bounded(deadline, |store| {
            match store.search(&HashMap::from([("service", SERVICE)])) {
                Ok(found) => {
                    let account = |entry: &Entry| entry.get_specifiers().map(|(_, account)| account);
                    Ok(found.iter().filter_map(account).collect())
                }
                Err(Refusal::NotSupportedByStore(_)) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        })
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Option<Arc<CredentialStore>>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `work` over the kept connection; where that one is broken, once more over a new one.
    fn run<T>(&self, work: &impl Fn(&CredentialStore) -> Result<T, Refusal>) -> Result<T, KeychainError> {
        // A binding of its own: the lock must not be held while the system works.
        let kept = self.kept().clone();
        if let Some(store) = kept {
            match work(&*store) {
                Err(Refusal::PlatformFailure(_)) => *self.kept() = None,
                other => return other.map_err(|error| explain(&error)),
            }
        }
        let store = open().map_err(|error| KeychainError::Absent(reason(&error)))?;
        *self.kept() = Some(Arc::clone(&store));
        work(&*store).map_err(|error| explain(&error))
    }
}

/// One of the [`MOST_WAITING`] places for calls under way, given back even when the call panics.
struct Place(Arc<Shared>);

impl Place {
    fn take(shared: &Arc<Shared>) -> Option<Self> {
        let place = Self(Arc::clone(shared));
        // On refusal the place is dropped here and counts down again.
        (shared.waiting.fetch_add(1, Ordering::Relaxed) < MOST_WAITING).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(not(any(target_os = "macos", windows)))]
fn open() -> Result<Arc<CredentialStore>, Refusal> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

#[cfg(target_os = "macos")]
fn open() -> Result<Arc<CredentialStore>, Refusal> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn open() -> Result<Arc<CredentialStore>, Refusal> {
    Ok(windows_native_keyring_store::Store::new()?)
}

fn explain(refusal: &Refusal) -> KeychainError {
    match refusal {
        Refusal::NoStorageAccess(_) => KeychainError::Denied(reason(refusal)),
        _ => KeychainError::Failed(reason(refusal)),
    }
}

/// The reason in words. Some refusals carry the bytes that were read: those are never looked at.
fn reason(refusal: &Refusal) -> String {
    match refusal {
        Refusal::PlatformFailure(cause) | Refusal::NoStorageAccess(cause) => plain(cause),
        Refusal::NoEntry => "there is no such entry".to_owned(),
        Refusal::BadEncoding(_) | Refusal::BadDataFormat(..) => "the entry is not what was stored".to_owned(),
        Refusal::BadStoreFormat(_) => "its storage is damaged".to_owned(),
        Refusal::TooLong(..) => "it takes no entry of this size".to_owned(),
        Refusal::Ambiguous(found) => format!("{} entries claim the same name", found.len()),
        Refusal::Invalid(what, _) => format!("it takes no such {}", plain(what)),
        Refusal::NotSupportedByStore(_) | Refusal::NoDefaultStore => "it cannot do this".to_owned(),
        _ => "for a reason we do not know".to_owned(),
    }
}

/// Text of the system, made fit for one line of a terminal.
fn plain(text: &impl ToString) -> String {
    text.to_string()
        .chars()
        .filter(|letter| !letter.is_control())
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// each refusal of the system has its own meaning, and bytes that were read never get into a text.
    #[test]
    fn r29_refusals_are_told_apart() {
        let cause = || Box::new(std::io::Error::other("no\u{1b}[2J\nbus"));
        assert_eq!(
            explain(&Refusal::NoStorageAccess(cause())),
            KeychainError::Denied("no[2Jbus".to_owned())
        );
        assert_eq!(
            explain(&Refusal::PlatformFailure(cause())),
            KeychainError::Failed("no[2Jbus".to_owned())
        );
        let canary = b"canary".to_vec();
        for refusal in [
            Refusal::BadEncoding(canary.clone()),
            Refusal::BadDataFormat(canary, Box::new(std::io::Error::other("canary"))),
            Refusal::BadStoreFormat("canary".to_owned()),
            Refusal::Ambiguous(Vec::new()),
            Refusal::TooLong("canary".to_owned(), 5),
            Refusal::NotSupportedByStore("canary".to_owned()),
        ] {
            let error = explain(&refusal);
            assert!(matches!(error, KeychainError::Failed(_)));
            assert!(!format!("{error} {error:?} {}", error.hint()).contains("canary"));
        }
    }

    /// T-06, ST1: the name of the keychain and what it protects against belong together.
    #[test]
    fn t06_the_truth_is_about_this_keychain() {
        assert!(truth().contains("can open this vault"));
        let about = name().split(' ').next().unwrap();
        assert!(truth().contains(about), "{about} in {}", truth());
    }

    #[test]
    fn only_keys_fit() {
        let keychain = OsKeychain::new();
        for length in [0, 31, 97] {
            assert!(matches!(
                keychain.set("a", &vec![0; length], Duration::ZERO),
                Err(KeychainError::Failed(_))
            ));
        }
    }

    /// calls that never return cost a bounded number of threads, and none costs more than its deadline.
    #[test]
    fn r29_hanging_calls_are_bounded() {
        let shared: Arc<Shared> = Arc::default();
        let taken: Vec<_> = (0..MOST_WAITING).map(|_| Place::take(&shared).unwrap()).collect();
        assert!(Place::take(&shared).is_none());
        let keychain = OsKeychain {
            shared: Arc::clone(&shared),
        };
        assert_eq!(
            keychain.get("a", Duration::from_secs(60)),
            Err(KeychainError::Silent)
        );
        drop(taken);
        assert_eq!(shared.waiting.load(Ordering::Relaxed), 0);
    }
}
