//! What is not well with stored values.

use std::sync::Arc;

use keyward_engine::{
    Engine,
    access::Caller,
    health::{self, Finding},
};

use super::Result;
use crate::wire;

/// Most findings in one reply: a frame holds them (SECURITY.md §b.4).
const MOST: usize = 5_000;

/// What can be said without opening a value, the most urgent first.
///
/// # Errors
/// `locked`, `corrupt`.
pub fn list(engine: &Arc<Engine>, _: &Caller, _: wire::HealthList) -> Result<Vec<wire::Finding>> {
    Ok(health::list(engine)?
        .into_iter()
        .take(MOST)
        .map(Into::into)
        .collect())
}

/// Everything, with the values opened once.
///
/// # Errors
/// `locked`, `corrupt`, `denied`.
pub fn check(engine: &Arc<Engine>, caller: &Caller, _: wire::HealthCheck) -> Result<wire::HealthReport> {
    let report = health::check(engine, caller)?;
    let left_out = report.findings.len().saturating_sub(MOST);
    let findings: Vec<Finding> = report.findings;
    Ok(wire::HealthReport {
        findings: findings.into_iter().take(MOST).map(Into::into).collect(),
        left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        checked: report.checked,
        unread: report.unread,
    })
}
