//! Words of others, made fit to be shown as plain text.

/// Longest description that is kept, in characters (O-33).
const LONGEST_DESCRIPTION: usize = 300;

/// Longest error code that is kept, in bytes; the longest registered one has 29.
const LONGEST_CODE: usize = 64;

/// What stands for an error code that is not printable or not known.
pub(crate) const UNKNOWN_ERROR: &str = "unknown_error";

/// Text without control characters and without the invisible ones that change reading direction or hide,
/// cut at 300 characters. `None` when nothing is left.
pub(crate) fn plain(text: &str) -> Option<String> {
    let text: String = text
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .take(LONGEST_DESCRIPTION)
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Words that Keyward says of what it saw itself; an HTTP status is one too. Nobody else says them.
const OWN: [&str; 8] = [
    "temporary",
    "auth_client_changed",
    "bad_endpoint",
    "bad_response",
    "no_refresh_token",
    "refresh_token_withheld",
    "scopes_not_granted",
    "issuer_moved",
];

/// An error code as a word: the characters of registered codes, or [`UNKNOWN_ERROR`].
pub(crate) fn code(text: &str) -> String {
    let is_ours = OWN.contains(&text) || text.starts_with("http_");
    let fits = !is_ours
        && !text.is_empty()
        && text.len() <= LONGEST_CODE
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if fits {
        text.to_owned()
    } else {
        UNKNOWN_ERROR.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o33_descriptions_are_plain_and_short() {
        assert_eq!(
            plain("a\r\n\u{1b}[31mb\u{202e}c\u{0}").as_deref(),
            Some("a[31mbc")
        );
        assert_eq!(plain("\n\t "), None);
        assert_eq!(
            plain(&"ü".repeat(5_000)).map(|text| text.chars().count()),
            Some(300)
        );
    }

    #[test]
    fn o33_codes_are_words() {
        assert_eq!(code("invalid_grant"), "invalid_grant");
        for odd in [
            "",
            "a b",
            "<script>",
            "a\nb",
            "http_404",
            "temporary",
            &"x".repeat(65),
        ] {
            assert_eq!(code(odd), UNKNOWN_ERROR);
        }
    }
}
