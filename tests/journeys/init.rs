//! `init` in every mode, and what it refuses.

use std::fs;
use std::time::{Duration, Instant};

use keyward_tests::home::{Home, PASSPHRASE, Run};
use keyward_tests::keyring::Keychain;
use serde_json::{Value, json};

use crate::common::{
    KeychainHome, Terminal, add, error, has_members, hint, home_beside, init, json, keychain_home, mode, ok,
    refused,
};

const STATUS: &str = "version home vault exists mode locked host freshness";

/// Neither a vault nor a recovery file was made.
#[track_caller]
fn nothing_was_made(home: &Home) {
    assert!(!home.keyward_home().join("vaults/default/vault.db").exists());
    assert!(!home.path().join("recovery.txt").exists());
}

/// `init` with a recovery file and these further arguments.
fn init_with(home: &Home, args: &[&str]) -> Run {
    let recovery = home.path().join("recovery.txt");
    let recovery = recovery.to_str().unwrap();
    let mut all: Vec<&str> = vec!["init", "--recovery-file", recovery];
    all.extend_from_slice(args);
    home.keyward(&all)
}

/// SECURITY.md §b.2: without a terminal and without a file the recovery key has no place to go.
#[test]
fn init_needs_a_place_for_the_recovery_key() {
    let home = Home::new().unwrap();
    let error = error(&home.keyward(&["init", "--passphrase", "--json"]), 2);
    assert!(hint(&error).contains("--recovery-file"), "{error}");
    nothing_was_made(&home);
}

/// AM1, ST2: `init --passphrase`, what it refuses, and that a refusal leaves nothing behind.
#[test]
fn st2_init_in_passphrase_mode() {
    let home = Home::new().unwrap();
    // b.7: 64…1024 MiB.
    for memory in ["63", "1025", "0", "-1", "much"] {
        refused(&init_with(&home, &["--passphrase", "--kdf-memory", memory]), 2);
        nothing_was_made(&home);
    }
    refused(&init_with(&home, &["--passphrase", "--keychain"]), 2);
    // A key of the keychain is not derived from anything.
    refused(&init_with(&home, &["--keychain", "--kdf-memory", "64"]), 2);
    // b.7: at least 12 characters or 60 bits; never prompts without a terminal.
    refused(
        &init_with(&home, &["--passphrase"]).passphrase(Some("password")),
        2,
    );
    refused(&init_with(&home, &["--passphrase"]).passphrase(Some("")), 2);
    refused(&init_with(&home, &["--passphrase"]).passphrase(None), 2);
    refused(
        &init_with(&home, &["--passphrase", "--passphrase-fd", "77"]).passphrase(None),
        2,
    );
    refused(
        &init_with(&home, &["--passphrase", "--passphrase-fd", "-1"]).passphrase(None),
        2,
    );
    nothing_was_made(&home);
    // A file that is there is never written over.
    let recovery = home.path().join("recovery.txt");
    fs::write(&recovery, "mine").unwrap();
    refused(&init_with(&home, &["--passphrase", "--kdf-memory", "64"]), 6);
    assert_eq!(fs::read(&recovery).unwrap(), b"mine");
    fs::remove_file(&recovery).unwrap();
    nothing_was_made(&home);

    let made = ok(&init_with(
        &home,
        &["--passphrase", "--kdf-memory", "64", "--json"],
    ));
    let status = made.json().unwrap();
    has_members(&status, STATUS);
    assert_eq!(
        (&status["mode"], &status["exists"]),
        (&json!("passphrase"), &json!(true))
    );
    assert_eq!(mode(&recovery), 0o600);
    let key = fs::read_to_string(&recovery).unwrap();
    let groups: Vec<&str> = key.strip_suffix('\n').unwrap().split('-').collect();
    let crockford = |group: &&str| {
        group.len() == 4
            && group
                .bytes()
                .all(|byte| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(&byte))
    };
    assert!(
        groups.len() == 8 && groups.iter().all(crockford),
        "eight groups of four"
    );
    assert!(
        !made.said().contains(groups[3]) && !made.text().contains(groups[3]),
        "the key goes into the file only"
    );

    // `init` on an existing vault = 6, whatever the mode; the new recovery file is not made.
    fs::remove_file(&recovery).unwrap();
    for again in [&["--passphrase"][..], &["--keychain"], &[]] {
        refused(&init_with(&home, again), 6);
        assert!(!recovery.exists());
    }
}

