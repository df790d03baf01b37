//! What a person says of an OAuth 2.0 registration, over what its issuer and the catalogue say.

use keyward_model::{
    SecretValue,
    auth_client::{ClientAuthentication, Grant, Oauth2, Redirect},
    provider::Protocol,
};
use keyward_oauth::{behaviour, redirect};

use super::checks::{check_resource, check_window, endpoint_of, over, variables_alone};
use crate::{
    Engine, Error, Kind, Result,
    auth_clients::{
        discover::{discover, names_itself},
        register,
    },
    providers,
};

/// A new OAuth 2.0 registration; endpoints left out are discovered from the issuer.
#[derive(Default)]
pub struct NewOauth2<'a> {
    /// Issuer to discover from.
    pub issuer: Option<&'a str>,
    /// Authorization endpoint.
    pub auth_uri: Option<&'a str>,
    /// Token endpoint.
    pub token_uri: Option<&'a str>,
    /// Revocation endpoint.
    pub revocation_uri: Option<&'a str>,
    /// Introspection endpoint.
    pub introspection_uri: Option<&'a str>,
    /// Device authorization endpoint, for device codes without an issuer to discover it from.
    pub device_uri: Option<&'a str>,
    /// Entry of the catalogue; it says whatever is left out here (OA4).
    pub provider: Option<&'a str>,
    /// What stands for the variables of that entry.
    pub variables: Vec<(String, String)>,
    /// Endpoint for refreshes, where it is another one than the token endpoint (EL4).
    pub refresh_token_uri: Option<&'a str>,
    /// OAuth client id; empty to have the issuer make a client, where it does (RFC 7591).
    pub client_id: &'a str,
    /// OAuth client secret.
    pub client_secret: Option<&'a SecretValue>,
    /// Seconds assumed when an answer has no lifetime.
    pub token_expires_in: Option<u32>,
    /// How tokens are got; default: as the entry of the catalogue says, else by the person's consent in a browser.
    pub grant: Option<Grant>,
    /// How the client authenticates; default: as the issuer says, else the entry of the catalogue, else Basic with a
    /// secret and nothing without.
    pub client_authentication: Option<ClientAuthentication>,
    /// Where the browser comes back to; default: as the entry of the catalogue says, else a free port of this machine.
    pub redirect: Option<Redirect>,
    /// Path of the redirect.
    pub redirect_path: Option<&'a str>,
    /// Further authorization parameters.
    pub authorize_params: Vec<(String, String)>,
    /// Further parameters of the request for tokens (EL9).
    pub token_params: Vec<(String, String)>,
    /// Further parameters of a refresh (EL9).
    pub refresh_params: Vec<(String, String)>,
    /// Resources the tokens are for (RFC 8707, O-15).
    pub resources: Vec<String>,
    /// How long before its end a token is refreshed, in seconds; default as O-64 has it.
    pub refresh_window: Option<u32>,
    /// Scopes asked for by default.
    pub scopes: Vec<String>,
}

/// How a client of this entry of the catalogue usually authenticates.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Invalid`] naming the variable.
pub(crate) fn usual_authentication(
    engine: &Engine,
    provider: &str,
    variables: &[(String, String)],
) -> Result<ClientAuthentication> {
    Ok(from_provider(engine, provider, variables)?.client_authentication)
}

