//! The two requests to a token endpoint: a code for tokens, a refresh token for tokens.

use std::{borrow::Cow, time::Duration};

use keyward_model::{
    SecretValue, Timestamp,
    auth_client::{ClientAuthentication, Oauth2},
    connection::TokenSet,
    dialect::{Behaviour, Pkce},
};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, HttpRequest, HttpResponse, PkceCodeVerifier,
    RefreshToken, RequestTokenError, TokenUrl,
    basic::{BasicClient, BasicErrorResponse},
};
use url::Url;
use zeroize::Zeroizing;

use crate::{
    answer::{self, Reading},
    assertion,
    authorize::{Pending, redirect_url},
    behaviour,
    callback::Code,
    dialect::{self, Kind},
    endpoint,
    error::Error,
    grants,
    http::{Http, Reply},
};

/// Tokens, and what came along with them.
pub struct Answer {
    /// The tokens. `scope` is `None` where the provider said nothing: as requested (O-14). A `refresh_token` of
    /// `None` after a refresh means that the old one stays (O-54). The lifetime counts from the moment the
    /// request left, so that it is never taken for longer than it is.
    pub tokens: TokenSet,
    /// `email`, `preferred_username` or `sub` of the ID token: plain text, for display alone (O-18).
    pub account: Option<String>,
    /// Rest of the refresh token's life, where the answer says it (`refresh_token_expires_in` and its other spellings,
    /// O-77). What the catalogue knows is joined to it by
    /// [`RefreshTokenEnd::learnt`](keyward_model::connection::RefreshTokenEnd::learnt).
    pub refresh_token_expires_in: Option<Duration>,
    /// The provider's clock, from the `Date` header (O-70).
    pub server_date: Option<Timestamp>,
    /// What the registration keeps of callback and answer (OA4): name and value, none of them a token.
    pub kept: Vec<(String, String)>,
}

impl Answer {
    /// What is kept with the Connection now: what this answer said in place of what was said before.
    #[must_use]
    pub fn kept_over(&self, before: &[(String, String)]) -> Vec<(String, String)> {
        let is_said = |name: &String| self.kept.iter().any(|(said, _)| said == name);
        let stays = before.iter().filter(|(name, _)| !is_said(name));
        stays.chain(&self.kept).cloned().collect()
    }
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
    // T-11: the host that the callback named counts, if the registration lists it.
    let client = &*behaviour::at_home(client, &code.kept)?;
    let asked_at = now();
    let request = exchange_request(client, secret, pending, &code, asked_at)?;
    let nonce = pending.nonce.as_ref().map(|nonce| nonce.as_str());
    let secret_sent = secret_text(secret)?.unwrap_or_default();
    let sent = [text(&code.value)?, pending.verifier.as_str(), secret_sent];
    let mut answer = ask(http, client, request, nonce, &sent, asked_at, now).await?;
    if let Some(request) = behaviour::further(client, secret, &answer.tokens.access_token)? {
        let short = answer.tokens.access_token.duplicate();
        let sent = [text(&short)?, secret_sent];
        let long = ask(http, client, request, None, &sent, now(), now).await?;
        answer = Answer {
            kept: answer.kept,
            account: answer.account,
            ..lasting(long)
        };
    }
    answer.kept = code.kept.into_iter().chain(answer.kept).collect();
    Ok(answer)
}

/// The request of [`exchange`], not sent.
pub(crate) fn exchange_request(
    client: &Oauth2,
    secret: Option<&SecretValue>,
    pending: &Pending,
    code: &Code,
    now: Timestamp,
) -> Result<reqwest::Request, Error> {
    let library = token_client(client, &client.token_uri, secret_text(secret)?)?;
    let mut request = library
        .exchange_code(AuthorizationCode::new(text(&code.value)?.to_owned()))
        .set_redirect_uri(Cow::Owned(redirect_url(pending.redirect_uri())?));
    if client.dialect.pkce == Pkce::S256 {
        request = request.set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.to_string()));
    }
    for (name, value) in own_assertion(client, secret, now)? {
        request = request.add_extra_param(name, value);
    }
    built(client, Kind::Exchange, secret, now, request.request(&unsent))
}

/// The address that the request for the next tokens goes to: of a refresh, or of a grant that needs no person.
#[must_use]
pub fn renewal_uri(client: &Oauth2) -> &str {
    let is_by_token_uri = grants::needs_no_person(client.grant)
        || client.dialect.behaviour == Some(Behaviour::FacebookExchange);
    if is_by_token_uri {
        &client.token_uri
    } else {
        client.refresh_uri()
    }
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
    let asked_at = now();
    let request = refresh_request(client, secret, refresh_token, asked_at)?;
    let sent = [text(refresh_token)?, secret_text(secret)?.unwrap_or_default()];
    let answer = ask(http, client, request, None, &sent, asked_at, now).await?;
    Ok(match client.dialect.behaviour {
        Some(Behaviour::FacebookExchange | Behaviour::InstagramExchange | Behaviour::ThreadsExchange) => {
            lasting(answer)
        }
        _ => answer,
    })
}

/// The request of [`refresh`], not sent.
pub(crate) fn refresh_request(
    client: &Oauth2,
    secret: Option<&SecretValue>,
    refresh_token: &SecretValue,
    now: Timestamp,
) -> Result<reqwest::Request, Error> {
    if let Some(request) = behaviour::meta_refresh(client, secret, refresh_token)? {
        return Ok(request);
    }
    let library = token_client(client, client.refresh_uri(), secret_text(secret)?)?;
    let refresh_token = RefreshToken::new(text(refresh_token)?.to_owned());
    let mut request = library.exchange_refresh_token(&refresh_token);
    for (name, value) in own_assertion(client, secret, now)? {
        request = request.add_extra_param(name, value);
    }
    built(client, Kind::Refresh, secret, now, request.request(&unsent))
}

/// A long-lived token that the next one is got with: it is its own refresh token.
fn lasting(mut answer: Answer) -> Answer {
    answer.tokens.refresh_token = Some(answer.tokens.access_token.duplicate());
    answer
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
    asked_at: Timestamp,
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Answer, Error> {
    let reply = http.send(request).await?;
    // A clock that was set back meanwhile must not lengthen the life of the token.
    let obtained_at = asked_at.min(now());
    answer::of(
        Some(client),
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
    now: Timestamp,
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
            assertion::of_client(client, key, now)?.to_string(),
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

fn token_client(client: &Oauth2, address: &str, secret: Option<&str>) -> Result<TokenClient, Error> {
    let token_uri = endpoint::parse(address)?;
    let builder = BasicClient::new(ClientId::new(client.client_id.clone()));
    // Without a secret there is nothing to authenticate with: the client id goes into the body (RFC 6749 §3.2.1).
    let builder = match (behaviour::authentication(client)?, secret) {
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
    client: &Oauth2,
    kind: Kind,
    secret: Option<&SecretValue>,
    now: Timestamp,
    outcome: Result<T, RequestTokenError<Built, BasicErrorResponse>>,
) -> Result<reqwest::Request, Error> {
    let Err(RequestTokenError::Request(Built(request))) = outcome else {
        return Err(Error::BadParameter(
            "a setting cannot be written into a request".to_owned(),
        ));
    };
    let (parts, body) = request.into_parts();
    let body = Zeroizing::new(body);
    let url = Url::parse(&parts.uri.to_string())
        .map_err(|_| Error::BadEndpoint("the token address is not a URL".to_owned()))?;
    dialect::written(client, kind, secret, now, url, parts.headers, &body)
}
