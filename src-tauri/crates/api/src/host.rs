//! The host: one process that serves the vaults of one KEYWARD_HOME, each locked or unlocked by itself.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak, mpsc},
    time::Duration,
};

use keyward_engine::{
    Engine, Error, Kind, Ports, auto_lock, background,
    background::Background,
    home::{Holder, Home, HostLock, Opening},
    lifecycle,
    neighbours::Neighbours,
    session::{Away, Watch},
};
use keyward_model::name::VaultName;

/// A refresh that is under way has its answer stored by then (L-01).
const LAST_ANSWERS: Duration = Duration::from_secs(35);

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
    home: Home,
    ports: Ports,
    neighbours: Arc<Neighbours>,
    /// `None` once it was stopped.
    engines: Mutex<Option<BTreeMap<VaultName, Served>>>,
    control: mpsc::Sender<Control>,
    session: Watch,
    _lock: HostLock,
}

struct Served {
    engine: Arc<Engine>,
    _background: Background,
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
                home,
                ports,
                neighbours: Neighbours::served(),
                engines: Mutex::new(Some(BTreeMap::new())),
                control,
                session,
                _lock: lock,
            }
        });
        Ok((host, receiver))
    }

    /// The KEYWARD_HOME that is served.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The Engine of a vault that may not exist yet, with its background work; made when first asked for.
    ///
    /// # Errors
    /// [`Kind::Internal`] when its threads cannot be started; [`Kind::Conflict`] once the host was stopped.
    pub fn engine(&self, name: &VaultName) -> Result<Arc<Engine>, Error> {
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(engines) = &mut *engines else {
            return Err(Error::new(
                Kind::Conflict,
                "The host is ending.",
                "Try again; without a host the command works by itself.",
            ));
        };
        if let Some(served) = engines.get(name) {
            return Ok(Arc::clone(&served.engine));
        }
        let engine = Engine::new(self.home.clone(), name.clone(), Opening::Host, self.ports.clone())
            .beside(&self.neighbours);
        engine.listens_by(self.session.ears());
        let background = background::start(&engine).map_err(|error| {
            Error::new(
                Kind::Internal,
                format!("The background work could not be started: {error}."),
                "",
            )
        })?;
        engines.insert(
            name.clone(),
            Served {
                engine: Arc::clone(&engine),
                _background: background,
            },
        );
        Ok(engine)
    }

    /// Locks every vault whose settings say so (ST5).
    fn owner_left(&self, away: Away) {
        let engines: Vec<Arc<Engine>> = {
            let engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
            let served = engines.iter().flat_map(BTreeMap::values);
            served.map(|served| Arc::clone(&served.engine)).collect()
        };
        for engine in engines {
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
        let engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner).take();
        let engines: Vec<Served> = engines.into_iter().flat_map(BTreeMap::into_values).collect();
        // All are locked before the first is waited for: nothing new begins.
        for served in &engines {
            lifecycle::lock(&served.engine);
        }
        for served in engines {
            let Served {
                engine,
                _background: background,
            } = served;
            drop(background);
            lifecycle::settle(&engine, LAST_ANSWERS);
        }
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
