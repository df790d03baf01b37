//! What is not well with stored values (WK5, WK6): the rules of [`keyward_model::health`] on what is stored.

mod values;
mod words;

use std::collections::HashMap;

use keyward_model::{
    Id, Timestamp,
    auth_client::AuthClient,
    connection::{AuthType, Connection},
    credential::{Credential, Variable},
    health::{self, Facts, Rule},
    secret::Secret,
};
use keyward_vault::{
    error as store,
    table::{auth_clients, connections, credentials, environments, secrets},
    tx::Tx,
};

use crate::{
    Engine, Result,
    access::{self, Act, Caller},
};

/// What holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holder {
    /// A Secret.
    Secret,
    /// A variable of a custom credential.
    Credential,
    /// A Connection whose value was entered.
    Connection,
    /// An AuthClient: its client secret.
    AuthClient,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Name of the environment.
    pub environment: String,
    /// Key of the item.
    pub key: String,
    /// The variable or field, where there are several.
    pub field: Option<String>,
    /// What it belongs to.
    pub holder: Holder,
    /// Identity of the item.
    pub id: Id,
}

/// One thing to mend.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What is wrong.
    pub rule: Rule,
    /// With which value.
    pub place: Place,
    /// The moment it is about: an end, a day that rotation was due, the day the value was made.
    pub at: Option<Timestamp>,
    /// The other places of the same value.
    pub others: Vec<Place>,
    /// Whether it is to be acted on now.
    pub urgent: bool,
}

impl Finding {
    /// What was found, in a sentence that names the place and never the value.
    #[must_use]
    pub fn message(&self) -> String {
        words::message(self)
    }

