//! Random bytes in, no bytes left behind.

use crate::Error;

/// `N` bytes from the operating system's random source.
///
/// # Errors
/// [`Error::Random`] when the source fails; there is no fallback.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    fill_random(&mut bytes)?;
    Ok(bytes)
}

/// Fills `bytes` in place, so that a key is never on the stack.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(|_| Error::Random)
}

/// Overwrites the stack below the caller, where functions that worked on key material had their
/// frames (b.9.3). Only frames of functions that returned are reached, so callers put the work into
/// an `#[inline(never)]` function and call this after it. One `memset` behind a barrier: a volatile
/// write of each word took longer than the opening that it followed.
pub(crate) use zeroize::zeroize_stack as clear_stack;

/// Stack of the hash and AEAD functions, in bytes.
pub(crate) const SHALLOW: usize = 8 * 1024;
/// Stack of Argon2id, whose frames hold several 1-KiB blocks, in bytes.
pub(crate) const DEEP: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_differ() {
        let first: [u8; 32] = random_bytes().expect("random");
        let second: [u8; 32] = random_bytes().expect("random");
        assert_ne!(first, second);
        assert_ne!(first, [0; 32]);
    }

    #[test]
    fn clearing_the_stack_returns() {
        clear_stack::<SHALLOW>();
        clear_stack::<DEEP>();
    }
}
