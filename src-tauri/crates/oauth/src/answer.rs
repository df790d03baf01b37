//! Reading what a token endpoint answers (O-66, O-67, O-73, O-75). The members that are looked at lie where the
//! provider's dialect says (OA4); the others stay in the raw answer.

use std::{borrow::Cow, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use keyward_model::{
    SecretValue, Timestamp,
    auth_client::Oauth2,
    connection::{Lifetime, TokenSet},
    dialect::Dialect,
};
use reqwest::header::CONTENT_TYPE;
use serde::de::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{
    behaviour,
    error::Error,
    http::{Extent, Reply},
    json::{self, Node, Twice},
    refusal::{self, Refusal},
    text,
    token::Answer,
};

/// Longest token that is believed, in bytes (O-73).
const LONGEST_TOKEN: usize = 64 * 1024;

/// Most of an unreadable answer that is handed on, in bytes: no token answer is longer.
const LONGEST_KEPT: usize = 256 * 1024;

/// Longest value that is kept beside the tokens, in bytes.
const LONGEST_VALUE: usize = 2048;

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

/// Reads an answer of a token endpoint that keeps to the RFCs, success or not.
pub(crate) fn read(reply: Reply, reading: &Reading<'_>) -> Result<Answer, Error> {
    of(None, reply, reading)
}

/// Reads an answer of this client's token endpoint, success or not (OA4).
pub(crate) fn of(client: Option<&Oauth2>, reply: Reply, reading: &Reading<'_>) -> Result<Answer, Error> {
    let retry_after = || refusal::retry_after(&reply.headers, reading.obtained_at);
    if !(200..300).contains(&reply.status) {
        let behaviour = client.and_then(|client| client.dialect.behaviour);
        return Err(match behaviour::refused(behaviour, &reply, reading.sent) {
            Some(refusal) => refusal.into_error(retry_after()),
            None => refusal::of(&reply, reading.sent, reading.obtained_at),
        });
    }
    match tokens(client, &reply, reading) {
        Ok(answer) => Ok(answer),
        Err(Unread::Refused(refusal)) => Err(refusal.into_error(retry_after())),
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

pub(crate) enum Unread {
    /// Some providers say no with a 200.
    Refused(Refusal),
    Bad(&'static str),
}

impl From<Twice> for Unread {
    fn from(_: Twice) -> Self {
        Self::Bad("it is not a JSON object, too deep, or names a member twice")
    }
}

/// Where the members of an answer are.
struct Members<'a> {
    dialect: Option<&'a Dialect>,
    /// What the provider wraps its tokens in; the root where it wraps them in nothing.
    inner: &'a Node,
}

impl<'a> Members<'a> {
    fn find(&self, name: &str) -> Result<Option<&'a Node>, Unread> {
        let own = self.dialect.and_then(|dialect| {
            let paths = dialect.answer_paths.iter();
            paths
                .filter(|(member, _)| member == name)
                .map(|(_, path)| path)
                .next()
        });
        Ok(match own {
            Some(path) => self.inner.find(path)?,
            None => self.inner.find(&format!("/{name}"))?,
        })
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, Unread> {
        Ok(self.find(name)?.and_then(Node::text))
    }
}

fn tokens(client: Option<&Oauth2>, reply: &Reply, reading: &Reading<'_>) -> Result<Answer, Unread> {
    let bad = |what| Err(Unread::Bad(what));
    match reply.extent {
        Extent::Whole => {}
        Extent::Cut => return bad("it ended early"),
        Extent::TooLong => return bad("it is longer than 1 MiB"),
    }
    let root = match json::read::<Node>(&reply.body).or_else(|| form(reply)) {
        Some(root @ Node::Object(_)) => root,
        _ => return Err(Twice.into()),
    };
    let dialect = client.map(|client| &client.dialect);
    let behaviour = dialect.and_then(|dialect| dialect.behaviour);
    let inner = behaviour::unwrapped(behaviour, &root, reading.sent)?;
    let members = Members { dialect, inner };
    let access_token = members.find("access_token")?;
    let refused = match root.find("/ok")? {
        // Slack: whatever else is there.
        Some(Node::Bool(false)) => true,
        _ => access_token.is_none(),
    };
    if refused
        && let Some(code) = members
            .text("error")?
            .or(root.find("/error")?.and_then(Node::text))
    {
        let description = members.text("error_description")?;
        return Err(Unread::Refused(Refusal::new(code, description, reading.sent)));
    }
    let Some(access_token) = access_token.and_then(Node::text) else {
        return bad("it holds no access token");
    };
    if access_token.is_empty() || !is_token(access_token) {
        return bad("its access token is empty, too long or holds control characters");
    }
    let refresh_token = match members.find("refresh_token")? {
        // O-54: nothing said keeps the old one; so do the two ways of saying nothing aloud.
        None | Some(Node::Null) => None,
        Some(Node::Text(token)) if token.is_empty() => None,
        Some(Node::Text(token)) if is_token(token) => Some(token.as_str()),
        Some(_) => return bad("its refresh token is not text, too long or holds control characters"),
    };
    let token_type = match members.find("token_type")? {
        // RFC 6749 §5.1 requires it; those who leave it out mean Bearer.
        None | Some(Node::Null) => "Bearer".to_owned(),
        Some(Node::Text(kind)) if kind.len() <= 64 && is_token(kind) => kind.to_string(),
        Some(_) => return bad("its token type is not a word"),
    };
    let claims = members.text("id_token")?.map(claims);
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
    let server_date = refusal::date(&reply.headers);
    let until = |member: Option<&Node>| {
        // Strava names the end and not the length; it is counted by the provider's own clock where that is shown.
        let end = seconds(member)?.as_secs();
        let end = Timestamp(i64::try_from(end).unwrap_or(i64::MAX));
        Some(end.since(server_date.unwrap_or(reading.obtained_at)))
    };
    let lifetime = seconds(members.find("expires_in")?)
        .or(until(members.find("expires_at")?))
        .unwrap_or(Duration::from_secs(u64::from(reading.default_lifetime)));
    let lifetime = Lifetime::new(reading.obtained_at, lifetime)
        .with_window(client.and_then(|client| client.refresh_window));
    Ok(Answer {
        kept: kept(dialect, inner, &root, [Some(access_token), refresh_token])?,
        tokens: TokenSet {
            access_token: secret(access_token),
            refresh_token: refresh_token.map(secret),
            token_type,
            scope: scope(members.find("scope")?),
            lifetime,
            raw: SecretValue::new(reply.body.to_vec()),
        },
        account: claims.flatten().and_then(Claims::account),
        refresh_token_expires_in: refresh_token_life(&members)?,
        server_date,
    })
}

/// O-77: the rest of the refresh token's life, by whatever name; `None` where nothing is said, or zero, which is how
/// some say that it does not end.
fn refresh_token_life(members: &Members<'_>) -> Result<Option<Duration>, Unread> {
    // No standard names it: Google and LinkedIn, Intuit, Keycloak.
    let names = [
        "refresh_token_expires_in",
        "x_refresh_token_expires_in",
        "refresh_expires_in",
    ];
    for name in names {
        if let found @ Some(_) = members.find(name)? {
            return Ok(seconds(found).filter(|rest| !rest.is_zero()));
        }
    }
    Ok(None)
}

/// An answer as GitHub gives it unasked: a form, and only where it says that it is one.
fn form(reply: &Reply) -> Option<Node> {
    let kind = reply
        .headers
        .get(CONTENT_TYPE)?
        .to_str()
        .ok()?
        .to_ascii_lowercase();
    if !kind.starts_with("application/x-www-form-urlencoded") && !kind.starts_with("text/plain") {
        return None;
    }
    let text = std::str::from_utf8(&reply.body).ok()?;
    if !text.contains('=') || text.contains(['{', '<', ' ', '\n']) {
        return None;
    }
    let pairs = url::form_urlencoded::parse(text.as_bytes());
    let member = |(name, value): (Cow<'_, str>, Cow<'_, str>)| {
        (name.into_owned(), Node::Text(Zeroizing::new(value.into_owned())))
    };
    Some(Node::Object(pairs.map(member).collect()))
}

/// O-14: what was granted, one space between scopes. Some send a list, some put commas between them, as GitHub does
/// although it is asked with spaces: no provider that is known has a comma inside a scope.
fn scope(member: Option<&Node>) -> Option<String> {
    match member? {
        Node::Text(text) if !is_token(text) => None,
        Node::Text(text) if text.contains(' ') => Some(text.to_string()),
        Node::Text(text) => Some(text.replace(',', " ")),
        Node::List(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Node::text).collect();
            texts
                .filter(|texts| texts.iter().all(|text| is_token(text)))
                .map(|texts| texts.join(" "))
        }
        _ => None,
    }
}

/// What the dialect keeps of an answer. It is shown and referred to, so no token is among it.
fn kept(
    dialect: Option<&Dialect>,
    inner: &Node,
    root: &Node,
    tokens: [Option<&str>; 2],
) -> Result<Vec<(String, String)>, Unread> {
    let mut kept = Vec::new();
    for (name, path) in dialect.into_iter().flat_map(|dialect| &dialect.keep_from_answer) {
        let found = match inner.find(path)? {
            Some(found) => Some(found),
            None => root.find(path)?,
        };
        let value = match found {
            Some(Node::Text(text)) => text.to_string(),
            Some(Node::Number(number)) => number.to_string(),
            Some(Node::Bool(value)) => value.to_string(),
            _ => continue,
        };
        if is_keepable(&value) && !tokens.contains(&Some(value.as_str())) {
            kept.push((name.clone(), value));
        }
    }
    Ok(kept)
}

/// Whether a value is fit to be kept with a Connection and shown.
pub(crate) fn is_keepable(value: &str) -> bool {
    !value.is_empty() && value.len() <= LONGEST_VALUE && !value.chars().any(char::is_control)
}

/// Nothing is assumed of a token but that it fits and cannot break out of a header line.
fn is_token(text: &str) -> bool {
    text.len() <= LONGEST_TOKEN && !text.chars().any(char::is_control)
}

fn secret(text: &str) -> SecretValue {
    SecretValue::new(text.as_bytes().to_vec())
}

/// O-66: a number or a number in text; anything else says nothing. Clamped to a year by [`Lifetime::new`].
fn seconds(member: Option<&Node>) -> Option<Duration> {
    let number: f64 = match member? {
        Node::Number(number) => number.as_f64()?,
        Node::Text(text) => text.trim().parse().ok()?,
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
    Ok(match Node::deserialize(deserializer)? {
        Node::Text(text) => Some(text.to_string()),
        _ => None,
    })
}

fn claims(id_token: &str) -> Option<Claims> {
    let payload = id_token.split('.').nth(1)?.trim_end_matches('=');
    json::read(&Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?))
}

#[cfg(test)]
#[path = "tests/answer.rs"]
mod tests;
