//! A passphrase of five words, and what a passphrase is worth in words.

use keyward_api::wire::{Code, Error};
use keyward_engine::passphrase::Verdict;
use keyward_model::SecretValue;
use zeroize::Zeroizing;

/// Words of a suggestion: 11 bits each, behind Argon2id.
const WORDS: usize = 5;

/// Five words of the English BIP-39 list (2048 words, each told from the others by its first four letters), each
/// chosen uniformly, with spaces between.
///
/// # Errors
/// `internal` when the system gives no random bytes.
pub fn suggest() -> Result<SecretValue, Error> {
    let list = bip39::Language::English.word_list();
    let mut random = Zeroizing::new([0; WORDS * 2]);
    getrandom::fill(&mut *random)
        .map_err(|_| Error::new(Code::Internal, "The system gives no random bytes.", "Try again."))?;
    // The longest word has 8 letters; a buffer that grew would leave copies behind.
    let mut words = Vec::with_capacity(WORDS * 9);
    for pair in random.chunks_exact(2) {
        if !words.is_empty() {
            words.push(b' ');
        }
        // 2048 divides 65536: every word is equally likely.
        let index = usize::from(u16::from_be_bytes([pair[0], pair[1]])) % list.len();
        words.extend_from_slice(list[index].as_bytes());
    }
    Ok(SecretValue::new(words))
}

/// The verdict's name on the wire, and a sentence about it.
pub fn told(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::TooShort => ("too_short", "Use at least 12 characters, or five random words."),
        Verdict::Weak => ("weak", "Somebody with your file and some time could guess it."),
        Verdict::Fair => ("fair", "Guessing it would cost a lot of time and money."),
        Verdict::Strong => ("strong", "Guessing it would take far longer than a lifetime."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_suggestion_is_five_known_words_and_no_weak_passphrase() {
        let list = bip39::Language::English.word_list();
        let mut seen = BTreeSet::new();
        for _ in 0..200 {
            let words = suggest().unwrap();
            let text = words.expose_text().unwrap().to_owned();
            assert_eq!(text.split(' ').count(), 5);
            assert!(text.split(' ').all(|word| list.contains(&word)));
            assert!(
                keyward_engine::passphrase::judge(&words) >= Verdict::Fair,
                "{text}"
            );
            seen.insert(text);
        }
        assert_eq!(seen.len(), 200);
        assert_eq!(list.len(), 2048);
    }
}
