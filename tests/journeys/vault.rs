//! `status`, `unlock`, `lock`, `doctor` without a host, and what every command line shares.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use keyward_tests::home::{Home, PASSPHRASE};
use serde_json::json;

use crate::common::{
    Terminal, add, error, has_members, hint, json, keychain_home, ok, passphrase_home, refused,
};

const STATUS: &str = "version home vault exists mode locked host freshness";

/// A keychain that goes away later: 10 for every command that opens the vault, and the doctor says so.
#[test]
fn st1_a_keychain_that_is_gone_is_10() {
    let home = keychain_home();
    add(&home, "A", b"x");
    home.session.lock().unwrap();
    error(&home.keyward(&["get", "A", "--json"]), 10);
    error(&home.keyward(&["unlock", "--json"]), 10);
    let checks = home
        .keyward(&["doctor", "--json"])
        .output()
        .unwrap()
        .ended_with(9)
        .unwrap()
        .json()
        .unwrap();
    let keychain = checks
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["id"] == "keychain")
        .unwrap();
    assert_eq!(keychain["outcome"], "fail");
}

/// `status` in every state; it never asks.
#[test]
fn status_tells_what_there_is() {
    let home = Home::new().unwrap();
    let status = json(&home.keyward(&["status", "--json"]));
    has_members(&status, STATUS);
    assert_eq!(
        status,
        json!({
            "version": status["version"], "home": home.keyward_home(), "vault": "default", "exists": false,
            "mode": null, "locked": true, "host": null, "freshness": "none",
        })
    );
    let home = passphrase_home();
    let locked = json(&home.keyward(&["status", "--json"]).passphrase(None));
    assert_eq!(
        (&locked["locked"], &locked["mode"]),
        (&json!(true), &json!("passphrase"))
    );
    let open = json(&home.keyward(&["status", "--json"]));
    has_members(&open, STATUS);
    assert_eq!(open["locked"], false);
    let told = ok(&home.keyward(&["status"]).passphrase(None));
    assert!(
        told.text().contains("passphrase") && told.said().is_empty(),
        "{} {}",
        told.text(),
        told.said()
    );
}

/// KEYWARD_HOME: by default `$XDG_DATA_HOME/keyward`.
#[test]
fn the_home_is_in_the_data_folder_by_default() {
    let home = Home::new().unwrap().var("KEYWARD_HOME", "");
    let status = json(&home.keyward(&["status", "--json"]));
    assert_eq!(status["home"], json!(home.path().join("data/keyward")));
    assert_eq!(status["exists"], false);
    assert!(
        !home.path().join("data/keyward").exists(),
        "looking makes nothing"
    );
}

/// CLI.md “What unlock and lock mean”, without a host.
#[test]
fn unlock_and_lock_without_a_host() {
    let home = Home::new().unwrap();
    let missing = error(&home.keyward(&["unlock", "--json"]), 3);
    assert!(hint(&missing).contains("keyward init"), "{missing}");
    ok(&home.keyward(&["lock"]));
    let home = passphrase_home();
    let proved = ok(&home.keyward(&["unlock"]));
    assert!(
        proved.stdout.is_empty() && proved.said().contains("without a host"),
        "{}",
        proved.said()
    );
    error(
        &home
            .keyward(&["unlock", "--json"])
            .passphrase(Some("not this one")),
        4,
    );
    error(&home.keyward(&["unlock", "--json"]).passphrase(None), 4);
    let nothing = ok(&home.keyward(&["lock"]).passphrase(None));
    assert!(nothing.said().contains("Nothing was open"), "{}", nothing.said());
    assert!(
        !nothing.said().contains("logged in"),
        "true of keychain mode only: {}",
        nothing.said()
    );

    let home = keychain_home();
    for act in ["unlock", "lock"] {
        has_members(&json(&home.keyward(&[act, "--json"])), STATUS);
    }
    ok(&home.keyward(&["unlock"]));
    let nothing = ok(&home.keyward(&["lock"]));
    assert!(
        nothing.said().contains("Nothing was open") && nothing.said().contains("logged in"),
        "{}",
        nothing.said()
    );
}

