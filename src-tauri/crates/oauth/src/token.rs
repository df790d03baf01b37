//! The two requests to a token endpoint: a code for tokens, a refresh token for tokens.

use std::time::Duration;

use keyward_model::{
    SecretValue, Timestamp,
    auth_client::{ClientAuthentication, Oauth2},
    connection::TokenSet,
};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, HttpRequest, HttpResponse, PkceCodeVerifier,
    RefreshToken, RequestTokenError, TokenUrl,
    basic::{BasicClient, BasicErrorResponse},
};
use reqwest::header::HeaderMap;
use url::Url;

use crate::{
    answer::{self, Reading},
    assertion,
    authorize::{Pending, redirect_url},
    callback::Code,
    endpoint,
    error::Error,
    http::{Http, Reply, wiped_body},
};

/// Tokens, and what came along with them.
pub struct Answer {
    /// The tokens. `scope` is `None` where the provider said nothing: as requested (O-14). A `refresh_token` of
    /// `None` after a refresh means that the old one stays (O-54). The lifetime counts from the moment the
    /// request left, so that it is never taken for longer than it is.
    pub tokens: TokenSet,
    /// `email`, `preferred_username` or `sub` of the ID token: plain text, for display alone (O-18).
    pub account: Option<String>,
    /// Rest of the refresh token's life, where the answer says it: `refresh_token_expires_in` and its other spellings
    /// (O-77).
    pub refresh_token_expires_in: Option<Duration>,
    /// The provider's clock, from the `Date` header (O-70).
    pub server_date: Option<Timestamp>,
}

/// Exchanges the code of a consent (RFC 6749 §4.1.3, RFC 7636 §4.5).
///
/// # Errors
/// [`Error::BadParameter`] when `client` is not the registration that `pending` was begun with; else what the
/// provider's answer means.
pub async fn exchange(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    pending: &Pending,
    code: Code,
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Answer, Error> {
    let begun_with = (
        pending.issuer.as_deref(),
        pending.client_id.as_str(),
        pending.token_uri.as_str(),
    );
    let now_registered = (
        client.issuer.as_deref(),
        client.client_id.as_str(),
        client.token_uri.as_str(),
    );
    if begun_with != now_registered {
        return Err(Error::BadParameter(
            "the registration changed while the consent was under way".to_owned(),
        ));
    }
    let assertion = own_assertion(client, secret, now)?;
    let (secret, code) = (secret_text(secret)?, text(&code.0)?);
    let token_client = token_client(client, secret)?;
    let mut request = token_client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_redirect_uri(std::borrow::Cow::Owned(redirect_url(pending.redirect_uri())?))
        .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.to_string()));
    for (name, value) in assertion {
        request = request.add_extra_param(name, value);
    }
    let request = built(request.request(&unsent))?;
    let sent = [code, pending.verifier.as_str(), secret.unwrap_or_default()];
    ask(
        http,
        client,
        request,
        pending.nonce.as_ref().map(|nonce| nonce.as_str()),
        &sent,
        now,
    )
    .await
}

