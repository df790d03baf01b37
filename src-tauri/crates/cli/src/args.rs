//! The command line as a contract: every command and flag of CLI.md that exists.

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// Secrets and fresh OAuth tokens for local tools, from one local encrypted vault.
#[derive(Parser)]
#[command(name = "keyward", version, disable_help_subcommand = true)]
pub struct Arguments {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Args, Clone)]
pub struct Globals {
    /// Vault to use [env: KEYWARD_VAULT, default: default]
    #[arg(long, global = true, value_name = "NAME")]
    pub vault: Option<String>,
    /// Environment to use [env: KEYWARD_ENV, default: default]
    #[arg(long = "env", global = true, value_name = "NAME")]
    pub environment: Option<String>,
    /// Read the passphrase from this file descriptor, up to the first newline [env: KEYWARD_PASSPHRASE_FD]
    #[arg(long, global = true, value_name = "N")]
    pub passphrase_fd: Option<i32>,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum Command {
    /// Make a vault and its recovery key
    Init(Init),
    /// What there is: vault, mode, host
    Status,
    /// Unlock the running host, or prove that the vault opens
    Unlock,
    /// Lock the running host
    Lock,
    /// Say what to mend
    Doctor,
    /// Serve the vaults in the foreground and keep tokens fresh
    Serve,
    /// Environments: named scopes inside the vault
    #[command(subcommand)]
    Env(Env),
    /// Secrets: one value under one key
    #[command(subcommand)]
    Secret(Secret),
    /// Print the value of a reference, key or @APP
    Get(Get),
    /// Auth clients: your registrations with providers
    #[command(subcommand)]
    AuthClient(AuthClient),
    /// Give consent in the browser: a new connection, or the same one again
    Connect(Connect),
    /// Connections: tokens that are kept fresh
    #[command(subcommand)]
    Connection(Connection),
    /// Print a fresh access token
    Token(Token),
    /// Run a command with references in its environment resolved
    Run(Run),
    /// Fill the references of a template
    Inject(Inject),
    /// Show the audit log
    Audit(Audit),
    /// Print a completion script
    Completion(Completion),
}

#[derive(Args)]
pub struct Init {
    /// Unlock by a key in the OS keychain
    #[arg(long, conflicts_with = "passphrase")]
    pub keychain: bool,
    /// Unlock by a passphrase
    #[arg(long)]
    pub passphrase: bool,
    /// Write the recovery key into this new file, mode 0600
    #[arg(long, value_name = "F")]
    pub recovery_file: Option<PathBuf>,
    /// Memory of the key derivation, 64 to 1024 [default: measured]
    #[arg(long, value_name = "MiB", conflicts_with = "keychain")]
    pub kdf_memory: Option<u32>,
}

#[derive(Subcommand)]
pub enum Env {
    /// List environments
    List,
    /// Make an environment
    Add { name: String },
    /// Delete an empty environment; never the last
    Delete { name: String },
}

#[derive(Subcommand)]
pub enum Secret {
    /// Store a new secret; the value comes from stdin, a file or a prompt
    Add(SecretAdd),
    /// List secrets, without values
    List {
        /// Words that must all occur in key, name, description or tags
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only those with this tag
        #[arg(long, value_name = "T")]
        tag: Option<String>,
    },
    /// Show one secret
    Show {
        /// Key or id
        secret: String,
        /// Show its value too
        #[arg(long)]
        reveal: bool,
    },
    /// Change metadata, or store a new value
    Update(SecretUpdate),
    /// Move secrets to the trash
    Delete {
        /// Keys or ids
        #[arg(required = true, value_name = "KEY|ID")]
        secrets: Vec<String>,
    },
    /// Take a secret out of the trash, or make an old value current
    Restore {
        /// Key or id
        secret: String,
        /// Store the value of this version as a new one
        #[arg(long, value_name = "N")]
        version: Option<u32>,
    },
    /// List versions, newest first
    History {
        /// Key or id
        secret: String,
    },
}

#[derive(Args)]
pub struct SecretAdd {
    /// Key, for ever: letters, digits, _ and -
    pub key: String,
    #[command(flatten)]
    pub value: ValueSource,
    #[arg(long)]
    pub name: Option<String>,
    #[arg(long)]
    pub description: Option<String>,
    /// A tag; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// The value is not masked
    #[arg(long)]
    pub plain: bool,
    #[command(flatten)]
    pub refused: RefusedValues,
}

#[derive(Args)]
pub struct ValueSource {
    /// Read the value from this file, byte for byte
    #[arg(long, value_name = "F")]
    pub value_file: Option<PathBuf>,
    /// Keep a final newline of stdin
    #[arg(long)]
    pub raw: bool,
    /// An empty value is meant
    #[arg(long)]
    pub empty: bool,
}

/// Values are never arguments: taken here to be refused with a hint, and never repeated.
#[derive(Args)]
pub struct RefusedValues {
    #[arg(hide = true, num_args = 0.., value_name = "VALUE")]
    pub words: Vec<OsString>,
    #[arg(long = "value", hide = true, num_args = 0..=1, allow_hyphen_values = true, action = ArgAction::Append)]
    pub option: Option<Vec<OsString>>,
}

#[derive(Args)]
pub struct SecretUpdate {
    /// Key or id
    pub secret: String,
    /// Read a new value from stdin
    #[arg(long, conflicts_with = "value_file")]
    pub value_stdin: bool,
    #[command(flatten)]
    pub value: ValueSource,
    #[arg(long)]
    pub name: Option<String>,
    #[arg(long)]
    pub description: Option<String>,
    /// A tag, replacing the old ones; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// The value is not masked
    #[arg(long)]
    pub plain: bool,
    /// A key never changes (PV5): asked for, it is a clear refusal.
    #[arg(long, hide = true, value_name = "KEY")]
    pub key: Option<String>,
    #[command(flatten)]
    pub refused: RefusedValues,
}

#[derive(Args)]
pub struct Get {
    /// keyward://ENV/KEY/FIELD, {vault.KEY}, KEY or @APP
    pub reference: String,
}

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

#[derive(Args)]
pub struct Run {
    /// Add the variables of this .env file; may be repeated, later ones win
    #[arg(long = "env-file", value_name = "F")]
    pub env_files: Vec<PathBuf>,
    /// The command and its arguments, after --
    #[arg(required = true, last = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

#[derive(Args)]
pub struct Inject {
    /// Template; - is stdin
    #[arg(short = 'i', value_name = "TEMPLATE")]
    pub input: PathBuf,
    /// File to write, mode 0600; - is stdout
    #[arg(short = 'o', value_name = "FILE")]
    pub output: PathBuf,
    /// How values are written at their place
    #[arg(long, value_enum, default_value = "auto")]
    pub format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Auto,
    Text,
    Env,
    Json,
    Yaml,
    Xml,
}

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
pub enum AuditCommand {
    /// Walk the whole chain
    Verify,
}

#[derive(Args)]
pub struct Completion {
    pub shell: Shell,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}
