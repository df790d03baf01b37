//! App credentials and registrations into the tables.

use keyward_foreign::{
    Variable,
    app::{AppCredential, ApplicationOf, ClientOf},
};
use keyward_model::{
    Id, Timestamp,
    auth_client::AuthClient,
    connection::{AuthType, Connection, ConnectionState},
    name::{AppName, Handle},
};
use keyward_vault::{
    error as store,
    table::{applications, auth_clients, connections},
    tx::{Tx, WriteTx},
};

use super::{super::Made, steps};
use crate::{auth_clients::endpoint_of, connections::is_first, secrets::check_text};

/// Where an app credential goes and what it is called.
pub(super) struct Named {
    pub(super) environment: Id,
    pub(super) key: Handle,
    pub(super) name: String,
}

/// What an import has beside the entry at hand.
#[derive(Clone, Copy)]
pub(in crate::import::apply) struct Already<'a> {
    /// What it made so far.
    pub(in crate::import::apply) made: &'a [Made],
    /// Applications that its file tells of.
    pub(in crate::import::apply) applications: &'a [ApplicationOf],
}

/// Makes a registration; its client secret goes where the vault keeps it.
pub(in crate::import::apply) fn client(
    tx: &mut WriteTx<'_>,
    environment: Id,
    key: Handle,
    told: &ClientOf,
    applications: &[ApplicationOf],
    now: Timestamp,
) -> store::Result<Made> {
    let application = application(tx, told.application.as_deref(), applications, now)?;
    let name = if told.name.is_empty() {
        key.to_string()
    } else {
        told.name.clone()
    };
    let client = AuthClient {
        id: tx.new_id()?,
        key,
        name,
        application,
        visibility: told.visibility,
        environment,
        registration: told.registration.clone(),
        created_at: now,
    };
    let made = auth_clients::insert(tx, &client, told.client_secret.as_ref(), now)?;
    Ok(Made::AuthClient(made.id))
}

/// Makes an app credential with the values it had. What carries structure alone waits for its value as one that was
/// disconnected does.
pub(super) fn connection(
    tx: &mut WriteTx<'_>,
    named: Named,
    app: &AppCredential,
    one: &Variable,
    already: Already<'_>,
    now: Timestamp,
) -> store::Result<Id> {
    let application = application(tx, app.application.as_deref(), already.applications, now)?;
    let client = through(tx, &named, app)?;
    let waits = one.value.is_none() && app.auth_type != AuthType::None;
    let mut connection = Connection {
        name: named.name,
        auth_client: client.map(|client| auth_clients::address(tx, client.id)),
        url: app.url.clone(),
        apply: app.apply.clone().or_else(|| app.auth_type.usual_apply()),
        state: if waits {
            ConnectionState::Disconnected
        } else {
            ConnectionState::Ready
        },
        default: is_first(tx, named.environment, application.as_ref())?,
        application,
        ..connections::new(tx, named.environment, named.key, app.auth_type, now)?
    };
    connections::insert(tx, &connection)?;
    if let Some(current) = &one.value {
        for step in steps(one, current) {
            let at = step.at.unwrap_or(now);
            connection = connections::set_value(tx, connection, step.value, step.note, at)?;
        }
    }
    if app.default && gives_way(tx, &connection, already.made)? {
        connections::make_default(tx, connection.id, now)?;
    }
    Ok(connection.id)
}

/// Whether the default there is now came with the same file: what the Owner chose before stays chosen.
fn gives_way(tx: &Tx<'_>, connection: &Connection, made: &[Made]) -> store::Result<bool> {
    let Some(application) = &connection.application else {
        return Ok(false);
    };
    let now = connections::default_of(tx, connection.environment, application)?;
    Ok(made.contains(&Made::Connection(now.id)))
}

/// The registration it names, where it is there, may be used and serves it.
fn through(tx: &Tx<'_>, named: &Named, app: &AppCredential) -> store::Result<Option<AuthClient>> {
    let key = app.auth_client.as_deref().and_then(|key| Handle::parse(key).ok());
    let Some(key) = key else {
        return Ok(None);
    };
    Ok(auth_clients::list(tx)?.into_iter().find(|client| {
        client.key == key
            && client.is_visible_in(named.environment)
            && client.registration.serves(app.auth_type)
    }))
}

/// The Application of this key, as the file tells of it where it is new here. What cannot be said of one is left out:
/// a key that is none makes none, and neither name nor address are worth refusing a file for.
fn application(
    tx: &mut WriteTx<'_>,
    key: Option<&str>,
    told: &[ApplicationOf],
    now: Timestamp,
) -> store::Result<Option<AppName>> {
    let Some(key) = key.and_then(|key| AppName::parse(key).ok()) else {
        return Ok(None);
    };
    let told = told.iter().find(|one| one.key == key.as_str());
    let new = applications::New {
        key: &key,
        name: told
            .map(|one| one.name.as_str())
            .filter(|name| !name.trim().is_empty() && check_text("name", name).is_ok()),
        url: told
            .and_then(|one| one.url.as_deref())
            .filter(|url| endpoint_of("url", url).is_ok()),
    };
    applications::find_or_insert(tx, new, now)?;
    Ok(Some(key))
}
