//! The consent queue.

use clap::{Args, Subcommand};

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Consent {
    /// List the connections that need you, the most urgent first
    List {
        #[command(flatten)]
        of: QueueOf,
    },
    /// Connect the most urgent one
    Next {
        #[command(flatten)]
        of: QueueOf,
        #[command(flatten)]
        how: ConsentHow,
    },
    /// Connect one after another; what is refused, fails or is not answered in time is left and told at the end
    Run {
        #[command(flatten)]
        of: QueueOf,
        #[command(flatten)]
        how: ConsentHow,
        /// Leave this one for later; may be repeated
        #[arg(long = "skip", value_name = "NAME")]
        skipped: Vec<String>,
    },
}

#[derive(Args)]
pub struct QueueOf {
    /// Of all environments
    #[arg(long, conflicts_with = "environment")]
    pub all: bool,
}

#[derive(Args)]
pub struct ConsentHow {
    /// Copy the link for another browser profile instead of opening a browser
    #[arg(long, conflicts_with = "no_browser")]
    pub copy_link: bool,
    /// Print the link instead of opening a browser
    #[arg(long)]
    pub no_browser: bool,
    /// Give up after this long, each time
    #[arg(long, value_name = "D", default_value = "5m", value_parser = humantime::parse_duration)]
    pub timeout: std::time::Duration,
}
