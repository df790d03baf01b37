//! A form to one of a provider's endpoints, with the client authenticated as it is registered (O-47)
//! and in the provider's own words (OA4).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyward_model::{
    SecretValue, Timestamp,
    auth_client::{ClientAuthentication, Oauth2},
};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use url::form_urlencoded::{Serializer, byte_serialize};
use zeroize::Zeroizing;

use crate::{
    answer, assertion, behaviour,
    dialect::{self, Kind},
    endpoint,
    error::Error,
    http::{Extent, Http, Reply},
    json, refusal,
    token::secret_text,
};

/// Sends `fields` to `address` and gives the answer, whatever it is.
pub(crate) async fn send(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    address: &str,
    fields: &[(&str, &str)],
    kind: Kind,
    now: Timestamp,
) -> Result<Reply, Error> {
    http.send(request(client, secret, address, fields, kind, now)?)
        .await
}

/// As [`send`], for a 2xx answer in JSON; `sent` are secrets among the fields, which no description may echo.
pub(crate) async fn ask<T: DeserializeOwned>(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    address: &str,
    fields: &[(&str, &str)],
    sent: &[&str],
    now: Timestamp,
) -> Result<T, Error> {
    let reply = send(http, client, secret, address, fields, Kind::Beside, now).await?;
    if !(200..300).contains(&reply.status) {
        let mut sent = sent.to_vec();
        sent.extend(secret_text(secret)?);
        return Err(refusal::of(&reply, &sent, now));
    }
    read(reply)
}

/// A whole answer in JSON.
pub(crate) fn read<T: DeserializeOwned>(reply: Reply) -> Result<T, Error> {
    let found = match reply.extent {
        Extent::Whole => json::read(&reply.body),
        Extent::Cut | Extent::TooLong => None,
    };
    found.ok_or_else(|| answer::unreadable(reply, "it is not what this endpoint answers"))
}

fn request(
    client: &Oauth2,
    secret: Option<&SecretValue>,
    address: &str,
    fields: &[(&str, &str)],
    kind: Kind,
    now: Timestamp,
) -> Result<reqwest::Request, Error> {
    let mut headers = HeaderMap::new();
    let mut form = Serializer::new(String::new());
    form.extend_pairs(fields);
    let text = secret_text(secret)?;
    match (behaviour::authentication(client)?, secret, text) {
        (ClientAuthentication::Basic, _, Some(secret)) => {
            // RFC 6749 §2.3.1: both are form-encoded first, unlike ordinary Basic authentication.
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = Zeroizing::new(format!("{}:{}", encoded(&client.client_id), encoded(secret)));
            let credentials = format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes()));
            let value = HeaderValue::try_from(credentials)
                .map_err(|_| Error::BadParameter("the client secret cannot be sent".to_owned()))?;
            headers.insert(AUTHORIZATION, value);
        }
        (ClientAuthentication::Post, _, Some(secret)) => {
            form.append_pair("client_id", &client.client_id)
                .append_pair("client_secret", secret);
        }
        (ClientAuthentication::PrivateKeyJwt, Some(key), _) => {
            form.append_pair("client_id", &client.client_id)
                .append_pair("client_assertion_type", assertion::CLIENT_ASSERTION_TYPE)
                .append_pair("client_assertion", &assertion::of_client(client, key, now)?);
        }
        // RFC 6749 §3.2.1: without a secret there is nothing to authenticate with.
        (ClientAuthentication::None, ..) | (_, None, _) | (_, _, None) => {
            form.append_pair("client_id", &client.client_id);
        }
    }
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let form = Zeroizing::new(form.finish());
    let address = endpoint::parse(address)?;
    dialect::written(client, kind, secret, now, address, headers, form.as_bytes())
}
