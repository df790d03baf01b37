//! What comes from other programs, and what leaves for them.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

#[derive(Args)]
pub struct Import {
    /// What wrote it
    #[arg(long, value_enum)]
    pub format: ImportFormat,
    /// File, or folder for pass; - is stdin
    pub path: PathBuf,
    /// Say what would happen, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where a key is taken by something else
    #[arg(long, value_enum, default_value = "ask")]
    pub on_conflict: OnConflict,
    /// Read the passphrase of the file from this file descriptor, up to the first newline
    #[arg(long, value_name = "N")]
    pub source_passphrase_fd: Option<i32>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ImportFormat {
    Env,
    Json,
    Csv,
    Age,
    Kdbx,
    Bitwarden,
    #[value(name = "1pux")]
    OnePux,
    #[value(name = "1password-csv")]
    OnePasswordCsv,
    Pass,
    Postman,
    Insomnia,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnConflict {
    Ask,
    Skip,
    Version,
    Rename,
}

#[derive(Args)]
#[command(group = ArgGroup::new("shape").args(["recipients", "export_passphrase_fd", "structure", "plaintext"]))]
pub struct Export {
    /// New file, mode 0600
    #[arg(short = 'o', value_name = "FILE")]
    pub output: PathBuf,
    /// Seal it for this age recipient; may be repeated
    #[arg(long = "recipient", value_name = "AGE")]
    pub recipients: Vec<String>,
    /// Seal it with a passphrase read from this file descriptor [default: asked on a terminal]
    #[arg(long, value_name = "N")]
    pub export_passphrase_fd: Option<i32>,
    /// Names and descriptions alone, and no value
    #[arg(long)]
    pub structure: bool,
    /// Every value in plain text, for everybody who has the file
    #[arg(long)]
    pub plaintext: bool,
}
