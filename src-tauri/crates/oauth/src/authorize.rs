//! Beginning a consent: the address for the browser, and what must be remembered until it comes back.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
};

use keyward_model::{Timestamp, auth_client::Oauth2, dialect::Pkce};
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope, basic::BasicClient};
use sha2::{Digest, Sha256};
use url::Url;
use zeroize::Zeroizing;

pub use crate::callback::Code;
use crate::{
    behaviour,
    callback::{self, CallbackError, Expected, LONGEST_HEAD, MissingIssuer, Names, Reason},
    endpoint,
    error::Error,
    redirect::{self, Parts},
};

/// Random bytes of state, PKCE verifier and nonce: 256 bit (O-02, O-04, O-05).
const RANDOM_BYTES: u32 = 32;

/// Longest parameter value, in bytes.
const LONGEST_PARAMETER: usize = 2048;

/// What is asked for.
pub struct Request<'a> {
    /// The registration; its `authorize_params` are sent as well.
    pub client: &'a Oauth2,
    /// Where the answer goes: [`crate::loopback::Loopback::redirect_uri`], or where nobody listens
    /// [`redirect::shown`].
    pub redirect_uri: &'a str,
    /// Scopes, one each.
    pub scopes: &'a [String],
    /// Further parameters (EL9). One that the registration has too replaces it.
    pub params: &'a [(String, String)],
}

/// A consent under way: what its answer is held against. Good for one answer.
pub struct Pending {
    url: String,
    /// Until when the address is good, where the provider said so (RFC 9126).
    good_until: Option<Timestamp>,
    redirect_uri: String,
    parts: Parts,
    expected: Expected,
    used: AtomicBool,
    pub(crate) verifier: Zeroizing<String>,
    pub(crate) nonce: Option<Zeroizing<String>>,
    /// The registration it was begun with: an answer is exchanged there and nowhere else (O-42).
    pub(crate) issuer: Option<String>,
    pub(crate) client_id: String,
    pub(crate) token_uri: String,
}

/// Begins a consent: fresh state, PKCE S256, and with the scope `openid` a fresh nonce.
///
/// # Errors
/// [`Error::BadEndpoint`] for an unacceptable endpoint or redirect URI, [`Error::BadParameter`] for the rest.
pub fn begin(request: &Request<'_>) -> Result<Pending, Error> {
    let client = request.client;
    let auth_uri = endpoint::parse(&client.auth_uri)?;
    endpoint::parse(&client.token_uri)?;
    if client.client_id.is_empty() {
        return bad("the client id is empty");
    }
    check_scopes(request.scopes)?;
    let params = merged(&client.authorize_params, request.params)?;
    for (name, value) in auth_uri.query_pairs() {
        // RFC 9101: a request object is a JWT and has dots. BambooHR's `request=authorize` is none.
        let is_word = |value: &str| value.bytes().all(|b| b.is_ascii_lowercase());
        let is_harmless = name == "request" && is_word(&value);
        if is_core(&name) && !is_harmless || params.iter().any(|(own, _)| *own == name) {
            return bad(format!(
                "the authorization address already has the parameter {name:?}"
            ));
        }
    }
    let parts = redirect::parts(&client.redirect, request.redirect_uri)?;

    let dialect = &client.dialect;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256_len(RANDOM_BYTES);
    let state = CsrfToken::new_random_len(RANDOM_BYTES);
    let nonce = request
        .scopes
        .iter()
        .any(|scope| scope == "openid")
        .then(random_text);
    let state_digest = Sha256::digest(state.secret().as_bytes()).into();

    let flow = BasicClient::new(ClientId::new(client.client_id.clone()))
        .set_auth_uri(AuthUrl::from_url(auth_uri))
        .set_redirect_uri(redirect_url(request.redirect_uri)?);
    // One scope with separators in it: the library knows the space alone.
    let scope = request
        .scopes
        .join(&dialect.scope_separator.as_char().to_string());
    let scope = (!scope.is_empty()).then(|| Scope::new(scope));
    let mut flow = flow.authorize_url(|| state).add_scopes(scope);
    if dialect.pkce == Pkce::S256 {
        flow = flow.set_pkce_challenge(challenge);
    }
    // O-15
    for resource in &client.resources {
        flow = flow.add_extra_param("resource", resource.as_str());
    }
    if let Some(nonce) = &nonce {
        flow = flow.add_extra_param("nonce", nonce.as_str());
    }
    for (name, value) in params {
        flow = flow.add_extra_param(name, value);
    }
    let (url, _) = flow.url();
    let url = renamed(client, url)?;

    Ok(Pending {
        url: url.into(),
        good_until: None,
        redirect_uri: request.redirect_uri.to_owned(),
        expected: Expected {
            authority: parts.authority.clone(),
            path: parts.path.clone(),
            state: state_digest,
            issuer: client.issuer.clone(),
            missing_issuer: if client.issuer_in_callback {
                MissingIssuer::Refused
            } else {
                MissingIssuer::Accepted
            },
            names: Names::Oauth2(dialect.callback_names.clone()),
            keep: dialect.keep_from_callback.clone(),
        },
        parts,
        used: AtomicBool::new(false),
        verifier: Zeroizing::new(verifier.into_secret()),
        nonce,
        issuer: client.issuer.clone(),
        client_id: client.client_id.clone(),
        token_uri: client.token_uri.clone(),
    })
}

