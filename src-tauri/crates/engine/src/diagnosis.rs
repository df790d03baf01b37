//! The grant doctor's evidence: what is known of a Connection when somebody asks why (OA10).

use std::collections::HashMap;

use keyward_model::{
    Timestamp,
    auth_client::Oauth2,
    connection::{AuthType, Connection},
    diagnosis::{self, AUTH_CLIENT_CHANGED, Cause, Evidence, Renewal},
};
use keyward_oauth::grants;
use keyward_vault::table::audit;

use crate::{
    Engine, Error, Kind, Result, auth_clients,
    connections::{self as connection_acts, Shown},
};

/// Most events that are looked at for the last consent: a year's log is kept to as many (SECURITY.md §b.5).
const MOST_EVENTS: u32 = 100_000;

/// A Connection, and why it is as it is.
pub struct Diagnosis {
    /// The Connection.
    pub shown: Shown,
    /// The likeliest cause first; never empty.
    pub causes: Vec<Cause>,
    /// When the Owner last consented, where the log still says so.
    pub consented_at: Option<Timestamp>,
    /// Its AuthClient's registration of OAuth 2.0: what an act that mends it starts from.
    pub registration: Option<Oauth2>,
}

/// Why a Connection failed, ended, or will end, in the provider's terms. Asks nobody: what is stored is enough.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] for one whose values were entered; [`Kind::Locked`] naming the vault that keeps
/// its AuthClient.
pub fn why(engine: &Engine, environment: &str, key_or_id: &str) -> Result<Diagnosis> {
    let shown = connection_acts::find(engine, environment, key_or_id)?;
    let connection = &shown.connection;
    if !matches!(connection.auth_type, AuthType::Oauth2 | AuthType::Oauth1) {
        return Err(Error::new(
            Kind::Invalid,
            format!(
                "“{}” is of type {}: its values were entered, and nothing about them can end by itself.",
                connection.key,
                connection.auth_type.as_str()
            ),
            format!("Its facts: keyward connection show {}", connection.key),
        ));
    }
    let registration = match connection.auth_type {
        AuthType::Oauth2 => Some(registration(engine, &shown)?),
        _ => None,
    };
    let consented_at = last_consents(engine, &[&shown])?.remove(&subject(&shown));
    let causes = causes(engine, &shown, registration.as_ref(), consented_at);
    Ok(Diagnosis {
        causes,
        consented_at,
        registration,
        shown,
    })
}

fn registration(engine: &Engine, shown: &Shown) -> Result<Oauth2> {
    let Some(address) = shown.connection.auth_client else {
        return Err(Error::internal("An OAuth connection has an auth client."));
    };
    let used = auth_clients::read_for_use(engine, &*engine.unlocked()?, address)?;
    auth_clients::oauth2(&used.auth_client).cloned()
}

fn renewal(connection: &Connection, client: Option<&Oauth2>) -> Renewal {
    if connection.auth_type == AuthType::Oauth1 {
        return Renewal::Never;
    }
    match client {
        Some(client) if grants::needs_no_person(client.grant) => Renewal::Client,
        _ => Renewal::Consent,
    }
}

/// The causes that fit what is stored of a Connection; without its AuthClient those that need nothing of it.
pub(crate) fn causes(
    engine: &Engine,
    shown: &Shown,
    client: Option<&Oauth2>,
    consented_at: Option<Timestamp>,
) -> Vec<Cause> {
    let connection = &shown.connection;
    let error = connection.error.as_ref();
    let own = client.map_or(&[][..], |client| &client.authorize_params);
    let params = [own, connection.params.as_slice()].concat();
    let scopes = scopes(connection);
    let requested = connection.requested_scopes.join(" ");
    let now = engine.now();
    diagnosis::diagnose(&Evidence {
        provider: client
            .and_then(|client| client.provider.as_ref())
            .map(|origin| origin.id.as_str()),
        token_uri: client.map_or("", |client| &client.token_uri),
        state: connection.state,
        code: error.map_or("", |error| &error.code),
        // What was refused is quoted there, and was another AuthClient's, so to say.
        said: error
            .filter(|error| error.code != AUTH_CLIENT_CHANGED)
            .map_or("", |error| &error.message),
        renewal: renewal(connection, client),
        has_refresh_token: connection.has_refresh_token,
        scopes: &scopes,
        requested: &requested,
        params: &params,
        consented_at,
        obtained_at: connection.lifetime.map(|lifetime| lifetime.obtained_at),
        expires_at: connection.lifetime.map(|lifetime| lifetime.expires_at),
        consent_ends_at: connection.consent_ends_at(now),
        failed_at: connection.updated_at,
        skew: connection.upkeep.clock_skew,
        now,
    })
}

/// As granted, else as asked for.
fn scopes(connection: &Connection) -> String {
    connection
        .granted_scope
        .clone()
        .unwrap_or_else(|| connection.requested_scopes.join(" "))
}

/// How the audit log names a Connection.
pub(crate) fn subject(shown: &Shown) -> String {
    format!("connection {}/{}", shown.environment.name, shown.connection.key)
}

/// The newest consent that succeeded, of each of these: one walk through the log, which ends when all are found. The log
/// knows keys alone: a consent from before a Connection was made was another's.
pub(crate) fn last_consents(engine: &Engine, of: &[&Shown]) -> Result<HashMap<String, Timestamp>> {
    let mut wanted: HashMap<String, Timestamp> = of
        .iter()
        .map(|shown| (subject(shown), shown.connection.created_at))
        .collect();
    let mut found = HashMap::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    engine.reads.flush(engine);
    engine.unlocked()?.read(|tx| {
        let mut seen = 0;
        audit::newest_first(tx, |_, event| {
            seen += 1;
            if event.action == "connection.connect"
                && event.outcome == "ok"
                && let Some(created_at) = wanted.remove(&event.subject)
                && event.at >= created_at
            {
                found.insert(event.subject, event.at);
            }
            !wanted.is_empty() && seen < MOST_EVENTS
        })
    })?;
    Ok(found)
}
