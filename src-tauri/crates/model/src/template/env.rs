//! `.env` files: `NAME=value` lines. What is written here is read back by [`crate::envfile`] as the same value.

use super::output::Output;
use super::place::{self, Cursor, Found, NOT_IN_COMMENT, REFERENCE, Symbol, is_blank, is_break, is_one_line};

/// What a reference in a `.env` file stands in.
pub(super) enum Place {
    /// It is the whole unquoted right-hand side.
    Whole,
    /// Part of an unquoted right-hand side, or beside quotes.
    Bare,
    /// Inside double quotes.
    Double,
    /// Inside single quotes.
    Single,
    /// Inside a comment.
    Comment,
}

const IN_NAME: &str = "in a .env file a reference stands on the right-hand side of NAME=";

/// What each reference stands in.
pub(super) fn places(symbols: &[Symbol]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut cursor = Cursor::new(symbols);
    while !cursor.done() {
        cursor.skip_blanks();
        if cursor.is(b'#') {
            take_line(&mut cursor, &mut found);
        } else {
            while !is_break(cursor.peek(0)) && !cursor.is(b'=') {
                if cursor.peek(0) == REFERENCE {
                    found.push(Err(IN_NAME));
                }
                cursor.at += 1;
            }
            if cursor.is(b'=') {
                cursor.at += 1;
                take_value(&mut cursor, &mut found);
            }
        }
        // The line break, or a carriage return in front of it.
        cursor.at += 1;
    }
    found
}

fn found_in(place: Place) -> Found {
    Ok(place::Place::Env(place))
}

fn take_value(cursor: &mut Cursor<'_>, found: &mut Vec<Found>) {
    cursor.skip_blanks();
    if cursor.is(b'"') || cursor.is(b'\'') {
        let quote = cursor.peek(0);
        let is_double = cursor.is(b'"');
        cursor.at += 1;
        while !cursor.done() && cursor.peek(0) != quote {
            if !is_double && is_break(cursor.peek(0)) {
                return;
            }
            if cursor.peek(0) == REFERENCE {
                found.push(found_in(if is_double { Place::Double } else { Place::Single }));
            } else if is_double && cursor.is(b'\\') && cursor.peek(1) != REFERENCE {
                cursor.at += 1;
            }
            cursor.at += 1;
        }
        cursor.at += 1;
    } else if cursor.peek(0) == REFERENCE {
        let start = cursor.at;
        cursor.at += 1;
        cursor.skip_blanks();
        let is_comment = cursor.is(b'#') && is_blank(cursor.before());
        if is_comment || is_break(cursor.peek(0)) {
            found.push(found_in(Place::Whole));
        } else {
            cursor.at = start;
        }
    }
    take_line(cursor, found);
}

/// The rest of a line that is not inside quotes.
fn take_line(cursor: &mut Cursor<'_>, found: &mut Vec<Found>) {
    let mut in_comment = false;
    while !is_break(cursor.peek(0)) {
        in_comment |= cursor.is(b'#') && (is_blank(cursor.before()) || is_break(cursor.before()));
        if cursor.peek(0) == REFERENCE {
            found.push(found_in(if in_comment { Place::Comment } else { Place::Bare }));
        }
        cursor.at += 1;
    }
}

/// Writes a value; an error says why this place cannot hold it.
pub(super) fn write(value: &str, place: &Place, output: &mut Output) -> Result<(), &'static str> {
    if value.contains('\0') {
        return Err("the value has a NUL byte, which a .env file cannot hold");
    }
    match place {
        Place::Whole => {
            output.push(b"\"");
            write_double(value, output);
            output.push(b"\"");
        }
        Place::Double => write_double(value, output),
        Place::Single if value.contains(['\'', '\n', '\r']) => {
            return Err(
                "the value has a ' or a line break, which single quotes cannot hold; use double quotes",
            );
        }
        // `A={vault.X}'y` with nothing for X would begin with a quote, `A=z {vault.X}#y` end in a comment.
        Place::Bare if value.is_empty() => {
            return Err(
                "the value is empty, so the rest would be read anew; put the whole right-hand side into double quotes",
            );
        }
        Place::Bare if !value.chars().all(is_bare_safe) => {
            return Err("the value needs quotes; put the whole right-hand side into double quotes");
        }
        Place::Comment if !is_one_line(value) => return Err(NOT_IN_COMMENT),
        Place::Single | Place::Bare | Place::Comment => output.push_str(value),
    }
    Ok(())
}

fn write_double(value: &str, output: &mut Output) {
    for c in value.chars() {
        match c {
            '\n' => output.push_str("\\n"),
            // Readers turn a bare carriage return into a line feed.
            '\r' => output.push_str("\\r"),
            '"' | '\\' | '$' => {
                output.push(b"\\");
                output.push_char(c);
            }
            _ => output.push_char(c),
        }
    }
}

/// Characters that every reader of .env files, and a shell, takes as they are.
fn is_bare_safe(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | ':' | '@' | '%' | '+' | ',' | '=' | '-')
}
