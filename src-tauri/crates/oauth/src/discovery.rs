//! Reading a provider's metadata: OpenID Connect Discovery 1.0, then RFC 8414.

use keyward_model::{
    Timestamp,
    auth_client::{ClientAuthentication, Pushed},
};
use reqwest::{
    Method,
    header::{ACCEPT, HeaderValue},
};
use url::Url;

use crate::{
    answer, endpoint,
    error::Error,
    http::{Extent, Http, Reply},
    json, refusal, registration, text,
};

/// What a provider says about itself. Its endpoints are acceptable ones (O-12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The issuer, exactly as it was asked for.
    pub issuer: String,
    /// Authorization endpoint.
    pub authorization_endpoint: String,
    /// Token endpoint.
    pub token_endpoint: String,
    /// Revocation endpoint (RFC 7009), where there is one.
    pub revocation_endpoint: Option<String>,
    /// Whether callbacks carry `iss` (RFC 9207).
    pub issuer_in_callback: IssuerInCallback,
    /// Whether PKCE with S256 is announced (O-03: without it, a warning).
    pub s256: Pkce,
    /// Introspection endpoint (RFC 7662), where there is one.
    pub introspection_endpoint: Option<String>,
    /// Device authorization endpoint (RFC 8628), where there is one.
    pub device_authorization_endpoint: Option<String>,
    /// Pushed authorization requests (RFC 9126), where they are taken or asked for.
    pub pushed: Option<Pushed>,
    /// Where the keys of ID tokens are, where it is said.
    pub jwks_uri: Option<String>,
    /// Dynamic client registration (RFC 7591), where it is offered.
    pub registration_endpoint: Option<String>,
    /// Who somebody is (OpenID Connect Core §5.3), where it is told.
    pub userinfo_endpoint: Option<String>,
    /// How clients may authenticate, as far as we can do it; `client_secret_basic` where nothing is said.
    pub client_authentication_methods: Vec<ClientAuthentication>,
}

/// `authorization_response_iss_parameter_supported` (RFC 9207 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerInCallback {
    /// Every callback has it: one without is refused.
    Supported,
    /// It may be there.
    NotSaid,
}

/// `code_challenge_methods_supported` (RFC 8414 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkce {
    /// S256 is listed.
    Supported,
    /// Nothing is listed, or other methods are. PKCE is sent all the same.
    NotSaid,
}

impl Metadata {
    /// How a client with a secret should authenticate: Basic where it is offered or nothing is.
    #[must_use]
    pub fn client_authentication(&self) -> ClientAuthentication {
        let offered = |method| {
            self.client_authentication_methods
                .contains(&method)
                .then_some(method)
        };
        offered(ClientAuthentication::Basic)
            .or_else(|| offered(ClientAuthentication::Post))
            .or_else(|| offered(ClientAuthentication::None))
            .unwrap_or(ClientAuthentication::Basic)
    }
}

/// What an address answers to a visit without anything in it: the HTTP status, no redirect followed.
///
/// # Errors
/// [`Error::BadEndpoint`] for an unacceptable address; [`Error::Transient`] without an answer.
pub async fn status_of(http: &Http, address: &str) -> Result<u16, Error> {
    let mut request = reqwest::Request::new(Method::GET, endpoint::parse(address)?);
    let any = HeaderValue::from_static("text/html, */*;q=0.5");
    request.headers_mut().insert(ACCEPT, any);
    Ok(http.send(request).await?.status)
}

/// Asks an issuer for its metadata, at both well-known addresses in turn.
///
/// # Errors
/// [`Error::BadEndpoint`] for an unacceptable issuer or endpoint; [`Error::Config`] with `issuer_mismatch` when
/// the metadata is another issuer's (O-44), or when neither address has any; [`Error::Transient`].
pub async fn discover(http: &Http, issuer: &str) -> Result<Metadata, Error> {
    let url = endpoint::parse(issuer)?;
    if url.query().is_some() || issuer.contains('?') {
        return Err(Error::BadEndpoint("an issuer has no query".to_owned()));
    }
    match fetch(http, openid(&url)).await {
        Ok(reply) => match of(&reply, issuer) {
            Err(Error::BadResponse { .. }) => {}
            done => return done,
        },
        Err(Error::Transient {
            what,
            retry_after,
            sent,
        }) => {
            return Err(Error::Transient {
                what,
                retry_after,
                sent,
            });
        }
        Err(_) => {}
    }
    let reply = fetch(http, rfc8414(&url)).await?;
    of(&reply, issuer).map_err(|error| match error {
        Error::BadResponse { what, .. } => answer::unreadable(reply, &what),
        other => other,
    })
}