/// Asks for fresh tokens (RFC 6749 §6), once; whether to ask again is the caller's to decide (O-53).
///
/// # Errors
/// What the provider's answer means.
pub async fn refresh(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    refresh_token: &SecretValue,
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Answer, Error> {
    let assertion = own_assertion(client, secret, now)?;
    let (secret, refresh_token) = (secret_text(secret)?, text(refresh_token)?);
    let (token_client, refresh_token_sent) = (
        token_client(client, secret)?,
        RefreshToken::new(refresh_token.to_owned()),
    );
    let mut request = token_client.exchange_refresh_token(&refresh_token_sent);
    for (name, value) in assertion {
        request = request.add_extra_param(name, value);
    }
    let request = built(request.request(&unsent))?;
    ask(
        http,
        client,
        request,
        None,
        &[refresh_token, secret.unwrap_or_default()],
        now,
    )
    .await
}

/// Reads a whole answer of the token endpoint that came with `status`, as [`refresh`] does: bytes in, verdict out.
/// `default_lifetime` counts, in seconds, where it says no `expires_in` (EL12).
///
/// # Errors
/// What the answer means; none of its bytes but in [`Error::BadResponse`].
pub fn read(
    status: u16,
    body: &[u8],
    obtained_at: Timestamp,
    default_lifetime: u32,
) -> Result<Answer, Error> {
    answer::read(
        Reply::whole(status, body),
        &Reading {
            obtained_at,
            default_lifetime,
            nonce: None,
            sent: &[],
        },
    )
}

async fn ask(
    http: &Http,
    client: &Oauth2,
    request: reqwest::Request,
    nonce: Option<&str>,
    sent: &[&str],
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Answer, Error> {
    let asked_at = now();
    let reply = http.send(request).await?;
    // A clock that was set back meanwhile must not lengthen the life of the token.
    let obtained_at = asked_at.min(now());
    answer::read(
        reply,
        &Reading {
            obtained_at,
            default_lifetime: client.token_expires_in,
            nonce,
            sent,
        },
    )
}

/// O-47: the assertion in place of a secret, for a client that signs one.
fn own_assertion(
    client: &Oauth2,
    key: Option<&SecretValue>,
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Vec<(&'static str, String)>, Error> {
    let (ClientAuthentication::PrivateKeyJwt, Some(key)) = (client.client_authentication, key) else {
        return Ok(Vec::new());
    };
    Ok(vec![
        (
            "client_assertion_type",
            assertion::CLIENT_ASSERTION_TYPE.to_owned(),
        ),
        (
            "client_assertion",
            assertion::of_client(client, key, now())?.to_string(),
        ),
    ])
}

type TokenClient = BasicClient<
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointSet,
>;

fn token_client(client: &Oauth2, secret: Option<&str>) -> Result<TokenClient, Error> {
    let token_uri = endpoint::parse(&client.token_uri)?;
    let builder = BasicClient::new(ClientId::new(client.client_id.clone()));
    // Without a secret there is nothing to authenticate with: the client id goes into the body (RFC 6749 §3.2.1).
    let builder = match (client.client_authentication, secret) {
        (ClientAuthentication::None | ClientAuthentication::PrivateKeyJwt, _) | (_, None) => {
            builder.set_auth_type(AuthType::RequestBody)
        }
        (ClientAuthentication::Basic, Some(secret)) => builder
            .set_auth_type(AuthType::BasicAuth)
            .set_client_secret(ClientSecret::new(secret.to_owned())),
        (ClientAuthentication::Post, Some(secret)) => builder
            .set_auth_type(AuthType::RequestBody)
            .set_client_secret(ClientSecret::new(secret.to_owned())),
    };
    Ok(builder.set_token_uri(TokenUrl::from_url(token_uri)))
}

pub(crate) fn secret_text(secret: Option<&SecretValue>) -> Result<Option<&str>, Error> {
    secret.map(text).transpose()
}

/// Codes, tokens and secrets travel as they are, whatever they look like; only text can.
pub(crate) fn text(value: &SecretValue) -> Result<&str, Error> {
    value.expose_text().ok_or_else(|| {
        Error::BadParameter("a client secret or token is not text and cannot be sent".to_owned())
    })
}

/// A request that the protocol library built. It is taken from the library unsent, since the library's own
/// reading of the answer neither keeps it nor bounds it.
#[derive(Debug, thiserror::Error)]
#[error("not sent")]
struct Built(Box<HttpRequest>);

fn unsent(request: HttpRequest) -> Result<HttpResponse, Built> {
    Err(Built(Box::new(request)))
}

fn built<T>(
    outcome: Result<T, RequestTokenError<Built, BasicErrorResponse>>,
) -> Result<reqwest::Request, Error> {
    let Err(RequestTokenError::Request(Built(request))) = outcome else {
        return Err(Error::BadParameter(
            "a setting cannot be written into a request".to_owned(),
        ));
    };
    let (parts, body) = request.into_parts();
    let url = Url::parse(&parts.uri.to_string())
        .map_err(|_| Error::BadEndpoint("the token address is not a URL".to_owned()))?;
    let mut request = reqwest::Request::new(parts.method, url);
    *request.headers_mut() = sensitive(parts.headers);
    *request.body_mut() = Some(wiped_body(body));
    Ok(request)
}

/// Keeps credentials out of debug output and of HTTP/2 header tables.
fn sensitive(mut headers: HeaderMap) -> HeaderMap {
    if let Some(value) = headers.get_mut(reqwest::header::AUTHORIZATION) {
        value.set_sensitive(true);
    }
    headers
}
