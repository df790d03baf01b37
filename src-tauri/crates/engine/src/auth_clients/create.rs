//! Making an AuthClient.

use keyward_model::{
    Id, SecretValue, Timestamp,
    apply::Apply,
    auth_client::{
        AuthClient, ClientAuthentication, DEFAULT_REDIRECT_PATH, Grant, Oauth1, Oauth2, Redirect,
        Registration, Signature, Visibility,
    },
    connection::AuthType,
    name::{AppName, Handle},
    provider::Protocol,
};
use keyward_oauth::{authorize, behaviour, endpoint, redirect};
use keyward_vault::{
    error as store,
    table::{applications, audit, auth_clients},
    tx::WriteTx,
};

use super::{
    Counted,
    discover::{discover, names_itself},
    event, register,
};
use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    applications::parse as parse_application,
    changes::ChangeKind,
    environments, providers, secrets,
};

/// Longest refresh window, in seconds.
const LONGEST_WINDOW: u32 = 86_400;

/// What a person says of a new AuthClient.
pub struct New<'a> {
    /// The key, for ever.
    pub key: &'a str,
    /// Default: the key.
    pub name: Option<&'a str>,
    /// What it is for.
    pub application: Option<&'a str>,
    /// Who may use it.
    pub visibility: Visibility,
    /// What it consists of.
    pub registration: NewRegistration<'a>,
}

/// What a new AuthClient consists of (EL4).
pub enum NewRegistration<'a> {
    /// OAuth 2.0.
    Oauth2(NewOauth2<'a>),
    /// OAuth 1.0a.
    Oauth1(NewOauth1<'a>),
    /// An address without sign-in.
    NoAuth {
        /// Where requests go.
        url: Option<&'a str>,
    },
    /// User name and password.
    Basic {
        /// Where requests go.
        url: Option<&'a str>,
    },
    /// One value.
    ApiKey {
        /// Where requests go.
        url: Option<&'a str>,
        /// How the value is sent; default: what is usual for a key.
        apply: Option<&'a str>,
    },
}

/// A new OAuth 1.0a registration (RFC 5849).
#[derive(Default)]
pub struct NewOauth1<'a> {
    /// Entry of the catalogue; it says whatever is left out here (OA4).
    pub provider: Option<&'a str>,
    /// What stands for the variables of that entry.
    pub variables: Vec<(String, String)>,
    /// Where a request token is got.
    pub request_uri: Option<&'a str>,
    /// Where the person agrees.
    pub authorize_uri: Option<&'a str>,
    /// Where it becomes an access token.
    pub access_uri: Option<&'a str>,
    /// Consumer key.
    pub consumer_key: &'a str,
    /// Consumer secret.
    pub consumer_secret: Option<&'a SecretValue>,
    /// How requests are signed; default: HMAC-SHA1.
    pub signature: Option<Signature>,
    /// Where the browser comes back to; default: as the entry of the catalogue says, else a free port of this machine.
    pub redirect: Option<Redirect>,
    /// Path of the redirect.
    pub redirect_path: Option<&'a str>,
    /// Further parameters of the address where the person agrees.
    pub authorize_params: Vec<(String, String)>,
}

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

/// An AuthClient that may be stored: everything about it was checked but whether its key is free.
pub(crate) struct Prepared {
    pub(crate) key: Handle,
    name: String,
    application: Option<AppName>,
    visibility: Visibility,
    pub(crate) registration: Registration,
    /// The client secret where the provider made one with it.
    made_secret: Option<SecretValue>,
}

/// Checks what a person says of a new AuthClient, and asks its issuer where it has one.
///
/// # Errors
/// [`Kind::Invalid`] naming the field, [`Kind::Provider`] when discovery fails.
pub(crate) fn prepare(engine: &Engine, new: &New<'_>) -> Result<Prepared> {
    let key = Handle::parse(new.key).map_err(|error| Error::invalid(format!("key: {error}")))?;
    let provider = match &new.registration {
        NewRegistration::Oauth2(new) => new.provider,
        NewRegistration::Oauth1(new) => new.provider,
        _ => None,
    };
    let application = match (new.application, provider) {
        (Some(application), _) => Some(parse_application(application)?),
        // What the entry proposes.
        (None, Some(id)) => Some(providers::find(engine, id)?.application),
        (None, None) => None,
    };
    secrets::check_text("name", new.name.unwrap_or_default())?;
    let (registration, made_secret) = registration(engine, new)?;
    Ok(Prepared {
        key,
        name: new.name.unwrap_or(new.key).to_owned(),
        application,
        visibility: new.visibility,
        registration,
        made_secret,
    })
}

