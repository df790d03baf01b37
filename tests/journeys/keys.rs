//! What opens the vault: passphrase, recovery key, keychain, and a new key for all of it; with a host and without one.

use std::fs;
use std::time::Duration;

use keyward_tests::home::{Home, PASSPHRASE, Run, Running};
use keyward_tests::keyring::{Keychain, KeyringSession};
use keyward_tests::process::wait_for;

use crate::common::{
    Terminal, add, error, has_members, hint, json, keychain_home, mode, ok, passphrase_home, refused,
};

const STATUS: &str = "version home vault exists mode locked host freshness";
const NEW: &str = "a brand new passphrase";

/// The value of KEY, got with this passphrase.
fn value(home: &Home, passphrase: Option<&str>) -> String {
    ok(&home.keyward(&["get", "KEY"]).passphrase(passphrase)).text()
}

fn file(home: &Home, name: &str) -> String {
    fs::read_to_string(home.path().join(name)).unwrap()
}

/// A command with its recovery file.
fn into_file(home: &Home, name: &str, args: &[&str]) -> Run {
    let path = home.path().join(name);
    let mut all = args.to_vec();
    all.extend(["--recovery-file", path.to_str().unwrap()]);
    home.keyward(&all)
}

/// Types back the two groups that a terminal asks for.
fn type_back(terminal: &mut Terminal) {
    let groups = terminal.recovery_groups();
    for _ in 0..2 {
        let number = terminal.asked_group();
        terminal.enter(&groups[number]);
    }
}

/// A host that this passphrase opened, or a locked one.
fn host(home: &Home, passphrase: Option<&str>) -> Running {
    let host = home.keyward(&["serve"]).passphrase(passphrase).start().unwrap();
    wait_for("the host", Duration::from_secs(20), || {
        let status = home
            .keyward(&["status", "--json"])
            .passphrase(None)
            .output()
            .ok()?;
        (!status.json().ok()?["host"].is_null()).then_some(())
    })
    .unwrap();
    host
}

/// §b.8: the passphrase is changed by who knows it; the old one opens nothing, with a host and without one.
#[test]
fn b8_passphrase_change() {
    let home = passphrase_home();
    add(&home, "KEY", b"value");
    let change = |new: &str| {
        home.keyward(&["passphrase", "change", "--new-passphrase-fd", "0", "--json"])
            .stdin(format!("{new}\nwhat follows is not read"))
    };
    // Missing, wrong, weak; and a descriptor that is named twice.
    refused(&home.keyward(&["passphrase", "change"]), 2);
    refused(&change(NEW).passphrase(None), 4);
    refused(&change(NEW).passphrase(Some("not this one at all")), 4);
    refused(&change("short"), 2);
    let twice = home.keyward(&["passphrase", "change", "--new-passphrase-fd", "3"]);
    assert!(refused(&twice, 2).contains("twice"));
    refused(
        &home.keyward(&["passphrase", "change", "--new-passphrase-fd", "77"]),
        2,
    );
    assert_eq!(value(&home, Some(PASSPHRASE)), "value");

    let status = json(&change(NEW));
    has_members(&status, STATUS);
    refused(&home.keyward(&["get", "KEY"]), 4);
    assert_eq!(value(&home, Some(NEW)), "value");

    // Through a host, which stays open; behind a locked one, for this command alone.
    let back = |from: &str, to: &str| ok(&change(to).passphrase(Some(from)));
    let _host = host(&home, Some(NEW));
    refused(&change(PASSPHRASE).passphrase(Some("not this one at all")), 4);
    back(NEW, PASSPHRASE);
    assert_eq!(value(&home, None), "value");
    ok(&home.keyward(&["lock"]));
    refused(&change(NEW).passphrase(None), 4);
    back(PASSPHRASE, NEW);
    assert_eq!(
        json(&home.keyward(&["status", "--json"]).passphrase(None))["locked"],
        true
    );
    refused(&home.keyward(&["unlock"]), 4);
    ok(&home.keyward(&["unlock"]).passphrase(Some(NEW)));
}

