//! Keeping tokens fresh: one refresh request at a time, whoever asks.

mod commits;

use std::{sync::Arc, time::Duration};

use keyward_model::{
    Id, SecretValue, Timestamp,
    audit::AuditEvent,
    auth_client::Oauth2,
    connection::{AuthType, Connection, ConnectionState, TokenSet},
    environment::Environment,
};
use keyward_oauth::{
    Error as OauthError,
    error::Sent,
    grants,
    token::{self, Answer},
};
use keyward_vault::{
    error as store, lease,
    table::{connections, environments},
    vault::UnlockedVault,
};

use commits::{begin, commit, keep_intent, record_failure};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    auth_clients,
    connections::{self as connection_acts, Shown},
    verdict,
};

/// How long to wait for somebody else's refresh: a request takes at most 30 s (O-57).
pub(crate) const LEASE_WAIT: Duration = Duration::from_secs(35);

/// An answer whose fate is in doubt is asked for again at once only this soon, so that a flight ends before those
/// who wait for it give up, and a host can step aside in time (O-57, O-60, L-01).
const AGAIN_WITHIN: Duration = Duration::from_secs(4);

/// Who wants the refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// Somebody needs a token, or it became due by itself: what failed is not tried again before its time.
    Needed,
    /// The Owner asked for a new one now (EL10).
    Asked,
}

/// Everything a refresh needs, read in one transaction.
struct Held {
    connection: Connection,
    environment: Environment,
    /// With the version of their row: whoever finds another one later knows that somebody stored new tokens.
    tokens: Option<(TokenSet, u64)>,
}

/// An access token on its way out.
pub struct Token {
    /// The access token.
    pub access_token: SecretValue,
    /// As the provider wrote it.
    pub token_type: String,
    /// When it ends; `None` for one that was made at the provider and entered: nobody told us.
    pub expires_at: Option<Timestamp>,
    /// Scope as granted.
    pub scope: Option<String>,
}

/// An access token with life left (O-65): refreshed first when it is due, together with everybody else who asks.
///
/// Without a refresh token it is handed out until it expires (EL12); one that was entered as it is.
///
/// # Errors
/// [`Kind::NeedsConsent`], [`Kind::Provider`]; also [`Kind::Provider`] when `min_ttl` exceeds what a fresh token lives;
/// [`Kind::Invalid`] for a type that has no access token.
pub fn fresh_token(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    min_ttl: Option<Duration>,
) -> Result<(Token, Option<String>)> {
    access::authorize(caller, Act::Read)?;
    let shown = connection_acts::find(engine, environment, key_or_id)?;
    let outcome = token_of(engine, &shown.connection, min_ttl);
    let event = event(
        engine,
        &caller.actor(),
        "connection.token",
        &shown.environment,
        &shown.connection,
        outcome.as_ref().map_or_else(|error| error.kind.code(), |_| "ok"),
    );
    let notice = engine.reads.record(engine, vec![event])?;
    Ok((outcome?, notice))
}

fn token_of(engine: &Engine, connection: &Connection, min_ttl: Option<Duration>) -> Result<Token> {
    match connection.auth_type {
        AuthType::Oauth2 | AuthType::Oauth1 => {
            let tokens = fresh(engine, connection.id, min_ttl)?;
            let ends = connection.auth_type == AuthType::Oauth2;
            Ok(Token {
                access_token: tokens.access_token,
                token_type: tokens.token_type,
                expires_at: ends.then_some(tokens.lifetime.expires_at),
                scope: tokens.scope,
            })
        }
        AuthType::AccessToken => {
            let value = engine.unlocked()?.read(|tx| connections::value(tx, connection))?;
            Ok(Token {
                access_token: connection_acts::field(connection, value, None)?,
                token_type: "Bearer".to_owned(),
                expires_at: None,
                scope: None,
            })
        }
        AuthType::Basic | AuthType::ApiKey | AuthType::None => Err(no_tokens_ever(connection)),
    }
}

fn no_tokens_ever(connection: &Connection) -> Error {
    Error::new(
        Kind::Invalid,
        format!(
            "“{}” is of type {} and has no tokens.",
            connection.key,
            connection.auth_type.as_str()
        ),
        format!("Its value: keyward get {}", connection.key),
    )
}

/// As [`fresh_token`], for callers that were authorized and write their own audit event.
pub(crate) fn fresh(engine: &Engine, id: Id, min_ttl: Option<Duration>) -> Result<TokenSet> {
    let held = read(&*engine.unlocked()?, id)?;
    let now = engine.now();
    let Some((tokens, row)) = held.tokens else {
        return Err(no_tokens(&held.connection));
    };
    // RFC 5849: such a token has no end.
    if held.connection.auth_type == AuthType::Oauth1 || is_enough(&tokens, min_ttl, now) {
        return Ok(tokens);
    }
    if tokens.refresh_token.is_none() {
        // EL12: never tried without a refresh token; what is left may still be used.
        return if !tokens.lifetime.is_expired(now) && min_ttl.is_none() {
            Ok(tokens)
        } else {
            Err(needs_consent(&held.connection))
        };
    }
    // A new one would live no longer than this one, which is fresh: no request is spent on finding out.
    if !tokens.lifetime.is_due(now) && min_ttl.is_some_and(|least| least > tokens.lifetime.length()) {
        return Err(too_short(&held.connection, &tokens));
    }
    let tokens = refresh(engine, id, row, Reason::Needed)?;
    let now = engine.now();
    // One that is due as soon as it is made is still the best there is.
    if is_enough(&tokens, min_ttl, now) || min_ttl.is_none() && !tokens.lifetime.is_expired(now) {
        return Ok(tokens);
    }
    Err(too_short(&held.connection, &tokens))
}

