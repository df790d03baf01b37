//! Changing an AuthClient (EL11): what its Connections were made with stays while there are any.

use keyward_model::{
    Id, SecretValue, Timestamp,
    auth_client::{AuthClient, ClientAuthentication, Grant, Oauth2, Redirect, Registration, Visibility},
    connection::{Address, ConnectionError, ConnectionState},
    diagnosis::AUTH_CLIENT_CHANGED,
};
use keyward_oauth::{authorize, grants, redirect};
use keyward_vault::{
    error as store,
    table::{audit, auth_clients, connections},
    tx::WriteTx,
};

use super::{
    Counted, Elsewhere, User,
    create::{apply_of, check_authentication, check_resource, check_window, endpoint_of},
    event, find_owned, in_use, users,
};
use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    neighbours, secrets,
};

/// What a person changes; what is left out stays.
#[derive(Default)]
pub struct Changes<'a> {
    /// Free text for people.
    pub name: Option<&'a str>,
    /// Who may use it.
    pub visibility: Option<Visibility>,
    /// OAuth client id; not while it is in use.
    pub client_id: Option<&'a str>,
    /// OAuth client secret: used from the very next refresh on (EL13).
    pub client_secret: Option<&'a SecretValue>,
    /// Authorization endpoint; not while it is in use.
    pub auth_uri: Option<&'a str>,
    /// Token endpoint; not while it is in use.
    pub token_uri: Option<&'a str>,
    /// Revocation endpoint; not while it is in use.
    pub revocation_uri: Option<&'a str>,
    /// Endpoint for refreshes, empty for the token endpoint; not while it is in use.
    pub refresh_token_uri: Option<&'a str>,
    /// How tokens are got; not while it is in use.
    pub grant: Option<Grant>,
    /// How the client authenticates, from the very next request on.
    pub client_authentication: Option<ClientAuthentication>,
    /// Where the browser comes back to; not while it is in use.
    pub redirect: Option<Redirect>,
    /// Path of the redirect; not while it is in use.
    pub redirect_path: Option<&'a str>,
    /// Seconds assumed when an answer has no lifetime.
    pub token_expires_in: Option<u32>,
    /// Further authorization parameters, in place of those there are.
    pub authorize_params: Option<Vec<(String, String)>>,
    /// Further parameters of the request for tokens, in place of those there are.
    pub token_params: Option<Vec<(String, String)>>,
    /// Further parameters of a refresh, in place of those there are.
    pub refresh_params: Option<Vec<(String, String)>>,
    /// Resources the tokens are for, in place of those there are (RFC 8707).
    pub resources: Option<Vec<String>>,
    /// How long before its end a token is refreshed, in seconds: counts from the next token on (O-64).
    pub refresh_window: Option<u32>,
    /// Scopes asked for by default, in place of those there are.
    pub scopes: Option<Vec<String>>,
    /// Where requests go; not while it is in use.
    pub url: Option<&'a str>,
    /// How the value is sent; not while it is in use.
    pub apply: Option<&'a str>,
}

