//! What was used lately.

use std::{sync::Arc, time::Duration};

use keyward_engine::{Engine, access::Caller, usage};

use super::Result;
use crate::wire::{self, Error};

/// Items whose value was read lately, by environment and key.
///
/// # Errors
/// `locked`, `not_found` for the environment, `usage` for no days at all.
pub fn list(engine: &Arc<Engine>, _: &Caller, request: wire::UsageList) -> Result<Vec<wire::Usage>> {
    let span = match request.days {
        None => usage::USUAL_SPAN,
        Some(0) => return Err(Error::usage("days: at least 1")),
        Some(days) => Duration::from_secs(u64::from(days) * 24 * 60 * 60),
    };
    let used = usage::list(engine, request.environment.as_deref(), span)?;
    let after = request.after.as_deref().and_then(|place| place.split_once('/'));
    Ok(used
        .into_iter()
        .filter(|one| after.is_none_or(|after| (one.environment.as_str(), one.key.as_str()) > after))
        .take(request.limit.map_or(usize::MAX, |limit| limit as usize))
        .map(Into::into)
        .collect())
}
