//! `completion`: scripts that the shells take (US6).

use std::fs;
use std::process::Command;

use keyward_tests::home::Home;

use crate::common::{ok, refused};

/// US6: each shell has a script that names every command; none needs a vault.
#[test]
fn us6_every_shell_has_a_script() {
    let home = Home::new().unwrap().without_passphrase();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = ok(&home.keyward(&["completion", shell]));
        assert!(script.said().is_empty(), "{}", script.said());
        let text = script.text();
        for word in [
            "keyward",
            "init",
            "status",
            "unlock",
            "lock",
            "doctor",
            "serve",
            "env",
            "secret",
            "restore",
            "history",
            "get",
            "auth-client",
            "connect",
            "connection",
            "disconnect",
            "token",
            "run",
            "inject",
            "audit",
            "verify",
            "completion",
            "passphrase-fd",
            "recovery-file",
            "value-file",
            "no-browser",
            "min-ttl",
        ] {
            assert!(text.contains(word), "{shell} does not know {word}");
        }
    }
    refused(&home.keyward(&["completion", "tcsh"]), 2);
    refused(&home.keyward(&["completion"]), 2);
}

/// US6: bash takes the script and completes by it.
#[test]
fn us6_bash_completes() {
    let home = Home::new().unwrap().without_passphrase();
    let file = home.path().join("keyward.bash");
    fs::write(&file, ok(&home.keyward(&["completion", "bash"])).stdout).unwrap();
    let complete = "source \"$1\"; COMP_WORDS=(keyward secret re); COMP_CWORD=2; _keyward keyward re secret; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["--norc", "-c", complete, "bash"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "restore",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
