//! Keeping tokens fresh: one refresh request at a time, whoever asks.

mod commits;
mod flight;
mod words;

use std::time::Duration;

use keyward_model::{
    Id, SecretValue, Timestamp,
    audit::AuditEvent,
    connection::{AuthType, Connection, TokenSet},
    environment::Environment,
};
use keyward_vault::table::connections;
use sha2::{Digest, Sha256};

pub(crate) use commits::{Unsaved, save, upkeep};
pub(crate) use flight::{Held, LEASE_WAIT, asked_host, read};
use flight::{Reason, refresh};
use words::{needs_consent, no_refresh_token, no_tokens, no_tokens_ever, nothing_to_refresh, too_short};

use crate::{
    Engine, Result,
    access::{self, Act, Caller},
    connections::{self as connection_acts, Shown},
    gate::Pass,
    locate::locate,
};

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
/// [`crate::Kind::NeedsConsent`], [`crate::Kind::Provider`]; also [`crate::Kind::Provider`] when `min_ttl` exceeds what a fresh token lives;
/// [`crate::Kind::Invalid`] for a type that has no access token.
pub fn fresh_token(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    min_ttl: Option<Duration>,
) -> Result<(Token, Option<String>)> {
    access::authorize(caller, Act::Read)?;
    let (connection, environment) = locate(
        engine,
        environment,
        key_or_id,
        connections::find,
        connections::read,
        |connection| connection.environment,
    )?;
    let outcome = token_of(engine, &connection, min_ttl);
    let event = event(
        engine,
        &caller.actor(),
        "connection.token",
        &environment,
        &connection,
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

/// As [`fresh_token`], for callers that were authorized and write their own audit event.
pub(crate) fn fresh(engine: &Engine, id: Id, min_ttl: Option<Duration>) -> Result<TokenSet> {
    let held = read(engine, &*engine.unlocked()?, id)?;
    let now = held.now(engine);
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
    // Counted anew: what was stored meanwhile has a moment of its own to count from (O-70).
    let now = read(engine, &*engine.unlocked()?, id)?.now(engine);
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
/// [`crate::Kind::NeedsConsent`], [`crate::Kind::Provider`].
pub fn refresh_now(engine: &Engine, caller: &Caller, environment: &str, key_or_id: &str) -> Result<Shown> {
    access::authorize(caller, Act::Write)?;
    let shown = connection_acts::find(engine, environment, key_or_id)?;
    let (held, row) = refreshable(engine, &shown)?;
    refresh(engine, held.connection.id, row, Reason::Asked)?;
    connection_acts::read(engine, shown.connection.id)
}

/// A report that does not name its token speaks of the present one only if that is older than this: the caller has the
/// answer to an earlier report already, or will have it when it asks again (O-76).
const NEWER_THAN_A_REPORT: Duration = Duration::from_secs(30);

/// Somebody was refused with an access token: new ones are asked for at once, at most once for each token (OA14,
/// O-76). `refused` is that token, where the caller says it; a report of one that was replaced by now changes nothing.
///
/// # Errors
/// [`crate::Kind::NeedsConsent`], [`crate::Kind::Provider`]; [`crate::Kind::Invalid`] for a type whose values a person enters.
pub fn invalidate(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    refused: Option<&SecretValue>,
) -> Result<Shown> {
    access::authorize(caller, Act::Read)?;
    let shown = connection_acts::find(engine, environment, key_or_id)?;
    let (held, row) = refreshable(engine, &shown)?;
    let now = held.now(engine);
    let is_present = match (&held.tokens, refused) {
        // By digest: how long a comparison takes must not tell how much of a guess was right.
        (Some((tokens, _)), Some(refused)) => digest(&tokens.access_token) == digest(refused),
        (Some((tokens, _)), None) => now.since(tokens.lifetime.obtained_at) >= NEWER_THAN_A_REPORT,
        (None, _) => false,
    };
    let outcome = match is_present {
        // Whoever reports the same token meanwhile finds another row under the lease and gets these.
        true => refresh(engine, shown.connection.id, row, Reason::Refused).map(drop),
        false => Ok(()),
    };
    let word = match &outcome {
        Ok(()) if is_present => "ok",
        Ok(()) => "ok, it had been replaced already",
        Err(error) => error.kind.code(),
    };
    let event = event(
        engine,
        &caller.actor(),
        "connection.invalidate",
        &shown.environment,
        &shown.connection,
        word,
    );
    engine.reads.record(engine, vec![event])?;
    outcome?;
    connection_acts::read(engine, shown.connection.id)
}

fn digest(token: &SecretValue) -> [u8; 32] {
    Sha256::digest(token.expose()).into()
}

/// What a refresh that somebody asks for sets out from.
fn refreshable(engine: &Engine, shown: &Shown) -> Result<(Held, u64)> {
    if shown.connection.auth_type != AuthType::Oauth2 {
        return Err(nothing_to_refresh(&shown.connection));
    }
    let held = read(engine, &*engine.unlocked()?, shown.connection.id)?;
    match &held.tokens {
        None => Err(no_tokens(&held.connection)),
        Some((tokens, _)) if tokens.refresh_token.is_none() => Err(no_refresh_token(&held.connection)),
        Some((_, row)) => {
            let row = *row;
            Ok((held, row))
        }
    }
}

/// Refreshes when due, for the background, which brings its place at the gate; failures are written into the
/// Connection.
pub(crate) fn refresh_due(engine: &Engine, id: Id, pass: Pass<'_>) -> Result<()> {
    let held = read(engine, &*engine.refreshing()?, id)?;
    let now = held.now(engine);
    let Some((_, row)) = held.tokens else {
        return Ok(());
    };
    if held.connection.refresh_in(now) == Some(Duration::ZERO) {
        refresh(engine, id, row, Reason::Due(pass))?;
    }
    Ok(())
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
