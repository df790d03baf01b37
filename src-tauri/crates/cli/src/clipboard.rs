//! The clipboard of this person's session, by the program that the system has for it.

use std::{
    io::Write,
    process::{Command, Stdio},
};

/// Programs that put their stdin on the clipboard; the first that takes it is enough.
const PROGRAMS: [(&str, &[&str]); 4] = [
    ("pbcopy", &[]),
    ("wl-copy", &[]),
    ("xclip", &["-selection", "clipboard"]),
    ("xsel", &["--clipboard", "--input"]),
];

/// Copies a text that is no secret (it stays there, and clipboard histories keep it); gives the program that did.
///
/// An authorization link is none: the code that answers it is worthless without the PKCE verifier (O-01), which never
/// leaves whoever runs the Consent.
pub fn copy(text: &str) -> Option<String> {
    PROGRAMS
        .iter()
        .find(|(program, arguments)| takes(program, arguments, text))
        .map(|(program, _)| (*program).to_owned())
}

fn takes(program: &str, arguments: &[&str], text: &str) -> bool {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let written = child
        .stdin
        .take()
        .is_some_and(|mut stdin| stdin.write_all(text.as_bytes()).is_ok());
    // Each of them goes on in the background, where it must serve the clipboard, and ends at once.
    child.wait().is_ok_and(|status| status.success()) && written
}
