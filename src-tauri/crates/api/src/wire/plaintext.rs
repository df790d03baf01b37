//! A value on its way through a door.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyward_model::SecretValue;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zeroize::Zeroizing;

/// A value that crosses a boundary: a JSON string when it is UTF-8, else `{"base64": "…"}`.
///
/// The only wire shape that holds plaintext; replies without it hold none.
#[derive(Debug)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export, type = "string | { base64: string }"))]
pub struct Plaintext(pub SecretValue);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form<S> {
    Text(S),
    Bytes { base64: S },
}

impl Serialize for Plaintext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.expose_text() {
            Some(text) => serializer.serialize_str(text),
            None => {
                let base64 = Zeroizing::new(STANDARD.encode(self.0.expose()));
                Form::Bytes {
                    base64: base64.as_str(),
                }
                .serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Plaintext {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Form::<String>::deserialize(deserializer)? {
            Form::Text(text) => SecretValue::from(text),
            Form::Bytes { base64 } => {
                let base64 = Zeroizing::new(base64);
                let bytes = STANDARD.decode(base64.as_bytes());
                // the decoder's own message would quote the input.
                SecretValue::new(bytes.map_err(|_| D::Error::custom("invalid base64"))?)
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_text_survive_the_wire() {
        for bytes in [&b"text"[..], b"\xff\x00", b""] {
            let json = serde_json::to_string(&Plaintext(SecretValue::new(bytes.to_vec()))).unwrap();
            let back: Plaintext = serde_json::from_str(&json).unwrap();
            assert_eq!(back.0.expose(), bytes);
        }
    }
}
