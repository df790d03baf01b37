//! Bulk import of AuthClients and planned Connections that somebody else prepared (OA13): all of it is checked before
//! anything is written, and all is written in one transaction or nothing is.

mod checks;
mod faults;

use std::{io::Read, path::Path};

use keyward_foreign::roster as foreign;
use keyward_model::{
    Id, Timestamp,
    auth_client::AuthClient,
    connection::{Address, AuthType, Connection, LOGIN_HINT},
    environment::Environment,
    name::{AppName, Handle},
    plain,
};
use keyward_vault::{
    error as store,
    table::{applications, audit, auth_clients as client_rows, connections as rows, items},
    tx::WriteTx,
};

pub use foreign::{Complaint, Kind as LineKind, Line, Roster};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    auth_clients::{self, Prepared},
    changes::ChangeKind,
    connections::is_first,
    consent_queue, environments, refresh,
};

/// Reads a roster from a file.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Invalid`] naming the file, and the line where there is one.
pub fn read(path: &Path) -> Result<Roster> {
    let name = path.display();
    let problem = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::new(Kind::NotFound, format!("{name}: there is no such file."), "")
        }
        kind => Error::invalid(format!("{name}: it cannot be read ({kind}).")),
    };
    let file = std::fs::File::open(path).map_err(problem)?;
    parse(file, &name.to_string())
}

/// Reads a roster from a stream; `name` is what its faults call it.
///
/// # Errors
/// [`Kind::Invalid`].
pub fn parse(source: impl Read, name: &str) -> Result<Roster> {
    let mut bytes = Vec::new();
    source
        .take(foreign::SOURCE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            Error::invalid(format!(
                "{name}: it cannot be read ({}).",
                plain::why(error.kind())
            ))
        })?;
    foreign::parse(&bytes).map_err(|error| {
        Error::new(
            Kind::Invalid,
            format!("{name}: {error}."),
            "A roster is JSON with auth_clients and connections, or CSV with a column kind.",
        )
    })
}

/// What happens to a key that is taken already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Nothing at all is imported.
    Refuse,
    /// What is there stays as it is.
    Keep,
}

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Nothing is.
    Dry,
    /// All is, where nothing is wrong.
    Real,
}

/// One line, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Line or member of the file.
    pub place: String,
    /// What it makes.
    pub kind: LineKind,
    /// Its key.
    pub key: Handle,
    /// Whether the key is taken already.
    pub is_taken: bool,
    /// Of an AuthClient that is made: whether it still wants its client secret.
    pub wants_client_secret: bool,
}

/// What an import did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The lines without a fault, in the order of the file.
    pub rows: Vec<Row>,
    /// All that is wrong.
    pub complaints: Vec<Complaint>,
    /// Whether it was written.
    pub is_written: bool,
}

/// A Connection that awaits consent, checked.
struct Planned {
    key: Handle,
    name: String,
    through: Through,
    scopes: Option<Vec<String>>,
    params: Vec<(String, String)>,
}

/// The AuthClient of a planned Connection.
enum Through {
    /// One of the same file, by its place among those that are made.
    Made(usize),
    /// One that was there.
    There(Box<There>),
}

/// What a Connection takes over from an AuthClient.
struct There {
    address: Address,
    foreign_key: Option<Handle>,
    application: Option<AppName>,
    auth_type: AuthType,
    scopes: Vec<String>,
}

/// Checks every line, then writes them all or none. AuthClients with an issuer ask it, in a dry run too.
///
/// # Errors
/// [`Kind::NotFound`] for the environment; when locked or damaged. What is wrong with a line is a [`Complaint`].
pub fn import(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    lines: &[Line],
    (taken, run): (Taken, Run),
) -> Result<Outcome> {
    access::authorize(caller, Act::Write)?;
    if lines.len() > foreign::LINES {
        return Err(Error::invalid(format!(
            "A roster has at most {} lines.",
            foreign::LINES
        )));
    }
    let environment = environments::find(engine, environment)?;
    let mut checked = checks::Checked::default();
    for line in lines.iter().filter(|line| line.kind == LineKind::AuthClient) {
        checked.auth_client(engine, line)?;
    }
    // A Connection may stand before its AuthClient.
    for line in lines.iter().filter(|line| line.kind == LineKind::Connection) {
        checked.connection(engine, &environment, line)?;
    }
    let is_refused = !checked.complaints.is_empty()
        || (taken == Taken::Refuse && checked.rows.iter().any(|row| row.is_taken));
    let is_written = run == Run::Real && !is_refused;
    if is_written {
        write(engine, caller, &environment, &checked)?;
    }
    Ok(Outcome {
        rows: checked.rows,
        complaints: checked.complaints,
        is_written,
    })
}

/// One transaction: whoever made one of the keys meanwhile makes it fail as a whole.
fn write(
    engine: &Engine,
    caller: &Caller,
    environment: &Environment,
    checked: &checks::Checked,
) -> Result<()> {
    let now = engine.now();
    let written = engine.unlocked()?.write(now, |tx| {
        let mut made = Vec::new();
        for prepared in &checked.clients {
            made.push(prepared.insert(tx, (engine, caller), environment.id, None, now)?);
        }
        let mut ids = Vec::new();
        for planned in &checked.connections {
            let there = match &planned.through {
                Through::Made(at) => &There::of(client_rows::address(tx, made[*at].id), &made[*at], false),
                Through::There(there) => there,
            };
            let connection = plan(tx, environment.id, planned, there, now)?;
            let event = refresh::event(
                engine,
                &caller.actor(),
                "connection.plan",
                environment,
                &connection,
                "ok",
            );
            audit::append(tx, &event)?;
            ids.push(connection.id);
        }
        Ok((made, ids))
    });
    let (made, ids) = written.map_err(|error| match error {
        store::Error::Conflict(what) => Error::new(
            Kind::Conflict,
            format!("Something changed while the file was looked at: {what}. Nothing was imported."),
            "Import it again.",
        ),
        error => error.into(),
    })?;
    for client in made {
        engine.changes.publish(ChangeKind::AuthClient, client.id);
    }
    for id in ids {
        engine.changes.publish(ChangeKind::Connection, id);
    }
    Ok(())
}

impl There {
    fn of(address: Address, client: &AuthClient, is_foreign: bool) -> Self {
        Self {
            address,
            foreign_key: is_foreign.then(|| client.key.clone()),
            application: client.application.clone(),
            auth_type: match client.oauth1() {
                Some(_) => AuthType::Oauth1,
                None => AuthType::Oauth2,
            },
            scopes: client
                .oauth2()
                .map(|oauth2| oauth2.scopes.clone())
                .unwrap_or_default(),
        }
    }
}

/// Stores a Connection to which nobody has consented yet.
fn plan(
    tx: &mut WriteTx<'_>,
    environment: Id,
    planned: &Planned,
    there: &There,
    now: Timestamp,
) -> store::Result<Connection> {
    let connection = Connection {
        name: planned.name.clone(),
        application: there.application.clone(),
        auth_client: Some(there.address),
        foreign_key: there.foreign_key.clone(),
        requested_scopes: planned.scopes.clone().unwrap_or_else(|| there.scopes.clone()),
        params: planned.params.clone(),
        default: is_first(tx, environment, there.application.as_ref())?,
        ..rows::new(tx, environment, planned.key.clone(), there.auth_type, now)?
    };
    if let Some(key) = &connection.application {
        let named = applications::New {
            key,
            name: None,
            url: None,
        };
        applications::find_or_insert(tx, named, now)?;
    }
    rows::insert(tx, &connection)?;
    Ok(connection)
}
