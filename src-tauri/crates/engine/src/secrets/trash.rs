//! Secrets in the trash.

use keyward_model::{environment::Environment, secret::Secret};

use super::find_all;
use crate::{
    Engine, Result,
    access::{self, Act, Caller},
    trash,
};

pub use crate::trash::Removal;

/// Deletes Secrets: all of them, or none when one is missing. What was purged comes back without `deleted_at`, as it lies
/// in no trash.
///
/// # Errors
/// [`crate::Kind::NotFound`].
pub fn delete(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    keys_or_ids: &[String],
    removal: Removal,
) -> Result<Vec<(Secret, Environment)>> {
    access::authorize(caller, Act::Write)?;
    trash::delete(
        engine,
        caller,
        find_all(engine, environment, keys_or_ids)?,
        removal,
    )
}

/// What lies in the trash of an environment, newest first. What is older than 30 days is purged before.
///
/// # Errors
/// When locked or damaged.
pub fn trashed(engine: &Engine, environment: &str) -> Result<(Vec<Secret>, Environment)> {
    trash::trashed(engine, environment)
}

/// Empties the trash of an environment of Secrets, in one transaction; answers what is gone for good.
///
/// # Errors
/// [`crate::Kind::NotFound`] for the environment.
pub fn empty(engine: &Engine, caller: &Caller, environment: &str) -> Result<Vec<Secret>> {
    trash::empty(engine, caller, environment)
}

/// Takes a Secret out of the trash: by id, or the newest of that key.
///
/// # Errors
/// [`crate::Kind::NotFound`], [`crate::Kind::Conflict`] when the key is taken meanwhile.
pub fn restore(
    engine: &Engine,
    caller: &Caller,
    environment: &str,
    key_or_id: &str,
) -> Result<(Secret, Environment)> {
    trash::restore(engine, caller, environment, key_or_id)
}
