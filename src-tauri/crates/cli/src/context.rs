//! What the environment says: homes, names, the passphrase descriptor, the terminal.

use std::{
    env,
    fs::File,
    io::{self, IsTerminal},
    os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd},
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
use rustix::io::{Errno, FdFlags};
use zeroize::Zeroizing;

use crate::args::Globals;

const FD_VARIABLE: &str = "KEYWARD_PASSPHRASE_FD";

/// Longest passphrase that is read, in bytes.
const LONGEST_PASSPHRASE: usize = 4096;

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
    /// None was named, or it was read.
    None,
    /// Standard input: the passphrase is its first line, what follows belongs to whoever reads next.
    Stdin,
    /// A descriptor of its own, with its number; taken over as soon as it was named, so that nothing this process
    /// opens later can have its number, and no program it starts inherits it.
    Own(OwnedFd, i32),
    /// One was named that is not open. Nothing is said before it is needed.
    Closed(i32),
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
        let passphrase = passphrase_source(globals.passphrase_fd, variable(FD_VARIABLE))?;
        Ok(Self {
            vault,
            environment,
            home: home()?,
            runtime: env::var_os("XDG_RUNTIME_DIR")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            passphrase: Mutex::new(passphrase),
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
        !matches!(*self.source(), PassphraseSource::None)
    }

    fn source(&self) -> std::sync::MutexGuard<'_, PassphraseSource> {
        self.passphrase
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The passphrase from its descriptor, read once; the descriptor is closed, unless it is standard input.
    ///
    /// # Errors
    /// `usage` when it cannot be read.
    pub fn passphrase(&self) -> Result<Option<SecretValue>, Error> {
        let (line, number) = match self.take_source() {
            PassphraseSource::None => return Ok(None),
            PassphraseSource::Stdin => (first_line(rustix::stdio::stdin()), 0),
            PassphraseSource::Own(descriptor, number) => (first_line(descriptor.as_fd()), number),
            PassphraseSource::Closed(number) => (Err(Errno::BADF), number),
        };
        let line = line.map_err(|error| {
            let why = match error {
                Errno::BADF => "it is not open".to_owned(),
                error => io::Error::from(error).kind().to_string(),
            };
            Error::usage(format!("--passphrase-fd {number}: it cannot be read ({why})."))
        })?;
        Ok(Some(SecretValue::from_zeroizing(line)))
    }

    /// Closes the passphrase descriptor, before another program is started. Standard input stays what it is.
    pub fn drop_passphrase(&self) {
        drop(self.take_source());
    }

    fn take_source(&self) -> PassphraseSource {
        std::mem::replace(&mut *self.source(), PassphraseSource::None)
    }
}

/// The descriptor that the flag names, else the one of the variable. What either names is kept from other programs.
fn passphrase_source(flag: Option<i32>, variable: Option<String>) -> Result<PassphraseSource, Error> {
    let named: Option<Result<i32, Error>> = variable.map(|text| {
        text.parse()
            .map_err(|_| Error::usage(format!("{FD_VARIABLE}: “{text}” is no file descriptor")))
    });
    let (number, what) = match (flag, named) {
        (Some(number), named) => {
            // The flag wins, and the other descriptor holds a passphrase all the same.
            if let Some(Ok(other)) = named
                && other > 2
                && other != number
            {
                drop(own(other));
            }
            (number, "--passphrase-fd")
        }
        (None, Some(named)) => (named?, FD_VARIABLE),
        (None, None) => return Ok(PassphraseSource::None),
    };
    Ok(match number {
        ..0 => {
            return Err(Error::usage(format!("{what}: a file descriptor is not negative")));
        }
        0 => PassphraseSource::Stdin,
        1 | 2 => {
            return Err(Error::usage(format!(
                "{what}: {number} is where this program writes; name 0, or 3 and above"
            )));
        }
        number => own(number).map_or(PassphraseSource::Closed(number), |descriptor| {
            PassphraseSource::Own(descriptor, number)
        }),
    })
}

/// Takes over a descriptor above 2 that the caller of this program opened for us; `None` when it is not open.
#[expect(unsafe_code, reason = "the descriptors that arrive by number")]
fn own(number: i32) -> Option<OwnedFd> {
    // SAFETY: borrowed for one call that only sets a flag, and fails when the number is not open.
    let named = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_setfd(named, FdFlags::CLOEXEC).ok()?;
    // SAFETY: it is open. The person named it as the passphrase's own, this runs before the program opens any file
    // of its own, and once for each number: nothing else in this process owns it.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Reads up to the first newline, which is not part of it, or the end; nothing behind it is taken.
fn first_line(source: BorrowedFd<'_>) -> rustix::io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_PASSPHRASE));
    let mut byte = Zeroizing::new([0]);
    while line.len() < LONGEST_PASSPHRASE {
        match rustix::io::read(source, &mut byte[..]) {
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => line.push(byte[0]),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(line)
}

/// Whether `name` is the variable that names the passphrase descriptor.
pub fn is_passphrase_variable(name: &std::ffi::OsStr) -> bool {
    name == FD_VARIABLE
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

/// Whether a person can type a value: stdin and stderr are a terminal.
pub fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether a person can be asked for a passphrase: it is read from the terminal itself, whatever stdin is.
pub fn can_ask() -> bool {
    io::stderr().is_terminal() && File::open("/dev/tty").is_ok()
}
