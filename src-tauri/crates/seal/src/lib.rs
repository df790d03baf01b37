//! Keys and ciphertext of a Keyward vault: format "KWV1", sections b.2 and b.3 of the security specification.
//!
//! What it is: the one place that makes and derives keys, seals and opens bytes, computes MACs and
//! blind indexes, and turns a passphrase or a recovery key into a slot key. It is the only crate
//! that names an AEAD or a KDF.
//!
//! What it is not: storage. It knows no file, no table, no clock and no environment; which key
//! seals which record, and when, is decided by the vault crate.
//!
//! Invariants:
//! - A key lives in one wiped, page-locked place ([`Key`]); it is never cloned and never printed.
//! - The one AEAD entry is [`seal`]; the one exit is [`open`], and every failure there is
//!   [`Error::Open`], whatever the cause.
//! - Each message has its own AES key (256-bit salt), and its key is committed to.
//! - KDF parameters are checked before the first byte is allocated ([`KdfParams::check`]).
//! - No randomness, no result: a failing random source is an error, never a fallback.

mod error;

pub mod wipe;

mod locked;

mod hash;

pub mod key;

pub mod kdf;

pub mod recovery;

pub mod cipher;

pub mod mac;

#[cfg(test)]
mod vectors;

pub use cipher::{lp, open, pad, pad_to, record_aad, seal, unpad};
pub use error::Error;
pub use kdf::{KdfParams, calibrated};
pub use key::{
    Key, KeyRing, MasterKey, OwnerKeys, RefreshKeys, derive_keys, slot_key_keychain, slot_key_passphrase,
    slot_key_recovery,
};
pub use mac::{digest, equal, mac, name_index, trash_index, version_index};
pub use recovery::RecoveryKey;
pub use wipe::random_bytes;