/// Changes an AuthClient.
///
/// # Errors
/// [`Kind::Invalid`] naming the field, also one that its type does not have; [`Kind::Conflict`] for what Connections
/// rest on; [`Kind::NotFound`]; [`Kind::Denied`] for another vault's.
pub fn update(engine: &Engine, caller: &Caller, key_or_id: &str, changes: &Changes<'_>) -> Result<Counted> {
    access::authorize(caller, Act::Write)?;
    secrets::check_text("name", changes.name.unwrap_or_default())?;
    let found = find_owned(engine, key_or_id)?;
    if found.connections > 0
        && let Some(field) = rested_on(changes)
    {
        return Err(Error::new(
            Kind::Conflict,
            format!(
                "{} Its {field} stays as it is.",
                in_use(&found.auth_client.key, found.connections)
            ),
            "Name, client secret, client authentication, token lifetime, refresh window, scopes and parameters may change. For another registration add another auth client.",
        ));
    }
    let mut changed = found.auth_client.clone();
    if let Some(name) = changes.name {
        name.clone_into(&mut changed.name);
    }
    if let Some(visibility) = changes.visibility {
        changed.visibility = visibility;
        check_reach(engine, &found, &changed)?;
    }
    apply_changes(&mut changed.registration, changes)?;
    let now = engine.now();
    let before = &found.auth_client.registration;
    let (auth_client, retried) = engine.unlocked()?.write(now, |tx| {
        let auth_client = auth_clients::update(tx, &changed, changes.client_secret, now)?;
        let retried = if is_sent_alike(before, &auth_client.registration) {
            Vec::new()
        } else {
            retry_refused(tx, found.address, &auth_client.registration, now)?
        };
        audit::append(tx, &event(engine, caller, "auth_client.update", &auth_client.key))?;
        Ok((auth_client, retried))
    })?;
    engine.changes.publish(ChangeKind::AuthClient, auth_client.id);
    for id in retried {
        engine.changes.publish(ChangeKind::Connection, id);
    }
    // EL7: those of other vaults that are open are told as well; one that cannot be written says so when it is used.
    if auth_client.visibility == Visibility::Machine && !is_sent_alike(before, &auth_client.registration) {
        for neighbour in neighbours::open(engine) {
            let _ = neighbour.vault.write(now, |tx| {
                retry_refused(tx, found.address, &auth_client.registration, now)
            });
        }
    }
    Ok(Counted { auth_client, ..found })
}

/// O-61: what the provider refused was the AuthClient as it was. Its Connections that had stopped for that are refreshed
/// once more when they are due; what was refused stays told until then. Where nobody has to consent, one whose grant had
/// ended is among them: its grant is the AuthClient itself.
fn retry_refused(
    tx: &mut WriteTx<'_>,
    address: Address,
    registration: &Registration,
    now: Timestamp,
) -> store::Result<Vec<Id>> {
    let is_alone =
        matches!(registration, Registration::Oauth2(client) if grants::needs_no_person(client.grant));
    let mut retried = Vec::new();
    for mut connection in connections::list(tx, None)? {
        if connection.auth_client != Some(address) {
            continue;
        }
        match connection.state {
            ConnectionState::Error => {}
            ConnectionState::NeedsConsent if is_alone => {}
            // What a consent failed with was said of the AuthClient as it was, and nothing is asked by itself.
            ConnectionState::AwaitingConsent | ConnectionState::Disconnected
                if connection.error.is_some() =>
            {
                connection.error = None;
                connections::update(tx, &connection)?;
                retried.push(connection.id);
                continue;
            }
            _ => continue,
        }
        let refused = connection
            .error
            .take()
            .map_or(String::new(), |error| error.message);
        connection.error = Some(ConnectionError {
            code: AUTH_CLIENT_CHANGED.to_owned(),
            message: format!("The auth client was changed. Before that: {refused}"),
            hint: format!(
                "Keyward asks the provider when the token is due. To ask it now: keyward connection refresh {}",
                connection.key
            ),
        });
        connection.state = ConnectionState::Ready;
        connection.retry_at = None;
        connection.failures = 0;
        connection.updated_at = now;
        connections::update(tx, &connection)?;
        retried.push(connection.id);
    }
    Ok(retried)
}

/// Whether a request for tokens is what it was. What only a consent or this machine's clock looks at makes no refused one
/// worth another try.
fn is_sent_alike(before: &Registration, after: &Registration) -> bool {
    let (Registration::Oauth2(before), Registration::Oauth2(after)) = (before, after) else {
        return before == after;
    };
    let unsent = |client: &Oauth2| Oauth2 {
        authorize_params: Vec::new(),
        scopes: Vec::new(),
        token_expires_in: 0,
        refresh_window: None,
        ..client.clone()
    };
    unsent(before) == unsent(after)
}

