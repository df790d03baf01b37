//! Finding Secrets: lists, and one by key or id.

use std::sync::{Arc, OnceLock};

use keyward_model::{
    Id,
    environment::Environment,
    name::Handle,
    search::{self, Query},
    secret::Secret,
};
use keyward_vault::{
    error as store,
    table::{environments, items, items::Item, secrets},
    tx::Tx,
    vault::{Edition, Opening},
};

use crate::{
    Engine, Error, Kind, Result,
    engine::hold,
    environments as environment_acts,
    locate::{each_once, locate},
};

/// What a host listed last: it stays right until a record changes.
pub(crate) struct Listed {
    edition: Edition,
    environment: Id,
    roll: Arc<Roll>,
}

/// The Secrets of an environment by key, and what a search looks through.
struct Roll {
    secrets: Vec<Secret>,
    /// The texts of each, folded for [`Query`] at the first search: folding ten thousand for every keystroke
    /// would be felt (P6).
    folded: OnceLock<Vec<String>>,
}

impl Roll {
    fn folded(&self) -> &[String] {
        self.folded.get_or_init(|| {
            let texts = |secret: &Secret| {
                let tags = secret.tags.join(" ");
                let Secret {
                    key,
                    name,
                    description,
                    notes,
                    ..
                } = secret;
                search::folded(&[key.as_str(), name, description, &tags, notes])
            };
            self.secrets.iter().map(texts).collect()
        })
    }
}

/// Which Secrets of an environment are wanted.
#[derive(Default)]
pub struct Wanted<'a> {
    /// A search text over all metadata; empty for all.
    pub search: &'a str,
    /// Only those with this tag.
    pub tag: Option<&'a str>,
    /// Only those whose key is behind this one; empty for all.
    pub after: &'a str,
}

/// Hands Secrets of an environment to `take`, by key, until it has enough (`false`). Opens no value.
///
/// # Errors
/// When locked or damaged.
pub fn each(
    engine: &Engine,
    environment: &str,
    wanted: &Wanted<'_>,
    mut take: impl FnMut(&Secret, &Environment) -> bool,
) -> Result<()> {
    let environment = environment_acts::find(engine, environment)?;
    let query = Query::new(wanted.search);
    let roll = all(engine, environment.id)?;
    let first = roll
        .secrets
        .partition_point(|secret| secret.key.as_str() <= wanted.after);
    let place = search::folded(&[environment.name.as_str()]);
    for (index, secret) in roll.secrets.iter().enumerate().skip(first) {
        let found = query.is_empty() || query.matches_folded(&[&roll.folded()[index], &place]);
        let tagged = wanted
            .tag
            .is_none_or(|tag| secret.tags.iter().any(|have| have == tag));
        if found && tagged && !take(secret, &environment) {
            break;
        }
    }
    Ok(())
}

/// All Secrets of an environment by key. A host keeps the last answer: opening ten thousand records for every
/// keystroke of a search would be felt (P6).
fn all(engine: &Engine, environment: Id) -> Result<Arc<Roll>> {
    let vault = engine.unlocked()?;
    let edition = vault.edition()?;
    if let Some(listed) = &*hold(&engine.listed)
        && listed.edition == edition
        && listed.environment == environment
    {
        return Ok(Arc::clone(&listed.roll));
    }
    // A write between the two reads only makes the kept answer newer than its edition: it is then read once more.
    let mut secrets = vault.read(|tx| secrets::list(tx, environment))?;
    secrets.sort_by(|one, other| one.key.cmp(&other.key));
    let roll = Arc::new(Roll {
        secrets,
        folded: OnceLock::new(),
    });
    if engine.opening == Opening::Host {
        *hold(&engine.listed) = Some(Listed {
            edition,
            environment,
            roll: Arc::clone(&roll),
        });
        // Locked meanwhile? Then nothing may stay behind.
        if engine.unlocked().is_err() {
            *hold(&engine.listed) = None;
        }
    }
    Ok(roll)
}

/// Finds a Secret by key or id (PV4); by id also in the trash.
///
/// # Errors
/// [`Kind::NotFound`] naming the environments that have the key.
pub fn find(engine: &Engine, environment: &str, key_or_id: &str) -> Result<(Secret, Environment)> {
    locate(
        engine,
        environment,
        key_or_id,
        secrets::find,
        secrets::read,
        |secret| secret.environment,
    )
}

/// Finds each of several, once however often it is named.
///
/// # Errors
/// As [`find`], for the first that is not there.
pub(crate) fn find_all(
    engine: &Engine,
    environment: &str,
    keys_or_ids: &[String],
) -> Result<Vec<(Secret, Environment)>> {
    each_once(
        keys_or_ids,
        |secret: &Secret| secret.id,
        |key_or_id| find(engine, environment, key_or_id),
    )
}

/// The error for a key that no thing of the wanted kind has: says of which kind it is where it is one, else names one that
/// differs only in case, else the environments that have it.
pub(crate) fn missing(engine: &Engine, key: &Handle, environment: &Environment) -> Result<Error> {
    let (similar, elsewhere) = engine.unlocked()?.read(|tx| {
        Ok((
            items::in_any_case(tx, environment.id, key)?,
            environments_with(tx, key)?,
        ))
    })?;
    if let Some(item) = similar.as_ref().filter(|item| item.key() == key) {
        let (what, noun) = match item {
            Item::Secret(_) => ("a secret", "secret"),
            Item::Credential(_) => ("a custom credential", "credential"),
            Item::Connection(_) => ("a connection", "connection"),
        };
        let message = format!("“{key}” in environment “{}” is {what}.", environment.name);
        let hint = format!("`keyward {noun} show {key}` shows it.");
        return Ok(Error::new(Kind::NotFound, message, hint));
    }
    let hint = match similar {
        Some(item) => format!("Did you mean {}? Case counts.", item.key()),
        None if elsewhere.is_empty() => {
            "`keyward secret list`, `credential list` and `connection list` name the keys there are."
                .to_owned()
        }
        None => format!("Environments that have it: {}.", elsewhere.join(", ")),
    };
    let message = format!("There is no “{key}” in environment “{}”.", environment.name);
    Ok(Error::new(Kind::NotFound, message, hint))
}

fn environments_with(tx: &Tx<'_>, key: &Handle) -> store::Result<Vec<String>> {
    let mut names = Vec::new();
    for environment in environments::list(tx)? {
        match items::find(tx, environment.id, key) {
            Ok(_) => names.push(environment.name.to_string()),
            Err(store::Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(names)
}
