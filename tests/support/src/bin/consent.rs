//! A browser for `$BROWSER` in tests: `keyward-consent URL` plays a person who signs in and agrees at once.
//! `KEYWARD_TEST_CONSENT=refuse` is a person who does not agree, `=chromium` is a person in a real Chromium.
//! Ends with 0 when the program's last page was seen.
#![allow(clippy::disallowed_methods, reason = "a face: it reads its own arguments")]
#![allow(clippy::print_stderr, reason = "a face: it says what went wrong")]

use std::process::ExitCode;

use keyward_tests::consent::{Choice, give, give_in_chromium};

fn main() -> ExitCode {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("keyward-consent URL");
        return ExitCode::from(2);
    };
    let how = std::env::var("KEYWARD_TEST_CONSENT").unwrap_or_default();
    let seen = match how.as_str() {
        "chromium" => give_in_chromium(&url).map(|_| 200),
        "refuse" => give(&url, Choice::Refuse).map(|page| page.status),
        _ => give(&url, Choice::Agree).map(|page| page.status),
    };
    match seen {
        Ok(200) => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("the program's page came with status {status}");
            ExitCode::FAILURE
        }
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::FAILURE
        }
    }
}
