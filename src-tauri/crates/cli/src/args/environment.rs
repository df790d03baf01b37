//! Environments.

use clap::Subcommand;

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Env {
    /// List environments
    List,
    /// Make an environment
    Add { name: String },
    /// Change an environment's colour, or whether it is treated as production
    Update {
        name: String,
        /// Treat it as production
        #[arg(long, overrides_with = "no_production")]
        production: bool,
        /// No longer treat it as production
        #[arg(long)]
        no_production: bool,
        /// grey, blue, violet, teal, amber or pink; `auto` leaves it to the name
        #[arg(long, value_name = "C", visible_alias = "color")]
        colour: Option<String>,
    },
    /// Delete an empty environment; never the last
    Delete { name: String },
}
