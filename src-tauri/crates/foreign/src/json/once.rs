//! Members that stand twice. RFC 8259 leaves open which of two counts, and programs differ: the parser keeps the last
//! without a word, and a value is lost.

use std::collections::HashSet;

use crate::error::{Error, Result};

/// Refuses an object that has a member twice, in a document that was parsed already.
///
/// # Errors
/// [`crate::Fault::Malformed`] with line and column of the second. Its name is not said: in a broken file a value may stand
/// where a name should (R-17).
pub(super) fn check(document: &[u8]) -> Result<()> {
    // The names in each object that is open; a list has none.
    let mut open: Vec<HashSet<String>> = Vec::new();
    let mut at = 0;
    while let Some(&byte) = document.get(at) {
        match byte {
            b'{' | b'[' => open.push(HashSet::new()),
            b'}' | b']' => drop(open.pop()),
            b'"' => {
                let end = end_of_text(document, at);
                let is_name = document[end..]
                    .iter()
                    .find(|byte| !byte.is_ascii_whitespace())
                    .is_some_and(|byte| *byte == b':');
                // The name may be written in several ways: it is compared as what it means.
                if is_name
                    && let Some(names) = open.last_mut()
                    && let Ok(name) = serde_json::from_slice::<String>(&document[at..end])
                    && !names.insert(name)
                {
                    let reason = "a member stands here for the second time";
                    return Err(Error::malformed(reason).at(place(document, at)));
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// Behind the quote that closes the text which begins here.
fn end_of_text(document: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = document.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    document.len()
}

fn place(document: &[u8], at: usize) -> String {
    let before = &document[..at];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    // A character counts once: bytes that continue one are no columns.
    let column = before[start..]
        .iter()
        .filter(|byte| **byte & 0xc0 != 0x80)
        .count()
        + 1;
    format!("line {line}, column {column}")
}

#[cfg(test)]
mod tests {
    fn check(text: &str, expect: Option<&str>) {
        let error = super::check(text.as_bytes()).err();
        assert_eq!(error.as_ref().map(|error| error.place.as_str()), expect, "{text}");
    }

    #[test]
    fn a_member_stands_once_in_its_object() {
        check(
            r#"{"a": {"a": 1}, "b": [{"a": 1}, {"a": "a"}], "c": "a\": \"", "A": ["a", "a"]}"#,
            None,
        );
        check("", None);
        check(r#"{"a": 1, "b": 2, "a": 3}"#, Some("line 1, column 18"));
        check("{\"x\": {\"a\": [{}],\n  \"a\" : 3}}", Some("line 2, column 3"));
        check(r#"[{"é": 1, "\u00e9": 2}]"#, Some("line 1, column 11"));
        check(r#"{"a\\": "\\", "a\\": 2}"#, Some("line 1, column 15"));
    }
}
