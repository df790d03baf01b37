//! Whether a request is the callback we wait for: pure, from bytes to a verdict, for both doors
//! (the loopback listener and a pasted address, O-36).
//!
//! Order of looking, and why: the host first, so that a name bound to 127.0.0.1 by DNS learns nothing (O-27);
//! then method, path and browser metadata; then the shape of the parameters; then the state, before any meaning
//! is given to another parameter (O-23); then the issuer, before `error` and `code` (O-40).

use std::fmt;

use keyward_model::SecretValue;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{answer, authorize::Pending, text};

/// Longest request line with headers, in bytes (O-30).
pub const LONGEST_HEAD: usize = 16 * 1024;

/// Most headers of a request (O-30).
const MOST_HEADERS: usize = 64;

/// Longest value of a parameter after decoding, in bytes (O-29).
const LONGEST_VALUE: usize = 4 * 1024;

/// An authorization code: a secret for a minute, good for one exchange.
pub struct Code {
    pub(crate) value: SecretValue,
    /// What else the callback said that the registration keeps (OA4).
    pub(crate) kept: Vec<(String, String)>,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// Why a request brought no code.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// Somebody else's request: the consent goes on undisturbed.
    #[error("this is not the answer that is waited for: {0}")]
    NotOurs(Reason),
    /// The genuine answer, and it is no: the consent ends.
    #[error("the provider refused: {error}")]
    Refused {
        /// The provider's error code, registered (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6) or its own, as a word of
        /// at most 64 characters; `unknown_error` for what is none.
        error: String,
        /// The provider's words: plain text without control characters, at most 300 characters.
        description: Option<String>,
    },
    /// The right state from the wrong issuer (RFC 9207): the consent ends, and the code goes nowhere.
    #[error("the answer came from another issuer than the one that was asked")]
    WrongIssuer,
    /// More than ten minutes passed (O-22): the consent ends.
    #[error("nobody finished the consent in time")]
    TimedOut,
}

/// What is wrong with a request that is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Not a well-formed request, too long, with a body, a repeated or an undecodable parameter.
    #[error("it is malformed")]
    Malformed,
    /// Another method than GET.
    #[error("it is not a GET")]
    Method,
    /// Another path than the redirect URI's.
    #[error("its path is another")]
    Path,
    /// Another host or port than the redirect URI's, or none, or two.
    #[error("its host is another")]
    Host,
    /// A browser says that a page made the request, not a navigation.
    #[error("a page sent it")]
    Page,
    /// No state, or another one.
    #[error("its state is not the one that was sent")]
    State,
    /// The right state, and neither a code nor an error.
    #[error("it holds neither a code nor an error")]
    Empty,
    /// The genuine answer once more.
    #[error("it was used already")]
    AlreadyUsed,
}

/// What the genuine callback must look like.
pub(crate) struct Expected {
    /// `127.0.0.1:PORT` or `[::1]:PORT`.
    pub(crate) authority: String,
    pub(crate) path: String,
    /// SHA-256 of the state (O-04).
    pub(crate) state: [u8; 32],
    pub(crate) issuer: Option<String>,
    pub(crate) missing_issuer: MissingIssuer,
    pub(crate) names: Names,
    /// Parameters that are kept with the Connection (OA4).
    pub(crate) keep: Vec<String>,
}

/// What the parameters of a callback are called.
pub(crate) enum Names {
    /// RFC 6749 §4.1.2, but for those that the provider calls otherwise: standard name, its own (OA4).
    Oauth2(Vec<(String, String)>),
    /// RFC 5849 §2.2: the request token is the state, the verifier the code. Some say `denied` with the request token
    /// in it for a person's no.
    Oauth1,
}

/// What a callback without `iss` means (RFC 9207 §2.4).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissingIssuer {
    Accepted,
    Refused,
}

/// A well-formed GET to our host: where it goes and what it asks.
pub(crate) struct Visit<'a> {
    pub(crate) path: &'a str,
    query: &'a str,
}

/// Judges the head of a request, up to and including the empty line. Takes no notice of what follows, keeps
/// nothing and changes nothing: the same bytes have the same verdict, whether they were used before or not.
///
/// # Errors
/// Everything but the genuine callback with a code.
pub fn judge(pending: &Pending, head: &[u8]) -> Result<Code, CallbackError> {
    let visit = visit(pending.expected(), head).map_err(CallbackError::NotOurs)?;
    answer(pending.expected(), &visit)
}

