//! The passphrase again, where the Owner asked for that: before a value is shown, before an export (W-08, T-20).

use keyward_model::{SecretValue, settings::Settings};
use keyward_vault::vault::{Mode, Opening};

use crate::{Engine, Result, passphrase, settings};

/// The passphrase as the Owner gave it for this one act; `None` when nobody was asked.
pub type Given<'a> = Option<&'a SecretValue>;

/// Before a value is shown to the Owner.
///
/// # Errors
/// [`crate::Kind::Locked`] when the passphrase is needed and missing or wrong.
pub fn before_reveal(engine: &Engine, given: Given<'_>) -> Result<()> {
    before(engine, given, |settings| settings.passphrase_to_reveal)
}

/// Before values leave in an export.
///
/// # Errors
/// As [`before_reveal`].
pub fn before_export(engine: &Engine, given: Given<'_>) -> Result<()> {
    before(engine, given, |settings| settings.passphrase_to_export)
}

/// Before settings protect less than now.
///
/// # Errors
/// As [`before_reveal`].
pub(crate) fn before_weakening(engine: &Engine, given: Given<'_>) -> Result<()> {
    before(engine, given, |settings| {
        settings.passphrase_to_reveal || settings.passphrase_to_export
    })
}

fn before(engine: &Engine, given: Given<'_>, asks: impl Fn(&Settings) -> bool) -> Result<()> {
    let vault = engine.unlocked()?;
    // A command that has just opened its vault with the passphrase asks for it once.
    let just_given = engine.opening == Opening::OneShot && vault.mode() == Mode::Passphrase;
    if just_given || !asks(&settings::of(&vault)?) {
        return Ok(());
    }
    passphrase::prove(engine, &vault, given)
}
