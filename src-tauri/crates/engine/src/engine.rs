//! One vault and what it needs to act.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, atomic::AtomicI64},
    time::Duration,
};

use keyward_model::{Id, Timestamp, name::VaultName};
use keyward_oauth::{Http, discovery::Metadata, jwks::Keys};
use keyward_vault::{
    home::Home,
    keychain::Keychain,
    vault::{Opening, Place},
};

use crate::{
    Error, Result,
    audit::ReadLog,
    changes::Changes,
    consent::Consent,
    import::Staging,
    lifecycle::Attempts,
    neighbours::Neighbours,
    open::Open,
    ports::{Browser, Clock},
    recovery::Offer,
    refresh::Unsaved,
    rekey::Rekeying,
    secrets::Listed,
    session::{Ears, Hearing},
    work::Works,
};

/// The outside world.
#[derive(Clone)]
pub struct Ports {
    /// The OS keychain.
    pub keychain: Arc<dyn Keychain>,
    /// Wall and monotonic time.
    pub clock: Arc<dyn Clock>,
    /// The system browser.
    pub browser: Arc<dyn Browser>,
}

/// One vault of one KEYWARD_HOME, locked or unlocked. Shared by threads; acts are free functions on it.
pub struct Engine {
    pub(crate) home: Home,
    pub(crate) name: VaultName,
    pub(crate) opening: Opening,
    pub(crate) ports: Ports,
    pub(crate) neighbours: Arc<Neighbours>,
    /// How much of the vault is open.
    pub(crate) open: RwLock<Open>,
    pub(crate) changes: Changes,
    pub(crate) consents: Mutex<HashMap<Id, Arc<Consent>>>,
    pub(crate) offered: Mutex<Option<Offer>>,
    /// The rekey under way, or the last one.
    pub(crate) rekeying: Mutex<Option<Arc<Rekeying>>>,
    pub(crate) attempts: Mutex<Attempts>,
    pub(crate) reads: ReadLog,
    /// What a host listed last; metadata, so it goes with the keys (T-06).
    pub(crate) listed: Mutex<Option<Listed>>,
    /// Imports under review; they hold values, so they go with the keys.
    pub(crate) imports: Mutex<Staging>,
    /// How far the long works under way are.
    pub(crate) works: Works,
    /// New tokens that a full disk keeps from being stored (O-72).
    pub(crate) unsaved: Mutex<HashMap<Id, Unsaved>>,
    /// What issuers said of themselves, where they did, and when on the monotonic clock (O-43).
    pub(crate) metadata: Mutex<HashMap<String, (Duration, Option<Metadata>)>>,
    /// What the whole verification after unlocking found wrong (SECURITY.md §b.5).
    pub(crate) damage: Mutex<Option<String>>,
    /// Unix seconds of the last act of a person or tool: auto-lock counts from it.
    pub(crate) last_act: AtomicI64,
    /// What the host of this vault hears of the session.
    ears: OnceLock<Ears>,
    /// One more reference for each act whose answer must still be stored.
    flights: Arc<()>,
    network: OnceLock<Network>,
}

/// The network half: a runtime and one HTTP client.
pub(crate) struct Network {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) http: Http,
    /// Keys of providers, for ID tokens (O-49).
    pub(crate) keys: Keys,
}

impl Engine {
    /// A vault that may not exist yet; nothing is opened.
    #[must_use]
    pub fn new(home: Home, name: VaultName, opening: Opening, ports: Ports) -> Self {
        let now = ports.clock.now();
        Self {
            home,
            name,
            opening,
            ports,
            neighbours: Neighbours::of_one(opening),
            open: RwLock::default(),
            changes: Changes::default(),
            consents: Mutex::default(),
            offered: Mutex::default(),
            rekeying: Mutex::default(),
            attempts: Mutex::default(),
            reads: ReadLog::default(),
            listed: Mutex::default(),
            imports: Mutex::default(),
            works: Works::default(),
            unsaved: Mutex::default(),
            metadata: Mutex::default(),
            damage: Mutex::default(),
            last_act: AtomicI64::new(now.0),
            ears: OnceLock::new(),
            flights: Arc::default(),
            network: OnceLock::new(),
        }
    }

    /// As one of the vaults that a host serves: the others may use its machine-wide AuthClients, and it theirs (EL7).
    #[must_use]
    pub fn beside(mut self, neighbours: &Arc<Neighbours>) -> Arc<Self> {
        self.neighbours = Arc::clone(neighbours);
        let engine = Arc::new(self);
        neighbours.join(&engine);
        engine
    }

    /// Name of the vault.
    #[must_use]
    pub fn name(&self) -> &VaultName {
        &self.name
    }

    /// The KEYWARD_HOME it lives in.
    #[must_use]
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Where Changes are published.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Wall-clock time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Says what a host hears of the session, once.
    pub fn listens_by(&self, ears: Ears) {
        let _ = self.ears.set(ears);
    }

    /// What is heard of the session right now; nothing outside a host.
    #[must_use]
    pub fn hearing(&self) -> Hearing {
        self.ears.get().map(Ears::hearing).unwrap_or_default()
    }

    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            home: &self.home,
            name: &self.name,
            keychain: &self.ports.keychain,
            opening: self.opening,
        }
    }

    /// I5: held by an act from before its request until its answer is stored.
    pub(crate) fn flight(&self) -> Arc<()> {
        Arc::clone(&self.flights)
    }

    /// Whether an answer must still be stored.
    pub(crate) fn is_in_flight(&self) -> bool {
        Arc::strong_count(&self.flights) > 1
    }

    /// The network half, started on first use: most commands never need it.
    pub(crate) fn network(&self) -> Result<&Network> {
        if let Some(network) = self.network.get() {
            return Ok(network);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("keyward-net")
            .enable_all()
            .build()
            .map_err(|error| Error::internal(format!("The network could not be started: {error}.")))?;
        let http = Http::new()?;
        Ok(self.network.get_or_init(|| Network {
            runtime,
            http,
            keys: Keys::default(),
        }))
    }
}

/// Locks a mutex; a thread that panicked while holding it left consistent data (they hold no invariants of two parts).
pub(crate) fn hold<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
