//! The host: one process that serves the vaults of one KEYWARD_HOME, each locked or unlocked by itself.

use std::sync::{Arc, Weak, mpsc};

use keyward_engine::{
    Engine, Error, Ports, auto_lock,
    home::{Holder, Home, HostLock, Opening},
    session::{Away, Watch},
    vaults::Vaults,
};
use keyward_model::name::VaultName;

/// What another process asks of the host itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Step aside: the app is starting.
    Yield,
    /// Show the window: the app was started a second time.
    Show,
}

/// Serves the vaults of one KEYWARD_HOME for as long as it lives.
pub struct Host {
    vaults: Vaults,
    control: mpsc::Sender<Control>,
    _session: Watch,
    _lock: HostLock,
}

impl Host {
    /// Becomes the host of `home`; `kind` is `app` or `serve`. Requests to the host itself arrive at the receiver.
    ///
    /// # Errors
    /// [`Refused::Held`] when another process is the host, [`Refused::Failed`] when the lock cannot be taken.
    pub fn new(
        home: Home,
        kind: &str,
        ports: Ports,
    ) -> Result<(Arc<Self>, mpsc::Receiver<Control>), Refused> {
        let lock = HostLock::try_take(&home, kind).map_err(|error| Refused::Failed(error.into()))?;
        let Some(lock) = lock else {
            return Err(match HostLock::holder(&home) {
                Ok(holder) => Refused::Held(holder),
                Err(error) => Refused::Failed(error.into()),
            });
        };
        let (control, receiver) = mpsc::channel();
        let host = Arc::new_cyclic(|host: &Weak<Self>| {
            let host = Weak::clone(host);
            let session = Watch::start(move |away| {
                if let Some(host) = host.upgrade() {
                    host.owner_left(away);
                }
            });
            Self {
                vaults: Vaults::new(home, Opening::Host, ports).listening_by(session.ears()),
                control,
                _session: session,
                _lock: lock,
            }
        });
        Ok((host, receiver))
    }

    /// The KEYWARD_HOME that is served.
    #[must_use]
    pub fn home(&self) -> &Home {
        self.vaults.home()
    }

    /// Its vaults.
    #[must_use]
    pub fn vaults(&self) -> &Vaults {
        &self.vaults
    }

    /// The Engine of a vault that may not exist yet, with its background work; made when first asked for.
    ///
    /// # Errors
    /// `internal` when its threads cannot be started; `conflict` once the host was stopped.
    pub fn engine(&self, name: &VaultName) -> Result<Arc<Engine>, Error> {
        self.vaults.engine(name)
    }

    /// Locks every vault whose settings say so (ST5).
    fn owner_left(&self, away: Away) {
        for engine in self.vaults.open_engines() {
            auto_lock::when_away(&engine, away);
        }
    }

    /// Passes a request to the face that runs the host.
    pub fn ask(&self, control: Control) {
        // The face that listened is ending: so is the host.
        let _ = self.control.send(control);
    }

    /// Drops all keys, ends the background work and waits until running refreshes are stored.
    pub fn stop(&self) {
        self.vaults.stop();
    }
}

/// Why this process is not the host.
#[derive(Debug)]
pub enum Refused {
    /// Another process is; `None` when it ended just now.
    Held(Option<Holder>),
    /// The lock could not be taken.
    Failed(Error),
}
