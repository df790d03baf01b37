//! Keeping tokens fresh: one refresh request at a time, whoever asks.

use std::time::Duration;

use keyward_model::{
    Id, SecretValue, Timestamp,
    audit::AuditEvent,
    auth_client::AuthClient,
    connection::{Connection, ConnectionError, ConnectionState, RefreshIntent, TokenSet},
    environment::Environment,
};
use keyward_oauth::{
    Error as OauthError,
    error::Sent,
    token::{self, Answer},
};
use keyward_vault::{
    error as store, lease,
    table::{audit, auth_clients, connections, environments},
};
use sha2::{Digest, Sha256};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    connections::{self as connection_acts, Shown},
};

/// How long to wait for somebody else's refresh: a request takes at most 30 s (O-57).
pub(crate) const LEASE_WAIT: Duration = Duration::from_secs(35);

/// First pause after a transient failure; doubles up to [`LONGEST_PAUSE`] (O-63).
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Who wants the refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// Somebody needs a token that is due, or it became due by itself.
    Due,
    /// The Owner asked for a new one now (EL10).
    Asked,
}

/// What was read before the lease, to see whether somebody else refreshed meanwhile.
struct Seen {
    row: u64,
}

/// Everything a refresh needs, read in one transaction.
struct Held {
    connection: Connection,
    environment: Environment,
    tokens: Option<(TokenSet, u64)>,
}

/// An access token with life left (O-65): refreshed first when it is due, together with everybody else who asks.
///
/// Without a refresh token it is handed out until it expires (EL12).
///
/// # Errors
/// [`Kind::NeedsConsent`], [`Kind::Provider`]; also [`Kind::Provider`] when `min_ttl` exceeds what a fresh token lives.
pub fn fresh_token(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    min_ttl: Option<Duration>,
) -> Result<(TokenSet, Option<String>)> {
    access::authorize(caller, Act::Read)?;
    let shown = connection_acts::find(engine, environment, key_or_id)?;
    let tokens = fresh(engine, shown.connection.id, min_ttl)?;
    let event = event(
        engine,
        &caller.actor(),
        "connection.token",
        &shown.environment,
        &shown.connection,
        "ok",
    );
    let notice = engine.reads.record(engine, vec![event])?;
    Ok((tokens, notice))
}

/// As [`fresh_token`], for callers that were authorized and write their own audit event.
pub(crate) fn fresh(engine: &Engine, id: Id, min_ttl: Option<Duration>) -> Result<TokenSet> {
    let held = read(engine, id)?;
    let now = engine.now();
    let Some((tokens, row)) = held.tokens else { return Err(no_tokens(&held.connection)) };
    if is_enough(&tokens, min_ttl, now) {
        return Ok(tokens);
    }
    if tokens.refresh_token.is_none() || held.connection.state == ConnectionState::NeedsConsent {
        // EL12: never tried without a refresh token; what is left may still be used.
        return if !tokens.lifetime.is_expired(now) && min_ttl.is_none() {
            Ok(tokens)
        } else {
            Err(needs_consent(&held.connection))
        };
    }
    let reason = if tokens.lifetime.is_due(now) { Reason::Due } else { Reason::Asked };
    let tokens = refresh(engine, id, &Seen { row }, reason)?;
    if is_enough(&tokens, min_ttl, engine.now()) || min_ttl.is_none() && !tokens.lifetime.is_expired(engine.now()) {
        return Ok(tokens);
    }
    let message = format!(
        "A fresh token of “{}” lives {} s, less than was asked for.",
        held.connection.key,
        tokens.lifetime.length().as_secs()
    );
    Err(Error::new(Kind::Provider, message, "Ask for less with --min-ttl."))
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
    let id = shown.connection.id;
    let held = read(engine, id)?;
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
    refresh(engine, id, &Seen { row }, Reason::Asked)?;
    connection_acts::read(engine, id)
}

