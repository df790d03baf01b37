//! Connections whose values a person enters: Basic, API key, Access token, none (AM7, AM8).

use keyward_model::{
    SecretValue,
    connection::{AuthType, Connection, ConnectionState},
    environment::Environment,
    name::{EnvironmentName, Handle},
    secret::Version,
};
use keyward_vault::{
    error as store,
    table::{applications, audit, connections},
    tx::WriteTx,
};

use super::{
    Shown,
    fields::{Named, checked_apply, checked_url, field, joined},
    find, is_first, read,
};
use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    again,
    applications::parse as parse_application,
    auth_clients,
    changes::ChangeKind,
    environments, refresh, secrets,
};

/// What a person says of a new Connection.
pub struct New<'a> {
    /// The key, for ever.
    pub key: &'a str,
    /// Default: the key.
    pub name: Option<&'a str>,
    /// What it holds; for OAuth there is [`crate::connect`].
    pub auth_type: AuthType,
    /// What it is for; default: what its AuthClient is for.
    pub application: Option<&'a str>,
    /// What people call the Application, where it is new.
    pub application_name: Option<&'a str>,
    /// Key or id of the AuthClient that says where and how, where there is one.
    pub auth_client: Option<&'a str>,
    /// Where requests go; default: what the AuthClient says.
    pub url: Option<&'a str>,
    /// How the value is sent (WK1); default: what the AuthClient says, else what is usual for the type.
    pub apply: Option<&'a str>,
    /// Its first values.
    pub values: Named<'a>,
    /// Whether `@APP` shall mean it.
    pub default: Choice,
}

/// Which Connection an Application's name means (AM9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This one where it is the first, else the one that was.
    First,
    /// This one from now on.
    This,
}

/// What a person changes; what is left out stays.
#[derive(Default)]
pub struct Changes<'a> {
    /// Free text for people.
    pub name: Option<&'a str>,
    /// Where requests go; empty for nowhere in particular.
    pub url: Option<&'a str>,
    /// How the value is sent.
    pub apply: Option<&'a str>,
    /// New values, all of them: a new version.
    pub values: Named<'a>,
    /// Why the values are new.
    pub note: &'a str,
}

/// Makes a Connection with its first values, in one transaction.
///
/// # Errors
/// [`Kind::Invalid`] naming the field, [`Kind::Conflict`] for a taken key, [`Kind::NotFound`].
pub fn create(engine: &Engine, caller: &Caller, environment: &str, new: &New<'_>) -> Result<Shown> {
    access::authorize(caller, Act::Write)?;
    let key = secrets::parse_key(new.key)?;
    secrets::check_text("name", new.name.unwrap_or_default())?;
    secrets::check_text("app name", new.application_name.unwrap_or_default())?;
    if matches!(new.auth_type, AuthType::Oauth2 | AuthType::Oauth1) {
        return Err(Error::new(
            Kind::Invalid,
            "An OAuth connection is made by consent.",
            format!("Connect it: keyward connect {key}"),
        ));
    }
    let value = joined(new.auth_type, new.values)?;
    let environment = environments::find(engine, environment)?;
    let client = auth_clients::choose(engine, &environment, new.auth_client, new.auth_type)?;
    let registration = client.as_ref().map(|found| &found.auth_client.registration);
    let application = match new.application {
        Some(application) => Some(parse_application(application)?),
        None => client
            .as_ref()
            .and_then(|found| found.auth_client.application.clone()),
    };
    let url = new
        .url
        .or_else(|| registration.and_then(|registration| registration.url()));
    let url = checked_url(new.auth_type, url.unwrap_or_default())?;
    let apply = match new.apply {
        Some(text) => Some(checked_apply(new.auth_type, text)?),
        None => registration
            .and_then(|registration| registration.apply().cloned())
            .or_else(|| new.auth_type.usual_apply()),
    };
    let now = engine.now();
    let written = engine.unlocked()?.write(now, |tx| {
        let application_record = application.as_ref().map(|key| applications::New {
            key,
            name: new.application_name,
            url: url.as_deref(),
        });
        if let Some(record) = application_record {
            applications::find_or_insert(tx, record, now)?;
        }
        let connection = Connection {
            name: new.name.unwrap_or(new.key).to_owned(),
            application: application.clone(),
            auth_client: client.as_ref().map(|found| found.address),
            foreign_key: client
                .as_ref()
                .filter(|found| found.kept_in.is_some())
                .map(|found| found.auth_client.key.clone()),
            url: url.clone(),
            apply,
            state: ConnectionState::Ready,
            default: is_first(tx, environment.id, application.as_ref())?,
            ..connections::new(tx, environment.id, key.clone(), new.auth_type, now)?
        };
        connections::insert(tx, &connection)?;
        let mut connection = match &value {
            Some(value) => connections::set_value(tx, connection, value, "", now)?,
            None => connection,
        };
        if new.default == Choice::This && connection.application.is_some() {
            connection = connections::make_default(tx, connection.id, now)?;
        }
        log(tx, engine, caller, "connection.create", &environment, &connection)?;
        Ok(connection)
    });
    match written {
        Ok(connection) => {
            engine.changes.publish(ChangeKind::Connection, connection.id);
            read(engine, connection.id)
        }
        Err(store::Error::Conflict(_)) => Err(taken(&key, &environment.name)),
        Err(error) => Err(error.into()),
    }
}

