//! Bounds of hostile input, each checked before memory or time is spent (SECURITY.md §b.8).

use crate::error::{Error, Result};

/// Largest file that is read, in bytes: a hundred thousand entries of half a KiB, twice.
pub const SOURCE_BYTES: usize = 128 * 1024 * 1024;

/// Most bytes that a compressed file may unpack to.
pub const UNPACKED_BYTES: usize = 256 * 1024 * 1024;

/// Most bytes that deflate makes of one (zlib's own figure; stored members stay as they are).
pub const UNPACKED_OF_A_BYTE: usize = 1_032;

/// Most entries of one import.
pub const ENTRIES: usize = 200_000;

/// Most variables of one entry.
pub const VARIABLES: usize = 1_000;

/// Most old values kept of one variable.
pub const OLDER_VALUES: usize = 1_000;

/// Deepest nesting of JSON, folders and groups.
pub const DEPTH: usize = 64;

/// Most members of an archive.
pub const MEMBERS: usize = 100_000;

/// Refuses one entry too many.
pub(crate) fn entries(count: usize) -> Result<()> {
    if count > ENTRIES {
        return Err(Error::too_large(format!(
            "it has more than {ENTRIES} entries; import it in parts"
        )));
    }
    Ok(())
}

/// Refuses a file that is too large to be read.
pub(crate) fn source(bytes: &[u8]) -> Result<()> {
    if bytes.len() > SOURCE_BYTES {
        return Err(Error::too_large("it is larger than 128 MiB"));
    }
    Ok(())
}
