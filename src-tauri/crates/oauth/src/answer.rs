//! Reading what a token endpoint answers (O-66, O-67, O-73, O-75).

use std::{fmt, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use keyward_model::{
    SecretValue, Timestamp,
    connection::{Lifetime, TokenSet},
};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    error::Error,
    http::{Extent, Reply},
    json::{self, Member},
    refusal::{self, Refusal},
    text,
    token::Answer,
};

/// Longest token that is believed, in bytes (O-73).
const LONGEST_TOKEN: usize = 64 * 1024;

/// Most of an unreadable answer that is handed on, in bytes: no token answer is longer.
const LONGEST_KEPT: usize = 256 * 1024;

/// What an answer is read against.
pub(crate) struct Reading<'a> {
    /// When the tokens cannot be older than: the request left then.
    pub(crate) obtained_at: Timestamp,
    /// Lifetime without `expires_in`, in seconds (EL12).
    pub(crate) default_lifetime: u32,
    /// The nonce that an ID token must repeat (O-05).
    pub(crate) nonce: Option<&'a str>,
    /// Secrets of the request, which no description may echo.
    pub(crate) sent: &'a [&'a str],
}

/// The scheme of the `Authorization` header for a token type, whatever its case; `None` for a type that must not
/// be put into a header (O-67).
#[must_use]
pub fn header_scheme(token_type: &str) -> Option<&'static str> {
    ["Bearer", "DPoP"]
        .into_iter()
        .find(|scheme| scheme.eq_ignore_ascii_case(token_type))
}

/// Reads an answer of the token endpoint, success or not.
pub(crate) fn read(reply: Reply, reading: &Reading<'_>) -> Result<Answer, Error> {
    if !(200..300).contains(&reply.status) {
        return Err(refusal::of(&reply, reading.sent, reading.obtained_at));
    }
    match tokens(&reply, reading) {
        Ok(answer) => Ok(answer),
        Err(Unread::Refused(refusal)) => {
            Err(refusal.into_error(refusal::retry_after(&reply.headers, reading.obtained_at)))
        }
        Err(Unread::Bad(what)) => Err(unreadable(reply, what)),
    }
}

/// A 2xx answer that cannot be read, as an error that carries it.
pub(crate) fn unreadable(reply: Reply, what: &str) -> Error {
    let mut raw = reply.body;
    raw.truncate(LONGEST_KEPT);
    Error::BadResponse {
        what: what.to_owned(),
        raw: SecretValue::from_zeroizing(raw),
    }
}