impl Pending {
    /// A consent of OAuth 1.0a: its request token is the state (RFC 5849 §2.2).
    pub(crate) fn of_request_token(url: String, redirect_uri: &str, parts: Parts, token: &str) -> Self {
        Self {
            url,
            good_until: None,
            redirect_uri: redirect_uri.to_owned(),
            expected: Expected {
                authority: parts.authority.clone(),
                path: parts.path.clone(),
                state: Sha256::digest(token.as_bytes()).into(),
                issuer: None,
                missing_issuer: MissingIssuer::Accepted,
                names: Names::Oauth1,
                keep: Vec::new(),
            },
            parts,
            used: AtomicBool::new(false),
            verifier: Zeroizing::default(),
            nonce: None,
            issuer: None,
            client_id: String::new(),
            token_uri: String::new(),
        }
    }

    /// The address for the browser, fully encoded (O-07). It holds the state: not for logs.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the answer goes, as it was sent.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Whether the address for the browser is still good: one that only refers to a pushed request ends with it
    /// (O-16).
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.good_until.is_none_or(|until| now < until)
    }

    /// The request was pushed: the browser carries a reference to it (O-16).
    pub(crate) fn refer_to(&mut self, url: String, good_until: Timestamp) {
        self.url = url;
        self.good_until = Some(good_until);
    }

    /// Takes the address that a person copied from the browser, with or without `http://`, or that the system handed
    /// to the app (O-36). It is judged as the same bytes would be at the listener.
    ///
    /// # Errors
    /// As [`callback::judge`]; with [`CallbackError::NotOurs`] the consent goes on.
    pub fn accept_pasted(&self, address: &str) -> Result<Code, CallbackError> {
        let address = address.trim();
        // Anything else could write header lines of its own below.
        if address.len() > LONGEST_HEAD || !address.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(CallbackError::NotOurs(Reason::Malformed));
        }
        let (authority, target) = self.parts.split(address);
        let head = Zeroizing::new(format!("GET {target} HTTP/1.1\r\nHost: {authority}\r\n\r\n"));
        self.settle(callback::judge(self, head.as_bytes()))
    }

    /// Lets one genuine answer through, whichever door it comes by (O-24).
    pub(crate) fn settle(&self, verdict: Result<Code, CallbackError>) -> Result<Code, CallbackError> {
        if matches!(verdict, Err(CallbackError::NotOurs(_))) {
            return verdict;
        }
        if self.used.swap(true, Ordering::AcqRel) {
            return Err(CallbackError::NotOurs(Reason::AlreadyUsed));
        }
        verdict
    }

    pub(crate) fn expected(&self) -> &Expected {
        &self.expected
    }
}

