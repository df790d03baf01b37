//! Dynamic client registration (RFC 7591): the provider makes a client for us.

use keyward_model::{
    SecretValue, Timestamp,
    auth_client::{ClientAuthentication, Grant},
};
use reqwest::{
    Method,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue},
};
use serde_json::json;

use crate::{
    assertion, endpoint,
    error::Error,
    form,
    http::{Http, Reply, wiped_body},
    json::Wiped,
    refusal,
};

/// What is asked for.
pub struct Wish<'a> {
    /// What people see at the provider.
    pub name: &'a str,
    /// How tokens will be got.
    pub grant: Grant,
    /// Where browsers come back to, as they are compared there: without a port where any is taken.
    pub redirect_uris: &'a [String],
    /// Scopes that will be asked for.
    pub scopes: &'a [String],
    /// How the client will authenticate.
    pub client_authentication: ClientAuthentication,
}

/// What the provider made.
pub struct Registered {
    /// Its id.
    pub client_id: String,
    /// Its secret, where it has one.
    pub client_secret: Option<SecretValue>,
    /// When the secret ends; `None` for never.
    pub client_secret_expires_at: Option<Timestamp>,
    /// How it authenticates: what the provider decided (RFC 7591 §3.2.1), which may be another than was asked for.
    pub client_authentication: ClientAuthentication,
}

#[derive(serde::Deserialize)]
struct Document {
    client_id: String,
    client_secret: Option<Wiped>,
    client_secret_expires_at: Option<i64>,
    token_endpoint_auth_method: Option<String>,
}

/// Registers a client at `address`, the issuer's registration endpoint.
///
/// # Errors
/// [`Error::Config`] with the provider's code when it does not register just anybody; [`Error::BadResponse`] for an
/// answer without a client or with a kind of authentication that Keyward cannot do.
pub async fn register(
    http: &Http,
    address: &str,
    wish: &Wish<'_>,
    now: Timestamp,
) -> Result<Registered, Error> {
    let mut grants = vec![match wish.grant {
        Grant::AuthorizationCode => "authorization_code",
        Grant::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        Grant::ClientCredentials => "client_credentials",
        Grant::JwtBearer => assertion::JWT_BEARER,
        Grant::Password => "password",
    }];
    if matches!(wish.grant, Grant::AuthorizationCode | Grant::DeviceCode) {
        grants.push("refresh_token");
    }
    let is_code = wish.grant == Grant::AuthorizationCode;
    let mut document = json!({
        "client_name": wish.name,
        "grant_types": grants,
        "response_types": if is_code { vec!["code"] } else { vec![] },
        "redirect_uris": if is_code { wish.redirect_uris } else { &[] },
        "token_endpoint_auth_method": method_word(wish.client_authentication),
        // OpenID Connect Registration §2: loopback addresses are a native program's (RFC 8252 §8.4).
        "application_type": "native",
    });
    if let (false, Some(members)) = (wish.scopes.is_empty(), document.as_object_mut()) {
        members.insert("scope".to_owned(), json!(wish.scopes.join(" ")));
    }
    let mut request = reqwest::Request::new(Method::POST, endpoint::parse(address)?);
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(wiped_body(document.to_string().into_bytes()));
    let reply = http.send(request).await?;
    if !(200..300).contains(&reply.status) {
        return Err(refusal::of(&reply, &[], now));
    }
    made(form::read(reply)?, wish.client_authentication)
}

/// Reads a whole 2xx answer, as [`register`] does: bytes in, verdict out. `wished` is how the client was to
/// authenticate.
///
/// # Errors
/// [`Error::BadResponse`].
pub fn read(body: &[u8], wished: ClientAuthentication) -> Result<Registered, Error> {
    made(form::read(Reply::whole(200, body))?, wished)
}

fn made(made: Document, wished: ClientAuthentication) -> Result<Registered, Error> {
    let unusable = |what: &str| Error::BadResponse {
        what: what.to_owned(),
        raw: SecretValue::new(Vec::new()),
    };
    if made.client_id.is_empty() || made.client_id.chars().any(char::is_control) {
        return Err(unusable("it names no client"));
    }
    let client_authentication = match &made.token_endpoint_auth_method {
        Some(word) => method_of(word).ok_or_else(|| unusable("its client authenticates in another way"))?,
        // RFC 7591 §2: the default.
        None if made.client_secret.is_some() => ClientAuthentication::Basic,
        None => wished,
    };
    Ok(Registered {
        client_id: made.client_id,
        client_secret: made
            .client_secret
            .map(|secret| SecretValue::new(secret.as_bytes().to_vec())),
        client_secret_expires_at: made
            .client_secret_expires_at
            .filter(|seconds| *seconds > 0)
            .map(Timestamp),
        client_authentication,
    })
}

/// The registered word for a way of authenticating (RFC 7591 §2).
pub(crate) fn method_word(method: ClientAuthentication) -> &'static str {
    match method {
        ClientAuthentication::None => "none",
        ClientAuthentication::Basic => "client_secret_basic",
        ClientAuthentication::Post => "client_secret_post",
        ClientAuthentication::PrivateKeyJwt => "private_key_jwt",
    }
}

/// The way of authenticating that a registered word means, where Keyward can do it.
pub(crate) fn method_of(word: &str) -> Option<ClientAuthentication> {
    match word {
        "none" => Some(ClientAuthentication::None),
        "client_secret_basic" => Some(ClientAuthentication::Basic),
        "client_secret_post" => Some(ClientAuthentication::Post),
        "private_key_jwt" => Some(ClientAuthentication::PrivateKeyJwt),
        _ => None,
    }
}
