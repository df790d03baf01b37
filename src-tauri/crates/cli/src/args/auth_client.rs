//! Auth clients.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Subcommand)]
#[command(defer = true)]
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
    /// Change an auth client; client id and addresses only while no connection uses it
    Update(Box<AuthClientUpdate>),
    /// Take in auth clients and planned connections that somebody prepared, all or none; the file holds no secrets
    Import(AuthClientImport),
    /// Delete an auth client that no connection uses
    Delete {
        /// Key or id
        auth_client: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum AuthClientType {
    Oauth2,
    Oauth1,
    Basic,
    ApiKey,
    #[value(name = "noauth")]
    NoAuth,
}

/// Who may use an auth client.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Visibility {
    /// Connections of this environment
    Environment,
    /// Connections of this vault
    Vault,
    /// Connections of all vaults of this KEYWARD_HOME, while this one is open too
    Machine,
}

#[derive(Args)]
pub struct AuthClientImport {
    /// JSON with auth_clients and connections, or CSV with a column kind; - is stdin
    pub file: std::path::PathBuf,
    /// Say what would happen, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Keep what is there where a key is taken, instead of importing nothing
    #[arg(long)]
    pub skip_existing: bool,
}

#[derive(Args)]
pub struct AuthClientAdd {
    /// Key, for ever
    pub key: String,
    /// Kind of registration [default with --provider: what that entry speaks]
    #[arg(long = "type", value_enum, required_unless_present = "provider")]
    pub kind: Option<AuthClientType>,
    /// Entry of the catalogue, which says whatever is left out; `keyward provider list` names them
    #[arg(long, value_name = "ID")]
    pub provider: Option<String>,
    /// What stands for a variable of that entry, NAME=VALUE; may be repeated
    #[arg(long = "var", value_name = "K=V", requires = "provider")]
    pub variables: Vec<String>,
    #[arg(long)]
    pub name: Option<String>,
    /// Application it is for
    #[arg(long, value_name = "A")]
    pub app: Option<String>,
    /// Discover the endpoints from this issuer
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// Who may use it [default: environment]
    #[arg(long, value_enum)]
    pub visibility: Option<Visibility>,
    /// Where requests go; not for oauth2
    #[arg(long, value_name = "U")]
    pub url: Option<String>,
    /// How the value is sent: header:NAME, query:NAME, basic or body:NAME; for api_key
    #[arg(long, value_name = "HOW")]
    pub apply: Option<String>,
    /// Client id or consumer key at the provider; without it an issuer that registers clients makes one
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// How tokens are got: authorization_code, device_code, client_credentials, jwt_bearer or password (legacy)
    #[arg(long, value_name = "GRANT")]
    pub grant: Option<String>,
    /// How the client authenticates: none, basic, post or private_key_jwt
    #[arg(long, value_name = "HOW")]
    pub client_auth: Option<String>,
    /// Where the browser comes back to: auto, localhost, fixed:[HOST:]PORT/PATH (HOST: 127.0.0.1, localhost or [::1]),
    /// https[:PORT], scheme[:NAME] or paste:ADDRESS
    #[arg(long, value_name = "HOW")]
    pub redirect: Option<String>,
    /// Where device codes are got, where no issuer says it
    #[arg(long, value_name = "URL")]
    pub device_uri: Option<String>,
    /// Where request tokens are got; for oauth1
    #[arg(long, value_name = "URL")]
    pub request_token_uri: Option<String>,
    /// How requests are signed: HMAC-SHA1, HMAC-SHA256 or PLAINTEXT; for oauth1
    #[arg(long, value_name = "METHOD")]
    pub signature_method: Option<String>,
    /// Read the client secret, or a private key, from stdin
    #[arg(long)]
    pub client_secret_stdin: bool,
    #[arg(long, value_name = "URL")]
    pub auth_uri: Option<String>,
    #[arg(long, value_name = "URL")]
    pub token_uri: Option<String>,
    #[arg(long, value_name = "URL")]
    pub revocation_uri: Option<String>,
    /// Where refreshes go, if not to the token endpoint; its query is kept
    #[arg(long, value_name = "URL")]
    pub refresh_token_uri: Option<String>,
    /// Seconds a token lives when the provider does not say [default: 3600]
    #[arg(long, value_name = "SECONDS")]
    pub token_expires_in: Option<u32>,
    /// Path of the redirect address [default: /callback]
    #[arg(long, value_name = "PATH")]
    pub redirect_path: Option<String>,
    /// Further parameter of the authorization request, NAME=VALUE; may be repeated
    #[arg(long = "authorize-param", value_name = "K=V")]
    pub authorize_params: Vec<String>,
    /// Further parameter of the request for tokens, NAME=VALUE; may be repeated
    #[arg(long = "token-param", value_name = "K=V")]
    pub token_params: Vec<String>,
    /// Further parameter of a refresh, NAME=VALUE; may be repeated
    #[arg(long = "refresh-param", value_name = "K=V")]
    pub refresh_params: Vec<String>,
    /// Resource the tokens are for (RFC 8707); may be repeated
    #[arg(long = "resource", value_name = "URL")]
    pub resources: Vec<String>,
    /// Refresh so many seconds before the end [default: a tenth of the lifetime, at least 60]
    #[arg(long, value_name = "SECONDS")]
    pub refresh_window: Option<u32>,
    /// Scope asked for by default; may be repeated
    #[arg(long = "scope", value_name = "S")]
    pub scopes: Vec<String>,
}

