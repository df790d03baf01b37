//! Assertions that we sign (RFC 7523): who we are, in place of a client secret, and whom a service account stands for.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use keyward_model::{SecretValue, Timestamp, auth_client::Oauth2};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::{authorize::random_text, endpoint, error::Error, sign::SigningKey};

/// How long an assertion is good for, in seconds. Long enough for a slow request, too short to be worth stealing;
/// Google takes up to an hour.
const LIFETIME: i64 = 300;

/// RFC 7523 §2.2.
pub(crate) const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// RFC 7523 §2.1.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The parameter of `token_params` that names the person an assertion stands for; it becomes the claim `sub`.
pub(crate) const SUBJECT: &str = "sub";

/// The client's own assertion: `private_key_jwt` (OpenID Connect Core §9).
///
/// # Errors
/// [`Error::BadParameter`] for a key that cannot be used.
pub(crate) fn of_client(
    client: &Oauth2,
    key: &SecretValue,
    now: Timestamp,
) -> Result<Zeroizing<String>, Error> {
    let key = SigningKey::read(key)?;
    let mut claims = times(now);
    claims.insert("iss".to_owned(), json!(client.client_id));
    claims.insert("sub".to_owned(), json!(client.client_id));
    claims.insert("aud".to_owned(), json!(audience(client)));
    signed(&key, key.id(), &Value::Object(claims))
}

/// The assertion of a JWT bearer grant: for the account that the key's file names, else for the client itself.
///
/// # Errors
/// [`Error::BadParameter`] for a key that cannot be used, or whose file names another token endpoint.
pub(crate) fn of_grant(
    client: &Oauth2,
    key: &SecretValue,
    scope: &str,
    now: Timestamp,
) -> Result<Zeroizing<String>, Error> {
    let key = SigningKey::read(key)?;
    let issuer = key
        .account()
        .map_or(client.client_id.as_str(), |account| account.email.as_str());
    let wanted = client.token_params.iter().find(|(name, _)| name == SUBJECT);
    let subject = wanted.map(|(_, subject)| subject.as_str());
    let audience = match key.account().and_then(|account| account.token_uri.as_deref()) {
        // The provider that made the file wrote the audience into it. It is believed only where the request goes
        // there anyway, so that no registration can have a file sign for somebody else (O-46).
        Some(uri) if uri == client.token_uri => uri,
        Some(_) if !is_near(&client.token_uri) => {
            return Err(Error::BadParameter(
                "the key's file names another token endpoint than the registration".to_owned(),
            ));
        }
        _ => audience(client),
    };
    let mut claims = times(now);
    claims.insert("iss".to_owned(), json!(issuer));
    claims.insert("aud".to_owned(), json!(audience));
    match (subject, key.account()) {
        (Some(subject), _) => claims.insert("sub".to_owned(), json!(subject)),
        // RFC 7523 §3 asks for a subject; the account of a file is one.
        (None, _) => claims.insert("sub".to_owned(), json!(issuer)),
    };
    if !scope.is_empty() {
        claims.insert("scope".to_owned(), json!(scope));
    }
    signed(&key, key.id(), &Value::Object(claims))
}

/// O-46: the issuer and nothing else, as one text. An audience of several, or an endpoint that metadata named, could
/// be played to another server. Where no issuer is known, the token endpoint that the person entered is the server.
fn audience(client: &Oauth2) -> &str {
    client.issuer.as_deref().unwrap_or(&client.token_uri)
}

fn is_near(address: &str) -> bool {
    endpoint::parse(address).is_ok_and(|url| endpoint::is_loopback(&url))
}

fn times(now: Timestamp) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("iat".to_owned(), json!(now.seconds()));
    claims.insert("exp".to_owned(), json!(now.seconds() + LIFETIME));
    // Servers refuse an assertion that they saw: each request has its own.
    claims.insert("jti".to_owned(), json!(random_text().as_str()));
    claims
}

/// RFC 7515 §3.1; `id` is the key's name at the provider.
pub(crate) fn signed(key: &SigningKey, id: Option<&str>, claims: &Value) -> Result<Zeroizing<String>, Error> {
    let mut header = json!({"alg": key.algorithm(), "typ": "JWT"});
    if let (Some(id), Some(members)) = (id, header.as_object_mut()) {
        members.insert("kid".to_owned(), json!(id));
    }
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", part(&header), part(claims));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes())?);
    Ok(Zeroizing::new(format!("{input}.{signature}")))
}

#[cfg(test)]
#[path = "tests/assertion.rs"]
mod tests;