/// Changes what a Connection is called, where its requests go and how its value is sent; gives it new values. Entering
/// values connects again what was disconnected (AM6).
///
/// # Errors
/// [`Kind::Invalid`] naming the field, [`Kind::NotFound`], [`Kind::Conflict`] when it changed meanwhile.
pub fn update(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    changes: &Changes<'_>,
) -> Result<Shown> {
    access::authorize(caller, Act::Write)?;
    secrets::check_text("name", changes.name.unwrap_or_default())?;
    let shown = find(engine, environment, key_or_id)?;
    let auth_type = shown.connection.auth_type;
    let url = changes.url.map(|url| checked_url(auth_type, url)).transpose()?;
    let apply = changes
        .apply
        .map(|apply| checked_apply(auth_type, apply))
        .transpose()?;
    let value = match changes.values {
        [] => None,
        values => joined(auth_type, values)?,
    };
    let now = engine.now();
    engine.unlocked()?.write(now, |tx| {
        let mut connection = connections::read(tx, shown.connection.id)?;
        if let Some(name) = changes.name {
            name.clone_into(&mut connection.name);
        }
        if let Some(url) = url {
            connection.url = url;
        }
        if let Some(apply) = apply {
            connection.apply = Some(apply);
        }
        connection.updated_at = now;
        if let Some(value) = &value {
            connection.state = ConnectionState::Ready;
            connections::set_value(tx, connection, value, changes.note, now)?;
        } else {
            connections::update(tx, &connection)?;
        }
        let act = if value.is_some() {
            "connection.set_values"
        } else {
            "connection.update"
        };
        log(tx, engine, caller, act, &shown.environment, &shown.connection)
    })?;
    engine
        .changes
        .publish(ChangeKind::Connection, shown.connection.id);
    read(engine, shown.connection.id)
}

/// Makes the values of an old version the current ones, as a new version.
///
/// # Errors
/// [`Kind::NotFound`] for the Connection or the version; [`Kind::Conflict`] for a revoked version.
pub fn restore_version(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    number: u32,
) -> Result<Shown> {
    access::authorize(caller, Act::Write)?;
    let shown = find(engine, environment, key_or_id)?;
    let now = engine.now();
    engine.unlocked()?.write(now, |tx| {
        let connection = connections::read(tx, shown.connection.id)?;
        let revoked = connections::value_versions(tx, &connection)?
            .iter()
            .any(|version| version.number == number && version.revoked);
        if revoked {
            return Err(store::Error::Conflict(format!(
                "version {number} of {} was revoked",
                connection.key
            )));
        }
        let value = connections::version_value(tx, &connection, number)?;
        let note = format!("Restored from version {number}");
        let connection = connections::set_value(tx, connection, &value, &note, now)?;
        let act = "connection.restore_version";
        log(tx, engine, caller, act, &shown.environment, &connection)
    })?;
    engine
        .changes
        .publish(ChangeKind::Connection, shown.connection.id);
    read(engine, shown.connection.id)
}

/// Versions of its values, newest first, without values.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Invalid`] for a type without values of ours.
pub fn history(engine: &Engine, environment: &str, key_or_id: &str) -> Result<(Shown, Vec<Version>)> {
    let shown = find(engine, environment, key_or_id)?;
    if shown.connection.auth_type.values().is_empty() {
        return Err(Error::invalid(format!(
            "“{}” is of type {} and has no values that were entered.",
            shown.connection.key,
            shown.connection.auth_type.as_str()
        )));
    }
    let versions = engine
        .unlocked()?
        .read(|tx| connections::value_versions(tx, &shown.connection))?;
    Ok((shown, versions))
}

/// Reveals one field to the Owner, and says when the log could not take the event.
///
/// # Errors
/// [`Kind::NotFound`] for the Connection or the field; [`Kind::NeedsConsent`] while it is disconnected;
/// [`Kind::Locked`] where the passphrase is needed again (W-08).
pub fn reveal(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    name: &str,
    passphrase: again::Given<'_>,
) -> Result<(SecretValue, Option<String>)> {
    again::before_reveal(engine, passphrase)?;
    hand_out(engine, caller, environment, key_or_id, name, "connection.reveal")
}

/// One field for the clipboard, which shows it to nobody.
///
/// # Errors
/// [`Kind::NotFound`] for the Connection or the field; [`Kind::NeedsConsent`] while it is disconnected.
pub fn copy(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    name: &str,
) -> Result<(SecretValue, Option<String>)> {
    hand_out(engine, caller, environment, key_or_id, name, "connection.copy")
}

fn hand_out(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    name: &str,
    action: &str,
) -> Result<(SecretValue, Option<String>)> {
    access::authorize(caller, Act::Read)?;
    let shown = find(engine, environment, key_or_id)?;
    let value = engine
        .unlocked()?
        .read(|tx| connections::value(tx, &shown.connection))?;
    let value = field(&shown.connection, value, Some(name))?;
    let event = refresh::event(
        engine,
        &caller.actor(),
        action,
        &shown.environment,
        &shown.connection,
        "ok",
    );
    let notice = engine.reads.record(engine, vec![event])?;
    Ok((value, notice))
}

fn taken(key: &Handle, environment: &EnvironmentName) -> Error {
    Error::new(
        Kind::Conflict,
        format!("The key “{key}” is taken in environment “{environment}”."),
        "Keys that differ only in case count as the same. Use `connection update` to enter new values.",
    )
}

fn log(
    tx: &mut WriteTx<'_>,
    engine: &Engine,
    caller: &Caller,
    action: &str,
    environment: &Environment,
    connection: &Connection,
) -> store::Result<()> {
    let event = refresh::event(engine, &caller.actor(), action, environment, connection, "ok");
    audit::append(tx, &event)
}
