//! Values as one JSON object, in a buffer that is sized beforehand and wiped.

use std::io::{self, Write};

use keyward_model::SecretValue;
use zeroize::Zeroizing;

/// `{"name":"value",…}` in the order given.
///
/// # Errors
/// The name of the first value that is not UTF-8 text, which JSON cannot hold.
pub(crate) fn object<'a>(members: &[(&'a str, SecretValue)]) -> Result<SecretValue, &'a str> {
    if let Some((name, _)) = members.iter().find(|(_, value)| value.expose_text().is_none()) {
        return Err(name);
    }
    let mut counted = Counter(0);
    let mut object = Zeroizing::new(Vec::new());
    // Neither writer fails, and text always has a JSON spelling.
    let _ = write(members, &mut counted);
    object.reserve_exact(counted.0);
    let _ = write(members, &mut *object);
    Ok(SecretValue::from_zeroizing(object))
}

/// Counts what is written and keeps none of it.
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(members: &[(&str, SecretValue)], out: &mut impl Write) -> io::Result<()> {
    let mut before = "{";
    for (name, value) in members {
        out.write_all(before.as_bytes())?;
        serde_json::to_writer(&mut *out, name)?;
        out.write_all(b":")?;
        serde_json::to_writer(&mut *out, value.expose_text().unwrap_or_default())?;
        before = ",";
    }
    if members.is_empty() {
        out.write_all(b"{")?;
    }
    out.write_all(b"}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_text_escaped() {
        let check = |members: &[(&str, &str)], expect: &str| {
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| (*name, SecretValue::from(*value)))
                .collect();
            let object = object(&members).unwrap();
            assert_eq!(object.expose_text(), Some(expect));
        };
        check(&[], "{}");
        check(&[("z", "1"), ("a", "")], r#"{"z":"1","a":""}"#);
        check(&[("a", "\"q\"\n\u{1}é\\")], r#"{"a":"\"q\"\n\u0001é\\"}"#);
        let bytes = [
            ("ok", SecretValue::from("x")),
            ("raw", SecretValue::new(vec![0xff])),
        ];
        assert_eq!(object(&bytes).unwrap_err(), "raw");
    }
}
