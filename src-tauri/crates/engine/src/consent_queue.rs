//! The consent queue: every Connection that needs a person, the most urgent first, each with its cause (OA13).

use keyward_model::{
    Timestamp,
    auth_client::{ClientAuthentication, Grant, Oauth2, Registration},
    connection::{Address, ConnectionState, Urgency},
    diagnosis::{Cause, Remedy},
};

use crate::{
    Engine, Result,
    auth_clients::{self, Used},
    connections::{self, Shown},
    diagnosis, environments,
};

/// A Connection that needs a person.
pub struct Due {
    /// The Connection.
    pub shown: Shown,
    /// How much.
    pub urgency: Urgency,
    /// Since when it is dead, when it ends, or when it was planned.
    pub at: Timestamp,
    /// The likeliest cause, as the grant doctor tells it.
    pub cause: Cause,
    /// Its AuthClient's registration of OAuth 2.0, where it is one and its vault is open.
    pub registration: Option<Oauth2>,
    /// Whether its AuthClient still wants its client secret: no consent can succeed before.
    pub wants_client_secret: bool,
}

/// What is due in an environment, or in all of them.
///
/// # Errors
/// [`crate::Kind::NotFound`] for the environment; when locked or damaged.
pub fn list(engine: &Engine, environment: Option<&str>) -> Result<Vec<Due>> {
    let names = match environment {
        Some(name) => vec![name.to_owned()],
        None => environments::list(engine)?
            .into_iter()
            .map(|one| one.environment.name.to_string())
            .collect(),
    };
    let mut candidates = Vec::new();
    for name in names {
        for shown in connections::list(engine, &name, None)? {
            let connection = &shown.connection;
            let clock = connection.token_clock(engine.now(), engine.ports.clock.boot());
            let standing = match connection.wants_person(clock) {
                None if connection.state == ConnectionState::Error => (Urgency::Dead, connection.updated_at),
                None => continue,
                Some(standing) => standing,
            };
            candidates.push((shown, standing));
        }
    }
    let failed: Vec<&Shown> = candidates
        .iter()
        .filter(|(_, (urgency, _))| *urgency == Urgency::Dead)
        .map(|(shown, _)| shown)
        .collect();
    let consents = diagnosis::last_consents(engine, &failed)?;
    let vault = engine.unlocked()?;
    let mut clients: Vec<(Address, Option<Used>)> = Vec::new();
    let mut queue = Vec::new();
    for (shown, (urgency, at)) in candidates {
        let used = shown.connection.auth_client.and_then(|address| {
            let known = clients.iter().position(|(one, _)| *one == address);
            let place = known.unwrap_or_else(|| {
                // One that another, locked vault keeps hides its causes, not the Connection.
                clients.push((address, auth_clients::read_for_use(engine, &vault, address).ok()));
                clients.len() - 1
            });
            clients[place].1.as_ref()
        });
        let consented_at = consents.get(&diagnosis::subject(&shown)).copied();
        let client = used.and_then(|used| used.auth_client.oauth2());
        let mut causes = diagnosis::causes(engine, &shown, client, consented_at);
        let cause = causes.swap_remove(0);
        let is_for_a_person = matches!(cause.act, Remedy::Connect | Remedy::AtProvider);
        if shown.connection.state == ConnectionState::Error && !is_for_a_person {
            continue;
        }
        queue.push(Due {
            registration: client.cloned(),
            wants_client_secret: used.is_some_and(|used| wants_secret(&used.auth_client.registration)),
            shown,
            urgency,
            at,
            cause,
        });
    }
    queue.sort_by(|one, other| order(one).cmp(&order(other)));
    Ok(queue)
}

fn order(due: &Due) -> (Urgency, Timestamp, &str, &str) {
    let Shown {
        connection,
        environment,
        ..
    } = &due.shown;
    (
        due.urgency,
        due.at,
        environment.name.as_str(),
        connection.key.as_str(),
    )
}

/// Whether an AuthClient is registered with a client secret, or signs with a key, and has none here yet.
pub(crate) fn wants_secret(registration: &Registration) -> bool {
    let oauth2 = match registration {
        Registration::Oauth2(oauth2) => oauth2,
        // Its requests are signed with it (RFC 5849 §3.4).
        Registration::Oauth1(oauth1) => return oauth1.client_secret.is_none(),
        _ => return false,
    };
    let shows_one = oauth2.client_authentication != ClientAuthentication::None;
    let signs = matches!(oauth2.grant, Grant::JwtBearer | Grant::ClientCredentials);
    oauth2.client_secret.is_none() && (shows_one || signs)
}