impl Prepared {
    /// Stores it, and tells the log.
    ///
    /// # Errors
    /// [`store::Error::Conflict`] when its key is taken.
    pub(crate) fn insert(
        &self,
        tx: &mut WriteTx<'_>,
        (engine, caller): (&Engine, &Caller),
        environment: Id,
        client_secret: Option<&SecretValue>,
        now: Timestamp,
    ) -> store::Result<AuthClient> {
        let auth_client = AuthClient {
            id: tx.new_id()?,
            key: self.key.clone(),
            name: self.name.clone(),
            application: self.application.clone(),
            visibility: self.visibility,
            environment,
            registration: self.registration.clone(),
            created_at: now,
        };
        if let Some(key) = &self.application {
            let named = applications::New {
                key,
                name: None,
                url: auth_client.registration.url(),
            };
            applications::find_or_insert(tx, named, now)?;
        }
        let client_secret = self.made_secret.as_ref().or(client_secret);
        let auth_client = auth_clients::insert(tx, &auth_client, client_secret, now)?;
        audit::append(tx, &event(engine, caller, "auth_client.create", &auth_client.key))?;
        Ok(auth_client)
    }
}

/// Makes an AuthClient.
///
/// # Errors
/// [`Kind::Invalid`] naming the field, [`Kind::Conflict`], [`Kind::Provider`] when discovery fails.
pub fn create(engine: &Engine, caller: &Caller, environment: &str, new: &New<'_>) -> Result<Counted> {
    access::authorize(caller, Act::Write)?;
    let environment = environments::find(engine, environment)?;
    let prepared = prepare(engine, new)?;
    let client_secret = match &new.registration {
        NewRegistration::Oauth2(oauth2) => oauth2.client_secret,
        NewRegistration::Oauth1(oauth1) => oauth1.consumer_secret,
        _ => None,
    };
    let now = engine.now();
    let written = engine.unlocked()?.write(now, |tx| {
        let auth_client = prepared.insert(tx, (engine, caller), environment.id, client_secret, now)?;
        Ok((auth_clients::address(tx, auth_client.id), auth_client))
    });
    match written {
        Ok((address, auth_client)) => {
            engine.changes.publish(ChangeKind::AuthClient, auth_client.id);
            Ok(Counted {
                auth_client,
                address,
                kept_in: None,
                connections: 0,
            })
        }
        Err(store::Error::Conflict(_)) => Err(Error::new(
            Kind::Conflict,
            format!("The key “{}” is taken by another auth client.", prepared.key),
            "Keys that differ only in case count as the same.",
        )),
        Err(error) => Err(error.into()),
    }
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
fn registration(engine: &Engine, new: &New<'_>) -> Result<(Registration, Option<SecretValue>)> {
    let address = |url: &Option<&str>| url.map(|url| endpoint_of("url", url)).transpose();
    let registration = match &new.registration {
        NewRegistration::Oauth2(oauth2_of) => {
            let (registration, secret) = oauth2(engine, new.name.unwrap_or(new.key), oauth2_of)?;
            return Ok((Registration::Oauth2(Box::new(registration)), secret));
        }
        NewRegistration::Oauth1(new) => Registration::Oauth1(Box::new(oauth1(engine, new)?)),
        NewRegistration::NoAuth { url } => Registration::NoAuth { url: address(url)? },
        NewRegistration::Basic { url } => Registration::Basic { url: address(url)? },
        NewRegistration::ApiKey { url, apply } => Registration::ApiKey {
            url: address(url)?,
            apply: match apply {
                Some(text) => apply_of(text)?,
                None => AuthType::ApiKey.usual_apply().unwrap_or(Apply::Basic),
            },
        },
    };
    Ok((registration, None))
}

fn oauth1(engine: &Engine, new: &NewOauth1<'_>) -> Result<Oauth1> {
    if new.consumer_key.is_empty() {
        return Err(Error::invalid("client id: it is empty."));
    }
    let base = match new.provider {
        Some(provider) => Some(from_oauth1_provider(engine, provider, &new.variables)?),
        None if new.variables.is_empty() => None,
        None => return Err(variables_alone()),
    };
    let base = base.as_ref();
    let address = |field: &str, own: Option<&str>, entry: Option<&String>| {
        endpoint_of(field, own.or(entry.map(String::as_str)).unwrap_or_default())
    };
    let entry_params = base.map_or(&[][..], |base| &base.authorize_params);
    let authorize_params = over("authorize param", entry_params, &new.authorize_params)?;
    let redirect = new
        .redirect
        .clone()
        .or(base.map(|base| base.redirect.clone()))
        .unwrap_or_default();
    let redirect_path = new.redirect_path.unwrap_or(DEFAULT_REDIRECT_PATH);
    redirect::check(&redirect, redirect_path)?;
    Ok(Oauth1 {
        request_uri: address(
            "request token uri",
            new.request_uri,
            base.map(|base| &base.request_uri),
        )?,
        authorize_uri: address(
            "auth uri",
            new.authorize_uri,
            base.map(|base| &base.authorize_uri),
        )?,
        access_uri: address("token uri", new.access_uri, base.map(|base| &base.access_uri))?,
        consumer_key: new.consumer_key.to_owned(),
        client_secret: None,
        signature: new.signature.unwrap_or_default(),
        redirect,
        redirect_path: redirect_path.to_owned(),
        authorize_params,
    })
}

/// What an entry that speaks OAuth 1.0a makes of a person's variables.
fn from_oauth1_provider(engine: &Engine, id: &str, variables: &[(String, String)]) -> Result<Oauth1> {
    let provider = providers::find(engine, id)?;
    let made = provider
        .oauth1_registration(variables)
        .map_err(|error| providers::unfilled(&error))?;
    made.ok_or_else(|| {
        Error::new(
            Kind::Invalid,
            format!("provider: {} speaks OAuth 2.0.", provider.name),
            "Leave the type out, or say oauth2.",
        )
    })
}

fn variables_alone() -> Error {
    Error::invalid("variables: they belong to a provider, and none is named.")
}

fn oauth2(engine: &Engine, name: &str, new: &NewOauth2<'_>) -> Result<(Oauth2, Option<SecretValue>)> {
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

/// The entry's parameters with the person's own: of two with one name the person's counts.
fn over(field: &str, entry: &[(String, String)], own: &[(String, String)]) -> Result<Vec<(String, String)>> {
    authorize::check_params(own).map_err(|error| Error::invalid(format!("{field}: {error}.")))?;
    let stays = entry
        .iter()
        .filter(|(name, _)| !own.iter().any(|(other, _)| other == name));
    Ok(stays.chain(own).cloned().collect())
}

/// O-64: a window longer than a day would refresh most tokens without end.
pub(crate) fn check_window(seconds: Option<u32>) -> Result<()> {
    if seconds.is_some_and(|seconds| seconds > LONGEST_WINDOW) {
        return Err(Error::invalid("refresh window: at most a day (86400 s)."));
    }
    Ok(())
}

/// RFC 8707 §2: an absolute URI without a fragment.
pub(crate) fn check_resource(resource: &str) -> Result<()> {
    let is_plain = resource.bytes().all(|b| b.is_ascii_graphic()) && !resource.contains('#');
    match resource.split_once(':') {
        Some((scheme, rest)) if is_plain && !scheme.is_empty() && !rest.is_empty() => Ok(()),
        _ => Err(Error::invalid(
            "resource: an absolute address without a fragment (RFC 8707).",
        )),
    }
}

/// An address that requests may go to: https, or http on this machine (T-12).
pub(crate) fn endpoint_of(field: &str, address: &str) -> Result<String> {
    endpoint::check(address).map_err(|error| Error::invalid(format!("{field}: {error}")))?;
    Ok(address.to_owned())
}

/// How a value is sent (WK1).
pub(crate) fn apply_of(text: &str) -> Result<Apply> {
    Apply::parse(text).map_err(|error| Error::invalid(format!("apply: {error}.")))
}
