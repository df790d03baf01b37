//! Locks between processes: the refresh lease, the vault's lock, the queue for the KDF, and the place of the
//! one host (SECURITY.md b.5 “Locks”, L-01).
//!
//! All are locks of the operating system on files of their own, never on `vault.db` (closing any descriptor of
//! a database drops SQLite's locks). A killed holder loses its lock at once. Lock files are never removed: two
//! processes could then hold locks on two files of one name.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::time::Duration;

use keyward_model::Id;
use keyward_model::name::VaultName;

use crate::error::{Error, Result};
use crate::files;
use crate::home::Home;
use crate::platform;

/// How long a command queues for the KDF; each turn takes about a second.
const KDF_QUEUE: Duration = Duration::from_secs(120);
/// How long a writer of the anchor waits for another one; a turn is two calls of the keychain.
const ANCHOR_QUEUE: Duration = Duration::from_secs(10);
/// How often, and how far apart, a short moment between two steps of another process is waited out.
const TRIES: u32 = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// The right to refresh the tokens of one Connection; it ends when this is dropped or the process ends.
#[derive(Debug)]
#[must_use = "the lease ends when this is dropped"]
pub struct Lease {
    _file: File,
}

/// Takes the lease of `connection` in the vault `name`, waiting up to `wait`.
///
/// # Errors
/// [`Error::Busy`] when another thread or process still holds it after `wait`; [`Error::Unsafe`] when the
/// folder or file is not private.
pub fn take(home: &Home, name: &VaultName, connection: Id, wait: Duration) -> Result<Lease> {
    let folder = home.leases_dir(name);
    files::check_private_below(home.root(), &home.vault_dir(name))?;
    files::create_private_dir(&folder)?;
    let file = files::open_or_create_private(&folder.join(connection.to_string()))?;
    files::lock_exclusive(&file, wait, || "the sign-in of this Connection".to_owned())?;
    Ok(Lease { _file: file })
}

/// Held while the connection to a vault is open, or while its file is exchanged.
#[derive(Debug)]
#[must_use = "the lock ends when this is dropped"]
pub struct VaultLock {
    _file: File,
}

impl VaultLock {
    /// For every opener, for as long as its connection is open.
    ///
    /// # Errors
    /// [`Error::Busy`] when the file is still being exchanged after `wait`.
    pub fn shared(home: &Home, name: &VaultName, wait: Duration) -> Result<Self> {
        let file = Self::file(home, name)?;
        files::lock_shared(&file, wait, || vault_and_holder(home, name))?;
        Ok(Self { _file: file })
    }

    /// For restore, migration, rename and delete: nobody has the vault open.
    ///
    /// # Errors
    /// [`Error::Busy`] names the host, where there is one, when somebody has the vault open after `wait`.
    pub fn exclusive(home: &Home, name: &VaultName, wait: Duration) -> Result<Self> {
        let file = Self::file(home, name)?;
        files::lock_exclusive(&file, wait, || vault_and_holder(home, name))?;
        Ok(Self { _file: file })
    }

    fn file(home: &Home, name: &VaultName) -> Result<File> {
        let folder = home.vault_dir(name);
        files::check_private_below(home.root(), &folder)?;
        files::open_or_create_private(&folder.join("vault.lock"))
    }
}

/// The turn to derive a key from a passphrase, or to write the anchor.
#[derive(Debug)]
#[must_use = "the turn ends when this is dropped"]
pub struct Turn {
    _file: File,
}

/// Queues for the KDF: one at a time per user, as each takes hundreds of MiB (SECURITY.md b.7).
///
/// # Errors
/// [`Error::Busy`] after two minutes.
pub fn kdf_lock(home: &Home) -> Result<Turn> {
    turn(home, "kdf.lock", KDF_QUEUE, "the passphrase check")
}

/// Queues for writing the freshness anchor, which only ever goes up (SECURITY.md b.6).
///
/// # Errors
/// [`Error::Busy`] after ten seconds.
pub fn anchor_lock(home: &Home) -> Result<Turn> {
    turn(home, "anchor.lock", ANCHOR_QUEUE, "the freshness mark")
}

