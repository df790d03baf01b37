//! What a restore would change: the things of a copy beside those of the vault, by their keys. Opens no value.

use std::{collections::HashMap, path::Path};

use crate::{
    body::Map,
    draft::Draft,
    error::{Error, Result},
    header::Header,
    manifest::Manifest,
    record::Kind,
    schema::{self, OnClose},
    tx::Tx,
    vault::UnlockedVault,
};

/// The field of a body that holds a key, in every kind that has one (FORMAT.md).
pub(crate) const KEY: u64 = 1;

/// Things by their keys, each list sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// In the vault and not in the copy: a restore takes them away.
    pub lost: Vec<String>,
    /// In both, and changed since the copy was made: a restore brings the older state back.
    pub older: Vec<String>,
    /// In the copy and no more in the vault: a restore brings them back.
    pub back: Vec<String>,
}

/// Kinds that a person knows by their key.
pub(crate) fn has_key(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Environment | Kind::Secret | Kind::Credential | Kind::AuthClient | Kind::Connection
    )
}

/// Key and write counter of everything that has a key, by identity.
type Things = HashMap<[u8; 16], (String, u64)>;

impl UnlockedVault {
    /// Compares the copy `file` with the vault. The keys in memory open it.
    ///
    /// # Errors
    /// [`Error::Conflict`] when it is a copy of another vault, or from before the vault got new keys;
    /// [`Error::Corrupt`] when it does not verify.
    pub fn compare(&self, file: &Path) -> Result<Comparison> {
        let draft = Draft::copy(file, &self.file)?;
        let copy = schema::open(draft.path(), OnClose::Checkpoint)?;
        let keys = self.keys();
        // Another epoch is told as locked, another vault as damaged: neither is a fault of the copy.
        let header = Header::read(&copy)?;
        if (header.vault_uuid, header.epoch) != (keys.uuid, keys.epoch) {
            return Err(Error::Conflict(
                "the copy is of another vault, or from before this one got new keys".to_owned(),
            ));
        }
        let there = things(&Tx::new(&copy, &keys, Manifest::load(&copy, &keys, None)?))?;
        let here = self.read(things)?;
        let mut comparison = Comparison::default();
        for (id, (key, version)) in &here {
            match there.get(id) {
                None => comparison.lost.push(key.clone()),
                Some((_, then)) if then != version => comparison.older.push(key.clone()),
                Some(_) => {}
            }
        }
        let gone = there.iter().filter(|(id, _)| !here.contains_key(*id));
        comparison.back = gone.map(|(_, (key, _))| key.clone()).collect();
        for list in [&mut comparison.lost, &mut comparison.older, &mut comparison.back] {
            list.sort();
        }
        Ok(comparison)
    }
}

fn things(tx: &Tx<'_>) -> Result<Things> {
    let mut things = Things::new();
    for kind in Kind::ALL.iter().copied().filter(|kind| has_key(*kind)) {
        tx.each(kind, |record, plaintext| {
            let key = Map::parse(plaintext, u64::MAX)?.string(KEY)?;
            things.insert(record.uuid, (key, record.version));
            Ok(())
        })?;
    }
    Ok(things)
}
