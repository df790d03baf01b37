//! Settings that protect: how long an open vault and a shown value stay, and when the passphrase is asked for again.
//! They are sealed in the vault (SECURITY.md §b.5); how things look is the window's own.

use std::{ops::RangeInclusive, time::Duration};

/// Longest time until an idle vault locks, in minutes: a day.
pub const MOST_AUTO_LOCK_MINUTES: u32 = 24 * 60;

/// How long a shown or copied value may stay, in seconds (UI.md §6).
pub const SECONDS: RangeInclusive<u32> = 5..=120;

/// Settings of one vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Minutes without an act after which a host locks the vault; 0 = never.
    pub auto_lock_minutes: u32,
    /// Whether it locks before the computer sleeps.
    pub lock_on_suspend: bool,
    /// Whether it locks with the screen.
    pub lock_on_screen_lock: bool,
    /// Seconds until a copied value is cleared.
    pub clipboard_seconds: u32,
    /// Seconds until a shown value is hidden.
    pub reveal_seconds: u32,
    /// Whether showing a value asks for the passphrase again (W-08).
    pub passphrase_to_reveal: bool,
    /// Whether an export asks for the passphrase again.
    pub passphrase_to_export: bool,
    /// Whether a locked vault keeps the keys that keep its tokens fresh (O-71); nobody can read a value with them.
    pub refresh_while_locked: bool,
}

impl Settings {
    /// What a vault has that the login session unlocks: locking follows the session only where the Owner wants it.
    pub const SESSION: Self = Self {
        auto_lock_minutes: 0,
        lock_on_suspend: false,
        lock_on_screen_lock: false,
        clipboard_seconds: 30,
        reveal_seconds: 30,
        passphrase_to_reveal: false,
        passphrase_to_export: false,
        refresh_while_locked: true,
    };

    /// What a vault has that a passphrase unlocks.
    pub const PASSPHRASE: Self = Self {
        auto_lock_minutes: 15,
        lock_on_suspend: true,
        lock_on_screen_lock: true,
        passphrase_to_reveal: true,
        passphrase_to_export: true,
        refresh_while_locked: false,
        ..Self::SESSION
    };

    /// How long the vault may be idle; `None` for ever.
    #[must_use]
    pub fn idle_limit(&self) -> Option<Duration> {
        (self.auto_lock_minutes > 0).then(|| Duration::from_secs(u64::from(self.auto_lock_minutes) * 60))
    }

    /// Whether these protect less than `before` in any respect.
    #[must_use]
    pub fn weakens(&self, before: &Self) -> bool {
        let patience = |settings: &Self| settings.idle_limit().unwrap_or(Duration::MAX);
        let switched_off = |was: bool, is: bool| was && !is;
        patience(self) > patience(before)
            || self.clipboard_seconds > before.clipboard_seconds
            || self.reveal_seconds > before.reveal_seconds
            || switched_off(before.lock_on_suspend, self.lock_on_suspend)
            || switched_off(before.lock_on_screen_lock, self.lock_on_screen_lock)
            || switched_off(before.passphrase_to_reveal, self.passphrase_to_reveal)
            || switched_off(before.passphrase_to_export, self.passphrase_to_export)
            // More keys stay in memory.
            || switched_off(self.refresh_while_locked, before.refresh_while_locked)
    }

    /// These with `changes`.
    ///
    /// # Errors
    /// [`OutOfRange`] names the setting.
    pub fn with(self, changes: &Changes) -> Result<Self, OutOfRange> {
        let settings = Self {
            auto_lock_minutes: changes.auto_lock_minutes.unwrap_or(self.auto_lock_minutes),
            lock_on_suspend: changes.lock_on_suspend.unwrap_or(self.lock_on_suspend),
            lock_on_screen_lock: changes.lock_on_screen_lock.unwrap_or(self.lock_on_screen_lock),
            clipboard_seconds: changes.clipboard_seconds.unwrap_or(self.clipboard_seconds),
            reveal_seconds: changes.reveal_seconds.unwrap_or(self.reveal_seconds),
            passphrase_to_reveal: changes.passphrase_to_reveal.unwrap_or(self.passphrase_to_reveal),
            passphrase_to_export: changes.passphrase_to_export.unwrap_or(self.passphrase_to_export),
            refresh_while_locked: changes.refresh_while_locked.unwrap_or(self.refresh_while_locked),
        };
        let bounds = [
            (
                "auto-lock",
                "minutes",
                settings.auto_lock_minutes,
                0..=MOST_AUTO_LOCK_MINUTES,
            ),
            ("clipboard", "seconds", settings.clipboard_seconds, SECONDS),
            ("reveal", "seconds", settings.reveal_seconds, SECONDS),
        ];
        match bounds
            .into_iter()
            .find(|(_, _, value, range)| !range.contains(value))
        {
            Some((setting, unit, _, range)) => Err(OutOfRange {
                setting,
                unit,
                least: *range.start(),
                most: *range.end(),
            }),
            None => Ok(settings),
        }
    }
}

