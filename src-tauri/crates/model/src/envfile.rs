//! The syntax of `.env` files, for `--env-file` and `credential add --from` (CLI.md).
//!
//! `NAME=value` lines, an optional `export` in front, comments, quotes. Nothing is expanded: not `$NAME`, and no
//! reference either, which the caller reads with [`crate::template::parse_variable`].

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::template::Locator;

/// One `NAME=value` of a file. The same name may come twice; the caller decides.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvLine {
    /// The name: `[A-Za-z_][A-Za-z0-9_.-]*`.
    pub name: String,
    /// The value without its quotes and escapes; wiped on drop, since it may be a secret.
    pub value: Zeroizing<Vec<u8>>,
    /// The line the name stands on, from 1.
    pub line: usize,
}

impl fmt::Debug for EnvLine {
    /// Shows no value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvLine")
            .field("name", &self.name)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// A place where the file is not in the syntax of `.env` files. Holds nothing of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {fault}")]
pub struct EnvFileError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1; in bytes when the file is not UTF-8.
    pub column: usize,
    /// What is wrong there.
    pub fault: EnvFileFault,
}

/// What is wrong at a place of a `.env` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EnvFileFault {
    /// No name, or not one of a variable.
    #[error(
        "a line starts with the name of a variable, which has only A-Z a-z 0-9 _ . and -, and no digit first"
    )]
    Name,
    /// No `=` after the name.
    #[error("the name of a variable is followed by =")]
    Equals,
    /// A `"` that nothing closes.
    #[error("these double quotes are never closed")]
    DoubleQuote,
    /// A `'` that nothing closes on its line.
    #[error(
        "these single quotes are not closed on their line; a value of several lines stands in double quotes"
    )]
    SingleQuote,
    /// Text behind the closing quote.
    #[error("after the closing quote only a comment may follow")]
    AfterQuote,
}

/// Reads a file.
///
/// - Blank lines and lines that start with `#` are skipped.
/// - `NAME=value`: up to the end of the line or to a `#` with a blank before it, without blanks around; a backslash is
///   itself.
/// - `NAME='value'`: as it stands, on one line.
/// - `NAME="value"`: over any number of lines, with `\n \r \t \" \\ \$`; before anything else a backslash is itself.
pub fn parse(bytes: &[u8]) -> Result<Vec<EnvLine>, EnvFileError> {
    let start = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let mut reader = Reader { bytes, at: start };
    let mut locator = Locator::new(bytes);
    let mut lines = Vec::new();
    while reader.at < bytes.len() {
        let begin = reader.at;
        match reader.take_line() {
            Ok(None) => {}
            Ok(Some((name, value))) => {
                lines.push(EnvLine {
                    name,
                    value,
                    line: locator.position(begin).line,
                });
            }
            Err((offset, fault)) => {
                let place = Locator::new(bytes).position(offset);
                return Err(EnvFileError {
                    line: place.line,
                    column: place.column,
                    fault,
                });
            }
        }
    }
    Ok(lines)
}

struct Reader<'bytes> {
    bytes: &'bytes [u8],
    at: usize,
}

type Fault = (usize, EnvFileFault);
type Assignment = (String, Zeroizing<Vec<u8>>);

impl<'bytes> Reader<'bytes> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    /// Takes what is left of the line, without its line break.
    fn rest_of_line(&mut self) -> &'bytes [u8] {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        self.at = (self.at + length + 1).min(self.bytes.len());
        rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length])
    }

    /// Takes a line, or several when double quotes span them.
    fn take_line(&mut self) -> Result<Option<Assignment>, Fault> {
        self.skip_blanks();
        let here = self.at;
        let first = self.rest_of_line();
        if first.is_empty() || first.starts_with(b"#") {
            return Ok(None);
        }
        self.at = here;
        let name = self.take_name()?;
        self.skip_blanks();
        if self.peek() != Some(b'=') {
            return Err((self.at, EnvFileFault::Equals));
        }
        self.at += 1;
        let value_start = self.at;
        self.skip_blanks();
        let value = match self.peek() {
            Some(b'"') => self.take_double()?,
            Some(b'\'') => self.take_single()?,
            _ => {
                self.at = value_start;
                self.take_bare()
            }
        };
        Ok(Some((name, value)))
    }

    fn take_name(&mut self) -> Result<String, Fault> {
        let rest = &self.bytes[self.at..];
        if let Some(after) = rest.strip_prefix(b"export")
            && after.first().is_some_and(|b| matches!(b, b' ' | b'\t'))
        {
            let here = self.at;
            self.at += 6;
            self.skip_blanks();
            // `export = x` sets a variable of that name.
            if self.peek() == Some(b'=') {
                self.at = here;
            }
        }
        let rest = &self.bytes[self.at..];
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
        let length = rest.iter().take_while(|b| is_name(b)).count();
        if !rest
            .first()
            .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        {
            return Err((self.at, EnvFileFault::Name));
        }
        self.at += length;
        Ok(String::from_utf8_lossy(&rest[..length]).into_owned())
    }

    fn take_bare(&mut self) -> Zeroizing<Vec<u8>> {
        let line = self.rest_of_line();
        let is_blank = |b: u8| b == b' ' || b == b'\t';
        let comment = (1..line.len()).find(|&at| line[at] == b'#' && is_blank(line[at - 1]));
        let mut value = &line[..comment.unwrap_or(line.len())];
        while let Some((&b, rest)) = value.split_first()
            && is_blank(b)
        {
            value = rest;
        }
        while let Some((&b, rest)) = value.split_last()
            && is_blank(b)
        {
            value = rest;
        }
        Zeroizing::new(value.to_vec())
    }

    fn take_single(&mut self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let quote = self.at;
        let rest = &self.bytes[quote + 1..];
        let length = rest.iter().position(|&b| b == b'\'' || b == b'\n');
        let Some(length) = length.filter(|&at| rest[at] == b'\'') else {
            return Err((quote, EnvFileFault::SingleQuote));
        };
        self.at = quote + 1 + length + 1;
        self.end_quoted()?;
        Ok(Zeroizing::new(rest[..length].to_vec()))
    }

    fn take_double(&mut self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let quote = self.at;
        let rest = &self.bytes[quote + 1..];
        let mut length = 0;
        while rest.get(length).is_some_and(|&b| b != b'"') {
            length += if rest[length] == b'\\' { 2 } else { 1 };
        }
        if length >= rest.len() {
            return Err((quote, EnvFileFault::DoubleQuote));
        }
        // Escapes only shrink, so the buffer never moves and leaves no copy.
        let mut value = Zeroizing::new(Vec::with_capacity(length));
        let mut raw = rest[..length].iter().copied();
        while let Some(byte) = raw.next() {
            if byte != b'\\' {
                value.push(byte);
                continue;
            }
            match raw.next() {
                Some(b'n') => value.push(b'\n'),
                Some(b'r') => value.push(b'\r'),
                Some(b't') => value.push(b'\t'),
                Some(escaped @ (b'"' | b'\\' | b'$')) => value.push(escaped),
                Some(other) => value.extend([b'\\', other]),
                None => value.push(b'\\'),
            }
        }
        self.at = quote + 1 + length + 1;
        self.end_quoted()?;
        Ok(value)
    }

    fn end_quoted(&mut self) -> Result<(), Fault> {
        self.skip_blanks();
        let here = self.at;
        let rest = self.rest_of_line();
        if rest.is_empty() || rest.starts_with(b"#") {
            Ok(())
        } else {
            Err((here, EnvFileFault::AfterQuote))
        }
    }
}

#[cfg(test)]
mod tests;
