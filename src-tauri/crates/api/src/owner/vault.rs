//! The vault as a whole.

use std::sync::Arc;

use keyward_engine::{
    Engine,
    access::Caller,
    home::{Freshness, HostLock, keychain},
    lifecycle::{self, NewMode},
};

use super::{Result, keys};
use crate::wire::{self, Done, Error};

/// What there is.
///
/// # Errors
/// When the files are unsafe or damaged.
pub fn status(engine: &Arc<Engine>, _: &Caller, _: wire::VaultStatusRequest) -> Result<wire::Status> {
    let status = lifecycle::status(engine)?;
    let host = HostLock::holder(engine.home()).map_err(keyward_engine::Error::from)?;
    let is_locked_by_a_host = status.locked && status.mode.is_some() && host.is_some();
    Ok(wire::Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        home: engine.home().root().display().to_string(),
        vault: engine.name().to_string(),
        exists: status.mode.is_some(),
        mode: status.mode.map(Into::into),
        locked: status.locked,
        host: host.map(|holder| wire::Host {
            kind: holder.kind,
            pid: holder.pid,
        }),
        freshness: match status.freshness {
            Some(Freshness::Ok) => wire::Freshness::Ok,
            Some(Freshness::Older { .. }) => wire::Freshness::Older,
            Some(Freshness::Forked) => wire::Freshness::Forked,
            Some(Freshness::None) | None => wire::Freshness::None,
        },
        recovery: status.recovery,
        damage: status.damage,
        refreshing: is_locked_by_a_host.then_some(status.refreshing),
    })
}

/// Whether the OS keychain works.
///
/// # Errors
/// None: what does not work is the answer.
pub fn probe_keychain(
    engine: &Arc<Engine>,
    _: &Caller,
    _: wire::KeychainProbeRequest,
) -> Result<wire::KeychainProbe> {
    let name = keychain::name().to_owned();
    let truth = keychain::truth().to_owned();
    Ok(match lifecycle::probe_keychain(engine) {
        Ok(()) => wire::KeychainProbe {
            usable: true,
            name,
            reason: String::new(),
            truth,
        },
        Err(error) => wire::KeychainProbe {
            usable: false,
            name,
            // What happened and what to do; the system's own words are for `doctor`.
            reason: format!("{} {}", error.plainly(), error.hint()),
            truth,
        },
    })
}

/// Makes the vault.
///
/// # Errors
/// `conflict` when it exists, `keychain`, `usage` for a weak passphrase.
pub fn create(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::VaultCreate,
) -> Result<wire::RecoveryOffer> {
    let mode = match (request.mode, &request.passphrase) {
        (wire::Mode::Keychain, None) => NewMode::Keychain,
        (wire::Mode::Keychain, Some(_)) => {
            return Err(Error::usage("A vault in keychain mode takes no passphrase."));
        }
        (wire::Mode::Passphrase, Some(passphrase)) => NewMode::Passphrase {
            passphrase: &passphrase.0,
            memory_mib: request.kdf_memory_mib,
            device_secret: keys::device_secret(request.device_secret),
        },
        (wire::Mode::Passphrase, None) => return Err(keys::no_passphrase()),
    };
    Ok(keys::offer(lifecycle::create(engine, caller, mode)?))
}

/// Unlocks: by keychain, else by the passphrase.
///
/// # Errors
/// `locked`, `keychain`, `corrupt`, `not_found`.
pub fn unlock(engine: &Arc<Engine>, caller: &Caller, request: wire::VaultUnlock) -> Result<wire::Status> {
    lifecycle::unlock(
        engine,
        request.passphrase.as_ref().map(|passphrase| &passphrase.0),
    )?;
    status(engine, caller, wire::VaultStatusRequest {})
}

/// Drops the keys, all but those that keep tokens fresh where the settings say so.
///
/// # Errors
/// None.
pub fn lock(engine: &Arc<Engine>, _: &Caller, _: wire::VaultLock) -> Result<Done> {
    lifecycle::lock(engine);
    Ok(Done {})
}
