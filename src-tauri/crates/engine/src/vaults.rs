//! The vaults of one KEYWARD_HOME: list, rename, delete, and an Engine for each that somebody asked for.
//!
//! AM14: an Engine knows its own vault and no other. What is told here of another vault is its folder's name, how it
//! is unlocked and whether it is open.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use keyward_model::name::VaultName;
pub use keyward_vault::folder::Deleted;
use keyward_vault::{
    folder,
    home::Home,
    vault::{Mode, Opening},
};

use crate::{
    Engine, Error, Kind, Ports, Result,
    access::{self, Act, Caller},
    background::{self, Background},
    changes::ChangeKind,
    engine::hold,
    lifecycle::{self, Before},
    neighbours::{self, Neighbours},
    session::Ears,
};

/// A refresh that is under way has its answer stored by then (L-01).
const LAST_ANSWERS: Duration = Duration::from_secs(35);

/// The vaults of one home. Each is locked or unlocked by itself.
pub struct Vaults {
    home: Home,
    opening: Opening,
    ports: Ports,
    neighbours: Arc<Neighbours>,
    /// What a host hears of the session.
    ears: Option<Ears>,
    /// `None` once it was stopped.
    engines: Mutex<Option<BTreeMap<VaultName, Served>>>,
}

struct Served {
    engine: Arc<Engine>,
    /// A host's: one command has none.
    background: Option<Background>,
}

/// What is known of a vault without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: VaultName,
    /// How it is unlocked; `None` when its file cannot be read.
    pub mode: Option<Mode>,
    /// Whether somebody must unlock it before values can be had.
    pub locked: bool,
}

impl Vaults {
    /// The vaults of `home`; none is opened.
    #[must_use]
    pub fn new(home: Home, opening: Opening, ports: Ports) -> Self {
        Self {
            home,
            opening,
            ports,
            neighbours: Neighbours::of_one(opening),
            ears: None,
            engines: Mutex::new(Some(BTreeMap::new())),
        }
    }

    /// The same, whose Engines are told what is heard of the session.
    #[must_use]
    pub fn listening_by(self, ears: Ears) -> Self {
        Self {
            ears: Some(ears),
            ..self
        }
    }

    /// Those that somebody asked for, open or not.
    #[must_use]
    pub fn open_engines(&self) -> Vec<Arc<Engine>> {
        let engines = hold(&self.engines);
        let served = engines.iter().flat_map(BTreeMap::values);
        served.map(|served| Arc::clone(&served.engine)).collect()
    }

    /// The KEYWARD_HOME.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The Engine of a vault that may not exist yet, in a host with its background work; made when first asked for.
    ///
    /// # Errors
    /// [`Kind::Internal`] when its threads cannot be started; [`Kind::Conflict`] once they were stopped.
    pub fn engine(&self, name: &VaultName) -> Result<Arc<Engine>> {
        let mut engines = hold(&self.engines);
        let engines = engines.as_mut().ok_or_else(ending)?;
        if let Some(served) = engines.get(name) {
            return Ok(Arc::clone(&served.engine));
        }
        let engine = Engine::new(self.home.clone(), name.clone(), self.opening, self.ports.clone())
            .beside(&self.neighbours);
        if let Some(ears) = &self.ears {
            engine.listens_by(ears.clone());
        }
        let background = match self.opening {
            Opening::OneShot => None,
            Opening::Host => Some(background::start(&engine).map_err(|error| {
                Error::internal(format!("The background work could not be started: {error}."))
            })?),
        };
        let served = Served {
            engine: Arc::clone(&engine),
            background,
        };
        engines.insert(name.clone(), served);
        Ok(engine)
    }

    /// Drops all keys, ends the background work and waits until running refreshes are stored.
    pub fn stop(&self) {
        let engines = hold(&self.engines).take();
        let engines: Vec<Served> = engines.into_iter().flat_map(BTreeMap::into_values).collect();
        // All are locked before the first is waited for: nothing new begins.
        for served in &engines {
            lifecycle::close(&served.engine);
        }
        for served in engines {
            served.end();
        }
    }

