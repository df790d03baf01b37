//! Applications.

use clap::Subcommand;

#[derive(Subcommand)]
#[command(defer = true)]
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
    /// Change what an application is called and where its requests usually go
    Update {
        #[arg(value_name = "APP")]
        application: String,
        /// Free text for people
        #[arg(long)]
        name: Option<String>,
        /// The address that a new credential is offered; empty for none
        #[arg(long)]
        url: Option<String>,
    },
    /// Choose the connection that @APP means in this environment
    Default {
        #[arg(value_name = "APP")]
        application: String,
        /// Key or id
        connection: String,
    },
}
