//! Keys: random ones are made, the others are derived (b.2).

use std::fmt;

use zeroize::Zeroizing;

use crate::{Error, KdfParams, RecoveryKey, hash, kdf, locked::Slot, wipe};

/// A 256-bit key in page-locked memory, wiped when dropped. There is no `Clone`, and `Debug`
/// tells nothing.
pub struct Key(Slot);

impl Key {
    /// A random key.
    ///
    /// # Errors
    /// [`Error::Random`] when the random source fails.
    pub fn make() -> Result<Self, Error> {
        let mut key = Self(Slot::take());
        wipe::fill_random(key.0.bytes_mut())?;
        Ok(key)
    }

    /// A key with these bytes. The caller wipes its own copy.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut key = Self(Slot::take());
        key.0.bytes_mut().copy_from_slice(bytes);
        key
    }

    /// A key from bytes that were opened or fetched. The caller wipes its own copy.
    ///
    /// # Errors
    /// [`Error::KeyLength`] unless there are 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        bytes
            .try_into()
            .map(Self::from_bytes)
            .map_err(|_| Error::KeyLength)
    }

    /// The bytes, to be sealed or stored in the keychain. Do not copy them elsewhere.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.bytes()
    }

    /// Whether the operating system keeps this key out of swap. Locking fails soft; `doctor` tells.
    pub fn is_locked(&self) -> bool {
        self.0.is_locked()
    }

    /// `HKDF-SHA256(salt, ikm, info)` straight into locked memory.
    fn derive(salt: &[u8], ikm: &[u8], info: &[&[u8]]) -> Self {
        #[inline(never)]
        fn work(salt: &[u8], ikm: &[u8], info: &[&[u8]], key: &mut Key) {
            hash::derive(salt, ikm, info, key.0.bytes_mut());
        }
        let mut key = Self(Slot::take());
        work(salt, ikm, info, &mut key);
        wipe::clear_stack::<{ wipe::SHALLOW }>();
        key
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// The vault key: 32 random bytes, one per vault and epoch. Every other key of the vault comes
/// from it; every slot wraps it.
#[derive(Debug)]
pub struct MasterKey(Key);

impl MasterKey {
    /// A random vault key.
    ///
    /// # Errors
    /// [`Error::Random`] when the random source fails.
    pub fn make() -> Result<Self, Error> {
        Key::make().map(Self)
    }

    /// The vault key with these bytes, as opened from a slot. The caller wipes its own copy.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Key::from_bytes(bytes))
    }

    /// As [`MasterKey::from_bytes`], for bytes of unknown length.
    ///
    /// # Errors
    /// [`Error::KeyLength`] unless there are 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        Key::from_slice(bytes).map(Self)
    }

    /// The bytes, to be sealed into a slot.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// Whether the operating system keeps this key out of swap.
    pub fn is_locked(&self) -> bool {
        self.0.is_locked()
    }
}

/// The seven keys of an unlocked vault.
#[derive(Debug)]
pub struct KeyRing {
    /// Those that stay while it is “locked, refreshing”.
    pub refreshing: RefreshKeys,
    /// Those that go when it is locked.
    pub owner: OwnerKeys,
}

/// What keeping tokens fresh needs, and nothing else (SECURITY.md §b.2 “locked, refreshing”).
#[derive(Debug)]
pub struct RefreshKeys {
    /// Wraps the record keys of AuthClients, Connections, token sets and refresh intents.
    pub wrap_oauth: Key,
    /// MACs buckets, nodes and the root.
    pub manifest: Key,
    /// Chains the audit rows.
    pub audit: Key,
    /// Seals the audit rows.
    pub audit_enc: Key,
}

/// What everything else needs.
#[derive(Debug)]
pub struct OwnerKeys {
    /// Wraps the record keys of everything that `wrap_oauth` does not wrap.
    pub wrap_main: Key,
    /// MACs the header and the slots.
    pub header: Key,
    /// Makes blind indexes.
    pub index: Key,
}

