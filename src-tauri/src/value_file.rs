//! A value out of a file that the person chose.

use std::{
    io::{self, Read},
    path::Path,
};

use keyward_api::wire::{Code, Error};
use keyward_model::{SecretValue, value::MAX_VALUE_BYTES};
use zeroize::Zeroizing;

use crate::exchange;

/// The value of the file that was chosen last; one is kept at a time, until it is stored or the vault locks.
#[derive(Default)]
pub struct Chosen {
    id: u32,
    value: Option<SecretValue>,
}

impl Chosen {
    /// Keeps a value; answers the number it is known by.
    pub fn keep(&mut self, value: SecretValue) -> u32 {
        self.id = self.id.wrapping_add(1);
        self.value = Some(value);
        self.id
    }

    /// A copy of the value of this number: the kept one stays, as storing it may fail and be tried again.
    ///
    /// # Errors
    /// `not_found` when it is no longer kept.
    pub fn copy(&self, id: u32) -> Result<SecretValue, Error> {
        let kept = self.value.as_ref().filter(|_| self.id == id);
        kept.map(SecretValue::duplicate).ok_or_else(|| {
            Error::new(
                Code::NotFound,
                "The file that was chosen is no longer kept.",
                "Choose it again.",
            )
        })
    }

    /// Keeps nothing.
    pub fn clear(&mut self) {
        self.value = None;
    }
}

/// Asks for a file with the system's own dialog and reads it; `None` when the person closed the dialog.
///
/// # Errors
/// `usage` when the file cannot be read, is empty, or is longer than 1 MiB.
pub fn choose() -> Result<Option<(String, SecretValue)>, Error> {
    let asked = rfd::FileDialog::new()
        .set_title("Take the value from a file")
        .pick_file();
    let Some(path) = asked else { return Ok(None) };
    let value = read(&path)?;
    Ok(Some((exchange::shown(&path), value)))
}

/// Reads into a buffer of its exact size, so that no copy stays behind.
fn read(path: &Path) -> Result<SecretValue, Error> {
    let mut source = exchange::open(path)?;
    let mut bytes = Zeroizing::new(vec![0; MAX_VALUE_BYTES + 1]);
    let mut filled = 0;
    while filled < bytes.len() {
        match source.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(exchange::unreadable(path, &error)),
        }
    }
    let refused = |what: &str| {
        let message = format!("{} {what}; nothing was stored.", exchange::shown(path));
        Err(Error::new(
            Code::Usage,
            message,
            "A value has from 1 byte to 1 MiB.",
        ))
    };
    match filled {
        0 => refused("is empty"),
        filled if filled > MAX_VALUE_BYTES => refused("is larger than 1 MiB"),
        filled => Ok(SecretValue::new(bytes[..filled].to_vec())),
    }
}

/// A client secret as it was meant: editors end a file's only line with a newline, which a provider would be sent. A key
/// of several lines stays as it is.
pub fn without_newline(value: SecretValue) -> SecretValue {
    let bytes = value.expose();
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if line.len() == bytes.len() || line.contains(&b'\n') {
        return value;
    }
    SecretValue::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn one_value_is_kept_and_known_by_its_number() {
        let mut chosen = Chosen::default();
        assert!(chosen.copy(0).is_err());
        let first = chosen.keep(SecretValue::from("one"));
        let second = chosen.keep(SecretValue::from("two"));
        assert!(chosen.copy(first).is_err());
        assert_eq!(chosen.copy(second).unwrap().expose(), b"two");
        chosen.clear();
        assert!(chosen.copy(second).is_err());
    }

    #[test]
    fn the_newline_that_ends_the_only_line_is_no_part_of_a_client_secret() {
        for (held, meant) in [
            ("s3cret\n", "s3cret"),
            ("s3cret\r\n", "s3cret"),
            ("s3cret", "s3cret"),
            ("s3cret ", "s3cret "),
            ("s3cret\r", "s3cret\r"),
            ("s3cret\n\n", "s3cret\n\n"),
            (
                "-----BEGIN KEY-----\nAA==\n-----END KEY-----\n",
                "-----BEGIN KEY-----\nAA==\n-----END KEY-----\n",
            ),
        ] {
            let value = without_newline(SecretValue::from(held));
            assert_eq!(value.expose_text(), Some(meant));
        }
    }

    #[test]
    fn a_file_is_taken_byte_for_byte_up_to_one_mebibyte() {
        let folder = std::env::temp_dir().join(format!("kw-value-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("key.pem");
        for bytes in [&b"-----BEGIN-----\n\n"[..], b"\xff\x00", &[7; MAX_VALUE_BYTES]] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(read(&path).unwrap().expose(), bytes);
        }
        for bytes in [&b""[..], &[7; MAX_VALUE_BYTES + 1]] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(read(&path).unwrap_err().code, Code::Usage);
        }
        fs::remove_dir_all(&folder).unwrap();
        assert!(read(&folder).is_err(), "there is no such file");
    }
}
