//! Checking an ID token (OpenID Connect Core §3.1.3.7), to show whose account it is. It grants nothing (O-48).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use keyward_model::{SecretValue, Timestamp, auth_client::Oauth2};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    authorize::Pending,
    error::Error,
    http::{Http, Reply},
    json::{self, Wiped},
    jwks::{self, Algorithm, Choice, Key, Keys},
    text,
    token::{self, Answer},
};

/// How far clocks may be apart, in seconds (O-48).
const LEEWAY: i64 = 120;

/// How long ago an ID token of a consent may have been made, in seconds: some providers make it with the code, and a
/// consent takes ten minutes at most (O-22).
const OLDEST: i64 = 10 * 60 + LEEWAY;

/// Longest ID token that is looked at, in bytes (O-73).
const LONGEST: usize = 64 * 1024;

/// What an ID token says of its person. Texts are plain, for display alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// `sub`, as it is: who they are at this issuer, for ever.
    pub subject: String,
    /// `email`, `preferred_username` or `name`.
    pub account: Option<String>,
}

/// Why an ID token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not three parts of JSON, or without what each must have.
    #[error("it is malformed or lacks a claim")]
    Malformed,
    /// Signed in a way that is not accepted: `none`, a shared secret, or an unknown one.
    #[error("its kind of signature is not accepted")]
    Algorithm,
    /// No key of the provider is meant, or several could be.
    #[error("its key is not one of the provider's")]
    Key,
    /// The signature is another's.
    #[error("its signature is wrong")]
    Signature,
    /// Of another issuer.
    #[error("its issuer is another")]
    Issuer,
    /// Made for somebody else.
    #[error("it was made for another client")]
    Audience,
    /// Too old, or made in the future.
    #[error("it is of another time")]
    Time,
    /// Of another consent.
    #[error("its nonce is another")]
    Nonce,
    /// Its access token is another.
    #[error("it belongs to another access token")]
    AccessToken,
}

/// What an ID token is held against.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) access_token: &'a [u8],
}

/// Checks the ID token of an answer, where there is one and the registration knows its issuer and where its keys are;
/// `None` otherwise.
///
/// # Errors
/// [`Error::Config`] with `invalid_id_token` and the reason; [`Error::Transient`] when the keys cannot be had.
pub async fn verify(
    http: &Http,
    keys: &Keys,
    client: &Oauth2,
    pending: Option<&Pending>,
    answer: &Answer,
    now: Timestamp,
) -> Result<Option<Claims>, Error> {
    let (Some(issuer), Some(jwks_uri)) = (&client.issuer, &client.jwks_uri) else {
        return Ok(None);
    };
    let Some(id_token) = of(&answer.tokens.raw) else {
        return Ok(None);
    };
    let expected = Expected {
        issuer,
        client_id: &client.client_id,
        nonce: pending.and_then(|pending| pending.nonce.as_ref().map(|nonce| nonce.as_str())),
        access_token: token::text(&answer.tokens.access_token)?.as_bytes(),
    };
    // The provider's own clock came with the answer: a wrong one here does not make its tokens wrong (O-70).
    let clock = answer.server_date.unwrap_or(now);
    let mut outcome = check(&id_token, &expected, &keys.of(http, jwks_uri, now).await?, clock);
    // O-49: providers change their keys; one more question, and no more.
    if outcome == Err(Invalid::Key)
        && let Some(newer) = keys.again(http, jwks_uri, now).await?
    {
        outcome = check(&id_token, &expected, &newer, clock);
    }
    outcome.map(Some).map_err(|invalid| Error::Config {
        oauth_error: "invalid_id_token".to_owned(),
        description: Some(format!("The ID token is not accepted: {invalid}")),
    })
}

/// Checks one ID token of `issuer` for the client `client_id` with the keys of a whole document, as [`verify`] does for
/// a consent without a nonce, whose access token is `access_token`: bytes in, verdict out.
///
/// # Errors
/// Why it is not believed; [`Invalid::Key`] for what is no document of keys.
pub fn read(
    id_token: &str,
    keys: &[u8],
    issuer: &str,
    client_id: &str,
    access_token: &[u8],
    now: Timestamp,
) -> Result<Claims, Invalid> {
    let keys = jwks::read(Reply::whole(200, keys)).map_err(|_| Invalid::Key)?;
    let expected = Expected {
        issuer,
        client_id,
        nonce: None,
        access_token,
    };
    check(id_token, &expected, &keys, now)
}

/// The subject that an answer's ID token names, unchecked: to compare with another of the same place.
#[must_use]
pub fn subject(raw: &SecretValue) -> Option<String> {
    let id_token = of(raw)?;
    let payload = part(id_token.split('.').nth(1)?)?;
    json::read::<Subject>(&payload)?.sub
}

#[derive(serde::Deserialize)]
struct Subject {
    sub: Option<String>,
}

/// Most claims that are shown; real ID tokens have a dozen.
const MOST_CLAIMS: usize = 40;

/// What only a protocol reads: nobody learns anything from it.
const NOT_FOR_PEOPLE: [&str; 5] = ["nonce", "at_hash", "c_hash", "s_hash", "jti"];

/// The claims of an answer's ID token by name, as plain text for display alone; empty where it holds none. Objects are
/// left out. They were checked when the answer came, where the provider's keys could be had (O-48).
#[must_use]
pub fn shown(raw: &SecretValue) -> Vec<(String, String)> {
    let claims = of(raw)
        .and_then(|id_token| part(id_token.split('.').nth(1)?))
        .and_then(|payload| json::read::<serde_json::Map<String, serde_json::Value>>(&payload));
    claims
        .into_iter()
        .flatten()
        .filter(|(name, _)| !NOT_FOR_PEOPLE.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((text::plain(&name)?, text::plain(&words(&value)?)?)))
        .take(MOST_CLAIMS)
        .collect()
}