/// O-65: by default a token that is not due; with `min_ttl` one that lives that long, which may be less.
fn is_enough(tokens: &TokenSet, min_ttl: Option<Duration>, now: Timestamp) -> bool {
    match min_ttl {
        Some(least) => !tokens.lifetime.is_expired(now) && tokens.lifetime.left(now) >= least,
        None => !tokens.lifetime.is_due(now),
    }
}

/// Asks the provider for new tokens now (EL10); joins a refresh that is under way.
///
/// # Errors
/// [`Kind::NeedsConsent`], [`Kind::Provider`].
pub fn refresh_now(engine: &Engine, caller: &Caller, environment: &str, key_or_id: &str) -> Result<Shown> {
    access::authorize(caller, Act::Write)?;
    let shown = connection_acts::find(engine, environment, key_or_id)?;
    if shown.connection.auth_type != AuthType::Oauth2 {
        return Err(Error::new(
            Kind::Invalid,
            format!(
                "“{}” is of type {} and has nothing to refresh.",
                shown.connection.key,
                shown.connection.auth_type.as_str()
            ),
            format!("New values: keyward connection update {}", shown.connection.key),
        ));
    }
    let id = shown.connection.id;
    let held = read(&*engine.unlocked()?, id)?;
    let Some((tokens, row)) = held.tokens else {
        return Err(no_tokens(&held.connection));
    };
    if tokens.refresh_token.is_none() {
        let message = format!("“{}” has no refresh token.", held.connection.key);
        return Err(Error::new(
            Kind::NeedsConsent,
            message,
            "Connect it again and ask for offline access.",
        ));
    }
    refresh(engine, id, row, Reason::Asked)?;
    connection_acts::read(engine, id)
}

/// Refreshes when due, for the background; failures are written into the Connection.
pub(crate) fn refresh_due(engine: &Engine, id: Id) -> Result<()> {
    let held = read(&*engine.unlocked()?, id)?;
    let Some((tokens, row)) = held.tokens else {
        return Ok(());
    };
    if tokens.lifetime.is_due(engine.now()) {
        refresh(engine, id, row, Reason::Needed)?;
    }
    Ok(())
}

fn read(vault: &UnlockedVault, id: Id) -> Result<Held> {
    Ok(vault.read(|tx| {
        let connection = connections::read(tx, id)?;
        Ok(Held {
            environment: environments::read(tx, connection.environment)?,
            tokens: connections::tokens(tx, &connection)?,
            connection,
        })
    })?)
}

/// One flight: lease, re-read, intent, request, answer (O-53, O-55). `seen` is the row that was not good enough.
fn refresh(engine: &Engine, id: Id, seen: u64, reason: Reason) -> Result<TokenSet> {
    // I3. The lease is a file lock: the kernel frees it when its holder dies (O-56); it is never stolen (O-57).
    let _lease = lease::take(&engine.home, &engine.name, id, LEASE_WAIT).map_err(|error| match error {
        store::Error::Busy(_) => Error::new(
            Kind::Provider,
            "Another program is refreshing this connection and has had no answer yet.",
            "Try again in a moment.",
        ),
        error => error.into(),
    })?;
    // I5: whoever locks the vault now does not keep this answer from being stored.
    let _flight = engine.flight();
    let vault = engine.unlocked()?;
    let begun = engine.ports.clock.monotonic();
    let mut again = false;
    loop {
        // Re-read under the lease: whoever held it before may have done the work.
        let Held {
            connection,
            environment,
            tokens,
        } = read(&vault, id)?;
        let Some((tokens, row)) = tokens else {
            return Err(no_tokens(&connection));
        };
        let now = engine.now();
        if row != seen && !tokens.lifetime.is_due(now) {
            return Ok(tokens);
        }
        if reason == Reason::Needed
            && let Some(error) = standing_failure(&connection, &tokens, now)
        {
            return Err(error);
        }
        let Some(refresh_token) = &tokens.refresh_token else {
            return Err(needs_consent(&connection));
        };
        // Read under the lease, not earlier: a changed client secret is used on the very next refresh (EL13). Before
        // the intent: one that is out of reach with its vault leaves nothing in doubt (EL7).
        let Some(address) = connection.auth_client else {
            return Err(Error::internal("An OAuth connection has an auth client."));
        };
        let used = auth_clients::read_for_use(engine, &vault, address)?;
        let client = auth_clients::oauth2(&used.auth_client)?;
        let intents = begin(&vault, &connection, refresh_token, now)?;
        log::info!("refresh of {} begins", connection.key);
        // I2: no transaction is open while the request is under way.
        match send(
            engine,
            client,
            used.client_secret.as_ref(),
            refresh_token,
            &connection.requested_scopes,
        ) {
            Ok(answer) => match commit(engine, &vault, &connection, &environment, &tokens, row, answer) {
                Ok(tokens) => {
                    log::info!("refresh of {} stored", connection.key);
                    return Ok(tokens);
                }
                // O-59: somebody connected again meanwhile, and those tokens count.
                Err(store::Error::Conflict(_)) if !again => {}
                Err(error) => return Err(error.into()),
            },
            Err(failure) => {
                // The failure itself may quote the provider: only that there was one is told here.
                log::warn!("refresh of {} failed", connection.key);
                let soon = engine.ports.clock.monotonic().saturating_sub(begun) < AGAIN_WITHIN;
                let in_doubt = verdict::is_in_doubt(&failure);
                let verdict = verdict::of(&connection, intents, failure, now);
                if in_doubt && soon && !again {
                    // O-60: asked once more at once with the same token; many servers allow it for a while.
                    keep_intent(&vault, &connection, verdict, now)?;
                } else if let Some(error) =
                    record_failure(engine, &vault, &connection, &environment, row, verdict)?
                {
                    return Err(error);
                } else if again {
                    return Err(changed_meanwhile(&connection));
                }
            }
        }
        again = true;
    }
}

