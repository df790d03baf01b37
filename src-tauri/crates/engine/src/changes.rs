//! “This kind, this id, changed.” Faces re-read after a Change; nothing else goes up.

use keyward_model::Id;
use tokio::sync::broadcast;

use crate::signal::Signal;

/// Kinds of things that change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Made, unlocked, locked.
    Vault,
    /// An environment.
    Environment,
    /// A Secret.
    Secret,
    /// A Credential.
    Credential,
    /// An Application.
    Application,
    /// An AuthClient.
    AuthClient,
    /// A Connection.
    Connection,
    /// A running Consent.
    Consent,
    /// How far a rekey is.
    Rekey,
    /// How far a long work is ([`crate::work`]).
    Work,
    /// The settings that protect.
    Settings,
}

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What changed.
    pub kind: ChangeKind,
    /// Which one; `None` for the vault as a whole.
    pub id: Option<Id>,
}

/// Hands Changes to everybody who listens. A listener that falls 256 behind misses the oldest.
#[derive(Debug)]
pub struct Changes {
    sender: broadcast::Sender<Change>,
    /// Wakes the background work, which only needs to know that something changed.
    pub(crate) signal: Signal,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            sender: broadcast::channel(256).0,
            signal: Signal::default(),
        }
    }
}

impl Changes {
    /// Tells everybody; nobody listening is fine.
    pub fn publish(&self, kind: ChangeKind, id: impl Into<Option<Id>>) {
        let _ = self.sender.send(Change { kind, id: id.into() });
        self.signal.raise();
    }

    /// Tells everybody that nothing is as it was: another file is the vault now.
    pub(crate) fn publish_all(&self) {
        for kind in [
            ChangeKind::Vault,
            ChangeKind::Environment,
            ChangeKind::Secret,
            ChangeKind::Credential,
            ChangeKind::Application,
            ChangeKind::AuthClient,
            ChangeKind::Connection,
            ChangeKind::Settings,
        ] {
            self.publish(kind, None);
        }
    }

    /// Everything from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }
}
