//! Quotes of CSV, looked at before the reader: RFC 4180 closes each, and the reader takes whatever follows one that is
//! not closed, rows and all, as its value.

use crate::error::{Error, Result};

/// Where in the record the next byte stands.
enum At {
    /// A field begins.
    Start,
    /// In a field without quotes around it.
    Bare,
    /// Between quotes.
    Quoted,
    /// Behind a quote that closes the field, unless another quote follows.
    Closed,
}

/// Refuses a quote that is never closed, and text behind one that is: both come from one quote too few or too many.
///
/// # Errors
/// [`crate::Fault::Malformed`] with the line and column where the quote opens.
pub(crate) fn check(bytes: &[u8], delimiter: u8) -> Result<()> {
    let mut at = At::Start;
    let (mut line, mut column) = (1_usize, 0_usize);
    let mut opened = (line, column);
    for &byte in bytes {
        // A character counts once: bytes that continue one are no columns.
        if byte & 0xc0 != 0x80 {
            column += 1;
        }
        let ends = byte == delimiter || matches!(byte, b'\n' | b'\r');
        at = match (at, byte) {
            (At::Start, b'"') => {
                opened = (line, column);
                At::Quoted
            }
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, _) | (At::Closed, b'"') => At::Quoted,
            _ if ends => At::Start,
            // Spreadsheets of some people pad their columns.
            (At::Closed, b' ' | b'\t') => At::Closed,
            (At::Closed, _) => {
                return Err(fault(
                    opened,
                    "text follows the quote that closes this one; a quote inside a value is written twice",
                ));
            }
            (At::Start | At::Bare, _) => At::Bare,
        };
        if byte == b'\n' {
            (line, column) = (line + 1, 0);
        }
    }
    match at {
        At::Quoted => Err(fault(opened, "the quote that opens here is not closed")),
        _ => Ok(()),
    }
}

fn fault((line, column): (usize, usize), reason: &str) -> Error {
    Error::malformed(reason).at(format!("line {line}, column {column}"))
}

#[cfg(test)]
mod tests {
    fn check(text: &str, expect: Option<(&str, &str)>) {
        let error = super::check(text.as_bytes(), b',').err();
        let found = error
            .as_ref()
            .map(|error| (error.place.as_str(), error.reason.as_str()));
        match (found, expect) {
            (Some((place, reason)), Some((at, word))) => {
                assert_eq!(place, at, "{text:?}");
                assert!(reason.contains(word), "{reason}");
            }
            (found, expect) => assert_eq!(found, expect, "{text:?}"),
        }
    }

    /// RFC 4180, 2.5 to 2.7.
    #[test]
    fn quotes_close_where_their_field_ends() {
        for whole in [
            "",
            "k,v\nA,\"b\"\n",
            "k,v\r\nA,\"b, \"\"c\"\"\nd\"\r\nB,e",
            "k,v\nA,\"\"",
            "k,v\nA,b\"c\n",
            "k,v\nA,\"b\" ,c\n",
        ] {
            check(whole, None);
        }
        check(
            "k,v\nZZ,\"open\nQQ,two\nRR,three",
            Some(("line 2, column 4", "not closed")),
        );
        check("k,v\né,\"open\"\"\n", Some(("line 2, column 3", "not closed")));
        // One quote too many or too few turns the next into its end.
        check(
            "k,v\nZZ,\"open\nQQ,\"two\"\n",
            Some(("line 2, column 4", "text follows")),
        );
        check("\"k\"k,v\n", Some(("line 1, column 1", "text follows")));
    }
}
