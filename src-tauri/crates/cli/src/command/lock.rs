//! `keyward unlock`, `keyward lock`

use keyward_api::wire::{Mode, VaultLock, VaultStatusRequest};

use super::{Result, status};
use crate::{
    context::Context,
    door::{Door, no_vault, unlock_here, unlock_host},
    output::Face,
};

/// With a host, unlocks it; without one, proves that the vault opens.
///
/// # Errors
/// `locked`, `keychain`, `corrupt`, `not_found`.
pub fn unlock(context: &Context, face: &Face) -> Result {
    let mut door = Door::open(context)?;
    match &mut door {
        Door::Host(client) => {
            unlock_host(context, client)?;
            face.say("Unlocked.");
        }
        Door::Own(engine) => {
            unlock_here(context, engine)?;
            face.say(
                "The vault opens. Nothing stays open without a host: open the app or run `keyward serve`.",
            );
        }
    }
    status::document(context, face, &mut door)
}

/// With a host, drops its keys, all but those that keep tokens fresh where the settings say so; without one, nothing was open.
///
/// # Errors
/// When the host does not answer.
pub fn lock(context: &Context, face: &Face) -> Result {
    let Some(home) = context.existing_home()? else {
        return Err(no_vault(context));
    };
    let mut door = Door::at(context, home)?;
    if let Door::Host(client) = &mut door {
        client.call(context.vault.as_str(), &VaultLock {})?;
        let status = door.call_as_is(context, VaultStatusRequest {})?;
        face.say(if status.refreshing == Some(true) {
            "Locked. Its tokens are kept fresh; nobody can read them."
        } else {
            "Locked."
        });
        return status::document(context, face, &mut door);
    }
    let status = door.call_as_is(context, VaultStatusRequest {})?;
    if status.mode == Some(Mode::Keychain) {
        face.say("Nothing was open. Any program of yours can open this vault while you are logged in: its key is in the OS keychain.");
    } else {
        face.say("Nothing was open.");
    }
    status::document(context, face, &mut door)
}
