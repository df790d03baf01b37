//! The ground of one simulated fault: a home in memory or a temporary folder, a keychain that is a map, a clock that
//! can be put forward, and the laboratory as the provider.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use keyward_engine::{
    Engine, Error, Ports,
    access::Caller,
    auth_clients, background,
    connect::{self, Opening as Browse, USUAL_WAIT, Wish},
    connections,
    home::{Home, Keychain, Opening, keychain::KeychainError},
    lifecycle::{self, NewMode},
    ports::{Browser, Clock, SystemClock},
    refresh,
};
use keyward_lab::{Client, Endpoint, Lab, checker};
use keyward_model::{BootTime, Timestamp, auth_client::Visibility, connection::Connection, name::VaultName};
use zeroize::Zeroizing;

const ENVIRONMENT: &str = "default";
const CLIENT: &str = "SIMULATED";
/// Key of the one Connection.
pub(super) const KEY: &str = "SIMULATION";

/// Everything goes when it is dropped.
pub(super) struct World {
    pub(super) lab: Lab,
    pub(super) engine: Arc<Engine>,
    pub(super) clock: Arc<ShiftedClock>,
    _folder: Folder,
}

impl World {
    /// A vault in a folder of its own, below `memory` where there is one.
    ///
    /// # Errors
    /// What could not be made, in words.
    pub(super) fn new(memory: Option<&Path>) -> Result<Self, String> {
        let folder = Folder::new(memory).map_err(|error| error.to_string())?;
        let home = Home::open(&folder.0.join("home")).map_err(|error| error.to_string())?;
        let clock = Arc::new(ShiftedClock::default());
        let own = Arc::clone(&clock);
        let lab = Lab::start(Arc::new(move || own.now().0)).map_err(|error| error.to_string())?;
        let ports = Ports {
            keychain: Arc::new(MapKeychain::default()),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            browser: Arc::new(NoBrowser),
        };
        let name = VaultName::parse("simulation").map_err(|error| error.to_string())?;
        let engine = Arc::new(Engine::new(home, name, Opening::Host, ports));
        lifecycle::create(&engine, &owner(), NewMode::Keychain).map_err(|error| error.message)?;
        Ok(Self {
            lab,
            engine,
            clock,
            _folder: folder,
        })
    }

    /// A registration of this kind at the laboratory, and a Connection whose person has agreed.
    pub(super) fn connect(&self, client: Client) -> Result<(), String> {
        self.register(client, None)?;
        self.consent()
    }

    /// The registration alone; `token_uri` elsewhere than at the laboratory.
    pub(super) fn register(&self, client: Client, token_uri: Option<&str>) -> Result<(), String> {
        self.lab.register(CLIENT, client);
        let uri = |endpoint| self.lab.uri(endpoint);
        let issuer = self.lab.issuer();
        let (auth_uri, own, revocation_uri) = (
            uri(Endpoint::Authorize),
            uri(Endpoint::Token),
            uri(Endpoint::Revoke),
        );
        let new = auth_clients::New {
            key: CLIENT,
            name: None,
            application: None,
            visibility: Visibility::Environment,
            registration: auth_clients::NewRegistration::Oauth2(auth_clients::NewOauth2 {
                issuer: Some(&issuer),
                auth_uri: Some(&auth_uri),
                token_uri: Some(token_uri.unwrap_or(&own)),
                revocation_uri: Some(&revocation_uri),
                client_id: CLIENT,
                ..auth_clients::NewOauth2::default()
            }),
        };
        auth_clients::create(&self.engine, &owner(), ENVIRONMENT, &new)
            .map(drop)
            .map_err(|error| error.message)
    }

    /// The person agrees, once or again.
    pub(super) fn consent(&self) -> Result<(), String> {
        let wish = Wish {
            environment: ENVIRONMENT,
            connection: KEY,
            name: None,
            auth_client: Some(CLIENT),
            scopes: None,
            params: None,
            browser: Browse::LinkOnly,
            timeout: USUAL_WAIT,
        };
        let consent = connect::begin(&self.engine, &owner(), &wish).map_err(|error| error.message)?;
        let address = self.lab.agree(consent.link()).ok_or("the link leads elsewhere")?;
        let pasted = connect::paste(&self.engine, consent.id, &address);
        let progress = consent.wait(u32::MAX, Duration::from_secs(60));
        match (pasted, progress.error) {
            (Err(error), _) | (_, Some(error)) => Err(error.message),
            (Ok(_), None) => Ok(()),
        }
    }

    /// The next token requests fare like this.
    pub(super) fn will(&self, faults: impl IntoIterator<Item = keyward_lab::Fault>) {
        self.lab.will(CLIENT, Endpoint::Token, faults);
    }

