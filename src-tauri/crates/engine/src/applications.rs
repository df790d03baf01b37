//! Applications: what credentials are for, and which Connection is meant when one is asked for by its name (AM5, AM9).

use std::collections::BTreeMap;

use keyward_model::{
    Timestamp,
    application::Application,
    environment::Environment,
    name::{AppName, Handle},
    search::Query,
};
use keyward_vault::table::{applications, audit, auth_clients, connections};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    auth_clients::endpoint_of,
    changes::ChangeKind,
    connections as connection_acts, environments, refresh, secrets,
};

/// An Application and what an environment has of it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its key: what `@APP` says.
    pub key: AppName,
    /// Free text for people.
    pub name: String,
    /// Where its requests usually go.
    pub url: Option<String>,
    /// Keys of its AuthClients that are visible there.
    pub auth_clients: Vec<Handle>,
    /// Keys of its Connections there.
    pub connections: Vec<Handle>,
    /// The Connection that `@APP` means there.
    pub default: Option<Handle>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Every Application by key, with what this environment has of it, narrowed by a search text.
///
/// # Errors
/// When locked or damaged.
pub fn list(engine: &Engine, environment: &str, search: &str) -> Result<Vec<Shown>> {
    let environment = environments::find(engine, environment)?;
    let query = Query::new(search);
    let mut found = all(engine, &environment)?;
    found.retain(|one| query.matches(&[one.key.as_str(), &one.name]));
    Ok(found)
}

/// One of them.
///
/// # Errors
/// [`Kind::Invalid`] for what is no name, [`Kind::NotFound`].
pub fn find(engine: &Engine, environment: &str, application: &str) -> Result<Shown> {
    let key = parse(application)?;
    let environment = environments::find(engine, environment)?;
    all(engine, &environment)?
        .into_iter()
        .find(|one| one.key == key)
        .ok_or_else(|| unknown(&key))
}

/// Makes a Connection the one that `@APP` means in its environment (AM9).
///
/// # Errors
/// [`Kind::NotFound`] for either; [`Kind::Invalid`] when the Connection is for something else.
pub fn set_default(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    application: &str,
    connection: &str,
) -> Result<Shown> {
    access::authorize(caller, Act::Write)?;
    let key = find(engine, environment, application)?.key;
    let chosen = connection_acts::find(engine, environment, connection)?;
    if chosen.connection.application.as_ref() != Some(&key) {
        let message = match &chosen.connection.application {
            Some(other) => format!("The connection “{}” is for {other}.", chosen.connection.key),
            None => format!(
                "The connection “{}” is for no application.",
                chosen.connection.key
            ),
        };
        let hint = format!("`keyward app show {key}` names the connections of {key}.");
        return Err(Error::new(Kind::Invalid, message, hint));
    }
    let id = chosen.connection.id;
    let now = engine.now();
    engine.unlocked()?.write(now, |tx| {
        let connection = connections::make_default(tx, id, now)?;
        let event = refresh::event(
            engine,
            &caller.actor(),
            "connection.make_default",
            &chosen.environment,
            &connection,
            "ok",
        );
        audit::append(tx, &event)
    })?;
    engine.changes.publish(ChangeKind::Connection, id);
    find(engine, chosen.environment.name.as_str(), key.as_str())
}

/// What a person changes of an Application; what is left out stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes<'a> {
    /// Free text for people.
    pub name: Option<&'a str>,
    /// Where its requests usually go; empty for nowhere in particular.
    pub url: Option<&'a str>,
}

/// Changes what an Application is called and where its requests usually go; its key never changes. One that only a
/// vault older than its records knows gets a record now.
///
/// # Errors
/// [`Kind::Invalid`] naming the field, [`Kind::NotFound`].
pub fn update(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    application: &str,
    changes: Changes<'_>,
) -> Result<Shown> {
    access::authorize(caller, Act::Write)?;
    if let Some(name) = changes.name {
        secrets::check_text("name", name)?;
        if name.trim().is_empty() {
            return Err(Error::invalid("name: it is empty."));
        }
    }
    let url = match changes.url {
        None => None,
        Some("") => Some(None),
        Some(url) => Some(Some(endpoint_of("url", url)?)),
    };
    let shown = find(engine, environment, application)?;
    let now = engine.now();
    let id = engine.unlocked()?.write(now, |tx| {
        let new = applications::New {
            key: &shown.key,
            name: None,
            url: None,
        };
        let mut record = applications::find_or_insert(tx, new, now)?;
        if let Some(name) = changes.name {
            name.clone_into(&mut record.name);
        }
        if let Some(url) = &url {
            record.url.clone_from(url);
        }
        applications::update(tx, &record)?;
        let subject = format!("application {}", shown.key);
        let event = crate::audit::event(engine, caller.actor(), "application.update", subject, "ok");
        audit::append(tx, &event)?;
        Ok(record.id)
    })?;
    engine.changes.publish(ChangeKind::Application, id);
    find(engine, environment, application)
}

/// Reads a name or says which rule it breaks.
///
/// # Errors
/// [`Kind::Invalid`].
pub(crate) fn parse(application: &str) -> Result<AppName> {
    AppName::parse(application).map_err(|error| Error::invalid(format!("app: {error}")))
}

fn all(engine: &Engine, environment: &Environment) -> Result<Vec<Shown>> {
    let (records, clients, mut held) = engine.unlocked()?.read(|tx| {
        Ok((
            applications::list(tx)?,
            auth_clients::list(tx)?,
            connections::list(tx, Some(environment.id))?,
        ))
    })?;
    held.sort_by(|one, other| one.key.cmp(&other.key));
    let mut shown: BTreeMap<AppName, Shown> = records
        .into_iter()
        .map(|record| (record.key.clone(), Shown::from(record)))
        .collect();
    for client in clients
        .iter()
        .filter(|client| client.is_visible_in(environment.id))
    {
        if let Some(key) = &client.application {
            let one = shown
                .entry(key.clone())
                .or_insert_with(|| Shown::new(key, client.created_at));
            one.auth_clients.push(client.key.clone());
        }
    }
    for connection in &held {
        if let Some(key) = &connection.application {
            let one = shown
                .entry(key.clone())
                .or_insert_with(|| Shown::new(key, connection.created_at));
            one.connections.push(connection.key.clone());
            if connection.default {
                one.default = Some(connection.key.clone());
            }
        }
    }
    for one in shown.values_mut() {
        one.auth_clients.sort();
    }
    Ok(shown.into_values().collect())
}

impl Shown {
    /// What a vault that kept no record of it knows: something is for it since then.
    fn new(key: &AppName, since: Timestamp) -> Self {
        Self {
            key: key.clone(),
            name: key.to_string(),
            url: None,
            auth_clients: Vec::new(),
            connections: Vec::new(),
            default: None,
            created_at: since,
        }
    }
}

impl From<Application> for Shown {
    fn from(record: Application) -> Self {
        Self {
            name: record.name,
            url: record.url,
            ..Self::new(&record.key, record.created_at)
        }
    }
}

fn unknown(key: &AppName) -> Error {
    Error::new(
        Kind::NotFound,
        format!("There is no application “{key}”."),
        "`keyward app list` names those there are; --app makes one.",
    )
}
