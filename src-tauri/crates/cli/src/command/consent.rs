//! `keyward consent`: the Connections that need a person, worked through one after another (OA13).

use std::time::Duration;

use keyward_api::wire::{
    BrowserChoice, Code, ConnectionConnect, ConnectionError, ConsentDue, ConsentList, Error, Urgency,
};
use serde_json::{Value, json};

use super::{
    Result,
    connect::{self, Ended, Link, Session, Skips},
};
use crate::{
    args::{Consent as Command, ConsentHow, QueueOf},
    context::Context,
    door::Door,
    output,
    output::Face,
};

/// Everything about the consent queue.
///
/// # Errors
/// `needs_consent` when somebody is still needed at the end of `run`; for `next` as `connect`.
pub fn run(context: &Context, face: &Face, command: Command) -> Result {
    let mut door = Door::open(context)?;
    match command {
        Command::List { of } => {
            let queue = queue(context, &mut door, &of)?;
            if queue.is_empty() {
                face.say("No connection needs you.");
            }
            match face.is_json() {
                true => face.document(&Value::Array(queue.iter().map(document).collect::<Result<_>>()?)),
                false => face.data(table(&queue).as_bytes()),
            }
        }
        Command::Next { of, how } => {
            let queue = queue(context, &mut door, &of)?;
            let Some(due) = queue.into_iter().find(|due| !due.wants_client_secret) else {
                face.say("No connection needs you that could be connected now.");
                return Ok(());
            };
            let mut session = Session::begin(Skips::No);
            say_step(face, "Next", &due);
            let wish = (request(&due, how.timeout)?, link(&how));
            connect::finish(face, session.consent(context, face, &mut door, wish)?)
        }
        Command::Run { of, how, skipped } => work_through(context, face, door, (&of, &how, &skipped)),
    }
}

fn queue(context: &Context, door: &mut Door, of: &QueueOf) -> Result<Vec<ConsentDue>> {
    let environment = (!of.all).then(|| context.environment.clone());
    door.call(context, ConsentList { environment })
}

/// What became of one of them.
struct Done {
    due: ConsentDue,
    outcome: &'static str,
    trouble: Option<Trouble>,
}

/// What a person should know of it.
enum Trouble {
    /// Why it is not connected.
    Error(Error),
    /// It is connected, and something is missing: no refresh token (AM10), a scope (O-14).
    Warning(ConnectionError),
}

impl Trouble {
    fn document(&self) -> Value {
        match self {
            Self::Error(error) => {
                json!({ "code": error.code, "message": error.message, "hint": error.hint })
            }
            Self::Warning(warning) => {
                json!({ "code": warning.code, "message": warning.message, "hint": warning.hint })
            }
        }
    }
}

const CONNECTED: &str = "connected";

fn work_through(
    context: &Context,
    face: &Face,
    mut door: Door,
    (of, how, skipped): (&QueueOf, &ConsentHow, &[String]),
) -> Result {
    let queue = queue(context, &mut door, of)?;
    if let Some(name) = skipped
        .iter()
        .find(|name| !queue.iter().any(|due| due.connection.key == **name))
    {
        return Err(Error::new(
            Code::Usage,
            format!("--skip: no connection “{name}” is in the queue."),
            "`keyward consent list` names those that are.",
        ));
    }
    let mut session = Session::begin(Skips::Yes);
    let (all, mut done) = (queue.len(), Vec::new());
    for (at, due) in queue.into_iter().enumerate() {
        let (outcome, trouble) = if session.is_interrupted() {
            ("not_reached", None)
        } else if skipped.contains(&due.connection.key) {
            ("skipped", None)
        } else {
            say_step(face, &format!("{} of {all}", at + 1), &due);
            one(context, face, &mut door, (&mut session, &due, how))
        };
        match &trouble {
            Some(Trouble::Error(error)) => face.say(format!("{} {}", error.message, error.hint)),
            // Told with the connection.
            Some(Trouble::Warning(_)) => {}
            None if outcome == "skipped" => face.say(format!("{} is left for later.", due.connection.key)),
            None => {}
        }
        done.push(Done {
            due,
            outcome,
            trouble,
        });
    }
    summary(face, &done)
}

