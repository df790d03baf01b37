//! How far long works are that one call waits for: an import that is stored, a check of every value. Whoever does one
//! tells, whoever waits reads; a rekey outlives the call that began it and tells of itself ([`crate::rekey`]).

use std::{collections::HashMap, sync::Mutex, time::Duration};

use crate::{Engine, changes::ChangeKind, engine::hold};

/// Progress is told at most this often.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// A work that takes longer the more there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// Storing an import.
    Import,
    /// Looking at every value.
    HealthCheck,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows or values that are done.
    pub done: usize,
    /// Of so many.
    pub total: usize,
}

/// The works under way; where two are of one kind, the one that told last.
#[derive(Default)]
pub(crate) struct Works(Mutex<HashMap<Work, Progress>>);

/// How far a work is; `None` while there is none.
#[must_use]
pub fn progress(engine: &Engine, work: Work) -> Option<Progress> {
    hold(&engine.works.0).get(&work).copied()
}

/// A work under way; it has ended when this is dropped, however it ended.
pub(crate) struct UnderWay<'e> {
    engine: &'e Engine,
    work: Work,
    told: Option<Duration>,
}

impl<'e> UnderWay<'e> {
    pub(crate) fn new(engine: &'e Engine, work: Work) -> Self {
        Self {
            engine,
            work,
            told: None,
        }
    }

    /// Says how far it is; what comes too soon after the last is not worth a word.
    pub(crate) fn tell(&mut self, done: usize, total: usize) {
        let now = self.engine.ports.clock.monotonic();
        if self
            .told
            .is_some_and(|told| now.saturating_sub(told) < TELL_EVERY)
        {
            return;
        }
        self.told = Some(now);
        hold(&self.engine.works.0).insert(self.work, Progress { done, total });
        self.engine.changes.publish(ChangeKind::Work, None);
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if hold(&self.engine.works.0).remove(&self.work).is_some() {
            self.engine.changes.publish(ChangeKind::Work, None);
        }
    }
}
