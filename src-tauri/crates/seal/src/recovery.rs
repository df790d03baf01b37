//! The recovery key: 150 random bits and a 10-bit checksum as 32 Crockford characters (b.2).

use std::fmt;

use zeroize::Zeroizing;

use crate::{Error, hash, wipe};

/// Crockford's base 32: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS: usize = 32;

/// A recovery key, wiped when dropped. It opens the vault without passphrase and keychain.
pub struct RecoveryKey(
    /// 19 bytes of which the last two bits are zero.
    Box<Zeroizing<[u8; 19]>>,
);

impl RecoveryKey {
    /// A random recovery key.
    ///
    /// # Errors
    /// [`Error::Random`] when the random source fails.
    pub fn make() -> Result<Self, Error> {
        let mut bytes = Box::new(Zeroizing::new([0; 19]));
        wipe::fill_random(&mut bytes[..])?;
        bytes[18] &= 0xFC;
        Ok(Self(bytes))
    }

    /// Reads what a person typed: any case, spaces and dashes anywhere, `o` for `0`, `i` and `l` for `1`.
    ///
    /// # Errors
    /// [`Error::RecoveryForm`] when there are not 32 characters of the alphabet,
    /// [`Error::RecoveryChecksum`] when the checksum tells a typing error.
    pub fn parse(typed: &str) -> Result<Self, Error> {
        let mut packed = Zeroizing::new([0u8; 20]);
        let mut count = 0;
        for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            if count == CHARACTERS {
                return Err(Error::RecoveryForm);
            }
            let value = value_of(c).ok_or(Error::RecoveryForm)?;
            put(&mut packed, count, value);
            count += 1;
        }
        if count != CHARACTERS {
            return Err(Error::RecoveryForm);
        }
        let mut bytes = Box::new(Zeroizing::new([0; 19]));
        bytes.copy_from_slice(&packed[..19]);
        bytes[18] &= 0xFC;
        let key = Self(bytes);
        if *key.packed() == *packed {
            Ok(key)
        } else {
            Err(Error::RecoveryChecksum)
        }
    }

    /// The key as it is shown and printed: 8 groups of 4 characters with dashes between.
    pub fn to_groups(&self) -> Zeroizing<String> {
        let packed = self.packed();
        let mut out = Zeroizing::new(String::with_capacity(CHARACTERS + CHARACTERS / 4));
        for position in 0..CHARACTERS {
            if position > 0 && position % 4 == 0 {
                out.push('-');
            }
            out.push(char::from(ALPHABET[usize::from(get(&packed, position))]));
        }
        out
    }

    /// Whether a person typed one group of four back, with the same tolerance as [`RecoveryKey::parse`].
    #[must_use]
    pub fn group_matches(group: &str, typed: &str) -> bool {
        let values = |text: &str| -> Option<Vec<u8>> {
            text.chars()
                .filter(|c| !c.is_whitespace() && *c != '-')
                .map(value_of)
                .collect()
        };
        values(typed).is_some_and(|typed| values(group).as_ref() == Some(&typed))
    }

    /// R itself, the input of the slot key.
    pub(crate) fn bytes(&self) -> &[u8; 19] {
        &self.0
    }

    /// The first 150 bits of R, then the first 10 bits of SHA-256(R): the 160 bits that are shown.
    fn packed(&self) -> Zeroizing<[u8; 20]> {
        let checksum = hash::sha256(&[&self.bytes()[..]]);
        let mut packed = Zeroizing::new([0; 20]);
        packed[..19].copy_from_slice(self.bytes());
        packed[18] |= checksum[0] >> 6;
        packed[19] = checksum[0] << 2 | checksum[1] >> 6;
        packed
    }
}

impl fmt::Debug for RecoveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryKey")
    }
}

/// The value of a typed character.
fn value_of(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let byte = u8::try_from(c).ok()?;
    let position = ALPHABET.iter().position(|a| *a == byte)?;
    u8::try_from(position).ok()
}

/// The 5 bits of character `position`, most significant bit first.
fn get(packed: &[u8; 20], position: usize) -> u8 {
    (0..5).fold(0, |value, i| {
        let bit = position * 5 + i;
        value << 1 | (packed[bit / 8] >> (7 - bit % 8) & 1)
    })
}

