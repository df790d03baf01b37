//! A home with a host on it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};

use keyward_api::{
    client::Client,
    endpoint,
    host::{Control, Host},
    server::{self as door, Server},
    wire,
};
use keyward_engine::{Ports, home::Home};

use crate::doubles::{FakeClock, MapKeychain, Onlooker};

/// A home, and everything a host needs.
pub struct World {
    pub clock: Arc<FakeClock>,
    pub ports: Ports,
    pub home: Home,
    folder: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FakeClock::default());
        Self {
            ports: Ports {
                keychain: Arc::new(MapKeychain::default()),
                clock: Arc::clone(&clock) as _,
                browser: Arc::new(Onlooker::default()),
            },
            clock,
            home: Home::open(&folder.path().join("home")).unwrap(),
            folder,
        }
    }

    pub fn host(&self) -> (Arc<Host>, mpsc::Receiver<Control>, Server) {
        let (host, control) = Host::new(self.home.clone(), "serve", self.ports.clone()).unwrap();
        let server = door::start(&host, self.runtime()).unwrap();
        (host, control, server)
    }

    /// XDG_RUNTIME_DIR.
    pub fn runtime(&self) -> Option<&Path> {
        Some(self.folder.path())
    }

    pub fn socket(&self) -> PathBuf {
        endpoint::socket(&self.home, self.runtime()).unwrap()
    }

    pub fn client(&self) -> Client {
        Client::connect(&self.home, self.runtime())
            .unwrap()
            .expect("a host")
    }
}

/// A vault in keychain mode with the secret KEY.
pub fn fill(client: &mut Client) {
    let create = wire::VaultCreate {
        mode: wire::Mode::Keychain,
        passphrase: None,
        kdf_memory_mib: None,
        device_secret: false,
    };
    client.call("default", &create).unwrap();
    client.call("default", &secret("KEY", b"canary-value")).unwrap();
}

pub fn secret(key: &str, value: &[u8]) -> wire::SecretCreate {
    wire::SecretCreate {
        environment: "default".to_owned(),
        key: key.to_owned(),
        name: None,
        description: None,
        tags: None,
        masked: None,
        value: wire::Plaintext(keyward_model::SecretValue::new(value.to_vec())),
        notes: None,
        expires_at: None,
        rotate_every: None,
        favourite: None,
    }
}

pub fn reveal(key: &str) -> wire::SecretReveal {
    wire::SecretReveal {
        environment: "default".to_owned(),
        secret: key.to_owned(),
        passphrase: None,
        version: None,
    }
}
