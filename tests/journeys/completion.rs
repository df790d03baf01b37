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
    // CLI.md names four.
    for other in ["tcsh", "elvish", "power-shell"] {
        refused(&home.keyward(&["completion", other]), 2);
    }
    refused(&home.keyward(&["completion"]), 2);
}

/// US6: a script needs nothing of what the environment says.
#[test]
fn us6_a_script_needs_no_home() {
    let output = Command::new(keyward_tests::place::keyward().unwrap())
        .args(["completion", "bash"])
        .env_clear()
        .env("KEYWARD_PASSPHRASE_FD", "three")
        .env("KEYWARD_VAULT", "no name")
        .output()
        .unwrap();
    assert!(
        output.status.success() && !output.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
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
