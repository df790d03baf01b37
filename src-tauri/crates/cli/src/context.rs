//! What the environment says: homes, names, the passphrase descriptor, the terminal.

use std::{
    env,
    io::{self, IsTerminal},
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

use crate::{args::Globals, descriptor::Descriptor, platform};

const FD_VARIABLE: &str = "KEYWARD_PASSPHRASE_FD";

/// Everything a command takes from its surroundings.
pub struct Context {
    /// Name of the vault.
    pub vault: VaultName,
    /// Name of the environment.
    pub environment: String,
    home: PathBuf,
    runtime: Option<PathBuf>,
    /// Until it is read.
    passphrase: Mutex<Option<Descriptor>>,
    /// Numbers above 2 that were taken over.
    taken: Mutex<Vec<i32>>,
}

impl Context {
    /// Reads flags and environment; touches no file.
    ///
    /// # Errors
    /// `usage` for a bad name or descriptor, and for a variable that is no text: without its name another vault or
    /// environment would be meant.
    pub fn new(globals: &Globals) -> Result<Self, Error> {
        if let Some(level) = variable("KEYWARD_LOG")? {
            keyward_engine::logging::install(&level, io::stderr()).map_err(Error::usage)?;
        }
        let vault = named(globals.vault.as_ref(), "KEYWARD_VAULT")?;
        let vault = VaultName::parse(&vault).map_err(|error| Error::usage(format!("vault: {error}")))?;
        let environment = named(globals.environment.as_ref(), "KEYWARD_ENV")?;
        let passphrase = passphrase(globals.passphrase_fd, variable(FD_VARIABLE)?)?;
        let taken = passphrase
            .iter()
            .map(Descriptor::number)
            .filter(|&number| number > 2)
            .collect();
        Ok(Self {
            vault,
            environment,
            home: home()?,
            runtime: env::var_os("XDG_RUNTIME_DIR")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            passphrase: Mutex::new(passphrase),
            taken: Mutex::new(taken),
        })
    }

    /// The same for another vault.
    ///
    /// # Errors
    /// `usage` for a bad name.
    pub fn of_vault(mut self, name: &str) -> Result<Self, Error> {
        self.vault = VaultName::parse(name).map_err(|error| Error::usage(format!("vault: {error}")))?;
        Ok(self)
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
            browser: Arc::new(SystemBrowser::new(variable("BROWSER").ok().flatten())),
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
        hold(&self.passphrase).is_some()
    }

    /// The passphrase from its descriptor, read once; the descriptor is closed, unless it is standard input.
    ///
    /// # Errors
    /// `usage` when it cannot be read.
    pub fn passphrase(&self) -> Result<Option<SecretValue>, Error> {
        let descriptor = hold(&self.passphrase).take();
        descriptor
            .map(|descriptor| descriptor.line("--passphrase-fd"))
            .transpose()
    }

    /// Another descriptor that a command names for a secret line of its own.
    ///
    /// # Errors
    /// `usage` for a number that cannot be one, or that is named twice.
    pub fn descriptor(&self, number: Option<i32>, what: &str) -> Result<Option<Descriptor>, Error> {
        let Some(number) = number else { return Ok(None) };
        let mut taken = hold(&self.taken);
        if taken.contains(&number) {
            return Err(Error::usage(format!(
                "{what}: the descriptor {number} is named twice"
            )));
        }
        let descriptor = Descriptor::named(number, what)?;
        if number > 2 {
            taken.push(number);
        }
        Ok(Some(descriptor))
    }

    /// Closes the passphrase descriptor, before another program is started. Standard input stays what it is.
    pub fn drop_passphrase(&self) {
        drop(hold(&self.passphrase).take());
    }
}

/// The descriptor that the flag names, else the one of the variable. What either names is kept from other programs.
fn passphrase(flag: Option<i32>, variable: Option<String>) -> Result<Option<Descriptor>, Error> {
    let named: Option<Result<i32, Error>> = variable.map(|text| {
        text.parse()
            .map_err(|_| Error::usage(format!("{FD_VARIABLE}: “{text}” is no file descriptor")))
    });
    match (flag, named) {
        (Some(number), named) => {
            // The flag wins, and the other descriptor holds a passphrase all the same: it is taken over and closed.
            if let Some(Ok(other)) = named
                && other > 2
                && other != number
            {
                drop(Descriptor::named(other, FD_VARIABLE)?);
            }
            Descriptor::named(number, "--passphrase-fd").map(Some)
        }
        (None, Some(named)) => Descriptor::named(named?, FD_VARIABLE).map(Some),
        (None, None) => Ok(None),
    }
}

fn hold<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether `name` is the variable that names the passphrase descriptor.
pub fn is_passphrase_variable(name: &std::ffi::OsStr) -> bool {
    name == FD_VARIABLE
}

/// The name that the flag gives, else the one of the variable, else `default`.
fn named(flag: Option<&String>, name: &str) -> Result<String, Error> {
    match flag {
        Some(flag) => Ok(flag.clone()),
        None => Ok(variable(name)?.unwrap_or_else(|| "default".to_owned())),
    }
}

/// What a variable says; one that is empty says nothing.
fn variable(name: &str) -> Result<Option<String>, Error> {
    let Some(value) = env::var_os(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    value.into_string().map(Some).map_err(|_| {
        Error::new(
            Code::Usage,
            format!("{name}: it is not UTF-8."),
            "Set it to a name, or unset it.",
        )
    })
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
    io::stderr().is_terminal() && platform::terminal().is_ok()
}
