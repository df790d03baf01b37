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
    /// A backup; it opens with its own keychain key, or with a passphrase or recovery key of its own, asked for on a
    /// terminal or given with --passphrase-fd
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Args)]
pub struct Salvage {
    /// The damaged vault or backup; it is only read, and opens as for `restore`
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The new file that takes what can be saved
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}
