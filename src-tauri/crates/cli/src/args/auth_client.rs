//! Auth clients.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Subcommand)]
pub enum AuthClient {
    /// Register how you are known at a provider
    Add(Box<AuthClientAdd>),
    /// List auth clients
    List,
    /// Show one auth client
    Show {
        /// Key or id
        auth_client: String,
    },
    /// Delete an auth client that no connection uses
    Delete {
        /// Key or id
        auth_client: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum AuthClientType {
    Oauth2,
}

#[derive(Args)]
pub struct AuthClientAdd {
    /// Key, for ever
    pub key: String,
    #[arg(long = "type", value_enum)]
    pub kind: AuthClientType,
    #[arg(long)]
    pub name: Option<String>,
    /// Application it is for
    #[arg(long, value_name = "A")]
    pub app: Option<String>,
    /// Discover the endpoints from this issuer
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    #[arg(long, value_name = "ID")]
    pub client_id: String,
    /// Read the client secret from stdin
    #[arg(long)]
    pub client_secret_stdin: bool,
    #[arg(long, value_name = "URL")]
    pub auth_uri: Option<String>,
    #[arg(long, value_name = "URL")]
    pub token_uri: Option<String>,
    #[arg(long, value_name = "URL")]
    pub revocation_uri: Option<String>,
    /// Seconds a token lives when the provider does not say [default: 3600]
    #[arg(long, value_name = "SECONDS")]
    pub token_expires_in: Option<u32>,
    /// Path of the redirect address [default: /callback]
    #[arg(long, value_name = "PATH")]
    pub redirect_path: Option<String>,
    /// Further parameter of the authorization request, NAME=VALUE; may be repeated
    #[arg(long = "authorize-param", value_name = "K=V")]
    pub authorize_params: Vec<String>,
    /// Scope asked for by default; may be repeated
    #[arg(long = "scope", value_name = "S")]
    pub scopes: Vec<String>,
}
