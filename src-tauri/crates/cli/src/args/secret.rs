//! Secrets, and where a value comes from.

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgAction, Args, Subcommand};

#[derive(Subcommand)]
pub enum Secret {
    /// Store a new secret; the value comes from stdin, a file or a prompt
    Add(SecretAdd),
    /// List secrets, without values
    List {
        /// Words that must all occur in key, name, description or tags
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only those with this tag
        #[arg(long, value_name = "T")]
        tag: Option<String>,
    },
    /// Show one secret
    Show {
        /// Key or id
        secret: String,
        /// Show its value too
        #[arg(long)]
        reveal: bool,
    },
    /// Change metadata, or store a new value
    Update(SecretUpdate),
    /// Move secrets to the trash
    Delete {
        /// Keys or ids
        #[arg(required = true, value_name = "KEY|ID")]
        secrets: Vec<String>,
    },
    /// Take a secret out of the trash, or make an old value current
    Restore {
        /// Key or id
        secret: String,
        /// Store the value of this version as a new one
        #[arg(long, value_name = "N")]
        version: Option<u32>,
    },
    /// List versions, newest first
    History {
        /// Key or id
        secret: String,
    },
}

#[derive(Args)]
pub struct SecretAdd {
    /// Key, for ever: letters, digits, _ and -
    pub key: String,
    #[command(flatten)]
    pub value: ValueSource,
    #[arg(long)]
    pub name: Option<String>,
    #[arg(long)]
    pub description: Option<String>,
    /// A tag; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// The value is not masked
    #[arg(long)]
    pub plain: bool,
    #[command(flatten)]
    pub refused: RefusedValues,
}

#[derive(Args)]
pub struct ValueSource {
    /// Read the value from this file, byte for byte
    #[arg(long, value_name = "F")]
    pub value_file: Option<PathBuf>,
    /// Keep a final newline of stdin
    #[arg(long)]
    pub raw: bool,
    /// An empty value is meant
    #[arg(long)]
    pub empty: bool,
}

/// Values are never arguments: taken here to be refused with a hint, and never repeated.
#[derive(Args)]
pub struct RefusedValues {
    #[arg(hide = true, num_args = 0.., value_name = "VALUE")]
    pub words: Vec<OsString>,
    #[arg(long = "value", hide = true, num_args = 0..=1, allow_hyphen_values = true, action = ArgAction::Append)]
    pub option: Option<Vec<OsString>>,
}

#[derive(Args)]
pub struct SecretUpdate {
    /// Key or id
    pub secret: String,
    /// Read a new value from stdin
    #[arg(long, conflicts_with = "value_file")]
    pub value_stdin: bool,
    #[command(flatten)]
    pub value: ValueSource,
    #[arg(long)]
    pub name: Option<String>,
    #[arg(long)]
    pub description: Option<String>,
    /// A tag, replacing the old ones; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// The value is not masked
    #[arg(long)]
    pub plain: bool,
    /// A key never changes (PV5): asked for, it is a clear refusal.
    #[arg(long, hide = true, value_name = "KEY")]
    pub key: Option<String>,
    #[command(flatten)]
    pub refused: RefusedValues,
}
