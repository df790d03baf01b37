//! What to mend.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, doctor};

use super::Result;
use crate::wire;

/// Mends what takes an unlocked vault, then runs every check.
///
/// # Errors
/// None: what could not be mended is the answer.
pub fn fix(engine: &Arc<Engine>, caller: &Caller, _: wire::DoctorFix) -> Result<Vec<wire::Check>> {
    let mut checks: Vec<wire::Check> = doctor::mend_keychain(engine)
        .into_iter()
        .map(Into::into)
        .collect();
    checks.extend(run(engine, caller, wire::Doctor {})?);
    Ok(checks)
}

/// Runs every check.
///
/// # Errors
/// None: what does not hold is the answer.
pub fn run(engine: &Arc<Engine>, _: &Caller, _: wire::Doctor) -> Result<Vec<wire::Check>> {
    Ok(doctor::run(engine).into_iter().map(Into::into).collect())
}
