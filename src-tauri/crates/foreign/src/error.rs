//! Why a file could not be read, and where.

use std::fmt;

/// What the person can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Give another file: this one is damaged or of another format.
    Malformed,
    /// Give the passphrase.
    NeedsPassphrase,
    /// Give another passphrase.
    WrongPassphrase,
    /// Export it in another way.
    Unsupported,
    /// Split it: a bound of [`crate::limits`] is exceeded.
    TooLarge,
}

/// An error with its place and reason; holds nothing of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    /// What the person can do.
    pub fault: Fault,
    /// Line, entry or member; empty for the file as a whole.
    pub place: String,
    /// What is wrong there.
    pub reason: String,
}

/// Results of readers.
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.reason)
    }
}

impl Error {
    pub(crate) fn new(fault: Fault, reason: impl Into<String>) -> Self {
        Self {
            fault,
            place: String::new(),
            reason: reason.into(),
        }
    }

    pub(crate) fn malformed(reason: impl Into<String>) -> Self {
        Self::new(Fault::Malformed, reason)
    }

    pub(crate) fn too_large(reason: impl Into<String>) -> Self {
        Self::new(Fault::TooLarge, reason)
    }

    pub(crate) fn unsupported(reason: impl Into<String>) -> Self {
        Self::new(Fault::Unsupported, reason)
    }

    /// The same error, with its place.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }
}

/// Longest name shown in an error, in characters.
const SHOWN: usize = 80;

/// A name from the file, fit for a terminal: no control characters, and not endless.
#[must_use]
pub fn shown(name: &str) -> String {
    let mut text: String = name
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(SHOWN)
        .collect();
    if name.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text
}
