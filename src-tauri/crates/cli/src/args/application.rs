//! Applications.

use clap::Subcommand;

#[derive(Subcommand)]
pub enum App {
    /// List applications with their auth clients and connections
    List {
        /// Words that must all occur in key or name
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },
    /// Show one application
    Show {
        #[arg(value_name = "APP")]
        application: String,
    },
    /// Choose the connection that @APP means in this environment
    Default {
        #[arg(value_name = "APP")]
        application: String,
        /// Key or id
        connection: String,
    },
}