/// `--passphrase-fd` and its variable: up to the first newline or the end; the flag wins.
#[test]
fn the_passphrase_comes_by_descriptor() {
    let home = passphrase_home();
    let two_lines = format!("{PASSPHRASE}\nand a second line");
    ok(&home.keyward(&["unlock"]).passphrase(Some(&two_lines)));
    // Descriptor 0 without a newline behind the passphrase.
    let by_stdin = home
        .keyward(&["unlock", "--passphrase-fd", "0"])
        .passphrase(None)
        .stdin(PASSPHRASE);
    ok(&by_stdin);
    ok(&by_stdin.clone().var("KEYWARD_PASSPHRASE_FD", "77"));
    refused(
        &home
            .keyward(&["unlock"])
            .passphrase(None)
            .var("KEYWARD_PASSPHRASE_FD", "77"),
        2,
    );
    refused(
        &home
            .keyward(&["unlock"])
            .passphrase(None)
            .var("KEYWARD_PASSPHRASE_FD", "three"),
        2,
    );
    // stdout and stderr are no place to read from, and stay open for what is said.
    for number in ["1", "2"] {
        let quiet = |args: &[&str]| home.keyward(args).passphrase(None);
        let flag = error(&quiet(&["unlock", "--json", "--passphrase-fd", number]), 2);
        assert!(
            flag["message"].as_str().unwrap().contains("--passphrase-fd"),
            "{flag}"
        );
        error(
            &quiet(&["unlock", "--json"]).var("KEYWARD_PASSPHRASE_FD", number),
            2,
        );
    }
    // stdin: the first line is the passphrase, the rest is whoever's reads it next.
    let both = format!("{PASSPHRASE}\nthe value\n");
    ok(&home
        .keyward(&["secret", "add", "BEHIND", "--passphrase-fd", "0"])
        .passphrase(None)
        .stdin(both));
    assert_eq!(ok(&home.keyward(&["get", "BEHIND"])).text(), "the value");
}

/// A person at the terminal is asked for the passphrase, also while stdin is a pipe that brings the value.
#[test]
fn a_passphrase_is_asked_for_beside_a_value_on_stdin() {
    let home = passphrase_home();
    let mut terminal = Terminal::shell(&home, "printf piped | \"$KEYWARD\" secret add PIPED");
    terminal.expect("Passphrase: ");
    terminal.enter(PASSPHRASE);
    terminal.expect("Stored PIPED");
    assert!(terminal.end().success(), "{}", terminal.screen());
    assert_eq!(ok(&home.keyward(&["get", "PIPED"])).text(), "piped");
    // Where stderr is no terminal, nobody is asked.
    let mut terminal = Terminal::shell(&home, "\"$KEYWARD\" get PIPED 2>/dev/null");
    assert_eq!(terminal.end().code(), Some(4), "{}", terminal.screen());
}

/// A wrong command line is a usage error whatever its bytes are.
#[test]
fn arguments_that_are_no_text_are_a_usage_error() {
    use std::os::unix::ffi::OsStrExt;

    let home = Home::new().unwrap();
    let bytes = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    for words in [
        &[bytes][..],
        &["secret".as_ref(), bytes],
        &[
            "secret".as_ref(),
            "show".as_ref(),
            "A".as_ref(),
            "--nothing".as_ref(),
            bytes,
        ],
        &["secret".as_ref(), "add".as_ref(), bytes],
    ] {
        let output = std::process::Command::new(keyward_tests::place::keyward().unwrap())
            .args(words)
            .env_clear()
            .envs(home.environment())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
        assert!(output.stdout.is_empty() && !said.contains("panicked"), "{said}");
    }
}

/// The refusal names the argument, and repeats nothing of it: it may be a value.
#[test]
fn arguments_that_are_no_text_are_named() {
    use std::os::unix::ffi::OsStrExt;

    let home = Home::new().unwrap();
    for (words, named) in [
        (&["secret", "add", "BAD", "--json"][..], "<KEY>: "),
        (&["secret", "show", "BAD", "--json"], "<SECRET>: "),
        (&["secret", "update", "A", "--name", "BAD", "--json"], "--name: "),
        (&["secret", "update", "A", "--note=BAD", "--json"], "--note: "),
        (&["secret", "list", "--tag", "BAD", "--json"], "--tag: "),
        (&["secret", "duplicate", "A", "BAD", "--json"], "argument 4: "),
    ] {
        let bytes: Vec<std::ffi::OsString> = words
            .iter()
            .map(|word| word.as_bytes().to_vec())
            .map(|word| match word.strip_suffix(b"BAD") {
                Some(before) => [before, b"hunter\xff2"].concat(),
                None => word,
            })
            .map(|word| std::ffi::OsStr::from_bytes(&word).to_owned())
            .collect();
        let output = std::process::Command::new(keyward_tests::place::keyward().unwrap())
            .args(&bytes)
            .env_clear()
            .envs(home.environment())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        let document: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(document["error"]["code"], "usage");
        assert_eq!(document["error"]["message"], format!("{named}it is not UTF-8."));
        assert!(!said.contains("hunter"), "{said}");
    }
}

/// `doctor` before anything was made: a warning, and nothing is made.
#[test]
fn doctor_without_a_home_warns() {
    let home = Home::new().unwrap();
    for unmade in ["", "/no/such/home"] {
        let checks = json(&home.keyward(&["doctor", "--json"]).var("KEYWARD_HOME", unmade));
        let [check] = checks.as_array().unwrap().as_slice() else {
            panic!("{checks}")
        };
        has_members(check, "id outcome message hint");
        assert_eq!(
            (&check["id"], &check["outcome"]),
            (&json!("vault"), &json!("warn"))
        );
        assert!(hint(check).contains("keyward init"), "{check}");
    }
    assert!(!home.path().join("data/keyward").exists());
}