/// The first thing asked to change that Connections rest on.
fn rested_on(changes: &Changes<'_>) -> Option<&'static str> {
    [
        ("client id", changes.client_id.is_some()),
        ("auth uri", changes.auth_uri.is_some()),
        ("token uri", changes.token_uri.is_some()),
        ("revocation uri", changes.revocation_uri.is_some()),
        ("refresh token uri", changes.refresh_token_uri.is_some()),
        ("grant", changes.grant.is_some()),
        ("redirect", changes.redirect.is_some()),
        ("redirect path", changes.redirect_path.is_some()),
        ("url", changes.url.is_some()),
        ("way of applying", changes.apply.is_some()),
    ]
    .into_iter()
    .find_map(|(field, asked)| asked.then_some(field))
}

/// No Connection loses its AuthClient by a narrower visibility.
fn check_reach(engine: &Engine, before: &Counted, after: &AuthClient) -> Result<()> {
    let loses = |(vault, connection): &User| match vault {
        Some(_) => after.visibility != Visibility::Machine,
        None => !after.is_visible_in(connection.environment),
    };
    let users = users(engine, &before.auth_client, before.address)?;
    let Some((elsewhere, connection)) = users.into_iter().find(loses) else {
        return Ok(());
    };
    let user = match elsewhere {
        None => format!("The connection “{}” of another environment", connection.key),
        Some(Elsewhere {
            vault,
            is_unlocked: true,
        }) => format!("The connection “{}” of the vault “{vault}”", connection.key),
        Some(Elsewhere { vault, .. }) => format!("A connection of the vault “{vault}”"),
    };
    Err(Error::new(
        Kind::Conflict,
        format!("{user} could no longer use the auth client “{}”.", after.key),
        "Delete that connection first.",
    ))
}

fn apply_changes(registration: &mut Registration, changes: &Changes<'_>) -> Result<()> {
    let kind = registration.kind();
    let foreign = |field: &str| Error::invalid(format!("{field}: an auth client of type {kind} has none."));
    let oauth2_fields = [
        ("client id", changes.client_id.is_some()),
        (
            "client secret",
            changes.client_secret.is_some() && kind != "oauth1",
        ),
        ("auth uri", changes.auth_uri.is_some()),
        ("token uri", changes.token_uri.is_some()),
        ("revocation uri", changes.revocation_uri.is_some()),
        ("grant", changes.grant.is_some()),
        ("client auth", changes.client_authentication.is_some()),
        ("redirect", changes.redirect.is_some()),
        ("redirect path", changes.redirect_path.is_some()),
        ("token expires in", changes.token_expires_in.is_some()),
        ("authorize param", changes.authorize_params.is_some()),
        ("scope", changes.scopes.is_some()),
        ("refresh token uri", changes.refresh_token_uri.is_some()),
        ("token param", changes.token_params.is_some()),
        ("refresh param", changes.refresh_params.is_some()),
        ("resource", changes.resources.is_some()),
        ("refresh window", changes.refresh_window.is_some()),
    ];
    if kind != "oauth2"
        && let Some((field, _)) = oauth2_fields.into_iter().find(|(_, asked)| *asked)
    {
        return Err(foreign(field));
    }
    let new_url = changes.url.map(|url| endpoint_of("url", url)).transpose()?;
    let new_apply = changes.apply.map(apply_of).transpose()?;
    match registration {
        Registration::Oauth2(_) | Registration::Oauth1(_) if new_url.is_some() => return Err(foreign("url")),
        Registration::Oauth2(_)
        | Registration::Oauth1(_)
        | Registration::NoAuth { .. }
        | Registration::Basic { .. }
            if new_apply.is_some() =>
        {
            return Err(foreign("apply"));
        }
        Registration::NoAuth { url } | Registration::Basic { url } => *url = new_url.or(url.take()),
        Registration::ApiKey { url, apply } => {
            *url = new_url.or(url.take());
            if let Some(new) = new_apply {
                *apply = new;
            }
        }
        // Its consumer secret is a version of its own; nothing else of it changes.
        Registration::Oauth1(_) => {}
        Registration::Oauth2(oauth2) => {
            let set = |field: &str, new: Option<&str>, old: &mut String| -> Result<()> {
                if let Some(uri) = new {
                    *old = endpoint_of(field, uri)?;
                }
                Ok(())
            };
            set("auth uri", changes.auth_uri, &mut oauth2.auth_uri)?;
            set("token uri", changes.token_uri, &mut oauth2.token_uri)?;
            if let Some(uri) = changes.revocation_uri {
                oauth2.revocation_uri = Some(endpoint_of("revocation uri", uri)?);
            }
            match changes.client_id {
                Some("") => return Err(Error::invalid("client id: it is empty.")),
                Some(client_id) => client_id.clone_into(&mut oauth2.client_id),
                None => {}
            }
            match changes.token_expires_in {
                Some(0) => return Err(Error::invalid("token expires in: at least 1 s.")),
                Some(seconds) => oauth2.token_expires_in = seconds,
                None => {}
            }
            change_ways(oauth2, changes)?;
            match changes.refresh_token_uri {
                Some("") => oauth2.refresh_token_uri = None,
                Some(uri) => oauth2.refresh_token_uri = Some(endpoint_of("refresh token uri", uri)?),
                None => {}
            }
            for (new, old) in [
                (&changes.authorize_params, &mut oauth2.authorize_params),
                (&changes.token_params, &mut oauth2.token_params),
                (&changes.refresh_params, &mut oauth2.refresh_params),
            ] {
                if let Some(params) = new {
                    authorize::check_params(params)?;
                    old.clone_from(params);
                }
            }
            if let Some(resources) = &changes.resources {
                resources
                    .iter()
                    .try_for_each(|resource| check_resource(resource))?;
                oauth2.resources.clone_from(resources);
            }
            if changes.refresh_window.is_some() {
                check_window(changes.refresh_window)?;
                oauth2.refresh_window = changes.refresh_window;
            }
            if let Some(scopes) = &changes.scopes {
                oauth2.scopes.clone_from(scopes);
            }
            if changes.client_secret.is_some() {
                // What the provider said was said of the one before.
                oauth2.client_secret_expires_at = None;
            }
            // A public client that is given a secret sends it; RFC 6749 §2.3.1 prefers HTTP Basic.
            if changes.client_secret.is_some()
                && changes.client_authentication.is_none()
                && oauth2.client_authentication == ClientAuthentication::None
                && oauth2.grant != Grant::JwtBearer
            {
                oauth2.client_authentication = ClientAuthentication::Basic;
            }
        }
    }
    Ok(())
}

/// How tokens are got, how the client says who it is, and where the browser comes back to: what is left must fit together.
fn change_ways(oauth2: &mut Oauth2, changes: &Changes<'_>) -> Result<()> {
    if let Some(grant) = changes.grant {
        if grant == Grant::AuthorizationCode && oauth2.auth_uri.is_empty() && changes.auth_uri.is_none() {
            return Err(Error::new(
                Kind::Invalid,
                "auth uri: it is missing.",
                "A consent in the browser needs one: say --auth-uri as well.",
            ));
        }
        if grant == Grant::DeviceCode && oauth2.device_uri.is_none() {
            return Err(Error::new(
                Kind::Invalid,
                "device uri: it is missing.",
                "Make an auth client with --device-uri, or with the --issuer that names it.",
            ));
        }
        oauth2.grant = grant;
    }
    if let Some(authentication) = changes.client_authentication {
        oauth2.client_authentication = authentication;
    }
    check_authentication(oauth2)?;
    if let Some(redirect) = &changes.redirect {
        oauth2.redirect = redirect.clone();
    }
    if let Some(path) = changes.redirect_path {
        path.clone_into(&mut oauth2.redirect_path);
    }
    if changes.redirect.is_some() || changes.redirect_path.is_some() {
        redirect::check(&oauth2.redirect, &oauth2.redirect_path)?;
    }
    Ok(())
}