/// Refreshes when due, for the background; errors are written into the Connection.
pub(crate) fn refresh_due(engine: &Engine, id: Id) -> Result<()> {
    let held = read(engine, id)?;
    let Some((tokens, row)) = held.tokens else {
        return Ok(());
    };
    if tokens.lifetime.is_due(engine.now()) {
        refresh(engine, id, &Seen { row }, Reason::Due)?;
    }
    Ok(())
}

fn read(engine: &Engine, id: Id) -> Result<Held> {
    Ok(engine.unlocked()?.read(|tx| {
        let connection = connections::read(tx, id)?;
        Ok(Held {
            environment: environments::read(tx, connection.environment)?,
            tokens: connections::tokens(tx, &connection)?,
            connection,
        })
    })?)
}

/// One flight: lease, re-read, intent, request, answer (O-53, O-55).
fn refresh(engine: &Engine, id: Id, seen: &Seen, reason: Reason) -> Result<TokenSet> {
    // I3. The lease is a file lock: the kernel frees it when its holder dies (O-56); it is never stolen (O-57).
    let _lease = lease::take(&engine.home, &engine.name, id, LEASE_WAIT).map_err(|error| match error {
        store::Error::Busy(_) => Error::new(
            Kind::Provider,
            "Another program is refreshing this connection and has had no answer yet.",
            "Try again in a moment.",
        ),
        error => error.into(),
    })?;
    let mut retried = false;
    loop {
        // Re-read under the lease: whoever held it before may have done the work.
        let held = read(engine, id)?;
        let Held {
            connection,
            environment,
            tokens,
        } = held;
        let Some((tokens, row)) = tokens else {
            return Err(no_tokens(&connection));
        };
        let now = engine.now();
        if row != seen.row && !tokens.lifetime.is_due(now) {
            return Ok(tokens);
        }
        if reason == Reason::Due {
            if let Some(wait) = connection.retry_at.filter(|&at| at > now) {
                return Err(backing_off(&connection, &tokens, wait, now));
            }
            if connection.state == ConnectionState::NeedsConsent {
                // O-59: whoever held the lease before was told so; asking again would change nothing.
                return Err(needs_consent(&connection));
            }
            if connection.state == ConnectionState::Error {
                // O-61: a configuration error is not tried again by itself.
                return Err(stored_error(&connection));
            }
        }
        let Some(refresh_token) = &tokens.refresh_token else {
            return Err(needs_consent(&connection));
        };
        let digest: [u8; 32] = Sha256::digest(refresh_token.expose()).into();
        let flight = begin(engine, &connection, digest)?;
        // I2: no transaction is open while the request is under way.
        match send(engine, &flight, refresh_token) {
            Ok(answer) => match commit(engine, &connection, &environment, &tokens, row, answer) {
                Ok(tokens) => return Ok(tokens),
                Err(store::Error::Conflict(_)) if !retried => retried = true,
                Err(error) => return Err(error.into()),
            },
            // O-60: the outcome is unknown, so one retry at once with the same token; many servers allow it.
            Err(OauthError::Transient {
                sent: Sent::Unknown, ..
            }) if !retried => retried = true,
            // O-59: somebody connected again meanwhile? Then the stored token is another one.
            Err(OauthError::Permanent { .. }) if !retried && stored_differs(engine, id, digest)? => {
                retried = true
            }
            Err(error) => return Err(record_failure(engine, &connection, &environment, &flight, error)?),
        }
    }
}

struct Flight {
    intent: RefreshIntent,
    client: AuthClient,
    secret: Option<SecretValue>,
}

/// First commit: the sealed intent, before anything is sent (O-53).
fn begin(engine: &Engine, connection: &Connection, digest: [u8; 32]) -> Result<Flight> {
    let now = engine.now();
    Ok(engine.unlocked()?.write(now, |tx| {
        let before = connections::intent(tx, connection)?;
        let intent = RefreshIntent {
            attempt: before.map_or(1, |before| before.attempt.saturating_add(1)),
            refresh_token_digest: digest,
            started_at: now,
            unreadable_answer: None,
        };
        connections::put_intent(tx, connection, &intent)?;
        // Read here, not earlier: a changed client secret is used on the very next refresh (EL13).
        let client = auth_clients::read(tx, connection.auth_client)?;
        let secret = auth_clients::client_secret(tx, &client)?;
        Ok(Flight {
            intent,
            client,
            secret,
        })
    })?)
}

