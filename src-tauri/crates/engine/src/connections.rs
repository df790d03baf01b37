//! Connections: list, show, disconnect, delete. What they hold: tokens (`refresh`) or entered values (`values`).

mod facts;
mod fields;
pub(crate) mod revocation;
mod values;

use keyward_model::{
    Id,
    audit::AuditEvent,
    auth_client::AuthClient,
    connection::{AuthType, Connection, ConnectionState, Upkeep},
    environment::Environment,
    name::{AppName, Handle},
};
use keyward_oauth::grants;
use keyward_vault::{
    error as store, lease,
    table::{applications, audit, auth_clients, connections, environments},
    tx::Tx,
};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    environments as environment_acts,
    refresh::{self, LEASE_WAIT},
    secrets,
};

pub(crate) use facts::with_unsaved;
pub use facts::{Alarm, Facts, Queued, alarms, facts};
pub use fields::Named;
pub(crate) use fields::{checked_url, field, fields};
use revocation::revoke_tokens;
pub use revocation::{Revocation, pending as pending_revocations};
pub use values::{Changes, Choice, New, copy, create, history, restore_version, reveal, update};

/// A Connection with the names that faces show.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The Connection.
    pub connection: Connection,
    /// Its environment.
    pub environment: Environment,
    /// Key of its AuthClient, where it has one.
    pub auth_client: Option<Handle>,
    /// What renews its tokens without a person; `None` where nothing does.
    pub renewed_by: Option<RenewedBy>,
}

/// What renews tokens without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewedBy {
    /// A refresh token that the provider gave.
    RefreshToken,
    /// The AuthClient's own request (OA2). Of an AuthClient that another vault keeps this is not known here.
    AuthClient,
}

impl RenewedBy {
    /// By the grant of the AuthClient, as far as that is known.
    pub(crate) fn of(connection: &Connection, auth_client: Option<&AuthClient>) -> Option<Self> {
        let asks_by_itself = auth_client
            .and_then(AuthClient::oauth2)
            .is_some_and(|client| grants::needs_no_person(client.grant));
        connection.has_refresh_token.then_some(match asks_by_itself {
            true => Self::AuthClient,
            false => Self::RefreshToken,
        })
    }
}

/// Connections of an environment by key, narrowed to a state.
///
/// # Errors
/// When locked or damaged.
pub fn list(engine: &Engine, environment: &str, state: Option<ConnectionState>) -> Result<Vec<Shown>> {
    let environment = environment_acts::find(engine, environment)?;
    let (found, clients) = engine.unlocked()?.read(|tx| {
        Ok((
            connections::list(tx, Some(environment.id))?,
            auth_clients::list(tx)?,
        ))
    })?;
    let mut shown: Vec<Shown> = found
        .into_iter()
        .filter(|connection| state.is_none_or(|state| connection.state == state))
        .map(|connection| with_names(engine, connection, &environment, &clients))
        .collect::<Result<_>>()?;
    shown.sort_by(|one, other| one.connection.key.cmp(&other.connection.key));
    Ok(shown)
}

/// Finds one by key or id.
///
/// # Errors
/// [`Kind::NotFound`] naming the environments that have the key.
pub fn find(engine: &Engine, environment: &str, key_or_id: &str) -> Result<Shown> {
    let environment = environment_acts::find(engine, environment)?;
    let vault = engine.unlocked()?;
    let not_found = match Handle::parse(key_or_id) {
        Ok(handle) => match vault.read(|tx| connections::find(tx, environment.id, &handle)) {
            Ok(connection) => return shown(engine, connection),
            Err(store::Error::NotFound(_)) => Some(handle),
            Err(error) => return Err(error.into()),
        },
        Err(_) => None,
    };
    if let Some(id) = Id::parse(key_or_id) {
        return read(engine, id);
    }
    match not_found {
        Some(handle) => Err(secrets::missing(engine, &handle, &environment)?),
        None => Err(secrets::parse_key(key_or_id)
            .err()
            .unwrap_or_else(|| Error::internal("key"))),
    }
}

/// Reads one by id.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn read(engine: &Engine, id: Id) -> Result<Shown> {
    let connection = engine.unlocked()?.read(|tx| connections::read(tx, id))?;
    shown(engine, connection)
}

fn shown(engine: &Engine, connection: Connection) -> Result<Shown> {
    let (environment, clients) = engine.unlocked()?.read(|tx| {
        let own = connection
            .auth_client
            .filter(|address| address.vault == tx.vault_id());
        Ok((
            environments::read(tx, connection.environment)?,
            own.map(|address| auth_clients::read(tx, address.client))
                .transpose()?,
        ))
    })?;
    with_names(engine, connection, &environment, clients.as_slice())
}

/// With the names that faces show; the AuthClient is looked up among those of this vault, or called as another vault's
/// was.
fn with_names(
    engine: &Engine,
    connection: Connection,
    environment: &Environment,
    own: &[AuthClient],
) -> Result<Shown> {
    let auth_client = connection.auth_client.and_then(|address| {
        own.iter()
            .find(|client| connection.foreign_key.is_none() && client.id == address.client)
    });
    let own_key = || auth_client.map(|client| client.key.clone());
    Ok(Shown {
        renewed_by: RenewedBy::of(&connection, auth_client),
        auth_client: connection.foreign_key.clone().or_else(own_key),
        connection: with_unsaved(engine, connection)?,
        environment: environment.clone(),
    })
}

