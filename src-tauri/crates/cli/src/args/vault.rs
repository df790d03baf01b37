//! The vault itself: making it.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
pub struct Init {
    /// Unlock by a key in the OS keychain
    #[arg(long, conflicts_with = "passphrase")]
    pub keychain: bool,
    /// Unlock by a passphrase
    #[arg(long)]
    pub passphrase: bool,
    /// Write the recovery key into this new file, mode 0600
    #[arg(long, value_name = "F")]
    pub recovery_file: Option<PathBuf>,
    /// Memory of the key derivation, 64 to 1024 [default: measured]
    #[arg(long, value_name = "MiB", conflicts_with = "keychain")]
    pub kdf_memory: Option<u32>,
}
