//! Key slots: each wraps the vault's key, any one opens it (SECURITY.md §b.2, §b.7).

use keyward_model::{Id, SecretValue};
use keyward_seal::{
    KdfParams, Key, MasterKey, RecoveryKey, lp, open, random_bytes, seal, slot_key_keychain,
    slot_key_passphrase, slot_key_recovery,
};
use rusqlite::Connection;

use crate::{
    body::{self, Item, Map},
    error::{Error, Result},
    record::new_uuid,
};

/// The most slots there are.
const MOST: usize = 8;

/// Argon2id, version 0x13.
const ARGON2ID: u64 = 1;

// Numbers of the params (FORMAT.md).
const SALT: u8 = 1;
const KDF: u8 = 2;
const MEMORY_KIB: u8 = 3;
const ITERATIONS: u8 = 4;
const LANES: u8 = 5;
const DEVICE_SECRET: u8 = 6;

/// What opens a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    OsKeychain,
    Passphrase,
    Recovery,
}

impl Type {
    fn as_str(self) -> &'static str {
        match self {
            Type::OsKeychain => "os-keychain",
            Type::Passphrase => "passphrase",
            Type::Recovery => "recovery",
        }
    }
}

/// A row of `slot`, as stored.
pub(crate) struct Slot {
    pub(crate) id: [u8; 16],
    /// As stored: a type that is not known here still counts for the header's MAC.
    kind: String,
    params: Vec<u8>,
    blob: Vec<u8>,
}

/// Whether a passphrase opens the vault alone, or together with a secret that the keychain of this machine keeps:
/// then a stolen file and the passphrase are not enough (SECURITY.md §b.2 “two-secret”).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceSecret {
    /// The passphrase alone.
    Without,
    /// Both.
    With,
}

/// What a passphrase slot says about its key.
pub(crate) struct PassphraseParams {
    salt: [u8; 16],
    pub(crate) kdf: KdfParams,
    pub(crate) device_secret: DeviceSecret,
}

/// What must lie in the keychain before a slot counts.
pub(crate) struct Entry {
    pub(crate) account: String,
    pub(crate) key: Key,
}

/// All slots, in order of their ids.
///
/// # Errors
/// [`Error::Corrupt`] when there are more than eight, or one is larger than any of ours.
pub(crate) fn read_all(db: &Connection) -> Result<Vec<Slot>> {
    let mut statement = db.prepare_cached(
        "SELECT slot_id, substr(type, 1, 65), substr(params, 1, 513), substr(blob, 1, 513) FROM slot
         ORDER BY slot_id LIMIT 9",
    )?;
    let slots = statement
        .query_map([], |row| {
            Ok(Slot {
                id: row.get(0)?,
                kind: row.get(1)?,
                params: row.get(2)?,
                blob: row.get(3)?,
            })
        })?
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let too_long = |slot: &Slot| slot.kind.len() > 64 || slot.params.len() > 512 || slot.blob.len() > 512;
    if slots.is_empty() || slots.len() > MOST || slots.iter().any(too_long) {
        return Err(Error::Corrupt("the key slots".to_owned()));
    }
    Ok(slots)
}

/// canonical(slots) of §b.4; `slots` are in order of their ids.
pub(crate) fn canonical(slots: &[Slot], out: &mut Vec<u8>) {
    for slot in slots {
        lp(out, &slot.id);
        lp(out, slot.kind.as_bytes());
        lp(out, &slot.params);
        lp(out, &slot.blob);
    }
}

/// Where the key of an os-keychain slot lies in the keychain.
fn key_account(vault_uuid: &[u8; 16], slot_id: &[u8; 16]) -> String {
    format!("{}:{}", Id::from_bytes(*vault_uuid), Id::from_bytes(*slot_id))
}

/// Where the device secret of a passphrase slot lies.
fn device_account(vault_uuid: &[u8; 16], slot_id: &[u8; 16]) -> String {
    format!("{}:device", key_account(vault_uuid, slot_id))
}

impl Slot {
    /// A row as it was found in a damaged file; the key that opens it says whether it is whole.
    pub(crate) fn from_parts(id: &[u8], kind: &[u8], params: &[u8], blob: &[u8]) -> Option<Self> {
        Some(Self {
            id: id.try_into().ok()?,
            kind: String::from_utf8(kind.to_vec()).ok()?,
            params: params.to_vec(),
            blob: blob.to_vec(),
        })
    }

    pub(crate) fn is(&self, kind: Type) -> bool {
        self.kind == kind.as_str()
    }

    /// A slot that the keychain opens once the entry lies there.
    pub(crate) fn for_keychain(vault_uuid: &[u8; 16], master: &MasterKey) -> Result<(Self, Entry)> {
        let key = slot_key_keychain()?;
        let params = body::encode(&[]).to_vec();
        let slot = Self::wrap(vault_uuid, Type::OsKeychain, params, &key, master)?;
        let account = key_account(vault_uuid, &slot.id);
        Ok((slot, Entry { account, key }))
    }

