//! What the browser is shown: constant bytes (O-31). Nothing of a request is ever part of an answer (O-34).

use crate::callback::Reason;

/// Where the browser is sent once the answer was taken, so that no code stays in its history (O-32).
pub(crate) const DONE: &str = "/done";

macro_rules! style {
    () => {
        "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:18vh auto;padding:0 1.5rem;\
         color:#1c1f23;background:#fafafa}h1{font-size:1.25rem}\
         @media(prefers-color-scheme:dark){body{color:#e8eaed;background:#17191c}}"
    };
}

macro_rules! page {
    ($title:literal, $text:literal) => {
        concat!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">",
            "<meta name=\"viewport\" content=\"width=device-width\"><title>Keyward</title><style>",
            style!(),
            "</style><h1>",
            $title,
            "</h1><p>",
            $text,
            "</p></html>\n"
        )
    };
}

/// The provider gave a code; whether the exchange succeeds is shown by the app.
const TAKEN: &str = page!(
    "The answer has arrived",
    "Keyward is finishing the connection and shows the result. You can close this tab."
);

const REFUSED: &str = page!(
    "No access was given",
    "Nothing was connected. Keyward says why. You can close this tab."
);

const NOT_OURS: &str = page!(
    "This address does nothing",
    "It does not belong to the connection that Keyward is making. That one goes on undisturbed."
);

const USED: &str = page!(
    "This answer was used already",
    "Once is enough. Keyward shows the result. You can close this tab."
);

/// SHA-256 of the style sheet, base64; a test holds it to the text above.
const STYLE_HASH: &str = "sha256-+tvtVWxaYClsk26VKGdD6VG0InH08SFoI8ZrepFIbVg=";

/// How the consent went, as far as the browser is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Taken,
    Refused,
}

/// The answer to the genuine callback.
pub(crate) fn see_done() -> Vec<u8> {
    response("303 See Other", &format!("Location: {DONE}\r\n"), "")
}

/// The page that the browser arrives at.
pub(crate) fn done(outcome: Outcome) -> Vec<u8> {
    let page = match outcome {
        Outcome::Taken => TAKEN,
        Outcome::Refused => REFUSED,
    };
    response("200 OK", "", page)
}

/// The answer to everything else.
pub(crate) fn stray(reason: Reason) -> Vec<u8> {
    match reason {
        Reason::Malformed | Reason::State | Reason::Empty => response("400 Bad Request", "", NOT_OURS),
        Reason::AlreadyUsed => response("400 Bad Request", "", USED),
        Reason::Page => response("403 Forbidden", "", ""),
        Reason::Path => response("404 Not Found", "", ""),
        Reason::Method => response("405 Method Not Allowed", "Allow: GET\r\n", ""),
        Reason::Host => response("421 Misdirected Request", "", ""),
    }
}

fn response(status: &str, more: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\n{more}Content-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Content-Security-Policy: default-src 'none'; style-src '{STYLE_HASH}'; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'none'\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use sha2::{Digest, Sha256};

    #[test]
    fn o31_the_policy_names_the_style_sheet_and_nothing_else() {
        let digest = BASE64_STANDARD.encode(Sha256::digest(style!()));
        assert_eq!(STYLE_HASH, format!("sha256-{digest}"));
        for page in [TAKEN, REFUSED, NOT_OURS, USED] {
            assert!(page.contains(style!()) && !page.contains("<script") && !page.contains("http"));
        }
    }

    #[test]
    fn o31_every_answer_has_the_protective_headers_and_closes() {
        let reasons = [
            Reason::Malformed,
            Reason::Method,
            Reason::Path,
            Reason::Host,
            Reason::Page,
            Reason::State,
            Reason::Empty,
            Reason::AlreadyUsed,
        ];
        let mut all: Vec<_> = reasons.into_iter().map(stray).collect();
        all.extend([see_done(), done(Outcome::Taken), done(Outcome::Refused)]);
        for bytes in all {
            let text = String::from_utf8(bytes).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            for header in [
                "Content-Type: text/html; charset=utf-8",
                "Content-Security-Policy: default-src 'none'; style-src 'sha256-",
                "Referrer-Policy: no-referrer",
                "Cache-Control: no-store",
                "X-Content-Type-Options: nosniff",
                "X-Frame-Options: DENY",
                "Connection: close",
            ] {
                assert!(head.contains(header), "{header} in {head}");
            }
            assert!(head.contains(&format!("Content-Length: {}", body.len())));
            // O-28: no page may read an answer.
            assert!(!head.to_ascii_lowercase().contains("access-control"));
        }
    }
}
