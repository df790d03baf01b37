//! The fault laboratory: an OAuth authorization server on loopback that is honest until it is told to misbehave, and a
//! checker that judges what its clients did by the history of all requests (SECURITY.md §f.2).
//!
//! `keyward doctor --simulate` offers it to the Owner, and every test that needs a bad provider uses it. It is *not* a
//! server to be used for anything else: tokens are counters, consent is given by asking, the history holds all of it.
//!
//! Invariants
//! - It knows nothing of Keyward: what it says about a client's behaviour comes from the wire alone.
//! - It listens on loopback only, and ends with its [`server::Lab`].
//! - What it does depends on its settings, its faults, its clock and its seed, on nothing else.

pub mod client;
pub mod fault;

mod http;
mod tls;

pub mod history;

mod endpoints;
mod grants;

pub mod checker;

pub mod server;

pub use checker::Verdict;
pub use client::Client;
pub use fault::{Endpoint, Fault};
pub use server::{Certificate, Lab};
