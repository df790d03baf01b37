//! Recovery key, passphrase, rekey: what opens the vault, and changing it.

use std::sync::Arc;

use keyward_engine::{
    Engine,
    access::Caller,
    hardening::{self, Measured},
    home::DeviceSecret,
    lifecycle, passphrase,
    recovery::{self, NewWay, RecoveryOffer},
    rekey::{self, Depth, Progress, Stage, State},
};

use super::Result;
use crate::wire::{self, Code, Done, Error, Plaintext};

/// What opens the vault.
///
/// # Errors
/// `not_found`, `corrupt`.
pub fn ways(engine: &Arc<Engine>, _: &Caller, _: wire::WaysRequest) -> Result<wire::Ways> {
    let ways = lifecycle::ways(engine)?;
    Ok(wire::Ways {
        keychain: ways.keychain,
        keychain_lost: lifecycle::has_dead_slot(engine),
        passphrase: ways.passphrase.map(|way| wire::PassphraseWay {
            device_secret: way.device_secret == DeviceSecret::With,
            memory_mib: way.kdf.memory_kib / 1024,
            passes: way.kdf.iterations,
            lanes: way.kdf.lanes,
        }),
        recovery: ways.recovery,
    })
}

/// Gives the vault another passphrase, or a first one.
///
/// # Errors
/// `locked` for a missing or wrong current one, `usage` for a weak new one, `keychain`.
pub fn change_passphrase(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::PassphraseChange,
) -> Result<Done> {
    passphrase::change(
        engine,
        caller,
        request.current.as_ref().map(|current| &current.0),
        &request.new.0,
        request.device_secret.map(device_secret),
        request.kdf_memory_mib,
    )?;
    Ok(Done {})
}

/// Measures what a guess at the passphrase costs here.
///
/// # Errors
/// `locked`, `not_found` without a passphrase, `conflict` while others queue for the derivation.
pub fn measure_passphrase(
    engine: &Arc<Engine>,
    _: &Caller,
    _: wire::PassphraseMeasure,
) -> Result<wire::Hardening> {
    let found = hardening::measure(engine)?;
    Ok(wire::Hardening {
        now: measured(found.now),
        stronger: found.stronger.map(measured),
    })
}

/// Makes a guess at the passphrase cost more.
///
/// # Errors
/// `locked` for a wrong passphrase, `usage` for costs that are no stronger, `not_found` without a passphrase.
pub fn strengthen_passphrase(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::PassphraseStrengthen,
) -> Result<Done> {
    hardening::strengthen(engine, caller, &request.passphrase.0, request.memory_mib)?;
    Ok(Done {})
}

/// Makes a recovery key.
///
/// # Errors
/// `locked` where the passphrase is asked for and missing or wrong.
pub fn recovery_begin(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::RecoveryBegin,
) -> Result<wire::RecoveryOffer> {
    let passphrase = request.passphrase.as_ref().map(|passphrase| &passphrase.0);
    Ok(offer(recovery::begin(engine, passphrase)?))
}

/// Opens the vault with its recovery key and offers a new one.
///
/// # Errors
/// `locked` for another vault's key, `usage` for what is none or a weak passphrase, `keychain`.
pub fn recovery_use(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::RecoveryUse,
) -> Result<wire::RecoveryOffer> {
    let way = match (request.mode, request.passphrase) {
        (wire::Mode::Keychain, None) => NewWay::Keychain,
        (wire::Mode::Keychain, Some(_)) => {
            return Err(Error::usage("A vault in keychain mode takes no passphrase."));
        }
        (wire::Mode::Passphrase, Some(passphrase)) => {
            NewWay::Passphrase(passphrase.0, device_secret(request.device_secret))
        }
        (wire::Mode::Passphrase, None) => return Err(no_passphrase()),
    };
    Ok(offer(recovery::begin_use(
        engine,
        caller,
        &request.recovery_key.0,
        way,
    )?))
}