    fn open_engine(&self, name: &VaultName) -> Option<Arc<Engine>> {
        let engines = hold(&self.engines);
        Some(Arc::clone(&engines.as_ref()?.get(name)?.engine))
    }

    /// Closes this process's own connections to a vault; how far it was open.
    fn close(&self, name: &VaultName) -> Result<Before> {
        let mut engines = hold(&self.engines);
        let Some(served) = engines.as_mut().ok_or_else(ending)?.remove(name) else {
            return Ok(Before::Locked);
        };
        drop(engines);
        let before = lifecycle::close_for_now(&served.engine);
        served.end();
        Ok(before)
    }
}

impl Served {
    /// After it was locked: waits for what is under way.
    fn end(self) {
        drop(self.background);
        lifecycle::settle(&self.engine, LAST_ANSWERS);
    }
}

/// The vaults there are, by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(vaults: &Vaults) -> Result<Vec<Listed>> {
    let names = vaults.home.vault_names()?;
    Ok(names.into_iter().map(|name| listed(vaults, name)).collect())
}

fn listed(vaults: &Vaults, name: VaultName) -> Listed {
    let open = vaults
        .open_engine(&name)
        .and_then(|engine| engine.unlocked().ok());
    let mode = match &open {
        Some(vault) => Some(vault.mode()),
        None => lifecycle::mode(&vaults.home, &name, &vaults.ports).ok(),
    };
    // One command opens what the keychain opens, as soon as it needs it: `status` says so too.
    let opens_by_itself = vaults.opening == Opening::OneShot && mode == Some(Mode::Keychain);
    Listed {
        name,
        mode,
        locked: open.is_none() && !opens_by_itself,
    }
}

/// Gives a vault another name. A vault that opens with the keychain is as open afterwards as it was before.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Conflict`] when the name is taken or another process has the vault open.
pub fn rename(vaults: &Vaults, caller: &Caller, from: &VaultName, to: &VaultName) -> Result<()> {
    access::authorize(caller, Act::Write)?;
    exists(vaults, from)?;
    let before = vaults.close(from)?;
    let renamed = folder::rename(&vaults.home, from, to);
    let now_called = if renamed.is_ok() { to } else { from };
    if before != Before::Locked {
        let engine = vaults.engine(now_called)?;
        lifecycle::open_again(&engine, before);
        engine.changes.publish(ChangeKind::Vault, None);
    }
    log::info!("vault {from} is now called {now_called}");
    Ok(renamed?)
}

/// Deletes a vault for good, with its copies and its keys in the keychain. The face made sure that it is meant.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Conflict`] when another process has the vault open, and while a Connection of another
/// vault that is open uses one of its AuthClients (EL11).
pub fn delete(vaults: &Vaults, caller: &Caller, name: &VaultName) -> Result<Deleted> {
    access::authorize(caller, Act::Write)?;
    exists(vaults, name)?;
    if let Some((vault, connection)) = neighbours::user_of(&*vaults.engine(name)?) {
        let user = match connection {
            Some(key) => format!("The connection “{key}” of the vault “{vault}”"),
            None => format!("A connection of the vault “{vault}”"),
        };
        return Err(Error::new(
            Kind::Conflict,
            format!("{user} uses an auth client of the vault “{name}”."),
            "Delete that connection first.",
        ));
    }
    vaults.close(name)?;
    let deleted = folder::delete(&vaults.home, vaults.ports.keychain.as_ref(), name)?;
    log::info!("vault {name} was deleted");
    Ok(deleted)
}

fn exists(vaults: &Vaults, name: &VaultName) -> Result<()> {
    if vaults.home.vault_exists(name) {
        Ok(())
    } else {
        Err(Error::no_vault(name, &vaults.home))
    }
}

fn ending() -> Error {
    Error::new(
        Kind::Conflict,
        "The host is ending.",
        "Try again; without a host the command works by itself.",
    )
}
