//! Environments.

use clap::Subcommand;

#[derive(Subcommand)]
pub enum Env {
    /// List environments
    List,
    /// Make an environment
    Add { name: String },
    /// Delete an empty environment; never the last
    Delete { name: String },
}