/// AM9: the first Connection of an Application in an environment is its default.
pub(crate) fn is_first(tx: &Tx<'_>, environment: Id, application: Option<&AppName>) -> store::Result<bool> {
    let Some(application) = application else {
        return Ok(false);
    };
    match connections::default_of(tx, environment, application) {
        Ok(_) => Ok(false),
        Err(store::Error::NotFound(_)) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Drops the tokens or destroys the values with all their versions, and keeps the definition (AM6); tokens are revoked
/// first where the endpoint is known (OA11).
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] for a type that holds nothing. A revocation that fails is told, not an error: the tokens are gone here either way.
pub fn disconnect(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
) -> Result<(Shown, Revocation)> {
    access::authorize(caller, Act::Write)?;
    let shown = find(engine, environment, key_or_id)?;
    let id = shown.connection.id;
    if shown.connection.auth_type == AuthType::None {
        return Err(Error::new(
            Kind::Invalid,
            format!(
                "“{}” is of type none: there is nothing to disconnect.",
                shown.connection.key
            ),
            format!("Delete it: keyward connection delete {}", shown.connection.key),
        ));
    }
    let _lease = lease::take(&engine.home, &engine.name, id, LEASE_WAIT)?;
    // I5: tokens that were revoked are dropped, also when the vault is locked meanwhile.
    let _flight = engine.flight();
    let vault = engine.unlocked()?;
    let tried = revoke_tokens(engine, &vault, id)?;
    let now = engine.now();
    vault.write(now, |tx| {
        let mut connection = connections::read(tx, id)?;
        check_same(tx, &connection, tried.row)?;
        tried.queue(tx)?;
        connections::drop_tokens(tx, &connection)?;
        connections::drop_values(tx, &connection)?;
        connection.value = None;
        connection.state = ConnectionState::Disconnected;
        connection.error = None;
        connection.lifetime = None;
        connection.has_refresh_token = false;
        connection.retry_at = None;
        connection.failures = 0;
        connection.upkeep = Upkeep::default();
        connection.updated_at = now;
        connections::update(tx, &connection)?;
        audit::append(
            tx,
            &event(engine, caller, "connection.disconnect", &shown, &tried.revocation),
        )
    })?;
    engine.changes.publish(ChangeKind::Connection, id);
    Ok((read(engine, id)?, tried.revocation))
}

/// Tokens that somebody stored by a new consent meanwhile were not revoked and are not dropped.
fn check_same(tx: &Tx<'_>, connection: &Connection, row: Option<u64>) -> store::Result<()> {
    if connections::tokens(tx, connection)?.map(|(_, row)| row) == row {
        return Ok(());
    }
    Err(store::Error::Conflict(format!(
        "{} was connected again meanwhile",
        connection.key
    )))
}

/// Deletes Connections for good, revoking their tokens first where the endpoint is known. All are found before the first goes.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn delete(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    keys_or_ids: &[String],
) -> Result<Vec<(Shown, Revocation)>> {
    access::authorize(caller, Act::Write)?;
    let mut found: Vec<Shown> = Vec::new();
    for key_or_id in keys_or_ids {
        let one = find(engine, environment, key_or_id)?;
        if !found.iter().any(|shown| shown.connection.id == one.connection.id) {
            found.push(one);
        }
    }
    let mut deleted = Vec::new();
    for shown in found {
        let id = shown.connection.id;
        let _lease = lease::take(&engine.home, &engine.name, id, LEASE_WAIT)?;
        let _flight = engine.flight();
        let vault = engine.unlocked()?;
        let tried = revoke_tokens(engine, &vault, id)?;
        let now = engine.now();
        vault.write(now, |tx| {
            check_same(tx, &connections::read(tx, id)?, tried.row)?;
            tried.queue(tx)?;
            connections::purge(tx, id, now)?;
            if let Some(application) = &shown.connection.application {
                applications::remove_unused(tx, application)?;
            }
            audit::append(
                tx,
                &event(engine, caller, "connection.delete", &shown, &tried.revocation),
            )
        })?;
        engine.changes.publish(ChangeKind::Connection, id);
        deleted.push((shown, tried.revocation));
    }
    Ok(deleted)
}

fn event(
    engine: &Engine,
    caller: &Caller,
    action: &str,
    shown: &Shown,
    revocation: &Revocation,
) -> AuditEvent {
    let outcome = match revocation {
        Revocation::Revoked => "ok, revoked at the provider",
        Revocation::NoEndpoint => "ok, not revoked: no endpoint known",
        Revocation::Queued(_) => "ok, to be revoked when the provider can be reached",
        Revocation::Failed(_) => "ok, revocation failed",
        Revocation::NoTokens if shown.connection.value.is_some() => "ok, its values were destroyed",
        Revocation::NoTokens => "ok, there were no tokens",
    };
    refresh::event(
        engine,
        &caller.actor(),
        action,
        &shown.environment,
        &shown.connection,
        outcome,
    )
}
