//! Locking without being told: nobody did anything for long, or the session says that nobody is there (ST5).

use std::{sync::atomic::Ordering, time::Duration};

use keyward_model::{Timestamp, settings::Settings};

use crate::{Engine, lifecycle, session::Away, settings};

/// Locks a vault that nobody has used for as long as its settings allow. How long until then; `None` while it is
/// locked or may stay open for ever.
pub(crate) fn when_idle(engine: &Engine) -> Option<Duration> {
    let limit = in_force(engine)?.idle_limit()?;
    let last_act = Timestamp(engine.last_act.load(Ordering::Relaxed));
    let left = limit.saturating_sub(engine.now().since(last_act));
    if left.is_zero() {
        lifecycle::lock(engine);
    }
    Some(left)
}

/// Locks a vault whose settings say so when the Owner is gone.
pub fn when_away(engine: &Engine, away: Away) {
    let Some(settings) = in_force(engine) else { return };
    let locks = match away {
        Away::Sleep => settings.lock_on_suspend,
        Away::ScreenLocked => settings.lock_on_screen_lock,
    };
    if locks {
        log::info!("vault {} locks: {away:?}", engine.name());
        lifecycle::lock(engine);
    }
}

/// The settings of an open vault. Those that cannot be read are no reason to stay open: then the strictest hold.
fn in_force(engine: &Engine) -> Option<Settings> {
    let vault = engine.unlocked().ok()?;
    Some(settings::of(&vault).unwrap_or(Settings::PASSPHRASE))
}
