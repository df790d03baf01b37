//! The trash: what is deleted stays for 30 days, and is purged then, on demand, or with its environment. The same for
//! every kind of thing that has one.

use std::collections::HashMap;

use keyward_model::{
    Id, Timestamp, credential::Credential, environment::Environment, name::Handle, secret::Secret,
    secret::TRASH_KEEPS,
};
use keyward_vault::{
    error as store,
    table::{audit, credentials, environments, secrets},
    tx::{Tx, WriteTx},
};

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    environments as environment_acts,
    secrets::taken,
    steady::is_steady,
};

/// What deleting means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Into the trash; out of the trash for good.
    Trash,
    /// For good, wherever it is.
    Purge,
}

/// A kind of thing that can lie in the trash: what it is called, and its verbs in the vault.
pub(crate) trait Trashable: Sized {
    /// What the audit log and sentences call one.
    const WORD: &'static str;
    /// What windows are told when one changes.
    const CHANGES: ChangeKind;
    /// What to do when one is not found.
    const HINT: &'static str;

    fn id(&self) -> Id;
    fn key(&self) -> &Handle;
    fn environment(&self) -> Id;
    fn updated_at(&self) -> Timestamp;
    fn deleted_at(&self) -> Option<Timestamp>;
    /// As it is once it lies in no trash.
    fn taken_out(self) -> Self;

