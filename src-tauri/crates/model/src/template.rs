//! Templates: bytes with references in them, and how a value is written in the place of one (CLI.md, PV6).
//!
//! Everything outside references is kept byte for byte, also what is not UTF-8. Reading happens once, filling is a
//! single pass: a value is never looked at for further references. No error ever holds a value.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::reference::{BRACE_STARTS, Reference, URI_START, is_uri_byte, uri_length};
use crate::value::SecretValue;

mod env;
mod json;
mod output;
mod place;
mod position;
mod xml;
mod yaml;

pub(crate) use position::Locator;
pub use position::Position;

use output::Output;
use place::{Place, REFERENCE, Symbol};

/// How a value is written at the place of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// As it is.
    Text,
    /// `.env` files: quoted, or escaped for the quotes it stands in.
    Env,
    /// Inside a JSON string, escaped.
    Json,
    /// Escaped for the quotes it stands in; double-quoted as a whole plain scalar.
    Yaml,
    /// As entities in text and attributes.
    Xml,
}

impl Format {
    /// The format that a file's ending tells (`--format auto`). `-` and every ending not listed are text, HTML too:
    /// it is not XML, and neither are the scripts in it.
    pub fn from_path_ending(path: &str) -> Format {
        let name = path
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("json" | "jsonc" | "jsonl" | "ndjson" | "geojson" | "webmanifest") => Format::Json,
            Some("yaml" | "yml") => Format::Yaml,
            Some(
                "xml" | "xhtml" | "svg" | "xsl" | "xslt" | "xsd" | "wsdl" | "plist" | "csproj" | "props",
            ) => Format::Xml,
            Some("env") => Format::Env,
            _ if name.starts_with(".env.") => Format::Env,
            _ => Format::Text,
        }
    }

    /// The word for it on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Env => "env",
            Format::Json => "json",
            Format::Yaml => "yaml",
            Format::Xml => "xml",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no [`Format`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a format is text, env, json, yaml or xml")]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Format, UnknownFormat> {
        [Format::Text, Format::Env, Format::Json, Format::Yaml, Format::Xml]
            .into_iter()
            .find(|format| format.as_str() == word)
            .ok_or(UnknownFormat)
    }
}

/// What went wrong, so that a face can choose its exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateFault {
    /// Something begins like a reference and is none.
    Syntax,
    /// A reference stands where no value can be written in this format.
    Place,
    /// The value cannot be written at this place.
    Value,
    /// There is no value for the reference.
    Unresolved,
}

/// Why a template cannot be read or filled. Holds the reference's text at most, never a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
pub struct TemplateError {
    /// The line in the template, from 1.
    pub line: usize,
    /// The column of the reference's first character, from 1; in bytes when the template is not UTF-8.
    pub column: usize,
    /// The kind of fault.
    pub fault: TemplateFault,
    /// One sentence; names the reference where there is one.
    pub message: String,
}

impl TemplateError {
    fn at(position: Position, fault: TemplateFault, message: String) -> TemplateError {
        TemplateError {
            line: position.line,
            column: position.column,
            fault,
            message,
        }
    }

    fn about(reference: &Reference, position: Position, fault: TemplateFault, reason: &str) -> TemplateError {
        let name = reference.to_brace().unwrap_or_else(|| reference.to_uri());
        TemplateError::at(position, fault, format!("{name}: {reason}"))
    }

    /// The error for a reference that could not be resolved, with the reason in words that hold no value (PV6).
    pub fn unresolved(reference: &Reference, position: Position, reason: &str) -> TemplateError {
        TemplateError::about(reference, position, TemplateFault::Unresolved, reason)
    }
}

/// A template that was read: text and references in their order.
pub struct Template {
    pieces: Vec<Piece>,
}

enum Piece {
    Text(Vec<u8>),
    Slot(Slot),
}

struct Slot {
    reference: Reference,
    position: Position,
    place: Place,
}

impl fmt::Debug for Template {
    /// Shows the references alone: the text of a variable may be private.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.references()).finish()
    }
}

impl Template {
    /// Reads a template. Errors name line and column: a `{vault.` that does not complete a reference, a `keyward://`
    /// that is no URI, or a reference where this format has no way to write a value.
    pub fn parse(bytes: &[u8], format: Format) -> Result<Template, TemplateError> {
        let mut pieces = scan(bytes, &Start::ALL)?;
        let symbols: Vec<Symbol> = match format {
            Format::Text => return Ok(Template { pieces }),
            _ => pieces.iter().flat_map(Piece::symbols).collect(),
        };
        let places = match format {
            Format::Text => Vec::new(),
            Format::Env => env::places(&symbols),
            Format::Json => json::places(&symbols),
            Format::Yaml => yaml::places(&symbols),
            Format::Xml => xml::places(&symbols),
        };
        let slots = pieces.iter_mut().filter_map(Piece::slot_mut);
        for (slot, place) in slots.zip(places) {
            slot.place = place.map_err(|reason| {
                TemplateError::about(&slot.reference, slot.position, TemplateFault::Place, reason)
            })?;
        }
        Ok(Template { pieces })
    }

