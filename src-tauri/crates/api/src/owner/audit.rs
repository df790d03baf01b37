//! The audit log.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, audit};
use keyward_model::{Timestamp, audit::AuditEvent};

use super::Result;
use crate::wire::{self, Error};

/// Most events in one reply.
const PAGE: usize = 1_000;

/// Most events about one item.
const NEWEST: usize = 100;

/// Events, oldest first.
///
/// # Errors
/// `usage` for a time that cannot be read.
pub fn list(engine: &Arc<Engine>, _: &Caller, request: wire::AuditList) -> Result<Vec<wire::AuditEvent>> {
    let since = request
        .since
        .map(|text| {
            Timestamp::parse_rfc3339(&text).ok_or_else(|| {
                Error::usage(format!(
                    "since “{text}”: write RFC 3339, for example 2026-11-22T09:00:00Z"
                ))
            })
        })
        .transpose()?;
    let events = audit::list(engine, since, request.after.unwrap_or(0), PAGE)?;
    Ok(shown(events))
}

fn shown(events: Vec<(u64, AuditEvent)>) -> Vec<wire::AuditEvent> {
    events
        .into_iter()
        .map(|(seq, event)| wire::AuditEvent {
            seq,
            at: event.at.to_rfc3339(),
            actor: event.actor,
            action: event.action,
            subject: event.subject,
            outcome: event.outcome,
        })
        .collect()
}

/// The newest events about one item, newest first.
///
/// # Errors
/// `not_found` for the environment.
pub fn about(engine: &Arc<Engine>, _: &Caller, request: wire::ItemEvents) -> Result<Vec<wire::AuditEvent>> {
    let events = audit::about(engine, &request.environment, &request.key, NEWEST)?;
    Ok(shown(events))
}

/// Walks the whole chain.
///
/// # Errors
/// `corrupt` naming the first event that does not hold.
pub fn verify(engine: &Arc<Engine>, _: &Caller, _: wire::AuditVerify) -> Result<wire::AuditVerified> {
    Ok(wire::AuditVerified {
        events: audit::verify(engine)?,
    })
}
