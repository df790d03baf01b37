//! Connections, consents and their tokens.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Args)]
pub struct Connect {
    /// Key of the connection, new or existing
    pub name: String,
    /// Auth client to connect through; may be left out when there is one
    #[arg(long, value_name = "C")]
    pub auth_client: Option<String>,
    /// Scope to ask for; may be repeated
    #[arg(long = "scope", value_name = "S")]
    pub scopes: Vec<String>,
    /// Further parameter of the authorization request, NAME=VALUE; may be repeated
    #[arg(long = "param", value_name = "K=V")]
    pub params: Vec<String>,
    /// Print the link instead of opening a browser
    #[arg(long)]
    pub no_browser: bool,
    /// Give up after this long
    #[arg(long, value_name = "D", default_value = "5m", value_parser = humantime::parse_duration)]
    pub timeout: std::time::Duration,
}

#[derive(Subcommand)]
pub enum Connection {
    /// List connections
    List {
        /// Only those in this state
        #[arg(long, value_enum)]
        state: Option<State>,
    },
    /// Show one connection
    Show { name: String },
    /// Get new tokens now
    Refresh { name: String },
    /// Drop the tokens, revoking them where possible, and keep the definition
    Disconnect { name: String },
    /// Delete connections for good
    Delete {
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum State {
    AwaitingConsent,
    Ready,
    NeedsConsent,
    Error,
    Disconnected,
}

#[derive(Args)]
pub struct Token {
    pub name: String,
    /// Least time the token must still live
    #[arg(long, value_name = "D", value_parser = humantime::parse_duration)]
    pub min_ttl: Option<std::time::Duration>,
}
