//! Applications.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, applications};

use super::Result;
use crate::wire;

/// All of them by key, with what an environment has of each.
///
/// # Errors
/// `locked`, `not_found` for the environment.
pub fn list(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::ApplicationList,
) -> Result<Vec<wire::Application>> {
    let search = request.search.unwrap_or_default();
    Ok(applications::list(engine, &request.environment, &search)?
        .into_iter()
        .map(Into::into)
        .collect())
}

/// One of them.
///
/// # Errors
/// `usage`, `not_found`.
pub fn show(engine: &Arc<Engine>, _: &Caller, request: wire::ApplicationShow) -> Result<wire::Application> {
    Ok(applications::find(engine, &request.environment, &request.application)?.into())
}

/// Another name or address.
///
/// # Errors
/// `usage` naming the field, `not_found`.
pub fn update(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ApplicationUpdate,
) -> Result<wire::Application> {
    let changes = applications::Changes {
        name: request.name.as_deref(),
        url: request.url.as_deref(),
    };
    let (environment, application) = (&request.environment, &request.application);
    Ok(applications::update(engine, caller, environment, application, changes)?.into())
}

/// Another default.
///
/// # Errors
/// `not_found`, `usage` when the Connection is for something else.
pub fn set_default(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::ApplicationDefault,
) -> Result<wire::Application> {
    let shown = applications::set_default(
        engine,
        caller,
        &request.environment,
        &request.application,
        &request.connection,
    )?;
    Ok(shown.into())
}
