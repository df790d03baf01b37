//! Foreign formats: what other programs write, turned into [`found::Found`] entries, and the export of our own.
//!
//! Every reader is a pure function from bytes to entries. It is *not* a place for files, folders, processes or the
//! network (the engine brings the bytes), nor for what becomes of an entry in a vault (the engine plans that).
//!
//! Invariants
//! - I1: input is hostile (SECURITY.md §b.8, R-40): sizes, counts and depth are bounded by [`limits`] before memory
//!   or time is spent on them, and every key derivation has a cap that is checked before it runs.
//! - I2: an error names the place (line, entry, member) and the reason, never a value.
//! - I3: nothing is ever unpacked to disk; names of archive members and folders are only text.

pub mod error;

pub mod limits;

pub mod found;

mod json;

pub mod env;

pub mod flat;

pub mod table;

pub mod roster;

pub mod app;

pub mod own;

mod document;

pub mod envelope;

pub mod kdbx;

pub mod bitwarden;

pub mod onepux;

pub mod pass;

pub mod variables;

pub use error::{Error, Fault, Result};
pub use found::{Content, Found, Older, Sheet, Variable};
