//! What a refresh writes: the intent before the request, and what became of it afterwards (O-53).

use std::{thread, time::Duration};

use keyward_model::{
    SecretValue, Timestamp,
    connection::{Connection, ConnectionState, RefreshIntent, TokenSet},
    environment::Environment,
};
use keyward_oauth::token::Answer;
use keyward_vault::{
    error as store,
    table::{audit, connections},
    vault::UnlockedVault,
};
use sha2::{Digest, Sha256};

use super::event;
use crate::{
    Engine, Error, Kind, Result,
    changes::ChangeKind,
    verdict::{Intents, Verdict},
};

/// How often, and how far apart, the second commit is tried: new tokens must not be lost to a busy disk.
const COMMIT_TRIES: u32 = 3;
const COMMIT_PAUSE: Duration = Duration::from_millis(500);

/// First commit: the sealed intent, before anything is sent (O-53).
pub(super) fn begin(
    vault: &UnlockedVault,
    connection: &Connection,
    refresh_token: &SecretValue,
    now: Timestamp,
) -> Result<Intents> {
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
        Ok(Intents { before, written })
    })?)
}

/// Second commit: raw answer, parsed tokens, intent deleted; synced before anybody sees the token (O-53).
pub(super) fn commit(
    engine: &Engine,
    vault: &UnlockedVault,
    connection: &Connection,
    environment: &Environment,
    old: &TokenSet,
    row: u64,
    answer: Answer,
) -> store::Result<TokenSet> {
    let now = engine.now();
    let mut answer = answer;
    let tokens = &mut answer.tokens;
    if tokens.refresh_token.is_none() {
        // O-54: an answer without one keeps the old.
        tokens.refresh_token = old.refresh_token.as_ref().map(SecretValue::duplicate);
    }
    if tokens.scope.is_none() {
        tokens.scope.clone_from(&old.scope);
    }
    let tokens = &answer.tokens;
    let write = || {
        vault.write(now, |tx| {
            let mut connection = connections::read(tx, connection.id)?;
            connections::replace_tokens(tx, &connection, tokens, Some(row))?;
            connection.state = ConnectionState::Ready;
            connection.error = None;
            connection.lifetime = Some(tokens.lifetime);
            connection.has_refresh_token = tokens.refresh_token.is_some();
            connection.granted_scope.clone_from(&tokens.scope);
            connection.kept = answer.kept_over(&connection.kept);
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
    Ok(answer.tokens)
}

/// Stores what is in doubt before the same token is sent once more.
pub(super) fn keep_intent(
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
pub(super) fn record_failure(
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
