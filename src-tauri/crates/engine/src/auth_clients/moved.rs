//! What an issuer says of itself now, against the addresses that an AuthClient was made with (O-43): a change is told and
//! audited, and followed by nobody. Codes and tokens go where the person agreed to.

use std::time::Duration;

use keyward_model::auth_client::{AuthClient, Oauth2};
use keyward_oauth::discovery::Metadata;
use keyward_vault::table::audit;

use super::discover::discover;
use crate::{Engine, engine::hold};

/// How long an issuer is taken at its word.
const GOOD_FOR: Duration = Duration::from_secs(24 * 3600);

/// How far back the log is asked whether a change was told already.
const LOOK_BACK: u32 = 10_000;

const ACTION: &str = "auth_client.issuer_moved";

/// What to do about it.
pub(crate) const HINT: &str = "Keyward goes on with the registered addresses and sends nothing to the new ones. If the provider announced the move, \
     make a new auth client from the issuer; else ask the provider first.";

/// Asks the issuer, at most once a day, and gives a sentence when it names other addresses than the AuthClient has;
/// `None` as well when the same was told before. What cannot be asked now is asked at the next consent.
pub(crate) fn moved(engine: &Engine, actor: &str, auth_client: &AuthClient) -> Option<String> {
    let client = auth_client.oauth2()?;
    let found = known(engine, client.issuer.as_deref()?)?;
    let differs = differences(client, &found);
    if differs.is_empty() {
        return None;
    }
    let what = format!("the issuer names another {}", differs.join(" and another "));
    let event = crate::audit::event(
        engine,
        actor.to_owned(),
        ACTION,
        format!("auth client {}", auth_client.key),
        &what,
    );
    let vault = engine.unlocked().ok()?;
    let (mut seen, mut told) = (0, None);
    vault
        .read(|tx| {
            audit::newest_first(tx, |_, before| {
                seen += 1;
                if before.action == event.action && before.subject == event.subject {
                    told = Some(before.outcome);
                }
                told.is_none() && seen < LOOK_BACK
            })
        })
        .ok()?;
    if told.as_ref() == Some(&what) {
        return None;
    }
    vault.write(engine.now(), |tx| audit::append(tx, &event)).ok()?;
    log::warn!(
        "the issuer of auth client {} names other addresses",
        auth_client.key
    );
    Some(format!("Since this auth client was made, {what}."))
}

fn known(engine: &Engine, issuer: &str) -> Option<Metadata> {
    let now = engine.ports.clock.monotonic();
    if let Some((at, known)) = hold(&engine.metadata).get(issuer)
        && now.saturating_sub(*at) < GOOD_FOR
    {
        return Some(known.clone());
    }
    let found = discover(engine, issuer).ok()?;
    hold(&engine.metadata).insert(issuer.to_owned(), (now, found.clone()));
    Some(found)
}

/// The addresses that codes, tokens and people are sent to.
fn differences(client: &Oauth2, found: &Metadata) -> Vec<String> {
    let addresses = [
        (
            "authorization",
            Some(&client.auth_uri),
            Some(&found.authorization_endpoint),
        ),
        ("token", Some(&client.token_uri), Some(&found.token_endpoint)),
        (
            "revocation",
            client.revocation_uri.as_ref(),
            found.revocation_endpoint.as_ref(),
        ),
    ];
    let same = |one: &str, other: &str| one.trim_end_matches('/') == other.trim_end_matches('/');
    addresses
        .into_iter()
        .filter_map(|(which, own, said)| {
            // One that sends nobody to a browser has no authorization address.
            let (own, said) = (own.filter(|own| !own.is_empty())?, said?);
            (!same(own, said)).then(|| format!("{which} address ({said})"))
        })
        .collect()
}
