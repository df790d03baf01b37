//! A home in a folder of its own with a vault in it, and what a test asks of it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use keyward_engine::{
    Engine, Kind, Ports,
    access::Caller,
    audit, auth_clients, connect,
    connect::{Opening as Browse, Wish},
    connections,
    consent::Consent,
    home::{DeviceSecret, Home, Keychain, Opening},
    lifecycle::{self, NewMode},
    ports::{Browser, Clock},
    secrets,
};
use keyward_model::{
    Id, SecretValue,
    auth_client::Visibility,
    connection::{Connection, RefreshIntent, TokenSet},
    name::VaultName,
};
use keyward_vault::{
    table::connections as rows,
    vault::{self, Place, UnlockedVault, Unlocking},
};

use crate::{
    doubles::{FakeClock, MapKeychain, Onlooker},
    provider::Provider,
};

pub const PASSPHRASE: &str = "correct horse battery staple 42";
pub const ENV: &str = "default";

pub struct World {
    pub clock: Arc<FakeClock>,
    pub keychain: Arc<MapKeychain>,
    pub browser: Arc<Onlooker>,
    pub provider: Provider,
    pub home: Home,
    pub name: VaultName,
    _folder: tempfile::TempDir,
}

pub fn owner() -> Caller {
    Caller::owner("a test")
}

/// A vault in passphrase mode at the least cost.
pub fn by_passphrase(passphrase: &SecretValue, memory_mib: u32) -> NewMode<'_> {
    NewMode::Passphrase {
        passphrase,
        memory_mib: Some(memory_mib),
        device_secret: DeviceSecret::Without,
    }
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            clock: Arc::default(),
            keychain: Arc::default(),
            browser: Arc::default(),
            provider: Provider::start(),
            home: Home::open(&folder.path().join("home")).unwrap(),
            name: "default".parse().unwrap(),
            _folder: folder,
        }
    }

    /// A vault in keychain mode, unlocked as by a host.
    pub fn host() -> (Self, Arc<Engine>) {
        let world = Self::new();
        let engine = world.engine(Opening::Host);
        lifecycle::create(&engine, &owner(), NewMode::Keychain).unwrap();
        (world, engine)
    }

    /// With one AuthClient and one Connection, `APP`, just connected.
    pub fn connected() -> (Self, Arc<Engine>) {
        let (world, engine) = Self::host();
        world.auth_client(&engine, "CLIENT");
        world.connect(&engine, "APP");
        (world, engine)
    }

    pub fn engine(&self, opening: Opening) -> Arc<Engine> {
        self.engine_at(opening, Arc::clone(&self.clock) as Arc<dyn Clock>)
    }

    pub fn engine_at(&self, opening: Opening, clock: Arc<dyn Clock>) -> Arc<Engine> {
        Arc::new(Engine::new(
            self.home.clone(),
            self.name.clone(),
            opening,
            self.ports(clock),
        ))
    }

    pub fn ports(&self, clock: Arc<dyn Clock>) -> Ports {
        Ports {
            keychain: Arc::clone(&self.keychain) as Arc<dyn Keychain>,
            clock,
            browser: Arc::clone(&self.browser) as Arc<dyn Browser>,
        }
    }

    /// Another process.
    pub fn another(&self, opening: Opening) -> Arc<Engine> {
        let engine = self.engine(opening);
        lifecycle::unlock(&engine, None).unwrap();
        engine
    }

    /// The file itself, past the engine.
    pub fn file(&self) -> UnlockedVault {
        let keychain = Arc::clone(&self.keychain) as Arc<dyn Keychain>;
        let place = Place {
            home: &self.home,
            name: &self.name,
            keychain: &keychain,
            opening: Opening::OneShot,
        };
        vault::unlock(&place, Unlocking::Keychain, self.clock.now()).unwrap()
    }

    pub fn connection(&self, id: Id) -> Connection {
        self.file().read(|tx| rows::read(tx, id)).unwrap()
    }

    pub fn tokens(&self, id: Id) -> Option<TokenSet> {
        self.file()
            .read(|tx| rows::tokens(tx, &rows::read(tx, id)?))
            .unwrap()
            .map(|(tokens, _)| tokens)
    }

    pub fn intent(&self, id: Id) -> Option<RefreshIntent> {
        self.file()
            .read(|tx| rows::intent(tx, &rows::read(tx, id)?))
            .unwrap()
    }

    pub fn auth_client(&self, engine: &Engine, key: &str) -> Id {
        self.auth_client_for(engine, key, Visibility::Environment)
    }

    pub fn auth_client_for(&self, engine: &Engine, key: &str, visibility: Visibility) -> Id {
        let (auth_uri, token_uri) = (self.provider.address("authorize"), self.provider.address("token"));
        let revocation_uri = self.provider.address("revoke");
        let new = auth_clients::New {
            key,
            name: None,
            application: Some("github"),
            visibility,
            registration: auth_clients::NewRegistration::Oauth2(auth_clients::NewOauth2 {
                auth_uri: Some(&auth_uri),
                token_uri: Some(&token_uri),
                revocation_uri: Some(&revocation_uri),
                client_id: "client-1",
                scopes: vec!["read".to_owned()],
                ..auth_clients::NewOauth2::default()
            }),
        };
        auth_clients::create(engine, &owner(), ENV, &new)
            .unwrap()
            .auth_client
            .id
    }

    /// Connects by pasting the address that the provider's page would have ended at.
    pub fn connect(&self, engine: &Arc<Engine>, key: &str) -> Connection {
        let consent = begin(engine, &wish(key));
        connect::paste(engine, consent.id, &answer_to(&consent, "code=code-1")).unwrap();
        let progress = ended(&consent);
        assert!(progress.error.is_none(), "{:?}", progress.error);
        progress.result.unwrap().connection
    }
}

