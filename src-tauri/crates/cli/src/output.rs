//! Data to stdout, everything said to a person to stderr.

mod columns;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::CommandFactory;
use keyward_api::wire::{Code, Error};
use keyward_model::plain;
use serde::Serialize;
use serde_json::{Value, json};

use columns::inert;
pub use columns::{Table, facts, table};

/// How this run speaks.
pub struct Face {
    json: bool,
    colour: bool,
}

impl Face {
    /// Colour only on a terminal, and not with `NO_COLOR`.
    pub fn new(json: bool) -> Self {
        let colour =
            io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { json, colour }
    }

    /// Whether `--json` was given.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Says something to a person.
    pub fn say(&self, text: impl AsRef<str>) {
        // A closed stderr is no reason to fail.
        let _ = writeln!(io::stderr(), "{}", inert(text.as_ref()));
    }

    /// Shows how far a long work is, on one line of a terminal that the next call writes over; the empty text ends it.
    pub fn progress(&self, text: &str) {
        let mut stderr = io::stderr().lock();
        if stderr.is_terminal() {
            let _ = write!(stderr, "\r\x1b[K{text}").and_then(|()| stderr.flush());
        }
    }

    /// Prints one JSON document.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn document(&self, document: &Value) -> Result<(), Error> {
        let mut text = serde_json::to_vec_pretty(document).map_err(|_| encoding())?;
        text.push(b'\n');
        self.data(&text)
    }

    /// Prints data as it is.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn data(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            // Whoever read has seen enough (`| head`): nobody is left to tell.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(Error::new(
                Code::Internal,
                format!("stdout could not be written: {}.", plain::why(error.kind())),
                "",
            )),
            Ok(()) => Ok(()),
        }
    }

    /// Prints a value below what is known of it: its bytes, but to a terminal as text that it shows and does not obey
    /// (T-10). Who wants the bytes there asks with `get`.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn value(&self, bytes: &[u8]) -> Result<(), Error> {
        match io::stdout().is_terminal() {
            true => self.data(inert(&String::from_utf8_lossy(bytes)).as_bytes())?,
            false => self.data(bytes)?,
        }
        self.data(b"\n")
    }

    /// Prints a wire object: as JSON, else by `human`.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn show<T: Serialize>(&self, object: &T, human: impl FnOnce(&T) -> String) -> Result<(), Error> {
        match self.json {
            true => self.document(&document_of(object)?),
            false => self.data(inert(&human(object)).as_bytes()),
        }
    }

    /// As [`Face::show`], to a person as a long table.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn show_table<T: Serialize>(&self, object: &T, table: &Table) -> Result<(), Error> {
        match self.json {
            true => self.document(&document_of(object)?),
            // Its cells are inert already (T-10).
            false => table.write(|lines| self.data(lines)),
        }
    }

    /// As [`Face::show`], with all members: for what CLI.md “JSON shapes” does not list.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn show_whole<T: Serialize>(
        &self,
        object: &T,
        human: impl FnOnce(&T) -> String,
    ) -> Result<(), Error> {
        match self.json {
            true => self.document(&serde_json::to_value(object).map_err(|_| encoding())?),
            false => self.data(inert(&human(object)).as_bytes()),
        }
    }

    /// Says that something is gone for good: to a person, or as `{"deleted": NAME}`.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn deleted(&self, kind: &str, name: &str) -> Result<(), Error> {
        self.say(format!("{kind} “{name}” deleted."));
        match self.json {
            true => self.document(&json!({ "deleted": name })),
            false => Ok(()),
        }
    }

    /// Says what went wrong and returns its exit status.
    pub fn fail(&self, error: &Error) -> ExitCode {
        let mut stderr = io::stderr().lock();
        let _ = if self.json {
            let body =
                json!({ "error": { "code": error.code, "message": error.message, "hint": error.hint } });
            writeln!(stderr, "{body}")
        } else {
            let (bold, plain) = if self.colour {
                ("\x1b[1;31m", "\x1b[0m")
            } else {
                ("", "")
            };
            let hint = if error.hint.is_empty() {
                String::new()
            } else {
                format!("\nhint: {}", error.hint)
            };
            writeln!(
                stderr,
                "{bold}error:{plain} {}{}",
                inert(&error.message),
                inert(&hint)
            )
        };
        ExitCode::from(error.code.exit_status())
    }
}

/// Members that the window is told and CLI.md “JSON shapes” does not have.
const BEYOND_CONTRACT: &[&str] = &[
    "authorize_params",
    "changed_at",
    "client_authentication",
    "grant",
    "issuer",
    "kept",
    "kept_in",
    "obtained_at",
    "provider",
    "provider_variables",
    "recovery",
    "refresh_params",
    "refresh_window",
    "renewed_by",
    "request_token_uri",
    "resources",
    "revocation_uri",
    "scopes",
    "screen_lock_is_heard",
    "signature_method",
    "sleep_is_heard",
    "token_params",
    "value_version",
];

/// Members of a variable of a credential in CLI.md.
const VARIABLE: [&str; 3] = ["name", "description", "masked"];

/// A wire object as JSON, with the members of the contract and no others.
///
/// # Errors
/// `internal`: no shape of ours fails to encode.
pub fn document_of<T: Serialize>(object: &T) -> Result<Value, Error> {
    serde_json::to_value(object).map(contract).map_err(|_| encoding())
}

