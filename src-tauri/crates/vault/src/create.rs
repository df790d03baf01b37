//! Making a vault: the key's first slot, the file under a draft name, and only then its own.

use std::{path::Path, time::Duration};

use keyward_model::{
    Timestamp,
    environment::DEFAULT_ENVIRONMENT,
    name::{EnvironmentName, VaultName},
};
use keyward_seal::MasterKey;

use crate::{
    anchor::Need,
    draft::remove_with_sides,
    error::{Error, Freshness, Result},
    files, folder,
    header::Header,
    home::Home,
    keys::Keys,
    lease::VaultLock,
    manifest::Manifest,
    migrate,
    record::new_uuid,
    schema,
    session::State,
    slot::Slot,
    table::{audit, environments},
    tx::{Tx, WriteTx},
    vault::{EXCHANGE, Place, UnlockedVault, assemble, event, on_close},
    ways::{Mode, NewSlot, Prepared, Workshop},
};

/// Makes a vault with one slot and the environment `default`, and unlocks it. `stopwatch` tells the time since
/// some moment; it is asked only when costs are to be found.
///
/// # Errors
/// [`Error::Exists`], [`Error::KeychainUnavailable`] when the keychain cannot keep a key. Nothing is left behind.
pub fn create(
    place: &Place<'_>,
    slot: NewSlot<'_>,
    now: Timestamp,
    stopwatch: &dyn Fn() -> Duration,
) -> Result<UnlockedVault> {
    let Place {
        home, name, keychain, ..
    } = place;
    folder::check_free(home, name, None)?;
    let uuid = new_uuid()?;
    let keys = Keys::derive(MasterKey::make()?, uuid, 1);
    let mode = match slot {
        NewSlot::Keychain => Mode::Keychain,
        NewSlot::Passphrase { .. } => Mode::Passphrase,
    };
    let workshop = Workshop {
        home,
        keychain: keychain.as_ref(),
        uuid: &uuid,
        master: keys.master()?,
        stopwatch,
    };
    let mut first = Prepared::default();
    first.add(&workshop, slot)?;
    first.store(keychain.as_ref(), || {
        make_files(home, name, &keys, &first.slots, now)
    })?;
    let need = if mode == Mode::Keychain {
        Need::Demanded
    } else {
        Need::Welcome
    };
    begin(place, keys, mode, need, now)
}

/// Opens a vault whose file has just got its name, whole and synced, with the keys that are at hand.
pub(crate) fn begin(
    place: &Place<'_>,
    keys: Keys,
    mode: Mode,
    need: Need,
    now: Timestamp,
) -> Result<UnlockedVault> {
    let lock = VaultLock::shared(place.home, place.name, EXCHANGE)?;
    let db = schema::open(&place.home.vault_file(place.name), on_close(place.opening))?;
    let mut vault = assemble(place, db, keys, lock, mode, need, State::Nothing);
    vault.read(|_| Ok(()))?;
    // The file was synced before it got its name.
    vault.inner().everything_is_synced();
    vault.inner().is_over = false;
    // The vault is there: an anchor that cannot be written now is written with the next change.
    let _ = vault.save_anchor(now);
    if matches!(vault.inner().anchor, State::Written { .. }) {
        vault.freshness = Freshness::Ok;
    }
    Ok(vault)
}

/// Makes folder and file. The file gets its name when it is whole and synced, so that a crash leaves no vault.
fn make_files(home: &Home, name: &VaultName, keys: &Keys, slots: &[Slot], now: Timestamp) -> Result<()> {
    let is_new = home.vault_dir(name).symlink_metadata().is_err();
    let folder = home.create_vault_dir(name)?;
    let draft = folder.join("vault.db.new");
    let made = VaultLock::exclusive(home, name, EXCHANGE).and_then(|_lock| {
        if home.vault_exists(name) {
            return Err(Error::Exists(format!("vault “{}”", name.as_str())));
        }
        remove_with_sides(&draft); // of a creation that was killed
        files::create_new_private(&draft)?;
        fill(&draft, keys, slots, now, name)?;
        let failed = |error: std::io::Error| Error::Storage(error.to_string());
        std::fs::rename(&draft, home.vault_file(name)).map_err(failed)?;
        files::sync_dir(&folder)
    });
    if let Err(error) = &made {
        if is_new && !matches!(error, Error::Exists(_)) {
            let _ = std::fs::remove_dir_all(&folder);
        } else {
            remove_with_sides(&draft);
        }
    }
    made
}

/// The first transaction of a vault: header, slot, environment, log, manifest. Closing syncs it.
fn fill(draft: &Path, keys: &Keys, slots: &[Slot], now: Timestamp, name: &VaultName) -> Result<()> {
    let db = schema::create(draft)?;
    db.execute_batch("BEGIN IMMEDIATE")?;
    slots.iter().try_for_each(|slot| slot.insert(&db))?;
    let header = Header::new(keys.uuid, keys.epoch);
    header.write(&db)?;
    let mut tx = WriteTx::new(Tx::new(&db, keys, Manifest::empty(keys, header.mac)));
    migrate::run(&mut tx, 1, migrate::STEPS)?;
    let default = EnvironmentName::parse(DEFAULT_ENVIRONMENT).expect("the name is one");
    environments::insert(&mut tx, &default, now)?;
    audit::append(&mut tx, &event(now, "owner", "vault.create", name.as_str()))?;
    tx.into_effects().manifest.flush(&db, keys)?;
    db.execute_batch("COMMIT")?;
    schema::checkpoint(&db)?;
    db.close().map_err(|(_, error)| error.into())
}
