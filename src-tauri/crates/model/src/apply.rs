//! How a credential is applied to a request: part of the credential, so that nobody has to put it into a script (WK1).

use std::{fmt, str::FromStr};

use thiserror::Error;

/// Where in a request a value goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Apply {
    /// In the header of this name. In `Authorization` a token follows the word `Bearer` (RFC 6750 §2.1).
    Header(String),
    /// In the query parameter of this name.
    Query(String),
    /// As HTTP Basic (RFC 7617); a single value is the user name, with no password.
    Basic,
    /// In the form member of this name.
    Body(String),
}

/// Text that says no way of applying a credential.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApplyError {
    /// None of the four forms.
    #[error("write header:NAME, query:NAME, basic or body:NAME")]
    Form,
    /// A name that cannot be a header's.
    #[error("a header's name has letters, digits and !#$%&'*+-.^_`|~ alone, at most 128 (RFC 9110 §5.1)")]
    Header,
    /// A header that frames the message.
    #[error("{0} is a header that an HTTP client sets by itself")]
    Framing(String),
    /// A name that cannot be a parameter's.
    #[error("a parameter's name has 1 to 128 printable ASCII characters and no spaces, & or =")]
    Parameter,
}

/// Longest name, in bytes.
const LONGEST_NAME: usize = 128;

/// Headers that frame a message or belong to its connection (RFC 9110 §7.6.1, RFC 9112): a value there would break the request.
const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Apply {
    /// Reads `header:NAME`, `query:NAME`, `basic` or `body:NAME`.
    ///
    /// # Errors
    /// [`ApplyError`] says which rule is broken.
    pub fn parse(text: &str) -> Result<Self, ApplyError> {
        match text.split_once(':') {
            None if text == "basic" => Ok(Self::Basic),
            Some(("header", name)) => header(name).map(Self::Header),
            Some(("query", name)) => parameter(name).map(Self::Query),
            Some(("body", name)) => parameter(name).map(Self::Body),
            _ => Err(ApplyError::Form),
        }
    }
}

fn header(name: &str) -> Result<String, ApplyError> {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_token) {
        return Err(ApplyError::Header);
    }
    if FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing)) {
        return Err(ApplyError::Framing(name.to_owned()));
    }
    Ok(name.to_owned())
}

fn parameter(name: &str) -> Result<String, ApplyError> {
    let is_plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'&' | b'=');
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_plain) {
        return Err(ApplyError::Parameter);
    }
    Ok(name.to_owned())
}

impl fmt::Display for Apply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Query(name) => write!(f, "query:{name}"),
            Self::Basic => f.write_str("basic"),
            Self::Body(name) => write!(f, "body:{name}"),
        }
    }
}

impl FromStr for Apply {
    type Err = ApplyError;

    fn from_str(text: &str) -> Result<Self, ApplyError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wk1_every_form_is_read_and_written_alike() {
        for text in [
            "header:X-API-Key",
            "query:api_key",
            "basic",
            "body:token",
            "query:a[b]",
        ] {
            assert_eq!(Apply::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn wk1_what_would_break_a_request_is_refused() {
        for text in ["", "header", "Basic", "cookie:x", "basic:x", "HEADER:X"] {
            assert_eq!(Apply::parse(text), Err(ApplyError::Form), "{text:?}");
        }
        for text in ["header:", "header:a b", "header:a\r\nb", "header:ä", "header:a:b"] {
            assert_eq!(Apply::parse(text), Err(ApplyError::Header), "{text:?}");
        }
        for text in ["header:Host", "header:content-length", "header:Transfer-Encoding"] {
            assert!(
                matches!(Apply::parse(text), Err(ApplyError::Framing(_))),
                "{text:?}"
            );
        }
        for text in ["query:", "query:a&b", "query:a=b", "body:a b", "body:\n"] {
            assert_eq!(Apply::parse(text), Err(ApplyError::Parameter), "{text:?}");
        }
        assert!(Apply::parse(&format!("header:{}", "x".repeat(128))).is_ok());
        assert!(Apply::parse(&format!("header:{}", "x".repeat(129))).is_err());
    }
}