    /// Those in the trash of an environment.
    fn trashed(tx: &Tx<'_>, environment: Id) -> store::Result<Vec<Self>>;
    /// Those that every trash has kept for its time.
    fn spent(tx: &Tx<'_>, now: Timestamp) -> store::Result<Vec<Self>>;
    fn trash(tx: &mut WriteTx<'_>, id: Id, now: Timestamp) -> store::Result<Self>;
    fn restore(tx: &mut WriteTx<'_>, id: Id, now: Timestamp) -> store::Result<Self>;
    fn purge(tx: &mut WriteTx<'_>, id: Id) -> store::Result<()>;
}

macro_rules! trashable {
    ($kind:ident, $table:ident, $word:literal, $hint:literal) => {
        impl Trashable for $kind {
            const WORD: &'static str = $word;
            const CHANGES: ChangeKind = ChangeKind::$kind;
            const HINT: &'static str = $hint;

            fn id(&self) -> Id {
                self.id
            }
            fn key(&self) -> &Handle {
                &self.key
            }
            fn environment(&self) -> Id {
                self.environment
            }
            fn updated_at(&self) -> Timestamp {
                self.updated_at
            }
            fn deleted_at(&self) -> Option<Timestamp> {
                self.deleted_at
            }
            fn taken_out(self) -> Self {
                Self {
                    deleted_at: None,
                    ..self
                }
            }
            fn trashed(tx: &Tx<'_>, environment: Id) -> store::Result<Vec<Self>> {
                $table::trashed(tx, environment)
            }
            fn spent(tx: &Tx<'_>, now: Timestamp) -> store::Result<Vec<Self>> {
                $table::spent(tx, now)
            }
            fn trash(tx: &mut WriteTx<'_>, id: Id, now: Timestamp) -> store::Result<Self> {
                $table::trash(tx, id, now)
            }
            fn restore(tx: &mut WriteTx<'_>, id: Id, now: Timestamp) -> store::Result<Self> {
                $table::restore(tx, id, now)
            }
            fn purge(tx: &mut WriteTx<'_>, id: Id) -> store::Result<()> {
                $table::purge(tx, id)
            }
        }
    };
}

trashable!(
    Secret,
    secrets,
    "secret",
    "`keyward secret trash` lists what it has."
);
trashable!(
    Credential,
    credentials,
    "credential",
    "`keyward credential trash` lists what it has."
);

/// Deletes what was found, all of it or none. What was purged comes back without `deleted_at`, as it lies in no trash.
///
/// # Errors
/// [`Kind::NotFound`] when one is gone meanwhile.
pub(crate) fn delete<T: Trashable>(
    engine: &Engine,
    caller: &Caller,
    found: Vec<(T, Environment)>,
    removal: Removal,
) -> Result<Vec<(T, Environment)>> {
    let now = engine.now();
    let gone = engine.unlocked()?.write(now, |tx| {
        let mut gone = Vec::with_capacity(found.len());
        for (one, environment) in found {
            let is_purge = removal == Removal::Purge || one.deleted_at().is_some();
            let act = if is_purge { "purge" } else { "delete" };
            note(tx, engine, caller, act, &one, &environment)?;
            let one = if is_purge {
                T::purge(tx, one.id())?;
                one.taken_out()
            } else {
                T::trash(tx, one.id(), now)?
            };
            gone.push((one, environment));
        }
        Ok(gone)
    })?;
    publish(engine, gone.iter().map(|(one, _)| one));
    Ok(gone)
}

/// What lies in the trash of an environment, newest first. What is older than 30 days is purged before.
///
/// # Errors
/// When locked or damaged.
pub(crate) fn trashed<T: Trashable>(engine: &Engine, environment: &str) -> Result<(Vec<T>, Environment)> {
    sweep_out::<T>(engine)?;
    let environment = environment_acts::find(engine, environment)?;
    let mut trashed = engine.unlocked()?.read(|tx| T::trashed(tx, environment.id))?;
    trashed.sort_by_cached_key(|one| (std::cmp::Reverse(one.deleted_at()), one.key().clone()));
    Ok((trashed, environment))
}

/// Empties the trash of an environment, in one transaction; answers what is gone for good.
///
/// # Errors
/// [`Kind::NotFound`] for the environment.
pub(crate) fn empty<T: Trashable>(engine: &Engine, caller: &Caller, environment: &str) -> Result<Vec<T>> {
    access::authorize(caller, Act::Write)?;
    let environment = environment_acts::find(engine, environment)?;
    let gone = engine.unlocked()?.write(engine.now(), |tx| {
        let gone = T::trashed(tx, environment.id)?;
        for one in &gone {
            T::purge(tx, one.id())?;
            note(tx, engine, caller, "purge", one, &environment)?;
        }
        Ok(gone)
    })?;
    publish(engine, &gone);
    Ok(gone)
}

/// Purges what the trash has kept for 30 days, in every environment. Writes nothing when there is nothing, or when the
/// clock leapt.
///
/// # Errors
/// When locked or damaged.
pub(crate) fn sweep(engine: &Engine) -> Result<()> {
    sweep_out::<Secret>(engine)?;
    sweep_out::<Credential>(engine)
}

fn sweep_out<T: Trashable>(engine: &Engine) -> Result<()> {
    let now = engine.now();
    let vault = engine.unlocked()?;
    if vault.read(|tx| Ok(T::spent(tx, now)?.is_empty() || !is_steady(tx, now)?))? {
        return Ok(());
    }
    let days = TRASH_KEEPS.as_secs() / (24 * 3600);
    let gone = vault.write(now, |tx| {
        let names: HashMap<Id, Environment> = environments::list(tx)?
            .into_iter()
            .map(|environment| (environment.id, environment))
            .collect();
        let gone = T::spent(tx, now)?;
        for one in &gone {
            T::purge(tx, one.id())?;
            let environment = names
                .get(&one.environment())
                .map_or("?", |environment| environment.name.as_str());
            let subject = format!(
                "{} {environment}/{} after {days} days in the trash",
                T::WORD,
                one.key()
            );
            let action = format!("{}.purge", T::WORD);
            let event = crate::audit::event(engine, "keyward".to_owned(), &action, subject, "ok");
            audit::append(tx, &event)?;
        }
        Ok(gone)
    })?;
    publish(engine, &gone);
    Ok(())
}

/// Takes one out of the trash: by id, or the newest of that key.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Conflict`] when the key is taken meanwhile.
pub(crate) fn restore<T: Trashable>(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
) -> Result<(T, Environment)> {
    access::authorize(caller, Act::Write)?;
    let environment = environment_acts::find(engine, environment)?;
    let vault = engine.unlocked()?;
    let trashed = vault.read(|tx| T::trashed(tx, environment.id))?;
    let id = Id::parse(key_or_id);
    let trashed = trashed
        .into_iter()
        .filter(|one| one.key().as_str() == key_or_id || Some(one.id()) == id)
        .max_by_key(|one| (one.deleted_at(), one.updated_at()))
        .ok_or_else(|| {
            let message = format!(
                "The trash of environment “{}” has no {} “{key_or_id}”.",
                environment.name,
                T::WORD
            );
            Error::new(Kind::NotFound, message, T::HINT)
        })?;
    let now = engine.now();
    let restored = vault.write(now, |tx| {
        let one = T::restore(tx, trashed.id(), now)?;
        note(tx, engine, caller, "restore", &one, &environment)?;
        Ok(one)
    });
    match restored {
        Ok(one) => {
            publish(engine, [&one]);
            Ok((one, environment))
        }
        Err(store::Error::Conflict(_)) => Err(taken(trashed.key(), &environment)),
        Err(error) => Err(error.into()),
    }
}

/// Writes down what was done to one.
fn note<T: Trashable>(
    tx: &mut WriteTx<'_>,
    engine: &Engine,
    caller: &Caller,
    act: &str,
    one: &T,
    environment: &Environment,
) -> store::Result<()> {
    let subject = format!("{} {}/{}", T::WORD, environment.name, one.key());
    let action = format!("{}.{act}", T::WORD);
    audit::append(
        tx,
        &crate::audit::event(engine, caller.actor(), &action, subject, "ok"),
    )
}

fn publish<'a, T: Trashable + 'a>(engine: &Engine, gone: impl IntoIterator<Item = &'a T>) {
    for one in gone {
        engine.changes.publish(T::CHANGES, one.id());
    }
}