fn send(
    engine: &Engine,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    refresh_token: &SecretValue,
    scopes: &[String],
) -> std::result::Result<Answer, OauthError> {
    let network = engine.network().map_err(|error| OauthError::Transient {
        what: error.message,
        retry_after: None,
        sent: Sent::No,
    })?;
    let clock = Arc::clone(&engine.ports.clock);
    let now = move || clock.now();
    // OA2: where no person is needed, the client's own request is what renews.
    if grants::needs_no_person(client.grant) {
        return network.runtime.block_on(grants::without_person(
            &network.http,
            client,
            secret,
            scopes,
            &now,
        ));
    }
    network
        .runtime
        .block_on(token::refresh(&network.http, client, secret, refresh_token, &now))
}

/// Why nothing is sent now unless the Owner asks: a pause after a failure (O-62, O-63), or a failure that waiting
/// does not mend (O-59, O-61).
fn standing_failure(connection: &Connection, tokens: &TokenSet, now: Timestamp) -> Option<Error> {
    match connection.state {
        ConnectionState::NeedsConsent => Some(needs_consent(connection)),
        ConnectionState::Error => Some(stored_error(connection)),
        _ => connection
            .retry_at
            .filter(|&at| at > now)
            .map(|at| backing_off(connection, tokens, at, now)),
    }
}

/// O-65: a token that is due is not handed out by default, even while it is still accepted; `--min-ttl` says otherwise.
fn backing_off(connection: &Connection, tokens: &TokenSet, until: Timestamp, now: Timestamp) -> Error {
    let mut error = stored_error(connection);
    error.hint = format!("Keyward tries again at {}.", until.to_rfc3339());
    let left = tokens.lifetime.left(now).as_secs();
    if left > 0 {
        error.hint.push_str(&format!(
            " The present token lives {left} s more: --min-ttl 1s takes it."
        ));
    }
    error
}

fn stored_error(connection: &Connection) -> Error {
    match &connection.error {
        Some(error) => Error::new(Kind::Provider, error.message.clone(), error.hint.clone()),
        None => Error::new(
            Kind::Provider,
            "The provider could not be asked for fresh tokens.",
            "",
        ),
    }
}

fn too_short(connection: &Connection, tokens: &TokenSet) -> Error {
    let message = format!(
        "A fresh token of “{}” lives {} s, less than was asked for.",
        connection.key,
        tokens.lifetime.length().as_secs()
    );
    Error::new(Kind::Provider, message, "Ask for less with --min-ttl.")
}

fn changed_meanwhile(connection: &Connection) -> Error {
    let message = format!("“{}” was connected again meanwhile.", connection.key);
    Error::new(Kind::Conflict, message, "Try again.")
}

fn no_tokens(connection: &Connection) -> Error {
    let message = format!("“{}” is not connected.", connection.key);
    Error::new(
        Kind::NeedsConsent,
        message,
        format!("Connect it: keyward connect {}", connection.key),
    )
}

fn needs_consent(connection: &Connection) -> Error {
    let message = match &connection.error {
        Some(error) => format!("“{}” needs consent again. {}", connection.key, error.message),
        None => format!(
            "The token of “{}” has expired and there is no refresh token.",
            connection.key
        ),
    };
    Error::new(
        Kind::NeedsConsent,
        message,
        format!("Connect it again: keyward connect {}", connection.key),
    )
}

pub(crate) fn event(
    engine: &Engine,
    actor: &str,
    action: &str,
    environment: &Environment,
    connection: &Connection,
    outcome: &str,
) -> AuditEvent {
    let subject = format!("connection {}/{}", environment.name, connection.key);
    crate::audit::event(engine, actor.to_owned(), action, subject, outcome)
}
