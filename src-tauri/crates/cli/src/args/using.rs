//! Values on their way out: get, run, inject.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum};

#[derive(Args)]
pub struct Get {
    /// keyward://ENV/KEY/FIELD, {vault.KEY}, KEY or @APP
    pub reference: String,
}

#[derive(Args)]
pub struct Run {
    /// Add the variables of this .env file; may be repeated, later ones win
    #[arg(long = "env-file", value_name = "F")]
    pub env_files: Vec<PathBuf>,
    /// The command and its arguments, after --
    #[arg(required = true, last = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

#[derive(Args)]
pub struct Inject {
    /// Template; - is stdin
    #[arg(short = 'i', value_name = "TEMPLATE")]
    pub input: PathBuf,
    /// File to write, mode 0600; - is stdout
    #[arg(short = 'o', value_name = "FILE")]
    pub output: PathBuf,
    /// How values are written at their place
    #[arg(long, value_enum, default_value = "auto")]
    pub format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Auto,
    Text,
    Env,
    Json,
    Yaml,
    Xml,
}
