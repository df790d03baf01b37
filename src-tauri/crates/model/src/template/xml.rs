//! XML 1.0: entities in text and attributes, as is in CDATA sections and comments where that is possible.

use super::output::Output;
use super::place::{self, Cursor, Found, REFERENCE, Symbol};

/// What a reference in XML stands in.
pub(super) enum Place {
    /// Between tags.
    Text {
        /// `>` or `]>` stands after, which may not follow `]` in text (XML 1.0, section 2.4).
        joins_after: bool,
    },
    /// Inside a quoted attribute value.
    Attribute,
    /// Inside a comment.
    Comment,
    /// Inside a CDATA section. The flags say that `]]>` could come about together with what stands beside it.
    Cdata {
        /// `]` or a reference stands before.
        joins_before: bool,
        /// `>` or `]>` or a reference stands after.
        joins_after: bool,
    },
}

const IN_TAG: &str = "inside a tag a reference stands in a quoted attribute value";
const IN_DECLARATION: &str = "a declaration or processing instruction of XML cannot hold a reference";

/// What each reference stands in.
pub(super) fn places(symbols: &[Symbol]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut cursor = Cursor::new(symbols);
    while !cursor.done() {
        if cursor.peek(0) == REFERENCE {
            found.push(found_in(Place::Text {
                joins_after: joins_after(&cursor),
            }));
            cursor.at += 1;
        } else if cursor.starts_with("<!--") {
            cursor.at += 4;
            until(&mut cursor, "-->", &mut found, |_| found_in(Place::Comment));
        } else if cursor.starts_with("<![CDATA[") {
            cursor.at += 9;
            until(&mut cursor, "]]>", &mut found, |cursor| found_in(cdata(cursor)));
        } else if cursor.starts_with("<?") {
            cursor.at += 2;
            until(&mut cursor, "?>", &mut found, |_| Err(IN_DECLARATION));
        } else if cursor.starts_with("<!") {
            take_declaration(&mut cursor, &mut found);
        } else if cursor.is(b'<') {
            take_tag(&mut cursor, &mut found);
        } else {
            cursor.at += 1;
        }
    }
    found
}

fn found_in(place: Place) -> Found {
    Ok(place::Place::Xml(place))
}

/// Moves behind `end`, asking `place` for every reference on the way.
fn until(cursor: &mut Cursor<'_>, end: &str, found: &mut Vec<Found>, place: impl Fn(&Cursor<'_>) -> Found) {
    while !cursor.done() {
        if cursor.starts_with(end) {
            cursor.at += end.len();
            return;
        }
        if cursor.peek(0) == REFERENCE {
            found.push(place(cursor));
        }
        cursor.at += 1;
    }
}

fn cdata(cursor: &Cursor<'_>) -> Place {
    Place::Cdata {
        joins_before: cursor.before() == Symbol::from(b']') || cursor.before() == REFERENCE,
        joins_after: cursor.peek(1) == REFERENCE || joins_after(cursor),
    }
}

/// True when what stands behind the reference could complete a `]]>` that a value begins.
fn joins_after(cursor: &Cursor<'_>) -> bool {
    let (bracket, angle) = (Symbol::from(b']'), Symbol::from(b'>'));
    let next = cursor.peek(1);
    next == angle || (next == bracket && cursor.peek(2) != bracket)
}

fn take_tag(cursor: &mut Cursor<'_>, found: &mut Vec<Found>) {
    while !cursor.done() && !cursor.is(b'>') {
        if cursor.is(b'"') || cursor.is(b'\'') {
            let quote = cursor.peek(0);
            cursor.at += 1;
            while !cursor.done() && cursor.peek(0) != quote {
                if cursor.peek(0) == REFERENCE {
                    found.push(found_in(Place::Attribute));
                }
                cursor.at += 1;
            }
        } else if cursor.peek(0) == REFERENCE {
            found.push(Err(IN_TAG));
        }
        cursor.at += 1;
    }
    cursor.at += 1;
}

/// `<!DOCTYPE …>` with an internal subset in brackets, in which comments and quoted text may hold a `>`.
fn take_declaration(cursor: &mut Cursor<'_>, found: &mut Vec<Found>) {
    let mut brackets = 0_usize;
    while !cursor.done() {
        if cursor.starts_with("<!--") {
            cursor.at += 4;
            until(cursor, "-->", found, |_| found_in(Place::Comment));
            continue;
        }
        if cursor.is(b'"') || cursor.is(b'\'') {
            let quote = if cursor.is(b'"') { "\"" } else { "'" };
            cursor.at += 1;
            until(cursor, quote, found, |_| Err(IN_DECLARATION));
            continue;
        }
        if cursor.is(b'[') {
            brackets += 1;
        } else if cursor.is(b']') {
            brackets = brackets.saturating_sub(1);
        } else if cursor.peek(0) == REFERENCE {
            found.push(Err(IN_DECLARATION));
        }
        cursor.at += 1;
        if cursor.before() == Symbol::from(b'>') && brackets == 0 {
            return;
        }
    }
}

/// Writes a value; an error says why this place cannot hold it.
pub(super) fn write(value: &str, place: &Place, output: &mut Output) -> Result<(), &'static str> {
    if !value.chars().all(is_xml_char) {
        return Err("the value has a control character that XML cannot hold");
    }
    match place {
        Place::Text { .. } | Place::Attribute => write_entities(value, place, output),
        Place::Comment if value.is_empty() => {
            return Err("the value is empty, and what stands beside it could end the comment");
        }
        Place::Comment if value.contains("--") || value.starts_with(['-', '>']) || value.ends_with('-') => {
            return Err("the value has -- in it or - or > at an end, which a comment of XML cannot hold");
        }
        Place::Cdata {
            joins_before,
            joins_after,
        } if value.contains("]]>")
            || (*joins_before && (value.is_empty() || value.starts_with([']', '>'])))
            || (*joins_after && (value.is_empty() || value.ends_with(']'))) =>
        {
            return Err("the value would make ]]> here, which ends a CDATA section");
        }
        Place::Comment | Place::Cdata { .. } => output.push_str(value),
    }
    Ok(())
}

fn write_entities(value: &str, place: &Place, output: &mut Output) {
    let in_attribute = matches!(place, Place::Attribute);
    let escapes_end = matches!(place, Place::Text { joins_after: true });
    for (index, c) in value.char_indices() {
        match c {
            '&' => output.push_str("&amp;"),
            '<' => output.push_str("&lt;"),
            '>' => output.push_str("&gt;"),
            '"' => output.push_str("&quot;"),
            '\'' => output.push_str("&apos;"),
            // A parser would read these as something else (XML 1.0, sections 2.11 and 3.3.3).
            '\r' => output.push_str("&#13;"),
            '\n' if in_attribute => output.push_str("&#10;"),
            '\t' if in_attribute => output.push_str("&#9;"),
            ']' if escapes_end && index + 1 == value.len() => output.push_str("&#93;"),
            _ => output.push_char(c),
        }
    }
}

/// XML 1.0, section 2.2.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..)
}