/// What the Owner changes; `None` leaves a setting as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// See [`Settings::auto_lock_minutes`].
    pub auto_lock_minutes: Option<u32>,
    /// See [`Settings::lock_on_suspend`].
    pub lock_on_suspend: Option<bool>,
    /// See [`Settings::lock_on_screen_lock`].
    pub lock_on_screen_lock: Option<bool>,
    /// See [`Settings::clipboard_seconds`].
    pub clipboard_seconds: Option<u32>,
    /// See [`Settings::reveal_seconds`].
    pub reveal_seconds: Option<u32>,
    /// See [`Settings::passphrase_to_reveal`].
    pub passphrase_to_reveal: Option<bool>,
    /// See [`Settings::passphrase_to_export`].
    pub passphrase_to_export: Option<bool>,
    /// See [`Settings::refresh_while_locked`].
    pub refresh_while_locked: Option<bool>,
}

/// A number that a setting cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} takes {least} to {most} {unit}")]
pub struct OutOfRange {
    /// Which setting, as its flag is called.
    pub setting: &'static str,
    /// What its number counts.
    pub unit: &'static str,
    /// The least it can be.
    pub least: u32,
    /// The most.
    pub most: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays() {
        let changes = Changes {
            clipboard_seconds: Some(5),
            ..Changes::default()
        };
        let expect = Settings {
            clipboard_seconds: 5,
            ..Settings::PASSPHRASE
        };
        assert_eq!(Settings::PASSPHRASE.with(&changes), Ok(expect));
        assert_eq!(Settings::SESSION.with(&Changes::default()), Ok(Settings::SESSION));
    }

    #[test]
    fn numbers_have_bounds() {
        let clipboard = |seconds| Changes {
            clipboard_seconds: Some(seconds),
            ..Changes::default()
        };
        let reveal = |seconds| Changes {
            reveal_seconds: Some(seconds),
            ..Changes::default()
        };
        let idle = |minutes| Changes {
            auto_lock_minutes: Some(minutes),
            ..Changes::default()
        };
        for good in [
            clipboard(5),
            clipboard(120),
            reveal(5),
            reveal(120),
            idle(0),
            idle(1440),
        ] {
            assert!(Settings::SESSION.with(&good).is_ok(), "{good:?}");
        }
        for (bad, told) in [
            (clipboard(4), "clipboard takes 5 to 120 seconds"),
            (clipboard(121), "clipboard takes 5 to 120 seconds"),
            (reveal(0), "reveal takes 5 to 120 seconds"),
            (reveal(u32::MAX), "reveal takes 5 to 120 seconds"),
            (idle(1441), "auto-lock takes 0 to 1440 minutes"),
        ] {
            let refused = Settings::SESSION.with(&bad).unwrap_err();
            assert_eq!(refused.to_string(), told, "{bad:?}");
        }
    }

    #[test]
    fn t20_each_way_to_protect_less_is_known() {
        let before = Settings::PASSPHRASE;
        assert!(!before.weakens(&before));
        assert!(Settings::SESSION.weakens(&before) && !before.weakens(&Settings::SESSION));
        let less = [
            Settings {
                auto_lock_minutes: 16,
                ..before
            },
            // Never is the longest of all.
            Settings {
                auto_lock_minutes: 0,
                ..before
            },
            Settings {
                lock_on_suspend: false,
                ..before
            },
            Settings {
                lock_on_screen_lock: false,
                ..before
            },
            Settings {
                clipboard_seconds: 31,
                ..before
            },
            Settings {
                reveal_seconds: 31,
                ..before
            },
            Settings {
                passphrase_to_reveal: false,
                ..before
            },
            Settings {
                passphrase_to_export: false,
                ..before
            },
            Settings {
                refresh_while_locked: true,
                ..before
            },
        ];
        for one in less {
            assert!(one.weakens(&before), "{one:?}");
            assert!(!before.weakens(&one), "{one:?}");
        }
    }

    #[test]
    fn never_is_no_limit() {
        assert_eq!(Settings::SESSION.idle_limit(), None);
        assert_eq!(Settings::PASSPHRASE.idle_limit(), Some(Duration::from_secs(900)));
    }
}