enum Unread {
    /// Some providers say no with a 200.
    Refused(Refusal),
    Bad(&'static str),
}

fn tokens(reply: &Reply, reading: &Reading<'_>) -> Result<Answer, Unread> {
    let bad = |what| Err(Unread::Bad(what));
    match reply.extent {
        Extent::Whole => {}
        Extent::Cut => return bad("it ended early"),
        Extent::TooLong => return bad("it is longer than 1 MiB"),
    }
    let Some(members) = json::read::<Members>(&reply.body) else {
        return bad("it is not a JSON object, too deep, or names a member twice");
    };
    if let (None, Some(Member::Text(code))) = (&members.access_token, &members.error) {
        let description = match &members.error_description {
            Some(Member::Text(words)) => Some(words.as_str()),
            _ => None,
        };
        return Err(Unread::Refused(Refusal::new(code, description, reading.sent)));
    }
    let Some(Member::Text(access_token)) = members.access_token else {
        return bad("it holds no access token");
    };
    if access_token.is_empty() || !is_token(&access_token) {
        return bad("its access token is empty, too long or holds control characters");
    }
    let refresh_token = match members.refresh_token {
        // O-54: nothing said keeps the old one; so do the two ways of saying nothing aloud.
        None | Some(Member::Null) => None,
        Some(Member::Text(token)) if token.is_empty() => None,
        Some(Member::Text(token)) if is_token(&token) => Some(token),
        Some(_) => return bad("its refresh token is not text, too long or holds control characters"),
    };
    let token_type = match members.token_type {
        // RFC 6749 §5.1 requires it; those who leave it out mean Bearer.
        None | Some(Member::Null) => "Bearer".to_owned(),
        Some(Member::Text(kind)) if kind.len() <= 64 && is_token(&kind) => kind.to_string(),
        Some(_) => return bad("its token type is not a word"),
    };
    let scope = match members.scope {
        Some(Member::Text(scope)) if is_token(&scope) => Some(scope.to_string()),
        // Some send a list.
        Some(Member::Texts(scopes)) if scopes.iter().all(|scope| is_token(scope)) => Some(
            scopes
                .iter()
                .map(|scope| scope.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        ),
        _ => None,
    };
    let claims = match &members.id_token {
        Some(Member::Text(token)) => Some(claims(token)),
        _ => None,
    };
    if let (Some(expected), Some(claims)) = (reading.nonce, &claims) {
        // O-05: an ID token of another flow means that the code was of another flow.
        let said = claims
            .as_ref()
            .and_then(|claims| claims.nonce.as_deref())
            .unwrap_or_default();
        if !bool::from(said.as_bytes().ct_eq(expected.as_bytes())) {
            return bad("its ID token does not repeat the nonce");
        }
    }
    let lifetime = seconds(members.expires_in.as_ref())
        .unwrap_or(Duration::from_secs(u64::from(reading.default_lifetime)));
    Ok(Answer {
        tokens: TokenSet {
            access_token: secret(&access_token),
            refresh_token: refresh_token.map(|token| secret(&token)),
            token_type,
            scope,
            lifetime: Lifetime::new(reading.obtained_at, lifetime),
            raw: SecretValue::new(reply.body.to_vec()),
        },
        account: claims.flatten().and_then(Claims::account),
        // Zero is how some say that it does not end.
        refresh_token_expires_in: seconds(members.refresh_token_expires_in.as_ref())
            .filter(|rest| !rest.is_zero()),
        server_date: refusal::date(&reply.headers),
    })
}

/// Nothing is assumed of a token but that it fits and cannot break out of a header line.
fn is_token(text: &str) -> bool {
    text.len() <= LONGEST_TOKEN && !text.chars().any(char::is_control)
}

fn secret(text: &str) -> SecretValue {
    SecretValue::new(text.as_bytes().to_vec())
}

/// O-66: a number or a number in text; anything else says nothing. Clamped to a year by [`Lifetime::new`].
fn seconds(member: Option<&Member>) -> Option<Duration> {
    let number = match member? {
        Member::Number(number) => *number,
        Member::Text(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    if !number.is_finite() {
        return None;
    }
    Some(Duration::try_from_secs_f64(number.max(0.0).floor()).unwrap_or(Duration::MAX))
}

/// What is shown of an ID token. Its signature is not checked: it came over TLS from the token endpoint
/// (OpenID Connect Core §3.1.3.7) and grants nothing.
#[derive(serde::Deserialize)]
struct Claims {
    nonce: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    email: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    preferred_username: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    sub: Option<String>,
}

impl Claims {
    fn account(self) -> Option<String> {
        [self.email, self.preferred_username, self.sub]
            .into_iter()
            .flatten()
            .find_map(|name| text::plain(&name))
    }
}

fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Member::deserialize(deserializer)? {
        Member::Text(text) => Some(text.to_string()),
        _ => None,
    })
}

fn claims(id_token: &str) -> Option<Claims> {
    let payload = id_token.split('.').nth(1)?.trim_end_matches('=');
    json::read(&Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?))
}

/// The members that are looked at. The others stay in the raw answer (O-75).
#[derive(Default)]
struct Members {
    access_token: Option<Member>,
    refresh_token: Option<Member>,
    token_type: Option<Member>,
    expires_in: Option<Member>,
    refresh_token_expires_in: Option<Member>,
    scope: Option<Member>,
    id_token: Option<Member>,
    error: Option<Member>,
    error_description: Option<Member>,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ReadMembers)
    }
}

struct ReadMembers;

impl<'de> Visitor<'de> for ReadMembers {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut found = Members::default();
        while let Some(name) = map.next_key::<String>()? {
            let slot = match name.as_str() {
                "access_token" => &mut found.access_token,
                "refresh_token" => &mut found.refresh_token,
                "token_type" => &mut found.token_type,
                "expires_in" => &mut found.expires_in,
                // No standard names it: Google and LinkedIn, Intuit, Keycloak.
                "refresh_token_expires_in" | "x_refresh_token_expires_in" | "refresh_expires_in" => {
                    &mut found.refresh_token_expires_in
                }
                "scope" => &mut found.scope,
                "id_token" => &mut found.id_token,
                "error" => &mut found.error,
                "error_description" => &mut found.error_description,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            // Two readers of a repeated member may take different ones: nobody takes any.
            if slot.replace(map.next_value()?).is_some() {
                return Err(serde::de::Error::custom("a member is there twice"));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
#[path = "tests/answer.rs"]
mod tests;
