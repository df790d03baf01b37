//! Unlocking: what is checked before a single record is believed, and in which order (SECURITY.md §b).

use keyward_model::Timestamp;
use keyward_seal::{Key, MasterKey};

use crate::{
    anchor::{self, Need},
    error::{Error, Freshness, Result},
    header::Header,
    keychain::{self, KeychainError},
    keys::Keys,
    lease::{self, VaultLock},
    schema::{self, OnClose},
    session::State,
    slot::{self, Slot},
    table::audit,
    vault::{EXCHANGE, Mode, Place, UnlockedVault, Unlocking, assemble, mode_of, on_close},
};

/// How the vault is usually unlocked; needs no key.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Unsafe`], [`Error::Corrupt`], [`Error::TooNew`].
pub fn mode(place: &Place<'_>) -> Result<Mode> {
    place.home.check_vault(place.name)?;
    let _lock = VaultLock::shared(place.home, place.name, EXCHANGE)?;
    let db = schema::open(&place.home.vault_file(place.name), OnClose::Leave)?;
    Header::read(&db)?;
    Ok(mode_of(&slot::read_all(&db)?))
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
    let db = schema::open(&place.home.vault_file(place.name), on_close(place.opening))?;
    let header = Header::read(&db)?;
    let slots = slot::read_all(&db)?;
    let (master, used) = open_slot(place, &header.vault_uuid, &slots, with)?;
    let keys = Keys::derive(master, header.vault_uuid, header.epoch);
    let need = if matches!(with, Unlocking::Keychain) {
        Need::Demanded
    } else {
        Need::Welcome
    };
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
    if let Unlocking::Passphrase(passphrase) = with
        && used.is_below_default()
    {
        vault.strengthen(used, passphrase, now)?;
    }
    Ok(vault)
}

/// The vault's key, and the slot that gave it.
fn open_slot<'s>(
    place: &Place<'_>,
    vault_uuid: &[u8; 16],
    slots: &'s [Slot],
    with: Unlocking<'_>,
) -> Result<(MasterKey, &'s Slot)> {
    let open = |slot: &'s Slot, key: &Key| slot.open(vault_uuid, key).map(|master| (master, slot));
    match with {
        Unlocking::Keychain => {
            let mut lost = false;
            for slot in slots.iter().filter(|slot| slot.is(slot::Type::OsKeychain)) {
                match place
                    .keychain
                    .get(&slot::account(vault_uuid, &slot.id), keychain::DEADLINE)?
                {
                    Some(bytes) => {
                        if let Some(found) = Key::from_slice(&bytes).ok().and_then(|key| open(slot, &key)) {
                            return Ok(found);
                        }
                    }
                    None => lost = true,
                }
            }
            if lost {
                return Err(KeychainError::Failed("it holds no key for this vault".to_owned()).into());
            }
        }
        Unlocking::Passphrase(passphrase) => {
            let slots: Vec<_> = slots
                .iter()
                .filter(|slot| slot.is(slot::Type::Passphrase))
                .collect();
            slots.iter().try_for_each(|slot| slot.check_costs())?;
            let _turn = lease::kdf_lock(place.home)?;
            for slot in slots {
                if let Some(found) = open(slot, &slot.passphrase_key(passphrase)?) {
                    return Ok(found);
                }
            }
        }
        Unlocking::Recovery(recovery) => {
            for slot in slots.iter().filter(|slot| slot.is(slot::Type::Recovery)) {
                if let Some(found) = open(slot, &slot.recovery_key(recovery)?) {
                    return Ok(found);
                }
            }
        }
    }
    Err(Error::WrongKey)
}
