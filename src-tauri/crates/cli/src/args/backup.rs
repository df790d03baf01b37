//! Copies of the vault.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
pub struct Backup {
    /// The new file, or an earlier backup of this vault
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Args)]
pub struct Restore {
    /// A backup; it opens with its own keychain key, passphrase or recovery key
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Args)]
pub struct Salvage {
    /// The damaged vault or backup; it is only read
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The new file that takes what can be saved
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}
