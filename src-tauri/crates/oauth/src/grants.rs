//! Grants that need no browser: the client itself (RFC 6749 §4.4), an assertion (RFC 7523 §2.1), a password
//! (RFC 6749 §4.3, legacy).

use keyward_model::{
    SecretValue, Timestamp,
    auth_client::{Grant, Oauth2},
};

use crate::{
    answer::{self, Reading},
    assertion,
    authorize::check_scopes,
    dialect::Kind,
    error::Error,
    form,
    http::Http,
    token::{Answer, secret_text, text},
};

/// User name and password, for [`Grant::Password`] alone.
pub struct Login<'a> {
    /// User name.
    pub username: &'a str,
    /// Password.
    pub password: &'a SecretValue,
}

/// Whether tokens of this grant are got without a person: "refreshing" is then the same request once more.
#[must_use]
pub fn needs_no_person(grant: Grant) -> bool {
    match grant {
        Grant::ClientCredentials | Grant::JwtBearer => true,
        Grant::AuthorizationCode | Grant::DeviceCode | Grant::Password => false,
    }
}

/// Asks for tokens by the client's own credentials or its assertion, once.
///
/// # Errors
/// [`Error::BadParameter`] when the registration's grant is another one, or its key cannot be used; else what the
/// provider's answer means.
pub async fn without_person(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    scopes: &[String],
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Answer, Error> {
    let scope = joined(client, scopes)?;
    match client.grant {
        Grant::ClientCredentials => {
            ask(
                http,
                client,
                secret,
                &[("grant_type", "client_credentials")],
                &scope,
                now,
            )
            .await
        }
        Grant::JwtBearer => {
            let Some(key) = secret else {
                return Err(Error::BadParameter(
                    "a JWT bearer grant needs the private key of the account".to_owned(),
                ));
            };
            let assertion = assertion::of_grant(client, key, &scope, now())?;
            let fields = [
                ("grant_type", assertion::JWT_BEARER),
                ("assertion", assertion.as_str()),
            ];
            // RFC 7523 §2.1: who we are is optional here, and the key is the account's unless the client says that
            // it signs for itself too. It is never sent.
            let secret = match client.client_authentication {
                keyward_model::auth_client::ClientAuthentication::PrivateKeyJwt => secret,
                _ => None,
            };
            ask(http, client, secret, &fields, &scope, now).await
        }
        Grant::AuthorizationCode | Grant::DeviceCode | Grant::Password => Err(Error::BadParameter(
            "this registration's tokens need a person".to_owned(),
        )),
    }
}

/// Asks for tokens by user name and password, once: only for a registration that says so (O-01).
///
/// # Errors
/// As [`without_person`].
pub async fn by_password(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    login: &Login<'_>,
    scopes: &[String],
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Answer, Error> {
    // O-01: nobody's password travels because of a default or a preset.
    if client.grant != Grant::Password {
        return Err(Error::BadParameter(
            "this registration takes no passwords".to_owned(),
        ));
    }
    let scope = joined(client, scopes)?;
    let fields = [
        ("grant_type", "password"),
        ("username", login.username),
        ("password", text(login.password)?),
    ];
    ask(http, client, secret, &fields, &scope, now).await
}

/// Scopes as this provider writes them.
pub(crate) fn joined(client: &Oauth2, scopes: &[String]) -> Result<String, Error> {
    check_scopes(scopes)?;
    Ok(scopes.join(&client.dialect.scope_separator.as_char().to_string()))
}

async fn ask(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    fields: &[(&str, &str)],
    scope: &str,
    now: &(dyn Fn() -> Timestamp + Sync),
) -> Result<Answer, Error> {
    let mut all = fields.to_vec();
    if !scope.is_empty() {
        all.push(("scope", scope));
    }
    all.extend(beyond(client));
    let asked_at = now();
    let reply = form::send(
        http,
        client,
        secret,
        &client.token_uri,
        &all,
        Kind::Grant,
        asked_at,
    )
    .await?;
    let mut sent: Vec<&str> = fields
        .iter()
        .filter(|(name, _)| matches!(*name, "assertion" | "password"))
        .map(|(_, value)| *value)
        .collect();
    sent.extend(secret_text(secret)?);
    // A clock that was set back meanwhile must not lengthen the life of the token.
    answer::of(
        Some(client),
        reply,
        &Reading {
            obtained_at: asked_at.min(now()),
            default_lifetime: client.token_expires_in,
            nonce: None,
            sent: &sent,
        },
    )
}

/// The parameters that the registration adds to each request for tokens (EL9, O-15).
pub(crate) fn beyond(client: &Oauth2) -> impl Iterator<Item = (&str, &str)> {
    let params = client
        .token_params
        .iter()
        .filter(|(name, _)| client.grant != Grant::JwtBearer || name != assertion::SUBJECT)
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let resources = client
        .resources
        .iter()
        .map(|resource| ("resource", resource.as_str()));
    params.chain(resources)
}
