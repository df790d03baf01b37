//! Plaintext in memory.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Longest value that can be stored, in bytes (SECURITY.md §b.4).
pub const MAX_VALUE_BYTES: usize = 1024 * 1024;

/// A plaintext value while it is in memory: bytes that are wiped on drop and never printed.
///
/// Plaintext leaves by [`SecretValue::expose`] alone; a test lists the files that may call it.
pub struct SecretValue(Zeroizing<Vec<u8>>);

impl SecretValue {
    /// Takes ownership of `bytes`; the vector must not have been reallocated while it held the value.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Takes over a buffer that is already wiping itself.
    #[must_use]
    pub fn from_zeroizing(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// The one exit of plaintext.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The value as text, when it is UTF-8.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// A second copy, made on purpose (there is no `Clone`).
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(Zeroizing::new(self.0.to_vec()))
    }

    /// Whether another value has the same bytes; takes as long wherever they differ.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for SecretValue {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes().to_vec())
    }
}

impl From<String> for SecretValue {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

impl Zeroize for SecretValue {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretValue {
    // neither the value nor its length may reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_the_same_value() {
        let value = SecretValue::from("one");
        assert!(value.is_same(&value.duplicate()));
        for other in ["onE", "on", "one ", ""] {
            assert!(!value.is_same(&SecretValue::from(other)), "{other:?}");
        }
    }

    #[test]
    fn r17_debug_prints_nothing_of_the_value() {
        assert_eq!(format!("{:?}", SecretValue::from("hunter2")), "SecretValue(…)");
    }
}
