//! What an issuer says of itself now, against the addresses that an AuthClient was made with (O-43): a change is told and
//! audited, and followed by nobody. Codes and tokens go where the person agreed to.

use std::time::Duration;

use keyward_model::auth_client::{AuthClient, Oauth2, Pushed};
use keyward_oauth::discovery::{self, Metadata};
use keyward_vault::table::audit;

use crate::{
    Engine,
    engine::{Network, hold},
};

/// How long an issuer is taken at its word.
const GOOD_FOR: Duration = Duration::from_secs(24 * 3600);

/// How long an issuer that said nothing of use is left alone.
const LEFT_FOR: Duration = Duration::from_secs(600);

/// How long an issuer may take to answer (O-44).
const PATIENCE: Duration = Duration::from_secs(10);

/// How far back the log is asked whether a change was told already.
const LOOK_BACK: u32 = 10_000;

const ACTION: &str = "auth_client.issuer_moved";

/// What to do about it.
pub(crate) const HINT: &str = "Keyward goes on with the registered addresses and sends nothing to the new ones. If the provider announced the move, \
     make a new auth client from the issuer; else ask the provider first.";

/// An issuer names other addresses than the AuthClient has.
pub(crate) struct Moved {
    /// Which, in a sentence.
    pub(crate) sentence: String,
    /// Whether the log had it before.
    pub(crate) is_new: bool,
}

/// Asks the issuer of an AuthClient what it says of itself, at most once a day and for at most ten seconds.
pub(crate) fn ask_issuer(engine: &Engine, network: &Network, auth_client: &AuthClient) {
    let Some(issuer) = issuer(auth_client) else { return };
    let now = engine.ports.clock.monotonic();
    if let Some((at, known)) = hold(&engine.metadata).get(issuer) {
        let good_for = if known.is_some() { GOOD_FOR } else { LEFT_FOR };
        if now.saturating_sub(*at) < good_for {
            return;
        }
    }
    let asked = async { tokio::time::timeout(PATIENCE, discovery::discover(&network.http, issuer)).await };
    let found = network.runtime.block_on(asked).ok().and_then(Result::ok);
    hold(&engine.metadata).insert(issuer.to_owned(), (now, found));
}

/// Holds what the issuer said last against the AuthClient; a change is audited once. Nothing is asked.
pub(crate) fn moved(engine: &Engine, actor: &str, auth_client: &AuthClient) -> Option<Moved> {
    let client = auth_client.oauth2()?;
    let differs = match hold(&engine.metadata).get(issuer(auth_client)?) {
        Some((_, Some(found))) => differences(client, found),
        _ => return None,
    };
    if differs.is_empty() {
        return None;
    }
    let others = differs.join(" and another ");
    let sentence = format!("The issuer names another {others} than this auth client has.");
    let is_new = audited(
        engine,
        actor,
        auth_client,
        &format!("the issuer names another {others}"),
    );
    Some(Moved { sentence, is_new })
}

fn issuer(auth_client: &AuthClient) -> Option<&str> {
    auth_client.oauth2()?.issuer.as_deref()
}

/// Writes a change into the log unless it stands there; whether it is new.
fn audited(engine: &Engine, actor: &str, auth_client: &AuthClient, what: &str) -> bool {
    let event = crate::audit::event(
        engine,
        actor.to_owned(),
        ACTION,
        format!("auth client {}", auth_client.key),
        what,
    );
    let Ok(vault) = engine.unlocked() else { return true };
    let (mut seen, mut told) = (0, None);
    let read = vault.read(|tx| {
        audit::newest_first(tx, |_, before| {
            seen += 1;
            if before.action == event.action && before.subject == event.subject {
                told = Some(before.outcome);
            }
            told.is_none() && seen < LOOK_BACK
        })
    });
    if read.is_ok() && told.as_deref() == Some(what) {
        return false;
    }
    if vault.write(engine.now(), |tx| audit::append(tx, &event)).is_err() {
        log::warn!("that an issuer moved could not be audited");
    }
    log::warn!(
        "the issuer of auth client {} names other addresses",
        auth_client.key
    );
    true
}

/// The addresses that codes, tokens, secrets and people are sent to, and the one that signatures are checked by.
fn differences(client: &Oauth2, found: &Metadata) -> Vec<String> {
    let pushed = |pushed: &Pushed| pushed.uri.clone();
    let addresses = [
        (
            "authorization",
            Some(client.auth_uri.clone()),
            Some(found.authorization_endpoint.clone()),
        ),
        (
            "token",
            Some(client.token_uri.clone()),
            Some(found.token_endpoint.clone()),
        ),
        (
            "revocation",
            client.revocation_uri.clone(),
            found.revocation_endpoint.clone(),
        ),
        (
            "introspection",
            client.introspection_uri.clone(),
            found.introspection_endpoint.clone(),
        ),
        (
            "device",
            client.device_uri.clone(),
            found.device_authorization_endpoint.clone(),
        ),
        (
            "pushed request",
            client.pushed.as_ref().map(pushed),
            found.pushed.as_ref().map(pushed),
        ),
        ("key", client.jwks_uri.clone(), found.jwks_uri.clone()),
    ];
    let same = |one: &str, other: &str| one.trim_end_matches('/') == other.trim_end_matches('/');
    addresses
        .into_iter()
        .filter_map(|(which, own, said)| {
            // One that sends nobody to a browser has no authorization address.
            let (own, said) = (own.filter(|own| !own.is_empty())?, said?);
            (!same(&own, &said)).then(|| format!("{which} address ({said})"))
        })
        .collect()
}
