//! JSON of strangers: bounded depth, and members whose text wipes itself.

use std::{fmt, ops::Deref};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// Deepest nesting that is read (O-73).
const DEEPEST: usize = 32;

/// Whether brackets nest no deeper than 32; a linear look before the recursive one.
pub(crate) fn is_shallow(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in json {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return false;
        }
    }
    true
}

/// Reads a whole JSON text of bounded depth; `None` when it is not one.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    if !is_shallow(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// A member that is a secret: its text is wiped when it goes.
pub(crate) struct Wiped(Zeroizing<String>);

impl Deref for Wiped {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Wiped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Member::deserialize(deserializer)? {
            Member::Text(text) => Ok(Self(text)),
            _ => Err(serde::de::Error::custom("it is no text")),
        }
    }
}

/// The value of one member, as far as anybody looks at it.
pub(crate) enum Member {
    Text(Zeroizing<String>),
    Number(f64),
    Texts(Vec<Zeroizing<String>>),
    Null,
    Other,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Member, E> {
        Ok(Member::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Member, E> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "only the size matters: it is clamped to a year"
        )]
        Ok(Member::Number(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Member, E> {
        #[expect(clippy::cast_precision_loss, reason = "negative numbers all mean zero")]
        Ok(Member::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Member, E> {
        Ok(Member::Number(number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_unit<E>(self) -> Result<Member, E> {
        Ok(Member::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Member, A::Error> {
        let (mut texts, mut mixed) = (Vec::new(), false);
        while let Some(item) = items.next_element::<Member>()? {
            match item {
                Member::Text(text) => texts.push(text),
                _ => mixed = true,
            }
        }
        Ok(if mixed {
            Member::Other
        } else {
            Member::Texts(texts)
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Member, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Member::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o73_depth_is_bounded_and_brackets_in_text_do_not_count() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(is_shallow(nested(32).as_bytes()));
        assert!(!is_shallow(nested(33).as_bytes()));
        assert!(!is_shallow("{\"a\":".repeat(100_000).as_bytes()));
        let text = format!("{{\"a\":\"{}\\\"{}\"}}", "[".repeat(100), "{".repeat(100));
        assert!(is_shallow(text.as_bytes()));
        assert!(read::<Member>(text.as_bytes()).is_some());
    }
}