/// Runs one of the queue; whatever happens, the next one has its turn.
fn one(
    context: &Context,
    face: &Face,
    door: &mut Door,
    (session, due, how): (&mut Session, &ConsentDue, &ConsentHow),
) -> (&'static str, Option<Trouble>) {
    if due.wants_client_secret {
        // A consent would be asked of a person and then thrown away: the code cannot be exchanged.
        return ("wants_client_secret", Some(Trouble::Error(no_secret(due))));
    }
    let ended = request(due, how.timeout)
        .and_then(|request| session.consent(context, face, door, (request, link(how))));
    let ended = match ended {
        Ok(Ended::Skipped) => return ("skipped", None),
        Ok(ended) => connect::connected(face, ended),
        Err(error) => Err(error),
    };
    match ended {
        Ok(connected) => (CONNECTED, connected.error.map(Trouble::Warning)),
        Err(_) if session.is_interrupted() => ("interrupted", None),
        Err(error) => {
            let outcome = match error.code {
                Code::Denied => "denied",
                Code::NeedsConsent => "timed_out",
                _ => "failed",
            };
            (outcome, Some(Trouble::Error(error)))
        }
    }
}

fn no_secret(due: &ConsentDue) -> Error {
    let client = due.connection.auth_client.as_deref().unwrap_or_default();
    Error::new(
        Code::Usage,
        format!("The auth client “{client}” has no client secret yet: no consent can succeed."),
        format!("Enter it first: keyward auth-client update {client} --client-secret-stdin"),
    )
}

fn summary(face: &Face, done: &[Done]) -> Result {
    let left: Vec<&Done> = done.iter().filter(|one| one.outcome != CONNECTED).collect();
    let rows: Vec<_> = done
        .iter()
        .map(|one| {
            vec![
                one.due.connection.key.clone(),
                one.due.connection.environment.clone(),
                one.outcome.replace('_', " "),
            ]
        })
        .collect();
    if face.is_json() {
        let document = done
            .iter()
            .map(|one| {
                json!({
                    "connection": one.due.connection.key,
                    "environment": one.due.connection.environment,
                    "outcome": one.outcome,
                    "error": one.trouble.as_ref().map(Trouble::document),
                })
            })
            .collect();
        face.document(&Value::Array(document))?;
    } else if rows.is_empty() {
        face.say("No connection needs you.");
    } else {
        face.data(output::table(&["CONNECTION", "ENVIRONMENT", "OUTCOME"], &rows).as_bytes())?;
    }
    if left.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Code::NeedsConsent,
        format!("{} of {} connections still need you.", left.len(), done.len()),
        "Go on with `keyward consent run`; `keyward connection why NAME` says more.",
    ))
}

fn request(due: &ConsentDue, timeout: Duration) -> Result<ConnectionConnect> {
    let seconds =
        u32::try_from(timeout.as_secs()).map_err(|_| Error::usage("timeout: between 1 s and 10 min."))?;
    // Everything else is as it was planned, or asked for last.
    Ok(ConnectionConnect {
        environment: due.connection.environment.clone(),
        connection: due.connection.key.clone(),
        name: None,
        auth_client: None,
        scopes: None,
        params: None,
        browser: BrowserChoice::Link,
        login: None,
        timeout_seconds: Some(seconds),
    })
}

fn link(how: &ConsentHow) -> Link {
    match (how.copy_link, how.no_browser) {
        (true, _) => Link::Copy,
        (false, true) => Link::Print,
        (false, false) => Link::Open,
    }
}

fn say_step(face: &Face, place: &str, due: &ConsentDue) {
    let whose = due.connection.account.as_ref().or(due.login_hint.as_ref());
    let whose = whose.map_or_else(String::new, |account| format!(" as {account}"));
    face.say(format!(
        "{place} {}{whose}: {}.",
        due.connection.key, due.cause.title
    ));
}

fn urgency(due: &ConsentDue) -> &'static str {
    match due.urgency {
        Urgency::Dead => "dead",
        Urgency::Ending => "ending",
        Urgency::Planned => "planned",
    }
}

/// One of the queue, its Connection with the members of CLI.md.
fn document(due: &ConsentDue) -> Result<Value> {
    Ok(json!({
        "connection": output::document_of(&due.connection)?,
        "urgency": urgency(due),
        "at": due.at,
        "cause": { "id": due.cause.id, "title": due.cause.title, "why": due.cause.why, "fix": due.cause.fix },
        "login_hint": due.login_hint,
        "wants_client_secret": due.wants_client_secret,
    }))
}

fn table(queue: &[ConsentDue]) -> String {
    let rows: Vec<_> = queue
        .iter()
        .map(|due| {
            let or_none = |text: Option<&String>| text.cloned().unwrap_or_default();
            let cause = match due.wants_client_secret {
                true => "Its auth client has no client secret yet",
                false => &due.cause.title,
            };
            vec![
                due.connection.key.clone(),
                due.connection.environment.clone(),
                urgency(due).to_owned(),
                due.at.clone(),
                or_none(due.connection.account.as_ref().or(due.login_hint.as_ref())),
                cause.to_owned(),
            ]
        })
        .collect();
    output::table(
        &["CONNECTION", "ENVIRONMENT", "URGENCY", "AT", "ACCOUNT", "CAUSE"],
        &rows,
    )
}
