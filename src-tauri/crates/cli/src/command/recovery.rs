//! `keyward recovery`

use keyward_api::wire::{
    Code, Error, KeychainProbeRequest, Mode, Plaintext, RecoveryBegin, RecoveryUse, Ways, WaysRequest,
};
use keyward_model::SecretValue;

use super::{
    Result,
    init::new_passphrase,
    recovery_key::{self, Destination},
    status,
};
use crate::{
    args::{self, Recovery},
    context::{Context, can_ask},
    door::Door,
    output::Face,
    value,
};

/// Runs one of the acts.
///
/// # Errors
/// As the act says.
pub fn run(context: &Context, face: &Face, command: Recovery) -> Result {
    match command {
        Recovery::Renew { destination } => {
            let path = destination.recovery_file.as_deref();
            recovery_key::check(path)?;
            let mut door = Door::open(context)?;
            let passphrase = door.open_proven(context)?;
            let mut destination = Destination::make(path)?;
            let begin = RecoveryBegin {
                passphrase: passphrase.map(Plaintext),
            };
            let offer = door.call_as_is(context, begin)?;
            destination.hand_over(context, face, &mut door, &offer)?;
            destination.keep(face);
            face.say("The new recovery key opens the vault. The one before has ended.");
            status::document(context, face, &mut door)
        }
        Recovery::Use(usage) => use_key(context, face, &usage),
    }
}

fn use_key(context: &Context, face: &Face, usage: &args::RecoveryUse) -> Result {
    let path = usage.destination.recovery_file.as_deref();
    let descriptor = context.descriptor(usage.recovery_fd, "--recovery-fd")?;
    recovery_key::check(path)?;
    let mut door = Door::open(context)?;
    let before = door.call_as_is(context, WaysRequest {})?;
    let recovery_key = match descriptor {
        Some(descriptor) => descriptor.line("--recovery-fd")?,
        None if can_ask() => value::prompt("Recovery key: ")?,
        None => {
            return Err(Error::new(
                Code::Usage,
                "The recovery key is missing.",
                "Give it with --recovery-fd N, or run this on a terminal.",
            ));
        }
    };
    let (mode, passphrase) = way(context, face, &mut door, usage, &before)?;
    let mut destination = Destination::make(path)?;
    let request = RecoveryUse {
        recovery_key: Plaintext(recovery_key),
        mode,
        passphrase: passphrase.map(Plaintext),
        device_secret: false,
    };
    let offer = door.call_as_is(context, request)?;
    face.say("The recovery key opens the vault. It ends now, and the vault gets a new one.");
    destination.hand_over(context, face, &mut door, &offer)?;
    destination.keep(face);
    face.say(match mode {
        Mode::Keychain => "The OS keychain opens the vault from now on. Every other way in has ended.",
        Mode::Passphrase => "The new passphrase opens the vault from now on. Every other way in has ended.",
    });
    if mode == Mode::Keychain && before.passphrase.is_some() {
        face.say("The vault has no passphrase any more; `keyward passphrase change` gives it one.");
    }
    status::document(context, face, &mut door)
}

/// The way in that the vault gets: as told, else the kind it has, else what can be had.
fn way(
    context: &Context,
    face: &Face,
    door: &mut Door,
    usage: &args::RecoveryUse,
    before: &Ways,
) -> Result<(Mode, Option<SecretValue>)> {
    let wants_passphrase = usage.passphrase || (!usage.keychain && !before.keychain);
    if wants_passphrase {
        return Ok((Mode::Passphrase, Some(new_passphrase(context)?)));
    }
    if usage.keychain {
        return Ok((Mode::Keychain, None));
    }
    let probe = door.call_as_is(context, KeychainProbeRequest {})?;
    if probe.usable {
        return Ok((Mode::Keychain, None));
    }
    if !context.brings_passphrase() && !can_ask() {
        return Err(Error::new(
            Code::Keychain,
            probe.reason,
            "Say --passphrase and give one with --passphrase-fd N.",
        ));
    }
    face.say(format!(
        "No usable OS keychain, so the vault gets a passphrase. {}",
        probe.reason
    ));
    Ok((Mode::Passphrase, Some(new_passphrase(context)?)))
}