pub fn wish(connection: &str) -> Wish<'_> {
    Wish {
        environment: ENV,
        connection,
        name: None,
        auth_client: None,
        scopes: None,
        params: None,
        browser: Browse::LinkOnly,
        timeout: connect::USUAL_WAIT,
    }
}

pub fn begin(engine: &Arc<Engine>, wish: &Wish<'_>) -> Arc<Consent> {
    connect::begin(engine, &owner(), wish).unwrap()
}

/// Waits until a Consent has ended.
pub fn ended(consent: &Consent) -> keyward_engine::consent::Progress {
    let progress = consent.wait(u32::MAX, Duration::from_secs(20));
    assert!(progress.state.is_final(), "{:?}", progress.state);
    progress
}

/// The address a browser ends at.
pub fn answer_to(consent: &Consent, answer: &str) -> String {
    let link = url::Url::parse(consent.link()).unwrap();
    let state = link
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    format!("{}?{answer}&state={state}", consent.redirect_uri())
}

/// What a browser does: fetches the address and, where it is sent, the page at the end.
pub fn visit(address: &str) -> String {
    let rest = address.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_at(rest.find('/').unwrap());
    let fetch = |path: &str| {
        let mut stream = TcpStream::connect(authority).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n").unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    let answer = fetch(path);
    if answer.starts_with("HTTP/1.1 303") {
        fetch("/done");
    }
    answer
}

pub fn token(engine: &Engine) -> keyward_engine::Result<String> {
    token_for(engine, "APP", None)
}

pub fn token_for(engine: &Engine, key: &str, min_ttl: Option<Duration>) -> keyward_engine::Result<String> {
    keyward_engine::refresh::fresh_token(engine, &owner(), ENV, key, min_ttl)
        .map(|(tokens, _)| tokens.access_token.expose_text().unwrap().to_owned())
}

pub fn shown(engine: &Engine) -> Connection {
    connections::find(engine, ENV, "APP").unwrap().connection
}

pub fn new_secret(
    engine: &Engine,
    key: &str,
    value: &str,
) -> keyward_engine::Result<keyward_model::secret::Secret> {
    let value = SecretValue::from(value);
    let new = secrets::New {
        key,
        name: None,
        description: "",
        tags: &[],
        masking: secrets::Masking::Masked,
        value: &value,
        notes: "",
        expires_at: None,
        rotate_every: None,
        favourite: false,
        value_changed_at: None,
    };
    secrets::create(engine, &owner(), ENV, &new).map(|(secret, _)| secret)
}

/// Actions and outcomes of the audit log, oldest first.
pub fn logged(engine: &Engine) -> Vec<(String, String)> {
    audit::list(engine, None, 0, 100_000)
        .unwrap()
        .into_iter()
        .map(|(_, event)| (event.action, event.outcome))
        .collect()
}

pub fn count(engine: &Engine, action: &str) -> usize {
    logged(engine).iter().filter(|(name, _)| name == action).count()
}

pub fn kind<T>(outcome: keyward_engine::Result<T>) -> Option<Kind> {
    outcome.err().map(|error| error.kind)
}

/// Looks until something is so.
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// How many times as much as in CI a test shall do: `KEYWARD_SOAK` of `cargo xtask soak`.
pub fn soak() -> u64 {
    std::env::var("KEYWARD_SOAK").map_or(1, |text| text.parse().expect("KEYWARD_SOAK is a number"))
}

/// Chance that can be repeated (xorshift64*).
pub struct Chance(pub u64);

impl Chance {
    /// From `low` up to, not including, `high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        low + (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) % (high - low)
    }
}