    /// The same for revocations.
    pub(super) fn will_revoke(&self, faults: impl IntoIterator<Item = keyward_lab::Fault>) {
        self.lab.will(CLIENT, Endpoint::Revoke, faults);
    }

    /// A token, as a tool asks for it. The checker is told of it.
    pub(super) fn token(&self) -> Result<String, Error> {
        let (token, _) = refresh::fresh_token(&self.engine, &owner(), ENVIRONMENT, KEY, None)?;
        let text = token.access_token.expose_text().unwrap_or_default().to_owned();
        self.lab.handed_out(&text);
        Ok(text)
    }

    /// Time passes until the present token is due.
    pub(super) fn until_due(&self) -> Result<(), String> {
        let lifetime = self.connection()?.lifetime.ok_or("there are no tokens")?;
        self.clock
            .pass(lifetime.due_at().since(self.clock.now()).as_secs() + 1);
        Ok(())
    }

    pub(super) fn connection(&self) -> Result<Connection, String> {
        connections::find(&self.engine, ENVIRONMENT, KEY)
            .map(|shown| shown.connection)
            .map_err(|error| error.message)
    }

    pub(super) fn refresh_now(&self) -> Result<(), Error> {
        refresh::refresh_now(&self.engine, &owner(), ENVIRONMENT, KEY).map(drop)
    }

    pub(super) fn invalidate(&self, refused: &str) -> Result<(), Error> {
        let refused = refused.into();
        refresh::invalidate(&self.engine, &owner(), ENVIRONMENT, KEY, Some(&refused)).map(drop)
    }

    pub(super) fn disconnect(&self) -> Result<connections::Revocation, Error> {
        connections::disconnect(&self.engine, &owner(), ENVIRONMENT, KEY).map(|(_, revocation)| revocation)
    }

    /// What a host does by itself, until it is dropped.
    pub(super) fn background(&self) -> Result<background::Background, String> {
        background::start(&self.engine).map_err(|error| error.to_string())
    }

    /// Refresh requests so far.
    pub(super) fn refreshes(&self) -> usize {
        self.lab.history().refreshes()
    }

    /// What the history of all requests says of Keyward.
    pub(super) fn judged(&self) -> Result<(), String> {
        let verdict = checker::judge(&self.lab.history().events(), 0);
        match verdict.faults().next() {
            None => Ok(()),
            Some(fault) => Err(format!("Then Keyward broke a rule: {fault}.")),
        }
    }
}

fn owner() -> Caller {
    Caller::owner("a simulation")
}

/// The system's clocks, put forward.
#[derive(Default)]
pub(super) struct ShiftedClock {
    passed: AtomicU64,
    jumped: AtomicI64,
}

impl ShiftedClock {
    /// Time passes.
    pub(super) fn pass(&self, seconds: u64) {
        self.passed.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Somebody sets the clock.
    pub(super) fn jump(&self, seconds: i64) {
        self.jumped.fetch_add(seconds, Ordering::SeqCst);
    }

    fn passed(&self) -> Duration {
        Duration::from_secs(self.passed.load(Ordering::SeqCst))
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now().after(self.passed());
        Timestamp(now.0.saturating_add(self.jumped.load(Ordering::SeqCst)))
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic() + self.passed()
    }

    fn boot(&self) -> Option<BootTime> {
        let now = SystemClock.boot()?;
        Some(BootTime {
            seconds: now.seconds.saturating_add(self.passed().as_secs()),
            ..now
        })
    }
}

/// Nobody opens a browser in a simulation: the laboratory is asked what one would end at.
struct NoBrowser;

impl Browser for NoBrowser {
    fn open(&self, _: &str) -> Result<String, String> {
        Err("a simulation opens no browser".to_owned())
    }
}

#[derive(Default)]
struct MapKeychain(Mutex<HashMap<String, Zeroizing<Vec<u8>>>>);

impl MapKeychain {
    fn hold(&self) -> MutexGuard<'_, HashMap<String, Zeroizing<Vec<u8>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keychain for MapKeychain {
    fn get(&self, account: &str, _: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        Ok(self.hold().get(account).cloned())
    }

    fn set(&self, account: &str, bytes: &[u8], _: Duration) -> Result<(), KeychainError> {
        let bytes = Zeroizing::new(bytes.to_vec());
        self.hold().insert(account.to_owned(), bytes);
        Ok(())
    }

    fn delete(&self, account: &str, _: Duration) -> Result<(), KeychainError> {
        self.hold().remove(account);
        Ok(())
    }
}

/// A new folder that nobody else has; removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(memory: Option<&Path>) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let below = memory.map_or_else(std::env::temp_dir, Path::to_owned);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let path = below.join(format!("keyward-simulation-{}-{number}", std::process::id()));
        // Fails where anything has that name: what is in it is never somebody else's.
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
