//! The ways into a vault, and a new key for all of it (SECURITY.md §b.2, §b.7, §b.8).

#[path = "../support/mod.rs"]
mod support;

mod epochs;
mod rekey;
mod ways;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use keyward_model::SecretValue;
use keyward_vault::{
    DeviceSecret, Error, Freshness, KdfParams, Keychain, KeychainError, Mode, NewSlot, Opening, Place,
    RecoveryKey, UnlockedVault, Unlocking,
};
use support::*;
use zeroize::Zeroizing;

/// The least that opens: where the KDF runs a hundred times.
const LEAST: KdfParams = KdfParams {
    memory_kib: 32 * 1024,
    iterations: 2,
    lanes: 1,
};

fn passphrase(text: &SecretValue, device_secret: DeviceSecret) -> NewSlot<'_> {
    NewSlot::Passphrase {
        passphrase: text,
        kdf: Some(CHEAP),
        device_secret,
    }
}

fn by_recovery(world: &World, key: &RecoveryKey) -> keyward_vault::Result<UnlockedVault> {
    keyward_vault::unlock(&world.place(Opening::OneShot), Unlocking::Recovery(key), NOW)
}

impl World {
    /// What lies in the keychain, the anchor left out.
    fn entries(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = self.map.entries.lock().unwrap();
        let kept = entries
            .iter()
            .filter(|(account, _)| !account.ends_with(":anchor"));
        kept.map(|(account, bytes)| (account.clone(), bytes.clone()))
            .collect()
    }

    /// Every byte of file and log.
    fn bytes(&self) -> Vec<u8> {
        let mut all = std::fs::read(self.file()).unwrap();
        all.extend(std::fs::read(self.file().with_extension("db-wal")).unwrap_or_default());
        all
    }

    /// One column of a table, in the order of the rows.
    fn column(&self, sql: &str) -> Vec<Vec<u8>> {
        let db = self.sql();
        let mut statement = db.prepare(sql).unwrap();
        statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}
