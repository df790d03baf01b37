//! KDBX 4, the database of KeePassXC and KeePass 2 (keepass.info/help/kb/kdbx.html), opened with its passphrase.
//!
//! Read here rather than by a library: what is known inflates the payload without a bound, climbs the document by
//! recursion and runs whatever key derivation the file names. The ciphers, the KDF, gzip and XML are libraries.

mod header;

mod cost;

mod payload;

mod document;

mod entry;

use keyward_model::SecretValue;

use crate::{
    error::{Error, Fault, Result},
    found::Sheet,
    limits,
};

pub use cost::MEMORY_CAP_KIB;

/// Reads a database. Entries in the recycle bin are left out, and it is said.
///
/// # Errors
/// [`Fault::NeedsPassphrase`], [`Fault::WrongPassphrase`]; [`Fault::TooLarge`] for costs or sizes over their caps,
/// before they are spent; [`Fault::Unsupported`] for KDBX 3 and for Twofish; [`Fault::Malformed`].
pub fn parse(bytes: &[u8], passphrase: Option<&SecretValue>) -> Result<Sheet> {
    limits::source(bytes)?;
    let (header, rest) = header::read(bytes)?;
    header.kdf.check()?;
    let passphrase =
        passphrase.ok_or_else(|| Error::new(Fault::NeedsPassphrase, "the database has a passphrase"))?;
    payload(&payload::open(&header, rest, passphrase)?)
}

/// Reads what stands behind the decryption: who knows a passphrase can write anything there, so it is hostile too.
///
/// # Errors
/// [`Fault::Malformed`], [`Fault::TooLarge`], [`Fault::Unsupported`].
pub fn payload(decrypted: &[u8]) -> Result<Sheet> {
    let (inner, xml) = payload::inner(decrypted)?;
    document::read(inner, xml)
}
