//! What a few providers ask for and no data can describe: each behaviour has its place here and a test (OA4).

mod apple;
mod meta;

use std::borrow::Cow;

use keyward_model::{
    SecretValue, Timestamp,
    auth_client::{ClientAuthentication, Oauth2},
    dialect::{Behaviour, REDIRECT_NAME},
};
use zeroize::Zeroizing;

use crate::{
    answer::Unread,
    dialect::{Fields, Kind},
    endpoint,
    error::Error,
    http::{Extent, Reply},
    json::{self, Node},
    refusal::Refusal,
};

pub(crate) use meta::{further, refresh as meta_refresh};

/// How the client authenticates, where a behaviour has a word in it (O-47). Asked before a secret goes into a request:
/// a key that signs is never sent itself.
///
/// # Errors
/// [`Error::BadParameter`] for a client that signs an assertion at a provider whose own step sends the secret.
pub fn authentication(client: &Oauth2) -> Result<ClientAuthentication, Error> {
    let own = client.client_authentication;
    match (client.dialect.behaviour, own) {
        (
            Some(
                Behaviour::FacebookExchange
                | Behaviour::InstagramExchange
                | Behaviour::ThreadsExchange
                | Behaviour::AppleClientSecret
                | Behaviour::SecretAsUser,
            ),
            ClientAuthentication::PrivateKeyJwt,
        ) => Err(Error::BadParameter(
            "this provider takes a client secret of its own kind and no private_key_jwt".to_owned(),
        )),
        // What is kept as the secret is the key that signs the one which is sent.
        (Some(Behaviour::AppleClientSecret), _) => Ok(ClientAuthentication::Post),
        _ => Ok(own),
    }
}

/// Changes the parameters of a request before they are renamed and written.
pub(crate) fn adjust(
    client: &Oauth2,
    kind: Kind,
    secret: Option<&SecretValue>,
    fields: &mut Fields,
    now: Timestamp,
) -> Result<(), Error> {
    match client.dialect.behaviour {
        // https://github.com/basecamp/api: `type` stands where RFC 6749 has `grant_type`.
        Some(Behaviour::BasecampType) => {
            let word = match kind {
                Kind::Exchange => "web_server",
                Kind::Refresh => "refresh",
                Kind::Grant | Kind::Beside => return Ok(()),
            };
            fields.remove("grant_type");
            fields.push("type", word);
        }
        Some(Behaviour::WithingsEnvelope) if kind != Kind::Beside => fields.push("action", "requesttoken"),
        Some(Behaviour::AppleClientSecret) => {
            fields.remove("client_secret");
            if let Some(key) = secret {
                fields.push("client_secret", &apple::client_secret(client, key, now)?);
            }
        }
        Some(Behaviour::SecretAsUser) => fields.remove("client_secret"),
        Some(Behaviour::RedirectName) if kind == Kind::Exchange => {
            if let Some(name) = redirect_name(client)? {
                fields.remove("redirect_uri");
                fields.push("redirect_uri", name);
            }
        }
        Some(
            Behaviour::FacebookExchange
            | Behaviour::InstagramExchange
            | Behaviour::ThreadsExchange
            | Behaviour::SlackUserToken
            | Behaviour::DataEnvelope
            | Behaviour::WithingsEnvelope
            | Behaviour::CallbackHost
            | Behaviour::RedirectName,
        )
        | None => {}
    }
    Ok(())
}

/// What a 2xx answer wraps the tokens in; an error that it holds is told as one.
pub(crate) fn unwrapped<'a>(
    behaviour: Option<Behaviour>,
    root: &'a Node,
    sent: &[&str],
) -> Result<&'a Node, Unread> {
    let refused = |code: &str, words: &str| {
        let words = root.find(words).ok().flatten().and_then(Node::text);
        Err(Unread::Refused(Refusal::new(code, words, sent)))
    };
    Ok(match behaviour {
        Some(Behaviour::SlackUserToken) => match root.find("/authed_user")? {
            // A refresh answers with the user's token at the top.
            Some(user) if user.find("/access_token")?.is_some() => user,
            _ => root,
        },
        Some(Behaviour::WithingsEnvelope) => {
            let status = root.find("/status")?.and_then(Node::whole);
            let words = root.find("/error")?.and_then(Node::text).unwrap_or_default();
            match status {
                Some(0) => root.find("/body")?.unwrap_or(root),
                Some(601) => return refused("too_many_requests", "/error"),
                Some(522 | 524) => return refused("temporarily_unavailable", "/error"),
                // 503 stands for parameters that are wrong: among them a refresh token that ended.
                Some(503) if words.contains("refresh_token") => return refused("invalid_grant", "/error"),
                Some(401) => return refused("invalid_token", "/error"),
                Some(status) => return refused(&format!("withings_{status}"), "/error"),
                None => root,
            }
        }
        Some(Behaviour::DataEnvelope) => match root.find("/code")?.and_then(Node::whole) {
            Some(0) => root.find("/data")?.unwrap_or(root),
            // https://business-api.tiktok.com/portal/docs?id=1737172488964097
            Some(40_100 | 40_133) => return refused("too_many_requests", "/message"),
            Some(40_102 | 40_105 | 40_110) => return refused("invalid_grant", "/message"),
            Some(50_000..=59_999) => return refused("server_error", "/message"),
            Some(code) => return refused(&format!("code_{code}"), "/message"),
            None => root,
        },
        // The short-lived token of Instagram comes as the first of a list.
        Some(Behaviour::InstagramExchange) => root.find("/data/0")?.unwrap_or(root),
        _ => root,
    })
}

