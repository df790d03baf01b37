//! AuthClients: our registrations at providers.

use keyward_model::{
    Id, SecretValue,
    audit::AuditEvent,
    auth_client::{
        AuthClient, AuthClientType, ClientAuthentication, DEFAULT_REDIRECT_PATH, DEFAULT_TOKEN_EXPIRES_IN,
        Visibility,
    },
    environment::Environment,
    name::{AppName, Handle},
};
use keyward_oauth::{
    authorize, discovery,
    discovery::{IssuerInCallback, Metadata, Pkce},
    endpoint, loopback,
};
use keyward_vault::{
    error as store,
    table::{audit, auth_clients, connections},
};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    environments, secrets,
};

/// What a person says of a new AuthClient; endpoints left out are discovered from the issuer.
pub struct New<'a> {
    /// The key, for ever.
    pub key: &'a str,
    /// Default: the key.
    pub name: Option<&'a str>,
    /// What it is for.
    pub application: Option<&'a str>,
    /// Issuer to discover from.
    pub issuer: Option<&'a str>,
    /// Authorization endpoint.
    pub auth_uri: Option<&'a str>,
    /// Token endpoint.
    pub token_uri: Option<&'a str>,
    /// Revocation endpoint.
    pub revocation_uri: Option<&'a str>,
    /// OAuth client id.
    pub client_id: &'a str,
    /// OAuth client secret.
    pub client_secret: Option<&'a SecretValue>,
    /// Seconds assumed when an answer has no lifetime.
    pub token_expires_in: Option<u32>,
    /// Path of the redirect.
    pub redirect_path: Option<&'a str>,
    /// Further authorization parameters.
    pub authorize_params: Vec<(String, String)>,
    /// Scopes asked for by default.
    pub scopes: Vec<String>,
}

/// An AuthClient and how many Connections use it.
pub struct Counted {
    /// The AuthClient.
    pub auth_client: AuthClient,
    /// Connections in any environment.
    pub connections: u32,
}

/// Asks an issuer for its endpoints.
///
/// # Errors
/// [`Kind::Invalid`] for a bad address, [`Kind::Provider`].
pub fn discover(engine: &Engine, issuer: &str) -> Result<Metadata> {
    let network = engine.network()?;
    Ok(network
        .runtime
        .block_on(discovery::discover(&network.http, issuer))?)
}

/// What the metadata of an issuer lacks, in words (O-03).
#[must_use]
pub fn warnings(metadata: &Metadata) -> Vec<String> {
    let mut warnings = Vec::new();
    if metadata.s256 == Pkce::NotSaid {
        warnings
            .push("The server does not say that it checks PKCE (S256). Keyward sends it anyway.".to_owned());
    }
    if metadata.issuer_in_callback == IssuerInCallback::NotSaid {
        warnings.push("The server does not name itself in its answers (iss).".to_owned());
    }
    if metadata.revocation_endpoint.is_none() {
        warnings.push(
            "The server names no revocation address: disconnecting cannot end tokens there.".to_owned(),
        );
    }
    warnings
}

