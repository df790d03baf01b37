//! Credentials in the trash.

use keyward_model::{credential::Credential, environment::Environment};

use super::find;
use crate::{
    Engine, Result,
    access::{self, Act, Caller},
    locate::each_once,
    trash::{self, Removal},
};

/// Moves Credentials to the trash, and those that lie there out of it for good: all of them, or none when one is missing.
/// What was purged comes back without `deleted_at`, as it lies in no trash.
///
/// # Errors
/// [`crate::Kind::NotFound`].
pub fn delete(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    keys_or_ids: &[String],
) -> Result<Vec<(Credential, Environment)>> {
    access::authorize(caller, Act::Write)?;
    let found = each_once(
        keys_or_ids,
        |credential: &Credential| credential.id,
        |key_or_id| find(engine, environment, key_or_id),
    )?;
    trash::delete(engine, caller, found, Removal::Trash)
}

/// What lies in the trash of an environment, newest first. What is older than 30 days is purged before.
///
/// # Errors
/// When locked or damaged.
pub fn trashed(engine: &Engine, environment: &str) -> Result<(Vec<Credential>, Environment)> {
    trash::trashed(engine, environment)
}

/// Empties the trash of an environment of Credentials, in one transaction; answers what is gone for good.
///
/// # Errors
/// [`crate::Kind::NotFound`] for the environment.
pub fn empty(engine: &Engine, caller: &Caller, environment: &str) -> Result<Vec<Credential>> {
    trash::empty(engine, caller, environment)
}

/// Takes a Credential out of the trash: by id, or the newest of that key.
///
/// # Errors
/// [`crate::Kind::NotFound`], [`crate::Kind::Conflict`] when the key is taken meanwhile.
pub fn restore(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
) -> Result<(Credential, Environment)> {
    trash::restore(engine, caller, environment, key_or_id)
}
