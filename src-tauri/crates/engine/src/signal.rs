//! A counter that threads wait on.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

use crate::engine::hold;

/// Grows with every [`Signal::raise`]; whoever waits for more than it has seen is woken.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    count: Mutex<u64>,
    raised: Condvar,
}

impl Signal {
    /// Wakes everybody who waits.
    pub(crate) fn raise(&self) {
        *hold(&self.count) += 1;
        self.raised.notify_all();
    }

    /// Waits until the count is above `seen`, at most `patience`; returns the count.
    pub(crate) fn wait(&self, seen: u64, patience: Duration) -> u64 {
        let guard = hold(&self.count);
        let (guard, _) = self
            .raised
            .wait_timeout_while(guard, patience, |count| *count <= seen)
            .unwrap_or_else(PoisonError::into_inner);
        *guard
    }
}
