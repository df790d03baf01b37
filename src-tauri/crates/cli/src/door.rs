//! The way in: the owner's door of a running host, else an Engine in this process. The result is the same.

use std::{
    io::{self, IsTerminal},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use keyward_api::{
    client::Client,
    verbs::Verb,
    wire::{
        Code, Error, Plaintext, SettingsShow, VaultStatusRequest, VaultUnlock, WaysRequest, Work, WorkStatus,
    },
};
use keyward_engine::{Engine, Kind, access::Caller, home::Home, lifecycle};
use keyward_model::SecretValue;

use crate::{
    context::{Context, can_ask},
    output::Face,
    value,
};

/// How often the progress of a work is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// A way to perform acts.
pub enum Door {
    /// Through a host.
    Host(Client),
    /// In this process.
    Own(Arc<Engine>),
}

/// How the audit log names this program when it acts by itself.
pub fn caller() -> Caller {
    Caller::owner(format!("keyward, process {}", std::process::id()))
}

impl Door {
    /// Through the host when there is one, else in this process; nothing is unlocked yet.
    ///
    /// # Errors
    /// `not_found` when there is no KEYWARD_HOME, so no vault.
    pub fn open(context: &Context) -> Result<Self, Error> {
        match context.existing_home()? {
            Some(home) => Self::at(context, home),
            None => Err(no_vault(context)),
        }
    }

    /// As [`Door::open`] for a home that is there.
    ///
    /// # Errors
    /// `conflict` when the host does not answer.
    pub fn at(context: &Context, home: Home) -> Result<Self, Error> {
        Ok(match Client::connect(&home, context.runtime())? {
            Some(client) => Self::Host(client),
            None => Self::Own(context.engine(home)),
        })
    }

    /// Whether nobody can say what became of the last act: the host went away before it answered.
    pub fn is_in_doubt(&self) -> bool {
        match self {
            Self::Host(client) => client.is_in_doubt(),
            Self::Own(_) => false,
        }
    }

    /// Performs one act on an unlocked vault.
    ///
    /// # Errors
    /// As the act says; `locked` when nobody can unlock.
    pub fn call<V: Verb>(&mut self, context: &Context, request: V) -> Result<V::Reply, Error> {
        if let Self::Host(client) = self {
            match client.call(context.vault.as_str(), &request) {
                // CLI.md: who brings the passphrase opens the vault for this one command; the host stays locked.
                Err(error) if error.code == Code::Locked && context.brings_passphrase() => {
                    let engine = context.engine(context.home()?);
                    // In keychain mode a passphrase proves nothing: no command opens the file behind a locked host.
                    if lifecycle::status(&engine)?.mode != Some(keyward_engine::home::Mode::Passphrase) {
                        return Err(error);
                    }
                    *self = Self::Own(engine);
                }
                answer => return answer,
            }
        }
        let Self::Own(engine) = self else {
            unreachable!("I1: the host's arm returned or was replaced")
        };
        unlock_here(context, engine)?;
        request.perform(engine, &caller())
    }

    /// Performs one act that may take long, and says on a terminal how far it is: `line` of what is done and what there is.
    ///
    /// # Errors
    /// As [`Door::call`].
    pub fn call_watched<V: Verb>(
        &mut self,
        context: &Context,
        face: &Face,
        work: Work,
        line: impl Fn(u32, u32) -> String + Sync,
        request: V,
    ) -> Result<V::Reply, Error> {
        if !io::stderr().is_terminal() {
            return self.call(context, request);
        }
        // Asked and answered first: nobody types a passphrase into a progress line.
        self.call(context, SettingsShow {})?;
        let mut beside = match self {
            Self::Host(_) => Self::open(context)?,
            Self::Own(engine) => Self::Own(Arc::clone(engine)),
        };
        let is_done = AtomicBool::new(false);
        let answer = thread::scope(|scope| {
            scope.spawn(|| {
                while !is_done.load(Ordering::SeqCst) {
                    match beside.call_as_is(context, WorkStatus { work }) {
                        Ok(progress) if progress.running => {
                            face.progress(&line(progress.done, progress.total))
                        }
                        Ok(_) => {}
                        // How far it is does not matter enough to fail for.
                        Err(_) => break,
                    }
                    thread::sleep(LOOK);
                }
            });
            let answer = self.call_as_is(context, request);
            is_done.store(true, Ordering::SeqCst);
            answer
        });
        face.progress("");
        answer
    }

    /// Opens the vault for a command that asks for the passphrase itself, and answers that passphrase where the vault
    /// has one: it is asked for once, whatever it is needed for.
    ///
    /// # Errors
    /// `locked` when there is no person to ask, or behind a locked host; `keychain`, `corrupt`, `not_found`.
    pub fn open_proven(&mut self, context: &Context) -> Result<Option<SecretValue>, Error> {
        let ways = self.call_as_is(context, WaysRequest {})?;
        let status = self.call_as_is(context, VaultStatusRequest {})?;
        if status.locked && matches!(self, Self::Host(_)) {
            // As in `call`: who brings the passphrase opens the vault for this one command.
            if ways.keychain || !context.brings_passphrase() {
                return Err(keyward_engine::Error::locked().into());
            }
            *self = Self::Own(context.engine(context.home()?));
        }
        let passphrase = match ways.passphrase {
            Some(_) => ask_passphrase(context)?,
            None => None,
        };
        if let Self::Own(engine) = self {
            lifecycle::unlock(engine, passphrase.as_ref())?;
        }
        Ok(passphrase)
    }

    /// Performs an act that may need the passphrase again: asked for once the act says so (SECURITY.md W-08), and kept in
    /// `given` for the next act of the same command.
    ///
    /// # Errors
    /// As [`Door::call`]; `locked` when there is no person to ask.
    pub fn call_again<V: Verb>(
        &mut self,
        context: &Context,
        given: &mut Option<SecretValue>,
        request: impl Fn(Option<Plaintext>) -> V,
    ) -> Result<V::Reply, Error> {
        // The vault itself may be locked: that is another question, asked first and answered here.
        self.call(context, SettingsShow {})?;
        if given.is_none() {
            let refused = match self.call_as_is(context, request(None)) {
                Err(error) if error.code == Code::Locked => error,
                answer => return answer,
            };
            *given = Some(ask_passphrase(context)?.ok_or(refused)?);
        }
        let passphrase = given.as_ref().map(SecretValue::duplicate).map(Plaintext);
        self.call_as_is(context, request(passphrase))
    }

    /// How much of a list fits one answer: a page over the socket, everything in this process.
    pub fn page(&self) -> Option<u32> {
        match self {
            Self::Host(_) => Some(1_000),
            Self::Own(_) => None,
        }
    }

    /// Performs one act that works on a locked or missing vault.
    ///
    /// # Errors
    /// As the act says.
    pub fn call_as_is<V: Verb>(&mut self, context: &Context, request: V) -> Result<V::Reply, Error> {
        match self {
            Self::Host(client) => client.call(context.vault.as_str(), &request),
            Self::Own(engine) => request.perform(engine, &caller()),
        }
    }
}

/// Unlocks an Engine of this process: by keychain, else with the passphrase from its descriptor or a prompt.
///
/// # Errors
/// `locked`, `keychain`, `corrupt`, `not_found`.
pub fn unlock_here(context: &Context, engine: &Arc<Engine>) -> Result<(), Error> {
    // As `unlock_host`: keychain mode needs nothing from a person, and asking the file for its mode first would open it
    // once more for every command (P1).
    let refused = match lifecycle::unlock(engine, None) {
        Ok(()) => return Ok(()),
        // its passphrase opens a vault whose keychain fails.
        Err(error) if matches!(error.kind, Kind::Locked | Kind::Keychain) => error,
        Err(error) => return Err(error.into()),
    };
    if lifecycle::ways(engine)?.passphrase.is_none() {
        return Err(refused.into());
    }
    match ask_passphrase(context)? {
        Some(passphrase) => Ok(lifecycle::unlock(engine, Some(&passphrase))?),
        None => Err(refused.into()),
    }
}

/// The passphrase from its descriptor, else from a prompt on a terminal.
///
/// # Errors
/// `usage` when the descriptor cannot be read.
pub fn ask_passphrase(context: &Context) -> Result<Option<SecretValue>, Error> {
    match context.passphrase()? {
        Some(passphrase) => Ok(Some(passphrase)),
        None if can_ask() => value::prompt("Passphrase: ").map(Some),
        None => Ok(None),
    }
}

/// Unlocks the host.
///
/// # Errors
/// `locked`, `keychain`, `corrupt`.
pub fn unlock_host(context: &Context, client: &mut Client) -> Result<(), Error> {
    let vault = context.vault.as_str();
    // Keychain mode needs nothing from a person; a passphrase vault answers `locked` and is asked for, and so is one
    // beside a keychain that fails.
    let refused = match client.call(vault, &VaultUnlock { passphrase: None }) {
        Ok(_) => return Ok(()),
        Err(error) if matches!(error.code, Code::Locked | Code::Keychain) => error,
        Err(error) => return Err(error),
    };
    if client.call(vault, &WaysRequest {})?.passphrase.is_none() {
        return Err(refused);
    }
    match ask_passphrase(context)? {
        Some(passphrase) => {
            let request = VaultUnlock {
                passphrase: Some(Plaintext(passphrase)),
            };
            client.call(vault, &request).map(|_| ())
        }
        None => Err(refused),
    }
}

/// The error of every command that needs a vault.
pub fn no_vault(context: &Context) -> Error {
    Error::new(
        Code::NotFound,
        format!(
            "There is no vault “{}” in {}.",
            context.vault,
            context.home_path().display()
        ),
        "Make one with `keyward init`.",
    )
}
