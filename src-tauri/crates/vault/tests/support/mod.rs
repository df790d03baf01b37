//! A home in a folder of its own, and a keychain that is a map (the real one has tests of its own).
//!
//! Long, because every kind of record is made here once, for the attacks on all of them.
#![allow(dead_code, reason = "each test file uses a part of this")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests may look at the clock and at files"
)]

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use keyward_model::{
    Id, SecretValue, Timestamp,
    apply::Apply,
    audit::AuditEvent,
    auth_client::{AuthClient, ClientAuthentication, Oauth2, Registration, Visibility},
    connection::{Address, AuthType, Connection, ConnectionState, Lifetime, RefreshIntent, TokenSet},
    credential::Credential,
    name::*,
    secret::Secret,
};
use keyward_vault::{
    DeviceSecret, Home, KdfParams, Keychain, KeychainError, NewSlot, Opening, Place, UnlockedVault,
    Unlocking, WriteTx,
    table::{applications, audit, auth_clients, connections, credentials, environments, secrets},
};
use zeroize::Zeroizing;

pub const NOW: Timestamp = Timestamp(1_800_000_000);
pub const PASSPHRASE: &str = "correct horse battery staple 42";

/// The least that is accepted: tests run the KDF often.
pub const CHEAP: KdfParams = KdfParams {
    memory_kib: 64 * 1024,
    iterations: 3,
    lanes: 1,
};

/// What the keychain double does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    Absent,
    Silent,
}

pub struct MapKeychain {
    pub entries: Mutex<HashMap<String, Vec<u8>>>,
    pub mood: Mutex<Mood>,
    pub calls: Mutex<Vec<String>>,
}

impl Default for MapKeychain {
    fn default() -> Self {
        Self {
            entries: Mutex::default(),
            mood: Mutex::new(Mood::Well),
            calls: Mutex::default(),
        }
    }
}

impl MapKeychain {
    fn answer(&self, call: &str) -> Result<(), KeychainError> {
        self.calls.lock().unwrap().push(call.to_owned());
        match *self.mood.lock().unwrap() {
            Mood::Well => Ok(()),
            Mood::Absent => Err(KeychainError::Absent("no service".to_owned())),
            Mood::Silent => Err(KeychainError::Silent),
        }
    }

