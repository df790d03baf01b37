//! The verbs: what Keyward does for its Owner, one family of acts a file.
//!
//! Acts are free functions that take the [`engine::Engine`] first: `secrets::create(&engine, …)`. They are
//! synchronous; what must wait for the network runs on a runtime that is started when first needed, so that a
//! command that only reads a value pays nothing for it.
//!
//! It is *not* a place for keys (they stay in the vault), for wire shapes (`api`) or for reading the
//! environment, the terminal or the clock (`ports`).
//!
//! Invariants
//! - I1: a value leaves only after [`access::authorize`] said yes and an audit event was handed to the log.
//! - I2: no transaction and no lock of the vault is held over the network; what was read before is compared after.
//! - I3: at most one refresh request of a Connection is under way on this machine (the lease, O-55).
//! - I4: every act that changes something publishes a [`changes::Change`] after its commit.
//! - I5: an act that waits for a provider holds the vault until the answer is stored, also when it is locked
//!   meanwhile: what a provider gave may not be given twice.

pub mod error;

pub mod home;

pub mod ports;

pub mod logging;

mod signal;

mod gate;

pub mod browser;

pub mod process;

pub mod changes;

pub mod engine;

mod open;

pub mod work;

pub mod access;

pub mod lifecycle;

pub mod passphrase;

pub mod hardening;

pub mod recovery;

pub mod rekey;

pub mod settings;

pub mod again;

pub mod session;

pub mod auto_lock;

pub mod neighbours;

pub mod environments;

mod locate;

mod json;

mod steady;

pub mod secrets;

pub mod credentials;

mod trash;

pub mod applications;

pub mod providers;

pub mod auth_clients;

pub mod connections;

pub mod consent;

pub mod connect;

mod verdict;

pub mod refresh;

pub mod diagnosis;

pub mod consent_queue;

pub mod roster;

pub mod resolve;

pub mod import;

pub mod export;

pub mod audit;

pub mod usage;

pub mod backup;
pub mod health;

pub mod background;

pub mod vaults;

pub mod doctor;

pub use engine::{Engine, Ports};
pub use error::{Error, Kind, Result};