/// OpenID Connect Discovery §4: appended to the path.
fn openid(issuer: &Url) -> Url {
    let path = issuer.path().trim_end_matches('/');
    with_path(issuer, &format!("{path}/.well-known/openid-configuration"))
}

/// RFC 8414 §3.1: put between host and path.
fn rfc8414(issuer: &Url) -> Url {
    let path = issuer.path().trim_end_matches('/');
    with_path(issuer, &format!("/.well-known/oauth-authorization-server{path}"))
}

fn with_path(issuer: &Url, path: &str) -> Url {
    let mut url = issuer.clone();
    url.set_path(path);
    url
}

async fn fetch(http: &Http, url: Url) -> Result<Reply, Error> {
    let mut request = reqwest::Request::new(Method::GET, url);
    request
        .headers_mut()
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
    let reply = http.send(request).await?;
    if reply.status == 200 {
        return Ok(reply);
    }
    Err(refusal::of(
        &reply,
        &[],
        refusal::date(&reply.headers).unwrap_or(Timestamp(0)),
    ))
}

#[derive(serde::Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: Option<String>,
    introspection_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    pushed_authorization_request_endpoint: Option<String>,
    require_pushed_authorization_requests: Option<bool>,
    jwks_uri: Option<String>,
    registration_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    authorization_response_iss_parameter_supported: Option<bool>,
    code_challenge_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// Reads a whole document of `issuer`, as [`discover`] does: bytes in, verdict out.
///
/// # Errors
/// [`Error::BadResponse`] for what is no metadata; [`Error::Config`] and [`Error::BadEndpoint`] as [`discover`].
pub fn read(body: &[u8], issuer: &str) -> Result<Metadata, Error> {
    of(&Reply::whole(200, body), issuer)
}

fn of(reply: &Reply, issuer: &str) -> Result<Metadata, Error> {
    let document = match reply.extent {
        Extent::Whole => json::read::<Document>(&reply.body),
        Extent::Cut | Extent::TooLong => None,
    };
    let Some(document) = document else {
        let what = "it is not the metadata of an authorization server".to_owned();
        return Err(Error::BadResponse {
            what,
            raw: keyward_model::SecretValue::new(Vec::new()),
        });
    };
    // O-44: compared as text, without any normalising.
    if document.issuer != issuer {
        return Err(Error::Config {
            oauth_error: "issuer_mismatch".to_owned(),
            description: text::plain(&format!("The server calls itself {}", document.issuer)),
        });
    }
    let from_loopback = endpoint::parse(issuer).is_ok_and(|url| endpoint::is_loopback(&url));
    let endpoints = [
        Some(&document.authorization_endpoint),
        Some(&document.token_endpoint),
        document.revocation_endpoint.as_ref(),
        document.introspection_endpoint.as_ref(),
        document.device_authorization_endpoint.as_ref(),
        document.pushed_authorization_request_endpoint.as_ref(),
        document.jwks_uri.as_ref(),
        document.registration_endpoint.as_ref(),
        document.userinfo_endpoint.as_ref(),
    ];
    for address in endpoints.into_iter().flatten() {
        let url = endpoint::parse(address)?;
        // A provider elsewhere has no business on this machine.
        if endpoint::is_loopback(&url) && !from_loopback {
            return Err(Error::BadEndpoint(
                "the metadata names an address of this machine".to_owned(),
            ));
        }
    }
    let lists =
        |list: &Option<Vec<String>>, word: &str| list.as_ref().is_some_and(|l| l.iter().any(|w| w == word));
    let methods = match &document.token_endpoint_auth_methods_supported {
        None => vec![ClientAuthentication::Basic],
        Some(words) => words
            .iter()
            .filter_map(|word| registration::method_of(word))
            .collect(),
    };
    Ok(Metadata {
        issuer_in_callback: match document.authorization_response_iss_parameter_supported {
            Some(true) => IssuerInCallback::Supported,
            _ => IssuerInCallback::NotSaid,
        },
        s256: if lists(&document.code_challenge_methods_supported, "S256") {
            Pkce::Supported
        } else {
            Pkce::NotSaid
        },
        client_authentication_methods: methods,
        issuer: document.issuer,
        authorization_endpoint: document.authorization_endpoint,
        token_endpoint: document.token_endpoint,
        revocation_endpoint: document.revocation_endpoint,
        introspection_endpoint: document.introspection_endpoint,
        device_authorization_endpoint: document.device_authorization_endpoint,
        pushed: document.pushed_authorization_request_endpoint.map(|uri| Pushed {
            uri,
            is_required: document.require_pushed_authorization_requests == Some(true),
        }),
        jwks_uri: document.jwks_uri,
        registration_endpoint: document.registration_endpoint,
        userinfo_endpoint: document.userinfo_endpoint,
    })
}
