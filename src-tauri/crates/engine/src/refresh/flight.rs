//! One flight: the lease, a place at the gate, the intent, the request, the answer (O-53, O-55, O-69).

use std::{sync::Arc, time::Duration};

use keyward_model::{
    Id, SecretValue, Timestamp,
    auth_client::Oauth2,
    connection::{Connection, ConnectionState, TokenSet},
    environment::Environment,
};
use keyward_oauth::{
    Error as OauthError, behaviour,
    error::Sent,
    grants,
    token::{self, Answer},
};
use keyward_vault::{
    error as store, lease,
    table::{connections, environments},
    vault::UnlockedVault,
};

use super::{
    commits::{Old, begin, commit, duplicate, keep_intent, record_failure},
    words::{
        backing_off, changed_meanwhile, crowded, needs_consent, no_tokens, stored_error, under_way,
        unreachable, with_what_is_left,
    },
};
use crate::{
    Engine, Error, Result, auth_clients,
    engine::hold,
    gate::{Closed, Pass, Went, Wish, host_of},
    verdict,
};

/// How long to wait for somebody else's refresh: a request takes at most 30 s (O-57).
pub(crate) const LEASE_WAIT: Duration = Duration::from_secs(35);

/// An answer whose fate is in doubt is asked for again at once only this soon, so that a flight ends before those
/// who wait for it give up, and a host can step aside in time (O-57, O-60, L-01).
const AGAIN_WITHIN: Duration = Duration::from_secs(4);

/// Who wants the refresh.
pub(super) enum Reason<'a> {
    /// It became due by itself: the background waits for nobody, and comes with its place at the gate.
    Due(Pass<'a>),
    /// Somebody needs a token: what failed is not tried again before its time.
    Needed,
    /// Somebody reports that the present one is refused (OA14): the same, and nobody is told to take that one.
    Refused,
    /// The Owner asked for a new one now (EL10).
    Asked,
}

/// Everything a refresh needs, read in one transaction.
pub(crate) struct Held {
    pub(crate) connection: Connection,
    pub(crate) environment: Environment,
    /// With the version of their row: whoever finds another one later knows that somebody stored new tokens.
    pub(crate) tokens: Option<(TokenSet, u64)>,
}

impl Held {
    /// The clock that its tokens are counted by (O-70).
    pub(super) fn now(&self, engine: &Engine) -> Timestamp {
        self.connection
            .token_clock(engine.now(), engine.ports.clock.boot())
    }
}

/// With what a full disk has kept from being stored (O-72).
pub(crate) fn read(engine: &Engine, vault: &UnlockedVault, id: Id) -> Result<Held> {
    let mut held = vault.read(|tx| {
        let connection = connections::read(tx, id)?;
        Ok(Held {
            environment: environments::read(tx, connection.environment)?,
            tokens: connections::tokens(tx, &connection)?,
            connection,
        })
    })?;
    if let Some((_, row)) = held.tokens
        && let Some(unsaved) = hold(&engine.unsaved)
            .get(&id)
            .filter(|unsaved| unsaved.row == row)
    {
        held.connection.lifetime = Some(unsaved.tokens.lifetime);
        held.connection.granted_scope.clone_from(&unsaved.tokens.scope);
        held.connection.upkeep = unsaved.upkeep;
        held.connection.kept.clone_from(&unsaved.kept);
        held.tokens = Some((duplicate(&unsaved.tokens), row));
    }
    Ok(held)
}

