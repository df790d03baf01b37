//! Ending tokens at the provider (OA11, O-52): at once, or later when it cannot be reached.

use std::time::Duration;

use keyward_model::{
    Id, SecretValue,
    auth_client::Oauth2,
    connection::{PendingRevocation, TokenSet},
};
use keyward_oauth::{
    Error as OauthError, behaviour,
    error::Sent,
    revoke::{self, TokenKind},
};
use keyward_vault::{
    table::{audit, connections, environments, revocations},
    tx::WriteTx,
    vault::UnlockedVault,
};

use crate::{Engine, Error, Kind, Result, auth_clients, changes::ChangeKind};

/// First pause before the provider is asked again; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// Who could not be reached for so long is not asked any more: few refresh tokens that nobody uses live longer.
const GIVE_UP_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);

/// What became of what a Connection held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Revoked (RFC 7009).
    Revoked,
    /// No revocation endpoint is known: they end by themselves.
    NoEndpoint,
    /// The provider could not be reached: a host asks again until it can be.
    Queued(Error),
    /// The provider refused: they end by themselves.
    Failed(Error),
    /// There were none.
    NoTokens,
}

/// A try to revoke, and what its act must still store.
pub(super) struct Tried {
    pub(super) revocation: Revocation,
    /// The row of the tokens that were meant.
    pub(super) row: Option<u64>,
    /// What goes into the queue with the commit that drops the tokens.
    pending: Option<PendingRevocation>,
}

impl Tried {
    /// In the transaction that drops the tokens: none are lost between the two.
    pub(super) fn queue(&self, tx: &mut WriteTx<'_>) -> keyward_vault::error::Result<()> {
        match &self.pending {
            Some(pending) => revocations::insert(tx, pending),
            None => Ok(()),
        }
    }
}

/// Revokes at the provider.
pub(super) fn revoke_tokens(engine: &Engine, vault: &UnlockedVault, id: Id) -> Result<Tried> {
    let (connection, environment, tokens, record) = vault.read(|tx| {
        let connection = connections::read(tx, id)?;
        let environment = environments::read(tx, connection.environment)?;
        let tokens = connections::tokens(tx, &connection)?;
        Ok((connection, environment, tokens, tx.new_id()?))
    })?;
    let (Some((tokens, row)), Some(auth_client)) = (tokens, connection.auth_client) else {
        return Ok(Tried {
            revocation: Revocation::NoTokens,
            row: None,
            pending: None,
        });
    };
    let TokenSet {
        refresh_token,
        access_token,
        ..
    } = tokens;
    let now = engine.now();
    let pending = PendingRevocation {
        id: record,
        connection: format!("{}/{}", environment.name, connection.key),
        auth_client,
        kept: connection.kept,
        refresh_token,
        access_token,
        queued_at: now,
        tries: 0,
        retry_at: now.after(FIRST_PAUSE),
    };
    let revocation = ask(engine, vault, &pending);
    let is_queued = matches!(revocation, Revocation::Queued(_));
    Ok(Tried {
        revocation,
        row: Some(row),
        pending: is_queued.then_some(pending),
    })
}

/// Tells the provider, once.
fn ask(engine: &Engine, vault: &UnlockedVault, pending: &PendingRevocation) -> Revocation {
    let used = match auth_clients::read_for_use(engine, vault, pending.auth_client) {
        Ok(used) => used,
        // An AuthClient that another vault keeps is in reach again once that vault is open.
        Err(error) if error.kind == Kind::Locked => return Revocation::Queued(error),
        Err(error) => return Revocation::Failed(error),
    };
    match auth_clients::oauth2(&used.auth_client) {
        Err(error) => Revocation::Failed(error),
        Ok(client) if client.revocation_uri.is_none() => Revocation::NoEndpoint,
        Ok(client) => match send(engine, client, used.client_secret.as_ref(), pending) {
            Ok(()) => Revocation::Revoked,
            Err(error @ OauthError::Transient { .. }) => Revocation::Queued(error.into()),
            Err(error) => Revocation::Failed(error.into()),
        },
    }
}

/// The refresh token first, then the access token, whatever became of the first (O-52).
fn send(
    engine: &Engine,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    pending: &PendingRevocation,
) -> std::result::Result<(), OauthError> {
    // T-11: at the host that the provider named for this Connection, if the registration lists it.
    let client = &*behaviour::at_home(client, &pending.kept)?;
    let network = engine.network().map_err(|error| OauthError::Transient {
        what: error.message,
        retry_after: None,
        sent: Sent::No,
    })?;
    let send = |token, kind| {
        network.runtime.block_on(revoke::revoke(
            &network.http,
            client,
            secret,
            token,
            kind,
            engine.now(),
        ))
    };
    let refresh_token = pending
        .refresh_token
        .as_ref()
        .map(|token| send(token, TokenKind::RefreshToken));
    let access_token = send(&pending.access_token, TokenKind::AccessToken);
    match (refresh_token, access_token) {
        (Some(Err(error)), _) => Err(error),
        // RFC 7009 §2: a server need not revoke access tokens; without their refresh token they end soon.
        (Some(Ok(())), Err(OauthError::Config { oauth_error, .. }))
            if oauth_error == "unsupported_token_type" =>
        {
            Ok(())
        }
        (_, access_token) => access_token,
    }
}

/// How many tokens wait to be revoked.
///
/// # Errors
/// When locked or damaged.
pub fn pending(engine: &Engine) -> Result<usize> {
    Ok(engine.unlocked()?.read(revocations::list)?.len())
}

/// Asks again for what waits and whose pause is over (O-52). What became of each is in the audit log.
pub(crate) fn retry(engine: &Engine) -> Result<()> {
    let vault = engine.refreshing()?;
    let waiting = vault.read(revocations::list)?;
    let now = engine.now();
    for pending in waiting {
        // A pause that is longer than any was written by a clock that has been put back since.
        let pauses = pending.retry_at > now && pending.retry_at.since(now) <= LONGEST_PAUSE;
        if pauses {
            continue;
        }
        let _flight = engine.flight();
        let revocation = ask(engine, &vault, &pending);
        let outcome = match &revocation {
            Revocation::Queued(_) if now.since(pending.queued_at) < GIVE_UP_AFTER => {
                let pause = FIRST_PAUSE
                    .saturating_mul(1 << pending.tries.min(16))
                    .min(LONGEST_PAUSE);
                vault.write(now, |tx| revocations::postpone(tx, pending.id, now.after(pause)))?;
                continue;
            }
            Revocation::Revoked => "ok",
            Revocation::Queued(_) => "given up: the provider could not be reached for 30 days",
            Revocation::NoEndpoint | Revocation::NoTokens => "given up: no endpoint known any more",
            Revocation::Failed(_) => "given up: the provider refused",
        };
        let event = crate::audit::event(
            engine,
            "keyward".to_owned(),
            "connection.revoke",
            format!("connection {}", pending.connection),
            outcome,
        );
        vault.write(now, |tx| {
            revocations::remove(tx, pending.id)?;
            audit::append(tx, &event)
        })?;
        engine.changes.publish(ChangeKind::Connection, None);
    }
    Ok(())
}
