//! The audit log: writing read events, reading it back.

use std::sync::Mutex;

use keyward_model::{Timestamp, audit::AuditEvent};
use keyward_vault::{
    table::audit,
    vault::{self, Opening, UnlockedVault},
};

use crate::{Engine, Result, engine::hold, rekey, signal::Signal};

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
                let mut waiting = hold(&self.waiting);
                // Asked while nobody can write what waits: whoever locks the vault takes it away first and writes
                // what waits afterwards, so that no event comes too late for its value.
                engine.unlocked()?;
                waiting.extend(events);
                drop(waiting);
                self.signal.raise();
                Ok(None)
            }
            Opening::OneShot => write(&*engine.unlocked()?, engine.now(), &events),
        }
    }

    /// Writes what waits, unless the vault is locked: nothing waits then. While a rekey writes, it goes on waiting.
    pub(crate) fn flush(&self, engine: &Engine) {
        if rekey::is_running(engine) {
            return;
        }
        if let Ok(vault) = engine.unlocked() {
            self.flush_into(&vault, engine.now());
        }
    }

    /// Writes what waits into a vault that may be locked for everybody else already. Events that a damaged log does
    /// not take stay (at most 1 000).
    pub(crate) fn flush_into(&self, vault: &UnlockedVault, now: Timestamp) {
        let mut events = std::mem::take(&mut *hold(&self.waiting));
        if !events.is_empty() && write(vault, now, &events).is_err() {
            let mut waiting = hold(&self.waiting);
            events.append(&mut waiting);
            events.truncate(1_000);
            *waiting = events;
        }
    }
}

fn write(vault: &UnlockedVault, now: Timestamp, events: &[AuditEvent]) -> Result<Unlogged> {
    Ok(match vault.log_reads(now, events)? {
        vault::ReadLog::Logged => None,
        // L-10: a full disk must not keep a value from its Owner.
        vault::ReadLog::NotLogged(why) => Some(format!("This read is not in the audit log: {why}.")),
    })
}

/// An event of now; its subject names a kind and a key, never a value.
pub(crate) fn event(
    engine: &Engine,
    actor: String,
    action: &str,
    subject: String,
    outcome: &str,
) -> AuditEvent {
    AuditEvent {
        at: engine.now(),
        actor,
        action: action.to_owned(),
        subject,
        outcome: outcome.to_owned(),
        took: None,
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

/// The newest events about one item, newest first: what was done to it, and who read it.
///
/// # Errors
/// [`crate::Kind::NotFound`] for the environment; when locked or damaged.
pub fn about(engine: &Engine, environment: &str, key: &str, limit: usize) -> Result<Vec<(u64, AuditEvent)>> {
    let environment = crate::environments::find(engine, environment)?;
    let item = format!("{}/{key}", environment.name);
    engine.reads.flush(engine);
    Ok(engine
        .unlocked()?
        .read(|tx| audit::newest(tx, limit, |event| names(&event.subject, &item)))?)
}

/// The newest refreshes of a Connection, newest first: when, and `ok` or the word for what went wrong.
///
/// # Errors
/// [`crate::Kind::NotFound`] for the environment; when locked or damaged.
pub fn refreshes(engine: &Engine, environment: &str, key: &str, limit: usize) -> Result<Vec<AuditEvent>> {
    let environment = crate::environments::find(engine, environment)?;
    let item = format!("{}/{key}", environment.name);
    let found = engine.unlocked()?.read(|tx| {
        audit::newest(tx, limit, |event| {
            event.action == "connection.refresh" && names(&event.subject, &item)
        })
    })?;
    Ok(found.into_iter().map(|(_, event)| event).collect())
}

/// Whether a subject names an item, alone or with a field of it.
fn names(subject: &str, item: &str) -> bool {
    subject.split(' ').any(|word| {
        word.strip_prefix(item)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Walks the whole chain and returns how many events hold.
///
/// # Errors
/// [`crate::Kind::Corrupt`] naming the first event that does not.
pub fn verify(engine: &Engine) -> Result<u64> {
    engine.reads.flush(engine);
    Ok(engine.unlocked()?.read(audit::verify)?)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_subject_names_its_items() {
        for subject in [
            "secret default/KEY",
            "default/KEY",
            "credential default/KEY/FIELD",
            "secret default/KEY to prod/KEY",
        ] {
            assert!(names(subject, "default/KEY"), "{subject}");
        }
        for subject in [
            "secret default/KEY2",
            "secret prod/KEY",
            "environment default",
            "",
        ] {
            assert!(!names(subject, "default/KEY"), "{subject}");
        }
    }
}
