//! What a refresh writes: the intent before the request, and what became of it afterwards (O-53).

use std::{thread, time::Duration};

use keyward_model::{
    BootTime, Id, SecretValue, Timestamp,
    audit::AuditEvent,
    auth_client::Oauth2,
    connection::{
        Connection, ConnectionState, RefreshIntent, RefreshTokenEnd, Replaced, Since, TokenSet, Upkeep,
    },
    environment::Environment,
};
use keyward_oauth::{grants, token::Answer};
use keyward_vault::{
    ballast, error as store,
    table::{audit, connections, environments},
    vault::UnlockedVault,
};
use sha2::{Digest, Sha256};

use super::event;
use crate::{
    Engine, Error, Kind, Result,
    changes::ChangeKind,
    engine::hold,
    verdict::{Intents, Verdict},
};

/// How often, and how far apart, the second commit is tried: new tokens must not be lost to a busy disk.
const COMMIT_TRIES: u32 = 3;
const COMMIT_PAUSE: Duration = Duration::from_millis(500);

/// New tokens that could not be stored: the only copy is here (O-72).
pub(crate) struct Unsaved {
    /// The row that they are to replace.
    pub(super) row: u64,
    pub(super) tokens: TokenSet,
    pub(super) upkeep: Upkeep,
    pub(super) kept: Vec<(String, String)>,
    /// How long the provider took to answer with them.
    pub(super) took: Duration,
}

/// What a refresh set out from.
pub(super) struct Old<'a> {
    pub(super) connection: &'a Connection,
    pub(super) environment: &'a Environment,
    pub(super) client: &'a Oauth2,
    pub(super) tokens: &'a TokenSet,
    pub(super) row: u64,
}

/// First commit: the sealed intent, before anything is sent (O-53).
pub(super) fn begin(
    engine: &Engine,
    vault: &UnlockedVault,
    connection: &Connection,
    refresh_token: &SecretValue,
    now: Timestamp,
) -> Result<Intents> {
    let refresh_token_digest = Sha256::digest(refresh_token.expose()).into();
    let write = || {
        vault.write(now, |tx| {
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
        })
    };
    match write() {
        // O-72: a full disk must not end the access of tools that only want a token.
        Err(store::Error::Storage(_)) if ballast::release(&engine.home, &engine.name) => Ok(write()?),
        written => Ok(written?),
    }
}

/// Second commit: raw answer, parsed tokens, intent deleted; synced before anybody sees the token (O-53).
pub(super) fn commit(
    engine: &Engine,
    vault: &UnlockedVault,
    old: &Old<'_>,
    answer: Answer,
    boot: Option<BootTime>,
    took: Duration,
) -> store::Result<TokenSet> {
    let since = Since::Refresh(old.connection.upkeep.refresh_token);
    let upkeep = upkeep(&answer, Some(old.client), since, boot, engine.now());
    let kept = answer.kept_over(&old.connection.kept);
    let mut tokens = answer.tokens;
    if tokens.refresh_token.is_none() {
        // O-54: an answer without one keeps the old.
        tokens.refresh_token = old.tokens.refresh_token.as_ref().map(SecretValue::duplicate);
    }
    if tokens.scope.is_none() {
        tokens.scope.clone_from(&old.tokens.scope);
    }
    let new = Unsaved {
        row: old.row,
        tokens,
        upkeep,
        kept,
        took,
    };
    let write = || store_tokens(engine, vault, old.connection.id, old.environment, &new);
    let mut stored = write();
    for _ in 1..COMMIT_TRIES {
        if !is_the_disk(&stored) {
            break;
        }
        // O-72: there is room that was kept for this.
        if !ballast::release(&engine.home, &engine.name) {
            thread::sleep(COMMIT_PAUSE);
        }
        stored = write();
    }
    let tokens = if is_the_disk(&stored) {
        // O-72: the provider has taken the old ones back. They are served from memory, and stored when that is possible.
        log::error!("new tokens of {} cannot be stored", old.connection.key);
        let tokens = duplicate(&new.tokens);
        hold(&engine.unsaved).insert(old.connection.id, new);
        tokens
    } else {
        stored?;
        hold(&engine.unsaved).remove(&old.connection.id);
        new.tokens
    };
    engine.changes.publish(ChangeKind::Connection, old.connection.id);
    Ok(tokens)
}

fn is_the_disk(stored: &store::Result<()>) -> bool {
    matches!(
        stored,
        Err(store::Error::Busy(_) | store::Error::Storage(_) | store::Error::ReadOnly(_))
    )
}

