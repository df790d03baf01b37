//! `doctor --fix`: mends files and leavings, touches no value, and says what only a person can mend.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::keyring::Keychain;
use serde_json::Value;

use crate::common::{
    add, error, hint, home_beside, json as document, keychain_home, mode, ok, passphrase_home,
};

fn open_to_others(path: &Path) {
    let mode = if path.is_dir() { 0o755 } else { 0o644 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn fix(home: &Home, status: i32) -> Vec<Value> {
    let outcome = home.keyward(&["doctor", "--fix", "--json"]).output().unwrap();
    let outcome = outcome.ended_with(status).unwrap();
    outcome.json().unwrap().as_array().unwrap().clone()
}

fn messages(checks: &[Value], id: &str) -> Vec<String> {
    let of = |check: &&Value| check["id"] == id;
    checks
        .iter()
        .filter(of)
        .map(|check| format!("{}: {} {}", check["outcome"], check["message"], check["hint"]))
        .collect()
}

/// a home that is open to others is refused with the way out; `--fix` closes it, all of it, and it works again.
#[test]
fn r14_open_modes_are_mended() {
    let home = passphrase_home();
    add(&home, "A", b"one");
    let root = home.keyward_home();
    let parts = [
        "",
        "vaults",
        "vaults/default",
        "vaults/default/vault.db",
        "vaults/default/leases",
    ];
    for part in parts {
        open_to_others(&root.join(part));
    }
    let refused = error(&home.keyward(&["get", "A", "--json"]), 9);
    assert!(hint(&refused).contains("doctor"), "{refused}");
    let looked = home
        .keyward(&["doctor", "--json"])
        .output()
        .unwrap()
        .ended_with(9)
        .unwrap();
    let looked = looked.json().unwrap();
    assert_eq!(
        messages(looked.as_array().unwrap(), "files").len(),
        parts.len(),
        "{looked}"
    );
    assert_eq!(mode(&root), 0o755, "looking mends nothing");
    let checks = fix(&home, 0);
    assert_eq!(messages(&checks, "mend").len(), parts.len(), "{checks:?}");
    for part in parts {
        assert_eq!(mode(&root.join(part)) & 0o077, 0, "{part}");
    }
    assert_eq!(ok(&home.keyward(&["get", "A"])).text(), "one");
    assert!(
        messages(&fix(&home, 0), "mend").is_empty(),
        "a second time there is nothing to mend"
    );
}

/// A link in a file's place is never followed nor removed: a person decides.
#[test]
fn r14_links_are_told_and_left() {
    let home = passphrase_home();
    let vault = home.keyward_home().join("vaults/default/vault.db");
    let moved = home.path().join("moved.db");
    std::fs::rename(&vault, &moved).unwrap();
    symlink(&moved, &vault).unwrap();
    open_to_others(&moved);
    let told = messages(&fix(&home, 9), "mend").join("\n");
    assert!(
        told.contains("symbolic link") && told.contains("Not mended"),
        "{told}"
    );
    assert_eq!(mode(&moved), 0o644, "what the link leads to was touched");
    assert!(vault.is_symlink());
}

/// Somebody else's file is told, with what to do as root.
#[test]
fn r14_a_foreign_file_is_told() {
    let home = passphrase_home();
    let vault = home.keyward_home().join("vaults/default/vault.db");
    // Only root can give a file away.
    if std::os::unix::fs::chown(&vault, Some(12_345), None).is_err() {
        return;
    }
    let told = messages(&fix(&home, 9), "mend").join("\n");
    assert!(told.contains("another user") && told.contains("chown"), "{told}");
    error(&home.keyward(&["get", "A", "--json"]), 9);
}

/// What killed processes left is swept up: drafts, half-deleted vaults, a socket, keychain entries of dead probes.
#[test]
fn left_overs_are_swept_up() {
    let home = keychain_home();
    add(&home, "A", b"one");
    let vaults = home.keyward_home().join("vaults");
    let private = |path: &Path| {
        std::fs::write(path, "x").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    let drafts = [
        vaults.join("default/.vault.db.4194999-0"),
        vaults.join("default/.vault.db.4194999-0-wal"),
    ];
    drafts.iter().for_each(|path| private(path));
    let deleted = vaults.join(".deleted-old-4194999");
    std::fs::create_dir(&deleted).unwrap();
    std::fs::set_permissions(&deleted, std::fs::Permissions::from_mode(0o700)).unwrap();
    private(&deleted.join("vault.db"));
    let mut host = home.serve().unwrap();
    host.0.kill().unwrap();
    host.0.wait().unwrap();
    let stored = home
        .session
        .command("sh")
        .args([
            "-c",
            "printf 12345678901234567890123456789012 | secret-tool store --label=probe service dev.keyward.vault username probe:4194999:0 target default",
        ])
        .status()
        .unwrap();
    assert!(stored.success());
    let before = home.session.accounts().unwrap();
    let looked = document(&home.keyward(&["doctor", "--json"]));
    assert!(
        messages(looked.as_array().unwrap(), "left_overs").len() >= 3,
        "{looked}"
    );
    let checks = fix(&home, 0);
    let told = messages(&checks, "mend").join("\n");
    for what in [
        ".vault.db.4194999-0",
        ".deleted-old",
        "host.sock",
        "probe:4194999:0",
    ] {
        assert!(told.contains(what), "{what} is not in {told}");
    }
    assert!(!deleted.exists() && drafts.iter().all(|path| !path.exists()));
    let after = home.session.accounts().unwrap();
    assert_eq!(after.len(), before.len() - 1, "{before:?} {after:?}");
    assert_eq!(ok(&home.keyward(&["get", "A"])).text(), "one");
}

/// `doctor --simulate`: faults of a provider, played without touching what the Owner has; each says what Keyward did.
#[test]
fn doctor_simulates_a_bad_provider() {
    let home = passphrase_home();
    let before = std::fs::read(home.keyward_home().join("vaults/default/vault.db")).unwrap();
    let checks = home
        .keyward(&["doctor", "--simulate", "--json"])
        .output()
        .unwrap();
    let checks = checks.ended_with(0).unwrap().json().unwrap();
    let checks = checks.as_array().unwrap();
    assert!(checks.len() >= 25, "{}", checks.len());
    for check in checks {
        assert_eq!(check["outcome"], "ok", "{check}");
        let said = check["message"].as_str().unwrap();
        assert!(
            said.matches(". ").count() >= 1 && said.ends_with('.'),
            "what happens, and what was done: {said}"
        );
    }
    let after = std::fs::read(home.keyward_home().join("vaults/default/vault.db")).unwrap();
    assert!(before == after, "the Owner's vault is not touched");
    let left = |folder: &Path| {
        let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
        names
            .filter(|entry| {
                entry
                    .file_name()
                    .to_string_lossy()
                    .starts_with("keyward-simulation-")
            })
            .count()
    };
    assert_eq!(left(&home.path().join("run")), 0, "nothing is left behind");
    // No vault is needed for it.
    let empty = Home::new().unwrap();
    let text = empty.keyward(&["doctor", "--simulate"]).output().unwrap();
    assert!(text.success().unwrap().text().contains("captive-portal"));
    assert!(!empty.keyward_home().join("vaults").exists());
}

/// where a device secret is mixed into the passphrase, the keychain is needed, and that is said.
#[test]
fn r03_a_device_secret_is_told() {
    let home = home_beside(Keychain::Unlocked);
    let recovery = home.path().join("recovery.txt");
    let init = ["init", "--passphrase", "--kdf-memory", "64", "--recovery-file"];
    let init = [&init[..], &[recovery.to_str().unwrap()]].concat();
    let run = |args: &[&str]| ok(&home.keyward(args).passphrase(Some(PASSPHRASE)));
    run(&init);
    let keychain = |checks: &str| {
        checks
            .lines()
            .find(|line| line.contains("keychain:"))
            .unwrap()
            .to_owned()
    };
    assert!(keychain(&run(&["doctor"]).text()).contains("does not need it"));
    assert!(!run(&["status"]).text().contains("device secret"));
    let change = [
        "passphrase",
        "change",
        "--new-passphrase-fd",
        "0",
        "--device-secret",
    ];
    ok(&home
        .keyward(&change)
        .stdin(PASSPHRASE)
        .passphrase(Some(PASSPHRASE)));
    let told = keychain(&run(&["doctor"]).text());
    assert!(
        told.contains("device secret") && !told.contains("does not need it"),
        "{told}"
    );
    let status = run(&["status"]).text();
    assert!(
        status.contains("passphrase, together with a device secret"),
        "{status}"
    );
}

/// b.5: a damaged record is named by its kind and, where that can be read, its key; the hint leads on from the doctor.
#[test]
fn b5_what_is_damaged_is_named() {
    let home = keychain_home();
    add(&home, "SOUND", b"one");
    let vault = home.keyward_home().join("vaults/default/vault.db");
    ok(&home.keyward(&["backup", "copy.db"]));
    let mut bytes = std::fs::read(home.path().join("copy.db")).unwrap();
    // The wrapped key of a record lies behind its kind, on a page of rows (13); in an index there is no such key.
    for at in 0..bytes.len() - 64 {
        if bytes[at / 4096 * 4096] == 13 && bytes[at..].starts_with(b"secret_version") {
            bytes[at + 34..at + 42].fill(0xA5);
        }
    }
    std::fs::write(&vault, bytes).unwrap();
    for side in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(vault.with_extension(side));
    }
    let outcome = home.keyward(&["doctor", "--json"]).output().unwrap();
    let checks = outcome.ended_with(9).unwrap().json().unwrap();
    let told = messages(checks.as_array().unwrap(), "vault").join("\n");
    assert!(told.contains("value of secret SOUND"), "{told}");
    assert!(
        told.contains("keyward salvage") && !told.contains("keyward doctor"),
        "{told}"
    );
}
