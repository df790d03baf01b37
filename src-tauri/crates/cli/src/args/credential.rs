//! Custom credentials, and where the values of their variables come from.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Subcommand};

use super::RefusedValues;

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Credential {
    /// Store a new credential; its values come from a file, stdin or prompts
    Add(CredentialAdd),
    /// List credentials, without values
    List {
        /// Words that must all occur in key, name, description or the variables' names
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Show one credential
    Show {
        /// Key or id
        credential: String,
        /// Show the values of its variables too
        #[arg(long)]
        reveal: bool,
    },
    /// Change name, description and variables, or store new values
    Update(CredentialUpdate),
    /// Move credentials to the trash
    Delete {
        /// Keys or ids
        #[arg(required = true, value_name = "NAME|ID")]
        credentials: Vec<String>,
    },
    /// List the versions of one variable, newest first
    History {
        /// Key or id
        credential: String,
        /// Name of the variable
        variable: String,
    },
    /// Take a credential out of the trash, or make an old value of a variable current
    Restore {
        /// Key or id
        credential: String,
        /// Name of the variable, also of one that was removed
        #[arg(requires = "version")]
        variable: Option<String>,
        /// Store the value of this version as a new one
        #[arg(long, value_name = "N", requires = "variable")]
        version: Option<u32>,
    },
    /// List the credentials in the trash, take one out of it, or empty it
    Trash {
        /// Take this one out: key (the newest of that key) or id
        #[arg(long, value_name = "NAME|ID", conflicts_with = "empty")]
        restore: Option<String>,
        /// Delete all of them for good
        #[arg(long)]
        empty: bool,
    },
}

#[derive(Args)]
pub struct CredentialAdd {
    /// Key, for ever: letters, digits, _ and -
    #[arg(value_name = "NAME")]
    pub key: String,
    #[command(flatten)]
    pub values: VariableValues,
    #[arg(long)]
    pub name: Option<String>,
    #[arg(long)]
    pub description: Option<String>,
    #[command(flatten)]
    pub refused: RefusedValues,
}

// Variables and their values: one line of stdin for each `--var`, or a file of `NAME=value` lines.
#[derive(Args)]
pub struct VariableValues {
    /// A variable; its value is one line of stdin, in order. Masked unless :plain; may be repeated
    #[arg(long = "var", value_name = "NAME[:masked|:plain]", conflicts_with = "from")]
    pub variables: Vec<OsString>,
    /// Read NAME=value lines in the syntax of .env files from this file, or - for stdin
    #[arg(long, value_name = "F")]
    pub from: Option<PathBuf>,
    /// Empty lines of stdin are meant
    #[arg(long)]
    pub empty: bool,
}

#[derive(Args)]
pub struct CredentialUpdate {
    /// Key or id
    pub credential: String,
    #[command(flatten)]
    pub values: VariableValues,
    #[arg(long)]
    pub name: Option<String>,
    #[arg(long)]
    pub description: Option<String>,
    /// Mask this variable; may be repeated
    #[arg(long, value_name = "VARIABLE")]
    pub mask: Vec<String>,
    /// Do not mask this variable; may be repeated
    #[arg(long, value_name = "VARIABLE")]
    pub unmask: Vec<String>,
    /// Describe a variable; may be repeated
    #[arg(long, value_name = "VARIABLE=TEXT")]
    pub describe: Vec<String>,
    /// Give a variable another name; may be repeated
    #[arg(long, value_name = "OLD=NEW")]
    pub rename: Vec<String>,
    /// Take a variable out; may be repeated
    #[arg(long, value_name = "VARIABLE")]
    pub remove: Vec<String>,
    /// These variables first, in this order
    #[arg(long, value_name = "VARIABLE,…", value_delimiter = ',')]
    pub order: Vec<String>,
    /// A key never changes (PV5): asked for, it is a clear refusal.
    #[arg(long, hide = true, value_name = "KEY")]
    pub key: Option<String>,
    #[command(flatten)]
    pub refused: RefusedValues,
}
