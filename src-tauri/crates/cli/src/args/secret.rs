//! Secrets, and where a value comes from.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{ArgAction, Args, Subcommand};
use keyward_model::Timestamp;

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Secret {
    /// Store a new secret; the value comes from stdin, a file or a prompt
    Add(SecretAdd),
    /// List secrets, without values
    List {
        /// Words that must all occur in key, name, description, tags, notes or environment
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
        /// Keys or ids; what lies in the trash already is deleted for good
        #[arg(required = true, value_name = "KEY|ID")]
        secrets: Vec<String>,
        /// Delete for good, with all versions
        #[arg(long)]
        purge: bool,
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
    /// Make a second secret under another key, with the current value of the first
    Duplicate {
        /// Key or id
        secret: String,
        /// Key of the second
        new: String,
    },
    /// Move secrets to another environment, with all versions: all of them or none
    Move {
        /// Keys or ids
        #[arg(required = true, value_name = "KEY|ID")]
        secrets: Vec<String>,
        /// The environment they go to
        #[arg(long, value_name = "ENV")]
        to: String,
        /// Leave them where they are, too; the copies start with the current values
        #[arg(long)]
        copy: bool,
    },
    /// Show which keys exist in which of two environments, and whether their values are the same
    Compare {
        #[arg(value_name = "ENV")]
        first: String,
        #[arg(value_name = "ENV")]
        second: String,
    },
    /// List the secrets in the trash, take one out of it, or empty it
    Trash {
        /// Take this one out: key (the newest of that key) or id
        #[arg(long, value_name = "KEY|ID", conflicts_with = "empty")]
        restore: Option<String>,
        /// Delete all of them for good
        #[arg(long)]
        empty: bool,
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
    pub care: Care,
    #[command(flatten)]
    pub refused: RefusedValues,
}

// What is said about a value's life.
#[derive(Args)]
pub struct Care {
    /// Notes for yourself; an empty text clears them
    #[arg(long = "note", value_name = "TEXT")]
    pub notes: Option<String>,
    /// When the value ends: RFC 3339, or a date such as 2027-01-31; `never` clears it
    #[arg(long, value_name = "WHEN", value_parser = expiry)]
    pub expires: Option<Bound<Timestamp>>,
    /// How old a value may become before you are reminded, such as 90d; `never` clears it
    #[arg(long, value_name = "D", value_parser = rotation)]
    pub rotate_every: Option<Bound<Duration>>,
    /// Keep it at hand
    #[arg(long, overrides_with = "no_favourite")]
    pub favourite: bool,
    /// No longer keep it at hand
    #[arg(long)]
    pub no_favourite: bool,
}

impl Care {
    /// Whether anything was said.
    pub fn is_said(&self) -> bool {
        self.notes.is_some()
            || self.expires.is_some()
            || self.rotate_every.is_some()
            || self.favourite().is_some()
    }

    /// Whether it is to be kept at hand, where that was said.
    pub fn favourite(&self) -> Option<bool> {
        (self.favourite || self.no_favourite).then_some(self.favourite)
    }
}

/// A limit, or none.
#[derive(Clone, Copy)]
pub enum Bound<T> {
    Never,
    At(T),
}

fn expiry(text: &str) -> Result<Bound<Timestamp>, String> {
    if text == "never" {
        return Ok(Bound::Never);
    }
    Timestamp::parse_rfc3339(text)
        .or_else(|| Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")))
        .map(Bound::At)
        .ok_or_else(|| "write 2027-01-31, 2027-01-31T18:00:00Z or `never`".to_owned())
}

fn rotation(text: &str) -> Result<Bound<Duration>, String> {
    match text {
        "never" => Ok(Bound::Never),
        _ => humantime::parse_duration(text)
            .map(Bound::At)
            .map_err(|_| "write a duration such as 90d, or `never`".to_owned()),
    }
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

// Values are never arguments: taken here to be refused with a hint, and never repeated.
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
    /// A tag, replacing the old ones; may be repeated; an empty one clears them
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// The value is not masked
    #[arg(long, overrides_with = "masked")]
    pub plain: bool,
    /// The value is masked again
    #[arg(long)]
    pub masked: bool,
    #[command(flatten)]
    pub care: Care,
    /// A key never changes (PV5): asked for, it is a clear refusal.
    #[arg(long, hide = true, value_name = "KEY")]
    pub key: Option<String>,
    #[command(flatten)]
    pub refused: RefusedValues,
}