/// Checks additional parameters of an authorization request: none may stand in for one of the protocol's own
/// (O-11), none is empty or repeated.
///
/// # Errors
/// [`Error::BadParameter`] naming the parameter.
pub fn check_params(params: &[(String, String)]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    for (name, value) in params {
        if name.is_empty() || name.len() > 128 || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return bad("the name of a parameter is empty, too long or holds spaces or other than ASCII");
        }
        if is_core(name) {
            return bad(format!("the parameter {name:?} is set by Keyward"));
        }
        if value.len() > LONGEST_PARAMETER || value.chars().any(char::is_control) {
            return bad(format!(
                "the value of {name:?} is too long or holds control characters"
            ));
        }
        if !seen.insert(name) {
            return bad(format!("the parameter {name:?} is there twice"));
        }
    }
    Ok(())
}

/// Parameters that carry the protocol. `request` and `request_uri` (RFC 9101) would replace them all, and
/// `response_mode` would send the answer where we do not look.
pub(crate) fn is_core(name: &str) -> bool {
    const CORE: [&str; 16] = [
        "assertion",
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "client_secret",
        "code",
        "code_verifier",
        "grant_type",
        "nonce",
        "redirect_uri",
        "request",
        "request_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
    ];
    let name = name.to_ascii_lowercase();
    name.starts_with("code_challenge") || CORE.contains(&name.as_str())
}

/// The address with the provider's own names for parameters, and for the redirect address where it has one (OA4); those
/// of the address itself stay as they are, and so does the order.
fn renamed(client: &Oauth2, url: Url) -> Result<Url, Error> {
    let redirect = behaviour::redirect_name(client)?;
    if client.dialect.renamed.is_empty() && redirect.is_none() {
        return Ok(url);
    }
    let own = Url::parse(&client.auth_uri).map_or(0, |own| own.query_pairs().count());
    let mut renamed = url.clone();
    renamed.query_pairs_mut().clear();
    for (index, (name, value)) in url.query_pairs().enumerate() {
        let is_ours = index >= own;
        let value = redirect
            .filter(|_| is_ours && name == "redirect_uri")
            .unwrap_or(&value);
        let name = match is_ours {
            true => client.dialect.name_of("authorize", &name),
            false => &name,
        };
        if !name.is_empty() {
            renamed.query_pairs_mut().append_pair(name, value);
        }
    }
    Ok(renamed)
}

/// Parameters of the registration with those of one request, which replace them.
pub(crate) fn merged(
    ours: &[(String, String)],
    theirs: &[(String, String)],
) -> Result<Vec<(String, String)>, Error> {
    check_params(ours)?;
    check_params(theirs)?;
    let kept = ours
        .iter()
        .filter(|(name, _)| !theirs.iter().any(|(other, _)| other == name));
    Ok(kept.chain(theirs).cloned().collect())
}

/// RFC 6749 §3.3: a scope has no space, quote or backslash.
///
/// # Errors
/// [`Error::BadParameter`].
pub fn check_scopes(scopes: &[String]) -> Result<(), Error> {
    let fits = |scope: &String| {
        !scope.is_empty()
            && scope.len() <= LONGEST_PARAMETER
            && scope
                .bytes()
                .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
    };
    if scopes.iter().all(fits) {
        Ok(())
    } else {
        bad("a scope holds a space, a quote, a backslash or other than ASCII")
    }
}

pub(crate) fn redirect_url(redirect_uri: &str) -> Result<RedirectUrl, Error> {
    RedirectUrl::new(redirect_uri.to_owned())
        .map_err(|_| Error::BadEndpoint("the redirect URI is not a URL".to_owned()))
}

pub(crate) fn random_text() -> Zeroizing<String> {
    Zeroizing::new(CsrfToken::new_random_len(RANDOM_BYTES).into_secret())
}

fn bad<T>(what: impl Into<String>) -> Result<T, Error> {
    Err(Error::BadParameter(what.into()))
}

#[cfg(test)]
#[path = "tests/authorize.rs"]
mod tests;
