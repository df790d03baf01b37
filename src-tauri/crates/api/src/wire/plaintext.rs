//! A value on its way through a door.

use std::fmt::{self, Formatter};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyward_model::SecretValue;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor},
    ser::SerializeMap,
};
use zeroize::Zeroizing;

/// A value that crosses a boundary: a JSON string when it is UTF-8, else `{"base64": "…"}`.
///
/// The only wire shape that holds plaintext; replies without it hold none.
#[derive(Debug)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export, type = "string | { base64: string }"))]
pub struct Plaintext(pub SecretValue);

impl Serialize for Plaintext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.expose_text() {
            Some(text) if !swells(text) => serializer.serialize_str(text),
            _ => {
                let base64 = Zeroizing::new(STANDARD.encode(self.0.expose()));
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", base64.as_str())?;
                map.end()
            }
        }
    }
}

/// Whether JSON would write so many bytes as six that a value of 1 MiB no longer fits a frame.
fn swells(text: &str) -> bool {
    text.bytes().filter(|byte| *byte < 0x20).count() > text.len() / 4
}

impl<'de> Deserialize<'de> for Plaintext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form).map(Self)
    }
}

/// Reads either form straight into a value that wipes itself: serde's own buffer for such a choice does not. (A string
/// with escapes still passes through the parser's scratch space.)
struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = SecretValue;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or {\"base64\": \"…\"}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<SecretValue, E> {
        Ok(SecretValue::from(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretValue, A::Error> {
        match map.next_key::<String>()?.as_deref() {
            Some("base64") => {}
            _ => return Err(A::Error::custom("expected base64")),
        }
        let base64 = Zeroizing::new(map.next_value::<String>()?);
        if map.next_key::<String>()?.is_some() {
            return Err(A::Error::custom("expected base64 alone"));
        }
        // R-17: the decoder's own message would quote the input.
        let bytes = STANDARD
            .decode(base64.as_bytes())
            .map_err(|_| A::Error::custom("invalid base64"))?;
        Ok(SecretValue::new(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_text_survive_the_wire() {
        for bytes in [
            &b"text"[..],
            b"\xff\x00",
            b"",
            b"-----\nline\n\"quoted\" \\",
            &[1; 900_000],
        ] {
            let json = serde_json::to_string(&Plaintext(SecretValue::new(bytes.to_vec()))).unwrap();
            assert!(json.len() < 2 * bytes.len() + 20, "a value of 1 MiB fits a frame");
            let back: Plaintext = serde_json::from_str(&json).unwrap();
            assert_eq!(back.0.expose(), bytes);
        }
    }

    #[test]
    fn other_forms_are_refused_without_repeating_them() {
        for json in [
            r#"{"base64":"c3","x":"canary"}"#,
            r#"{"canary":"x"}"#,
            r#"{"base64":"canary!"}"#,
            "7",
            "null",
        ] {
            let error = serde_json::from_str::<Plaintext>(json).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
