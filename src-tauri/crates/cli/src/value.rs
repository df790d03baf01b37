//! Where values come from: a file, stdin or a prompt; never an argument.

use std::{
    fs::File,
    io::{self, IsTerminal, Read},
    path::Path,
};

use keyward_api::wire::{Code, Error};
use keyward_model::{SecretValue, value::MAX_VALUE_BYTES};
use zeroize::Zeroizing;

use crate::args::{RefusedValues, ValueSource};

/// Refuses values on the command line, which every program of this user can read.
///
/// # Errors
/// `usage`; the words themselves are not repeated.
pub fn refuse_arguments(refused: &RefusedValues) -> Result<(), Error> {
    if refused.words.is_empty() && refused.option.is_none() {
        return Ok(());
    }
    Err(Error::new(
        Code::Usage,
        "A value cannot be an argument: other programs and your shell's history would see it.",
        "Pipe it in, for example: printf %s \"$VALUE\" | keyward secret add KEY, or use --value-file.",
    ))
}

/// Reads a new value: the file byte for byte, else stdin when it is not a terminal, else a prompt typed twice.
///
/// # Errors
/// `usage` for an empty value without `--empty`, a value over 1 MiB, or a file that cannot be read.
pub fn read(source: &ValueSource) -> Result<SecretValue, Error> {
    let value = match &source.value_file {
        Some(path) => file(path)?,
        None if io::stdin().is_terminal() => {
            let first = prompt("Value: ")?;
            let second = prompt("Again: ")?;
            if first.expose() != second.expose() {
                return Err(Error::usage("The two values differ; nothing was stored."));
            }
            first
        }
        None => stdin(source.raw)?,
    };
    if value.is_empty() && !source.empty {
        return Err(Error::new(
            Code::Usage,
            "The value is empty; nothing was stored.",
            "Say --empty when that is meant.",
        ));
    }
    Ok(value)
}

/// Reads stdin to its end; one final newline is dropped unless `raw`.
///
/// # Errors
/// `usage` over 1 MiB.
pub fn stdin(raw: bool) -> Result<SecretValue, Error> {
    let mut bytes = bounded(io::stdin().lock(), "stdin")?;
    if !raw && bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(SecretValue::from_zeroizing(bytes))
}

fn file(path: &Path) -> Result<SecretValue, Error> {
    let file = File::open(path).map_err(|error| unreadable(&path.display().to_string(), &error))?;
    bounded(file, &path.display().to_string()).map(SecretValue::from_zeroizing)
}

/// Reads at most 1 MiB into a buffer that never moves, so that no copy stays behind.
fn bounded(source: impl Read, what: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(vec![0; MAX_VALUE_BYTES + 1]);
    let mut source = source;
    let mut filled = 0;
    while filled < bytes.len() {
        match source.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(what, &error)),
        }
    }
    if filled > MAX_VALUE_BYTES {
        return Err(Error::usage(format!(
            "{what}: a value may have up to 1 MiB; nothing was stored."
        )));
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn unreadable(what: &str, error: &io::Error) -> Error {
    Error::usage(format!("{what}: it cannot be read ({}).", error.kind()))
}

/// Asks on the terminal without echo.
///
/// # Errors
/// `usage` when there is no terminal.
pub fn prompt(text: &str) -> Result<SecretValue, Error> {
    rpassword::prompt_password(text)
        .map(SecretValue::from)
        .map_err(|error| Error::usage(format!("There is no terminal to ask on ({}).", error.kind())))
}
