//! L-10: a disk that is full and one that is read-only. Reading goes on, nothing that was stored is lost,
//! and what cannot be done is said in words.
//! A long file: the same disk in the hands of one act after the other.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use keyward_tests::home::{Home, Outcome};

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::ground::{Door, Keychained, skipped};

/// A small disk of its own, mounted over KEYWARD_HOME; unmounted at the end.
pub struct Disk(PathBuf);

impl Disk {
    /// `None` where this machine does not let us mount.
    fn over(home: &Home, size: &str) -> Option<Self> {
        let at = home.keyward_home();
        let options = format!("size={size},mode=0700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "keyward-test"])
            .arg(&at)
            .output()
            .ok()?;
        if !mounted.status.success() {
            skipped(&format!(
                "no disk can be mounted: {}",
                String::from_utf8_lossy(&mounted.stderr).trim()
            ));
            return None;
        }
        Some(Self(at))
    }

    fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        let done = Command::new("mount")
            .args(["-o", &options])
            .arg(&self.0)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Fills what is left but `spare` KiB.
    pub fn fill(&self, spare: usize) {
        let filler = self.0.join("filler");
        let mut bytes = vec![0; 64 * 1024];
        let mut file = std::fs::File::create(&filler).unwrap();
        while std::io::Write::write_all(&mut file, &bytes).is_ok() {}
        bytes.truncate(1024);
        while std::io::Write::write_all(&mut file, &bytes).is_ok() {}
        let full = file.metadata().unwrap().len();
        file.set_len(full.saturating_sub(spare as u64 * 1024)).unwrap();
        close_to_others(&filler);
    }

    pub fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

pub fn close_to_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A home on a small disk, with a vault and one Secret.
fn on_a_disk(size: &str) -> Option<(Keychained, Disk)> {
    put_on_a_disk(Keychained::new(), size)
}

pub fn put_on_a_disk(home: Keychained, size: &str) -> Option<(Keychained, Disk)> {
    let kept = home.path().join("kept");
    std::fs::rename(home.keyward_home(), &kept).unwrap();
    std::fs::create_dir(home.keyward_home()).unwrap();
    let disk = Disk::over(&home, size)?;
    let copied = Command::new("cp")
        .args(["-a"])
        .arg(kept.join("vaults"))
        .arg(home.keyward_home())
        .status()
        .unwrap();
    assert!(copied.success());
    home.add("KEY", "value");
    Some((home, disk))
}

/// Refused with an error that says what is wrong, and without a panic.
fn explained(outcome: &Outcome, words: &[&str]) {
    let said = outcome.said();
    assert!((1..=10).contains(&outcome.code()), "{}: {said}", outcome.code());
    assert!(!said.contains("panicked"), "{said}");
    let lower = said.to_lowercase();
    assert!(
        words.iter().any(|word| lower.contains(word)),
        "not explained: {said}"
    );
    assert!(!said.contains("the-new-value"), "{said}");
}

/// fuller and fuller, around each write.
#[test]
fn r23_a_full_disk_loses_nothing() {
    let Some((home, disk)) = on_a_disk("2m") else {
        return;
    };
    let mut stored = vec![("KEY".to_owned(), "value".to_owned())];
    let (mut refused, mut unlogged) = (0, 0);
    for spare in [0, 4, 16, 32, 64, 128, 0, 48] {
        disk.fill(spare);
        let key = format!("AT_{spare}_{}", stored.len());
        let value = format!("the-new-value-{}", "x".repeat(3_000));
        let add = home
            .keyward(&["secret", "add", &key])
            .stdin(value.clone())
            .output()
            .unwrap();
        if add.code() == 0 {
            stored.push((key, value));
        } else {
            refused += 1;
            explained(&add, &["full", "disk", "space"]);
        }
        // L-10: reading goes on; where the log cannot be written, one line says so.
        for (key, value) in &stored {
            let got = home.keyward(&["get", key]).output().unwrap();
            assert_eq!(got.code(), 0, "spare {spare}: get {key}: {}", got.said());
            assert_eq!(got.text(), *value, "spare {spare}: {key}");
            if !got.said().is_empty() {
                unlogged += 1;
                assert!(got.said().contains("not in the audit log"), "{}", got.said());
            }
        }
        disk.empty();
    }
    println!("{refused} writes refused, {unlogged} reads not in the log");
    assert!(refused > 0, "the disk was never full");
    assert!(unlogged > 0, "every read was logged, so the disk was not full");
    home.add("AFTER", "value");
    home.is_sound();
}

/// How many steps of 16 KiB a disk is filled by.
const FILLING: usize = 50;

/// a disk that fills in steps of 16 KiB, four sorts of writes at each: done and stored, or refused and as before.
#[test]
fn r23_every_step_of_a_filling_disk() {
    let Some((home, disk)) = on_a_disk("6m") else {
        return;
    };
    let _host = home.host();
    let mut door = Door::open(&home).unwrap();
    let mut stored = BTreeMap::from([("KEY".to_owned(), "value".to_owned())]);
    let (mut done, mut refused) = (0, 0);
    for step in 0..FILLING {
        // Closed and opened: the log is in the file, and every write needs room of its own.
        asked(&mut door, "vault_lock", &json!({})).unwrap();
        asked(&mut door, "vault_unlock", &json!({ "passphrase": null })).unwrap();
        disk.fill(step * 16);
        let key = format!("AT_{step}");
        let (first, second) = (
            format!("{key}-{}", "x".repeat(3_000)),
            format!("{key}-{}", "y".repeat(30_000)),
        );
        let here = |more: &Value| {
            let mut body = more.clone();
            body["environment"] = json!("default");
            body
        };
        let acts = [
            (
                "secret_create",
                here(&json!({ "key": key, "value": first })),
                Some(first.clone()),
            ),
            (
                "secret_set_value",
                here(&json!({ "secret": key, "value": second })),
                Some(second.clone()),
            ),
            ("secret_delete", here(&json!({ "secrets": [key] })), None),
            (
                "environment_create",
                json!({ "name": format!("at-{step}") }),
                None,
            ),
        ];
        for (verb, body, after) in acts {
            match asked(&mut door, verb, &body) {
                Ok(_) => {
                    done += 1;
                    match (verb, after) {
                        ("environment_create", _) => {}
                        (_, Some(value)) => drop(stored.insert(key.clone(), value)),
                        (_, None) => drop(stored.remove(&key)),
                    }
                }
                // What was not made cannot be changed.
                Err(error) if error["code"] == "not_found" => assert!(!stored.contains_key(&key), "{error}"),
                Err(error) => {
                    refused += 1;
                    let said = error["message"].as_str().unwrap().to_lowercase();
                    assert!(
                        ["full", "disk", "space"].iter().any(|word| said.contains(word)),
                        "{verb}: {error}"
                    );
                }
            }
            reads_as(&mut door, &stored, &key);
        }
        disk.empty();
        reads_as(&mut door, &stored, &key);
    }
    println!(
        "R-23: {} steps, {done} writes done, {refused} refused",
        FILLING * 4
    );
    assert!(
        done > FILLING && refused > FILLING / 4,
        "{done} done, {refused} refused"
    );
    drop(door);
    home.is_sound();
}

pub fn asked(door: &mut Door, verb: &str, body: &Value) -> Result<Value, Value> {
    door.ask(verb, body).expect("the host goes on")
}

/// Every value is what was acknowledged last; `key` may have been refused, and is not there then.
fn reads_as(door: &mut Door, stored: &BTreeMap<String, String>, key: &str) {
    let mut keys: Vec<&str> = stored.keys().map(String::as_str).collect();
    if !stored.contains_key(key) {
        keys.push(key);
    }
    let resolved = asked(
        door,
        "resolve",
        &json!({ "environment": "default", "references": keys }),
    )
    .unwrap();
    for (key, answer) in keys.iter().zip(resolved["answers"].as_array().unwrap()) {
        assert_eq!(
            answer["value"].as_str(),
            stored.get(*key).map(String::as_str),
            "{key}: {answer}"
        );
    }
}

/// a host on a full disk goes on serving, and after it too.
#[test]
fn r23_a_host_survives_a_full_disk() {
    let Some((home, disk)) = on_a_disk("2m") else {
        return;
    };
    let mut host = home.host();
    disk.fill(0);
    for _ in 0..3 {
        assert_eq!(home.ends(&["get", "KEY"], 0).stdout, b"value");
        let add = home
            .keyward(&["secret", "add", "NEW"])
            .stdin("the-new-value".repeat(2_000))
            .output()
            .unwrap();
        explained(&add, &["full", "disk", "space"]);
        std::thread::sleep(Duration::from_millis(100));
    }
    disk.empty();
    home.add("NEW", "value");
    assert_eq!(home.ends(&["get", "NEW"], 0).stdout, b"value");
    // L-10: each read is in the log after all, or the next writer says how many are not.
    let events = home.ends(&["audit", "--json"], 0).json().unwrap();
    let count = |what: &str| {
        let all = events.as_array().unwrap();
        all.iter()
            .filter(|event| event.to_string().contains(what))
            .count()
    };
    assert!(count("KEY") >= 4 || count("reads_unlogged") > 0, "{events}");
    assert!(host.process.0.try_wait().unwrap().is_none());
    host.process.terminate(Duration::from_secs(30)).unwrap();
    home.is_sound();
}

/// on a read-only disk values are still read; whatever would write says that it cannot.
#[test]
fn r24_a_read_only_disk_is_read() {
    let Some((home, disk)) = on_a_disk("8m") else {
        return;
    };
    for with_log in [true, false] {
        if !with_log {
            // As a host leaves it: everything in the file, no log beside it.
            crate::ground::sql(&crate::ground::database(&home), "PRAGMA wal_checkpoint(TRUNCATE)");
            let host = home.host();
            host.process.terminate(Duration::from_secs(30)).unwrap();
        }
        disk.remount("ro");
        let got = home.keyward(&["get", "KEY"]).output().unwrap();
        assert_eq!(got.code(), 0, "with a log {with_log}: {}", got.said());
        assert_eq!(got.stdout, b"value");
        assert!(
            got.said().contains("not in the audit log"),
            "L-10: {}",
            got.said()
        );
        home.ends(&["secret", "list"], 0);
        for args in [
            &["secret", "add", "NEW"][..],
            &["secret", "update", "KEY", "--value-stdin"],
            &["secret", "delete", "KEY"],
            &["env", "add", "more"],
        ] {
            let refused = home.keyward(args).stdin("the-new-value").output().unwrap();
            assert_ne!(refused.code(), 0, "{args:?}");
            explained(&refused, &["read-only", "readonly"]);
        }
        let doctor = home.keyward(&["doctor"]).output().unwrap();
        assert!(!doctor.said().contains("panicked"));
        disk.remount("rw");
        assert_eq!(home.ends(&["get", "KEY"], 0).stdout, b"value");
        home.is_sound();
    }
}

/// a copy goes to another disk when this one is full or read-only; what would be written here says why not,
/// leaves nothing half made, and the vault is what it was.
#[test]
fn r23_r24_copies_and_restores_on_a_bad_disk() {
    let Some((home, disk)) = on_a_disk("4m") else {
        return;
    };
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let elsewhere = text(&home.path().join("copy.db"));
    home.ends(&["backup", &elsewhere], 0);
    home.add("LATER", "the-new-value");
    let untouched = |word: &str| {
        assert_eq!(home.ends(&["get", "KEY"], 0).stdout, b"value", "{word}");
        assert_eq!(home.ends(&["get", "LATER"], 0).stdout, b"the-new-value", "{word}");
        let mut left: Vec<_> = std::fs::read_dir(home.keyward_home())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.retain(|name| name.contains("copy") || name.contains("export"));
        assert!(left.is_empty(), "{word}: {left:?}");
    };
    let refused = |args: &[&str], words: &[&str]| {
        let outcome = home.keyward(args).output().unwrap();
        assert_ne!(outcome.code(), 0, "{args:?}: {}", outcome.said());
        explained(&outcome, words);
    };
    let here = text(&home.keyward_home().join("copy.db"));
    let export = text(&home.keyward_home().join("export.json"));
    disk.fill(0);
    let full = ["full", "disk", "space"];
    refused(&["backup", &here], &full);
    refused(&["export", "-o", &export, "--plaintext"], &full);
    refused(&["restore", &elsewhere], &full);
    let second = text(&home.path().join("second.db"));
    home.ends(&["backup", &second], 0);
    disk.empty();
    untouched("full");
    disk.remount("ro");
    let read_only = ["read-only", "readonly"];
    refused(&["backup", &here], &read_only);
    refused(&["restore", &elsewhere], &read_only);
    disk.remount("rw");
    untouched("read-only");
    home.is_sound();
    // With room again it is put back whole.
    home.ends(&["restore", &elsewhere], 0);
    assert_eq!(home.ends(&["get", "KEY"], 0).stdout, b"value");
    assert_ne!(home.keyward(&["get", "LATER"]).output().unwrap().code(), 0);
    home.is_sound();
}
