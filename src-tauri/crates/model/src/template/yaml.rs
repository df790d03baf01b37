//! YAML 1.2: what a reference stands in ([`scanner`]) and how a value is written there ([`write`]).
//!
//! Whatever cannot be written so that it is read back as the same value is an error.

use super::output::Output;
use super::place::{NOT_IN_COMMENT, is_one_line, is_printable};

mod scanner;

pub(super) use scanner::places;

/// What a reference in YAML stands in.
pub(super) enum Place {
    /// It is a whole plain scalar.
    Whole,
    /// Part of a longer plain scalar.
    Plain {
        /// Nothing of the scalar stands before it on its line.
        at_start: bool,
        /// Inside `[…]` or `{…}`.
        in_flow: bool,
    },
    /// Inside double quotes.
    Double {
        /// Beside a line break of the scalar, where YAML drops blanks.
        at_fold: bool,
    },
    /// Inside single quotes.
    Single {
        /// Beside a line break of the scalar, where YAML drops blanks.
        at_fold: bool,
    },
    /// Inside a block scalar.
    Block {
        /// `|` keeps line breaks, `>` folds them.
        is_literal: bool,
        /// Spaces in front of each line of it.
        indent: usize,
        /// Nothing but the indentation stands before it on its line.
        at_start: bool,
    },
    /// Inside a comment.
    Comment,
}

/// Writes a value; an error says why this place cannot hold it.
pub(super) fn write(value: &str, place: &Place, output: &mut Output) -> Result<(), &'static str> {
    match *place {
        Place::Whole => {
            output.push(b"\"");
            write_double(value, false, output);
            output.push(b"\"");
        }
        Place::Double { at_fold } => write_double(value, at_fold, output),
        Place::Single { at_fold } => write_single(value, at_fold, output)?,
        Place::Plain { at_start, in_flow } if !is_plain_safe(value, at_start, in_flow) => {
            return Err(
                "the value has characters that mean something in YAML here; put the whole scalar into quotes",
            );
        }
        Place::Block {
            is_literal,
            indent,
            at_start,
        } => {
            write_block(value, is_literal, indent, at_start, output)?;
        }
        Place::Comment if !is_one_line(value) => return Err(NOT_IN_COMMENT),
        Place::Plain { .. } | Place::Comment => output.push_str(value),
    }
    Ok(())
}

/// YAML 1.2.2 section 5.7. At a fold, blanks and document markers at the ends are escaped too.
fn write_double(value: &str, at_fold: bool, output: &mut Output) {
    let last = value.len().saturating_sub(1);
    for (index, c) in value.char_indices() {
        let is_end = at_fold && (index == 0 || index == last);
        match c {
            '"' => output.push_str("\\\""),
            '\\' => output.push_str("\\\\"),
            '\0' => output.push_str("\\0"),
            '\t' => output.push_str("\\t"),
            '\n' => output.push_str("\\n"),
            '\r' => output.push_str("\\r"),
            ' ' if is_end => output.push_str("\\x20"),
            '-' if is_end => output.push_str("\\x2d"),
            '.' if is_end => output.push_str("\\x2e"),
            '\u{2028}' => output.push_str("\\L"),
            '\u{2029}' => output.push_str("\\P"),
            '\u{FEFF}' => output.push_str("\\ufeff"),
            '\u{FFFE}' => output.push_str("\\ufffe"),
            '\u{FFFF}' => output.push_str("\\uffff"),
            c if c.is_control() => {
                output.push_str("\\x");
                output.push_char(char::from_digit((u32::from(c) >> 4) & 15, 16).unwrap_or('0'));
                output.push_char(char::from_digit(u32::from(c) & 15, 16).unwrap_or('0'));
            }
            _ => output.push_char(c),
        }
    }
}

fn write_single(value: &str, at_fold: bool, output: &mut Output) -> Result<(), &'static str> {
    if !is_one_line(value) {
        return Err(
            "the value has a line break or control characters, which single quotes cannot hold; use double quotes",
        );
    }
    let ends = [' ', '\t', '-', '.'];
    if at_fold && (value.starts_with(ends) || value.ends_with([' ', '\t'])) {
        return Err(
            "the value stands beside a line break, where YAML would read it otherwise; use double quotes",
        );
    }
    for c in value.chars() {
        if c == '\'' {
            output.push(b"'");
        }
        output.push_char(c);
    }
    Ok(())
}

fn write_block(
    value: &str,
    is_literal: bool,
    indent: usize,
    at_start: bool,
    output: &mut Output,
) -> Result<(), &'static str> {
    if !value
        .chars()
        .all(|c| is_printable(c) || (c == '\n' && is_literal))
    {
        return Err(
            "the value has line breaks or control characters, which this block cannot hold; write it in quotes",
        );
    }
    if at_start && (value.is_empty() || value.starts_with([' ', '\t', '\n'])) {
        return Err(
            "the value is empty or starts with a space, which would change the block; write it in quotes",
        );
    }
    if indent == 0
        && value
            .split('\n')
            .any(|line| line.starts_with("---") || line.starts_with("..."))
    {
        return Err("the value has a line that would end the document; indent the block");
    }
    for (number, line) in value.split('\n').enumerate() {
        if number > 0 {
            output.push(b"\n");
            (0..indent).for_each(|_| output.push(b" "));
        }
        output.push_str(line);
    }
    Ok(())
}

/// True when a value inside a longer plain scalar stays what it is whatever stands around it.
fn is_plain_safe(value: &str, at_start: bool, in_flow: bool) -> bool {
    let mut before = None;
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        let is_inner = before.is_some_and(|b| b != ' ') && rest.peek().is_some();
        let safe = match c {
            c if c.is_alphanumeric() => true,
            '_' | '/' => true,
            '.' | '-' | '+' | '=' | '~' | '^' | '$' | ';' | '(' | ')' | '@' | '%' | '!' | '*' | '&' | '<'
            | '>' | '|' | '"' | '\'' | '\\' | '`' => before.is_some() || !at_start,
            ' ' => is_inner,
            '#' => is_inner,
            ':' => !in_flow && is_inner && rest.peek() != Some(&' '),
            ',' | '?' | '[' | ']' | '{' | '}' => !in_flow && (before.is_some() || !at_start),
            _ => false,
        };
        if !safe {
            return false;
        }
        before = Some(c);
    }
    // An empty value would let what stands beside it meet.
    before.is_some()
}
