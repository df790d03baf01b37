//! JSON: a value can be written inside a string only, with the escapes of RFC 8259 section 7.

use super::output::Output;
use super::place::{Cursor, Found, Place, REFERENCE, Symbol, is_break};

const OUTSIDE: &str = "in JSON a reference stands inside a string, between double quotes";

/// What each reference stands in. Comments are skipped, as files called .json often have them.
pub(super) fn places(symbols: &[Symbol]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut cursor = Cursor::new(symbols);
    let mut in_string = false;
    while !cursor.done() {
        if cursor.peek(0) == REFERENCE {
            found.push(if in_string { Ok(Place::Json) } else { Err(OUTSIDE) });
        } else if in_string && cursor.is(b'\\') && cursor.peek(1) != REFERENCE {
            cursor.at += 1;
        } else if cursor.is(b'"') {
            in_string = !in_string;
        } else if !in_string && (cursor.starts_with("//") || cursor.starts_with("/*")) {
            found.extend(skip_comment(&mut cursor));
            continue;
        }
        cursor.at += 1;
    }
    found
}

fn skip_comment(cursor: &mut Cursor<'_>) -> Vec<Found> {
    let is_block = cursor.starts_with("/*");
    let mut found = Vec::new();
    cursor.at += 2;
    while !cursor.done() {
        if is_block && cursor.starts_with("*/") {
            cursor.at += 2;
            break;
        }
        if !is_block && is_break(cursor.peek(0)) {
            break;
        }
        if cursor.peek(0) == REFERENCE {
            found.push(Err(OUTSIDE));
        }
        cursor.at += 1;
    }
    found
}

/// Writes the inside of a JSON string.
pub(super) fn write(value: &str, output: &mut Output) {
    for c in value.chars() {
        match c {
            '"' => output.push_str("\\\""),
            '\\' => output.push_str("\\\\"),
            '\u{8}' => output.push_str("\\b"),
            '\u{C}' => output.push_str("\\f"),
            '\n' => output.push_str("\\n"),
            '\r' => output.push_str("\\r"),
            '\t' => output.push_str("\\t"),
            '\0'..='\u{1F}' => {
                output.push_str("\\u00");
                output.push_char(char::from_digit(u32::from(c) >> 4, 16).unwrap_or('0'));
                output.push_char(char::from_digit(u32::from(c) & 15, 16).unwrap_or('0'));
            }
            _ => output.push_char(c),
        }
    }
}