/// The keys of a vault in one epoch:
/// `HKDF-SHA256(salt = vault_uuid, VK, "keyward/v1/key/" || label || 0x00 || u32be(epoch))`.
pub fn derive_keys(master: &MasterKey, vault_uuid: &[u8; 16], epoch: u32) -> KeyRing {
    let epoch = epoch.to_be_bytes();
    let key = |label: &str| {
        let info: [&[u8]; 4] = [b"keyward/v1/key/", label.as_bytes(), &[0], &epoch];
        Key::derive(vault_uuid, master.expose(), &info)
    };
    KeyRing {
        refreshing: RefreshKeys {
            wrap_oauth: key("wrap/oauth"),
            manifest: key("manifest"),
            audit: key("audit"),
            audit_enc: key("audit_enc"),
        },
        owner: OwnerKeys {
            wrap_main: key("wrap/main"),
            header: key("header"),
            index: key("index"),
        },
    }
}

/// A new slot key for the operating system's keychain: random.
///
/// # Errors
/// [`Error::Random`] when the random source fails.
pub fn slot_key_keychain() -> Result<Key, Error> {
    Key::make()
}

/// The slot key of a passphrase: `HKDF(salt, Argon2id(NFC(passphrase), salt) || device_secret?,
/// "keyward/v1/slot/pass")`. The passphrase is UTF-8 in any normal form.
///
/// # Errors
/// [`Error::KdfTooWeak`] and [`Error::KdfTooCostly`] before anything is allocated,
/// [`Error::PassphraseText`], [`Error::Memory`].
pub fn slot_key_passphrase(
    passphrase: &[u8],
    salt: &[u8; 16],
    params: &KdfParams,
    device_secret: Option<&[u8; 32]>,
) -> Result<Key, Error> {
    let mut stretched = Key(Slot::take());
    kdf::argon2id(passphrase, salt, params, stretched.0.bytes_mut())?;
    let mut ikm = Zeroizing::new([0; 64]);
    let (first, second) = ikm.split_at_mut(32);
    first.copy_from_slice(stretched.expose());
    let used = match device_secret {
        Some(secret) => {
            second.copy_from_slice(secret);
            64
        }
        None => 32,
    };
    Ok(Key::derive(salt, &ikm[..used], &[b"keyward/v1/slot/pass"]))
}

/// The slot key of a recovery key: `HKDF(salt, R, "keyward/v1/slot/recovery")`. No stretching:
/// R has 150 random bits.
pub fn slot_key_recovery(recovery: &RecoveryKey, salt: &[u8; 16]) -> Key {
    Key::derive(salt, recovery.bytes(), &[b"keyward/v1/slot/recovery"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_keys_differ() {
        let first = Key::make().expect("random");
        let second = slot_key_keychain().expect("random");
        assert_ne!(first.expose(), second.expose());
    }

    /// neither `Debug` nor an error shows a key.
    #[test]
    fn r17_debug_shows_no_content() {
        let key = MasterKey::from_bytes(&[0x5A; 32]);
        let ring = derive_keys(&key, &[1; 16], 1);
        assert_eq!(format!("{key:?}"), "MasterKey(Key)");
        assert!(!format!("{ring:?}").contains(|c: char| c.is_ascii_digit()));
    }

    #[test]
    fn only_32_bytes_are_a_key() {
        assert_eq!(Key::from_slice(&[3; 32]).expect("32").expose(), &[3; 32]);
        assert_eq!(MasterKey::from_slice(&[3; 32]).expect("32").expose(), &[3; 32]);
        for length in [0, 31, 33] {
            assert_eq!(Key::from_slice(&vec![3; length]).err(), Some(Error::KeyLength));
        }
    }

    /// b.2: vault and epoch are part of every key, and no two keys of a ring are alike.
    #[test]
    fn keys_depend_on_vault_and_epoch() {
        let master = MasterKey::from_bytes(&[1; 32]);
        let rings = [
            derive_keys(&master, &[1; 16], 1),
            derive_keys(&master, &[1; 16], 2),
            derive_keys(&master, &[2; 16], 1),
        ];
        let mut all = std::collections::BTreeSet::new();
        for r in &rings {
            let keys = [
                &r.owner.wrap_main,
                &r.refreshing.wrap_oauth,
                &r.owner.header,
                &r.owner.index,
                &r.refreshing.manifest,
                &r.refreshing.audit,
                &r.refreshing.audit_enc,
            ];
            all.extend(keys.map(|key| *key.expose()));
        }
        assert_eq!(all.len(), 21);
    }
}
