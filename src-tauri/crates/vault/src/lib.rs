//! The sealed vault: one SQLite file whose every row is ciphertext, and the OS keychain beside it.
//!
//! What it is: files and locks of a home, the keychain, the format "KWV1" on disk (FORMAT.md), transactions
//! that verify what they read, and one file a table with its verbs.
//!
//! What it is not: policy. Who may read what, when a token is refreshed and what a person is asked belong to
//! the engine. It reads no clock, no environment variable and no terminal, and it names no algorithm: that is
//! the seal crate's.
//!
//! Invariants
//! - A row is believed only after its leaf, bucket, node and the root were verified; “not found” likewise.
//! - A write is one transaction of record, bucket, node, manifest and log, and it is on the disk when it
//!   comes back; the events of reads alone may come to the disk a moment later.
//! - Nothing but ciphertext, counts and sizes is ever written: no name, no address, no time.
//! - Every error says what to do next and quotes no value.

pub mod error;

pub mod files;

pub mod home;

pub mod lease;

pub mod ballast;

pub mod keychain;

mod keys;

mod body;

mod platform;

mod schema;

mod slot;

pub mod ways;

mod header;

mod manifest;

mod record;

pub mod tx;

pub mod table;

pub mod verify;

pub mod fingerprint;

mod anchor;

mod session;

mod migrate;

mod create;

mod unlock;

pub mod vault;

pub mod rekey;

mod draft;

pub mod backup;

pub mod compare;

pub mod restore;

pub mod salvage;

pub mod folder;

pub mod mend;

#[cfg(test)]
mod vectors;

pub use error::{Error, Freshness, Result};
pub use home::Home;
pub use keychain::{Keychain, KeychainError, OsKeychain};
pub use keyward_seal::{KdfParams, RecoveryKey};
pub use rekey::{Depth, Rekey, Stage, Step, rekey};
pub use slot::DeviceSecret;
pub use tx::{Tx, WriteTx};
pub use vault::{Opening, Place, ReadLog, UnlockedVault, Unlocking, create, mode, unlock};
pub use verify::{Damages, Verification};
pub use ways::{Mode, NewSlot, PassphraseWay, Ways};