/// A wire object, or a list of them, with the members of the contract and no others.
fn contract(document: Value) -> Value {
    match document {
        Value::Array(list) => list.into_iter().map(contract).collect(),
        Value::Object(mut object) => {
            object.retain(|member, _| !BEYOND_CONTRACT.contains(&member.as_str()));
            if let Some(Value::Array(variables)) = object.get_mut("variables") {
                variables
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(|one| one.retain(|member, _| VARIABLE.contains(&member.as_str())));
                // A secret tells when it was put into the trash; a credential's shape has no such member.
                object.remove("deleted_at");
            }
            // A Connection inside another document is the same object as `show` has.
            if let Some(connection @ Value::Object(_)) = object.get_mut("connection") {
                *connection = contract(connection.take());
            }
            Value::Object(object)
        }
        other => other,
    }
}

fn encoding() -> Error {
    Error::new(Code::Internal, "The answer could not be encoded.", "")
}

/// Help and version go to stdout with status 0; a wrong command line is a usage error that names what exists.
pub fn usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind;
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let unreadable = (error.kind() == ErrorKind::InvalidUtf8).then(unreadable_argument);
    let existing = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let command = command_meant();
            let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            format!("There are: {}.", names.join(", "))
        }
        ErrorKind::UnknownArgument => {
            let command = command_meant();
            let options = command.get_arguments().filter(|option| !option.is_hide_set());
            let names: Vec<String> = options
                .filter_map(|option| Some(format!("--{}", option.get_long()?)))
                .collect();
            format!("There are: {}.", names.join(", "))
        }
        _ => String::new(),
    };
    if !std::env::args_os().any(|argument| argument == "--json") {
        if let Some(name) = &unreadable {
            let _ = writeln!(io::stderr(), "error: {name}: it is not UTF-8.");
            return ExitCode::from(Code::Usage.exit_status());
        }
        let _ = error.print();
        if !existing.is_empty() {
            let _ = writeln!(io::stderr(), "{existing}");
        }
        return ExitCode::from(Code::Usage.exit_status());
    }
    let (said, hint) = in_sentences(&error.to_string());
    let message = match unreadable {
        Some(name) => format!("{name}: it is not UTF-8."),
        None => said,
    };
    let hint = if existing.is_empty() { hint } else { existing };
    Face::new(true).fail(&Error::new(Code::Usage, message, hint))
}

/// What clap writes over several lines, as a message that names the field, and a hint: the values there are, else the usage.
fn in_sentences(text: &str) -> (String, String) {
    let mut paragraphs = text.split("\n\n");
    let mut first = paragraphs.next().unwrap_or_default().lines().map(str::trim);
    let mut message = first
        .next()
        .unwrap_or("wrong arguments")
        .trim_start_matches("error: ")
        .to_owned();
    let mut values = None;
    let mut fields = Vec::new();
    for line in first.filter(|line| !line.is_empty()) {
        match line
            .strip_prefix("[possible values: ")
            .and_then(|line| line.strip_suffix(']'))
        {
            Some(list) => values = Some(format!("There are: {list}.")),
            None => fields.push(line),
        }
    }
    if !fields.is_empty() {
        message = format!("{message} {}", fields.join(", "));
    }
    let usage = || {
        paragraphs
            .find(|one| one.starts_with("Usage:"))
            .map(str::trim)
            .map(str::to_owned)
    };
    let hint = values.or_else(usage).unwrap_or_default();
    (message, hint)
}

/// What the first argument is that is not UTF-8: an option, the one thing that the command is about, or its place. What
/// stands there is not repeated: it may be a value.
fn unreadable_argument() -> String {
    let words: Vec<_> = std::env::args_os().collect();
    let Some(at) = words.iter().position(|word| word.to_str().is_none()) else {
        return "an argument".to_owned();
    };
    let text = words[at].to_string_lossy();
    if let Some((option, _)) = text
        .split_once('=')
        .filter(|(option, _)| option.starts_with("--"))
        && !option.contains(char::REPLACEMENT_CHARACTER)
    {
        return option.to_owned();
    }
    if let Some(option) = words[at - 1].to_str().filter(|word| word.starts_with("--")) {
        return option.to_owned();
    }
    let command = command_meant();
    let mut positionals = command.get_positionals().filter(|one| !one.is_hide_set());
    match (positionals.next(), positionals.next()) {
        (Some(only), None) => only.to_string(),
        _ => format!("argument {at}"),
    }
}

/// The innermost command that the words of this command line name.
fn command_meant() -> clap::Command {
    let mut command = crate::args::Arguments::command();
    command.build();
    for word in std::env::args_os().skip(1) {
        if let Some(inner) = command.find_subcommand(&word) {
            command = inner.clone();
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::in_sentences;

    /// CLI.md: a usage error says which field and why, also as JSON.
    #[test]
    fn usage_errors_keep_their_details() {
        let check = |text: &str, message: &str, hint: &str| {
            assert_eq!(in_sentences(text), (message.to_owned(), hint.to_owned()));
        };
        check(
            "error: the following required arguments were not provided:\n  <SECRET>\n  <NEW>\n\nUsage: keyward secret x\n\nFor more",
            "the following required arguments were not provided: <SECRET>, <NEW>",
            "Usage: keyward secret x",
        );
        check(
            "error: invalid value 'foo' for '--format <FORMAT>'\n  [possible values: env, json]\n\nFor more",
            "invalid value 'foo' for '--format <FORMAT>'",
            "There are: env, json.",
        );
        check("error: it is so\n", "it is so", "");
    }
}