/// Host, method, shape and browser metadata; not yet the path, since `/done` is ours as well.
pub(crate) fn visit<'a>(expected: &Expected, head: &'a [u8]) -> Result<Visit<'a>, Reason> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    if head.len() > LONGEST_HEAD || !request.parse(head).is_ok_and(|status| status.is_complete()) {
        return Err(Reason::Malformed);
    }
    let (Some(method), Some(target)) = (request.method, request.path) else {
        return Err(Reason::Malformed);
    };
    // O-27: one Host, ours to the byte.
    let mut hosts = values(request.headers, "host");
    if hosts.next() != Some(expected.authority.as_bytes()) || hosts.next().is_some() {
        return Err(Reason::Host);
    }
    // O-25: link previewers and virus scanners send HEAD.
    if method != "GET" {
        return Err(Reason::Method);
    }
    // Origin form alone: an absolute target would name a second host.
    if !target.starts_with('/') || !target.bytes().all(|b| b.is_ascii_graphic() && b != b'#') {
        return Err(Reason::Malformed);
    }
    // O-28: a page that fetches, embeds or submits is not a person who comes back from the provider.
    let navigates = values(request.headers, "sec-fetch-mode").all(|mode| mode == b"navigate")
        && values(request.headers, "sec-fetch-dest").all(|dest| dest == b"document")
        && values(request.headers, "origin").next().is_none();
    if !navigates {
        return Err(Reason::Page);
    }
    // O-30: a GET with a body is not a browser's.
    let has_body = values(request.headers, "content-length").any(|length| length != b"0")
        || values(request.headers, "transfer-encoding").next().is_some();
    if has_body {
        return Err(Reason::Malformed);
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Visit { path, query })
}

fn values<'h>(headers: &'h [httparse::Header<'_>], name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
}

/// Path and parameters.
pub(crate) fn answer(expected: &Expected, visit: &Visit<'_>) -> Result<Code, CallbackError> {
    let not_ours = |reason| Err(CallbackError::NotOurs(reason));
    if visit.path != expected.path {
        return not_ours(Reason::Path);
    }
    let Some(parameters) = Parameters::read(visit.query, expected) else {
        return not_ours(Reason::Malformed);
    };
    let state = parameters.state.unwrap_or_default();
    if !bool::from(Sha256::digest(state.as_bytes()).as_slice().ct_eq(&expected.state)) {
        return not_ours(Reason::State);
    }
    match (&parameters.issuer, &expected.issuer) {
        (Some(said), Some(known)) if said != known => return Err(CallbackError::WrongIssuer),
        (None, _) if expected.missing_issuer == MissingIssuer::Refused => {
            return Err(CallbackError::WrongIssuer);
        }
        _ => {}
    }
    if let Some(error) = parameters.error {
        let description = parameters.description.and_then(|words| text::plain(&words));
        return Err(CallbackError::Refused {
            // O-33: a provider's own code is what its documentation explains.
            error: text::code(&error),
            description,
        });
    }
    match parameters.code {
        Some(code) if !code.is_empty() => Ok(Code {
            value: SecretValue::from(code),
            kept: parameters.kept,
        }),
        _ => not_ours(Reason::Empty),
    }
}

#[derive(Default)]
struct Parameters {
    state: Option<String>,
    issuer: Option<String>,
    error: Option<String>,
    description: Option<String>,
    code: Option<String>,
    kept: Vec<(String, String)>,
}

impl Parameters {
    /// Reads a query; `None` when one of ours is repeated (RFC 6749 §3.1) or any parameter is undecodable
    /// or too long (O-29). Others are read past.
    fn read(query: &str, expected: &Expected) -> Option<Self> {
        let mut found = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            let name = match &expected.names {
                Names::Oauth2(own) => {
                    // What the provider calls otherwise is read under its name alone: a second code could be another's.
                    let standard = own.iter().find(|(_, theirs)| *theirs == name);
                    let is_replaced = own.iter().any(|(standard, _)| *standard == name);
                    match standard {
                        Some((standard, _)) => standard.clone(),
                        None if is_replaced => continue,
                        None => name,
                    }
                }
                Names::Oauth1 => match name.as_str() {
                    "oauth_token" => "state".to_owned(),
                    "oauth_verifier" => "code".to_owned(),
                    "denied" => {
                        if found.state.replace(value).is_some() {
                            return None;
                        }
                        found.error = Some("access_denied".to_owned());
                        continue;
                    }
                    _ => continue,
                },
            };
            let slot = match name.as_str() {
                "state" => &mut found.state,
                "iss" => &mut found.issuer,
                "error" => &mut found.error,
                "error_description" => &mut found.description,
                "code" => &mut found.code,
                _ if expected.keep.contains(&name) => {
                    if found.kept.iter().any(|(other, _)| *other == name) {
                        return None;
                    }
                    if answer::is_keepable(&value) {
                        found.kept.push((name, value));
                    }
                    continue;
                }
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        Some(found)
    }
}

/// One name or value of `application/x-www-form-urlencoded`, strictly: whole escapes, UTF-8, no NUL.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => 16 * hex(rest.next()?)? + hex(rest.next()?)?,
            other => other,
        });
    }
    let fits = bytes.len() <= LONGEST_VALUE && !bytes.contains(&0);
    fits.then_some(bytes)
        .and_then(|bytes| String::from_utf8(bytes).ok())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
#[path = "tests/callback.rs"]
mod tests;
