//! ST4 by the real binary: `backup`, `restore`, `salvage`, with and without a host.

use std::path::{Path, PathBuf};
use std::time::Duration;

use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::keyring::Keychain;
use keyward_tests::process::wait_for;
use serde_json::{Value, json};

use crate::common::{
    Terminal, add, error, has_members, hint, home_beside, json as document, keychain_home, mode, ok,
    passphrase_home,
};

fn at(home: &Home, name: &str) -> PathBuf {
    home.path().join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn value(home: &Home, key: &str) -> String {
    ok(&home.keyward(&["get", key])).text()
}

/// A backup is one private file; restoring it brings back what was there and keeps what it replaced.
#[test]
fn st4_backup_and_restore() {
    for host in [false, true] {
        let home = keychain_home();
        add(&home, "A", b"old");
        let _host = host.then(|| home.serve().unwrap());
        let copy = at(&home, "copy.db");
        let made = document(&home.keyward(&["backup", text(&copy), "--json"]));
        has_members(&made, "path records events");
        assert_eq!(mode(&copy), 0o600);
        ok(&home
            .keyward(&["secret", "update", "A", "--value-stdin"])
            .stdin("new"));
        add(&home, "B", b"lost by the restore");
        // A relative path is the caller's, whatever folder the host works in.
        let restored = document(&home.keyward(&["restore", "copy.db", "--json"]));
        has_members(&restored, "records replaced doubtful");
        assert_eq!(value(&home, "A"), "old");
        error(&home.keyward(&["get", "B", "--json"]), 3);
        ok(&home.keyward(&["audit", "verify"]));
        let status = document(&home.keyward(&["status", "--json"]));
        assert_eq!(
            (&status["locked"], &status["freshness"]),
            (&json!(false), &json!("ok"))
        );
        let replaced = home
            .keyward_home()
            .join("vaults/default/backups")
            .join(restored["replaced"].as_str().unwrap());
        ok(&home.keyward(&["restore", text(&replaced)]));
        assert_eq!(value(&home, "A"), "new");
        assert_eq!(value(&home, "B"), "lost by the restore");
        // The next backup goes over its predecessor, and over nothing else.
        ok(&home.keyward(&["backup", text(&copy)]));
        std::fs::write(at(&home, "mine"), "mine").unwrap();
        error(&home.keyward(&["backup", "mine", "--json"]), 6);
        error(&home.keyward(&["restore", "mine", "--json"]), 9);
        error(&home.keyward(&["restore", "none", "--json"]), 3);
    }
}

/// In passphrase mode a backup opens with the passphrase it was made with, or with its recovery key, on any machine.
#[test]
fn st4_a_backup_opens_with_its_own_passphrase() {
    let home = passphrase_home();
    add(&home, "A", b"one");
    let copy = at(&home, "copy.db");
    ok(&home.keyward(&["backup", text(&copy)]));
    let other = Home::new().unwrap();
    let there = at(&other, "copy.db");
    std::fs::copy(&copy, &there).unwrap();
    let refused = error(
        &other
            .keyward(&["restore", text(&there), "--json"])
            .passphrase(None),
        4,
    );
    assert!(hint(&refused).contains("--passphrase-fd"), "{refused}");
    error(
        &other
            .keyward(&["restore", text(&there), "--json"])
            .passphrase(Some("not this one at all")),
        4,
    );
    assert!(!other.keyward_home().join("vaults/default").exists());
    ok(&other.keyward(&["restore", text(&there)]));
    assert_eq!(value(&other, "A"), "one");
    let third = Home::new().unwrap();
    let recovery = std::fs::read_to_string(at(&home, "recovery.txt")).unwrap();
    ok(&third
        .keyward(&["--vault", "old", "restore", text(&there)])
        .passphrase(Some(recovery.trim())));
    assert_eq!(ok(&third.keyward(&["--vault", "old", "get", "A"])).text(), "one");
    // Another vault's backup is refused, by name.
    let work = at(&home, "recovery-work.txt");
    ok(&home.keyward(&[
        "vault",
        "create",
        "work",
        "--passphrase",
        "--kdf-memory",
        "64",
        "--recovery-file",
        text(&work),
    ]));
    let refused = error(
        &home.keyward(&["--vault", "work", "restore", text(&copy), "--json"]),
        6,
    );
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("copy of vault default"),
        "{refused}"
    );
    assert!(hint(&refused).contains("--vault NAME"), "{refused}");
}

/// A host makes the copy of the day by itself, soon after it was unlocked.
#[test]
fn st4_a_host_makes_the_copy_of_the_day() {
    let home = keychain_home();
    add(&home, "A", b"one");
    let _host = home.serve().unwrap();
    let folder = home.keyward_home().join("vaults/default/backups");
    let copy = wait_for("the copy of the day", Duration::from_secs(60), || {
        let name = std::fs::read_dir(&folder).ok()?.next()?.ok()?.file_name();
        let name = name.into_string().ok()?;
        name.ends_with("-daily.db").then_some(name)
    })
    .unwrap();
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join(&copy)), 0o600);
    let checks = document(&home.keyward(&["doctor", "--json"]));
    let all = checks.as_array().unwrap();
    let backups = all.iter().find(|check| check["id"] == "backups").unwrap();
    assert_eq!(backups["outcome"], "ok", "{backups}");
    ok(&home.keyward(&["restore", text(&folder.join(copy))]));
}

