//! What crosses a boundary, and the doors it crosses by.
//!
//! - [`wire`]: shapes (serde, and TypeScript made from the same types);
//! - [`owner`]: what the person may do, one function an act, the same for window and command line;
//! - [`verbs`]: the one table that names each act;
//! - [`endpoint`], [`frame`], [`host`], [`server`], [`client`]: the owner's door over a socket (SECURITY.md L-01, L-02, L-04).
//!
//! It is *not* where decisions are made: those are the engine's.
//!
//! Invariants
//! - serde is derived nowhere else on what the product speaks of.
//! - Replies hold plaintext only inside [`wire::Plaintext`].
//! - Every request refuses fields it does not know.

pub mod wire;

pub mod owner;

pub mod verbs;

pub mod frame;

mod door;

pub mod endpoint;

pub mod host;

pub mod server;

pub mod client;
