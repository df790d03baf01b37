//! Unlocking: what is checked before a single record is believed, and in which order (SECURITY.md §b).

use keyward_model::{Id, SecretValue, Timestamp};
use keyward_seal::{Key, MasterKey, RecoveryKey};

use crate::{
    anchor,
    error::{Error, Freshness, Result},
    header::Header,
    home::Home,
    keychain::{self, Keychain, KeychainError},
    keys::Keys,
    lease::{self, VaultLock},
    migrate,
    schema::{self, OnClose},
    session::State,
    slot::{self, DeviceSecret, Slot},
    table::audit,
    vault::{EXCHANGE, Place, UnlockedVault, Unlocking, assemble, on_close},
    ways::{Mode, Ways, mode_of},
};

/// How the vault is usually unlocked; needs no key.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unsafe`], [`Error::Corrupt`], [`Error::TooNew`].
pub fn mode(place: &Place<'_>) -> Result<Mode> {
    Ok(mode_of(&slots(place)?))
}

/// The identity of the vault, by which others name it; needs no key. What the file says is proven by unlocking it.
///
/// # Errors
/// As [`mode`].
pub fn identity(place: &Place<'_>) -> Result<Id> {
    place.home.check_vault(place.name)?;
    let _lock = VaultLock::shared(place.home, place.name, EXCHANGE)?;
    let db = schema::open(&place.home.vault_file(place.name), OnClose::Leave)?;
    Ok(Id::from_bytes(Header::read(&db)?.vault_uuid))
}

/// Unlocks a vault. Checked in this order: owner and mode of the files; version; floor and cap of the costs,
/// before the KDF runs; the slot; header and slots; the root; the head of the log; freshness.
///
/// # Errors
/// [`Error::WrongKey`], [`Error::NotFresh`], [`Error::Corrupt`], [`Error::TooNew`], [`Error::Unsafe`],
/// [`Error::KeychainUnavailable`], [`Error::NotFound`].
pub fn unlock(place: &Place<'_>, with: Unlocking<'_>, now: Timestamp) -> Result<UnlockedVault> {
    place.home.check_vault(place.name)?;
    let lock = VaultLock::shared(place.home, place.name, EXCHANGE)?;
    if !place.home.vault_exists(place.name) {
        // Renamed or deleted by whom we waited for.
        return Err(Error::NotFound(format!("vault {}", place.name.as_str())));
    }
    let db = schema::open(&place.home.vault_file(place.name), on_close(place.opening))?;
    let header = Header::read(&db)?;
    let slots = slot::read_all(&db)?;
    if matches!(with, Unlocking::Keychain) && !Ways::of(&slots)?.keychain {
        // Told before anything is asked or changed: this way is tried first, and the file is opened once for it (P1).
        return Err(Error::WrongKey);
    }
    if schema::user_version(&db)? < schema::USER_VERSION {
        drop((db, lock));
        migrate::bring_up(place, with, now, migrate::STEPS)?;
        return unlock(place, with, now);
    }
    let (master, used) = open_slot(place, &header.vault_uuid, &slots, with)?;
    let keys = Keys::derive(master, header.vault_uuid, header.epoch);
    let need = with.need();
    // Before the read transaction: a vault that is written meanwhile is newer then, never older.
    let found = anchor::find(place.keychain.as_ref(), &keys.uuid, need)?;
    let mut vault = assemble(place, db, keys, lock, mode_of(&slots), need, State::of(&found));
    vault.read(audit::check_head)?;
    let freshness = vault.inner().compare(&found);
    vault.freshness = freshness;
    if matches!(vault.freshness, Freshness::Older { .. } | Freshness::Forked) {
        return Err(Error::NotFresh(vault.freshness));
    }
    vault.inner().is_over = false;
    // Tidying up must not keep anybody out.
    let _ = migrate::expire_copies(&vault.file, now, schema::USER_VERSION);
    if let Unlocking::Passphrase(passphrase) = with
        && used.is_below_default()
    {
        vault.bring_up(used, passphrase, now)?;
    }
    Ok(vault)
}

/// What the file says that opens the vault; needs no key.
///
/// # Errors
/// As [`mode`]; [`Error::Corrupt`] for costs below the floor or above the cap.
pub fn ways(place: &Place<'_>) -> Result<Ways> {
    Ways::of(&slots(place)?)
}

