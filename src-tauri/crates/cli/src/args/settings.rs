//! Settings that protect.

use clap::{Args, Subcommand};

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Settings {
    /// Show what holds
    Show,
    /// Change some; what protects less asks for the passphrase where the settings say so
    Update(SettingsUpdate),
}

#[derive(Args)]
#[group(required = true, multiple = true)]
pub struct SettingsUpdate {
    /// A host locks after so many minutes without an act, 0 = never
    #[arg(long, value_name = "MINUTES")]
    pub auto_lock: Option<u32>,
    /// A host locks before the computer sleeps
    #[arg(long, conflicts_with = "no_lock_on_suspend")]
    pub lock_on_suspend: bool,
    /// Sleep locks nothing
    #[arg(long)]
    pub no_lock_on_suspend: bool,
    /// A host locks with the screen
    #[arg(long, conflicts_with = "no_lock_on_screen_lock")]
    pub lock_on_screen_lock: bool,
    /// The screen locks nothing
    #[arg(long)]
    pub no_lock_on_screen_lock: bool,
    /// A locked host keeps the keys that keep tokens fresh, and no other
    #[arg(long, conflicts_with = "no_refresh_while_locked")]
    pub refresh_while_locked: bool,
    /// A locked host keeps no key; tokens wait for the unlock
    #[arg(long)]
    pub no_refresh_while_locked: bool,
    /// A copied value is cleared after 5 to 120 seconds
    #[arg(long, value_name = "SECONDS")]
    pub clipboard: Option<u32>,
    /// A shown value is hidden after 5 to 120 seconds
    #[arg(long, value_name = "SECONDS")]
    pub reveal: Option<u32>,
    /// Showing a value asks for the passphrase again
    #[arg(long, conflicts_with = "no_passphrase_to_reveal")]
    pub passphrase_to_reveal: bool,
    /// Showing a value asks for nothing
    #[arg(long)]
    pub no_passphrase_to_reveal: bool,
    /// An export asks for the passphrase again
    #[arg(long, conflicts_with = "no_passphrase_to_export")]
    pub passphrase_to_export: bool,
    /// An export asks for nothing
    #[arg(long)]
    pub no_passphrase_to_export: bool,
}