    /// A slot that a passphrase opens, with a device secret once its entry lies in the keychain. Runs the KDF once.
    pub(crate) fn for_passphrase(
        vault_uuid: &[u8; 16],
        passphrase: &SecretValue,
        kdf: &KdfParams,
        device_secret: DeviceSecret,
        master: &MasterKey,
    ) -> Result<(Self, Option<Entry>)> {
        let salt = random_bytes()?;
        let device = match device_secret {
            DeviceSecret::Without => None,
            DeviceSecret::With => Some(Key::make()?),
        };
        let key = slot_key_passphrase(passphrase.expose(), &salt, kdf, device.as_ref().map(Key::expose))?;
        let params = body::encode(&[
            (SALT, Item::Bytes(&salt)),
            (KDF, Item::Unsigned(ARGON2ID)),
            (MEMORY_KIB, Item::Unsigned(kdf.memory_kib.into())),
            (ITERATIONS, Item::Unsigned(kdf.iterations.into())),
            (LANES, Item::Unsigned(kdf.lanes.into())),
            (DEVICE_SECRET, Item::Bool(device.is_some())),
        ]);
        let slot = Self::wrap(vault_uuid, Type::Passphrase, params.to_vec(), &key, master)?;
        let account = device_account(vault_uuid, &slot.id);
        let entry = device.map(|key| Entry { account, key });
        Ok((slot, entry))
    }

    /// A slot that a recovery key opens.
    pub(crate) fn for_recovery(
        vault_uuid: &[u8; 16],
        recovery: &RecoveryKey,
        master: &MasterKey,
    ) -> Result<Self> {
        let salt = random_bytes()?;
        let params = body::encode(&[(SALT, Item::Bytes(&salt))]);
        Self::wrap(
            vault_uuid,
            Type::Recovery,
            params.to_vec(),
            &slot_key_recovery(recovery, &salt),
            master,
        )
    }

    fn wrap(
        vault_uuid: &[u8; 16],
        kind: Type,
        params: Vec<u8>,
        key: &Key,
        master: &MasterKey,
    ) -> Result<Self> {
        let mut slot = Self {
            id: new_uuid()?,
            kind: kind.as_str().to_owned(),
            params,
            blob: Vec::new(),
        };
        slot.blob = seal(key, "slot", &slot.aad(vault_uuid), master.expose())?;
        Ok(slot)
    }

    fn aad(&self, vault_uuid: &[u8; 16]) -> Vec<u8> {
        let mut aad = Vec::with_capacity(160);
        for part in [
            vault_uuid.as_slice(),
            &self.id,
            self.kind.as_bytes(),
            &self.params,
        ] {
            lp(&mut aad, part);
        }
        aad
    }

    /// The vault's key; `None` when `key` does not open this slot.
    pub(crate) fn open(&self, vault_uuid: &[u8; 16], key: &Key) -> Option<MasterKey> {
        let master = open(key, "slot", &self.aad(vault_uuid), &self.blob).ok()?;
        MasterKey::from_slice(&master).ok()
    }

    /// Salt and costs of a passphrase slot, checked against floor and cap.
    pub(crate) fn passphrase_params(&self) -> Result<PassphraseParams> {
        let map = Map::parse(&self.params, u64::from(DEVICE_SECRET))?;
        if map.unsigned(KDF.into())? != ARGON2ID {
            return Err(Error::Corrupt("a passphrase slot of an unknown kind".to_owned()));
        }
        let kdf = KdfParams {
            memory_kib: map.u32(MEMORY_KIB.into())?,
            iterations: map.u32(ITERATIONS.into())?,
            lanes: map.u32(LANES.into())?,
        };
        kdf.check()?;
        Ok(PassphraseParams {
            salt: map.array(SALT.into())?,
            kdf,
            device_secret: match map.flag(DEVICE_SECRET.into())? {
                false => DeviceSecret::Without,
                true => DeviceSecret::With,
            },
        })
    }

    /// Whether the costs are below what a new slot gets today (§b.7).
    pub(crate) fn is_below_default(&self) -> bool {
        self.passphrase_params()
            .is_ok_and(|params| params.kdf.below_default())
    }

    /// Runs the KDF of this slot. Costs are checked first.
    pub(crate) fn passphrase_key(&self, passphrase: &SecretValue, device: Option<&Key>) -> Result<Key> {
        let PassphraseParams { salt, kdf, .. } = self.passphrase_params()?;
        Ok(slot_key_passphrase(
            passphrase.expose(),
            &salt,
            &kdf,
            device.map(Key::expose),
        )?)
    }

    /// Where the keychain holds what this slot needs; `None` for a slot that needs nothing of it.
    pub(crate) fn account(&self, vault_uuid: &[u8; 16]) -> Option<String> {
        if self.is(Type::OsKeychain) {
            return Some(key_account(vault_uuid, &self.id));
        }
        let params = self.is(Type::Passphrase).then(|| self.passphrase_params());
        params
            .and_then(Result::ok)
            .filter(|params| params.device_secret == DeviceSecret::With)
            .map(|_| device_account(vault_uuid, &self.id))
    }

    pub(crate) fn recovery_key(&self, recovery: &RecoveryKey) -> Result<Key> {
        let salt = Map::parse(&self.params, u64::from(SALT))?.array(SALT.into())?;
        Ok(slot_key_recovery(recovery, &salt))
    }

    pub(crate) fn insert(&self, db: &Connection) -> Result<()> {
        db.execute(
            "INSERT INTO slot(slot_id, type, params, blob) VALUES (?1, ?2, ?3, ?4)",
            (self.id, &self.kind, &self.params, &self.blob),
        )?;
        Ok(())
    }

    pub(crate) fn delete(&self, db: &Connection) -> Result<()> {
        db.execute("DELETE FROM slot WHERE slot_id = ?1", [self.id])?;
        Ok(())
    }
}
