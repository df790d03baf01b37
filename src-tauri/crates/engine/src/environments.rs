//! Environments.

mod comparison;

use keyward_model::{
    audit::AuditEvent,
    environment::{Changes, Environment},
    name::EnvironmentName,
};
use keyward_vault::{
    error as store,
    table::{audit, connections, credentials, environments, secrets},
    tx::Tx,
};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
};

pub use comparison::{Compared, ItemKind, Page, Values, compare};

/// An environment and how many Secrets, Credentials and Connections it holds.
pub struct Counted {
    /// The environment.
    pub environment: Environment,
    /// Secrets, Credentials and Connections, the trash left out.
    pub items: u32,
}

/// All environments, oldest first.
///
/// # Errors
/// When locked or damaged.
pub fn list(engine: &Engine) -> Result<Vec<Counted>> {
    Ok(engine.unlocked()?.read(|tx| {
        environments::list(tx)?
            .into_iter()
            .map(|environment| count(tx, environment))
            .collect()
    })?)
}

fn count(tx: &Tx<'_>, environment: Environment) -> store::Result<Counted> {
    let items = secrets::list(tx, environment.id)?.len()
        + credentials::list(tx, environment.id)?.len()
        + connections::list(tx, Some(environment.id))?.len();
    Ok(Counted {
        environment,
        items: u32::try_from(items).unwrap_or(u32::MAX),
    })
}

/// Finds one by name.
///
/// # Errors
/// [`Kind::Invalid`] for a bad name, [`Kind::NotFound`] with the names there are.
pub fn find(engine: &Engine, name: &str) -> Result<Environment> {
    let name = parse(name)?;
    let vault = engine.unlocked()?;
    match vault.read(|tx| environments::find(tx, &name)) {
        Ok(environment) => Ok(environment),
        Err(store::Error::NotFound(_)) => {
            let names: Vec<String> = vault
                .read(environments::list)?
                .into_iter()
                .map(|environment| environment.name.to_string())
                .collect();
            let message = format!("There is no environment “{name}”.");
            Err(Error::new(
                Kind::NotFound,
                message,
                format!("There are: {}.", names.join(", ")),
            ))
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes one.
///
/// # Errors
/// [`Kind::Invalid`], [`Kind::Conflict`].
pub fn create(engine: &Engine, caller: &Caller, name: &str) -> Result<Counted> {
    access::authorize(caller, Act::Write)?;
    let name = parse(name)?;
    let now = engine.now();
    let environment = engine.unlocked()?.write(now, |tx| {
        let environment = environments::insert(tx, &name, now)?;
        audit::append(tx, &event(engine, caller, "environment.create", &name))?;
        Ok(environment)
    })?;
    engine.changes.publish(ChangeKind::Environment, environment.id);
    Ok(Counted {
        environment,
        items: 0,
    })
}

/// Changes its colour, and whether it is treated as production.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn update(engine: &Engine, caller: &Caller, name: &str, changes: Changes) -> Result<Counted> {
    access::authorize(caller, Act::Write)?;
    let environment = find(engine, name)?;
    let counted = engine.unlocked()?.write(engine.now(), |tx| {
        let environment = environments::update(tx, environment.id, changes)?;
        audit::append(
            tx,
            &event(engine, caller, "environment.update", &environment.name),
        )?;
        count(tx, environment)
    })?;
    engine
        .changes
        .publish(ChangeKind::Environment, counted.environment.id);
    Ok(counted)
}

/// Deletes an empty one; its trash is purged with it.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Conflict`] when it is the last or has items.
pub fn delete(engine: &Engine, caller: &Caller, name: &str) -> Result<()> {
    access::authorize(caller, Act::Write)?;
    let environment = find(engine, name)?;
    let deleted = engine.unlocked()?.write(engine.now(), |tx| {
        environments::delete(tx, environment.id)?;
        audit::append(
            tx,
            &event(engine, caller, "environment.delete", &environment.name),
        )
    });
    deleted.map_err(|error| {
        let mut error = Error::from(error);
        if error.kind == Kind::Conflict {
            error.hint =
                "`keyward env list` counts what is in each; `keyward secret move KEY… --to ENV` takes it elsewhere."
                    .to_owned();
        }
        error
    })?;
    engine.changes.publish(ChangeKind::Environment, environment.id);
    Ok(())
}

fn parse(name: &str) -> Result<EnvironmentName> {
    EnvironmentName::parse(name).map_err(|error| Error::invalid(format!("environment: {error}")))
}

fn event(engine: &Engine, caller: &Caller, action: &str, name: &EnvironmentName) -> AuditEvent {
    let subject = format!("environment {name}");
    crate::audit::event(engine, caller.actor(), action, subject, "ok")
}
