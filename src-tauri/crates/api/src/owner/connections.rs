//! Connections and tokens.

use std::{sync::Arc, time::Duration};

use keyward_engine::{
    Engine,
    access::Caller,
    audit,
    connections::{self, Alarm},
    refresh,
};
use keyward_model::{
    Timestamp,
    connection::{ConnectionState, EndKind},
};

use super::{Result, from_engine};
use crate::wire::{self, Plaintext};

/// Connections of an environment, by key.
///
/// # Errors
/// `locked`, `not_found` for the environment.
pub fn list(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::ConnectionList,
) -> Result<Vec<wire::Connection>> {
    let state = request.state.map(|state| match state {
        wire::ConnectionState::AwaitingConsent => ConnectionState::AwaitingConsent,
        wire::ConnectionState::Ready => ConnectionState::Ready,
        wire::ConnectionState::NeedsConsent => ConnectionState::NeedsConsent,
        wire::ConnectionState::Error => ConnectionState::Error,
        wire::ConnectionState::Disconnected => ConnectionState::Disconnected,
    });
    Ok(connections::list(engine, &request.environment, state)?
        .into_iter()
        .map(Into::into)
        .collect())
}

/// One of them.
///
/// # Errors
/// `not_found`.
pub fn show(engine: &Arc<Engine>, _: &Caller, request: wire::ConnectionShow) -> Result<wire::Connection> {
    Ok(connections::find(engine, &request.environment, &request.connection)?.into())
}

/// New tokens now; the reply shows the new lifetime.
///
/// # Errors
/// `needs_consent`, `provider`.
pub fn refresh(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ConnectionRefresh,
) -> Result<wire::Connection> {
    Ok(refresh::refresh_now(engine, caller, &request.environment, &request.connection)?.into())
}

/// How many refreshes are shown.
const REFRESHES: usize = 20;

/// Its newest refreshes.
///
/// # Errors
/// `not_found`.
pub fn refreshes(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::ConnectionRefreshes,
) -> Result<Vec<wire::RefreshAttempt>> {
    let shown = connections::find(engine, &request.environment, &request.connection)?;
    let key = shown.connection.key.as_str();
    let attempts = audit::refreshes(engine, shown.environment.name.as_str(), key, REFRESHES)?;
    Ok(attempts
        .into_iter()
        .map(|event| wire::RefreshAttempt {
            at: event.at.to_rfc3339(),
            outcome: event.outcome,
            took_ms: event
                .took
                .map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
        })
        .collect())
}

/// What is known of its tokens.
///
/// # Errors
/// `not_found`.
pub fn facts(engine: &Arc<Engine>, _: &Caller, request: wire::ConnectionFacts) -> Result<wire::TokenFacts> {
    let facts = connections::facts(engine, &request.environment, &request.connection)?;
    let at = |at: Timestamp| at.to_rfc3339();
    Ok(wire::TokenFacts {
        asked: facts.asked,
        claims: facts
            .claims
            .into_iter()
            .map(|(name, value)| wire::Claim { name, value })
            .collect(),
        refresh_token_end: facts.refresh_token_end.map(|end| wire::TokenEnd {
            at: at(end.at),
            idle: end.kind == EndKind::Idle,
        }),
        consented_at: facts.consented_at.map(at),
        failures: facts.failures,
        retry_at: facts.retry_at.map(at),
        clock_skew: facts.clock_skew,
        unsaved: facts.is_unsaved,
        revocations: facts
            .revocations
            .into_iter()
            .map(|queued| wire::QueuedRevocation {
                queued_at: at(queued.queued_at),
                tries: queued.tries,
                retry_at: at(queued.retry_at),
            })
            .collect(),
    })
}

/// What a list of Connections cannot show.
///
/// # Errors
/// `not_found` for the environment.
pub fn alarms(engine: &Arc<Engine>, _: &Caller, request: wire::ConnectionAlarms) -> Result<Vec<wire::Alarm>> {
    let alarms = connections::alarms(engine, &request.environment)?;
    let told = alarms.into_iter().map(|(shown, alarm)| wire::Alarm {
        id: shown.connection.id.to_string(),
        name: shown.connection.name,
        kind: match alarm {
            Alarm::Unsaved => wire::AlarmKind::Unsaved,
            Alarm::Ends(_) => wire::AlarmKind::Ending,
        },
        at: match alarm {
            Alarm::Unsaved => None,
            Alarm::Ends(at) => Some(at.to_rfc3339()),
        },
    });
    Ok(told.collect())
}

/// An access token was refused: new ones, once for each token.
///
/// # Errors
/// `needs_consent`, `provider`, `usage` for a type without tokens.
pub fn invalidate(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ConnectionInvalidate,
) -> Result<wire::Connection> {
    let refused = request.access_token.map(|token| token.0);
    let shown = refresh::invalidate(
        engine,
        caller,
        &request.environment,
        &request.connection,
        refused.as_ref(),
    )?;
    Ok(shown.into())
}

/// Drops the tokens, keeps the definition.
///
/// # Errors
/// `not_found`.
pub fn disconnect(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ConnectionDisconnect,
) -> Result<wire::Disconnected> {
    let (shown, revocation) =
        connections::disconnect(engine, caller, &request.environment, &request.connection)?;
    Ok(from_engine::disconnected(&shown, revocation))
}

/// Deletes for good.
///
/// # Errors
/// `not_found`; then none was deleted.
pub fn delete(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ConnectionDelete,
) -> Result<Vec<wire::Disconnected>> {
    let deleted = connections::delete(engine, caller, &request.environment, &request.connections)?;
    Ok(deleted
        .into_iter()
        .map(|(shown, revocation)| from_engine::disconnected(&shown, revocation))
        .collect())
}

/// A fresh access token.
///
/// # Errors
/// `needs_consent`, `provider`, `not_found`.
pub fn token(engine: &Arc<Engine>, caller: &Caller, request: wire::TokenRequest) -> Result<wire::Token> {
    let min_ttl = request
        .min_ttl_seconds
        .map(|seconds| Duration::from_secs(seconds.into()));
    let (token, notice) =
        refresh::fresh_token(engine, caller, &request.environment, &request.connection, min_ttl)?;
    Ok(wire::Token {
        access_token: Plaintext(token.access_token),
        token_type: token.token_type,
        expires_at: token.expires_at.map(Timestamp::to_rfc3339),
        scope: token.scope,
        notice,
    })
}
