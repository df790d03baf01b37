//! Journeys: the real binary, real SQLite, a real authorization server, a real keychain.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: tests own their environment and their clock"
)]

mod common;
mod provider;
/// What the tests of the protocol speak to as well: a server that says whatever a test wants.
#[path = "../../src-tauri/crates/oauth/tests/wire/server.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod server;

mod app_credentials;
mod audit;
mod auth_clients;
mod authorization_server;
mod backup;
mod completion;
mod connect;
mod connections;
mod credential_values;
mod credentials;
mod doctor;
mod environments;
mod exports;
mod first_light;
mod glewlwyd;
mod grants;
mod health;
mod host;
mod imports;
mod init;
mod inject;
mod keys;
mod lock;
mod locked_refreshing;
mod oauth1;
mod provider_check;
mod providers;
mod queue;
mod queue_terminal;
mod references;
mod refresh;
mod run;
mod secrets;
mod secrets_elsewhere;
mod secrets_shown;
mod session;
mod settings;
mod values;
mod vault;
mod vaults;
mod why;
mod words;