    pub fn set_mood(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

impl Keychain for MapKeychain {
    fn get(&self, account: &str, _: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        self.answer("get")?;
        Ok(self
            .entries
            .lock()
            .unwrap()
            .get(account)
            .cloned()
            .map(Zeroizing::new))
    }

    fn set(&self, account: &str, bytes: &[u8], _: Duration) -> Result<(), KeychainError> {
        self.answer("set")?;
        assert!(
            (32..=96).contains(&bytes.len()),
            "32 to 96 bytes, not {}",
            bytes.len()
        );
        self.entries
            .lock()
            .unwrap()
            .insert(account.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn delete(&self, account: &str, _: Duration) -> Result<(), KeychainError> {
        self.answer("delete")?;
        self.entries.lock().unwrap().remove(account);
        Ok(())
    }

    fn accounts(&self, _: Duration) -> Result<Vec<String>, KeychainError> {
        self.answer("accounts")?;
        Ok(self.entries.lock().unwrap().keys().cloned().collect())
    }
}

/// A home with one vault.
pub struct World {
    pub folder: tempfile::TempDir,
    pub home: Home,
    pub name: VaultName,
    pub map: Arc<MapKeychain>,
    pub keychain: Arc<dyn Keychain>,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(&folder.path().join("home")).unwrap();
        let map = Arc::new(MapKeychain::default());
        let keychain: Arc<dyn Keychain> = map.clone();
        Self {
            folder,
            home,
            name: VaultName::parse("default").unwrap(),
            map,
            keychain,
        }
    }

    pub fn place(&self, opening: Opening) -> Place<'_> {
        Place {
            home: &self.home,
            name: &self.name,
            keychain: &self.keychain,
            opening,
        }
    }

    pub fn create(&self) -> UnlockedVault {
        keyward_vault::create(
            &self.place(Opening::OneShot),
            NewSlot::Keychain,
            NOW,
            &stopwatch(),
        )
        .unwrap()
    }

    pub fn create_with_passphrase(&self) -> UnlockedVault {
        let passphrase = SecretValue::from(PASSPHRASE);
        let slot = NewSlot::Passphrase {
            passphrase: &passphrase,
            kdf: Some(CHEAP),
            device_secret: DeviceSecret::Without,
        };
        keyward_vault::create(&self.place(Opening::OneShot), slot, NOW, &stopwatch()).unwrap()
    }

    pub fn unlock(&self) -> keyward_vault::Result<UnlockedVault> {
        self.unlock_as(Opening::OneShot)
    }

    pub fn unlock_as(&self, opening: Opening) -> keyward_vault::Result<UnlockedVault> {
        keyward_vault::unlock(&self.place(opening), Unlocking::Keychain, NOW)
    }

    pub fn unlock_with_passphrase(&self, text: &str) -> keyward_vault::Result<UnlockedVault> {
        let passphrase = SecretValue::from(text);
        keyward_vault::unlock(
            &self.place(Opening::OneShot),
            Unlocking::Passphrase(&passphrase),
            NOW,
        )
    }

    pub fn file(&self) -> PathBuf {
        self.home.vault_file(&self.name)
    }

    /// The file as somebody without the key sees it.
    pub fn sql(&self) -> rusqlite::Connection {
        let db = rusqlite::Connection::open(self.file()).unwrap();
        db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
            .unwrap();
        db
    }
}

/// How many times as much as in CI a test shall do: `KEYWARD_SOAK` of `cargo xtask soak`.
pub fn soak() -> usize {
    std::env::var("KEYWARD_SOAK").map_or(1, |text| text.parse().expect("KEYWARD_SOAK is a number"))
}

pub fn stopwatch() -> impl Fn() -> Duration {
    let start = Instant::now();
    move || start.elapsed()
}

pub fn key(text: &str) -> Handle {
    Handle::parse(text).unwrap()
}

pub fn event(action: &str) -> AuditEvent {
    AuditEvent {
        at: NOW,
        actor: "owner".to_owned(),
        action: action.to_owned(),
        subject: "test".to_owned(),
        outcome: "ok".to_owned(),
        took: None,
    }
}

pub fn default_environment(vault: &UnlockedVault) -> Id {
    find_default(vault).unwrap()
}

fn find_default(vault: &UnlockedVault) -> keyward_vault::Result<Id> {
    let name = EnvironmentName::parse("default").unwrap();
    vault
        .read(|tx| environments::find(tx, &name))
        .map(|found| found.id)
}

/// Adds a secret the way the engine does: the record and its event in one transaction.
pub fn add(vault: &UnlockedVault, handle: &str, value: &str) -> keyward_vault::Result<Secret> {
    let environment = find_default(vault)?;
    vault.write(NOW, |tx| insert(tx, environment, handle, value))
}

pub fn insert(tx: &mut WriteTx, environment: Id, handle: &str, value: &str) -> keyward_vault::Result<Secret> {
    let value = SecretValue::from(value);
    let new = secrets::New {
        key: &key(handle),
        name: handle,
        description: "",
        tags: &[],
        masked: secrets::Masking::Masked,
        environment,
        value: &value,
        notes: "",
        expires_at: None,
        rotate_every: None,
        favourite: false,
        value_changed_at: NOW,
    };
    let secret = secrets::insert(tx, new, NOW)?;
    audit::append(tx, &event("secret.create"))?;
    Ok(secret)
}

pub fn value_of(vault: &UnlockedVault, handle: &str) -> keyward_vault::Result<String> {
    let environment = find_default(vault)?;
    vault.read(|tx| {
        let secret = secrets::find(tx, environment, &key(handle))?;
        let value = secrets::value(tx, &secret)?;
        Ok(value.expose_text().unwrap().to_owned())
    })
}

impl World {
    pub fn unlock_or_create(&self, opening: Opening) -> UnlockedVault {
        if !self.home.vault_exists(&self.name) {
            drop(self.create());
        }
        self.unlock_as(opening).unwrap()
    }
}

/// A credential of these variables, all masked; each value is the name in lower case, with `-value`.
pub fn add_credential(
    vault: &UnlockedVault,
    handle: &str,
    variables: &[&str],
) -> keyward_vault::Result<Credential> {
    let environment = find_default(vault)?;
    let names: Vec<Handle> = variables.iter().map(|name| key(name)).collect();
    let values: Vec<SecretValue> = variables
        .iter()
        .map(|name| SecretValue::from(format!("{}-value", name.to_lowercase())))
        .collect();
    let drafts: Vec<credentials::Draft> = names
        .iter()
        .zip(&values)
        .map(|(name, value)| credentials::Draft {
            id: None,
            name,
            description: handle,
            masking: secrets::Masking::Masked,
            value: Some(value),
            file: None,
        })
        .collect();
    vault.write(NOW, |tx| {
        let new = credentials::New {
            key: &key(handle),
            name: handle,
            description: handle,
            environment,
            variables: &drafts,
        };
        let credential = credentials::insert(tx, new, NOW)?;
        audit::append(tx, &event("credential.create"))?;
        Ok(credential)
    })
}

/// An auth client with a secret, a connection through it, tokens and an intent, all named after `word`.
pub fn with_connection(vault: &UnlockedVault, word: &str) {
    let low = word.to_lowercase();
    let environment = default_environment(vault);
    let id = || vault.read(|tx| tx.new_id()).unwrap();
    let client = AuthClient {
        id: id(),
        key: key(&format!("{word}_CLIENT")),
        name: format!("{word} client"),
        application: Some(AppName::parse(&low).unwrap()),
        visibility: Visibility::Environment,
        environment,
        registration: Registration::Oauth2(Box::new(Oauth2 {
            issuer: Some(format!("https://{low}.example")),
            revocation_uri: Some(format!("https://{low}.example/revoke")),
            client_authentication: ClientAuthentication::Post,
            authorize_params: vec![("prompt".to_owned(), low.clone())],
            scopes: vec![format!("{low}-scope")],
            ..Oauth2::new(
                format!("https://{low}.example/auth"),
                format!("https://{low}.example/token"),
                format!("{low}-client-id"),
            )
        })),
        created_at: NOW,
    };
    let new = vault.read(|tx| {
        let key = key(&format!("{word}_CONNECTION"));
        connections::new(tx, environment, key, AuthType::Oauth2, NOW)
    });
    let connection = Connection {
        name: format!("{word} connection"),
        application: client.application.clone(),
        auth_client: Some(Address {
            vault: Id::from_bytes(vault.uuid()),
            client: client.id,
        }),
        account: Some(format!("{low}@example.org")),
        state: ConnectionState::Ready,
        requested_scopes: vec![format!("{low}-scope")],
        granted_scope: Some(format!("{low}-scope")),
        lifetime: Some(Lifetime::new(NOW, Duration::from_secs(3600)).with_window(Some(30))),
        has_refresh_token: true,
        default: true,
        kept: vec![("instance_url".to_owned(), "https://example.org".to_owned())],
        ..new.unwrap()
    };
    let tokens = TokenSet {
        access_token: SecretValue::from(format!("{low}-access-token")),
        refresh_token: Some(SecretValue::from(format!("{low}-refresh-token"))),
        token_type: "Bearer".to_owned(),
        scope: Some(format!("{low}-scope")),
        lifetime: Lifetime::new(NOW, Duration::from_secs(3600)).with_window(Some(30)),
        raw: SecretValue::from(format!("{{\"access_token\":\"{low}-access-token\"}}")),
    };
    let intent = RefreshIntent {
        attempt: 1,
        refresh_token_digest: [9; 32],
        started_at: NOW,
        unreadable_answer: Some(SecretValue::from(format!("<html>{low}</html>"))),
    };
    let entered = Connection {
        id: id(),
        key: key(&format!("{word}_ENTERED")),
        auth_client: None,
        auth_type: AuthType::ApiKey,
        url: Some(format!("https://{low}.example/api")),
        apply: Some(Apply::Header(format!("X-{word}"))),
        account: None,
        requested_scopes: Vec::new(),
        granted_scope: None,
        lifetime: None,
        has_refresh_token: false,
        token_set: id(),
        refresh_intent: id(),
        default: false,
        ..connection.clone()
    };
    let secret = SecretValue::from(format!("{low}-client-secret"));
    let value = SecretValue::from(format!("{low}-entered-value"));
    let app = AppName::parse(&low).unwrap();
    vault
        .write(NOW, |tx| {
            let application = applications::New {
                key: &app,
                name: Some(word),
                url: None,
            };
            applications::find_or_insert(tx, application, NOW)?;
            auth_clients::insert(tx, &client, Some(&secret), NOW)?;
            connections::insert(tx, &connection)?;
            connections::replace_tokens(tx, &connection, &tokens, None)?;
            connections::put_intent(tx, &connection, &intent)?;
            connections::insert(tx, &entered)?;
            connections::set_value(tx, entered, &value, word, NOW)?;
            audit::append(
                tx,
                &AuditEvent {
                    subject: format!("{word} in default"),
                    ..event("connection.create")
                },
            )
        })
        .unwrap();
}