fn slots(place: &Place<'_>) -> Result<Vec<Slot>> {
    place.home.check_vault(place.name)?;
    let _lock = VaultLock::shared(place.home, place.name, EXCHANGE)?;
    let db = schema::open(&place.home.vault_file(place.name), OnClose::Leave)?;
    Header::read(&db)?;
    slot::read_all(&db)
}

/// The vault's key, and the slot that gave it.
pub(crate) fn open_slot<'s>(
    place: &Place<'_>,
    vault_uuid: &[u8; 16],
    slots: &'s [Slot],
    with: Unlocking<'_>,
) -> Result<(MasterKey, &'s Slot)> {
    match with {
        Unlocking::Keychain => keychain_slot(place.keychain.as_ref(), vault_uuid, slots),
        Unlocking::Passphrase(passphrase) => {
            passphrase_slot(place.home, place.keychain.as_ref(), vault_uuid, slots, passphrase)
        }
        Unlocking::Recovery(recovery) => recovery_slot(vault_uuid, slots, recovery),
    }
}

/// Opens an os-keychain slot with what the keychain holds.
pub(crate) fn keychain_slot<'s>(
    keychain: &dyn Keychain,
    vault_uuid: &[u8; 16],
    slots: &'s [Slot],
) -> Result<(MasterKey, &'s Slot)> {
    let mut lost = false;
    for slot in slots.iter().filter(|slot| slot.is(slot::Type::OsKeychain)) {
        match entry(keychain, vault_uuid, slot)? {
            Some(key) => {
                if let Some(master) = slot.open(vault_uuid, &key) {
                    return Ok((master, slot));
                }
            }
            None => lost = true,
        }
    }
    Err(if lost {
        missing(keychain, "key")
    } else {
        Error::WrongKey
    })
}

/// Opens a passphrase slot; the costs of all are checked before the first KDF runs.
pub(crate) fn passphrase_slot<'s>(
    home: &Home,
    keychain: &dyn Keychain,
    vault_uuid: &[u8; 16],
    slots: &'s [Slot],
    passphrase: &SecretValue,
) -> Result<(MasterKey, &'s Slot)> {
    let slots: Vec<_> = slots
        .iter()
        .filter(|slot| slot.is(slot::Type::Passphrase))
        .map(|slot| slot.passphrase_params().map(|params| (slot, params)))
        .collect::<Result<_>>()?;
    let mut lost = false;
    for (slot, params) in slots {
        let device = match params.device_secret {
            DeviceSecret::Without => None,
            DeviceSecret::With => match entry(keychain, vault_uuid, slot)? {
                Some(device) => Some(device),
                None => {
                    lost = true;
                    continue;
                }
            },
        };
        let turn = lease::kdf_lock(home)?;
        let key = slot.passphrase_key(passphrase, device.as_ref())?;
        drop(turn);
        if let Some(master) = slot.open(vault_uuid, &key) {
            return Ok((master, slot));
        }
    }
    Err(if lost {
        missing(keychain, "device secret")
    } else {
        Error::WrongKey
    })
}

/// Opens a recovery slot.
fn recovery_slot<'s>(
    vault_uuid: &[u8; 16],
    slots: &'s [Slot],
    recovery: &RecoveryKey,
) -> Result<(MasterKey, &'s Slot)> {
    for slot in slots.iter().filter(|slot| slot.is(slot::Type::Recovery)) {
        if let Some(master) = slot.open(vault_uuid, &slot.recovery_key(recovery)?) {
            return Ok((master, slot));
        }
    }
    Err(Error::WrongKey)
}

/// What the keychain holds for a slot; bytes of another length are no key of ours.
pub(crate) fn entry(keychain: &dyn Keychain, vault_uuid: &[u8; 16], slot: &Slot) -> Result<Option<Key>> {
    let Some(account) = slot.account(vault_uuid) else {
        return Ok(None);
    };
    match keychain.get(&account, keychain::DEADLINE)? {
        None => Ok(None),
        Some(bytes) => Key::from_slice(&bytes).map(Some).map_err(|_| Error::WrongKey),
    }
}

/// Why there is no entry: a keychain without an open collection says the same as an emptied one, and only the first
/// is mended by logging in.
fn missing(keychain: &dyn Keychain, what: &'static str) -> Error {
    match keychain::probe(keychain) {
        Ok(()) => KeychainError::Lost(what).into(),
        Err(error) => error.into(),
    }
}
