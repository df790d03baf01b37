//! One entry of a `pass` or `gopass` store, decrypted (passwordstore.org, “Data Organization”).

use keyward_model::SecretValue;
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    found::{Found, Login, Variable},
    limits,
};

/// The first line is the password, `name: value` lines are fields, the rest is a note. Whatever does not look so (a
/// key in PEM, a file) is one value as a whole. `path` names the entry, without `.gpg`.
///
/// # Errors
/// [`crate::Fault::TooLarge`].
pub fn parse(path: &str, plaintext: Zeroizing<Vec<u8>>) -> Result<Found> {
    let Ok(text) = std::str::from_utf8(&plaintext) else {
        return Ok(Found::secret(path, SecretValue::from_zeroizing(plaintext)));
    };
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let first = first.strip_suffix('\r').unwrap_or(first);
    if rest.trim().is_empty() {
        return Ok(Found::secret(path, SecretValue::from(first)));
    }
    if first.starts_with("-----BEGIN ") {
        return Ok(Found::secret(path, SecretValue::from_zeroizing(plaintext)));
    }
    let mut login = Login {
        password: Some(SecretValue::from(first)),
        ..Login::default()
    };
    let mut note = Vec::new();
    for line in rest.lines() {
        let line = line.trim_end();
        match field(line) {
            _ if line.starts_with("otpauth://") => login.otp = Some(SecretValue::from(line)),
            Some(("user" | "username" | "login", value)) => login.username = Some(SecretValue::from(value)),
            Some(("url", value)) => login.url = Some(value.to_owned()),
            Some((name, value)) => login.more.push(Variable::masked(name, SecretValue::from(value))),
            // gopass writes --- between the password and its fields.
            None if line == "---" || line.is_empty() => {}
            None => note.push(line),
        }
        if login.more.len() > limits::VARIABLES {
            return Err(Error::too_large("it has too many fields"));
        }
    }
    let found = Found {
        name: path.to_owned(),
        note: note.join("\n"),
        ..Found::default()
    };
    Ok(login.into_found(found))
}

/// `name: value`, where the name is short enough to be one.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_name = !name.is_empty()
        && name.len() <= 64
        && !value.starts_with("//")
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.'));
    is_name.then(|| (name.trim(), value.trim()))
}