/// Makes an AuthClient of type `oauth2`.
///
/// # Errors
/// [`Kind::Invalid`] naming the field, [`Kind::Conflict`], [`Kind::Provider`] when discovery fails.
pub fn create(engine: &Engine, caller: &Caller, environment: &str, new: &New<'_>) -> Result<Counted> {
    access::authorize(caller, Act::Write)?;
    let key = Handle::parse(new.key).map_err(|error| Error::invalid(format!("key: {error}")))?;
    let application = new
        .application
        .map(AppName::parse)
        .transpose()
        .map_err(|error| Error::invalid(format!("app: {error}")))?;
    secrets::check_text("name", new.name.unwrap_or_default())?;
    if new.client_id.is_empty() {
        return Err(Error::invalid("client id: it is empty."));
    }
    if new.token_expires_in == Some(0) {
        return Err(Error::invalid("token expires in: at least 1 s."));
    }
    authorize::check_params(&new.authorize_params)?;
    let redirect_path = new.redirect_path.unwrap_or(DEFAULT_REDIRECT_PATH);
    loopback::check_path(redirect_path)?;
    let environment = environments::find(engine, environment)?;
    let endpoints = endpoints(engine, new)?;
    let now = engine.now();
    let vault = engine.unlocked()?;
    let written = vault.write(now, |tx| {
        let auth_client = AuthClient {
            id: tx.new_id()?,
            key: key.clone(),
            name: new.name.unwrap_or(new.key).to_owned(),
            kind: AuthClientType::Oauth2,
            application: application.clone(),
            visibility: Visibility::Environment,
            environment: environment.id,
            issuer: endpoints.issuer.clone(),
            issuer_in_callback: endpoints.issuer_in_callback,
            auth_uri: endpoints.auth_uri.clone(),
            token_uri: endpoints.token_uri.clone(),
            revocation_uri: endpoints.revocation_uri.clone(),
            token_expires_in: new.token_expires_in.unwrap_or(DEFAULT_TOKEN_EXPIRES_IN),
            client_id: new.client_id.to_owned(),
            client_secret: None,
            client_authentication: endpoints.client_authentication,
            redirect_path: redirect_path.to_owned(),
            authorize_params: new.authorize_params.clone(),
            scopes: new.scopes.clone(),
            created_at: now,
        };
        let auth_client = auth_clients::insert(tx, &auth_client, new.client_secret, now)?;
        audit::append(tx, &event(engine, caller, "auth_client.create", &auth_client.key))?;
        Ok(auth_client)
    });
    match written {
        Ok(auth_client) => {
            engine.changes.publish(ChangeKind::AuthClient, auth_client.id);
            Ok(Counted {
                auth_client,
                connections: 0,
            })
        }
        Err(store::Error::Conflict(_)) => Err(Error::new(
            Kind::Conflict,
            format!("The key “{key}” is taken by another auth client."),
            "Keys that differ only in case count as the same.",
        )),
        Err(error) => Err(error.into()),
    }
}

struct Endpoints {
    issuer: Option<String>,
    issuer_in_callback: bool,
    auth_uri: String,
    token_uri: String,
    revocation_uri: Option<String>,
    client_authentication: ClientAuthentication,
}

fn endpoints(engine: &Engine, new: &New<'_>) -> Result<Endpoints> {
    let given = |uri: Option<&str>, field: &str| match uri {
        Some(uri) => match endpoint::check(uri) {
            Ok(()) => Ok(Some(uri.to_owned())),
            Err(error) => Err(Error::invalid(format!("{field}: {error}"))),
        },
        None => Ok(None),
    };
    let auth_uri = given(new.auth_uri, "auth uri")?;
    let token_uri = given(new.token_uri, "token uri")?;
    let revocation_uri = given(new.revocation_uri, "revocation uri")?;
    // O-43: what an issuer says of itself is one unit; a person may override single endpoints knowingly.
    let metadata = new.issuer.map(|issuer| discover(engine, issuer)).transpose()?;
    let missing = |field: &str| {
        let hint = "Give both --auth-uri and --token-uri, or the --issuer to discover them from.";
        Error::new(Kind::Invalid, format!("{field}: it is missing."), hint)
    };
    let secret_given = new.client_secret.is_some();
    let client_authentication = match &metadata {
        _ if !secret_given => ClientAuthentication::None,
        Some(metadata) => metadata.client_authentication(),
        None => ClientAuthentication::Basic,
    };
    let found = metadata.as_ref();
    Ok(Endpoints {
        issuer: found.map(|metadata| metadata.issuer.clone()),
        issuer_in_callback: found
            .is_some_and(|metadata| metadata.issuer_in_callback == IssuerInCallback::Supported),
        auth_uri: auth_uri
            .or_else(|| found.map(|metadata| metadata.authorization_endpoint.clone()))
            .ok_or_else(|| missing("auth uri"))?,
        token_uri: token_uri
            .or_else(|| found.map(|metadata| metadata.token_endpoint.clone()))
            .ok_or_else(|| missing("token uri"))?,
        revocation_uri: revocation_uri
            .or_else(|| found.and_then(|metadata| metadata.revocation_endpoint.clone())),
        client_authentication,
    })
}

