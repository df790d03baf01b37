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

/// What is stored; `None` until something was.
///
/// # Errors
/// [`crate::Error::Corrupt`] when it fails its checks.
pub fn read(tx: &Tx<'_>) -> Result<Option<Settings>> {
    match tx.by_name(&place(tx))? {
        Some(record) => decode(tx, &record, &tx.open(&record)?).map(Some),
        None => Ok(None),
    }
}

/// Stores all of them.
///
/// # Errors
/// [`crate::Error::Corrupt`] when what is there fails its checks.
pub fn store(tx: &mut WriteTx<'_>, settings: &Settings) -> Result<()> {
    let (name_bi, body) = (place(tx), encode(settings));
    match tx.by_name(&name_bi)? {
        Some(record) => tx.replace(&record, name_bi, &body),
        None => {
            let id = tx.new_id()?;
            tx.insert(Kind::Settings, *id.as_bytes(), name_bi, &body)
        }
    }
}

fn place(tx: &Tx<'_>) -> [u8; 16] {
    tx.name_bi(SCOPE, None, HANDLE)
}

pub(crate) fn name_bi(tx: &Tx<'_>, _: &Settings) -> [u8; 16] {
    place(tx)
}

fn encode(settings: &Settings) -> zeroize::Zeroizing<Vec<u8>> {
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
    ])
}

pub(crate) fn decode(tx: &Tx<'_>, record: &Record, plaintext: &[u8]) -> Result<Settings> {
    let map = Map::parse(plaintext, PASSPHRASE_TO_EXPORT.into())?;
    table::check_name(record, Kind::Settings, &place(tx))?;
    Ok(Settings {
        auto_lock_minutes: map.u32(AUTO_LOCK_MINUTES.into())?,
        lock_on_suspend: map.flag(LOCK_ON_SUSPEND.into())?,
        lock_on_screen_lock: map.flag(LOCK_ON_SCREEN_LOCK.into())?,
        clipboard_seconds: map.u32(CLIPBOARD_SECONDS.into())?,
        reveal_seconds: map.u32(REVEAL_SECONDS.into())?,
        passphrase_to_reveal: map.flag(PASSPHRASE_TO_REVEAL.into())?,
        passphrase_to_export: map.flag(PASSPHRASE_TO_EXPORT.into())?,
    })
}
