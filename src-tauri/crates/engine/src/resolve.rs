//! Resolving References for a Caller.

use keyward_model::{
    SecretValue,
    audit::AuditEvent,
    connection::{AuthType, Connection, TokenSet},
    environment::Environment,
    reference::{Field, Item, Reference},
};
use keyward_vault::{
    error as store,
    table::{connections, environments as environment_table, items, secrets},
    tx::Tx,
};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    connections as connection_acts, credentials, environments, refresh, secrets as secret_acts,
};

/// One answer for each Reference, in order, and a sentence when the log could not take the events.
pub struct Resolved {
    /// The answers.
    pub answers: Vec<Result<SecretValue>>,
    /// Why the reads are not in the log.
    pub notice: Option<String>,
}

/// Resolves a batch. `environment` is meant where a Reference names none; there is no fall-back between environments.
///
/// # Errors
/// When locked, or for an unknown environment; everything else is an answer.
pub fn resolve(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    references: &[Reference],
) -> Result<Resolved> {
    let current = environments::find(engine, environment)?;
    let vault = engine.unlocked()?;
    // One transaction for the whole batch: it is answered from one state of the vault, and pays for it once.
    let found = vault.read(|tx| {
        // A record that cannot be read spoils its own answer alone (T-03).
        let one = |reference| find(tx, &current, reference).unwrap_or_else(Found::Failed);
        Ok(references.iter().map(one).collect::<Vec<_>>())
    })?;
    let mut answers = Vec::with_capacity(references.len());
    let mut events = Vec::with_capacity(references.len());
    for (reference, found) in references.iter().zip(found) {
        let subject = subject(&current, reference, &found);
        let answer =
            access::authorize(caller, Act::Read).and_then(|()| value(engine, &current, reference, found));
        events.push(event(engine, caller, subject, &answer));
        answers.push(answer);
    }
    // I1: the events go to the log before the values leave.
    let notice = engine.reads.record(engine, events)?;
    Ok(Resolved { answers, notice })
}

/// What a Reference names.
enum Found {
    Value(SecretValue),
    NoFields,
    /// With the value that was entered, where its type has one.
    Connection(Box<Connection>, Option<SecretValue>),
    NoEnvironment,
    Nothing(Environment),
    Refused(Error),
    Failed(store::Error),
}

fn find(tx: &Tx<'_>, current: &Environment, reference: &Reference) -> store::Result<Found> {
    let environment = match &reference.environment {
        Some(name) if *name != current.name => match environment_table::find(tx, name) {
            Ok(environment) => environment,
            Err(store::Error::NotFound(_)) => return Ok(Found::NoEnvironment),
            Err(error) => return Err(error),
        },
        _ => current.clone(),
    };
    let item = match &reference.item {
        Item::Key(key) => items::find(tx, environment.id, key),
        Item::App(application) => connections::default_of(tx, environment.id, application)
            .map(|connection| items::Item::Connection(Box::new(connection))),
    };
    Ok(match item {
        Ok(items::Item::Secret(secret)) if reference.field.is_none() => {
            Found::Value(secrets::value(tx, &secret)?)
        }
        Ok(items::Item::Secret(_)) => Found::NoFields,
        Ok(items::Item::Credential(credential)) => {
            match credentials::resolve(tx, &credential, reference.field.as_ref())? {
                Ok(value) => Found::Value(value),
                Err(error) => Found::Refused(error),
            }
        }
        Ok(items::Item::Connection(connection)) => {
            let value = connections::value(tx, &connection)?;
            Found::Connection(connection, value)
        }
        Err(store::Error::NotFound(_)) => Found::Nothing(environment),
        Err(error) => return Err(error),
    })
}

fn value(engine: &Engine, current: &Environment, reference: &Reference, found: Found) -> Result<SecretValue> {
    match (found, &reference.item) {
        (Found::Value(value), _) => Ok(value),
        (Found::Refused(error), _) => Err(error),
        (Found::Failed(error), _) => Err(error.into()),
        (Found::Connection(connection, _), _)
            if matches!(connection.auth_type, AuthType::Oauth2 | AuthType::Oauth1) =>
        {
            let connection = connection_acts::with_unsaved(engine, *connection)?;
            field(engine, &connection, reference.field.as_ref())
        }
        (Found::Connection(connection, value), _) => {
            let name = reference.field.as_ref().map(Field::to_string);
            connection_acts::field(&connection, value, name.as_deref())
        }
        (Found::NoFields, _) => {
            let plain = Reference {
                field: None,
                ..reference.clone()
            };
            Err(Error::new(
                Kind::Invalid,
                format!("{reference} names a field, and a secret has one value and no fields."),
                format!("Write {plain}."),
            ))
        }
        (Found::NoEnvironment, _) => {
            let name = reference.environment.as_ref().unwrap_or(&current.name);
            // Found nothing in the transaction: this says so, with the names there are.
            Err(environments::find(engine, name.as_str())
                .err()
                .unwrap_or_else(|| {
                    Error::new(
                        Kind::Conflict,
                        "The environments changed meanwhile.",
                        "Try again.",
                    )
                }))
        }
        (Found::Nothing(environment), Item::Key(key)) => {
            Err(secret_acts::missing(engine, key, &environment)?)
        }
        (Found::Nothing(environment), Item::App(application)) => Err(Error::new(
            Kind::NotFound,
            format!(
                "Environment “{}” has no connection of application “{application}”.",
                environment.name
            ),
            "`keyward connection list` names those there are.",
        )),
    }
}