/// Sets the 5 bits of character `position`, which are zero before.
fn put(packed: &mut [u8; 20], position: usize, value: u8) {
    for i in 0..5 {
        let bit = position * 5 + i;
        packed[bit / 8] |= (value >> (4 - i) & 1) << (7 - bit % 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of b.2.
    const SHOWN: &str = "000G-40R4-0M30-E209-185G-R38E-1W81-24G6";

    fn example() -> RecoveryKey {
        let mut bytes: [u8; 19] = std::array::from_fn(|i| i as u8);
        bytes[18] = 0x10;
        RecoveryKey(Box::new(Zeroizing::new(bytes)))
    }

    /// b.2: the example is shown and read as written there.
    #[test]
    fn b2_example() {
        assert_eq!(*example().to_groups(), SHOWN);
        assert_eq!(
            RecoveryKey::parse(SHOWN).expect("valid").bytes(),
            example().bytes()
        );
    }

    /// b.2: lower case, spaces, dashes, o→0, i/l→1 are accepted.
    #[test]
    fn b2_typed_variants() {
        let lower = SHOWN.to_lowercase();
        let variants = [
            lower.clone(),
            lower.replace('-', " "),
            lower.replace('-', ""),
            lower.replace('0', "o").replace('1', "l"),
            SHOWN.replace('0', "O").replace('1', "I"),
            format!("  {} \n", SHOWN.replace('-', " - ")),
        ];
        for typed in variants {
            let key = RecoveryKey::parse(&typed);
            assert_eq!(key.expect("valid").bytes(), example().bytes());
        }
    }

    #[test]
    fn b2_wrong_forms_are_refused() {
        let long = format!("{SHOWN}0");
        let foreign = SHOWN.replace('G', "U");
        let marked = SHOWN.replace('-', "_");
        let wide = SHOWN.replace('4', "４");
        for typed in ["", &SHOWN[..38], &long, &foreign, &marked, &wide] {
            let refused = RecoveryKey::parse(typed).err();
            assert_eq!(refused, Some(Error::RecoveryForm), "{typed}");
        }
    }

    /// b.2: the 10-bit checksum lets about one in a thousand typing errors pass, not more.
    /// b.2: a group that is typed back is judged as the whole key would be, and by itself.
    #[test]
    fn b2_a_group_is_typed_back() {
        for typed in ["10R4", "1 0 r 4", "lor4", "i0-R4"] {
            assert!(RecoveryKey::group_matches("10R4", typed), "{typed}");
        }
        for typed in ["", "10R", "10R44", "10R5", "10U4", "10R\u{131}"] {
            assert!(!RecoveryKey::group_matches("10R4", typed), "{typed}");
        }
        assert!(!RecoveryKey::group_matches("", "10R4"));
    }

    #[test]
    fn b2_typing_errors_are_noticed() {
        let mut refused = 0;
        let mut tried = 0;
        for at in (0..SHOWN.len()).filter(|at| at % 5 != 4) {
            for c in ALPHABET.iter().filter(|c| **c != SHOWN.as_bytes()[at]) {
                let mut typed = SHOWN.as_bytes().to_vec();
                typed[at] = *c;
                let typed = String::from_utf8(typed).expect("ascii");
                tried += 1;
                match RecoveryKey::parse(&typed) {
                    Err(error) => {
                        assert_eq!(error, Error::RecoveryChecksum);
                        refused += 1;
                    }
                    Ok(key) => assert_ne!(key.bytes(), example().bytes()),
                }
            }
        }
        assert_eq!(tried, 32 * 31);
        assert!(refused >= tried - 8, "{refused} of {tried}");
    }

    #[test]
    fn random_keys_round_trip() {
        for _ in 0..100 {
            let key = RecoveryKey::make().expect("random");
            assert_eq!(key.bytes()[18] & 3, 0);
            let read = RecoveryKey::parse(&key.to_groups()).expect("own text");
            assert_eq!(read.bytes(), key.bytes());
        }
        assert_eq!(format!("{:?}", example()), "RecoveryKey");
    }
}
