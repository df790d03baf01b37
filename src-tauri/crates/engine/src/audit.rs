//! The audit log: writing read events, reading it back.

use std::sync::Mutex;

use keyward_model::{Timestamp, audit::AuditEvent};
use keyward_vault::{
    table::audit,
    vault::{self, Opening},
};

use crate::{Engine, Result, engine::hold, signal::Signal};

/// Read events that wait for their group commit (L-10): a host writes them within 50 ms, a one-shot at once.
#[derive(Debug, Default)]
pub(crate) struct ReadLog {
    waiting: Mutex<Vec<AuditEvent>>,
    pub(crate) signal: Signal,
}

/// What the log answered.
pub(crate) type Unlogged = Option<String>;

impl ReadLog {
    /// Hands read events to the log before their values leave (I1). Returns a sentence when they could not be written.
    pub(crate) fn record(&self, engine: &Engine, events: Vec<AuditEvent>) -> Result<Unlogged> {
        match engine.opening {
            Opening::Host => {
                // No value leaves a locked vault, so there is somebody to write the event.
                hold(&self.waiting).extend(events);
                self.signal.raise();
                Ok(None)
            }
            Opening::OneShot => self.write(engine, &events),
        }
    }

    /// Writes what waits. Events that cannot be written while locked stay for the next unlock (at most 1 000).
    pub(crate) fn flush(&self, engine: &Engine) {
        let events = std::mem::take(&mut *hold(&self.waiting));
        if !events.is_empty() && self.write(engine, &events).is_err() {
            let mut waiting = hold(&self.waiting);
            waiting.extend(events);
            waiting.truncate(1_000);
        }
    }

    fn write(&self, engine: &Engine, events: &[AuditEvent]) -> Result<Unlogged> {
        match engine.unlocked()?.log_reads(engine.now(), events)? {
            vault::ReadLog::Logged => Ok(None),
            // L-10: a full disk must not keep a value from its Owner.
            vault::ReadLog::NotLogged(why) => Ok(Some(format!("This read is not in the audit log: {why}."))),
        }
    }
}

/// Events, oldest first: at most `limit`, numbered above `after`, from `since` on.
///
/// # Errors
/// When locked or damaged.
pub fn list(
    engine: &Engine,
    since: Option<Timestamp>,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, AuditEvent)>> {
    engine.reads.flush(engine);
    Ok(engine
        .unlocked()?
        .read(|tx| audit::list(tx, since, after, limit))?)
}

/// Walks the whole chain and returns how many events hold.
///
/// # Errors
/// [`crate::Kind::Corrupt`] naming the first event that does not.
pub fn verify(engine: &Engine) -> Result<u64> {
    engine.reads.flush(engine);
    Ok(engine.unlocked()?.read(audit::verify)?)
}
