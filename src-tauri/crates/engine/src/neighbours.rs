//! The other vaults of this KEYWARD_HOME, as far as they are open: whose machine-wide AuthClients may be used (EL7).
//!
//! A vault that is locked is not opened for this: not in a host, and not by a command behind a host.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, Weak},
};

use keyward_model::{
    Id,
    connection::Connection,
    name::{Handle, VaultName},
};
use keyward_vault::{
    lease::HostLock,
    table::connections,
    vault::{self, Mode, Opening, Place, UnlockedVault, Unlocking},
};

use crate::{Engine, Error, Kind, Result, engine::hold, gate::Gate};

/// Another vault that is open.
pub(crate) struct Neighbour {
    pub(crate) name: VaultName,
    pub(crate) vault: Arc<UnlockedVault>,
    /// Of one that is “locked, refreshing” AuthClients are used, and nothing else is told.
    pub(crate) is_unlocked: bool,
}

/// How an Engine reaches the other vaults of its KEYWARD_HOME.
pub enum Neighbours {
    /// Those that the same host serves, and the gate that they share.
    Served(Mutex<Vec<Weak<Engine>>>, Gate),
    /// Those that the keychain opens for a one-shot command; kept open until it ends.
    Alone(Mutex<BTreeMap<VaultName, Arc<UnlockedVault>>>, Gate),
}

impl Neighbours {
    /// Those of a host; each of its Engines joins by [`Engine::beside`].
    #[must_use]
    pub fn served() -> Arc<Self> {
        Arc::new(Self::Served(Mutex::default(), Gate::default()))
    }

    /// Those of a command that runs by itself, or of a host with one vault.
    pub(crate) fn of_one(opening: Opening) -> Arc<Self> {
        match opening {
            Opening::Host => Self::served(),
            Opening::OneShot => Arc::new(Self::Alone(Mutex::default(), Gate::default())),
        }
    }

    /// Where refreshes of all of them wait for their turn (O-69).
    pub(crate) fn gate(&self) -> &Gate {
        match self {
            Self::Served(_, gate) | Self::Alone(_, gate) => gate,
        }
    }

    /// Lets the others of a host see this one. A vault that is no longer served leaves by itself.
    pub(crate) fn join(&self, engine: &Arc<Engine>) {
        if let Self::Served(engines, _) = self {
            let mut engines = hold(engines);
            engines.retain(|other| other.strong_count() > 0);
            engines.push(Arc::downgrade(engine));
        }
    }

    /// Closes what was opened for a command.
    pub(crate) fn close(&self) {
        if let Self::Alone(opened, _) = self {
            hold(opened).clear();
        }
    }
}

/// Every other vault that is open.
pub(crate) fn open(engine: &Engine) -> Vec<Neighbour> {
    match &*engine.neighbours {
        Neighbours::Served(engines, _) => {
            let engines: Vec<Arc<Engine>> = hold(engines).iter().filter_map(Weak::upgrade).collect();
            engines
                .into_iter()
                .filter(|other| other.name != engine.name)
                .filter_map(|other| {
                    // EL7: unlocked, or “locked, refreshing”.
                    let vault = other.refreshing().ok()?;
                    let is_unlocked = other.unlocked().is_ok();
                    let name = other.name.clone();
                    Some(Neighbour {
                        name,
                        vault,
                        is_unlocked,
                    })
                })
                .collect()
        }
        Neighbours::Alone(..) => {
            let names = engine.home.vault_names().unwrap_or_default();
            names
                .into_iter()
                .filter_map(|name| by_keychain(engine, name))
                .collect()
        }
    }
}

/// Another vault that is open, of which a Connection uses an AuthClient of this one; the key of that Connection where
/// the vault is unlocked. This vault need not be open, and one that cannot be read has no identity to go by.
pub(crate) fn user_of(engine: &Engine) -> Option<(VaultName, Option<Handle>)> {
    let id = match engine.refreshing() {
        Ok(open) => Id::from_bytes(open.uuid()),
        Err(_) => vault::identity(&place(engine, &engine.name)).ok()?,
    };
    let uses = |connection: &Connection| connection.auth_client.is_some_and(|address| address.vault == id);
    open(engine).into_iter().find_map(|other| {
        let connections = other.vault.read(|tx| connections::list(tx, None)).ok()?;
        let connection = connections.into_iter().find(uses)?;
        let key = other.is_unlocked.then_some(connection.key);
        Some((other.name, key))
    })
}

/// The vault of this identity.
///
/// # Errors
/// [`Kind::Locked`] naming it; [`Kind::NotFound`] when no vault of this KEYWARD_HOME has it.
pub(crate) fn of(engine: &Engine, id: Id) -> Result<Neighbour> {
    let name = engine
        .home
        .vault_names()?
        .into_iter()
        .find(|name| vault::identity(&place(engine, name)).is_ok_and(|found| found == id));
    let Some(name) = name else {
        return Err(Error::new(
            Kind::NotFound,
            "The vault that keeps the auth client is no longer here.",
            "Restore that vault, or delete the connection and make it again through another auth client.",
        ));
    };
    let open = match &*engine.neighbours {
        Neighbours::Served(..) => open(engine).into_iter().find(|other| other.name == name),
        Neighbours::Alone(..) => by_keychain(engine, name.clone()),
    };
    // What the file said is believed of the vault that was opened with its key alone.
    open.filter(|other| other.vault.uuid() == *id.as_bytes())
        .ok_or_else(|| {
            Error::new(
                Kind::Locked,
                format!("The vault “{name}”, which keeps the auth client, is locked."),
                format!("Unlock it: keyward --vault {name} unlock"),
            )
        })
}

/// Opens a vault for a one-shot command where the keychain does it, and no host is there to decide.
fn by_keychain(engine: &Engine, name: VaultName) -> Option<Neighbour> {
    let Neighbours::Alone(opened, _) = &*engine.neighbours else {
        return None;
    };
    if name == engine.name {
        return None;
    }
    let mut opened = hold(opened);
    if let Some(vault) = opened.get(&name) {
        let vault = Arc::clone(vault);
        return Some(Neighbour {
            name,
            vault,
            is_unlocked: true,
        });
    }
    // No command opens a file behind a host (CLI.md, “What unlock and lock mean”).
    if HostLock::holder(&engine.home).ok()?.is_some() {
        return None;
    }
    let place = place(engine, &name);
    if vault::mode(&place).ok()? != Mode::Keychain {
        return None;
    }
    let vault = Arc::new(vault::unlock(&place, Unlocking::Keychain, engine.now()).ok()?);
    opened.insert(name.clone(), Arc::clone(&vault));
    Some(Neighbour {
        name,
        vault,
        is_unlocked: true,
    })
}

fn place<'a>(engine: &'a Engine, name: &'a VaultName) -> Place<'a> {
    Place {
        home: &engine.home,
        name,
        keychain: &engine.ports.keychain,
        opening: engine.opening,
    }
}
