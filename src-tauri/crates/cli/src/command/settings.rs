//! `keyward settings`

use keyward_api::wire::{Plaintext, Settings, SettingsShow, SettingsUpdate};

use super::Result;
use crate::{
    args::{Settings as Command, SettingsUpdate as Asked},
    context::Context,
    door::Door,
    output::{self, Face},
};

/// Shows or changes the settings that protect.
///
/// # Errors
/// `usage` for a number out of range, `locked` where the passphrase is needed again.
pub fn run(context: &Context, face: &Face, command: Command) -> Result {
    let mut door = Door::open(context)?;
    let settings = match command {
        Command::Show => door.call(context, SettingsShow {})?,
        Command::Update(asked) => {
            door.call_again(context, &mut None, |passphrase| request(&asked, passphrase))?
        }
    };
    face.show(&settings, facts)
}

fn request(asked: &Asked, passphrase: Option<Plaintext>) -> SettingsUpdate {
    let switch = |on: bool, off: bool| (on || off).then_some(on);
    SettingsUpdate {
        auto_lock_minutes: asked.auto_lock,
        lock_on_suspend: switch(asked.lock_on_suspend, asked.no_lock_on_suspend),
        lock_on_screen_lock: switch(asked.lock_on_screen_lock, asked.no_lock_on_screen_lock),
        clipboard_seconds: asked.clipboard,
        reveal_seconds: asked.reveal,
        passphrase_to_reveal: switch(asked.passphrase_to_reveal, asked.no_passphrase_to_reveal),
        passphrase_to_export: switch(asked.passphrase_to_export, asked.no_passphrase_to_export),
        refresh_while_locked: switch(asked.refresh_while_locked, asked.no_refresh_while_locked),
        passphrase,
    }
}

fn facts(settings: &Settings) -> String {
    let yes = |on: bool| if on { "yes" } else { "no" }.to_owned();
    let asks = |on: bool| match (on, settings.has_passphrase) {
        (true, false) => "yes, once there is a passphrase".to_owned(),
        (on, _) => yes(on),
    };
    let idle = match settings.auto_lock_minutes {
        0 => "never".to_owned(),
        1 => "after 1 minute".to_owned(),
        minutes => format!("after {minutes} minutes"),
    };
    output::facts(&[
        ("locks when idle", idle),
        ("locks before sleep", yes(settings.lock_on_suspend)),
        ("locks with the screen", yes(settings.lock_on_screen_lock)),
        ("refreshes while locked", yes(settings.refresh_while_locked)),
        (
            "clears the clipboard",
            format!("after {} seconds", settings.clipboard_seconds),
        ),
        (
            "hides a shown value",
            format!("after {} seconds", settings.reveal_seconds),
        ),
        ("showing asks again", asks(settings.passphrase_to_reveal)),
        ("export asks again", asks(settings.passphrase_to_export)),
    ])
}
