//! The catalogue of providers.

use clap::Subcommand;

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Provider {
    /// List the catalogue; nothing is sent
    List {
        /// Words of name, host, category
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Show one entry: addresses, variables, what to do at the provider
    Show {
        /// Its id
        provider: String,
    },
    /// Ask providers whether their entries are still true; without ids all of them
    Check {
        /// Ids
        providers: Vec<String>,
        /// What stands for a variable, NAME=VALUE; may be repeated
        #[arg(long = "var", value_name = "K=V")]
        variables: Vec<String>,
    },
}
