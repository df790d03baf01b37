//! AuthClients: our registrations at providers.

mod create;
mod discover;
mod mixups;
mod moved;
mod reach;
mod register;
mod update;

use keyward_model::{
    Id,
    audit::AuditEvent,
    auth_client::{AuthClient, Grant, Redirect, Visibility},
    connection::{Address, Connection},
    name::{Handle, VaultName},
};
use keyward_oauth::redirect;
use keyward_vault::{
    error as store,
    table::{applications, audit, auth_clients, connections},
    tx::Tx,
};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    environments, neighbours,
};

pub use create::{New, NewOauth1, NewOauth2, NewRegistration, create};
pub(crate) use create::{
    Prepared, apply_of, check_authentication, check_resource, check_window, endpoint_of, prepare,
    usual_authentication,
};
pub use discover::{discover, names_itself, warnings};
pub(crate) use mixups::{MixedUp, mixed_up};
pub(crate) use moved::{HINT as MOVED_HINT, ask_issuer, moved};
pub(crate) use reach::{Used, choose, choose_for_consent, no_consents, oauth2, read_for_use};
pub use update::{Changes, update};

/// An AuthClient, where it is kept, and how many Connections use it.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The AuthClient.
    pub auth_client: AuthClient,
    /// Where it is kept.
    pub address: Address,
    /// The vault that keeps it, when it is another one (EL7).
    pub kept_in: Option<VaultName>,
    /// Connections in any environment; of one that is visible on the whole machine, in any vault that is open.
    pub connections: u32,
}

/// The redirect address to register at the provider (OA1); `None` where no browser comes back.
#[must_use]
pub fn redirect_address(auth_client: &AuthClient) -> Option<String> {
    match (auth_client.oauth2(), auth_client.oauth1()) {
        (Some(oauth2), _) => (oauth2.grant == Grant::AuthorizationCode).then(|| redirect::shown(oauth2)),
        (None, Some(oauth1)) => Some(redirect::address(&oauth1.redirect, &oauth1.redirect_path)),
        (None, None) => None,
    }
}

/// Reads where a browser comes back to, as people write it; with it a path where one is said.
///
/// # Errors
/// [`Kind::Invalid`] naming the ways to write it.
pub fn parse_redirect(text: &str) -> Result<(Redirect, Option<String>)> {
    redirect::parse(text).map_err(|error| Error::invalid(format!("redirect: {error}.")))
}

/// AuthClients visible in an environment, newest first; those of other vaults while these are open (EL7).
///
/// # Errors
/// When locked or damaged.
pub fn list(engine: &Engine, environment: &str) -> Result<Vec<Counted>> {
    let environment = environments::find(engine, environment)?;
    let mut visible = everything(engine)?;
    visible.retain(|one| one.kept_in.is_some() || one.auth_client.is_visible_in(environment.id));
    visible.sort_by(|one, other| {
        (other.auth_client.created_at, &one.auth_client.key)
            .cmp(&(one.auth_client.created_at, &other.auth_client.key))
    });
    Ok(visible)
}

/// Finds one by key or id: of this vault, else a machine-wide one of another vault that is open.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] when several vaults have one of this key.
pub fn find(engine: &Engine, key_or_id: &str) -> Result<Counted> {
    if let Some(own) = find_own(engine, key_or_id)? {
        return Ok(own);
    }
    let mut others = everything(engine)?;
    others.retain(|one| {
        one.kept_in.is_some()
            && (one.auth_client.key.as_str() == key_or_id || one.auth_client.id.to_string() == key_or_id)
    });
    match others.len() {
        1 => Ok(others.remove(0)),
        0 => Err(Error::new(
            Kind::NotFound,
            format!("There is no auth client “{key_or_id}”."),
            "`keyward auth-client list` names those there are.",
        )),
        _ => Err(Error::new(
            Kind::Invalid,
            format!("Several vaults have an auth client “{key_or_id}”."),
            "Name it by its id; `keyward auth-client list --json` shows it.",
        )),
    }
}

fn find_own(engine: &Engine, key_or_id: &str) -> Result<Option<Counted>> {
    let found = engine.unlocked()?.read(|tx| {
        let by_key = match Handle::parse(key_or_id) {
            Ok(key) => maybe(auth_clients::find(tx, &key))?,
            Err(_) => None,
        };
        let auth_client = match (by_key, Id::parse(key_or_id)) {
            (None, Some(id)) => maybe(auth_clients::read(tx, id))?,
            (by_key, _) => by_key,
        };
        Ok(auth_client.map(|auth_client| (auth_clients::address(tx, auth_client.id), auth_client)))
    })?;
    let Some((address, auth_client)) = found else {
        return Ok(None);
    };
    let connections = users(engine, &auth_client, address)?.len();
    Ok(Some(Counted {
        auth_client,
        address,
        kept_in: None,
        connections: u32::try_from(connections).unwrap_or(u32::MAX),
    }))
}