impl AuthClientUpdate {
    /// Whether anything was said but which one.
    pub fn changes_something(&self) -> bool {
        let nothing = Self {
            auth_client: self.auth_client.clone(),
            ..Self::default()
        };
        *self != nothing
    }
}

#[derive(Args, Default, PartialEq, Eq)]
pub struct AuthClientUpdate {
    /// Key or id
    pub auth_client: String,
    #[arg(long)]
    pub name: Option<String>,
    /// Who may use it
    #[arg(long, value_enum)]
    pub visibility: Option<Visibility>,
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Read a new client secret from stdin: used from the very next refresh on
    #[arg(long)]
    pub client_secret_stdin: bool,
    #[arg(long, value_name = "URL")]
    pub auth_uri: Option<String>,
    #[arg(long, value_name = "URL")]
    pub token_uri: Option<String>,
    #[arg(long, value_name = "URL")]
    pub revocation_uri: Option<String>,
    /// Where refreshes go; empty for the token endpoint
    #[arg(long, value_name = "URL")]
    pub refresh_token_uri: Option<String>,
    /// Seconds a token lives when the provider does not say
    #[arg(long, value_name = "SECONDS")]
    pub token_expires_in: Option<u32>,
    /// How tokens are got; only while no connection uses it, as its redirect
    #[arg(long, value_name = "GRANT")]
    pub grant: Option<String>,
    /// How the client authenticates, from the very next request on: none, basic, post or private_key_jwt
    #[arg(long, value_name = "HOW")]
    pub client_auth: Option<String>,
    /// Where the browser comes back to, written as in `auth-client add`
    #[arg(long, value_name = "HOW")]
    pub redirect: Option<String>,
    #[arg(long, value_name = "PATH")]
    pub redirect_path: Option<String>,
    /// Further parameter of the authorization request, replacing the old ones; may be repeated
    #[arg(long = "authorize-param", value_name = "K=V")]
    pub authorize_params: Vec<String>,
    /// Further parameter of the request for tokens, replacing the old ones; may be repeated
    #[arg(long = "token-param", value_name = "K=V")]
    pub token_params: Vec<String>,
    /// Further parameter of a refresh, replacing the old ones; may be repeated
    #[arg(long = "refresh-param", value_name = "K=V")]
    pub refresh_params: Vec<String>,
    /// Resource the tokens are for, replacing the old ones; may be repeated
    #[arg(long = "resource", value_name = "URL")]
    pub resources: Vec<String>,
    /// Refresh so many seconds before the end, from the next token on
    #[arg(long, value_name = "SECONDS")]
    pub refresh_window: Option<u32>,
    /// Scope asked for by default, replacing the old ones; may be repeated
    #[arg(long = "scope", value_name = "S")]
    pub scopes: Vec<String>,
    /// Where requests go
    #[arg(long, value_name = "U")]
    pub url: Option<String>,
    /// How the value is sent
    #[arg(long, value_name = "HOW")]
    pub apply: Option<String>,
}
