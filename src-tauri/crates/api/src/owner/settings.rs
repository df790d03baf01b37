//! Settings that protect.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, settings};
use keyward_model::settings::Changes;

use super::Result;
use crate::wire;

/// What holds.
///
/// # Errors
/// `locked`.
pub fn show(engine: &Arc<Engine>, _: &Caller, _: wire::SettingsShow) -> Result<wire::Settings> {
    Ok(settings::show(engine)?.into())
}

/// Changes some.
///
/// # Errors
/// `usage` for a number out of range, `locked` where the passphrase is needed again.
pub fn update(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::SettingsUpdate,
) -> Result<wire::Settings> {
    let changes = Changes {
        auto_lock_minutes: request.auto_lock_minutes,
        lock_on_suspend: request.lock_on_suspend,
        lock_on_screen_lock: request.lock_on_screen_lock,
        clipboard_seconds: request.clipboard_seconds,
        reveal_seconds: request.reveal_seconds,
        passphrase_to_reveal: request.passphrase_to_reveal,
        passphrase_to_export: request.passphrase_to_export,
        refresh_while_locked: request.refresh_while_locked,
    };
    let passphrase = request.passphrase.as_ref().map(|passphrase| &passphrase.0);
    Ok(settings::update(engine, caller, &changes, passphrase)?.into())
}
