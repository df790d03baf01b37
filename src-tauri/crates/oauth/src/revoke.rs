//! Telling a provider to forget a token (RFC 7009).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyward_model::{
    SecretValue, Timestamp,
    auth_client::{ClientAuthentication, Oauth2},
};
use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use url::form_urlencoded::{Serializer, byte_serialize};
use zeroize::Zeroizing;

use crate::{
    endpoint,
    error::Error,
    http::{Http, wiped_body},
    refusal,
    token::{secret_text, text},
};

/// Which kind of token is revoked: RFC 7009 §2.1 `token_type_hint`. The refresh token goes first (O-52).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An access token.
    AccessToken,
    /// A refresh token; servers drop its access tokens as well.
    RefreshToken,
}

/// Revokes one token. `Ok` also when the provider did not know it: it is gone either way (RFC 7009 §2.2).
///
/// # Errors
/// [`Error::BadEndpoint`] when the registration has no revocation endpoint; else what the answer means. A
/// `Retry-After` that is a date is read by the provider's own `Date`.
pub async fn revoke(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    token: &SecretValue,
    hint: TokenKind,
) -> Result<(), Error> {
    let Some(address) = &client.revocation_uri else {
        return Err(Error::BadEndpoint(
            "this provider has no known revocation endpoint".to_owned(),
        ));
    };
    let (secret, token) = (secret_text(secret)?, text(token)?);
    let mut request = reqwest::Request::new(Method::POST, endpoint::parse(address)?);
    let hint = match hint {
        TokenKind::AccessToken => "access_token",
        TokenKind::RefreshToken => "refresh_token",
    };
    let mut form = Serializer::new(String::new());
    form.append_pair("token", token)
        .append_pair("token_type_hint", hint);
    match (client.client_authentication, secret) {
        (ClientAuthentication::Basic, Some(secret)) => {
            // RFC 6749 §2.3.1: both are form-encoded first, unlike ordinary Basic authentication.
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = Zeroizing::new(format!("{}:{}", encoded(&client.client_id), encoded(secret)));
            let credentials = format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes()));
            let mut value = HeaderValue::try_from(credentials)
                .map_err(|_| Error::BadParameter("the client secret cannot be sent".to_owned()))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        (ClientAuthentication::Post, Some(secret)) => {
            form.append_pair("client_id", &client.client_id)
                .append_pair("client_secret", secret);
        }
        _ => {
            form.append_pair("client_id", &client.client_id);
        }
    }
    request.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    request
        .headers_mut()
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(wiped_body(form.finish().into_bytes()));
    let reply = http.send(request).await?;
    if (200..300).contains(&reply.status) {
        return Ok(());
    }
    // Without a clock here: a date before any is a wait of the longest kind, which is its cap.
    let sent = [token, secret.unwrap_or_default()];
    Err(refusal::of(
        &reply,
        &sent,
        refusal::date(&reply.headers).unwrap_or(Timestamp(0)),
    ))
}
