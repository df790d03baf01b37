//! Facebook, Instagram and Threads: no refresh token, but a short-lived token that is exchanged for one of 60 days, and
//! that one for the next. It is kept as the refresh token of its Connection.

use keyward_model::{SecretValue, auth_client::Oauth2, dialect::Behaviour};

use crate::{
    behaviour,
    dialect::{Fields, query_request},
    endpoint,
    error::Error,
    json::Node,
    refusal::Refusal,
    token::{secret_text, text},
};

/// The request for the long-lived token, once the short-lived one is there; `None` for providers that give what they
/// have at once.
pub(crate) fn further(
    client: &Oauth2,
    secret: Option<&SecretValue>,
    token: &SecretValue,
) -> Result<Option<reqwest::Request>, Error> {
    let token = text(token)?;
    let secret = own_secret(client, secret)?;
    let mut fields = Fields::default();
    let address = match client.dialect.behaviour {
        Some(Behaviour::FacebookExchange) => return facebook(client, secret, token).map(Some),
        Some(Behaviour::InstagramExchange) => {
            fields.push("grant_type", "ig_exchange_token");
            beside(client.refresh_uri())?
        }
        Some(Behaviour::ThreadsExchange) => {
            fields.push("grant_type", "th_exchange_token");
            beside(client.refresh_uri())?
        }
        _ => return Ok(None),
    };
    fields.push("client_secret", secret);
    fields.push("access_token", token);
    Ok(Some(query_request(client, address, &fields)?))
}

/// The request for the next long-lived token; `None` for providers that refresh as RFC 6749 has it.
pub(crate) fn refresh(
    client: &Oauth2,
    secret: Option<&SecretValue>,
    token: &SecretValue,
) -> Result<Option<reqwest::Request>, Error> {
    let token = text(token)?;
    let word = match client.dialect.behaviour {
        Some(Behaviour::FacebookExchange) => {
            return facebook(client, own_secret(client, secret)?, token).map(Some);
        }
        Some(Behaviour::InstagramExchange) => "ig_refresh_token",
        Some(Behaviour::ThreadsExchange) => "th_refresh_token",
        _ => return Ok(None),
    };
    let mut fields = Fields::default();
    fields.push("grant_type", word);
    fields.push("access_token", token);
    let address = endpoint::parse(client.refresh_uri())?;
    Ok(Some(query_request(client, address, &fields)?))
}

/// The secret, which these steps send in the address.
fn own_secret<'a>(client: &Oauth2, secret: Option<&'a SecretValue>) -> Result<&'a str, Error> {
    behaviour::authentication(client)?;
    Ok(secret_text(secret)?.unwrap_or_default())
}

fn facebook(client: &Oauth2, secret: &str, token: &str) -> Result<reqwest::Request, Error> {
    let mut fields = Fields::default();
    fields.push("grant_type", "fb_exchange_token");
    fields.push("client_id", &client.client_id);
    fields.push("client_secret", secret);
    fields.push("fb_exchange_token", token);
    query_request(client, endpoint::parse(&client.token_uri)?, &fields)
}

/// `/access_token` of the host that refreshes.
fn beside(refresh_uri: &str) -> Result<url::Url, Error> {
    let mut address = endpoint::parse(refresh_uri)?;
    address.set_path("/access_token");
    Ok(address)
}

/// An error of the Graph API: an object with a number (https://developers.facebook.com/docs/graph-api/guides/error-handling).
pub(super) fn refusal(root: &Node, sent: &[&str]) -> Option<Refusal> {
    let error = root.find("/error").ok()??;
    let find = |pointer: &str| error.find(pointer).ok().flatten();
    let number = find("/code").and_then(Node::whole)?;
    let code = match number {
        // The token ended, was taken back, or the password was changed.
        102 | 190 | 463 | 467 => "invalid_grant".to_owned(),
        4 | 17 | 32 | 341 | 613 => "rate_limit_exceeded".to_owned(),
        1 | 2 => "temporarily_unavailable".to_owned(),
        _ if matches!(find("/is_transient"), Some(Node::Bool(true))) => "temporarily_unavailable".to_owned(),
        number => format!("meta_{number}"),
    };
    Some(Refusal::new(&code, find("/message").and_then(Node::text), sent))
}
