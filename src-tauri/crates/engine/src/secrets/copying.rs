//! Secrets elsewhere: duplicated under another key, moved or copied to another environment.

use keyward_model::{environment::Environment, name::Handle, secret::Secret};
use keyward_vault::{
    error as store,
    table::{audit, items, secrets},
    tx::WriteTx,
};

use super::{Masking, event, find, find_all, parse_key, taken};
use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    environments as environment_acts,
};

/// What happens to a Secret that goes to another environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// It leaves where it was: the same record, with all its versions.
    Move,
    /// It stays, and a new record there has its current value as version 1.
    Copy,
}

/// Makes a second Secret in the same environment, under another key: the metadata and the current value of the first.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Invalid`] for the new key, [`Kind::Conflict`] when that is taken.
pub fn duplicate(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
    new_key: &str,
) -> Result<(Secret, Environment)> {
    access::authorize(caller, Act::Write)?;
    let handle = parse_key(new_key)?;
    let (secret, environment) = find(engine, environment, key_or_id)?;
    check_kept(&secret)?;
    let copied = engine.unlocked()?.write(engine.now(), |tx| {
        let (from, to) = ((&secret, &environment), (&handle, &environment));
        copy(engine, caller, tx, from, to, "secret.duplicate")
    });
    match copied {
        Ok(copy) => {
            engine.changes.publish(ChangeKind::Secret, copy.id);
            Ok((copy, environment))
        }
        Err(store::Error::Conflict(_)) => Err(taken(&handle, &environment)),
        Err(error) => Err(error.into()),
    }
}

/// Moves or copies Secrets to another environment, in one transaction: all of them or none.
///
/// # Errors
/// [`Kind::NotFound`]; [`Kind::Conflict`] naming the key that is taken there; [`Kind::Invalid`] when they are there
/// already.
pub fn transfer(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    keys_or_ids: &[String],
    to: &str,
    how: Transfer,
) -> Result<Vec<(Secret, Environment)>> {
    access::authorize(caller, Act::Write)?;
    let target = environment_acts::find(engine, to)?;
    let found = find_all(engine, environment, keys_or_ids)?;
    for (secret, _) in &found {
        check_kept(secret)?;
        if secret.environment == target.id {
            return Err(Error::invalid(format!(
                "{} is in environment “{}” already.",
                secret.key, target.name
            )));
        }
    }
    let now = engine.now();
    let mut refused = None;
    let done = engine.unlocked()?.write(now, |tx| {
        let mut done = Vec::new();
        for (secret, origin) in &found {
            if let Some(there) = items::in_any_case(tx, target.id, &secret.key)? {
                refused = Some(taken(there.key(), &target));
                return Err(store::Error::Conflict(secret.key.to_string()));
            }
            done.push(match how {
                Transfer::Move => {
                    let moved = secrets::relocate(tx, secret.id, target.id, now)?;
                    let mut event = event(engine, caller, "secret.move", secret, origin);
                    event
                        .subject
                        .push_str(&format!(" to {}/{}", target.name, secret.key));
                    audit::append(tx, &event)?;
                    moved
                }
                Transfer::Copy => {
                    let (from, to) = ((secret, origin), (&secret.key, &target));
                    copy(engine, caller, tx, from, to, "secret.copy_to")?
                }
            });
        }
        Ok(done)
    });
    let done = match (done, refused) {
        (Ok(done), _) => done,
        (Err(_), Some(refused)) => return Err(refused),
        (Err(error), None) => return Err(error.into()),
    };
    for secret in &done {
        engine.changes.publish(ChangeKind::Secret, secret.id);
    }
    Ok(done.into_iter().map(|secret| (secret, target.clone())).collect())
}

/// A new Secret with the metadata and the current value of another; the value keeps its age.
fn copy(
    engine: &Engine,
    caller: &Caller,
    tx: &mut WriteTx<'_>,
    (secret, origin): (&Secret, &Environment),
    (key, environment): (&Handle, &Environment),
    action: &str,
) -> store::Result<Secret> {
    let value = secrets::value(tx, secret)?;
    // A name that only repeats the key goes with the key.
    let name = match secret.name == secret.key.as_str() {
        true => key.as_str(),
        false => &secret.name,
    };
    let new = secrets::New {
        key,
        name,
        description: &secret.description,
        tags: &secret.tags,
        masked: match secret.masked {
            true => Masking::Masked,
            false => Masking::Plain,
        },
        environment: environment.id,
        value: &value,
        notes: &secret.notes,
        expires_at: secret.expires_at,
        rotate_every: secret.rotate_every,
        favourite: secret.favourite,
        value_changed_at: secret.value_changed_at,
    };
    let copy = secrets::insert(tx, new, engine.now())?;
    let mut event = event(engine, caller, action, &copy, environment);
    event
        .subject
        .push_str(&format!(" from {}/{}", origin.name, secret.key));
    audit::append(tx, &event)?;
    Ok(copy)
}

/// What lies in the trash is restored first.
fn check_kept(secret: &Secret) -> Result<()> {
    match secret.deleted_at {
        None => Ok(()),
        Some(_) => Err(Error::new(
            Kind::Conflict,
            format!("{} is in the trash.", secret.key),
            format!("Take it out first: keyward secret restore {}", secret.id),
        )),
    }
}