/// One flight: lease, re-read, place at the gate, intent, request, answer. `seen` is the row that was not good enough.
pub(super) fn refresh(engine: &Engine, id: Id, seen: u64, reason: Reason<'_>) -> Result<TokenSet> {
    let is_refused = matches!(reason, Reason::Refused);
    // The background waits for no lease: it would hold its place at the gate while whoever has the lease waits for one.
    let (wait, wish, mut pass, is_by_itself) = match reason {
        Reason::Due(pass) => (Duration::ZERO, Wish::Needed, Some(pass), true),
        Reason::Needed | Reason::Refused => (LEASE_WAIT, Wish::Needed, None, false),
        Reason::Asked => (LEASE_WAIT, Wish::Now, None, false),
    };
    // I3. The lease is a file lock: the kernel frees it when its holder dies (O-56); it is never stolen (O-57).
    let _lease = lease::take(&engine.home, &engine.name, id, wait).map_err(|error| match error {
        store::Error::Busy(_) => under_way(),
        error => error.into(),
    })?;
    // I5: whoever locks the vault now does not keep this answer from being stored.
    let _flight = engine.flight();
    // O-71: what is due by itself goes on while the vault is locked; whoever waits for a token does not get one then.
    let vault = if is_by_itself {
        engine.refreshing()?
    } else {
        engine.unlocked()?
    };
    let clock = &engine.ports.clock;
    let gate = engine.neighbours.gate();
    let mut begun = None;
    let mut again = false;
    loop {
        // Re-read under the lease: whoever held it before may have done the work.
        let held = read(engine, &vault, id)?;
        let now = held.now(engine);
        let Held {
            connection,
            environment,
            tokens,
        } = held;
        let Some((tokens, row)) = tokens else {
            return Err(no_tokens(&connection));
        };
        if row != seen && !tokens.lifetime.is_due(now) {
            return Ok(tokens);
        }
        if wish == Wish::Needed
            && let Some(error) = standing_failure(&connection, &tokens, is_refused, now)
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
        let host = asked_host(client, &connection.kept);
        if pass.is_none() {
            // O-69: on demand first, and no more at once than a provider and this machine bear.
            let entered = gate.enter(&host, wish, &|| clock.monotonic(), LEASE_WAIT);
            pass = Some(entered.map_err(|closed| match closed {
                Closed::Full => crowded(&connection),
                Closed::Down => unreachable(&connection),
            })?);
        }
        let begun = *begun.get_or_insert_with(|| clock.monotonic());
        let intents = begin(engine, &vault, &connection, refresh_token, now)?;
        log::info!("refresh of {} begins", connection.key);
        // Before the request, as the token's life counts from then (O-70).
        let boot = clock.boot();
        let asked = clock.monotonic();
        // I2: no transaction is open while the request is under way.
        let sent = send(
            engine,
            client,
            &connection.kept,
            used.client_secret.as_ref(),
            refresh_token,
            &connection.requested_scopes,
        );
        let took = clock.monotonic().saturating_sub(asked);
        if let Some(went) = went(&sent) {
            gate.went(&host, went, clock.monotonic());
        }
        match sent {
            Ok(answer) => {
                let old = Old {
                    connection: &connection,
                    environment: &environment,
                    client,
                    tokens: &tokens,
                    row,
                };
                match commit(engine, &vault, &old, answer, boot, took) {
                    Ok(tokens) => {
                        log::info!(
                            "refresh of {} stored; the provider took {} ms",
                            connection.key,
                            took.as_millis()
                        );
                        return Ok(tokens);
                    }
                    // O-59: somebody connected again meanwhile, and those tokens count.
                    Err(store::Error::Conflict(_)) if !again => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(failure) => {
                // The failure itself may quote the provider: only that there was one is told here.
                log::warn!(
                    "refresh of {} failed after {} ms",
                    connection.key,
                    took.as_millis()
                );
                let soon = clock.monotonic().saturating_sub(begun) < AGAIN_WITHIN;
                let in_doubt = verdict::is_in_doubt(&failure);
                let verdict = verdict::of(&connection, client.grant, intents, failure, now);
                // O-61, EL13: what was refused is the auth client as it was; it was mended while the answer was under way,
                // and whoever mended it saw nothing to try again.
                let is_mended = verdict.state == ConnectionState::Error
                    && auth_clients::read_for_use(engine, &vault, address)
                        .is_ok_and(|now| now.auth_client.registration != used.auth_client.registration);
                if !again && (is_mended || in_doubt && soon) {
                    // O-60: asked once more at once with the same token; many servers allow it for a while.
                    keep_intent(&vault, &connection, verdict, now)?;
                } else if let Some(error) =
                    record_failure(engine, &vault, &connection, &environment, row, verdict, took)?
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

/// The host that the request for the next tokens goes to: of the refresh address, and at the home that the provider
/// named for this Connection (O-69).
pub(crate) fn asked_host(client: &Oauth2, kept: &[(String, String)]) -> String {
    match behaviour::at_home(client, kept) {
        Ok(client) => host_of(token::renewal_uri(&client)).to_owned(),
        // Nothing will be sent.
        Err(_) => host_of(&client.token_uri).to_owned(),
    }
}

/// What an exchange tells of the host; `None` when nothing was sent.
fn went(sent: &std::result::Result<Answer, OauthError>) -> Option<Went> {
    match sent {
        Err(OauthError::Transient { .. } | OauthError::BadResponse { .. }) => Some(Went::Failed),
        Err(OauthError::BadEndpoint(_) | OauthError::BadParameter(_)) => None,
        Ok(_) | Err(_) => Some(Went::Answered),
    }
}

fn send(
    engine: &Engine,
    client: &Oauth2,
    kept: &[(String, String)],
    secret: Option<&SecretValue>,
    refresh_token: &SecretValue,
    scopes: &[String],
) -> std::result::Result<Answer, OauthError> {
    // T-11: a host that the provider named once counts while the registration lists it.
    let client = &*behaviour::at_home(client, kept)?;
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
fn standing_failure(
    connection: &Connection,
    tokens: &TokenSet,
    is_refused: bool,
    now: Timestamp,
) -> Option<Error> {
    let told = |error| match is_refused {
        true => error,
        false => with_what_is_left(error, tokens, now),
    };
    match connection.state {
        ConnectionState::NeedsConsent => Some(told(needs_consent(connection))),
        ConnectionState::Error => Some(told(stored_error(connection))),
        _ => connection
            .pauses_until(now)
            .map(|at| backing_off(connection, tokens, at, now)),
    }
}

#[cfg(test)]
mod tests {
    use keyward_model::{auth_client::Grant, dialect::Behaviour};

    use super::*;

    /// O-69, EL4: places at a host are counted where the request goes, which is not always where codes went.
    #[test]
    fn o69_the_host_is_the_one_that_is_asked() {
        let client = |behaviour, refresh: Option<&str>| {
            let mut client = Oauth2::new(
                "https://a.example/authorize".to_owned(),
                "https://token.example/token".to_owned(),
                "client".to_owned(),
            );
            client.refresh_token_uri = refresh.map(str::to_owned);
            client.dialect.behaviour = behaviour;
            client
        };
        let elsewhere = Some("https://refresh.example:8443/x");
        assert_eq!(asked_host(&client(None, None), &[]), "https://token.example");
        assert_eq!(
            asked_host(&client(None, elsewhere), &[]),
            "https://refresh.example:8443"
        );
        assert_eq!(
            asked_host(&client(Some(Behaviour::ThreadsExchange), elsewhere), &[]),
            "https://refresh.example:8443"
        );
        // The same exchange once more, at the same address.
        assert_eq!(
            asked_host(&client(Some(Behaviour::FacebookExchange), elsewhere), &[]),
            "https://token.example"
        );
        let mut own = client(None, elsewhere);
        own.grant = Grant::ClientCredentials;
        assert_eq!(asked_host(&own, &[]), "https://token.example");
        // T-11: at the home that the provider named for this Connection, if the registration lists it.
        let mut zoho = client(Some(Behaviour::CallbackHost), Some("https://refresh.example/x"));
        zoho.dialect.keep_from_callback = vec!["accounts-server".to_owned()];
        zoho.dialect.hosts = vec!["eu.example".to_owned()];
        let kept = |home: &str| [("accounts-server".to_owned(), home.to_owned())];
        assert_eq!(
            asked_host(&zoho, &kept("https://eu.example")),
            "https://eu.example"
        );
        assert_eq!(
            asked_host(&zoho, &kept("https://evil.example")),
            "https://token.example"
        );
    }
}
