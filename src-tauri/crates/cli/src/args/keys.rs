//! What opens the vault: passphrase, recovery key, a new key for all of it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Passphrase {
    /// Give the vault another passphrase, or a first one beside its keychain
    Change(PassphraseChange),
}

#[derive(Args)]
pub struct PassphraseChange {
    /// Read the new passphrase from this file descriptor, up to the first newline
    #[arg(long, value_name = "N")]
    pub new_passphrase_fd: Option<i32>,
    /// From now on it opens the vault only together with a secret in this machine's keychain
    #[arg(long, conflicts_with = "no_device_secret")]
    pub device_secret: bool,
    /// From now on it opens the vault alone
    #[arg(long)]
    pub no_device_secret: bool,
    /// Memory of its derivation, 64 to 1024: a guess costs more or less from now on; without --new-passphrase-fd the passphrase stays [default: as it is]
    #[arg(long, value_name = "MiB")]
    pub kdf_memory: Option<u32>,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Recovery {
    /// Make a new recovery key; the one before ends
    Renew {
        #[command(flatten)]
        destination: RecoveryDestination,
    },
    /// Open the vault with its recovery key, give it a new way in and a new recovery key
    Use(RecoveryUse),
}

#[derive(Args)]
pub struct RecoveryUse {
    /// Read the recovery key from this file descriptor, up to the first newline
    #[arg(long, value_name = "N")]
    pub recovery_fd: Option<i32>,
    /// Unlock by a new key in the OS keychain from now on
    #[arg(long, conflicts_with = "passphrase")]
    pub keychain: bool,
    /// Unlock by a new passphrase from now on; --passphrase-fd or a prompt brings it
    #[arg(long)]
    pub passphrase: bool,
    #[command(flatten)]
    pub destination: RecoveryDestination,
}

#[derive(Args)]
pub struct Rekey {
    /// Seal every value anew too, as after a theft
    #[arg(long)]
    pub deep: bool,
    #[command(flatten)]
    pub destination: RecoveryDestination,
}

// Where a new recovery key goes; without a file to the terminal, to be typed back.
#[derive(Args)]
pub struct RecoveryDestination {
    /// Write the recovery key into this new file, mode 0600
    #[arg(long, value_name = "F")]
    pub recovery_file: Option<PathBuf>,
}
