//! The command line as a contract: every command and flag of CLI.md that exists, one noun a file.
//!
//! Options that several commands share are told of in plain comments: what stands in a docstring there would become what
//! the help of each of these commands opens with.

use clap::{Args, Parser, Subcommand};

mod application;
mod audit;
mod auth_client;
mod backup;
mod completion;
mod connection;
mod consent;
mod credential;
mod environment;
mod exchange;
mod hot;
mod keys;
mod provider;
mod secret;
mod settings;
mod using;
mod vault;

pub use application::App;
pub use audit::{Audit, AuditCommand};
pub use auth_client::{
    AuthClient, AuthClientAdd, AuthClientImport, AuthClientType, AuthClientUpdate, Visibility,
};
pub use backup::{Backup, Restore, Salvage};
pub use completion::{Completion, Shell};
pub use connection::{Connect, Connection, ConnectionAdd, ConnectionUpdate, EnteredType, State, Token};
pub use consent::{Consent, ConsentHow, QueueOf};
pub use credential::{Credential, CredentialAdd, CredentialUpdate, VariableValues};
pub use environment::Env;
pub use exchange::{Export, Import, ImportFormat, OnConflict};
pub use keys::{Passphrase, PassphraseChange, Recovery, RecoveryUse, Rekey};
pub use provider::Provider;
pub use secret::{Bound, RefusedValues, Secret, SecretAdd, SecretUpdate, ValueSource};
pub use settings::{Settings, SettingsUpdate};
pub use using::{Format, Get, Inject, Run};
pub use vault::{Doctor, Init, Vault};

/// What this program was called with.
///
/// # Errors
/// A wrong command line, and a call for help or the version.
pub fn read() -> Result<Arguments, clap::Error> {
    let words: Vec<_> = std::env::args_os().collect();
    hot::parse(&words).map_or_else(|| Arguments::try_parse_from(&words), Ok)
}

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
#[command(defer = true)]
pub enum Command {
    /// Make a vault and its recovery key
    Init(Init),
    /// Vaults: everything Keyward keeps, each sealed by itself
    #[command(subcommand)]
    Vault(Vault),
    /// What there is: vault, mode, host; of a locked host whether it keeps tokens fresh
    Status,
    /// Unlock the running host, or prove that the vault opens
    Unlock,
    /// Lock the running host
    Lock,
    /// Say what to mend
    Doctor(Doctor),
    /// The passphrase of the vault
    #[command(subcommand)]
    Passphrase(Passphrase),
    /// The recovery key: make a new one, or use it
    #[command(subcommand)]
    Recovery(Recovery),
    /// Give the whole vault a new key, and a new recovery key
    Rekey(Rekey),
    /// Say which stored values need you: expiring, overdue, reused, weak
    Health,
    /// Serve the vaults in the foreground and keep tokens fresh
    Serve,
    /// Environments: named scopes inside the vault
    #[command(subcommand)]
    Env(Env),
    /// Secrets: one value under one key
    #[command(subcommand)]
    Secret(Secret),
    /// Custom credentials: several named values that belong together
    #[command(subcommand)]
    Credential(Credential),
    /// Print the value of a reference, key or @APP
    Get(Get),
    /// Applications: what credentials are for, and the default of each
    #[command(subcommand)]
    App(App),
    /// Auth clients: your registrations with providers
    #[command(subcommand)]
    AuthClient(AuthClient),
    /// Providers: how each speaks OAuth, and what to do there
    #[command(subcommand)]
    Provider(Provider),
    /// Give consent in the browser: a new connection, or the same one again
    Connect(Connect),
    /// Connections: tokens that are kept fresh, and credentials that you entered
    #[command(subcommand)]
    Connection(Connection),
    /// The connections that need you, worked through one after another
    #[command(subcommand)]
    Consent(Consent),
    /// Print a fresh access token
    Token(Token),
    /// Run a command with references in its environment resolved
    Run(Run),
    /// Fill the references of a template
    Inject(Inject),
    /// Settings that protect: auto-lock, clipboard, what asks for the passphrase
    #[command(subcommand)]
    Settings(Settings),
    /// Take in what another program wrote
    Import(Import),
    /// Write everything into one file that opens without Keyward
    Export(Export),
    /// Show the audit log
    Audit(Audit),
    /// Copy the vault, while it is in use, into a verified file
    Backup(Backup),
    /// Put a backup in the vault's place; what it replaces is kept
    Restore(Restore),
    /// Save what a damaged vault file still gives into a new one
    Salvage(Salvage),
    /// Print a completion script
    Completion(Completion),
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use clap::CommandFactory;

    /// Each command says what it does: no two open their help alike.
    #[test]
    fn every_command_has_a_help_of_its_own() {
        fn walk(command: &clap::Command, path: &str, seen: &mut HashMap<String, String>) {
            for inner in command.get_subcommands() {
                let path = format!("{path} {}", inner.get_name());
                let about = inner.get_about().map(ToString::to_string).unwrap_or_default();
                assert!(!about.is_empty(), "{path} says nothing");
                assert!(
                    inner
                        .get_long_about()
                        .is_none_or(|long| long.to_string() == about),
                    "{path}"
                );
                if let Some(other) = seen.insert(about.clone(), path.clone()) {
                    panic!("{path} and {other} both say “{about}”");
                }
                walk(inner, &path, seen);
            }
        }
        let mut command = super::Arguments::command();
        command.build();
        walk(&command, "keyward", &mut HashMap::new());
    }
}
