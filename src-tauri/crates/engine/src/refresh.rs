//! Keeping tokens fresh: one refresh request at a time, whoever asks.

use std::{sync::Arc, thread, time::Duration};

use keyward_model::{
    Id, SecretValue, Timestamp,
    audit::AuditEvent,
    auth_client::AuthClient,
    connection::{Connection, ConnectionState, RefreshIntent, TokenSet},
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
    vault::UnlockedVault,
};
use sha2::{Digest, Sha256};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    connections::{self as connection_acts, Shown},
    verdict::{self, Intents, Verdict},
};

/// How long to wait for somebody else's refresh: a request takes at most 30 s (O-57).
pub(crate) const LEASE_WAIT: Duration = Duration::from_secs(35);

/// An answer whose fate is in doubt is asked for again at once only this soon, so that a flight ends before those
/// who wait for it give up, and a host can step aside in time (O-57, O-60, L-01).
const AGAIN_WITHIN: Duration = Duration::from_secs(4);

/// How often, and how far apart, the second commit is tried: new tokens must not be lost to a busy disk.
const COMMIT_TRIES: u32 = 3;
const COMMIT_PAUSE: Duration = Duration::from_millis(500);

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
    let outcome = fresh(engine, shown.connection.id, min_ttl);
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

/// As [`fresh_token`], for callers that were authorized and write their own audit event.
pub(crate) fn fresh(engine: &Engine, id: Id, min_ttl: Option<Duration>) -> Result<TokenSet> {
    let held = read(&*engine.unlocked()?, id)?;
    let now = engine.now();
    let Some((tokens, row)) = held.tokens else {
        return Err(no_tokens(&held.connection));
    };
    if is_enough(&tokens, min_ttl, now) {
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
        let Flight {
            intents,
            client,
            secret,
        } = begin(&vault, &connection, refresh_token, now)?;
        // I2: no transaction is open while the request is under way.
        match send(engine, &client, secret.as_ref(), refresh_token) {
            Ok(answer) => match commit(engine, &vault, &connection, &environment, &tokens, row, answer) {
                Ok(tokens) => return Ok(tokens),
                // O-59: somebody connected again meanwhile, and those tokens count.
                Err(store::Error::Conflict(_)) if !again => {}
                Err(error) => return Err(error.into()),
            },
            Err(failure) => {
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

struct Flight {
    intents: Intents,
    client: AuthClient,
    secret: Option<SecretValue>,
}

/// First commit: the sealed intent, before anything is sent (O-53).
fn begin(
    vault: &UnlockedVault,
    connection: &Connection,
    refresh_token: &SecretValue,
    now: Timestamp,
) -> Result<Flight> {
    let refresh_token_digest = Sha256::digest(refresh_token.expose()).into();
    Ok(vault.write(now, |tx| {
        let before = connections::intent(tx, connection)?;
        let written = RefreshIntent {
            attempt: before
                .as_ref()
                .map_or(1, |before| before.attempt.saturating_add(1)),
            refresh_token_digest,
            started_at: now,
            // An answer that could not be read stays until one could.
            unreadable_answer: before
                .as_ref()
                .and_then(|before| before.unreadable_answer.as_ref())
                .map(SecretValue::duplicate),
        };
        connections::put_intent(tx, connection, &written)?;
        // Read here, not earlier: a changed client secret is used on the very next refresh (EL13).
        let client = auth_clients::read(tx, connection.auth_client)?;
        let secret = auth_clients::client_secret(tx, &client)?;
        Ok(Flight {
            intents: Intents { before, written },
            client,
            secret,
        })
    })?)
}

fn send(
    engine: &Engine,
    client: &AuthClient,
    secret: Option<&SecretValue>,
    refresh_token: &SecretValue,
) -> std::result::Result<Answer, OauthError> {
    let network = engine.network().map_err(|error| OauthError::Transient {
        what: error.message,
        retry_after: None,
        sent: Sent::No,
    })?;
    let clock = Arc::clone(&engine.ports.clock);
    network.runtime.block_on(token::refresh(
        &network.http,
        client,
        secret,
        refresh_token,
        &move || clock.now(),
    ))
}

/// Second commit: raw answer, parsed tokens, intent deleted; synced before anybody sees the token (O-53).
fn commit(
    engine: &Engine,
    vault: &UnlockedVault,
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
    let write = || {
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
            let event = event(
                engine,
                "keyward",
                "connection.refresh",
                environment,
                &connection,
                "ok",
            );
            audit::append(tx, &event)
        })
    };
    let mut stored = write();
    for _ in 1..COMMIT_TRIES {
        if !matches!(
            stored,
            Err(store::Error::Busy(_) | store::Error::Storage(_) | store::Error::ReadOnly(_))
        ) {
            break;
        }
        thread::sleep(COMMIT_PAUSE);
        stored = write();
    }
    stored?;
    engine.changes.publish(ChangeKind::Connection, connection.id);
    Ok(tokens)
}

/// Stores what is in doubt before the same token is sent once more.
fn keep_intent(
    vault: &UnlockedVault,
    connection: &Connection,
    verdict: Verdict,
    now: Timestamp,
) -> Result<()> {
    let Some(intent) = verdict.intent else {
        return Ok(());
    };
    Ok(vault.write(now, |tx| connections::put_intent(tx, connection, &intent))?)
}

/// Writes what a failure means for the Connection and returns it as an error; `None` when somebody connected again
/// meanwhile, since what failed concerns tokens that are gone (O-59).
fn record_failure(
    engine: &Engine,
    vault: &UnlockedVault,
    held: &Connection,
    environment: &Environment,
    row: u64,
    verdict: Verdict,
) -> Result<Option<Error>> {
    let Verdict {
        state,
        retry_at,
        error,
        intent,
    } = verdict;
    let now = engine.now();
    let stands = vault.write(now, |tx| {
        let mut connection = connections::read(tx, held.id)?;
        if connections::tokens(tx, &connection)?.map(|(_, row)| row) != Some(row) {
            return Ok(false);
        }
        match &intent {
            Some(intent) => connections::put_intent(tx, &connection, intent)?,
            None => connections::delete_intent(tx, &connection)?,
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
        let event = event(
            engine,
            "keyward",
            "connection.refresh",
            environment,
            &connection,
            &error.code,
        );
        audit::append(tx, &event)?;
        Ok(true)
    })?;
    if !stands {
        return Ok(None);
    }
    engine.changes.publish(ChangeKind::Connection, held.id);
    let kind = match (state, retry_at) {
        (ConnectionState::NeedsConsent, None) => Kind::NeedsConsent,
        _ => Kind::Provider,
    };
    Ok(Some(Error::new(kind, error.message, error.hint)))
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
    AuditEvent {
        at: engine.now(),
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: format!("connection {}/{}", environment.name, connection.key),
        outcome: outcome.to_owned(),
    }
}
