//! Names and values of variables: `--var` with a line of stdin each, or `NAME=value` lines from a file.

use std::{
    ffi::OsString,
    io::{self, IsTerminal},
    path::Path,
};

use keyward_api::wire::{Code, Error};
use keyward_model::{SecretValue, credential::repeated, envfile, name::Handle};
use zeroize::Zeroizing;

use super::Result;
use crate::{args::VariableValues, value};

/// A variable that was asked for.
pub struct Wanted {
    /// Its name.
    pub name: Handle,
    /// Whether it is masked, where that was said.
    pub masked: Option<bool>,
}

/// A variable and its value.
pub struct Given {
    /// The variable.
    pub wanted: Wanted,
    /// Its value.
    pub value: SecretValue,
}

impl VariableValues {
    /// Whether no variable was given.
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty() && self.from.is_none()
    }
}

/// The variables that `--var` names; nothing is read yet.
///
/// # Errors
/// `usage` for what is no name, for one that is there twice, and for a value on the command line, which is not repeated.
pub fn wanted(values: &VariableValues) -> Result<Vec<Wanted>> {
    let wanted = values.variables.iter().map(one).collect::<Result<Vec<_>>>()?;
    if let Some((one, other)) = repeated(wanted.iter().map(|one| &one.name)) {
        return Err(twice(other, one, "--var"));
    }
    Ok(wanted)
}

fn one(argument: &OsString) -> Result<Wanted> {
    let text = argument
        .to_str()
        .ok_or_else(|| Error::usage("--var: a name is ASCII text."))?;
    if text.contains('=') {
        return Err(value::in_arguments(
            "Say --var NAME and pipe its value in as one line, or put NAME=value into a file and say --from FILE.",
        ));
    }
    let (name, masked) = match text.split_once(':') {
        None => (text, None),
        Some((name, "masked")) => (name, Some(true)),
        Some((name, "plain")) => (name, Some(false)),
        Some(_) => {
            return Err(Error::usage(
                "--var: after the name comes :masked, :plain or nothing.",
            ));
        }
    };
    let name = Handle::parse(name).map_err(|error| Error::usage(format!("--var: {error}")))?;
    Ok(Wanted { name, masked })
}

/// Reads the values.
///
/// # Errors
/// `usage` for other than one line a variable, for an empty line without `--empty`, and for a file that is not in the
/// syntax of `.env` files.
pub fn read(values: &VariableValues, wanted: Vec<Wanted>) -> Result<Vec<Given>> {
    match &values.from {
        Some(path) => from_file(path),
        None if wanted.is_empty() => Ok(Vec::new()),
        None if io::stdin().is_terminal() => wanted
            .into_iter()
            .map(|one| prompted(one, values.empty))
            .collect(),
        None => from_lines(wanted, &value::stdin_whole()?, values.empty),
    }
}

fn prompted(wanted: Wanted, empty: bool) -> Result<Given> {
    let value = value::prompt_twice(&format!("{}: ", wanted.name))?;
    given(wanted, value, empty)
}

fn given(wanted: Wanted, value: SecretValue, empty: bool) -> Result<Given> {
    if value.is_empty() && !empty {
        return Err(Error::new(
            Code::Usage,
            format!("The value of {} is empty; nothing was stored.", wanted.name),
            "Say --empty when that is meant.",
        ));
    }
    Ok(Given { wanted, value })
}

/// One line a variable; a newline at the end closes the last line.
fn from_lines(wanted: Vec<Wanted>, bytes: &[u8], empty: bool) -> Result<Vec<Given>> {
    let lines: Vec<&[u8]> = match bytes.strip_suffix(b"\n").unwrap_or(bytes) {
        b"" if bytes.is_empty() => Vec::new(),
        text => text.split(|byte| *byte == b'\n').collect(),
    };
    if lines.len() != wanted.len() {
        let plural = |count| if count == 1 { "" } else { "s" };
        return Err(Error::new(
            Code::Usage,
            format!(
                "stdin has {} line{} for {} variable{}; nothing was stored.",
                lines.len(),
                plural(lines.len()),
                wanted.len(),
                plural(wanted.len())
            ),
            "Pipe in one line for each --var, in order. A value of several lines goes into a file for --from, in double quotes.",
        ));
    }
    let one = |(wanted, line): (Wanted, &[u8])| given(wanted, SecretValue::new(line.to_vec()), empty);
    wanted.into_iter().zip(lines).map(one).collect()
}

fn from_file(path: &Path) -> Result<Vec<Given>> {
    let bytes: Zeroizing<Vec<u8>>;
    let what = if path.as_os_str() == "-" {
        bytes = value::stdin_whole()?;
        "stdin".to_owned()
    } else {
        bytes = value::file_whole(path)?;
        path.display().to_string()
    };
    let lines = envfile::parse(&bytes).map_err(|error| Error::usage(format!("{what}: {error}")))?;
    if lines.is_empty() {
        return Err(Error::usage(format!(
            "{what}: it holds no NAME=value line; nothing was stored."
        )));
    }
    let mut given: Vec<Given> = Vec::with_capacity(lines.len());
    for line in lines {
        let name = Handle::parse(&line.name)
            .map_err(|error| Error::usage(format!("{what}, line {}: {error}", line.line)))?;
        if let Some(earlier) = given.iter().find(|one| one.wanted.name.same_ignoring_case(&name)) {
            return Err(twice(
                &name,
                &earlier.wanted.name,
                &format!("{what}, line {}", line.line),
            ));
        }
        given.push(Given {
            wanted: Wanted { name, masked: None },
            value: SecretValue::from_zeroizing(line.value),
        });
    }
    Ok(given)
}

fn twice(name: &Handle, earlier: &Handle, place: &str) -> Error {
    Error::usage(match name == earlier {
        true => format!("{place}: {name} is there twice; nothing was stored."),
        false => format!("{place}: {name} differs from {earlier} only in case; nothing was stored."),
    })
}