/// `doctor`: an array of checks; 0 unless one fails, then 9.
#[test]
fn doctor_says_what_to_mend() {
    let home = passphrase_home();
    add(&home, "A", b"x");
    let checks = json(&home.keyward(&["doctor", "--json"]));
    for check in checks.as_array().unwrap() {
        has_members(check, "id outcome message hint");
        assert!(check["outcome"] == "ok" || check["outcome"] == "warn", "{check}");
    }
    assert!(
        json(&home.keyward(&["doctor", "--json"]).passphrase(None)).is_array(),
        "also while locked"
    );

    // A file that others may read: refused by every command, and named by the doctor.
    let file = home.keyward_home().join("vaults/default/vault.db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let error9 = error(&home.keyward(&["get", "A", "--json"]), 9);
    assert!(hint(&error9).contains("doctor"), "{error9}");
    let checks = home
        .keyward(&["doctor", "--json"])
        .output()
        .unwrap()
        .ended_with(9)
        .unwrap()
        .json()
        .unwrap();
    let files = checks
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["id"] == "files")
        .unwrap();
    assert_eq!(files["outcome"], "fail");
    assert!(!files["hint"].as_str().unwrap().is_empty());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    ok(&home.keyward(&["get", "A"]));

    // A home that others may enter.
    fs::set_permissions(home.keyward_home(), fs::Permissions::from_mode(0o755)).unwrap();
    error(&home.keyward(&["get", "A", "--json"]), 9);
    fs::set_permissions(home.keyward_home(), fs::Permissions::from_mode(0o700)).unwrap();

    // Another vault's file in its place.
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    for side in ["vault.db-wal", "vault.db-shm"] {
        let _ = fs::remove_file(file.with_file_name(side));
    }
    error(&home.keyward(&["get", "A", "--json"]), 9);
    home.keyward(&["doctor"]).output().unwrap().ended_with(9).unwrap();
    // Without a vault it still tells of the keychain and the folder.
    let home = Home::new().unwrap();
    let checks = json(&home.keyward(&["doctor", "--json"]));
    let vault = checks
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["id"] == "vault")
        .unwrap();
    assert!(
        vault["outcome"] == "warn" && vault["hint"].as_str().unwrap().contains("keyward init"),
        "{vault}"
    );
}

/// A command or flag of a later issue does not exist: a usage error that names what exists.
#[test]
fn what_does_not_exist_is_a_usage_error() {
    let home = Home::new().unwrap();
    let later: &[(&[&str], &str)] = &[
        (&["scan"], "secret"),
        (&["man"], "secret"),
        (&["doctor", "--simulate", "--fix"], "cannot be used"),
        (&["run", "--mask", "--", "true"], "--env-file"),
        (&["inject", "--watch"], "--format"),
    ];
    for (args, exists) in later {
        let said = refused(&home.keyward(args), 2);
        assert!(said.contains(exists), "{args:?} does not name {exists}: {said}");
    }
    let error = error(&home.keyward(&["man", "--json"]), 2);
    assert!(hint(&error).contains("secret"), "{error}");
    // What is missing or may stand there is said as JSON too.
    let told = |args: &[&str]| crate::common::error(&home.keyward(args), 2).to_string();
    assert!(told(&["secret", "update", "--json"]).contains("<SECRET>"));
    let format = told(&["import", "--format", "foo", "x", "--json"]);
    assert!(
        format.contains("foo") && format.contains("--format") && format.contains("1password-csv"),
        "{format}"
    );
    refused(&home.keyward(&[]), 2);
    let version = ok(&home.keyward(&["--version"]));
    assert!(version.text().starts_with("keyward ") && version.said().is_empty());
    let help = ok(&home.keyward(&["secret", "--help"]));
    assert!(help.text().contains("restore") && help.said().is_empty());
}

/// Ground rules: colour only on a terminal, NO_COLOR honoured; without a terminal nothing but text.
#[test]
fn us6_colour_only_on_a_terminal() {
    let home = Home::new().unwrap();
    let mut terminal = Terminal::keyward(&home, &["get", "A"]);
    assert_eq!(terminal.end().code(), Some(3));
    terminal.expect("error:");
    assert!(terminal.screen().contains('\u{1b}'), "{}", terminal.screen());
    assert!(!refused(&home.keyward(&["get", "A"]), 3).contains('\u{1b}'));
    assert!(!refused(&home.keyward(&["nothing"]), 2).contains('\u{1b}'));
    let home = home.var("NO_COLOR", "1");
    let mut terminal = Terminal::keyward(&home, &["get", "A"]);
    assert_eq!(terminal.end().code(), Some(3));
    terminal.expect("error:");
    assert!(!terminal.screen().contains('\u{1b}'), "{}", terminal.screen());
}
