//! Settings that protect: sealed, so that a program of the same user cannot weaken them in a file (SECURITY.md §b.5).

use keyward_model::settings::{Changes, Settings};
use keyward_vault::{
    table::{audit, settings},
    vault::{Mode, UnlockedVault},
};

use crate::{
    Engine, Error, Result,
    access::{self, Act, Caller},
    again,
    changes::ChangeKind,
    session::Hearing,
};

/// Settings, and what of them can work here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The settings.
    pub settings: Settings,
    /// Whether a passphrase opens this vault; without one nothing is asked for again.
    pub has_passphrase: bool,
    /// What is heard of the session; nothing outside a host.
    pub hearing: Hearing,
}

/// What holds: as the Owner set it, else what is usual for the way the vault is unlocked.
///
/// # Errors
/// When locked or damaged.
pub fn read(engine: &Engine) -> Result<Settings> {
    of(&*engine.unlocked()?)
}

/// As [`read`], for a screen.
///
/// # Errors
/// As [`read`].
pub fn show(engine: &Engine) -> Result<Shown> {
    let vault = engine.unlocked()?;
    Ok(Shown {
        settings: of(&vault)?,
        has_passphrase: vault.ways()?.passphrase.is_some(),
        hearing: engine.hearing(),
    })
}

pub(crate) fn of(vault: &UnlockedVault) -> Result<Settings> {
    Ok(vault.read(|tx| settings::read(tx, usual(vault)))?)
}

/// What holds where the Owner chose nothing.
fn usual(vault: &UnlockedVault) -> Settings {
    match vault.mode() {
        Mode::Keychain => Settings::SESSION,
        Mode::Passphrase => Settings::PASSPHRASE,
    }
}

/// Changes some. Where the passphrase is asked for again, it is asked for before anything protects less than now.
///
/// # Errors
/// [`crate::Kind::Invalid`] for a number out of range; as [`again::before_reveal`] where the passphrase is needed.
pub fn update(
    engine: &Engine,
    caller: &Caller,
    changes: &Changes,
    passphrase: again::Given<'_>,
) -> Result<Shown> {
    access::authorize(caller, Act::Write)?;
    let vault = engine.unlocked()?;
    let before = of(&vault)?;
    let after = before
        .with(changes)
        .map_err(|error| Error::invalid(format!("{error}.")))?;
    if after.weakens(&before) {
        again::before_weakening(engine, passphrase)?;
    }
    if after != before {
        let now = engine.now();
        vault.write(now, |tx| {
            settings::store(tx, &after, usual(&vault))?;
            let subject = "settings".to_owned();
            audit::append(
                tx,
                &crate::audit::event(engine, caller.actor(), "settings.update", subject, "ok"),
            )
        })?;
        engine.changes.publish(ChangeKind::Settings, None);
    }
    show(engine)
}
