//! Settings that protect.

use super::Plaintext;
use serde::{Deserialize, Serialize};

/// The settings of a vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Settings {
    /// Minutes without an act after which a host locks the vault; 0 = never.
    pub auto_lock_minutes: u32,
    /// Whether it locks before the computer sleeps.
    pub lock_on_suspend: bool,
    /// Whether it locks with the screen.
    pub lock_on_screen_lock: bool,
    /// Seconds until a copied value is cleared (5…120).
    pub clipboard_seconds: u32,
    /// Seconds until a shown value is hidden (5…120).
    pub reveal_seconds: u32,
    /// Whether showing a value asks for the passphrase again.
    pub passphrase_to_reveal: bool,
    /// Whether an export asks for the passphrase again.
    pub passphrase_to_export: bool,
    /// Whether a locked vault keeps the keys that keep its tokens fresh; nobody can read a value with them.
    pub refresh_while_locked: bool,
    /// Whether there is a passphrase: without one nothing is asked for again.
    pub has_passphrase: bool,
    /// Whether the host hears that the computer sleeps.
    pub sleep_is_heard: bool,
    /// Whether the host hears that the screen is locked.
    pub screen_lock_is_heard: bool,
}

/// Asks for [`Settings`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SettingsShow {}

/// Changes settings; what is absent stays.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export, optional_fields))]
pub struct SettingsUpdate {
    /// See [`Settings::auto_lock_minutes`] (0…1440).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_lock_minutes: Option<u32>,
    /// See [`Settings::lock_on_suspend`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_on_suspend: Option<bool>,
    /// See [`Settings::lock_on_screen_lock`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_on_screen_lock: Option<bool>,
    /// See [`Settings::clipboard_seconds`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clipboard_seconds: Option<u32>,
    /// See [`Settings::reveal_seconds`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reveal_seconds: Option<u32>,
    /// See [`Settings::passphrase_to_reveal`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase_to_reveal: Option<bool>,
    /// See [`Settings::passphrase_to_export`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase_to_export: Option<bool>,
    /// See [`Settings::refresh_while_locked`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_while_locked: Option<bool>,
    /// The passphrase again, where it is asked for and the change protects less than now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Plaintext>,
}
