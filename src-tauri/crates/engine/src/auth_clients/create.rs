//! Making an AuthClient.

mod checks;
mod version1;
mod version2;

use keyward_model::{
    Id, SecretValue, Timestamp,
    apply::Apply,
    auth_client::{AuthClient, Registration, Visibility},
    connection::AuthType,
    name::{AppName, Handle},
};
use keyward_vault::{
    error as store,
    table::{applications, audit, auth_clients},
    tx::WriteTx,
};

use super::{Counted, event};
use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    applications::parse as parse_application,
    changes::ChangeKind,
    environments, providers, secrets,
};

pub(crate) use checks::{apply_of, check_resource, check_window, endpoint_of};
pub use version1::NewOauth1;
pub use version2::NewOauth2;
pub(crate) use version2::{check_authentication, usual_authentication};

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

/// The registration, and the client secret where the provider made one with it.
fn registration(engine: &Engine, new: &New<'_>) -> Result<(Registration, Option<SecretValue>)> {
    let address = |url: &Option<&str>| url.map(|url| endpoint_of("url", url)).transpose();
    let registration = match &new.registration {
        NewRegistration::Oauth2(oauth2_of) => {
            let (registration, secret) =
                version2::registration(engine, new.name.unwrap_or(new.key), oauth2_of)?;
            return Ok((Registration::Oauth2(Box::new(registration)), secret));
        }
        NewRegistration::Oauth1(new) => Registration::Oauth1(Box::new(version1::registration(engine, new)?)),
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