/// A claim in words; `None` for what is no word.
fn words(claim: &serde_json::Value) -> Option<String> {
    match claim {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        serde_json::Value::Array(several) => {
            let words: Vec<String> = several.iter().filter_map(words).collect();
            (!words.is_empty()).then(|| words.join(" "))
        }
        serde_json::Value::Null | serde_json::Value::Object(_) => None,
    }
}

/// The ID token inside a raw answer.
fn of(raw: &SecretValue) -> Option<Wiped> {
    #[derive(serde::Deserialize)]
    struct Members {
        id_token: Option<Wiped>,
    }
    json::read::<Members>(token::text(raw).ok()?.as_bytes())?
        .id_token
        .filter(|token| token.len() <= LONGEST)
}

#[derive(serde::Deserialize)]
struct Header {
    alg: Option<String>,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

#[derive(serde::Deserialize)]
struct Payload {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    azp: Option<String>,
    exp: Option<f64>,
    iat: Option<f64>,
    nbf: Option<f64>,
    nonce: Option<String>,
    at_hash: Option<String>,
    email: Option<String>,
    preferred_username: Option<String>,
    name: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Signature first: no claim means anything before.
pub(crate) fn check(
    id_token: &str,
    expected: &Expected<'_>,
    keys: &[Key],
    now: Timestamp,
) -> Result<Claims, Invalid> {
    let mut parts = id_token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Invalid::Malformed);
    };
    let message = &id_token.as_bytes()[..header.len() + 1 + payload.len()];
    let head: Header = part(header)
        .and_then(|bytes| json::read(&bytes))
        .ok_or(Invalid::Malformed)?;
    // RFC 7515 §4.1.11: what must be understood and is not makes the whole invalid.
    if head.crit.is_some() {
        return Err(Invalid::Algorithm);
    }
    let algorithm = head
        .alg
        .as_deref()
        .and_then(Algorithm::of)
        .ok_or(Invalid::Algorithm)?;
    let key = match jwks::choose(keys, head.kid.as_deref(), algorithm) {
        Choice::One(key) => key,
        Choice::Unknown | Choice::Several => return Err(Invalid::Key),
    };
    let signature = part(signature).ok_or(Invalid::Malformed)?;
    if !key.has_signed(algorithm, message, &signature) {
        return Err(Invalid::Signature);
    }
    let claims: Payload = part(payload)
        .and_then(|bytes| json::read(&bytes))
        .ok_or(Invalid::Malformed)?;
    claims.check(expected, now)
}

impl Payload {
    fn check(self, expected: &Expected<'_>, now: Timestamp) -> Result<Claims, Invalid> {
        // O-48: compared as text.
        if self.iss.as_deref().ok_or(Invalid::Malformed)? != expected.issuer {
            return Err(Invalid::Issuer);
        }
        let subject = self
            .sub
            .filter(|subject| !subject.is_empty() && subject.len() <= 255)
            .ok_or(Invalid::Malformed)?;
        let (is_ours, is_alone) = match self.aud.as_ref().ok_or(Invalid::Malformed)? {
            Audience::One(one) => (one == expected.client_id, true),
            Audience::Several(all) => (
                all.iter().any(|one| one == expected.client_id),
                // Others that are not trusted make it a token for somebody else's use, unless it says whose it is.
                all.len() == 1,
            ),
        };
        let party = self.azp.as_deref();
        let is_party = match party {
            Some(party) => party == expected.client_id,
            None => is_alone,
        };
        if !is_ours || !is_party {
            return Err(Invalid::Audience);
        }
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and is only compared")]
        let seconds = |number: f64| number as i64;
        let (expires, issued) = (
            seconds(self.exp.ok_or(Invalid::Malformed)?),
            seconds(self.iat.ok_or(Invalid::Malformed)?),
        );
        let now = now.seconds();
        let is_early = |at: i64| at > now.saturating_add(LEEWAY);
        if expires.saturating_add(LEEWAY) <= now
            || is_early(issued)
            || issued.saturating_add(OLDEST) < now
            || self.nbf.map(seconds).is_some_and(is_early)
        {
            return Err(Invalid::Time);
        }
        let same = |said: Option<&str>, meant: &str| {
            bool::from(said.unwrap_or_default().as_bytes().ct_eq(meant.as_bytes()))
        };
        match expected.nonce {
            Some(nonce) if !same(self.nonce.as_deref(), nonce) => return Err(Invalid::Nonce),
            _ => {}
        }
        // OpenID Connect Core §3.1.3.6; all accepted algorithms hash with SHA-256, and Ed25519's 512 bit are not
        // used by anybody for this.
        if let Some(said) = self.at_hash.as_deref() {
            let digest = Sha256::digest(expected.access_token);
            let short = BASE64_URL_SAFE_NO_PAD.encode(&digest[..16]);
            let digest = ring::digest::digest(&ring::digest::SHA512, expected.access_token);
            let long = BASE64_URL_SAFE_NO_PAD.encode(&digest.as_ref()[..32]);
            if !same(Some(said), &short) && !same(Some(said), &long) {
                return Err(Invalid::AccessToken);
            }
        }
        Ok(Claims {
            subject,
            account: [self.email, self.preferred_username, self.name]
                .into_iter()
                .flatten()
                .find_map(|name| text::plain(&name)),
        })
    }
}

/// RFC 7515 §2: base64url without padding, strictly.
fn part(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok().map(Zeroizing::new)
}

#[cfg(test)]
#[path = "tests/id_token.rs"]
mod tests;
