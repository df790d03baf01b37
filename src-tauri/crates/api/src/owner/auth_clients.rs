//! AuthClients.

use std::sync::Arc;

use keyward_engine::{
    Engine,
    access::Caller,
    auth_clients::{self, Changes, New, NewOauth1, NewOauth2, NewRegistration},
    providers,
};
use keyward_model::{
    auth_client::{ClientAuthentication, Grant, Redirect, Signature, Visibility},
    provider::Protocol,
};

use super::{Result, params};
use crate::wire::{self, AuthClientType, Done, Error};

/// Visible ones, newest first.
///
/// # Errors
/// `locked`, `not_found` for the environment.
pub fn list(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::AuthClientList,
) -> Result<Vec<wire::AuthClient>> {
    Ok(auth_clients::list(engine, &request.environment)?
        .into_iter()
        .map(Into::into)
        .collect())
}

/// One of them.
///
/// # Errors
/// `not_found`.
pub fn show(engine: &Arc<Engine>, _: &Caller, request: wire::AuthClientShow) -> Result<wire::AuthClient> {
    Ok(auth_clients::find(engine, &request.auth_client)?.into())
}

/// Makes one.
///
/// # Errors
/// `usage`, `conflict`, `provider` when discovery fails.
pub fn create(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::AuthClientCreate,
) -> Result<wire::AuthClient> {
    let kind = match request.kind {
        Some(kind) => kind,
        None => type_of(engine, request.provider.as_deref())?,
    };
    refuse_foreign_fields(kind, &request)?;
    let url = request.url.as_deref();
    let (redirect, path) = redirect_of(request.redirect.as_deref())?;
    let redirect_path = request.redirect_path.as_deref().or(path.as_deref());
    let registration = match kind {
        AuthClientType::Oauth2 => NewRegistration::Oauth2(NewOauth2 {
            issuer: request.issuer.as_deref(),
            auth_uri: request.auth_uri.as_deref(),
            token_uri: request.token_uri.as_deref(),
            revocation_uri: request.revocation_uri.as_deref(),
            refresh_token_uri: request.refresh_token_uri.as_deref(),
            provider: request.provider.as_deref(),
            variables: params(request.variables.as_deref().unwrap_or_default())?,
            introspection_uri: None,
            device_uri: request.device_uri.as_deref(),
            client_id: request.client_id.as_deref().unwrap_or_default(),
            client_secret: request.client_secret.as_ref().map(|secret| &secret.0),
            token_expires_in: request.token_expires_in,
            grant: word("grant", request.grant.as_deref(), Grant::WORDS)?,
            client_authentication: word(
                "client auth",
                request.client_authentication.as_deref(),
                ClientAuthentication::WORDS,
            )?,
            redirect,
            redirect_path,
            authorize_params: params(request.authorize_params.as_deref().unwrap_or_default())?,
            token_params: params(request.token_params.as_deref().unwrap_or_default())?,
            refresh_params: params(request.refresh_params.as_deref().unwrap_or_default())?,
            resources: request.resources.unwrap_or_default(),
            refresh_window: request.refresh_window,
            scopes: request.scopes.unwrap_or_default(),
        }),
        AuthClientType::Oauth1 => NewRegistration::Oauth1(NewOauth1 {
            provider: request.provider.as_deref(),
            variables: params(request.variables.as_deref().unwrap_or_default())?,
            request_uri: request.request_token_uri.as_deref(),
            authorize_uri: request.auth_uri.as_deref(),
            access_uri: request.token_uri.as_deref(),
            consumer_key: request.client_id.as_deref().unwrap_or_default(),
            consumer_secret: request.client_secret.as_ref().map(|secret| &secret.0),
            signature: word(
                "signature method",
                request.signature_method.as_deref(),
                Signature::WORDS,
            )?,
            redirect,
            redirect_path,
            authorize_params: params(request.authorize_params.as_deref().unwrap_or_default())?,
        }),
        AuthClientType::Noauth => NewRegistration::NoAuth { url },
        AuthClientType::Basic => NewRegistration::Basic { url },
        AuthClientType::ApiKey => NewRegistration::ApiKey {
            url,
            apply: request.apply.as_deref(),
        },
    };
    let new = New {
        key: &request.key,
        name: request.name.as_deref(),
        application: request.application.as_deref(),
        visibility: request
            .visibility
            .map_or(Visibility::Environment, Visibility::from),
        registration,
    };
    Ok(auth_clients::create(engine, caller, &request.environment, &new)?.into())
}

/// What an entry of the catalogue speaks; oauth2 without one.
fn type_of(engine: &Engine, provider: Option<&str>) -> Result<AuthClientType> {
    let Some(provider) = provider else {
        return Ok(AuthClientType::Oauth2);
    };
    Ok(match providers::find(engine, provider)?.protocol {
        Protocol::Oauth2 => AuthClientType::Oauth2,
        Protocol::Oauth1 { .. } => AuthClientType::Oauth1,
    })
}

/// The redirect that was written, and the path in it.
fn redirect_of(said: Option<&str>) -> Result<(Option<Redirect>, Option<String>)> {
    let Some(text) = said else { return Ok((None, None)) };
    let (redirect, path) = auth_clients::parse_redirect(text)?;
    Ok((Some(redirect), path))
}

/// One of a fixed set of words.
fn word<T: Copy>(field: &str, said: Option<&str>, words: &[(T, &str)]) -> Result<Option<T>> {
    let Some(said) = said else { return Ok(None) };
    let found = words.iter().find(|(_, word)| word.eq_ignore_ascii_case(said));
    found.map(|(one, _)| Some(*one)).ok_or_else(|| {
        let all: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
        Error::usage(format!("{field}: one of {}.", all.join(", ")))
    })
}

