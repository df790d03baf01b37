//! Vaults: making, naming and deleting them.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Vault {
    /// List vaults and whether they are open
    List,
    /// Make another vault and its recovery key
    Create {
        name: String,
        #[command(flatten)]
        how: Init,
    },
    /// Give a vault another name
    Rename { name: String, new_name: String },
    /// Delete a vault for good, with its backups and its keys in the OS keychain
    Delete {
        name: String,
        /// The name once more, where nobody can be asked to type it
        #[arg(long, value_name = "NAME")]
        yes: Option<String>,
    },
}

#[derive(Args)]
pub struct Doctor {
    /// Mend what can be mended: modes of files, what killed programs left, keychain entries that open nothing
    #[arg(long)]
    pub fix: bool,
    /// Play faults of a provider on a vault that is thrown away afterwards, and say what Keyward does at each
    #[arg(long, conflicts_with = "fix")]
    pub simulate: bool,
}

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
