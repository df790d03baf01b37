//! What the environment says: homes, names, the passphrase descriptor, the terminal.

use std::{
    env,
    io::{self, BufRead, BufReader, IsTerminal, Read},
    os::fd::{FromRawFd, OwnedFd},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use keyward_api::wire::{Code, Error};
use keyward_engine::{
    Engine, Ports,
    browser::SystemBrowser,
    home::{Home, Opening, OsKeychain},
    ports::SystemClock,
};
use keyward_model::{SecretValue, name::VaultName};
use zeroize::Zeroizing;

use crate::args::Globals;

const FD_VARIABLE: &str = "KEYWARD_PASSPHRASE_FD";

/// Everything a command takes from its surroundings.
pub struct Context {
    /// Name of the vault.
    pub vault: VaultName,
    /// Name of the environment.
    pub environment: String,
    home: PathBuf,
    runtime: Option<PathBuf>,
    passphrase: Mutex<PassphraseSource>,
}

enum PassphraseSource {
    None,
    Descriptor(i32),
    Used,
}

impl Context {
    /// Reads flags and environment; touches no file.
    ///
    /// # Errors
    /// `usage` for a bad name or descriptor.
    pub fn new(globals: &Globals) -> Result<Self, Error> {
        if let Some(level) = variable("KEYWARD_LOG") {
            keyward_engine::logging::install(&level, io::stderr()).map_err(Error::usage)?;
        }
        let vault = globals
            .vault
            .clone()
            .or_else(|| variable("KEYWARD_VAULT"))
            .unwrap_or_else(|| "default".to_owned());
        let vault = VaultName::parse(&vault).map_err(|error| Error::usage(format!("vault: {error}")))?;
        let environment = globals
            .environment
            .clone()
            .or_else(|| variable("KEYWARD_ENV"))
            .unwrap_or_else(|| "default".to_owned());
        let descriptor = match (globals.passphrase_fd, variable(FD_VARIABLE)) {
            (Some(descriptor), _) => Some(descriptor),
            (None, Some(text)) => Some(
                text.parse()
                    .map_err(|_| Error::usage(format!("{FD_VARIABLE}: “{text}” is no file descriptor")))?,
            ),
            (None, None) => None,
        };
        if descriptor.is_some_and(|descriptor| descriptor < 0) {
            return Err(Error::usage("--passphrase-fd: a file descriptor is not negative"));
        }
        Ok(Self {
            vault,
            environment,
            home: home()?,
            runtime: env::var_os("XDG_RUNTIME_DIR")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            passphrase: Mutex::new(descriptor.map_or(PassphraseSource::None, PassphraseSource::Descriptor)),
        })
    }

    /// KEYWARD_HOME, made when it is not there.
    ///
    /// # Errors
    /// `corrupt` when it is not ours alone.
    pub fn home(&self) -> Result<Home, Error> {
        Ok(Home::open(&self.home).map_err(keyward_engine::Error::from)?)
    }

    /// KEYWARD_HOME, when it is there.
    ///
    /// # Errors
    /// `corrupt` when it is not ours alone.
    pub fn existing_home(&self) -> Result<Option<Home>, Error> {
        Ok(Home::existing(&self.home).map_err(keyward_engine::Error::from)?)
    }

    /// The path of KEYWARD_HOME.
    pub fn home_path(&self) -> &std::path::Path {
        &self.home
    }

    /// XDG_RUNTIME_DIR.
    pub fn runtime(&self) -> Option<&std::path::Path> {
        self.runtime.as_deref()
    }

    /// The outside world of an Engine in this process.
    pub fn ports(&self) -> Ports {
        Ports {
            keychain: Arc::new(OsKeychain::new()),
            clock: Arc::new(SystemClock),
            browser: Arc::new(SystemBrowser::new(variable("BROWSER"))),
        }
    }

    /// An Engine in this process, locked.
    pub fn engine(&self, home: Home) -> Arc<Engine> {
        Arc::new(Engine::new(
            home,
            self.vault.clone(),
            Opening::OneShot,
            self.ports(),
        ))
    }

    /// Whether a passphrase descriptor was given and not read yet.
    pub fn brings_passphrase(&self) -> bool {
        matches!(*self.source(), PassphraseSource::Descriptor(_))
    }

    fn source(&self) -> std::sync::MutexGuard<'_, PassphraseSource> {
        self.passphrase
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The passphrase from its descriptor, read once; the descriptor is closed.
    ///
    /// # Errors
    /// `usage` when it cannot be read.
    pub fn passphrase(&self) -> Result<Option<SecretValue>, Error> {
        let mut source = self.source();
        let PassphraseSource::Descriptor(number) = *source else {
            return Ok(None);
        };
        *source = PassphraseSource::Used;
        drop(source);
        let unreadable = |error: io::Error| {
            Error::usage(format!(
                "--passphrase-fd {number}: it cannot be read ({}).",
                error.kind()
            ))
        };
        // Duplicating first tells a closed descriptor from an open one.
        std::fs::metadata(format!("/dev/fd/{number}")).map_err(unreadable)?;
        let file = std::fs::File::from(take(number));
        let mut line = Zeroizing::new(Vec::with_capacity(4096));
        BufReader::new(file.take(4096))
            .read_until(b'\n', &mut line)
            .map_err(unreadable)?;
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        Ok(Some(SecretValue::from_zeroizing(line)))
    }

    /// Closes the passphrase descriptor and forgets its variable, before another program is exec'd.
    pub fn drop_passphrase(&self) {
        if let PassphraseSource::Descriptor(number) =
            std::mem::replace(&mut *self.source(), PassphraseSource::Used)
            && std::fs::metadata(format!("/dev/fd/{number}")).is_ok()
        {
            drop(take(number));
        }
    }
}

/// Whether `name` is the variable that names the passphrase descriptor.
pub fn is_passphrase_variable(name: &std::ffi::OsStr) -> bool {
    name == FD_VARIABLE
}

/// Takes over a descriptor that the caller of this program opened for us.
#[expect(unsafe_code, reason = "the one descriptor that arrives by number")]
fn take(number: i32) -> OwnedFd {
    // SAFETY: the number was given by the person as the passphrase's own descriptor, it was seen to be open, and
    // `PassphraseSource` gives it out once: nothing else in this process owns it. 0, 1 and 2 are never closed by std
    // handles, which hold no ownership.
    unsafe { OwnedFd::from_raw_fd(number) }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn home() -> Result<PathBuf, Error> {
    if let Some(home) = env::var_os("KEYWARD_HOME").filter(|home| !home.is_empty()) {
        return std::path::absolute(home).map_err(|error| Error::usage(format!("KEYWARD_HOME: {error}")));
    }
    keyward_engine::home::default_root(env::var_os("XDG_DATA_HOME"), env::home_dir()).ok_or_else(|| {
        Error::new(
            Code::Usage,
            "There is no home folder to keep vaults in.",
            "Set KEYWARD_HOME to a folder.",
        )
    })
}

/// Whether a person sits at stdin and stderr.
pub fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