fn store_tokens(
    engine: &Engine,
    vault: &UnlockedVault,
    id: Id,
    environment: &Environment,
    new: &Unsaved,
) -> store::Result<()> {
    let now = engine.now();
    let tokens = &new.tokens;
    vault.write(now, |tx| {
        let mut connection = connections::read(tx, id)?;
        connections::replace_tokens(tx, &connection, tokens, Some(new.row))?;
        connection.state = ConnectionState::Ready;
        connection.error = None;
        connection.lifetime = Some(tokens.lifetime);
        connection.has_refresh_token = tokens.refresh_token.is_some();
        connection.granted_scope.clone_from(&tokens.scope);
        connection.retry_at = None;
        connection.failures = 0;
        connection.upkeep = new.upkeep;
        connection.kept.clone_from(&new.kept);
        connection.updated_at = now;
        connections::update(tx, &connection)?;
        audit::append(tx, &told(engine, environment, &connection, "ok", new.took))
    })
}

/// The line of the log: how a refresh ended, and how long the provider took over it.
fn told(
    engine: &Engine,
    environment: &Environment,
    connection: &Connection,
    outcome: &str,
    took: Duration,
) -> AuditEvent {
    AuditEvent {
        took: Some(took),
        ..event(
            engine,
            "keyward",
            "connection.refresh",
            environment,
            connection,
            outcome,
        )
    }
}

/// Stores what could not be stored before (O-72); what still cannot be stays in memory.
pub(crate) fn save(engine: &Engine, vault: &UnlockedVault) {
    let waiting: Vec<Id> = hold(&engine.unsaved).keys().copied().collect();
    for id in waiting {
        let Ok(environment) = vault.read(|tx| environments::read(tx, connections::read(tx, id)?.environment))
        else {
            continue;
        };
        let mut unsaved = hold(&engine.unsaved);
        let Some(one) = unsaved.get(&id) else { continue };
        let stored = store_tokens(engine, vault, id, &environment, one);
        // Another row, or no Connection any more: somebody connected again or deleted it, and these are nobody's.
        if stored.is_ok() || matches!(stored, Err(store::Error::Conflict(_) | store::Error::NotFound(_))) {
            unsaved.remove(&id);
            drop(unsaved);
            engine.changes.publish(ChangeKind::Connection, id);
        }
    }
}

/// What an answer tells of keeping its tokens alive.
pub(crate) fn upkeep(
    answer: &Answer,
    client: Option<&Oauth2>,
    since: Since,
    obtained_boot: Option<BootTime>,
    now: Timestamp,
) -> Upkeep {
    // A client that renews by its own credentials has no refresh token that could end.
    let life = client
        .filter(|client| !grants::needs_no_person(client.grant))
        .map(|client| client.dialect.refresh_token);
    let replaced = match answer.tokens.refresh_token {
        Some(_) => Replaced::Yes,
        None => Replaced::No,
    };
    Upkeep {
        obtained_boot,
        clock_skew: answer
            .server_date
            .map(|date| date.seconds().saturating_sub(now.seconds())),
        refresh_token: RefreshTokenEnd::learnt(
            since,
            answer.refresh_token_expires_in,
            replaced,
            life.unwrap_or_default(),
            now,
        ),
    }
}

/// A copy, for whoever asked and for memory.
pub(super) fn duplicate(tokens: &TokenSet) -> TokenSet {
    TokenSet {
        access_token: tokens.access_token.duplicate(),
        refresh_token: tokens.refresh_token.as_ref().map(SecretValue::duplicate),
        token_type: tokens.token_type.clone(),
        scope: tokens.scope.clone(),
        lifetime: tokens.lifetime,
        raw: tokens.raw.duplicate(),
    }
}

/// Stores what is in doubt, or that nothing is, before the same token is sent once more.
pub(super) fn keep_intent(
    vault: &UnlockedVault,
    connection: &Connection,
    verdict: Verdict,
    now: Timestamp,
) -> Result<()> {
    Ok(vault.write(now, |tx| match &verdict.intent {
        Some(intent) => connections::put_intent(tx, connection, intent),
        None => connections::delete_intent(tx, connection),
    })?)
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
    took: Duration,
) -> Result<Option<Error>> {
    let Verdict {
        state,
        retry_at,
        error,
        had_stopped,
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
        // O-61: a failure that passes replaces neither the reason why it had stopped nor since when.
        if !had_stopped {
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
        }
        audit::append(tx, &told(engine, environment, &connection, &error.code, took))?;
        Ok(true)
    })?;
    if !stands {
        return Ok(None);
    }
    engine.changes.publish(ChangeKind::Connection, held.id);
    let kind = match state {
        ConnectionState::NeedsConsent if !had_stopped => Kind::NeedsConsent,
        _ => Kind::Provider,
    };
    Ok(Some(Error::new(kind, error.message, error.hint)))
}