fn send(
    engine: &Engine,
    flight: &Flight,
    refresh_token: &SecretValue,
) -> std::result::Result<Answer, OauthError> {
    let network = engine.network().map_err(|error| OauthError::Transient {
        what: error.message,
        retry_after: None,
        sent: Sent::No,
    })?;
    let clock = std::sync::Arc::clone(&engine.ports.clock);
    network.runtime.block_on(token::refresh(
        &network.http,
        &flight.client,
        flight.secret.as_ref(),
        refresh_token,
        &move || clock.now(),
    ))
}

/// Second commit: raw answer, parsed tokens, intent deleted; synced before anybody sees the token (O-53).
fn commit(
    engine: &Engine,
    connection: &Connection,
    environment: &Environment,
    old: &TokenSet,
    row: u64,
    answer: Answer,
) -> store::Result<TokenSet> {
    let now = engine.now();
    let mut tokens = answer.tokens;
    if tokens.refresh_token.is_none() {
        // O-54: an answer without one keeps the old.
        tokens.refresh_token = old.refresh_token.as_ref().map(SecretValue::duplicate);
    }
    if tokens.scope.is_none() {
        tokens.scope.clone_from(&old.scope);
    }
    let vault = engine.unlocked().map_err(|_| store::Error::Locked)?;
    vault.write(now, |tx| {
        let mut connection = connections::read(tx, connection.id)?;
        connections::replace_tokens(tx, &connection, &tokens, Some(row))?;
        connection.state = ConnectionState::Ready;
        connection.error = None;
        connection.lifetime = Some(tokens.lifetime);
        connection.has_refresh_token = tokens.refresh_token.is_some();
        connection.granted_scope.clone_from(&tokens.scope);
        connection.retry_at = None;
        connection.failures = 0;
        connection.updated_at = now;
        connections::update(tx, &connection)?;
        audit::append(
            tx,
            &event(
                engine,
                "keyward",
                "connection.refresh",
                environment,
                &connection,
                "ok",
            ),
        )
    })?;
    engine.changes.publish(ChangeKind::Connection, connection.id);
    Ok(tokens)
}

fn stored_differs(engine: &Engine, id: Id, sent: [u8; 32]) -> Result<bool> {
    let stored = read(engine, id)?
        .tokens
        .and_then(|(tokens, _)| tokens.refresh_token);
    Ok(stored.is_some_and(|stored| <[u8; 32]>::from(Sha256::digest(stored.expose())) != sent))
}