/// §b.7: with the passphrase as it is, a guess costs what is chosen, above the floor and below the cap.
#[test]
fn b7_passphrase_change_chooses_the_costs() {
    let home = passphrase_home();
    add(&home, "KEY", b"value");
    let change = |mib: &str| {
        let args = [
            "passphrase",
            "change",
            "--new-passphrase-fd",
            "0",
            "--kdf-memory",
            mib,
        ];
        home.keyward(&args).stdin(PASSPHRASE)
    };
    for refused_mib in ["63", "1025", "many"] {
        refused(&change(refused_mib), 2);
    }
    let stronger = ok(&change("96"));
    assert!(
        stronger.said().contains("costs 96 MiB of memory and 3 passes"),
        "{stronger:?}"
    );
    assert_eq!(value(&home, Some(PASSPHRASE)), "value");
    // Without a word they stay.
    let as_before = ok(&home
        .keyward(&["passphrase", "change", "--new-passphrase-fd", "0"])
        .stdin(NEW));
    assert!(as_before.said().contains("costs 96 MiB"), "{as_before:?}");
    // The costs alone: nobody has to make up another passphrase.
    let run = home.keyward(&["passphrase", "change", "--kdf-memory", "80"]);
    let dearer = ok(&run.passphrase(Some(NEW)));
    assert!(dearer.said().contains("The passphrase stays"), "{dearer:?}");
    assert!(dearer.said().contains("costs 80 MiB"), "{dearer:?}");
    assert_eq!(value(&home, Some(NEW)), "value");
}

/// R-29, b.2: a keychain's vault with a passphrase beside it opens with that when the keychain is gone.
#[test]
fn r29_a_passphrase_beside_the_keychain() {
    let home = keychain_home();
    add(&home, "KEY", b"value");
    let change = home
        .keyward(&["passphrase", "change", "--new-passphrase-fd", "0"])
        .stdin(PASSPHRASE);
    ok(&change);
    assert_eq!(json(&home.keyward(&["status", "--json"]))["mode"], "keychain");
    assert_eq!(value(&home, None), "value");
    // Another machine: a keychain that works and does not know this vault; one that is locked; none.
    for (state, said) in [
        (Keychain::Unlocked, "holds no key"),
        (Keychain::Locked, "refused"),
        (Keychain::NoService, "no keychain"),
    ] {
        let session = KeyringSession::start(state).unwrap();
        let get = home
            .keyward(&["get", "KEY", "--json"])
            .var("DBUS_SESSION_BUS_ADDRESS", session.address());
        let error = error(&get, 10);
        assert!(
            error["message"].as_str().unwrap().contains(said),
            "{state:?}: {error}"
        );
        assert!(hint(&error).contains("passphrase"), "{state:?}: {error}");
        assert_eq!(
            ok(&get.passphrase(Some(PASSPHRASE))).json().unwrap()["value"],
            "value"
        );
    }
}

/// R-03 in the field: passphrase and file on a machine without the device secret.
#[test]
fn r03_the_device_secret() {
    let home = keychain_home();
    add(&home, "KEY", b"value");
    let change = |device: &str, from: Option<&str>| {
        home.keyward(&["passphrase", "change", "--new-passphrase-fd", "0", device])
            .stdin(PASSPHRASE)
            .passphrase(from)
    };
    refused(
        &home.keyward(&["passphrase", "change", "--device-secret", "--no-device-secret"]),
        2,
    );
    let changed = ok(&change("--device-secret", None)).said();
    assert!(
        changed.contains("only together with the device secret"),
        "{changed}"
    );
    let elsewhere = KeyringSession::start(Keychain::Unlocked).unwrap();
    let get = home
        .keyward(&["get", "KEY", "--json"])
        .var("DBUS_SESSION_BUS_ADDRESS", elsewhere.address())
        .passphrase(Some(PASSPHRASE));
    let error = error(&get, 10);
    assert!(
        error["message"].as_str().unwrap().contains("device secret"),
        "{error}"
    );
    assert!(hint(&error).contains("recovery use"), "{error}");
    ok(&change("--no-device-secret", Some(PASSPHRASE)));
    ok(&get);
}

/// b.2: `recovery renew` makes a new key, into a file or on a terminal, and ends the one before.
#[test]
fn b2_recovery_renew() {
    let home = passphrase_home();
    let first = file(&home, "recovery.txt");
    refused(&home.keyward(&["recovery", "renew"]), 2);
    refused(&into_file(&home, "recovery.txt", &["recovery", "renew"]), 6);
    refused(
        &into_file(&home, "next.txt", &["recovery", "renew"]).passphrase(None),
        4,
    );
    assert!(!home.path().join("next.txt").exists(), "a refusal leaves no file");
    ok(&into_file(&home, "next.txt", &["recovery", "renew"]));
    assert_eq!(mode(&home.path().join("next.txt")), 0o600);
    let second = file(&home, "next.txt");
    assert_ne!(first, second);
    let mut terminal = Terminal::keyward(&home, &["recovery", "renew"]);
    terminal.expect("Passphrase: ");
    terminal.enter(PASSPHRASE);
    type_back(&mut terminal);
    assert!(terminal.end().success(), "{}", terminal.screen());
    for ended in [first, second] {
        let used = into_file(&home, "none.txt", &["recovery", "use", "--recovery-fd", "0"]);
        let error = error(&json_of(used.stdin(ended)).passphrase(Some(NEW)), 4);
        assert!(hint(&error).contains("newer one"), "{error}");
    }
    assert!(!home.path().join("none.txt").exists());
    ok(&home.keyward(&["audit", "verify"]));
}

