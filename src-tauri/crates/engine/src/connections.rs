//! Connections: list, show, disconnect, delete.

use keyward_model::{
    Id, SecretValue,
    audit::AuditEvent,
    auth_client::AuthClient,
    connection::{Connection, ConnectionState, TokenSet},
    environment::Environment,
    name::Handle,
};
use keyward_oauth::revoke::{self, TokenKind};
use keyward_vault::{
    error as store, lease,
    table::{audit, auth_clients, connections, environments},
    tx::Tx,
    vault::UnlockedVault,
};

use crate::{
    Engine, Error, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    environments as environment_acts,
    refresh::{self, LEASE_WAIT},
    secrets,
};

/// A Connection with the names that faces show.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The Connection.
    pub connection: Connection,
    /// Its environment.
    pub environment: Environment,
    /// Key of its AuthClient.
    pub auth_client: Handle,
}

/// What became of the tokens at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Revoked (RFC 7009).
    Revoked,
    /// No revocation endpoint is known: they end by themselves.
    NoEndpoint,
    /// The request failed: they end by themselves.
    Failed(Error),
    /// There were none.
    NoTokens,
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
        .filter_map(|connection| {
            let client = clients
                .iter()
                .find(|client| client.id == connection.auth_client)?;
            Some(Shown {
                auth_client: client.key.clone(),
                environment: environment.clone(),
                connection,
            })
        })
        .collect();
    shown.sort_by(|one, other| one.connection.key.cmp(&other.connection.key));
    Ok(shown)
}

/// Finds one by key or id.
///
/// # Errors
/// [`crate::Kind::NotFound`] naming the environments that have the key.
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
/// [`crate::Kind::NotFound`].
pub fn read(engine: &Engine, id: Id) -> Result<Shown> {
    let connection = engine.unlocked()?.read(|tx| connections::read(tx, id))?;
    shown(engine, connection)
}

fn shown(engine: &Engine, connection: Connection) -> Result<Shown> {
    let (environment, client) = engine.unlocked()?.read(|tx| {
        Ok((
            environments::read(tx, connection.environment)?,
            auth_clients::read(tx, connection.auth_client)?,
        ))
    })?;
    Ok(Shown {
        connection,
        environment,
        auth_client: client.key,
    })
}

/// Drops the tokens and keeps the definition (AM6), revoking them first where the endpoint is known (OA11).
///
/// # Errors
/// [`crate::Kind::NotFound`]. A revocation that fails is told, not an error: the tokens are gone here either way.
pub fn disconnect(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
) -> Result<(Shown, Revocation)> {
    access::authorize(caller, Act::Write)?;
    let shown = find(engine, environment, key_or_id)?;
    let id = shown.connection.id;
    let _lease = lease::take(&engine.home, &engine.name, id, LEASE_WAIT)?;
    // I5: tokens that were revoked are dropped, also when the vault is locked meanwhile.
    let _flight = engine.flight();
    let vault = engine.unlocked()?;
    let (revocation, row) = revoke_tokens(engine, &vault, id)?;
    let now = engine.now();
    vault.write(now, |tx| {
        let mut connection = connections::read(tx, id)?;
        check_same(tx, &connection, row)?;
        connections::drop_tokens(tx, &connection)?;
        connection.state = ConnectionState::Disconnected;
        connection.error = None;
        connection.lifetime = None;
        connection.has_refresh_token = false;
        connection.retry_at = None;
        connection.failures = 0;
        connection.updated_at = now;
        connections::update(tx, &connection)?;
        audit::append(
            tx,
            &event(engine, caller, "connection.disconnect", &shown, &revocation),
        )
    })?;
    engine.changes.publish(ChangeKind::Connection, id);
    Ok((read(engine, id)?, revocation))
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
/// [`crate::Kind::NotFound`].
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
        let (revocation, row) = revoke_tokens(engine, &vault, id)?;
        vault.write(engine.now(), |tx| {
            check_same(tx, &connections::read(tx, id)?, row)?;
            connections::purge(tx, id)?;
            audit::append(
                tx,
                &event(engine, caller, "connection.delete", &shown, &revocation),
            )
        })?;
        engine.changes.publish(ChangeKind::Connection, id);
        deleted.push((shown, revocation));
    }
    Ok(deleted)
}

/// Revokes at the provider; with what became of it goes the row of the tokens that were meant.
fn revoke_tokens(engine: &Engine, vault: &UnlockedVault, id: Id) -> Result<(Revocation, Option<u64>)> {
    let (tokens, client, secret) = vault.read(|tx| {
        let connection = connections::read(tx, id)?;
        let client = auth_clients::read(tx, connection.auth_client)?;
        let secret = auth_clients::client_secret(tx, &client)?;
        Ok((connections::tokens(tx, &connection)?, client, secret))
    })?;
    let Some((tokens, row)) = tokens else {
        return Ok((Revocation::NoTokens, None));
    };
    if client.revocation_uri.is_none() {
        return Ok((Revocation::NoEndpoint, Some(row)));
    }
    let revocation = match send_revocations(engine, &client, secret.as_ref(), &tokens) {
        Ok(()) => Revocation::Revoked,
        Err(error) => Revocation::Failed(error),
    };
    Ok((revocation, Some(row)))
}

/// The refresh token first, then the access token, whatever became of the first (O-52).
fn send_revocations(
    engine: &Engine,
    client: &AuthClient,
    secret: Option<&SecretValue>,
    tokens: &TokenSet,
) -> Result<()> {
    let network = engine.network()?;
    let send = |token, kind| {
        network
            .runtime
            .block_on(revoke::revoke(&network.http, client, secret, token, kind))
    };
    let refresh_token = tokens
        .refresh_token
        .as_ref()
        .map(|token| send(token, TokenKind::RefreshToken));
    let access_token = send(&tokens.access_token, TokenKind::AccessToken);
    match (refresh_token, access_token) {
        (Some(Err(error)), _) => Err(error.into()),
        // RFC 7009 §2: a server need not revoke access tokens; without their refresh token they end soon.
        (Some(Ok(())), Err(keyward_oauth::Error::Config { oauth_error, .. }))
            if oauth_error == "unsupported_token_type" =>
        {
            Ok(())
        }
        (_, access_token) => Ok(access_token?),
    }
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
        Revocation::Failed(_) => "ok, revocation failed",
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