fn turn(home: &Home, file: &str, wait: Duration, what: &str) -> Result<Turn> {
    let file = files::open_or_create_private(&home.root().join(file))?;
    files::lock_exclusive(&file, wait, || what.to_owned())?;
    Ok(Turn { _file: file })
}

/// Who hosts the vaults of a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// What kind of host: `app` or `serve`.
    pub kind: String,
    /// Its process number.
    pub pid: u32,
}

/// The place of the one host of a home, held for the host's life (SECURITY.md L-01).
#[derive(Debug)]
#[must_use = "the place is free again when this is dropped"]
pub struct HostLock {
    file: File,
}

impl HostLock {
    /// Takes the place as a host of `kind` (one word: `app` or `serve`); `None` when somebody has it.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when the lock file is not private; [`Error::Storage`] when the disk fails.
    pub fn try_take(home: &Home, kind: &str) -> Result<Option<Self>> {
        if kind.is_empty() || !kind.bytes().all(|letter| letter.is_ascii_lowercase()) {
            return Err(Error::Conflict("the kind of a host is one word".to_owned()));
        }
        let path = home.host_lock();
        let file = files::open_or_create_private(&path)?;
        // Long enough to outlast `holder`, which touches the lock for a moment.
        match files::lock_exclusive(&file, BETWEEN_TRIES * TRIES, String::new) {
            Ok(()) => {}
            Err(Error::Busy(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        let mut lock = Self { file };
        let line = format!("{kind} {}\n", std::process::id());
        lock.replace(line.as_bytes())
            .map_err(|error| files::io_failed("write", &path, &error))?;
        Ok(Some(lock))
    }

    /// Who has the place now; `None` when nobody has.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when the lock file is not private; [`Error::Busy`] when the place is held by something
    /// that does not say what it is.
    pub fn holder(home: &Home) -> Result<Option<Holder>> {
        let path = home.host_lock();
        let mut last = None;
        for _ in 0..TRIES {
            let mut file = match files::open_private(&path) {
                Ok(file) => file,
                Err(Error::NotFound(_)) => return Ok(None),
                Err(error) => return Err(error),
            };
            match files::lock_shared(&file, Duration::ZERO, String::new) {
                Ok(()) => return Ok(None),
                Err(Error::Busy(_)) => {}
                Err(error) => return Err(error),
            }
            last = read_holder(&mut file);
            // Between taking the lock and writing its line a host still shows the one before it, killed perhaps.
            if last.as_ref().is_some_and(|holder| platform::is_alive(holder.pid)) {
                return Ok(last);
            }
            std::thread::sleep(BETWEEN_TRIES);
        }
        // A living holder may be invisible from here (another namespace of processes): believe its line.
        match last {
            Some(holder) => Ok(Some(holder)),
            None => Err(Error::Busy(home.root().display().to_string())),
        }
    }

    fn replace(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(line)
    }
}

impl Drop for HostLock {
    fn drop(&mut self) {
        // Only for tidiness: who holds is told by the lock, not by the line.
        let _ = self.replace(b"");
    }
}

fn read_holder(file: &mut File) -> Option<Holder> {
    let mut line = String::new();
    // The line is short; a long one is none of ours.
    file.take(64).read_to_string(&mut line).ok()?;
    let (kind, pid) = line.strip_suffix('\n')?.split_once(' ')?;
    Some(Holder {
        kind: kind.to_owned(),
        pid: pid.parse().ok()?,
    })
}

/// Whether there is a process of this number.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    platform::is_alive(pid)
}

fn vault_and_holder(home: &Home, name: &VaultName) -> String {
    match HostLock::holder(home) {
        Ok(Some(Holder { kind, pid })) => {
            format!("vault {} (host `{kind}`, process {pid})", name.as_str())
        }
        _ => format!("vault {}", name.as_str()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn home() -> (tempfile::TempDir, Home, VaultName) {
        let top = tempfile::tempdir().unwrap();
        let home = Home::open(&top.path().join("home")).unwrap();
        let name: VaultName = "main".parse().unwrap();
        home.create_vault_dir(&name).unwrap();
        (top, home, name)
    }

    /// threads that want one lease have it one after the other; another Connection's lease is free.
    #[test]
    fn r26_a_lease_is_for_one_thread() {
        let (_top, home, name) = home();
        let connection = Id::from_random([1; 16]);
        let inside = AtomicUsize::new(0);
        let turns = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        let lease = take(&home, &name, connection, Duration::from_secs(60)).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::sleep(Duration::from_millis(1));
                        inside.fetch_sub(1, Ordering::SeqCst);
                        turns.fetch_add(1, Ordering::SeqCst);
                        drop(lease);
                    }
                });
            }
        });
        assert_eq!(turns.load(Ordering::SeqCst), 40);
        let _held = take(&home, &name, connection, Duration::ZERO).unwrap();
        assert!(matches!(
            take(&home, &name, connection, Duration::from_millis(20)),
            Err(Error::Busy(_))
        ));
        let _other = take(&home, &name, Id::from_random([2; 16]), Duration::ZERO).unwrap();
    }

    #[test]
    fn openers_share_a_vault_and_an_exchange_waits_for_them() {
        let (_top, home, name) = home();
        let short = Duration::from_millis(20);
        let one = VaultLock::shared(&home, &name, short).unwrap();
        let two = VaultLock::shared(&home, &name, short).unwrap();
        let host = HostLock::try_take(&home, "serve").unwrap().unwrap();
        let Err(Error::Busy(text)) = VaultLock::exclusive(&home, &name, short) else {
            panic!("exchanged under two readers");
        };
        assert_eq!(
            text,
            format!("vault main (host `serve`, process {})", std::process::id())
        );
        drop((one, two, host));
        let exchange = VaultLock::exclusive(&home, &name, short).unwrap();
        assert_eq!(
            VaultLock::shared(&home, &name, short).unwrap_err(),
            Error::Busy("vault main".to_owned())
        );
        drop(exchange);
        drop(VaultLock::shared(&home, &name, short).unwrap());
    }

    /// L-01: one host per home, and everybody can see which.
    #[test]
    fn l01_one_host() {
        let (_top, home, _) = home();
        assert_eq!(HostLock::holder(&home), Ok(None));
        let host = HostLock::try_take(&home, "app").unwrap().unwrap();
        assert!(HostLock::try_take(&home, "serve").unwrap().is_none());
        let holder = Holder {
            kind: "app".to_owned(),
            pid: std::process::id(),
        };
        assert_eq!(HostLock::holder(&home), Ok(Some(holder)));
        drop(host);
        assert_eq!(HostLock::holder(&home), Ok(None));
        assert!(HostLock::try_take(&home, "serve").unwrap().is_some());
        for kind in ["", "two words", "line\n"] {
            assert!(HostLock::try_take(&home, kind).is_err());
        }
    }

    /// L-01: a lock file that was not ours to begin with is not trusted.
    #[test]
    fn l01_a_strange_lock_file_is_refused() {
        let (_top, home, _) = home();
        std::os::unix::fs::symlink("/dev/null", home.host_lock()).unwrap();
        assert!(matches!(HostLock::try_take(&home, "app"), Err(Error::Unsafe(_))));
        assert!(matches!(HostLock::holder(&home), Err(Error::Unsafe(_))));
    }

    #[test]
    fn turns_are_taken_one_by_one() {
        let (_top, home, _) = home();
        let first = kdf_lock(&home).unwrap();
        let _anchor = anchor_lock(&home).unwrap();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| drop(kdf_lock(&home).unwrap()));
            std::thread::sleep(Duration::from_millis(50));
            assert!(!second.is_finished());
            drop(first);
        });
    }
}
