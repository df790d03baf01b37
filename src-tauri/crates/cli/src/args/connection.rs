//! Connections, consents and their tokens.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::RefusedValues;

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
    /// User name, for an auth client whose grant is password; the password comes from stdin or a prompt
    #[arg(long, value_name = "NAME")]
    pub username: Option<String>,
    /// Print the link instead of opening a browser
    #[arg(long)]
    pub no_browser: bool,
    /// Give up after this long
    #[arg(long, value_name = "D", default_value = "5m", value_parser = humantime::parse_duration)]
    pub timeout: std::time::Duration,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub enum Connection {
    /// Store a credential that you have; its values come from stdin, a file or prompts
    Add(Box<ConnectionAdd>),
    /// Change a connection, or enter new values
    Update(ConnectionUpdate),
    /// List what it went through, newest first: refreshes with how long each took, or versions of entered values
    History { name: String },
    /// Make the values of an old version current, as a new one
    Restore {
        name: String,
        #[arg(long, value_name = "N")]
        version: u32,
    },
    /// List connections
    List {
        /// Only those in this state
        #[arg(long, value_enum)]
        state: Option<State>,
    },
    /// Show one connection
    Show { name: String },
    /// Say why it failed, ended or will end, and what mends it
    Why { name: String },
    /// Get new tokens now
    Refresh { name: String },
    /// Report that its access token was refused (HTTP 401): get new tokens, at most once for each token
    Invalidate {
        name: String,
        /// Read the refused token from stdin: a report of one that was replaced by now changes nothing
        #[arg(long)]
        token_stdin: bool,
    },
    /// Drop the tokens, revoking them where possible, or destroy the values; keep the definition
    Disconnect { name: String },
    /// Delete connections for good
    Delete {
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
}

/// Types whose values are entered.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum EnteredType {
    /// User name and password
    Basic,
    /// One value
    ApiKey,
    /// A token that you made at the provider
    AccessToken,
    /// An address alone
    None,
}

#[derive(Args)]
pub struct ConnectionAdd {
    /// Key, for ever: letters, digits, _ and -
    pub name: String,
    #[arg(long = "type", value_enum)]
    pub kind: EnteredType,
    /// Free text; default: the key
    #[arg(long = "name", value_name = "TEXT")]
    pub title: Option<String>,
    /// Application it is for; its first connection is its default
    #[arg(long, value_name = "A")]
    pub app: Option<String>,
    /// Auth client that says where and how
    #[arg(long, value_name = "C")]
    pub auth_client: Option<String>,
    /// Where requests go
    #[arg(long, value_name = "U")]
    pub url: Option<String>,
    /// How the value is sent: header:NAME, query:NAME, basic or body:NAME
    #[arg(long, value_name = "HOW")]
    pub apply: Option<String>,
    #[command(flatten)]
    pub values: EnteredValues,
    #[command(flatten)]
    pub refused: RefusedValues,
}

// Where the values come from: one line of stdin each, in order (basic: username, password), prompts, or a file.
#[derive(Args)]
pub struct EnteredValues {
    /// Read NAME=value lines in the syntax of .env files from this file, or - for stdin
    #[arg(long, value_name = "F")]
    pub from: Option<PathBuf>,
}

#[derive(Args)]
pub struct ConnectionUpdate {
    pub name: String,
    /// Free text
    #[arg(long = "name", value_name = "TEXT")]
    pub title: Option<String>,
    /// Where requests go; empty for nowhere in particular
    #[arg(long, value_name = "U")]
    pub url: Option<String>,
    /// How the value is sent: header:NAME, query:NAME, basic or body:NAME
    #[arg(long, value_name = "HOW")]
    pub apply: Option<String>,
    /// Read new values from stdin, one line each
    #[arg(long, conflicts_with = "from")]
    pub value_stdin: bool,
    #[command(flatten)]
    pub values: EnteredValues,
    #[command(flatten)]
    pub refused: RefusedValues,
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