/// A damaged vault gives up what opens; the result restores.
#[test]
fn st4_salvage_of_a_damaged_vault() {
    let home = keychain_home();
    for number in 0..40 {
        add(
            &home,
            &format!("KEY_{number}"),
            format!("value {number}").as_bytes(),
        );
    }
    let copy = at(&home, "copy.db");
    ok(&home.keyward(&["backup", text(&copy)]));
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xA5);
    let damaged = home.keyward_home().join("vaults/default/vault.db");
    std::fs::write(&damaged, &bytes).unwrap();
    let _ = std::fs::remove_file(damaged.with_extension("db-wal"));
    let _ = std::fs::remove_file(damaged.with_extension("db-shm"));
    home.keyward(&["doctor"]).output().unwrap().ended_with(9).unwrap();
    let out = at(&home, "out.db");
    let salvaged = document(&home.keyward(&["salvage", text(&damaged), "--out", text(&out), "--json"]));
    has_members(
        &salvaged,
        "saved lost missing list_damaged recovered without_value unvouched events lost_events",
    );
    assert!(salvaged["saved"]["secret"].as_u64().unwrap() > 25, "{salvaged}");
    error(
        &home.keyward(&["salvage", text(&damaged), "--out", text(&out), "--json"]),
        6,
    );
    ok(&home.keyward(&["restore", text(&out)]));
    let list = document(&home.keyward(&["secret", "list", "--json"]));
    let lost: Vec<&str> = salvaged["without_value"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for secret in list.as_array().unwrap() {
        let key = secret["key"].as_str().unwrap();
        if !lost.contains(&key) {
            assert_eq!(value(&home, key), key.replace("KEY_", "value "));
        }
    }
    ok(&home.keyward(&["doctor"]));
}

/// A wrong key of a backup changes nothing: a host that has the vault unlocked keeps it so.
#[test]
fn st4_a_wrong_key_of_a_backup_leaves_the_host_as_it_is() {
    let home = passphrase_home();
    add(&home, "A", b"one");
    let copy = at(&home, "copy.db");
    ok(&home.keyward(&["backup", text(&copy)]));
    let _host = home.serve().unwrap();
    let wrong = home
        .keyward(&["restore", text(&copy), "--json"])
        .passphrase(Some("not this one at all"));
    let refused = error(&wrong, 4);
    assert!(
        refused["message"].as_str().unwrap().contains("copy.db"),
        "{refused}"
    );
    let status = home.keyward(&["status", "--json"]).passphrase(None);
    assert_eq!(document(&status)["locked"], false);
    assert_eq!(ok(&home.keyward(&["get", "A"]).passphrase(None)).text(), "one");
}

/// ST2: on a machine whose keychain knows nothing of it, a backup opens with its passphrase or its recovery key, given
/// or typed.
#[test]
fn st2_a_backup_opens_on_a_new_machine() {
    let old = keychain_home();
    add(&old, "A", b"one");
    ok(&old
        .keyward(&["passphrase", "change", "--new-passphrase-fd", "0"])
        .stdin(PASSPHRASE));
    let copy = at(&old, "copy.db");
    ok(&old.keyward(&["backup", text(&copy)]));
    let recovery = std::fs::read_to_string(at(&old, "recovery.txt")).unwrap();
    let recovery = recovery.trim();

    let new = home_beside(Keychain::Unlocked);
    let restore = new.keyward(&["restore", text(&copy), "--json"]);
    let refused = error(&restore, 10);
    assert!(hint(&refused).contains("--passphrase-fd"), "{refused}");
    assert!(!hint(&refused).contains("recovery use"), "{refused}");
    error(
        &new.keyward(&["restore", text(&copy), "--json"])
            .passphrase(Some("not this one at all")),
        4,
    );
    for (name, key) in [("one", PASSPHRASE), ("two", recovery)] {
        let home = home_beside(Keychain::Unlocked);
        ok(&home
            .keyward(&["--vault", name, "restore", text(&copy)])
            .passphrase(Some(key)));
        let got = home.keyward(&["--vault", name, "get", "A"]);
        assert_eq!(ok(&got.passphrase(Some(PASSPHRASE))).text(), "one");
    }
    let mut terminal = Terminal::keyward(&new, &["restore", text(&copy)]);
    terminal.expect("Passphrase or recovery key of this copy: ");
    terminal.enter(recovery);
    assert!(terminal.end().success(), "{}", terminal.screen());
}

/// ST4: a file of which nothing is left is status 9, and no advice to restore it.
#[test]
fn st4_salvage_of_nothing_says_so() {
    let home = keychain_home();
    add(&home, "A", b"one");
    let copy = at(&home, "copy.db");
    ok(&home.keyward(&["backup", text(&copy)]));
    // The wrapped key of a record lies behind its kind.
    let mut bytes = std::fs::read(&copy).unwrap();
    for at in 0..bytes.len() - 64 {
        for kind in ["environment", "secret", "secret_version", "settings"] {
            if bytes[at..].starts_with(kind.as_bytes()) {
                bytes[at + kind.len() + 20..][..8].fill(0xA5);
            }
        }
    }
    std::fs::write(&copy, bytes).unwrap();
    let out = at(&home, "out.db");
    error(
        &home.keyward(&["salvage", text(&copy), "--out", text(&out), "--json"]),
        9,
    );
    assert!(!out.exists());
}

/// `status` says why there is no vault, where its copies are still there.
#[test]
fn st4_a_vault_whose_file_is_gone_is_not_one_that_was_never_made() {
    let home = keychain_home();
    let copy = at(&home, "copy.db");
    ok(&home.keyward(&["backup", text(&copy)]));
    ok(&home.keyward(&["restore", text(&copy)]));
    for file in ["vault.db", "vault.db-wal", "vault.db-shm"] {
        let _ = std::fs::remove_file(home.keyward_home().join("vaults/default").join(file));
    }
    let status = ok(&home.keyward(&["status"]));
    assert!(status.text().contains("its file is gone"), "{}", status.text());
    assert!(status.said().contains("restore"), "{}", status.said());
}
