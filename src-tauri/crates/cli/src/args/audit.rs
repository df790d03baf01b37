//! The audit log.

use clap::{Args, Subcommand};

#[derive(Args)]
pub struct Audit {
    #[command(subcommand)]
    pub command: Option<AuditCommand>,
    /// Only events from then on: RFC 3339, or a duration such as 2h
    #[arg(long, value_name = "T")]
    pub since: Option<String>,
    /// Go on printing new events
    #[arg(long)]
    pub follow: bool,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub enum AuditCommand {
    /// Walk the whole chain
    Verify,
}
