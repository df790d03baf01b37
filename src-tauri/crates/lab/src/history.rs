//! Everything that happened, in order. The checker reads it; so may a test.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::fault::Endpoint;

/// One event. Requests have numbers from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A request arrived, whole.
    Arrived {
        /// Its number.
        request: u64,
        /// Where.
        endpoint: Endpoint,
        /// Client id, as sent.
        client: String,
        /// `grant_type`, where there is one.
        grant_type: Option<String>,
        /// The refresh token that was sent.
        refresh_token: Option<String>,
        /// The grant that it belongs to, where it was ever issued.
        grant: Option<u64>,
    },
    /// An access token was issued.
    Issued {
        /// By the answer to this request.
        request: u64,
        /// The token.
        access_token: String,
        /// Of this grant.
        grant: u64,
        /// Seconds since the epoch, by the server's clock.
        expires_at: i64,
    },
    /// A refresh token was replaced.
    Rotated {
        /// By the answer to this request.
        request: u64,
        /// The one that was sent.
        old: String,
    },
    /// A refresh token that had been replaced was sent again and refused: reuse (RFC 9700 §4.14.2).
    Reused {
        /// By this request.
        request: u64,
        /// The grant.
        grant: u64,
    },
    /// The request is over.
    Ended {
        /// Its number.
        request: u64,
        /// Status of the answer; `None` without one.
        status: Option<u16>,
        /// Whether the whole honest answer was written.
        delivered: bool,
    },
    /// A client of the client handed this access token on: reported by whoever tests it.
    HandedOut {
        /// The token.
        access_token: String,
    },
    /// TLS did not come about.
    NoTls,
}

/// When, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Seconds since the epoch, by the server's clock.
    pub at: i64,
    /// What happened.
    pub what: What,
}

/// The growing list.
#[derive(Debug, Default)]
pub struct History(Mutex<Vec<Event>>);

impl History {
    pub(crate) fn add(&self, at: i64, what: What) {
        self.hold().push(Event { at, what });
    }

    /// A copy of everything so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.hold().clone()
    }

    /// How many refresh requests arrived.
    #[must_use]
    pub fn refreshes(&self) -> usize {
        self.hold()
            .iter()
            .filter(|event| matches!(&event.what, What::Arrived { grant_type: Some(kind), .. } if kind == "refresh_token"))
            .count()
    }

    /// How many requests arrived at an endpoint.
    #[must_use]
    pub fn requests(&self, at: Endpoint) -> usize {
        self.hold()
            .iter()
            .filter(|event| matches!(&event.what, What::Arrived { endpoint, .. } if *endpoint == at))
            .count()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.hold().clear();
    }

    fn hold(&self) -> MutexGuard<'_, Vec<Event>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
