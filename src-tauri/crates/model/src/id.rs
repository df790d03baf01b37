//! Identities of stored records.

use std::fmt;
use uuid::Uuid;

/// The identity of one stored record: a UUID v4 (never v7, which would tell when it was made; SECURITY.md §b.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Uuid);

impl Id {
    /// An identity from sixteen random bytes; sets the version and variant bits of UUID v4.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// An identity as it was stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The sixteen bytes as stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Reads the text form; `None` when it is no UUID.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for Id {
    // Lower case with hyphens (SECURITY.md §b.2).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = Id::from_bytes([0xAB; 16]);
        assert_eq!(id.to_string(), "abababab-abab-abab-abab-abababababab");
        assert_eq!(Id::parse(&id.to_string()), Some(id));
        for text in [
            "",
            "abababab",
            "abababab-abab-abab-abab-ababababab",
            "not an id at all",
        ] {
            assert_eq!(Id::parse(text), None, "{text}");
        }
    }
}
