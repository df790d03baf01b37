//! What is known of Keyward on this system, where that is less than on Linux: every test runs there, and there alone.

use super::{Check, Outcome};

/// What differs, said as README.md says it under “Systems”.
const MISSING: &[(&str, &str, &str)] = &[
    (
        "macos",
        "macOS",
        "It does not lock when the computer sleeps or the screen is locked, only when idle and when told to.",
    ),
    (
        "windows",
        "Windows",
        "Neither the app nor `keyward serve` can be a host here, so nothing is refreshed in the background; other \
         programs of yours can read the memory of a command; a file that was just made or restored may be gone after a power cut.",
    ),
];

/// One check, where there is something to say.
pub(super) fn check() -> Option<Check> {
    let (_, name, missing) = MISSING
        .iter()
        .find(|(system, ..)| *system == std::env::consts::OS)?;
    Some(super::check(
        "system",
        Outcome::Warn,
        format!(
            "Keyward for {name} was type-checked and never run by who made it: what it promises was tested on Linux."
        ),
        *missing,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_tests_run_there_is_nothing_to_say() {
        assert_eq!(check().is_some(), std::env::consts::OS != "linux");
        assert!(MISSING.iter().all(|(_, _, missing)| missing.ends_with('.')));
    }
}
