//! How far long works are.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, work};

use super::Result;
use crate::wire;

/// How far one is; all zero while there is none.
///
/// # Errors
/// None of its own.
pub fn status(engine: &Arc<Engine>, _: &Caller, request: wire::WorkStatus) -> Result<wire::WorkProgress> {
    let work = match request.work {
        wire::Work::Import => work::Work::Import,
        wire::Work::HealthCheck => work::Work::HealthCheck,
    };
    let progress = work::progress(engine, work);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(wire::WorkProgress {
        running: progress.is_some(),
        done: progress.map_or(0, |progress| count(progress.done)),
        total: progress.map_or(0, |progress| count(progress.total)),
    })
}