/// Does what the key on offer was made for.
///
/// # Errors
/// `usage` when the groups differ.
pub fn recovery_confirm(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::RecoveryConfirm,
) -> Result<Done> {
    let typed: Vec<_> = request.groups.iter().map(|group| &group.0).collect();
    recovery::confirm(engine, caller, &typed)?;
    Ok(Done {})
}

/// Takes the offer back.
///
/// # Errors
/// None.
pub fn recovery_decline(engine: &Arc<Engine>, _: &Caller, _: wire::RecoveryDecline) -> Result<Done> {
    recovery::decline(engine);
    Ok(Done {})
}

/// Proves the Owner and offers the recovery key that the vault will have.
///
/// # Errors
/// `locked` without the passphrase, `conflict` while another rekey runs.
pub fn rekey_begin(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::RekeyBegin,
) -> Result<wire::RecoveryOffer> {
    let depth = match request.depth {
        wire::RekeyDepth::Shallow => Depth::Shallow,
        wire::RekeyDepth::Deep => Depth::Deep,
    };
    let passphrase = request.passphrase.as_ref().map(|passphrase| &passphrase.0);
    Ok(offer(rekey::begin(engine, caller, depth, passphrase)?))
}

/// How far the rekey is.
///
/// # Errors
/// `not_found` when there was none.
pub fn rekey_status(engine: &Arc<Engine>, _: &Caller, _: wire::RekeyStatus) -> Result<wire::RekeyProgress> {
    Ok(progress(rekey::status(engine)?))
}

/// Stops the rekey.
///
/// # Errors
/// None: one that does not run is stopped already.
pub fn rekey_stop(engine: &Arc<Engine>, _: &Caller, _: wire::RekeyStop) -> Result<Done> {
    rekey::stop(engine);
    Ok(Done {})
}

fn measured(measured: Measured) -> wire::Measured {
    wire::Measured {
        memory_mib: measured.kdf.memory_kib / 1024,
        passes: measured.kdf.iterations,
        milliseconds: u32::try_from(measured.takes.as_millis()).unwrap_or(u32::MAX),
    }
}

fn progress(progress: Progress) -> wire::RekeyProgress {
    let (stage, done, total) = match progress.step {
        None => (wire::RekeyStage::Waiting, 0, 0),
        Some(step) => {
            let stage = match step.stage {
                Stage::Checking => wire::RekeyStage::Checking,
                Stage::Sealing => wire::RekeyStage::Sealing,
                Stage::Chaining => wire::RekeyStage::Chaining,
                Stage::Verifying => wire::RekeyStage::Verifying,
                Stage::Storing => wire::RekeyStage::Storing,
            };
            (stage, step.done, step.total)
        }
    };
    let (state, error) = match progress.state {
        State::Running => (wire::RekeyState::Running, None),
        State::Done => (wire::RekeyState::Done, None),
        State::Stopped => (wire::RekeyState::Stopped, None),
        State::Failed(error) => (wire::RekeyState::Failed, Some(error.into())),
    };
    wire::RekeyProgress {
        state,
        stage,
        done,
        total,
        seconds_left: progress
            .left
            .map(|left| u32::try_from(left.as_secs()).unwrap_or(u32::MAX)),
        error,
    }
}

pub(super) fn offer(offer: RecoveryOffer) -> wire::RecoveryOffer {
    wire::RecoveryOffer {
        recovery_key: Plaintext(offer.groups),
        ask: offer.ask,
    }
}

pub(super) fn device_secret(wanted: bool) -> DeviceSecret {
    if wanted {
        DeviceSecret::With
    } else {
        DeviceSecret::Without
    }
}

pub(super) fn no_passphrase() -> Error {
    Error::new(
        Code::Usage,
        "Passphrase mode needs a passphrase.",
        "Give it on a terminal or with --passphrase-fd N.",
    )
}