    /// The command that mends it.
    #[must_use]
    pub fn hint(&self) -> String {
        words::hint(self)
    }
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Report {
    /// What to mend, the most urgent first.
    pub findings: Vec<Finding>,
    /// Values that were looked at.
    pub checked: u32,
    /// Values among them that could not be read; `doctor` says why.
    pub unread: u32,
}

/// One stored value and what is known of it.
struct Holding {
    place: Place,
    /// What time may have done to it; how old any other value is than a Secret's is told by its version.
    facts: Option<Facts>,
    /// Whether it is confidential.
    masked: bool,
    is_password: bool,
    /// Words that make a password easy to guess where they occur in it.
    about: Vec<String>,
    value: Source,
}

/// How a value is read.
enum Source {
    Secret(Box<Secret>),
    Variable(Variable),
    Connection(Box<Connection>),
    ClientSecret(Box<AuthClient>),
}

/// What can be said without opening a value: ends and ages of Secrets.
///
/// # Errors
/// When locked or damaged.
pub fn list(engine: &Engine) -> Result<Vec<Finding>> {
    let now = engine.now();
    let holdings = engine.unlocked()?.read(holdings)?;
    let mut findings: Vec<Finding> = holdings
        .iter()
        .flat_map(|one| aged(&one.place, one.facts.as_ref(), now))
        .collect();
    sort(&mut findings);
    Ok(findings)
}

/// Everything: opens each confidential value once, and keeps none.
///
/// # Errors
/// When locked or damaged; [`crate::Kind::Denied`] for a caller that may not read.
pub fn check(engine: &Engine, caller: &Caller) -> Result<Report> {
    access::authorize(caller, Act::Read)?;
    let now = engine.now();
    let holdings = engine.unlocked()?.read(holdings)?;
    // I1: that values are opened is in the log first, though none leaves.
    let event = crate::audit::event(engine, caller.actor(), "health.check", "vault".to_owned(), "ok");
    engine.reads.record(engine, vec![event])?;
    let opened = values::look(engine, &holdings, now)?;
    let mut findings: Vec<Finding> = holdings
        .iter()
        .flat_map(|one| aged(&one.place, one.facts.as_ref(), now))
        .collect();
    findings.extend(opened.findings);
    sort(&mut findings);
    Ok(Report {
        findings,
        checked: u32::try_from(holdings.len()).unwrap_or(u32::MAX),
        unread: opened.unread,
    })
}

fn aged(place: &Place, facts: Option<&Facts>, now: Timestamp) -> Vec<Finding> {
    let finding = |aged: health::Aged| Finding {
        rule: aged.rule,
        place: place.clone(),
        at: Some(aged.at),
        others: Vec::new(),
        urgent: health::is_urgent(aged.rule, Some(aged.at), now),
    };
    let aged = facts.into_iter().flat_map(|facts| health::aged(facts, now));
    aged.map(finding).collect()
}

/// What is to be acted on now first, then by rule, then what has waited longest.
fn sort(findings: &mut [Finding]) {
    findings.sort_by(|one, other| {
        let rank = |finding: &Finding| (!finding.urgent, finding.rule, finding.at);
        rank(one)
            .cmp(&rank(other))
            .then_with(|| one.place.cmp(&other.place))
    });
}

fn holdings(tx: &Tx<'_>) -> store::Result<Vec<Holding>> {
    let names: HashMap<Id, String> = environments::list(tx)?
        .into_iter()
        .map(|environment| (environment.id, environment.name.to_string()))
        .collect();
    // One that is missing, which `doctor` tells, is named by what is left of it.
    let name = |id: Id| names.get(&id).cloned().unwrap_or_else(|| id.to_string());
    let mut holdings: Vec<Holding> = secrets::everywhere(tx)?
        .into_iter()
        .map(|secret| of_secret(name(secret.environment), secret))
        .collect();
    for credential in credentials::everywhere(tx)? {
        let environment = name(credential.environment);
        let variables = credential.variables.iter();
        holdings.extend(variables.map(|variable| of_variable(&environment, &credential, variable)));
    }
    for connection in connections::list(tx, None)? {
        if connection.value.is_some() {
            let environment = name(connection.environment);
            holdings.push(of_connection(environment, connection));
        }
    }
    for client in auth_clients::list(tx)? {
        if client
            .oauth2()
            .is_some_and(|oauth2| oauth2.client_secret.is_some())
        {
            let environment = name(client.environment);
            holdings.push(of_client(environment, client));
        }
    }
    Ok(holdings)
}

fn of_secret(environment: String, secret: Secret) -> Holding {
    Holding {
        place: Place {
            environment,
            key: secret.key.to_string(),
            field: None,
            holder: Holder::Secret,
            id: secret.id,
        },
        facts: Some(Facts {
            made_at: secret.value_changed_at,
            versions: secret.version,
            masked: secret.masked,
            expires_at: secret.expires_at,
            due_at: secret.rotation_due_at(),
        }),
        masked: secret.masked,
        is_password: health::calls_itself_password(secret.key.as_str(), &secret.name, &secret.tags),
        about: vec![secret.key.to_string(), secret.name.clone()],
        value: Source::Secret(Box::new(secret)),
    }
}

fn of_variable(environment: &str, credential: &Credential, variable: &Variable) -> Holding {
    let (key, field) = (credential.key.to_string(), variable.name.to_string());
    Holding {
        is_password: health::calls_itself_password(&field, "", &[]),
        about: vec![key.clone(), credential.name.clone(), field.clone()],
        place: Place {
            environment: environment.to_owned(),
            key,
            field: Some(field),
            holder: Holder::Credential,
            id: credential.id,
        },
        facts: None,
        masked: variable.masked,
        value: Source::Variable(variable.clone()),
    }
}

/// Of a user name and a password the password alone is confidential.
fn of_connection(environment: String, connection: Connection) -> Holding {
    let (key, basic) = (
        connection.key.to_string(),
        connection.auth_type == AuthType::Basic,
    );
    Holding {
        is_password: basic || health::calls_itself_password(&key, &connection.name, &[]),
        about: vec![key.clone(), connection.name.clone()],
        place: Place {
            environment,
            key,
            field: basic.then(|| "password".to_owned()),
            holder: Holder::Connection,
            id: connection.id,
        },
        facts: None,
        masked: true,
        value: Source::Connection(Box::new(connection)),
    }
}

/// A client secret was made by the provider: it is judged by its end, where the provider said one, else by its age, and
/// by where else it stands.
fn of_client(environment: String, client: AuthClient) -> Holding {
    Holding {
        is_password: false,
        about: Vec::new(),
        place: Place {
            environment,
            key: client.key.to_string(),
            field: None,
            holder: Holder::AuthClient,
            id: client.id,
        },
        facts: client
            .oauth2()
            .and_then(|oauth2| oauth2.client_secret_expires_at)
            .map(|at| Facts {
                made_at: client.created_at,
                versions: 1,
                masked: true,
                expires_at: Some(at),
                due_at: None,
            }),
        masked: true,
        value: Source::ClientSecret(Box::new(client)),
    }
}
