//! A running Consent: what people watch, and how it is stopped.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use keyward_model::{Id, name::Handle};
use keyward_oauth::{
    authorize::{Code, Pending},
    callback::CallbackError,
};
use tokio::sync::{Notify, mpsc};

use crate::{Engine, Error, Kind, Result, connections::Shown, engine::hold};

/// Where a Consent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The person is asked in the browser.
    Waiting,
    /// The code is exchanged and stored.
    Finishing,
    /// Connected.
    Done,
    /// Connected, and the provider gave no refresh token.
    DoneWithoutRefreshToken,
    /// The provider's page said no.
    Denied,
    /// Nobody answered.
    TimedOut,
    /// The Owner stopped it, or the vault was locked.
    Cancelled,
    /// It failed.
    Failed,
}

impl State {
    /// Whether nothing further will happen.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Finishing)
    }
}

/// The steps, in order.
pub const STEPS: usize = 6;
pub(crate) const PREPARE: usize = 0;
pub(crate) const OPEN_BROWSER: usize = 1;
pub(crate) const WAIT: usize = 2;
pub(crate) const EXCHANGE: usize = 3;
pub(crate) const STORE: usize = 4;
pub(crate) const PLAN: usize = 5;

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Not begun.
    Todo,
    /// Under way.
    Now,
    /// Finished, so long after the start.
    Done(Duration),
    /// Finished with a consequence.
    Warn(Duration),
    /// Failed.
    Failed(Duration),
}

/// What people watch.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Where it stands.
    pub state: State,
    /// In order: prepare, open browser, wait, exchange, store, plan.
    pub steps: [Step; STEPS],
    /// Program that was started.
    pub browser: Option<String>,
    /// Grows with every change.
    pub revision: u32,
    /// The Connection, once stored.
    pub result: Option<Shown>,
    /// Why it failed.
    pub error: Option<Error>,
}

/// What a person is asked to do.
pub(crate) enum Asked {
    /// To approve in a browser: state, PKCE verifier and URL.
    Browser(Arc<Pending>),
    /// To type a code in on another device.
    Device {
        user_code: String,
        verification_uri: String,
    },
    /// Nothing.
    Nobody,
}

/// One run of an authorization flow, from browser opened to code received.
pub struct Consent {
    /// Identity of this run.
    pub id: Id,
    /// Key of the Connection.
    pub connection: Handle,
    /// Key of the AuthClient.
    pub auth_client: Handle,
    /// Monotonic time of its start.
    pub(crate) started: Duration,
    /// How long it may take.
    pub allowed: Duration,
    /// What the person is asked.
    asked: Asked,
    pub(crate) cancelled: Notify,
    /// The genuine answer by another door than the listener: a code, or the provider's no.
    pub(crate) pasted: mpsc::Sender<std::result::Result<Code, CallbackError>>,
    progress: Mutex<Progress>,
    changed: Condvar,
}

impl Consent {
    pub(crate) fn new(
        id: Id,
        keys: (Handle, Handle),
        started: Duration,
        allowed: Duration,
        asked: Asked,
        pasted: mpsc::Sender<std::result::Result<Code, CallbackError>>,
    ) -> Self {
        let mut steps = [Step::Todo; STEPS];
        steps[PREPARE] = Step::Done(Duration::ZERO);
        steps[OPEN_BROWSER] = Step::Now;
        let progress = Progress {
            state: State::Waiting,
            steps,
            browser: None,
            revision: 1,
            result: None,
            error: None,
        };
        Self {
            id,
            connection: keys.0,
            auth_client: keys.1,
            started,
            allowed,
            asked,
            cancelled: Notify::new(),
            pasted,
            progress: Mutex::new(progress),
            changed: Condvar::new(),
        }
    }

    /// Where the person goes: the authorization URL, for another browser profile, or where a device code is typed in
    /// (never the address that has the code in it, O-51). Empty where nobody is asked.
    #[must_use]
    pub fn link(&self) -> &str {
        match &self.asked {
            Asked::Browser(pending) => pending.url(),
            Asked::Device { verification_uri, .. } => verification_uri,
            Asked::Nobody => "",
        }
    }

    /// The redirect address that listens, or whose answer is handed in; empty where no browser comes back.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        self.pending().map_or("", |pending| pending.redirect_uri())
    }

    /// The code to type in, for a consent on another device (RFC 8628).
    #[must_use]
    pub fn user_code(&self) -> Option<&str> {
        match &self.asked {
            Asked::Device { user_code, .. } => Some(user_code),
            Asked::Browser(_) | Asked::Nobody => None,
        }
    }

    pub(crate) fn pending(&self) -> Option<&Arc<Pending>> {
        match &self.asked {
            Asked::Browser(pending) => Some(pending),
            Asked::Device { .. } | Asked::Nobody => None,
        }
    }

    /// Whether anybody is asked at all.
    pub(crate) fn asks(&self) -> bool {
        !matches!(self.asked, Asked::Nobody)
    }

    /// Stops it; a finished one stays as it is.
    pub fn cancel(&self) {
        self.cancelled.notify_one();
    }

    /// What people see now.
    #[must_use]
    pub fn progress(&self) -> Progress {
        hold(&self.progress).clone()
    }

    /// Waits until the revision is above `after`, at most `patience`.
    #[must_use]
    pub fn wait(&self, after: u32, patience: Duration) -> Progress {
        let guard = hold(&self.progress);
        let (guard, _) = self
            .changed
            .wait_timeout_while(guard, patience, |progress| {
                progress.revision <= after && !progress.state.is_final()
            })
            .unwrap_or_else(PoisonError::into_inner);
        guard.clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Progress)) {
        let mut progress = hold(&self.progress);
        change(&mut progress);
        progress.revision += 1;
        drop(progress);
        self.changed.notify_all();
    }
}

/// Finds a running or finished Consent.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn find(engine: &Engine, id: Id) -> Result<Arc<Consent>> {
    hold(&engine.consents).get(&id).cloned().ok_or_else(|| {
        Error::new(
            Kind::NotFound,
            "There is no such consent under way.",
            "Connect again.",
        )
    })
}