/// AuthClients visible in an environment, newest first.
///
/// # Errors
/// When locked or damaged.
pub fn list(engine: &Engine, environment: &str) -> Result<Vec<Counted>> {
    let environment = environments::find(engine, environment)?;
    let (found, users) = engine
        .unlocked()?
        .read(|tx| Ok((auth_clients::list(tx)?, connections::list(tx, None)?)))?;
    let mut visible: Vec<Counted> = found
        .into_iter()
        .filter(|auth_client| is_visible(auth_client, &environment))
        .map(|auth_client| {
            let connections = users
                .iter()
                .filter(|connection| connection.auth_client == auth_client.id)
                .count();
            Counted {
                auth_client,
                connections: u32::try_from(connections).unwrap_or(u32::MAX),
            }
        })
        .collect();
    visible.sort_by(|one, other| {
        (other.auth_client.created_at, &one.auth_client.key)
            .cmp(&(one.auth_client.created_at, &other.auth_client.key))
    });
    Ok(visible)
}

/// EL7, as far as visibilities exist: an AuthClient is used in its own environment.
pub(crate) fn is_visible(auth_client: &AuthClient, environment: &Environment) -> bool {
    match auth_client.visibility {
        Visibility::Environment => auth_client.environment == environment.id,
    }
}

/// Finds one by key or id.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn find(engine: &Engine, key_or_id: &str) -> Result<Counted> {
    let vault = engine.unlocked()?;
    let found = vault.read(|tx| {
        let by_key = Handle::parse(key_or_id)
            .ok()
            .map(|key| auth_clients::find(tx, &key));
        let auth_client = match (by_key, Id::parse(key_or_id)) {
            (Some(Ok(auth_client)), _) => auth_client,
            (Some(Err(store::Error::NotFound(_))) | None, Some(id)) => auth_clients::read(tx, id)?,
            (Some(Err(error)), _) => return Err(error),
            (None, None) => return Err(store::Error::NotFound(String::new())),
        };
        let users = connections::list(tx, None)?;
        let connections = users
            .iter()
            .filter(|connection| connection.auth_client == auth_client.id)
            .count();
        Ok(Counted {
            auth_client,
            connections: u32::try_from(connections).unwrap_or(u32::MAX),
        })
    });
    found.map_err(|error| match error {
        store::Error::NotFound(_) => {
            let message = format!("There is no auth client “{key_or_id}”.");
            Error::new(
                Kind::NotFound,
                message,
                "`keyward auth-client list` names those there are.",
            )
        }
        error => error.into(),
    })
}

/// Deletes one that no Connection uses (EL11).
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Conflict`] while Connections use it.
pub fn delete(engine: &Engine, caller: &Caller, key_or_id: &str) -> Result<()> {
    access::authorize(caller, Act::Write)?;
    let Counted {
        auth_client,
        connections,
    } = find(engine, key_or_id)?;
    if connections > 0 {
        let message = format!(
            "{connections} connections use the auth client “{}”.",
            auth_client.key
        );
        return Err(Error::new(
            Kind::Conflict,
            message,
            "Delete those connections first.",
        ));
    }
    engine.unlocked()?.write(engine.now(), |tx| {
        auth_clients::delete(tx, auth_client.id)?;
        audit::append(tx, &event(engine, caller, "auth_client.delete", &auth_client.key))
    })?;
    engine.changes.publish(ChangeKind::AuthClient, auth_client.id);
    Ok(())
}

fn event(engine: &Engine, caller: &Caller, action: &str, key: &Handle) -> AuditEvent {
    let subject = format!("auth client {key}");
    crate::audit::event(engine, caller.actor(), action, subject, "ok")
}
