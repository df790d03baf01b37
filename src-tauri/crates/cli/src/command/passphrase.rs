//! `keyward passphrase`

use keyward_api::wire::{Code, Error, PassphraseChange, Plaintext, WaysRequest};

use super::{Result, init::typed_twice, status};
use crate::{
    args::{self, Passphrase},
    context::{Context, can_ask},
    door::Door,
    output::Face,
};

/// Gives the vault another passphrase, or a first one.
///
/// # Errors
/// `locked` for a missing or wrong current one, `usage` for a weak or missing new one, `keychain`.
pub fn run(context: &Context, face: &Face, command: Passphrase) -> Result {
    let Passphrase::Change(change) = command;
    let descriptor = context.descriptor(change.new_passphrase_fd, "--new-passphrase-fd")?;
    // What a guess costs changes without another passphrase.
    let may_stay = change.kdf_memory.is_some() && descriptor.is_none();
    let missing = || {
        Error::new(
            Code::Usage,
            "The new passphrase is missing.",
            "Give it with --new-passphrase-fd N, or run this on a terminal.",
        )
    };
    if descriptor.is_none() && !can_ask() && !may_stay {
        return Err(missing());
    }
    let mut door = Door::open(context)?;
    let current = door.open_proven(context)?;
    let stays = may_stay && current.is_some();
    let new = match (descriptor, &current) {
        (Some(descriptor), _) => descriptor.line("--new-passphrase-fd")?,
        (None, Some(current)) if stays => current.duplicate(),
        (None, _) if can_ask() => typed_twice("New passphrase: ")?,
        (None, _) => return Err(missing()),
    };
    let is_first = current.is_none();
    let request = PassphraseChange {
        current: current.map(Plaintext),
        new: Plaintext(new),
        device_secret: wish(&change),
        kdf_memory_mib: change.kdf_memory,
    };
    door.call_as_is(context, request)?;
    face.say(if is_first {
        "The vault has a passphrase now."
    } else if stays {
        "The passphrase stays; what a guess at it costs has changed."
    } else {
        "The passphrase is changed. The one before opens nothing any more."
    });
    if let Some(costs) = door.call_as_is(context, WaysRequest {})?.passphrase {
        face.say(format!(
            "A guess at it costs {} MiB of memory and {} passes.",
            costs.memory_mib, costs.passes
        ));
        if costs.device_secret {
            face.say("It opens the vault only together with the device secret in this machine's keychain.");
        }
    }
    status::document(context, face, &mut door)
}

fn wish(change: &args::PassphraseChange) -> Option<bool> {
    (change.device_secret || change.no_device_secret).then_some(change.device_secret)
}