fn field(engine: &Engine, connection: &Connection, field: Option<&Field>) -> Result<SecretValue> {
    let name = match field {
        None => "access_token",
        Some(Field::Named(name)) => name.as_str(),
        Some(Field::Raw(path)) => {
            let tokens = refresh::fresh(engine, connection.id, None)?;
            let path: Vec<&str> = path.iter().map(|part| part.as_str()).collect();
            return raw_member(connection, &tokens, &path);
        }
    };
    let unknown = || {
        let message = format!("“{}” has no field “{name}”.", connection.key);
        Error::new(
            Kind::NotFound,
            message,
            connection_acts::fields(connection.auth_type),
        )
    };
    if name == "account" {
        return connection
            .account
            .as_deref()
            .map(SecretValue::from)
            .ok_or_else(|| {
                let message = format!("The provider did not say whose account “{}” is.", connection.key);
                Error::new(Kind::NotFound, message, "")
            });
    }
    // What its provider said beside the tokens: an address or a number that requests need, no secret.
    if let Some((_, value)) = connection.kept.iter().find(|(kept, _)| kept == name) {
        return Ok(SecretValue::from(value.as_str()));
    }
    if !["access_token", "token_type", "expires_at", "scope"].contains(&name) {
        return Err(unknown());
    }
    let tokens = refresh::fresh(engine, connection.id, None)?;
    Ok(match name {
        "access_token" => tokens.access_token,
        "token_type" => SecretValue::from(tokens.token_type),
        "expires_at" => SecretValue::from(tokens.lifetime.expires_at.to_rfc3339()),
        _ => SecretValue::from(tokens.scope.unwrap_or_default()),
    })
}

/// A member of the provider's last answer (O-75); the refresh token never leaves (CLI.md).
fn raw_member(connection: &Connection, tokens: &TokenSet, path: &[&str]) -> Result<SecretValue> {
    let missing = || {
        let message = format!(
            "The last answer for “{}” has no member “{}”.",
            connection.key,
            path.join(".")
        );
        Error::new(
            Kind::NotFound,
            message,
            "raw.MEMBER is a member of the provider's last answer as it was named there; case counts.",
        )
    };
    let refused = || {
        Error::new(
            Kind::Denied,
            "A refresh token is never handed out.",
            "Use the access token.",
        )
    };
    if path.contains(&"refresh_token") {
        return Err(refused());
    }
    let root: serde_json::Value = serde_json::from_slice(tokens.raw.expose()).map_err(|_| missing())?;
    let mut value = &root;
    for part in path {
        value = value.get(part).ok_or_else(missing)?;
    }
    // Nor inside a larger member, nor under another name.
    let held = tokens.refresh_token.as_ref().and_then(SecretValue::expose_text);
    if holds_refresh_token(value, held) {
        return Err(refused());
    }
    Ok(match value {
        serde_json::Value::String(text) => SecretValue::from(text.as_str()),
        other => SecretValue::from(other.to_string()),
    })
}

fn holds_refresh_token(value: &serde_json::Value, held: Option<&str>) -> bool {
    use serde_json::Value;
    match value {
        Value::String(text) => Some(text.as_str()) == held,
        Value::Array(values) => values.iter().any(|value| holds_refresh_token(value, held)),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name == "refresh_token" || holds_refresh_token(value, held)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The item that a Reference stands for; what an application's default is now may be another one tomorrow.
fn subject(current: &Environment, reference: &Reference, found: &Found) -> String {
    let environment = reference.environment.as_ref().unwrap_or(&current.name);
    match (&reference.item, found) {
        (Item::Key(key), _) => format!("{environment}/{key}"),
        (Item::App(_), Found::Connection(connection, _)) => format!("{environment}/{}", connection.key),
        (Item::App(application), _) => format!("{environment}/@{application}"),
    }
}

fn event(engine: &Engine, caller: &Caller, subject: String, answer: &Result<SecretValue>) -> AuditEvent {
    let outcome = answer.as_ref().map_or_else(|error| error.kind.code(), |_| "ok");
    crate::audit::event(engine, caller.actor(), "reference.resolve", subject, outcome)
}
