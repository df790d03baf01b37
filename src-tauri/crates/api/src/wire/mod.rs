//! The shapes that cross a process or window boundary: JSON, snake_case, times as RFC 3339 UTC.
//!
//! Only this module derives serde on what the product speaks of (ARCHITECTURE.md rule 3). Lists use the same
//! object as `show`, never with a value.

mod application;
mod audit;
mod auth_client;
mod backup;
mod connection;
mod consent;
mod credential;
mod diagnosis;
mod doctor;
mod entered;
mod environment;
mod error;
mod export;
mod facts;
mod health;
mod import;
mod lines;
mod plaintext;
mod provider;
mod recovery;
mod reference;
mod rekey;
mod roster;
mod secret;
mod settings;
mod usage;
mod vault;
mod vaults;
mod ways;
mod work;

pub use application::*;
pub use audit::*;
pub use auth_client::*;
pub use backup::*;
pub use connection::*;
pub use consent::*;
pub use credential::*;
pub use diagnosis::*;
pub use doctor::*;
pub use entered::*;
pub use environment::*;
pub use error::*;
pub use export::*;
pub use facts::*;
pub use health::*;
pub use import::*;
pub use lines::*;
pub use plaintext::Plaintext;
pub use provider::*;
pub use recovery::*;
pub use reference::*;
pub use rekey::*;
pub use roster::*;
pub use secret::*;
pub use settings::*;
pub use usage::*;
pub use vault::*;
pub use vaults::*;
pub use ways::*;
pub use work::*;

/// A reply without content.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Done {}