/// The registration, and the client secret where the provider made one with it.
pub(super) fn registration(
    engine: &Engine,
    name: &str,
    new: &NewOauth2<'_>,
) -> Result<(Oauth2, Option<SecretValue>)> {
    if new.client_id.is_empty() && new.issuer.is_none() {
        return Err(Error::invalid("client id: it is empty."));
    }
    if new.token_expires_in == Some(0) {
        return Err(Error::invalid("token expires in: at least 1 s."));
    }
    let base = match new.provider {
        Some(provider) => from_provider(engine, provider, &new.variables)?,
        None if new.variables.is_empty() => Oauth2::new(String::new(), String::new(), String::new()),
        None => return Err(variables_alone()),
    };
    let authorize_params = over("authorize param", &base.authorize_params, &new.authorize_params)?;
    let token_params = over("token param", &base.token_params, &new.token_params)?;
    let refresh_params = over("refresh param", &base.refresh_params, &new.refresh_params)?;
    check_window(new.refresh_window)?;
    for resource in &new.resources {
        check_resource(resource)?;
    }
    let grant = new.grant.unwrap_or(base.grant);
    let redirect = new.redirect.clone().unwrap_or_else(|| base.redirect.clone());
    let redirect_path = new.redirect_path.unwrap_or(&base.redirect_path).to_owned();
    redirect::check(&redirect, &redirect_path)?;
    let given = |field: &str, uri: Option<&str>| uri.map(|uri| endpoint_of(field, uri)).transpose();
    let auth_uri = given("auth uri", new.auth_uri)?;
    let token_uri = given("token uri", new.token_uri)?;
    let revocation_uri = given("revocation uri", new.revocation_uri)?;
    let refresh_token_uri = given("refresh token uri", new.refresh_token_uri)?;
    // O-43: what an issuer says of itself is one unit; a person may override single endpoints knowingly.
    let metadata = new.issuer.map(|issuer| discover(engine, issuer)).transpose()?;
    let missing = |field: &str| {
        let hint =
            "Give both --auth-uri and --token-uri, the --issuer to discover them from, or a --provider.";
        Error::new(Kind::Invalid, format!("{field}: it is missing."), hint)
    };
    let client_authentication = match &metadata {
        _ if new.client_authentication.is_some() => {
            new.client_authentication.unwrap_or(ClientAuthentication::None)
        }
        // A JWT bearer's key is the account's: it is signed with, and never sent.
        _ if new.client_secret.is_none() || grant == Grant::JwtBearer => ClientAuthentication::None,
        Some(metadata) => metadata.client_authentication(),
        None if new.provider.is_some() => base.client_authentication,
        None => ClientAuthentication::Basic,
    };
    let known = |uri: &String| (!uri.is_empty()).then(|| uri.clone());
    let (base_auth_uri, base_token_uri) = (known(&base.auth_uri), known(&base.token_uri));
    let found = metadata.as_ref();
    let mut registration = Oauth2 {
        issuer: found.map(|metadata| metadata.issuer.clone()).or(base.issuer),
        issuer_in_callback: found.is_some_and(names_itself),
        revocation_uri: revocation_uri
            .or_else(|| found.and_then(|metadata| metadata.revocation_endpoint.clone()))
            .or(base.revocation_uri),
        refresh_token_uri: refresh_token_uri.or(base.refresh_token_uri),
        token_expires_in: new.token_expires_in.unwrap_or(base.token_expires_in),
        client_authentication,
        introspection_uri: given("introspection uri", new.introspection_uri)?.or(base.introspection_uri),
        device_uri: given("device uri", new.device_uri)?.or(base.device_uri),
        grant,
        redirect,
        redirect_path,
        authorize_params,
        token_params,
        refresh_params,
        resources: some(&new.resources).unwrap_or(base.resources),
        refresh_window: new.refresh_window.or(base.refresh_window),
        scopes: some(&new.scopes).unwrap_or(base.scopes),
        auth_uri: auth_uri
            .or_else(|| found.map(|metadata| metadata.authorization_endpoint.clone()))
            .or(base_auth_uri)
            .or_else(|| (grant != Grant::AuthorizationCode).then(String::new))
            .ok_or_else(|| missing("auth uri"))?,
        token_uri: token_uri
            .or_else(|| found.map(|metadata| metadata.token_endpoint.clone()))
            .or(base_token_uri)
            .ok_or_else(|| missing("token uri"))?,
        client_id: new.client_id.to_owned(),
        ..base
    };
    check_authentication(&registration)?;
    let Some(metadata) = found else {
        return Ok((registration, None));
    };
    register::fill(&mut registration, metadata);
    if !new.client_id.is_empty() {
        return Ok((registration, None));
    }
    let place = (&registration.redirect, registration.redirect_path.as_str());
    let made = register::register(engine, metadata, name, grant, place, &registration.scopes)?;
    let secret = register::adopt(&mut registration, made);
    Ok((registration, secret))
}

/// O-47: a client that signs is none for a provider whose own step sends the secret.
pub(crate) fn check_authentication(registration: &Oauth2) -> Result<()> {
    behaviour::authentication(registration)
        .map(drop)
        .map_err(|error| Error::invalid(format!("client authentication: {error}.")))
}

/// What an entry of the catalogue makes of a person's variables.
fn from_provider(engine: &Engine, id: &str, variables: &[(String, String)]) -> Result<Oauth2> {
    let provider = providers::find(engine, id)?;
    if provider.protocol != Protocol::Oauth2 {
        return Err(Error::new(
            Kind::Invalid,
            format!("provider: {} speaks OAuth 1.0a.", provider.name),
            "Leave the type out, or say oauth1.",
        ));
    }
    provider
        .registration(variables)
        .map_err(|error| providers::unfilled(&error))
}

/// A list that says something.
fn some(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}