    /// The references in their order, each with the place of its first character. The same one may come twice.
    pub fn references(&self) -> impl Iterator<Item = (&Reference, Position)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Slot(slot) => Some((&slot.reference, slot.position)),
        })
    }

    /// Writes the template with the value of each reference in its place, in one pass.
    /// Errors: a reference without a value, or a value that this place cannot hold.
    pub fn fill<'value>(
        &self,
        mut lookup: impl FnMut(&Reference) -> Option<&'value SecretValue>,
    ) -> Result<Zeroizing<Vec<u8>>, TemplateError> {
        let mut output = Output::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => output.push(text),
                Piece::Slot(slot) => {
                    let Slot {
                        reference,
                        position,
                        place,
                    } = slot;
                    let value = lookup(reference).ok_or_else(|| {
                        TemplateError::unresolved(reference, *position, "there is no value for it")
                    })?;
                    place.write(value.expose(), &mut output).map_err(|reason| {
                        TemplateError::about(reference, *position, TemplateFault::Value, reason)
                    })?;
                }
            }
        }
        Ok(output.finish())
    }
}

impl Piece {
    fn slot_mut(&mut self) -> Option<&mut Slot> {
        match self {
            Piece::Text(_) => None,
            Piece::Slot(slot) => Some(slot),
        }
    }

    fn symbols(&self) -> impl Iterator<Item = Symbol> {
        let (text, reference) = match self {
            Piece::Text(text) => (text.as_slice(), None),
            Piece::Slot(_) => (&[][..], Some(REFERENCE)),
        };
        text.iter().copied().map(Symbol::from).chain(reference)
    }
}

/// Reads the value of an environment variable for `keyward run`: a reference is resolved when the whole value is a
/// URI, or where the value contains brace references; the rest is kept. `None`: nothing of the kind, leave it alone.
/// Positions in errors are places inside the value.
pub fn parse_variable(value: &[u8]) -> Result<Option<Template>, TemplateError> {
    let is_uri = |text: &[u8]| {
        text.strip_prefix(URI_START.as_bytes())
            .is_some_and(|body| body.iter().copied().all(is_uri_byte))
    };
    let pieces = if is_uri(value) {
        let position = Position { line: 1, column: 1 };
        let reference = Reference::parse_uri(&String::from_utf8_lossy(value))
            .map_err(|error| TemplateError::at(position, TemplateFault::Syntax, error.to_string()))?;
        vec![Piece::Slot(Slot {
            reference,
            position,
            place: Place::Text,
        })]
    } else if value
        .split_first()
        .is_some_and(|(&first, rest)| first == b'\\' && is_uri(rest))
    {
        vec![Piece::Text(value[1..].to_vec())]
    } else if (0..value.len()).any(|at| Start::find(&value[at..], &Start::BRACES).is_some()) {
        scan(value, &Start::BRACES)?
    } else {
        return Ok(None);
    };
    Ok(Some(Template { pieces }))
}

/// What a reference in text starts with.
#[derive(Clone, Copy)]
enum Start {
    Brace(&'static str),
    Uri,
}

impl Start {
    const BRACES: [Start; 2] = [Start::Brace(BRACE_STARTS[0]), Start::Brace(BRACE_STARTS[1])];
    const ALL: [Start; 3] = [Start::BRACES[0], Start::BRACES[1], Start::Uri];

    fn text(self) -> &'static str {
        match self {
            Start::Brace(text) => text,
            Start::Uri => URI_START,
        }
    }

    fn find(text: &[u8], among: &[Start]) -> Option<Start> {
        among
            .iter()
            .copied()
            .find(|start| text.starts_with(start.text().as_bytes()))
    }

    /// Reads the reference that `text` starts with and says how many bytes it has.
    fn read(self, text: &[u8]) -> Result<(Reference, usize), String> {
        match self {
            Start::Brace(start) => {
                let is_inner = |&b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@');
                let inner = text[start.len()..].iter().take_while(|b| is_inner(b)).count();
                let length = start.len() + inner + 1;
                if text.get(length - 1) != Some(&b'}') {
                    return Err(format!(
                        "{start} begins a reference that no }} completes (for the text itself write \\{start})"
                    ));
                }
                let reference = Reference::parse_brace(&String::from_utf8_lossy(&text[..length]));
                Ok((reference.map_err(|error| error.to_string())?, length))
            }
            Start::Uri => {
                let length = uri_length(text);
                let reference = Reference::parse_uri(&String::from_utf8_lossy(&text[..length]));
                Ok((reference.map_err(|error| error.to_string())?, length))
            }
        }
    }
}

/// Splits bytes into text and references; a backslash before a start makes it text and is dropped.
fn scan(bytes: &[u8], starts: &[Start]) -> Result<Vec<Piece>, TemplateError> {
    let mut locator = Locator::new(bytes);
    let mut pieces = Vec::new();
    let mut text = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest[0] == b'\\'
            && let Some(start) = Start::find(&rest[1..], starts)
        {
            text.extend_from_slice(start.text().as_bytes());
            at += 1 + start.text().len();
        } else if let Some(start) = Start::find(rest, starts) {
            let position = locator.position(at);
            let (reference, length) = start
                .read(rest)
                .map_err(|message| TemplateError::at(position, TemplateFault::Syntax, message))?;
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(Piece::Slot(Slot {
                reference,
                position,
                place: Place::Text,
            }));
            at += length;
        } else {
            text.push(rest[0]);
            at += 1;
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests;
