//! What a passphrase must be, proving it, changing it (SECURITY.md §b.7, §b.8).

use std::sync::Arc;

use keyward_model::SecretValue;
use keyward_vault::{self as store, DeviceSecret, NewSlot, UnlockedVault};
use zxcvbn::Score;

use crate::{
    Engine, Error, Kind, Result,
    access::{self, Act, Caller},
    changes::ChangeKind,
    engine::hold,
    hardening,
};

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

/// Longest password whose guesses are counted, in bytes: the estimate grows with the square of it, and what is longer
/// is not guessed.
const LONGEST_GUESSED: usize = 128;

/// Whether somebody with time guesses this password, who knows the words that it is `about`. What is no text of one
/// line is none that a person thought up.
#[must_use]
pub fn is_guessable(password: &SecretValue, about: &[String]) -> bool {
    let Some(text) = password.expose_text() else {
        return false;
    };
    if text.len() > LONGEST_GUESSED || text.chars().any(char::is_control) {
        return false;
    }
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    zxcvbn::zxcvbn(text, &about).score() < Score::Three
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
            Kind::Invalid,
            "The passphrase is too short: at least 12 characters, or about 60 bits.",
            "Five random words are easy to remember and hard to guess.",
        ));
    }
    Ok(())
}

/// Asks for the passphrase again, where the vault has one: whoever sits at an unlocked session is not therefore its
/// Owner (T-20). A vault without one asks for nothing.
///
/// # Errors
/// [`Kind::Locked`] when it is missing or wrong, or after too many wrong ones; [`Kind::Keychain`] without its
/// device secret.
pub(crate) fn prove(engine: &Engine, vault: &UnlockedVault, given: Option<&SecretValue>) -> Result<()> {
    if vault.ways()?.passphrase.is_none() {
        return Ok(());
    }
    let Some(given) = given else {
        return Err(Error::new(
            Kind::Locked,
            "This asks for the passphrase again.",
            "Give it on a terminal or with --passphrase-fd N.",
        ));
    };
    attempt(engine, || vault.prove(given))
}

/// Runs what a passphrase opens: wrong ones are counted, and the next ones wait (§b.7).
pub(crate) fn attempt(engine: &Engine, open: impl FnOnce() -> store::Result<()>) -> Result<()> {
    let monotonic = engine.ports.clock.monotonic();
    hold(&engine.attempts).check(monotonic)?;
    match open() {
        Ok(()) => {
            hold(&engine.attempts).succeeded();
            Ok(())
        }
        Err(store::Error::WrongKey) => {
            hold(&engine.attempts).failed(monotonic);
            Err(wrong())
        }
        Err(error) => Err(error.into()),
    }
}

/// What is told of a passphrase that does not open.
pub(crate) fn wrong() -> Error {
    Error::new(
        Kind::Locked,
        "That is not the passphrase of this vault.",
        "Check the keyboard layout and Caps Lock, then try again.",
    )
}

/// Gives an unlocked vault another passphrase, or a first one beside its keychain. Without a word about the device
/// secret it stays as it is; a first passphrase has none. `memory_mib` is the memory of its derivation, 64 to 1024;
/// without it the costs stay.
///
/// # Errors
/// As [`check`] and, for `current`, [`Kind::Locked`] when it is missing or wrong; [`Kind::Keychain`] when a device
/// secret cannot be kept. The passphrase before stays then.
pub fn change(
    engine: &Engine,
    caller: &Caller,
    current: Option<&SecretValue>,
    new: &SecretValue,
    device_secret: Option<DeviceSecret>,
    memory_mib: Option<u32>,
) -> Result<()> {
    access::authorize(caller, Act::Write)?;
    let vault = engine.unlocked()?;
    check(new)?;
    let chosen = memory_mib.map(hardening::costs).transpose()?;
    prove(engine, &vault, current)?;
    let before = vault.ways()?.passphrase;
    let slot = NewSlot::Passphrase {
        passphrase: new,
        // Costs that were found or chosen once stay; weak ones are found anew.
        kdf: chosen.or_else(|| before.map(|way| way.kdf).filter(|kdf| !kdf.below_default())),
        device_secret: device_secret
            .or(before.map(|way| way.device_secret))
            .unwrap_or(DeviceSecret::Without),
    };
    let clock = Arc::clone(&engine.ports.clock);
    vault.renew_way(slot, engine.now(), &|| clock.monotonic())?;
    engine.changes.publish(ChangeKind::Vault, None);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wk5_a_password_is_guessable_or_not() {
        let about = ["DB_PASSWORD".to_owned(), "Warehouse".to_owned()];
        let check = |text: &str, expect| {
            assert_eq!(is_guessable(&SecretValue::from(text), &about), expect, "{text:?}");
        };
        for weak in ["hunter2", "Password1!", "warehouse7", "19850412"] {
            check(weak, true);
        }
        for strong in [
            "correct horse battery staple 42",
            "x9$Kq!7vZ@rP2m",
            &"a".repeat(129),
            "two\nlines",
        ] {
            check(strong, false);
        }
        assert!(!is_guessable(&SecretValue::new(vec![0xff; 4]), &[]));
    }

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
