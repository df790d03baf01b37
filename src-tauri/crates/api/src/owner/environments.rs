//! Environments.

use std::sync::Arc;

use keyward_engine::{
    Engine,
    access::Caller,
    environments::{self, Page},
};

use keyward_model::environment::{Changes, Colour};

use super::{Result, from_engine};
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

/// Changes one.
///
/// # Errors
/// `usage` for a colour there is not, `not_found`.
pub fn update(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::EnvironmentUpdate,
) -> Result<wire::Environment> {
    let changes = Changes {
        production: request.production,
        colour: request.colour.as_deref().map(colour).transpose()?,
    };
    Ok(environments::update(engine, caller, &request.name, changes)?.into())
}

/// A colour; none for an empty text.
fn colour(name: &str) -> Result<Option<Colour>> {
    if name.is_empty() {
        return Ok(None);
    }
    Colour::parse(name).map(Some).ok_or_else(|| {
        wire::Error::usage(format!(
            "colour: there are {}.",
            Colour::ALL.map(Colour::as_str).join(", ")
        ))
    })
}

/// Which keys exist in which of two environments.
///
/// # Errors
/// `not_found`.
pub fn compare(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::EnvironmentCompare,
) -> Result<Vec<wire::Compared>> {
    let page = Page {
        after: request.after.as_deref().unwrap_or_default(),
        limit: request.limit.map_or(usize::MAX, |limit| limit as usize),
    };
    let compared = environments::compare(engine, caller, &request.first, &request.second, page)?;
    Ok(compared.into_iter().map(from_engine::compared).collect())
}

/// Deletes an empty one, never the last.
///
/// # Errors
/// `not_found`, `conflict`.
pub fn delete(engine: &Arc<Engine>, caller: &Caller, request: wire::EnvironmentDelete) -> Result<Done> {
    environments::delete(engine, caller, &request.name)?;
    Ok(Done {})
}
