//! Key slots: each wraps the vault's key, any one opens it (SECURITY.md §b.2, §b.7).

use keyward_model::{Id, SecretValue};
use keyward_seal::{
    KdfParams, Key, MasterKey, RecoveryKey, lp, open, random_bytes, seal, slot_key_passphrase,
    slot_key_recovery,
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

/// What a passphrase slot says about its key.
struct PassphraseParams {
    salt: [u8; 16],
    kdf: KdfParams,
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
pub(crate) fn account(vault_uuid: &[u8; 16], slot_id: &[u8; 16]) -> String {
    format!("{}:{}", Id::from_bytes(*vault_uuid), Id::from_bytes(*slot_id))
}

impl Slot {
    pub(crate) fn is(&self, kind: Type) -> bool {
        self.kind == kind.as_str()
    }

    /// A slot that the keychain opens. The key is to be stored under [`account`].
    pub(crate) fn for_keychain(vault_uuid: &[u8; 16], key: &Key, master: &MasterKey) -> Result<Self> {
        Self::wrap(
            vault_uuid,
            Type::OsKeychain,
            body::encode(&[]).to_vec(),
            key,
            master,
        )
    }

    /// A slot that a passphrase opens; runs the KDF once.
    pub(crate) fn for_passphrase(
        vault_uuid: &[u8; 16],
        passphrase: &SecretValue,
        kdf: &KdfParams,
        master: &MasterKey,
    ) -> Result<Self> {
        let salt = random_bytes()?;
        let key = slot_key_passphrase(passphrase.expose(), &salt, kdf, None)?;
        let params = body::encode(&[
            (SALT, Item::Bytes(&salt)),
            (KDF, Item::Unsigned(ARGON2ID)),
            (MEMORY_KIB, Item::Unsigned(kdf.memory_kib.into())),
            (ITERATIONS, Item::Unsigned(kdf.iterations.into())),
            (LANES, Item::Unsigned(kdf.lanes.into())),
            (DEVICE_SECRET, Item::Bool(false)),
        ]);
        Self::wrap(vault_uuid, Type::Passphrase, params.to_vec(), &key, master)
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
    fn passphrase_params(&self) -> Result<PassphraseParams> {
        let map = Map::parse(&self.params, u64::from(DEVICE_SECRET))?;
        if map.unsigned(KDF.into())? != ARGON2ID {
            return Err(Error::Corrupt("a passphrase slot of an unknown kind".to_owned()));
        }
        if map.flag(DEVICE_SECRET.into())? {
            return Err(Error::TooNew("the passphrase slot".to_owned()));
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
        })
    }

    /// Whether the costs are below what a new slot gets today (§b.7).
    pub(crate) fn is_below_default(&self) -> bool {
        self.passphrase_params()
            .is_ok_and(|params| params.kdf.below_default())
    }

    /// Checks costs before anything is allocated.
    pub(crate) fn check_costs(&self) -> Result<()> {
        self.passphrase_params().map(|_| ())
    }

    /// Runs the KDF of this slot. Costs are checked first.
    pub(crate) fn passphrase_key(&self, passphrase: &SecretValue) -> Result<Key> {
        let PassphraseParams { salt, kdf } = self.passphrase_params()?;
        Ok(slot_key_passphrase(passphrase.expose(), &salt, &kdf, None)?)
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
