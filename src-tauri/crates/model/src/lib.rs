//! The nouns of Keyward and the rules that need nothing but their arguments.
//!
//! This crate is *not* a place for IO, clocks, randomness, async or serialization: paths, `now` and
//! random bytes are made elsewhere and passed in.
//!
//! Invariants
//! - A [`value::SecretValue`] cannot be printed, compared in variable time, cloned by accident or serialized.
//! - Whether a token is due is decided in one place: [`connection::Lifetime::is_due`] (SECURITY.md O-64).
//! - A name that was parsed is valid for ever after: no other crate checks grammar.

mod words;

pub mod value;

pub mod name;

pub mod time;

pub mod id;

pub mod environment;

pub mod secret;

pub mod credential;

pub mod application;

pub mod apply;

pub mod dialect;

pub mod connection;

pub mod auth_client;

pub mod provider;

pub mod diagnosis;

pub mod audit;

pub mod settings;

pub mod usage;

pub mod health;

pub mod reference;

pub mod template;

pub mod envfile;

pub mod search;

pub mod plain;

pub use id::Id;
pub use time::{BootTime, Timestamp};
pub use value::SecretValue;
