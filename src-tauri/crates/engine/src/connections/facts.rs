//! What is known of a Connection's tokens beside its state, and what a list of Connections cannot show.

use keyward_model::{
    Id, Timestamp,
    connection::{AuthType, Connection, RefreshTokenEnd},
};
use keyward_oauth::id_token;
use keyward_vault::table::revocations;

use super::{Shown, find, list};
use crate::{
    Engine, Result, diagnosis,
    engine::hold,
    refresh::{self, Held},
};

/// What is known of the tokens of a Connection. No token is in it.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Scopes asked for at the last consent.
    pub asked: Vec<String>,
    /// Claims of the ID token that the present tokens came with, by name.
    pub claims: Vec<(String, String)>,
    /// When the refresh token ends, where that is known, and whether using it moves that moment (OA9).
    pub refresh_token_end: Option<RefreshTokenEnd>,
    /// When the Owner last consented to this Connection, where the audit log still says so.
    pub consented_at: Option<Timestamp>,
    /// Failures in a row, and no refresh before this moment (O-62, O-63).
    pub failures: u32,
    /// See `failures`.
    pub retry_at: Option<Timestamp>,
    /// Seconds that the provider's clock was ahead of ours at its last answer (O-70).
    pub clock_skew: Option<i64>,
    /// Whether the newest tokens are in memory alone, since the disk does not take them (O-72).
    pub is_unsaved: bool,
    /// Tokens of this Connection that its provider could not be asked to forget yet (O-52), oldest first.
    pub revocations: Vec<Queued>,
}

/// Dropped tokens that wait for their provider.
#[derive(Clone, Copy, Debug)]
pub struct Queued {
    /// When they were dropped.
    pub queued_at: Timestamp,
    /// Tries that failed since.
    pub tries: u32,
    /// The next try.
    pub retry_at: Timestamp,
}

/// What a row of a list cannot show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// The newest tokens are in memory alone (O-72).
    Unsaved,
    /// The refresh token ends then, whatever is done: a person must consent again before (OA9, O-77).
    Ends(Timestamp),
}

/// Reads them.
///
/// # Errors
/// [`crate::Kind::NotFound`]; when locked or damaged.
pub fn facts(engine: &Engine, environment: &str, key_or_id: &str) -> Result<Facts> {
    let shown = find(engine, environment, key_or_id)?;
    let consented_at = diagnosis::last_consents(engine, &[&shown])?.remove(&diagnosis::subject(&shown));
    let vault = engine.unlocked()?;
    let Held {
        connection,
        environment,
        tokens,
    } = refresh::read(engine, &vault, shown.connection.id)?;
    let claims = tokens.map_or_else(Vec::new, |(tokens, _)| id_token::shown(&tokens.raw));
    let subject = format!("{}/{}", environment.name, connection.key);
    let mut revocations: Vec<Queued> = vault
        .read(revocations::list)?
        .into_iter()
        // What an earlier Connection of the same key left behind is not this one's.
        .filter(|pending| pending.connection == subject && pending.queued_at >= connection.created_at)
        .map(|pending| Queued {
            queued_at: pending.queued_at,
            tries: pending.tries,
            retry_at: pending.retry_at,
        })
        .collect();
    revocations.sort_by_key(|queued| queued.queued_at);
    Ok(Facts {
        claims,
        refresh_token_end: connection
            .upkeep
            .refresh_token
            .filter(|_| connection.has_refresh_token),
        consented_at,
        failures: connection.failures,
        retry_at: connection.retry_at,
        clock_skew: connection.upkeep.clock_skew,
        is_unsaved: is_unsaved(engine, connection.id),
        revocations,
        asked: connection.requested_scopes,
    })
}

/// Connections of an environment that are in trouble for a reason that their place in a list does not tell, by key.
///
/// # Errors
/// [`crate::Kind::NotFound`] for the environment; when locked or damaged.
pub fn alarms(engine: &Engine, environment: &str) -> Result<Vec<(Shown, Alarm)>> {
    let mut found = Vec::new();
    for shown in list(engine, environment, None)? {
        let connection = &shown.connection;
        if connection.auth_type != AuthType::Oauth2 {
            continue;
        }
        let clock = connection.token_clock(engine.now(), engine.ports.clock.boot());
        // What is lost with the memory comes first.
        if is_unsaved(engine, connection.id) {
            found.push((shown, Alarm::Unsaved));
        } else if let Some(at) = connection.consent_ends_at(clock) {
            found.push((shown, Alarm::Ends(at)));
        }
    }
    Ok(found)
}

/// The record with what a full disk has kept from being stored (O-72): whoever is told of the newest tokens, and of
/// what came with them, is told the same before and after there is room.
pub(crate) fn with_unsaved(engine: &Engine, connection: Connection) -> Result<Connection> {
    if !is_unsaved(engine, connection.id) {
        return Ok(connection);
    }
    Ok(refresh::read(engine, &*engine.unlocked()?, connection.id)?.connection)
}

fn is_unsaved(engine: &Engine, id: Id) -> bool {
    hold(&engine.unsaved).contains_key(&id)
}
