//! What the desktop says of its session: the computer goes to sleep, the screen is locked (ST5).
//!
//! On Linux logind and the screen savers say it over D-Bus. macOS and Windows say it elsewhere, and nobody listens
//! there yet: there a vault locks when idle and when told to.

#[cfg(target_os = "linux")]
mod dbus;

/// Why the Owner may be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// The computer is about to sleep; it waits until this was heard.
    Sleep,
    /// The screen is locked.
    ScreenLocked,
}

/// Which of it this process would hear of, right now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hearing {
    /// [`Away::Sleep`].
    pub sleep: bool,
    /// [`Away::ScreenLocked`].
    pub screen_lock: bool,
}

#[cfg(target_os = "linux")]
pub use dbus::{Ears, Watch};

/// Listens for as long as it lives.
#[cfg(not(target_os = "linux"))]
pub struct Watch;

#[cfg(not(target_os = "linux"))]
impl Watch {
    /// Hears nothing on this system.
    pub fn start(_heard: impl Fn(Away) + Send + Sync + 'static) -> Self {
        Self
    }

    /// For whoever wants to know what is heard.
    #[must_use]
    pub fn ears(&self) -> Ears {
        Ears
    }
}

/// Knows what a [`Watch`] would hear.
#[cfg(not(target_os = "linux"))]
#[derive(Clone)]
pub struct Ears;

#[cfg(not(target_os = "linux"))]
impl Ears {
    /// Nothing.
    #[must_use]
    pub fn hearing(&self) -> Hearing {
        Hearing::default()
    }
}