/// What is said of a type that has no such thing would be lost silently.
fn refuse_foreign_fields(kind: AuthClientType, request: &wire::AuthClientCreate) -> Result<()> {
    let (is_oauth2, is_oauth1) = (kind == AuthClientType::Oauth2, kind == AuthClientType::Oauth1);
    let is_oauth = is_oauth2 || is_oauth1;
    let given = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
    let fields = [
        ("issuer", request.issuer.is_some(), is_oauth2),
        ("auth uri", request.auth_uri.is_some(), is_oauth),
        ("token uri", request.token_uri.is_some(), is_oauth),
        (
            "request token uri",
            request.request_token_uri.is_some(),
            is_oauth1,
        ),
        ("signature method", request.signature_method.is_some(), is_oauth1),
        ("revocation uri", request.revocation_uri.is_some(), is_oauth2),
        (
            "refresh token uri",
            request.refresh_token_uri.is_some(),
            is_oauth2,
        ),
        ("provider", request.provider.is_some(), is_oauth),
        ("variable", given(&request.variables), is_oauth),
        ("token param", given(&request.token_params), is_oauth2),
        ("refresh param", given(&request.refresh_params), is_oauth2),
        ("resource", given(&request.resources), is_oauth2),
        ("refresh window", request.refresh_window.is_some(), is_oauth2),
        ("device uri", request.device_uri.is_some(), is_oauth2),
        ("client id", request.client_id.is_some(), is_oauth),
        ("client secret", request.client_secret.is_some(), is_oauth),
        ("grant", request.grant.is_some(), is_oauth2),
        ("client auth", request.client_authentication.is_some(), is_oauth2),
        ("redirect", request.redirect.is_some(), is_oauth),
        ("token expires in", request.token_expires_in.is_some(), is_oauth2),
        ("redirect path", request.redirect_path.is_some(), is_oauth),
        ("authorize param", given(&request.authorize_params), is_oauth),
        ("scope", given(&request.scopes), is_oauth2),
        ("url", request.url.is_some(), !is_oauth),
        ("apply", request.apply.is_some(), kind == AuthClientType::ApiKey),
    ];
    match fields.into_iter().find(|(_, given, fits)| *given && !fits) {
        None => Ok(()),
        Some((field, ..)) => Err(Error::usage(format!(
            "{field}: an auth client of this type has none."
        ))),
    }
}

/// Changes one.
///
/// # Errors
/// `usage`, `conflict` for what Connections rest on, `denied` for another vault's, `not_found`.
pub fn update(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::AuthClientUpdate,
) -> Result<wire::AuthClient> {
    let (redirect, path) = redirect_of(request.redirect.as_deref())?;
    let changes = Changes {
        grant: word("grant", request.grant.as_deref(), Grant::WORDS)?,
        client_authentication: word(
            "client auth",
            request.client_authentication.as_deref(),
            ClientAuthentication::WORDS,
        )?,
        redirect,
        name: request.name.as_deref(),
        visibility: request.visibility.map(Visibility::from),
        client_id: request.client_id.as_deref(),
        client_secret: request.client_secret.as_ref().map(|secret| &secret.0),
        auth_uri: request.auth_uri.as_deref(),
        token_uri: request.token_uri.as_deref(),
        revocation_uri: request.revocation_uri.as_deref(),
        refresh_token_uri: request.refresh_token_uri.as_deref(),
        redirect_path: request.redirect_path.as_deref().or(path.as_deref()),
        token_expires_in: request.token_expires_in,
        authorize_params: request.authorize_params.as_deref().map(params).transpose()?,
        token_params: request.token_params.as_deref().map(params).transpose()?,
        refresh_params: request.refresh_params.as_deref().map(params).transpose()?,
        resources: request.resources,
        refresh_window: request.refresh_window,
        scopes: request.scopes,
        url: request.url.as_deref(),
        apply: request.apply.as_deref(),
    };
    Ok(auth_clients::update(engine, caller, &request.auth_client, &changes)?.into())
}

impl From<wire::Visibility> for Visibility {
    fn from(visibility: wire::Visibility) -> Self {
        match visibility {
            wire::Visibility::Environment => Self::Environment,
            wire::Visibility::Vault => Self::Vault,
            wire::Visibility::Machine => Self::Machine,
        }
    }
}

/// Deletes one that nothing uses.
///
/// # Errors
/// `not_found`, `conflict`.
pub fn delete(engine: &Arc<Engine>, caller: &Caller, request: wire::AuthClientDelete) -> Result<Done> {
    auth_clients::delete(engine, caller, &request.auth_client)?;
    Ok(Done {})
}

/// Asks an issuer for its endpoints.
///
/// # Errors
/// `usage`, `provider`.
pub fn discover(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::AuthClientDiscover,
) -> Result<wire::Discovered> {
    let metadata = auth_clients::discover(engine, &request.issuer)?;
    Ok(wire::Discovered {
        warnings: auth_clients::warnings(&metadata),
        names_itself: auth_clients::names_itself(&metadata),
        issuer: metadata.issuer,
        auth_uri: metadata.authorization_endpoint,
        token_uri: metadata.token_endpoint,
        revocation_uri: metadata.revocation_endpoint,
        device_uri: metadata.device_authorization_endpoint,
        jwks_uri: metadata.jwks_uri,
        registers_clients: metadata.registration_endpoint.is_some(),
    })
}
