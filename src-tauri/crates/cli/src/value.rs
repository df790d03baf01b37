//! Where values come from: a file, stdin or a prompt; never an argument.

use std::{
    fs::File,
    io::{self, BufRead, IsTerminal, Read, Write},
    path::Path,
};

use keyward_api::wire::{Code, Error};
use keyward_model::{SecretValue, plain, value::MAX_VALUE_BYTES};
use zeroize::Zeroizing;

use crate::{
    args::{RefusedValues, ValueSource},
    platform,
};

/// Most bytes that several values may have when they are read at once: they must fit a frame of the door.
const MAX_VALUES_BYTES: usize = 2 * MAX_VALUE_BYTES;

/// Refuses values on the command line, which every program of this user can read.
///
/// # Errors
/// `usage`; the words themselves are not repeated.
pub fn refuse_arguments(refused: &RefusedValues) -> Result<(), Error> {
    refuse_arguments_for(
        refused,
        "Pipe it in, for example: printf %s \"$VALUE\" | keyward secret add KEY, or use --value-file.",
    )
}

/// As [`refuse_arguments`], for a command that takes values another way, which `hint` tells.
///
/// # Errors
/// `usage`; the words themselves are not repeated.
pub fn refuse_arguments_for(refused: &RefusedValues, hint: &str) -> Result<(), Error> {
    match refused.words.is_empty() && refused.option.is_none() {
        true => Ok(()),
        false => Err(in_arguments(hint)),
    }
}

/// The refusal of a value on the command line.
pub fn in_arguments(hint: &str) -> Error {
    Error::new(
        Code::Usage,
        "A value cannot be an argument: other programs and your shell's history would see it.",
        hint,
    )
}

/// Reads a new value: the file byte for byte, else stdin when it is not a terminal, else a prompt typed twice.
///
/// # Errors
/// `usage` for an empty value without `--empty`, a value over 1 MiB, or a file that cannot be read.
pub fn read(source: &ValueSource) -> Result<SecretValue, Error> {
    let value = match &source.value_file {
        Some(path) => file(path)?,
        None if is_typed(source) => prompt_twice("Value: ")?,
        None => return from_stdin(source),
    };
    checked(value, source)
}

/// Whether [`read`] asks a person.
pub fn is_typed(source: &ValueSource) -> bool {
    source.value_file.is_none() && io::stdin().is_terminal()
}

/// Reads a new value from stdin, terminal or not.
///
/// # Errors
/// As [`read`].
pub fn from_stdin(source: &ValueSource) -> Result<SecretValue, Error> {
    checked(stdin(source.raw)?, source)
}

/// An empty value is an oversight, unless it was said to be meant.
fn checked(value: SecretValue, source: &ValueSource) -> Result<SecretValue, Error> {
    if value.is_empty() && !source.empty {
        return Err(Error::new(
            Code::Usage,
            "The value is empty; nothing was stored.",
            "Say --empty when that is meant.",
        ));
    }
    Ok(value)
}

/// Asks on the terminal without echo, twice.
///
/// # Errors
/// `usage` when the two differ.
pub fn prompt_twice(text: &str) -> Result<SecretValue, Error> {
    let first = prompt(text)?;
    let second = prompt("Again: ")?;
    if first.expose() != second.expose() {
        return Err(Error::usage("The two values differ; nothing was stored."));
    }
    Ok(first)
}

/// Reads stdin to its end, as it is: several values at once.
///
/// # Errors
/// `usage` over [`MAX_VALUES_BYTES`].
pub fn stdin_whole() -> Result<Zeroizing<Vec<u8>>, Error> {
    bounded(io::stdin().lock(), "stdin", MAX_VALUES_BYTES)
}

/// Reads a file as it is: several values at once.
///
/// # Errors
/// `usage` over [`MAX_VALUES_BYTES`], or when it cannot be read.
pub fn file_whole(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
    bounded(file, &name, MAX_VALUES_BYTES)
}

/// Reads stdin to its end; one final newline is dropped unless `raw`.
///
/// # Errors
/// `usage` over 1 MiB.
pub fn stdin(raw: bool) -> Result<SecretValue, Error> {
    let mut bytes = bounded(io::stdin().lock(), "stdin", MAX_VALUE_BYTES)?;
    if !raw && bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(SecretValue::from_zeroizing(bytes))
}

fn file(path: &Path) -> Result<SecretValue, Error> {
    let file = File::open(path).map_err(|error| unreadable(&path.display().to_string(), &error))?;
    bounded(file, &path.display().to_string(), MAX_VALUE_BYTES).map(SecretValue::from_zeroizing)
}

/// Bytes that nearly every value fits: a buffer for the longest would cost more than storing the value (P5).
const USUAL: usize = 4096;

/// Reads at most so many bytes. A buffer that is full is copied and wiped, so that no copy stays behind.
fn bounded(mut source: impl Read, what: &str, longest: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(vec![0; USUAL]);
    let mut filled = 0;
    while filled <= longest {
        if filled == bytes.len() {
            let mut larger = Zeroizing::new(vec![0; (2 * filled).min(longest + 1)]);
            larger[..filled].copy_from_slice(&bytes);
            bytes = larger;
        }
        match source.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(what, &error)),
        }
    }
    if filled > longest {
        return Err(Error::usage(format!(
            "{what}: longer than {} MiB; nothing was stored.",
            longest / MAX_VALUE_BYTES
        )));
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn unreadable(what: &str, error: &io::Error) -> Error {
    Error::usage(format!(
        "{what}: it cannot be read ({}).",
        plain::why(error.kind())
    ))
}

/// Asks on the terminal without echo.
///
/// # Errors
/// `usage` when there is no terminal.
pub fn prompt(text: &str) -> Result<SecretValue, Error> {
    let asked = || -> io::Result<String> {
        // Silent before the question stands there: rpassword asks first, and an answer that comes at once would be shown.
        let _silent = platform::Silent::terminal()?;
        rpassword::prompt_password(text)
    };
    asked()
        .map(SecretValue::from)
        .map_err(|error| no_terminal(&error))
}

/// Asks on the terminal for something that may be seen.
///
/// # Errors
/// `usage` when there is no terminal.
pub fn line(text: &str) -> Result<String, Error> {
    let asked = || -> io::Result<String> {
        let (from, mut to) = platform::terminal()?;
        to.write_all(text.as_bytes())?;
        let mut typed = String::new();
        io::BufReader::new(from).read_line(&mut typed)?;
        Ok(typed.trim().to_owned())
    };
    asked().map_err(|error| no_terminal(&error))
}

fn no_terminal(error: &io::Error) -> Error {
    Error::usage(format!(
        "There is no terminal to ask on ({}).",
        plain::why(error.kind())
    ))
}