fn json_of(run: Run) -> Run {
    run.args(&["--json"])
}

/// ST2: a forgotten passphrase, through a locked host; the host is open then, and the old ways are not.
#[test]
fn st2_recovery_use_after_a_forgotten_passphrase() {
    let home = passphrase_home();
    add(&home, "KEY", b"value");
    let first = file(&home, "recovery.txt");
    // It is no passphrase, and says what to do with it.
    let error = error(
        &home.keyward(&["unlock", "--json"]).passphrase(Some(first.trim())),
        4,
    );
    assert!(hint(&error).contains("recovery use"), "{error}");
    let used = |name: &str| into_file(&home, name, &["recovery", "use", "--recovery-fd", "0"]);
    refused(
        &used("next.txt").stdin("not a recovery key").passphrase(Some(NEW)),
        2,
    );
    refused(
        &used("next.txt").stdin(first.clone()).passphrase(Some("short")),
        2,
    );
    refused(&used("next.txt").stdin(first.clone()).passphrase(None), 2);
    refused(&home.keyward(&["recovery", "use"]), 2);
    assert!(!home.path().join("next.txt").exists());
    assert_eq!(value(&home, Some(PASSPHRASE)), "value", "nothing has changed");

    let _host = host(&home, None);
    refused(&home.keyward(&["get", "KEY"]).passphrase(None), 4);
    ok(&used("next.txt")
        .stdin(first.to_lowercase().replace('-', " "))
        .passphrase(Some(NEW)));
    assert_eq!(value(&home, None), "value");
    ok(&home.keyward(&["lock"]));
    refused(&home.keyward(&["unlock"]), 4);
    ok(&home.keyward(&["unlock"]).passphrase(Some(NEW)));
    refused(&used("third.txt").stdin(first).passphrase(Some(NEW)), 4);
    ok(&used("third.txt")
        .stdin(file(&home, "next.txt"))
        .passphrase(Some(PASSPHRASE)));
}

/// ST2: a new machine: its keychain does not know the vault; the recovery key gives it a slot there, or a passphrase
/// where there is no keychain.
#[test]
fn st2_recovery_use_on_a_new_machine() {
    let home = keychain_home();
    add(&home, "KEY", b"value");
    let machine = KeyringSession::start(Keychain::Unlocked).unwrap();
    let there = |run: Run| run.var("DBUS_SESSION_BUS_ADDRESS", machine.address());
    let error = error(&there(home.keyward(&["get", "KEY", "--json"])), 10);
    assert!(hint(&error).contains("recovery use"), "{error}");
    // What is asked for is the state, so this is an answer and no failure.
    let status = ok(&there(home.keyward(&["status", "--json"])));
    assert_eq!(status.json().unwrap()["locked"], true);
    assert!(status.said().contains("holds no key"), "{}", status.said());
    let used = |name: &str| into_file(&home, name, &["recovery", "use", "--recovery-fd", "0"]);
    ok(&there(used("next.txt").stdin(file(&home, "recovery.txt"))));
    assert_eq!(ok(&there(home.keyward(&["get", "KEY"]))).text(), "value");
    refused(&home.keyward(&["get", "KEY"]), 10);

    // No keychain at all: 10, and with a passphrase the vault has that from now on.
    let bare = KeyringSession::start(Keychain::NoService).unwrap();
    let bare = |run: Run| run.var("DBUS_SESSION_BUS_ADDRESS", bare.address());
    let key = file(&home, "next.txt");
    refused(&bare(used("third.txt").stdin(key.clone())), 10);
    ok(&bare(used("third.txt").stdin(key)).passphrase(Some(NEW)));
    assert_eq!(value(&home, Some(NEW)), "value");
    assert_eq!(json(&home.keyward(&["status", "--json"]))["mode"], "passphrase");
}

