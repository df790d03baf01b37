//! What to mend.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, doctor};

use super::Result;
use crate::wire;

/// Runs every check.
///
/// # Errors
/// None: what does not hold is the answer.
pub fn run(engine: &Arc<Engine>, _: &Caller, _: wire::Doctor) -> Result<Vec<wire::Check>> {
    Ok(doctor::run(engine).into_iter().map(Into::into).collect())
}