/// An error that only this provider words so; `None` for all that are worded as RFC 6749 has it.
pub(crate) fn refused(behaviour: Option<Behaviour>, reply: &Reply, sent: &[&str]) -> Option<Refusal> {
    let is_meta = matches!(
        behaviour,
        Some(Behaviour::FacebookExchange | Behaviour::InstagramExchange | Behaviour::ThreadsExchange)
    );
    if !is_meta || reply.extent != Extent::Whole || !(400..500).contains(&reply.status) {
        return None;
    }
    meta::refusal(&json::read(&reply.body)?, sent)
}

/// The registration at the host that the provider named for this Connection (Zoho's data centres, Acrobat Sign's
/// shards); the registration as it is where it named none.
///
/// # Errors
/// [`Error::BadEndpoint`] for a host that the registration does not list: codes and secrets go to no other (O-42, T-11).
pub fn at_home<'a>(client: &'a Oauth2, kept: &[(String, String)]) -> Result<Cow<'a, Oauth2>, Error> {
    if client.dialect.behaviour != Some(Behaviour::CallbackHost) {
        return Ok(Cow::Borrowed(client));
    }
    let names = client.dialect.keep_from_callback.first();
    let Some((_, home)) = kept.iter().find(|(name, _)| Some(name) == names) else {
        return Ok(Cow::Borrowed(client));
    };
    let home = endpoint::parse(home)?;
    let host = home.host_str().unwrap_or_default();
    let is_listed = |listed: &String| match listed.strip_prefix("*.") {
        Some(rest) => host
            .strip_suffix(rest)
            .is_some_and(|label| label.strip_suffix('.').is_some_and(|label| !label.is_empty())),
        None => listed == host,
    };
    if home.port().is_some() || home.scheme() != "https" || !client.dialect.hosts.iter().any(is_listed) {
        return Err(Error::BadEndpoint(
            "the provider named a host for its tokens that is not among those it is known by".to_owned(),
        ));
    }
    let moved = |address: &String| -> Result<String, Error> {
        let mut address = endpoint::parse(address)?;
        address
            .set_host(Some(host))
            .map_err(|_| Error::BadEndpoint("the named host is no host name".to_owned()))?;
        Ok(address.into())
    };
    let mut client = client.clone();
    client.token_uri = moved(&client.token_uri)?;
    for address in [
        &mut client.refresh_token_uri,
        &mut client.revocation_uri,
        &mut client.introspection_uri,
    ] {
        *address = address.as_ref().map(moved).transpose()?;
    }
    Ok(Cow::Owned(client))
}

/// eBay: what is said in place of the redirect address, in the request for consent as in that for tokens (O-13); `None`
/// for providers that take the address itself.
///
/// # Errors
/// [`Error::BadParameter`] when the registration does not have it.
pub(crate) fn redirect_name(client: &Oauth2) -> Result<Option<&str>, Error> {
    if client.dialect.behaviour != Some(Behaviour::RedirectName) {
        return Ok(None);
    }
    let mut variables = client.provider.iter().flat_map(|origin| &origin.variables);
    let found = variables.find(|(name, _)| name == REDIRECT_NAME);
    match found {
        Some((_, value)) if !value.is_empty() => Ok(Some(value)),
        _ => Err(Error::BadParameter(format!(
            "the variable {REDIRECT_NAME} of the auth client is missing"
        ))),
    }
}

/// Stripe Apps: the secret alone, as the user name.
pub(crate) fn secret_as_user(secret: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{secret}:"))
}