/// Writes what a failure means for the Connection and returns it as an error. Tokens stay (O-59, O-60, O-61).
fn record_failure(
    engine: &Engine,
    held: &Connection,
    environment: &Environment,
    flight: &Flight,
    failure: OauthError,
) -> Result<Error> {
    let now = engine.now();
    let interrupted = flight.intent.attempt > 1;
    let key = &held.key;
    let mut intent_after = Some(false);
    let mut unreadable = None;
    let (state, retry_at, error) = match failure {
        OauthError::Permanent {
            oauth_error,
            description,
        } => {
            let said = description.map_or_else(String::new, |text| format!(" ({text})"));
            let cause = if interrupted {
                "an earlier refresh was interrupted and its answer never arrived, or the grant was revoked"
            } else {
                "the grant was revoked, expired, or used by another program"
            };
            let error = ConnectionError {
                message: format!(
                    "The provider no longer accepts the refresh token: {oauth_error}{said}. Probably {cause}."
                ),
                code: oauth_error,
                hint: format!("Connect it again: keyward connect {key}"),
            };
            (ConnectionState::NeedsConsent, None, error)
        }
        OauthError::Config {
            oauth_error,
            description,
        } => {
            let said = description.map_or_else(String::new, |text| format!(" ({text})"));
            let error = ConnectionError {
                message: format!("The provider refuses the auth client or the request: {oauth_error}{said}."),
                code: oauth_error,
                hint: format!(
                    "Compare client id, client secret and token address, then: keyward connection refresh {key}"
                ),
            };
            (ConnectionState::Error, None, error)
        }
        OauthError::BadResponse { what, raw } => {
            // O-53: an answer that cannot be read is kept in the intent; the old tokens stay.
            intent_after = None;
            unreadable = Some(raw);
            (
                ConnectionState::Ready,
                Some(retry_after(held, now, None)),
                transient(what),
            )
        }
        OauthError::Transient {
            what,
            retry_after: after,
            sent,
        } => {
            // A request that was never sent leaves no doubt behind; one that may have been keeps its intent.
            intent_after = (sent == Sent::No).then_some(true);
            (
                ConnectionState::Ready,
                Some(retry_after(held, now, after)),
                transient(what),
            )
        }
        other => (
            ConnectionState::Ready,
            Some(retry_after(held, now, None)),
            transient(other.to_string()),
        ),
    };
    engine.unlocked()?.write(now, |tx| {
        let mut connection = connections::read(tx, held.id)?;
        match (unreadable, intent_after) {
            (Some(raw), _) => {
                let intent = RefreshIntent {
                    unreadable_answer: Some(raw),
                    ..copy(&flight.intent)
                };
                connections::put_intent(tx, &connection, &intent)?;
            }
            (None, Some(_)) => connections::delete_intent(tx, &connection)?,
            (None, None) => {}
        }
        connection.state = state;
        connection.error = Some(error.clone());
        connection.retry_at = retry_at;
        connection.failures = if retry_at.is_some() {
            connection.failures.saturating_add(1)
        } else {
            0
        };
        connection.updated_at = now;
        connections::update(tx, &connection)?;
        audit::append(
            tx,
            &event(
                engine,
                "keyward",
                "connection.refresh",
                environment,
                &connection,
                &error.code,
            ),
        )
    })?;
    engine.changes.publish(ChangeKind::Connection, held.id);
    let kind = match state {
        ConnectionState::NeedsConsent => Kind::NeedsConsent,
        _ => Kind::Provider,
    };
    Ok(Error::new(kind, error.message, error.hint))
}

fn copy(intent: &RefreshIntent) -> RefreshIntent {
    RefreshIntent {
        attempt: intent.attempt,
        refresh_token_digest: intent.refresh_token_digest,
        started_at: intent.started_at,
        unreadable_answer: None,
    }
}

fn transient(what: String) -> ConnectionError {
    ConnectionError {
        code: "temporary".to_owned(),
        message: format!("The provider could not be asked for fresh tokens: {what}."),
        hint: "Keyward tries again by itself; nothing was lost.".to_owned(),
    }
}

/// O-62, O-63: what the provider says, else a pause that doubles; at least 10 s between failed requests.
fn retry_after(held: &Connection, now: Timestamp, said: Option<Duration>) -> Timestamp {
    let doubled = FIRST_PAUSE.saturating_mul(1 << held.failures.min(8));
    now.after(said.unwrap_or(doubled.min(LONGEST_PAUSE)).max(FIRST_PAUSE))
}

/// O-65: a token that is due is not handed out by default, even while it is still accepted; `--min-ttl` says otherwise.
fn backing_off(connection: &Connection, tokens: &TokenSet, until: Timestamp, now: Timestamp) -> Error {
    let mut error = stored_error(connection);
    error.hint = format!("Keyward tries again at {}.", until.to_rfc3339());
    let left = tokens.lifetime.left(now).as_secs();
    if left > 0 {
        error.hint.push_str(&format!(" The present token lives {left} s more: --min-ttl 1s takes it."));
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
    AuditEvent {
        at: engine.now(),
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: format!("connection {}/{}", environment.name, connection.key),
        outcome: outcome.to_owned(),
    }
}
