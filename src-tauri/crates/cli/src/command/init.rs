//! `keyward init`

use keyward_api::wire::{
    Code, Error, KeychainProbeRequest, Mode, Plaintext, VaultCreate, VaultStatusRequest,
};
use keyward_model::SecretValue;

use super::{
    Result,
    recovery_key::{self, Destination},
    status,
};
use crate::{
    args::Init,
    context::{Context, can_ask},
    door::Door,
    output::Face,
    value,
};

/// Makes a vault and its recovery key.
///
/// # Errors
/// `usage` with neither a terminal nor a recovery file, `conflict` when the vault exists, `keychain`.
pub fn run(context: &Context, face: &Face, init: &Init) -> Result {
    let path = init.recovery_file.as_deref();
    recovery_key::check(path)?;
    let mut door = Door::at(context, context.home()?)?;
    if door.call_as_is(context, VaultStatusRequest {})?.exists {
        return Err(Error::new(
            Code::Conflict,
            format!("The vault “{}” exists already.", context.vault),
            "Choose another name with --vault, or use the vault that is there.",
        ));
    }
    let mode = mode(context, face, init, &mut door)?;
    let passphrase = match mode {
        Mode::Keychain => None,
        Mode::Passphrase => Some(Plaintext(new_passphrase(context)?)),
    };
    // Before the vault: without a place for the recovery key nothing is made at all.
    let mut destination = Destination::make(path)?;
    if mode == Mode::Passphrase && init.kdf_memory.is_none() && can_ask() {
        face.say("Measuring how much memory the key derivation can take …");
    }
    let offer = door.call_as_is(
        context,
        VaultCreate {
            mode,
            passphrase,
            kdf_memory_mib: init.kdf_memory,
            device_secret: false,
        },
    )?;
    destination.hand_over(context, face, &mut door, &offer)?;
    destination.keep(face);
    let made = door.call_as_is(context, VaultStatusRequest {})?;
    face.say(format!("Vault “{}” made in {}.", made.vault, made.home));
    if face.is_json() {
        face.show(&made, status::facts)
    } else {
        Ok(())
    }
}

fn mode(context: &Context, face: &Face, init: &Init, door: &mut Door) -> Result<Mode> {
    if init.passphrase {
        return Ok(Mode::Passphrase);
    }
    if init.keychain {
        return Ok(Mode::Keychain);
    }
    let probe = door.call_as_is(context, KeychainProbeRequest {})?;
    if probe.usable && init.kdf_memory.is_some() {
        return Err(Error::new(
            Code::Usage,
            "--kdf-memory belongs to a passphrase, and the OS keychain would open this vault.",
            "Say --passphrase, or leave --kdf-memory out.",
        ));
    }
    if probe.usable {
        return Ok(Mode::Keychain);
    }
    if context.brings_passphrase() || can_ask() {
        face.say(format!(
            "No usable OS keychain, so the vault gets a passphrase. {}",
            probe.reason
        ));
        return Ok(Mode::Passphrase);
    }
    Err(Error::new(
        Code::Keychain,
        probe.reason,
        "Say --passphrase and give one with --passphrase-fd N.",
    ))
}

/// The passphrase that a vault is to get: from its descriptor, else typed twice.
///
/// # Errors
/// `usage` when there is none to be had, or the two differ.
pub fn new_passphrase(context: &Context) -> Result<SecretValue> {
    match context.passphrase()? {
        Some(passphrase) => Ok(passphrase),
        None if can_ask() => typed_twice("Passphrase: "),
        None => Err(Error::new(
            Code::Usage,
            "Passphrase mode needs a passphrase.",
            "Give it with --passphrase-fd N.",
        )),
    }
}

/// A passphrase typed twice on a terminal.
///
/// # Errors
/// `usage` when the two differ.
pub fn typed_twice(text: &str) -> Result<SecretValue> {
    let passphrase = value::prompt(text)?;
    if value::prompt("Again: ")?.expose() != passphrase.expose() {
        return Err(Error::usage("The two passphrases differ; nothing was made."));
    }
    Ok(passphrase)
}