/// §b.8: `rekey`, shallow and deep, with a host and without one: everything is there under a new key.
#[test]
fn b8_rekey() {
    let home = keychain_home();
    add(&home, "KEY", b"value");
    ok(&home
        .keyward(&["secret", "update", "KEY", "--value-stdin"])
        .stdin("newer"));
    refused(&home.keyward(&["rekey"]), 2);
    refused(&into_file(&home, "recovery.txt", &["rekey"]), 6);
    let before = fs::read(home.keyward_home().join("vaults/default/vault.db")).unwrap();
    let mut host = None;
    for (round, args) in [&["rekey"][..], &["rekey", "--deep"], &["rekey", "--deep"]]
        .into_iter()
        .enumerate()
    {
        if round == 2 {
            host = Some(home.serve().unwrap());
        }
        let name = format!("rekey-{round}.txt");
        let status = ok(&json_of(into_file(&home, &name, args))).json().unwrap();
        has_members(&status, STATUS);
        assert_eq!(value(&home, None), "newer");
        let events = json(&home.keyward(&["audit", "--json"]));
        let done = events
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["action"] == "vault.rekey");
        assert_eq!(done.count(), round + 1);
        ok(&home.keyward(&["audit", "verify"]));
    }
    drop(host);
    add(&home, "AFTERWARDS", b"x");
    // The recovery keys before have ended; the last one opens.
    for ended in ["recovery.txt", "rekey-0.txt", "rekey-1.txt"] {
        let used = into_file(&home, "none.txt", &["recovery", "use", "--recovery-fd", "0"]);
        refused(&used.stdin(file(&home, ended)), 4);
    }
    let used = into_file(&home, "last.txt", &["recovery", "use", "--recovery-fd", "0"]);
    ok(&used.stdin(file(&home, "rekey-2.txt")));
    assert_eq!(value(&home, None), "newer");
    // T-04: the file from before the rekeys is older than last seen, and its keychain entry is gone.
    fs::write(home.keyward_home().join("vaults/default/vault.db"), before).unwrap();
    refused(&home.keyward(&["get", "KEY"]), 10);
}

/// §b.8: where there is a passphrase, a rekey asks for it.
#[test]
fn b8_rekey_needs_the_passphrase() {
    let home = passphrase_home();
    add(&home, "KEY", b"value");
    refused(&into_file(&home, "next.txt", &["rekey"]).passphrase(None), 4);
    refused(
        &into_file(&home, "next.txt", &["rekey"]).passphrase(Some("not this one at all")),
        4,
    );
    assert!(!home.path().join("next.txt").exists());
    let host = home.serve().unwrap();
    refused(&into_file(&home, "next.txt", &["rekey"]).passphrase(None), 4);
    ok(&into_file(&home, "next.txt", &["rekey"]));
    assert_eq!(value(&home, None), "value", "the host goes on");
    drop(host);
    let mut terminal = Terminal::keyward(&home, &["rekey", "--deep"]);
    terminal.expect("Passphrase: ");
    terminal.enter(PASSPHRASE);
    type_back(&mut terminal);
    assert!(terminal.end().success(), "{}", terminal.screen());
    assert!(
        terminal.screen().contains("has a new key"),
        "{}",
        terminal.screen()
    );
    assert_eq!(value(&home, Some(PASSPHRASE)), "value");
}

/// b.2: a vault without a recovery key says so whenever it is opened to stay, and how to make one.
#[test]
fn b2_a_vault_without_a_recovery_key_says_so() {
    let home = Home::new().unwrap();
    let mut terminal = Terminal::keyward(&home, &["init", "--passphrase", "--kdf-memory", "64"]);
    terminal.expect("Passphrase: ");
    terminal.enter(PASSPHRASE);
    terminal.expect("Again: ");
    terminal.enter(PASSPHRASE);
    terminal.expect("Group ");
    // The person gives up: the vault is there, without a recovery key.
    drop(terminal);
    let said = ok(&home.keyward(&["status"])).said();
    assert!(said.contains("keyward recovery renew"), "{said}");
    let mut host = home.keyward(&["serve"]).start().unwrap();
    host.stderr
        .find("the sentence", Duration::from_secs(20), |line| {
            line.contains("keyward recovery renew").then_some(())
        })
        .unwrap();
    ok(&into_file(&home, "made.txt", &["recovery", "renew"]));
    let said = ok(&home.keyward(&["status"])).said();
    assert!(!said.contains("recovery"), "{said}");
}
