//! `keyward init`

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use keyward_api::wire::{
    Code, Error, KeychainProbeRequest, Mode, Plaintext, RecoveryConfirm, RecoveryOffer, VaultCreate,
    VaultStatusRequest,
};
use keyward_model::SecretValue;

use super::{Result, status};
use crate::{
    args::Init,
    context::{Context, can_ask},
    door::{Door, ask_passphrase},
    output::Face,
    value,
};

/// Makes a vault and its recovery key.
///
/// # Errors
/// `usage` with neither a terminal nor a recovery file, `conflict` when the vault exists, `keychain`.
pub fn run(context: &Context, face: &Face, init: &Init) -> Result {
    if init.recovery_file.is_none() && !can_ask() {
        return Err(Error::new(
            Code::Usage,
            "The recovery key needs a place to go.",
            "Give --recovery-file F, or run this on a terminal.",
        ));
    }
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
    // The file is made before the vault: without a place for the recovery key nothing is made at all.
    let file = init.recovery_file.as_deref().map(new_file).transpose()?;
    if mode == Mode::Passphrase && init.kdf_memory.is_none() && can_ask() {
        face.say("Measuring how much memory the key derivation can take …");
    }
    let made = door.call_as_is(
        context,
        VaultCreate {
            mode,
            passphrase,
            kdf_memory_mib: init.kdf_memory,
        },
    );
    let offer = match (made, &init.recovery_file) {
        (Ok(offer), _) => offer,
        (Err(error), Some(path)) => {
            let _ = std::fs::remove_file(path);
            return Err(error);
        }
        (Err(error), None) => return Err(error),
    };
    match (file, &init.recovery_file) {
        (Some(file), Some(path)) => {
            let groups = write_recovery(file, path, &offer)?;
            door.call_as_is(context, RecoveryConfirm { groups })?;
        }
        _ => ask_recovery(context, face, &mut door, &offer)?,
    }
    if let Some(path) = &init.recovery_file {
        face.say(format!(
            "The recovery key is in {}. Move it to a safe place: the file is a key.",
            path.display()
        ));
    }
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

fn new_passphrase(context: &Context) -> Result<SecretValue> {
    let typed = !context.brings_passphrase();
    let passphrase = ask_passphrase(context)?.ok_or_else(|| {
        Error::new(
            Code::Usage,
            "Passphrase mode needs a passphrase.",
            "Give it with --passphrase-fd N.",
        )
    })?;
    if typed && value::prompt("Again: ")?.expose() != passphrase.expose() {
        return Err(Error::usage("The two passphrases differ; nothing was made."));
    }
    Ok(passphrase)
}

fn new_file(path: &Path) -> Result<File> {
    // O_EXCL: a file that is there, also a link, is never written over.
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| {
            let code = if error.kind() == io::ErrorKind::AlreadyExists {
                Code::Conflict
            } else {
                Code::Usage
            };
            Error::new(
                code,
                format!(
                    "The recovery file {} cannot be made: {}.",
                    path.display(),
                    error.kind()
                ),
                "Name a new file in a folder of yours.",
            )
        })
}

fn write_recovery(mut file: File, path: &Path, offer: &RecoveryOffer) -> Result<Vec<Plaintext>> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // The slot is written only once the key is on the disk (SECURITY.md §b.2).
    file.write_all(offer.recovery_key.0.expose())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(|error| {
            let message = format!(
                "The recovery key could not be written to {}: {}.",
                path.display(),
                error.kind()
            );
            Error::new(
                Code::Internal,
                message,
                "The vault was made without a recovery key; open the app to make one.",
            )
        })?;
    Ok(groups_asked(offer))
}

fn groups_asked(offer: &RecoveryOffer) -> Vec<Plaintext> {
    let groups: Vec<&[u8]> = offer
        .recovery_key
        .0
        .expose()
        .split(|&byte| byte == b'-')
        .collect();
    offer
        .ask
        .iter()
        .map(|&index| Plaintext(SecretValue::new(groups[index].to_vec())))
        .collect()
}

/// Shows the key once and asks for two groups of it, until they are right.
fn ask_recovery(context: &Context, face: &Face, door: &mut Door, offer: &RecoveryOffer) -> Result {
    face.say("\nYour recovery key. It opens the vault without keychain and passphrase; it is shown once.\n");
    let mut stderr = io::stderr().lock();
    let shown = stderr
        .write_all(b"    ")
        .and_then(|()| stderr.write_all(offer.recovery_key.0.expose()))
        .and_then(|()| stderr.write_all(b"\n\n"));
    drop(stderr);
    shown.map_err(|error| Error::usage(format!("The terminal cannot be written to ({}).", error.kind())))?;
    face.say("Write it down, then type two groups back.");
    loop {
        let groups = offer
            .ask
            .iter()
            .map(|index| value::prompt(&format!("Group {}: ", index + 1)).map(Plaintext))
            .collect::<Result<_>>()?;
        // The engine compares: it knows which letters are taken for which, and that spaces do not count.
        match door.call_as_is(context, RecoveryConfirm { groups }) {
            Err(error) if error.code == Code::Usage => face.say(format!("{} {}", error.message, error.hint)),
            answer => return answer.map(|_| ()),
        }
    }
}
