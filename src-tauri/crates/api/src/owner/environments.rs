//! Environments.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, environments};

use super::Result;
use crate::wire::{self, Done};

/// All environments, oldest first.
///
/// # Errors
/// `locked`, `corrupt`.
pub fn list(engine: &Arc<Engine>, _: &Caller, _: wire::EnvironmentList) -> Result<Vec<wire::Environment>> {
    Ok(environments::list(engine)?.into_iter().map(Into::into).collect())
}

/// Makes one.
///
/// # Errors
/// `usage`, `conflict`.
pub fn create(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::EnvironmentCreate,
) -> Result<wire::Environment> {
    Ok(environments::create(engine, caller, &request.name)?.into())
}

/// Deletes an empty one, never the last.
///
/// # Errors
/// `not_found`, `conflict`.
pub fn delete(engine: &Arc<Engine>, caller: &Caller, request: wire::EnvironmentDelete) -> Result<Done> {
    environments::delete(engine, caller, &request.name)?;
    Ok(Done {})
}
