//! What a passphrase must be (SECURITY.md §b.7).

use keyward_model::SecretValue;
use zxcvbn::Score;

use crate::{Error, Result};

/// How guessable a passphrase is, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Not accepted.
    TooShort,
    /// Accepted, guessable by somebody with time.
    Weak,
    /// Accepted.
    Fair,
    /// Guessing it would take far longer than a lifetime.
    Strong,
}

/// Longest passphrase, in bytes.
const MAX_BYTES: usize = 1024;

/// Least length in characters, unless the estimate is at least [`LEAST_BITS`].
const LEAST_CHARACTERS: usize = 12;

/// Estimated bits that make a shorter one acceptable.
const LEAST_BITS: f64 = 60.0;

/// Judges a passphrase.
#[must_use]
pub fn judge(passphrase: &SecretValue) -> Verdict {
    let Some(text) = passphrase.expose_text() else {
        return Verdict::TooShort;
    };
    let estimate = zxcvbn::zxcvbn(text, &[]);
    let bits = estimate.guesses_log10() / std::f64::consts::LOG10_2;
    if text.chars().count() < LEAST_CHARACTERS && bits < LEAST_BITS {
        return Verdict::TooShort;
    }
    match estimate.score() {
        Score::Four => Verdict::Strong,
        Score::Three => Verdict::Fair,
        _ => Verdict::Weak,
    }
}

/// Refuses what is too short, too long or no text.
///
/// # Errors
/// [`crate::Kind::Invalid`].
pub fn check(passphrase: &SecretValue) -> Result<()> {
    if passphrase.len() > MAX_BYTES {
        return Err(Error::invalid("A passphrase has at most 1024 bytes."));
    }
    if passphrase.expose_text().is_none() {
        return Err(Error::invalid("A passphrase is UTF-8 text."));
    }
    if judge(passphrase) == Verdict::TooShort {
        return Err(Error::new(
            crate::Kind::Invalid,
            "The passphrase is too short: at least 12 characters, or about 60 bits.",
            "Five random words are easy to remember and hard to guess.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b7_twelve_characters_or_sixty_bits() {
        assert!(check(&SecretValue::from("password")).is_err());
        assert!(
            check(&SecretValue::from("x9$Kq!7vZ@r")).is_ok()
                || judge(&SecretValue::from("x9$Kq!7vZ@r")) == Verdict::TooShort
        );
        assert!(check(&SecretValue::from("correct horse battery staple 42")).is_ok());
        assert_eq!(
            judge(&SecretValue::from("correct horse battery staple 42")),
            Verdict::Strong
        );
        assert!(check(&SecretValue::new(vec![b'a'; 2000])).is_err());
        assert!(check(&SecretValue::new(vec![0xff; 20])).is_err());
    }
}
