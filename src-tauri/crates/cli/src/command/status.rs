//! `keyward status`

use keyward_api::wire::{
    BackupList, BackupReason, Code, Freshness, Mode, Status, VaultStatusRequest, Ways, WaysRequest,
};

use super::Result;
use crate::{
    context::Context,
    door::{Door, unlock_here},
    output::{self, Face},
};

/// What there is.
///
/// # Errors
/// When the files are unsafe or damaged.
pub fn run(context: &Context, face: &Face) -> Result {
    let Some(home) = context.existing_home()? else {
        return face.show(&nothing(context), facts);
    };
    let mut door = Door::at(context, home)?;
    if let Door::Own(engine) = &door {
        let status = door_status(engine);
        // Keychain mode opens for any program of this user; passphrase mode only for who brings the passphrase.
        let opens = matches!(status, Some(Mode::Keychain)) || status.is_some() && context.brings_passphrase();
        if opens && let Err(error) = unlock_here(context, engine) {
            // That it does not open is the state that was asked for; a wrong passphrase is the asker's own.
            if !matches!(error.code, Code::Keychain | Code::Corrupt) {
                return Err(error);
            }
            face.say(format!("{} {}", error.message, error.hint).trim());
        }
    }
    let status = door.call_as_is(context, VaultStatusRequest {})?;
    let copies = match status.exists {
        true => Vec::new(),
        false => door.call_as_is(context, BackupList {}).unwrap_or_default(),
    };
    // What a restore replaced may be what was damaged: a copy of a day goes before it.
    let daily = copies.iter().find(|copy| copy.reason == BackupReason::Daily);
    if let Some(newest) = daily.or(copies.first()) {
        face.say(format!(
            "The file of vault “{}” is gone; its newest copy is there: keyward --vault {} restore {}",
            status.vault, status.vault, newest.path
        ));
        return face.show(&status, |status| facts_of(status, "its file is gone", None));
    }
    if status.recovery == Some(false) {
        face.say(NO_RECOVERY);
    }
    if let Some(damage) = &status.damage {
        face.say(format!(
            "{damage} `keyward doctor` tells more; restore the newest copy of the vault."
        ));
    }
    // A vault that cannot be read has said so above.
    let ways = match face.is_json() || !status.exists {
        true => None,
        false => door.call_as_is(context, WaysRequest {}).ok(),
    };
    face.show(&status, |status| facts_of(status, "not made yet", ways.as_ref()))
}

/// Said whenever a vault without one is opened to stay (SECURITY.md §b.2).
pub const NO_RECOVERY: &str = "This vault has no recovery key: without its keychain or passphrase it is lost. `keyward recovery renew` makes one, and so does the app.";

/// With `--json`: what there is now.
///
/// # Errors
/// As the status says.
pub fn document(context: &Context, face: &Face, door: &mut Door) -> Result {
    if !face.is_json() {
        return Ok(());
    }
    face.show(&door.call_as_is(context, VaultStatusRequest {})?, facts)
}

fn door_status(engine: &keyward_engine::Engine) -> Option<Mode> {
    match keyward_engine::lifecycle::status(engine).ok()?.mode? {
        keyward_engine::home::Mode::Keychain => Some(Mode::Keychain),
        keyward_engine::home::Mode::Passphrase => Some(Mode::Passphrase),
    }
}

fn nothing(context: &Context) -> Status {
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        home: context.home_path().display().to_string(),
        vault: context.vault.to_string(),
        exists: false,
        mode: None,
        locked: true,
        host: None,
        freshness: Freshness::None,
        recovery: None,
        damage: None,
        refreshing: None,
    }
}

/// A status in words.
pub fn facts(status: &Status) -> String {
    facts_of(status, "not made yet", None)
}

/// As [`facts`], with the reason why there is no vault where there is none, and with what is mixed into its passphrase,
/// where that is known.
fn facts_of(status: &Status, missing: &str, ways: Option<&Ways>) -> String {
    let vault = if status.exists {
        status.vault.clone()
    } else {
        format!("{} ({missing})", status.vault)
    };
    let passphrase = ways.and_then(|ways| ways.passphrase.as_ref());
    let is_mixed = passphrase.is_some_and(|way| way.device_secret);
    let mode = match status.mode {
        Some(Mode::Keychain) => "OS keychain",
        Some(Mode::Passphrase) if is_mixed => "passphrase, together with a device secret in the OS keychain",
        Some(Mode::Passphrase) => "passphrase",
        None => "-",
    };
    let host = status.host.as_ref().map_or_else(
        || "none".to_owned(),
        |host| format!("{} (process {})", host.kind, host.pid),
    );
    let locked = match (status.locked, status.refreshing) {
        (false, _) => "no",
        (true, Some(true)) => "yes, and its tokens are kept fresh",
        (true, Some(false)) => "yes, and its tokens wait",
        (true, None) => "yes",
    };
    let freshness = match status.freshness {
        Freshness::Ok => "as new as last seen",
        Freshness::None => "not known",
        Freshness::Older => "older than last seen",
        Freshness::Forked => "another history than last seen",
    };
    output::facts(&[
        ("version", status.version.clone()),
        ("home", status.home.clone()),
        ("vault", vault),
        ("unlocked by", mode.to_owned()),
        ("locked", locked.to_owned()),
        ("host", host),
        ("freshness", freshness.to_owned()),
    ])
}