fn maybe<T>(found: store::Result<T>) -> store::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(store::Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// All of this vault, and those of other open vaults that are visible on the whole machine.
fn everything(engine: &Engine) -> Result<Vec<Counted>> {
    let read = |tx: &Tx<'_>| {
        let clients = auth_clients::list(tx)?.into_iter();
        let placed: Vec<(Address, AuthClient)> = clients
            .map(|client| (auth_clients::address(tx, client.id), client))
            .collect();
        Ok((placed, connections::list(tx, None)?))
    };
    let (own, mut users) = engine.unlocked()?.read(read)?;
    let mut found: Vec<(Option<VaultName>, Address, AuthClient)> = own
        .into_iter()
        .map(|(address, client)| (None, address, client))
        .collect();
    for neighbour in neighbours::open(engine) {
        // Damage in another vault is that vault's to tell.
        let Ok((clients, connections)) = neighbour.vault.read(read) else {
            continue;
        };
        users.extend(connections);
        let on_machine = clients
            .into_iter()
            .filter(|(_, client)| client.visibility == Visibility::Machine);
        found.extend(on_machine.map(|(address, client)| (Some(neighbour.name.clone()), address, client)));
    }
    let counted = found.into_iter().map(|(kept_in, address, auth_client)| {
        let connections = users
            .iter()
            .filter(|connection| connection.auth_client == Some(address))
            .count();
        Counted {
            auth_client,
            address,
            kept_in,
            connections: u32::try_from(connections).unwrap_or(u32::MAX),
        }
    });
    Ok(counted.collect())
}

/// A Connection, and the vault it is in when that is another one.
type User = (Option<Elsewhere>, Connection);

/// Another vault that a Connection is in.
struct Elsewhere {
    vault: VaultName,
    /// While it is locked, its name is all that is told.
    is_unlocked: bool,
}

/// The Connections that were made through an AuthClient of this vault, in all vaults that are open and may use it.
fn users(engine: &Engine, auth_client: &AuthClient, address: Address) -> Result<Vec<User>> {
    let through = |tx: &Tx<'_>| {
        let mut all = connections::list(tx, None)?;
        all.retain(|connection| connection.auth_client == Some(address));
        Ok(all)
    };
    let own = engine.unlocked()?.read(through)?;
    let mut users: Vec<User> = own.into_iter().map(|connection| (None, connection)).collect();
    if auth_client.visibility == Visibility::Machine {
        for neighbour in neighbours::open(engine) {
            let theirs = neighbour.vault.read(through).unwrap_or_default();
            users.extend(theirs.into_iter().map(|connection| {
                let elsewhere = Elsewhere {
                    vault: neighbour.name.clone(),
                    is_unlocked: neighbour.is_unlocked,
                };
                (Some(elsewhere), connection)
            }));
        }
    }
    Ok(users)
}

/// Finds one that this vault owns: another vault's is used here and never changed.
fn find_owned(engine: &Engine, key_or_id: &str) -> Result<Counted> {
    let found = find(engine, key_or_id)?;
    let Some(vault) = &found.kept_in else {
        return Ok(found);
    };
    Err(Error::new(
        Kind::Denied,
        format!("The auth client “{key_or_id}” belongs to the vault “{vault}” and can only be used here."),
        format!("Change it there: keyward --vault {vault} auth-client …"),
    ))
}

/// Deletes one that no Connection uses (EL11).
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Conflict`] while Connections use it, [`Kind::Denied`] for another vault's.
pub fn delete(engine: &Engine, caller: &Caller, key_or_id: &str) -> Result<()> {
    access::authorize(caller, Act::Write)?;
    let Counted {
        auth_client,
        connections,
        ..
    } = find_owned(engine, key_or_id)?;
    if connections > 0 {
        return Err(Error::new(
            Kind::Conflict,
            in_use(&auth_client.key, connections),
            "Delete those connections first.",
        ));
    }
    engine.unlocked()?.write(engine.now(), |tx| {
        auth_clients::delete(tx, auth_client.id)?;
        if let Some(application) = &auth_client.application {
            applications::remove_unused(tx, application)?;
        }
        audit::append(tx, &event(engine, caller, "auth_client.delete", &auth_client.key))
    })?;
    engine.changes.publish(ChangeKind::AuthClient, auth_client.id);
    Ok(())
}

fn in_use(key: &Handle, connections: u32) -> String {
    match connections {
        1 => format!("A connection uses the auth client “{key}”."),
        many => format!("{many} connections use the auth client “{key}”."),
    }
}

fn event(engine: &Engine, caller: &Caller, action: &str, key: &Handle) -> AuditEvent {
    let subject = format!("auth client {key}");
    crate::audit::event(engine, caller.actor(), action, subject, "ok")
}
