//! Settings that protect: one record, and none until the Owner has changed something (SECURITY.md §b.4, §b.5).

use keyward_model::settings::Settings;

use crate::{
    body::{self, Item, Map},
    error::Result,
    record::{Kind, Record},
    table,
    tx::{Tx, WriteTx},
};

const SCOPE: &str = "settings";

/// Of the one record there is.
const HANDLE: &str = "main";

// Numbers of the fields (FORMAT.md).
const AUTO_LOCK_MINUTES: u8 = 1;
const LOCK_ON_SUSPEND: u8 = 2;
const LOCK_ON_SCREEN_LOCK: u8 = 3;
const CLIPBOARD_SECONDS: u8 = 4;
const REVEAL_SECONDS: u8 = 5;
const PASSPHRASE_TO_REVEAL: u8 = 6;
const PASSPHRASE_TO_EXPORT: u8 = 7;
const REFRESH_WHILE_LOCKED: u8 = 8;
/// The highest of them.
const LAST: u8 = REFRESH_WHILE_LOCKED;

/// What is stored, over what is `usual` where nothing is.
///
/// # Errors
/// [`crate::Error::Corrupt`] when it fails its checks.
pub fn read(tx: &Tx<'_>, usual: Settings) -> Result<Settings> {
    match tx.by_name(&place(tx)?)? {
        Some(record) => decode(tx, &record, &tx.open(&record)?, usual),
        None => Ok(usual),
    }
}

/// Stores all of them; of refreshing while locked only a choice that is not the usual one, as that follows the way of
/// unlocking (O-71).
///
/// # Errors
/// [`crate::Error::Corrupt`] when what is there fails its checks.
pub fn store(tx: &mut WriteTx<'_>, settings: &Settings, usual: Settings) -> Result<()> {
    let (name_bi, body) = (place(tx)?, encode(settings, usual));
    match tx.by_name(&name_bi)? {
        Some(record) => tx.replace(&record, name_bi, &body),
        None => {
            let id = tx.new_id()?;
            tx.insert(Kind::Settings, *id.as_bytes(), name_bi, &body)
        }
    }
}

/// Its name_bi.
pub(crate) fn place(tx: &Tx<'_>) -> Result<[u8; 16]> {
    tx.name_bi(SCOPE, None, HANDLE)
}

fn encode(settings: &Settings, usual: Settings) -> zeroize::Zeroizing<Vec<u8>> {
    body::encode(&[
        (
            AUTO_LOCK_MINUTES,
            Item::Unsigned(settings.auto_lock_minutes.into()),
        ),
        (LOCK_ON_SUSPEND, Item::Bool(settings.lock_on_suspend)),
        (LOCK_ON_SCREEN_LOCK, Item::Bool(settings.lock_on_screen_lock)),
        (
            CLIPBOARD_SECONDS,
            Item::Unsigned(settings.clipboard_seconds.into()),
        ),
        (REVEAL_SECONDS, Item::Unsigned(settings.reveal_seconds.into())),
        (PASSPHRASE_TO_REVEAL, Item::Bool(settings.passphrase_to_reveal)),
        (PASSPHRASE_TO_EXPORT, Item::Bool(settings.passphrase_to_export)),
        (
            REFRESH_WHILE_LOCKED,
            Item::maybe(
                (settings.refresh_while_locked != usual.refresh_while_locked)
                    .then_some(settings.refresh_while_locked),
                Item::Bool,
            ),
        ),
    ])
}

pub(crate) fn decode(tx: &Tx<'_>, record: &Record, plaintext: &[u8], usual: Settings) -> Result<Settings> {
    let map = Map::parse(plaintext, LAST.into())?;
    table::check_name(tx, record, Kind::Settings, || place(tx))?;
    Ok(Settings {
        auto_lock_minutes: map.u32(AUTO_LOCK_MINUTES.into())?,
        lock_on_suspend: map.flag(LOCK_ON_SUSPEND.into())?,
        lock_on_screen_lock: map.flag(LOCK_ON_SCREEN_LOCK.into())?,
        clipboard_seconds: map.u32(CLIPBOARD_SECONDS.into())?,
        reveal_seconds: map.u32(REVEAL_SECONDS.into())?,
        passphrase_to_reveal: map.flag(PASSPHRASE_TO_REVEAL.into())?,
        passphrase_to_export: map.flag(PASSPHRASE_TO_EXPORT.into())?,
        // Absent where nobody chose.
        refresh_while_locked: map
            .maybe(REFRESH_WHILE_LOCKED.into(), Map::flag)?
            .unwrap_or(usual.refresh_while_locked),
    })
}