/// CLI.md: `keychain when write-read-delete passes`; vaults of one home are apart (KEYWARD_VAULT, --vault).
#[test]
fn st1_init_in_keychain_mode() {
    let home = home_beside(Keychain::Unlocked);
    // Nor where the keychain is chosen because it works.
    let error2 = error(&init_with(&home, &["--kdf-memory", "64", "--json"]), 2);
    assert!(hint(&error2).contains("--passphrase"), "{error2}");
    nothing_was_made(&home);
    let said = init(&home, &[]);
    assert!(said.stdout.is_empty(), "nothing of init is data: {}", said.text());
    let status = json(&home.keyward(&["status", "--json"]));
    has_members(&status, STATUS);
    assert_eq!(
        (
            &status["mode"],
            &status["locked"],
            &status["freshness"],
            &status["host"]
        ),
        (&json!("keychain"), &json!(false), &json!("ok"), &Value::Null),
        "keychain mode needs nobody"
    );
    refused(&init_with(&home, &["--keychain"]), 6);

    let second = home.path().join("second.txt");
    let second = second.to_str().unwrap();
    ok(&home.keyward(&["init", "--keychain", "--vault", "work", "--recovery-file", second]));
    add(&home, "ONLY_IN_DEFAULT", b"x");
    refused(&home.keyward(&["get", "ONLY_IN_DEFAULT", "--vault", "work"]), 3);
    refused(
        &home
            .keyward(&["get", "ONLY_IN_DEFAULT"])
            .var("KEYWARD_VAULT", "work"),
        3,
    );
    ok(&home
        .keyward(&["get", "ONLY_IN_DEFAULT", "--vault", "default"])
        .var("KEYWARD_VAULT", "work"));
    let status = json(&home.keyward(&["status", "--json", "--vault", "work"]));
    assert_eq!(status["vault"], "work");
    refused(&home.keyward(&["status", "--vault", "Not A Name"]), 2);
    refused(&home.keyward(&["get", "X", "--vault", "none"]), 3);
}

/// ST1, AM1: without a usable keychain nothing is silently plain: a passphrase when one can be had, else 10.
#[test]
fn st1_init_without_a_usable_keychain() {
    for state in [
        Keychain::NoService,
        Keychain::Locked,
        Keychain::NoCollection,
        Keychain::Silent,
    ] {
        let home = home_beside(state);
        let began = Instant::now();
        let error = error(&init_with(&home, &["--keychain", "--json"]), 10);
        assert!(!hint(&error).is_empty(), "{state:?}: {error}");
        nothing_was_made(&home);
        assert!(
            began.elapsed() < Duration::from_secs(9),
            "{state:?}: 10 comes after 5 s at the latest"
        );
        if state == Keychain::NoService {
            refused(&init_with(&home, &[]), 10);
            nothing_was_made(&home);
            let made = ok(&init_with(&home, &["--kdf-memory", "64"]).passphrase(Some(PASSPHRASE)));
            assert!(made.said().contains("passphrase"), "{}", made.said());
            let status = json(&home.keyward(&["status", "--json"]));
            assert_eq!(
                (&status["mode"], &status["freshness"]),
                (&json!("passphrase"), &json!("none"))
            );
        }
    }
    // No session bus at all.
    let home = Home::new().unwrap().without_passphrase();
    refused(&init_with(&home, &["--keychain"]), 10);
    refused(&init_with(&home, &[]), 10);
}

/// ST2: on a terminal the recovery key is shown once and two of its groups are typed back.
#[test]
fn st2_init_on_a_terminal() {
    let home = Home::new().unwrap();
    let mut terminal = Terminal::keyward(&home, &["init", "--passphrase", "--kdf-memory", "64"]);
    terminal.expect("Passphrase: ");
    terminal.enter(PASSPHRASE);
    terminal.expect("Again: ");
    terminal.enter(PASSPHRASE);
    let groups = terminal.recovery_groups();
    // What is wrong is asked for again.
    for _ in 0..2 {
        terminal.expect("Group ");
        terminal.enter("0000");
    }
    terminal.expect("do not match");
    for _ in 0..2 {
        let number = terminal.asked_group();
        // As people write it down: small letters, o for 0, l for 1, spaces and dashes between.
        let (front, back) = groups[number].split_at(2);
        let written = format!(" {front} -{back}").to_lowercase();
        terminal.enter(&written.replace('0', "o").replace('1', "l"));
    }
    assert!(terminal.end().success(), "{}", terminal.screen());
    assert!(
        !terminal.screen().contains(PASSPHRASE),
        "what is typed is not shown"
    );
    ok(&home.keyward(&["unlock"]));

    // A prompt where a terminal is; a mistyped passphrase ends it.
    let mut terminal = Terminal::keyward(&home, &["unlock"]);
    terminal.expect("Passphrase: ");
    terminal.enter("not this one");
    assert_eq!(terminal.end().code(), Some(4), "{}", terminal.screen());

    let other = Home::new().unwrap();
    let mut terminal = Terminal::keyward(&other, &["init", "--passphrase", "--kdf-memory", "64"]);
    terminal.expect("Passphrase: ");
    terminal.enter(PASSPHRASE);
    terminal.expect("Again: ");
    terminal.enter("correct horse battery staple 43");
    assert_eq!(terminal.end().code(), Some(2), "{}", terminal.screen());
    nothing_was_made(&other);
}

/// AM14: another home does not see this one's names; ST1 in small: two keychain homes on one session stay apart.
#[test]
fn am14_homes_are_apart() {
    let home: KeychainHome = keychain_home();
    add(&home, "MINE", b"x");
    let other = Home::new()
        .unwrap()
        .without_passphrase()
        .var("DBUS_SESSION_BUS_ADDRESS", home.session.address());
    init(&other, &["--keychain"]);
    assert_eq!(json(&other.keyward(&["secret", "list", "--json"])), json!([]));
    refused(&other.keyward(&["get", "MINE"]), 3);
}
