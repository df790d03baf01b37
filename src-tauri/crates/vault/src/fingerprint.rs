//! Which values are equal, told without keeping one of them (WK5).

use keyward_model::SecretValue;
use keyward_seal::{Key, mac};

use crate::error::Result;

/// Takes fingerprints for one comparison. They are HMACs under a key that is made for it and gone with it, so that
/// they are worth nothing afterwards; they are never stored.
pub struct Fingerprints(Key);

impl Fingerprints {
    /// A comparison.
    ///
    /// # Errors
    /// [`crate::Error::Storage`] when the system gives no random bytes.
    pub fn new() -> Result<Self> {
        Ok(Self(Key::make()?))
    }

    /// Equal for equal values, and otherwise not.
    #[must_use]
    pub fn of(&self, value: &SecretValue) -> [u8; 32] {
        mac(&self.0, &[value.expose()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wk5_equal_within_one_comparison_and_nowhere_else() {
        let (one, other) = (Fingerprints::new().unwrap(), Fingerprints::new().unwrap());
        let value = SecretValue::from("hunter2");
        assert_eq!(one.of(&value), one.of(&SecretValue::from("hunter2")));
        assert_ne!(one.of(&value), one.of(&SecretValue::from("hunter3")));
        assert_ne!(one.of(&value), other.of(&value));
    }
}
