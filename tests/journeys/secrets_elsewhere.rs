//! `secret`: notes, end, rotation and favourites; duplicates, moves and comparisons; the trash emptied.

use std::fs;

use keyward_tests::home::Home;
use serde_json::{Value, json};

use crate::common::{add, error, has_members, json, keychain_home, ok, refused};

fn get(home: &Home, key: &str, environment: &str) -> String {
    ok(&home.keyward(&["get", key, "--env", environment])).text()
}

fn keys(home: &Home, environment: &str) -> Vec<String> {
    let list = json(&home.keyward(&["secret", "list", "--json", "--env", environment]));
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one["key"].as_str().unwrap().to_owned())
        .collect()
}

/// WK6: notes, expiry, rotation and favourites on add and update, each with a way back; a wrong one is a usage error
/// that says how to write it.
#[test]
fn wk6_what_is_said_about_a_value() {
    let home = keychain_home();
    let made = json(
        &home
            .keyward(&[
                "secret",
                "add",
                "KEY",
                "--note",
                "ask Priya",
                "--expires",
                "2031-01-31",
                "--rotate-every",
                "90d",
                "--favourite",
                "--json",
            ])
            .stdin("value"),
    );
    assert_eq!(
        (
            &made["notes"],
            &made["expires_at"],
            &made["rotate_every"],
            &made["favourite"]
        ),
        (
            &json!("ask Priya"),
            &json!("2031-01-31T00:00:00Z"),
            &json!(90 * 24 * 3600),
            &json!(true)
        )
    );
    assert!(made["rotation_due_at"].as_str().unwrap() > made["value_changed_at"].as_str().unwrap());
    assert_eq!(json(&home.keyward(&["secret", "show", "KEY", "--json"])), made);
    let update =
        |args: &[&str]| json(&home.keyward(&[&["secret", "update", "KEY", "--json"], args].concat()));
    let changed = update(&["--expires", "2031-01-31T18:30:00+02:00"]);
    assert_eq!(changed["expires_at"], "2031-01-31T16:30:00Z");
    assert_eq!(
        (&changed["version"], &changed["notes"]),
        (&json!(1), &json!("ask Priya"))
    );
    let cleared = update(&[
        "--note",
        "",
        "--expires",
        "never",
        "--rotate-every",
        "never",
        "--no-favourite",
        "--masked",
    ]);
    assert_eq!(
        (
            &cleared["notes"],
            &cleared["expires_at"],
            &cleared["rotate_every"],
            &cleared["rotation_due_at"],
            &cleared["favourite"]
        ),
        (
            &json!(""),
            &json!(null),
            &json!(null),
            &json!(null),
            &json!(false)
        )
    );
    assert_eq!(update(&["--tag", "a", "--tag", "b"])["tags"], json!(["a", "b"]));
    assert_eq!(update(&["--tag", ""])["tags"], json!([]));
    for (option, wrong) in [
        ("--expires", "tomorrow"),
        ("--expires", "2031-02-30"),
        ("--expires", ""),
        ("--rotate-every", "often"),
        ("--rotate-every", "0s"),
        ("--rotate-every", "200y"),
    ] {
        error(
            &home.keyward(&["secret", "update", "KEY", option, wrong, "--json"]),
            2,
        );
    }
    let long = "x".repeat(17 * 1024);
    error(
        &home.keyward(&["secret", "update", "KEY", "--note", &long, "--json"]),
        2,
    );
    // What has ended or should have been replaced shows in the list.
    for (args, state) in [
        (&["--expires", "2001-01-31"][..], "expired"),
        (&["--expires", "never", "--favourite"], "favourite"),
    ] {
        update(args);
        let table = ok(&home.keyward(&["secret", "list"])).text();
        assert!(table.contains(state), "{table}");
    }
    // All metadata is searched, values never.
    update(&["--note", "ask Priya", "--description", "of the till"]);
    for (search, found) in [("priya", 1), ("till default", 1), ("value", 0)] {
        let list = json(&home.keyward(&["secret", "list", "--search", search, "--json"]));
        assert_eq!(list.as_array().unwrap().len(), found, "{search}");
    }
}

/// PV5: another key is another secret, with the current value as version 1.
#[test]
fn pv5_duplicate() {
    let home = keychain_home();
    add(&home, "OLD", b"one");
    ok(&home
        .keyward(&["secret", "update", "OLD", "--value-stdin"])
        .stdin("two"));
    ok(&home.keyward(&["secret", "update", "OLD", "--description", "what for"]));
    let made = json(&home.keyward(&["secret", "duplicate", "OLD", "NEW", "--json"]));
    assert_eq!(
        (&made["key"], &made["version"], &made["description"]),
        (&json!("NEW"), &json!(1), &json!("what for"))
    );
    assert_eq!(get(&home, "NEW", "default"), "two");
    for (new, status) in [("OLD", 6), ("old", 6), ("no key", 2), ("clé", 2)] {
        error(
            &home.keyward(&["secret", "duplicate", "OLD", new, "--json"]),
            status,
        );
    }
    error(&home.keyward(&["secret", "duplicate", "NONE", "X", "--json"]), 3);
    assert_eq!(keys(&home, "default"), ["NEW", "OLD"]);
}

/// PV1: a move keeps versions and id; a copy starts anew; a conflict names the key and nothing has moved.
#[test]
fn pv1_move_and_copy() {
    let home = keychain_home();
    ok(&home.keyward(&["env", "add", "prod"]));
    add(&home, "A", b"one");
    ok(&home
        .keyward(&["secret", "update", "A", "--value-stdin"])
        .stdin("two"));
    add(&home, "B", b"b");
    let id = json(&home.keyward(&["secret", "show", "A", "--json"]))["id"].clone();
    ok(&home.keyward(&["secret", "move", "B", "--to", "prod", "--copy"]));
    assert_eq!(
        (keys(&home, "default"), keys(&home, "prod")),
        (vec!["A".into(), "B".into()], vec!["B".into()])
    );
    for copy in [&[][..], &["--copy"]] {
        let args = [&["secret", "move", "A", "B", "--to", "prod", "--json"], copy].concat();
        let conflict = error(&home.keyward(&args), 6);
        assert!(
            conflict["message"].as_str().unwrap().contains("“B”"),
            "{conflict}"
        );
        assert_eq!(keys(&home, "prod"), ["B"], "nothing moved");
    }
    let moved = json(&home.keyward(&["secret", "move", "A", "--to", "prod", "--json"]));
    assert_eq!(
        (&moved[0]["id"], &moved[0]["version"], &moved[0]["environment"]),
        (&id, &json!(2), &json!("prod"))
    );
    let history = json(&home.keyward(&["secret", "history", "A", "--env", "prod", "--json"]));
    assert_eq!(history.as_array().unwrap().len(), 2);
    assert_eq!(get(&home, "A", "prod"), "two");
    refused(&home.keyward(&["get", "A"]), 3);
    error(
        &home.keyward(&["secret", "move", "B", "--to", "nowhere", "--json"]),
        3,
    );
    error(
        &home.keyward(&["secret", "move", "NONE", "--to", "prod", "--json"]),
        3,
    );
    error(
        &home.keyward(&["secret", "move", "A", "--to", "prod", "--env", "prod", "--json"]),
        2,
    );
    refused(&home.keyward(&["secret", "move", "B"]), 2);
}

/// Which keys exist where, and whether the values are the same; no value is printed.
#[test]
fn pv1_compare() {
    let home = keychain_home();
    ok(&home.keyward(&["env", "add", "prod"]));
    for key in ["DIFFERENT", "HERE", "SAME"] {
        add(&home, key, b"hunter2-value");
    }
    ok(&home.keyward(&["secret", "move", "DIFFERENT", "SAME", "--to", "prod", "--copy"]));
    ok(&home
        .keyward(&["secret", "update", "DIFFERENT", "--value-stdin"])
        .stdin("hunter3-value"));
    let compared = json(&home.keyward(&["secret", "compare", "default", "prod", "--json"]));
    has_members(&compared[0], "key first second same");
    assert_eq!(
        compared,
        json!([
            { "key": "DIFFERENT", "first": "secret", "second": "secret", "same": false },
            { "key": "HERE", "first": "secret", "second": null, "same": null },
            { "key": "SAME", "first": "secret", "second": "secret", "same": true },
        ])
    );
    let table = ok(&home.keyward(&["secret", "compare", "default", "prod"])).text();
    assert!(
        table.contains("different") && !table.contains("hunter"),
        "{table}"
    );
    error(
        &home.keyward(&["secret", "compare", "default", "nowhere", "--json"]),
        3,
    );
    refused(&home.keyward(&["secret", "compare", "default"]), 2);
}

/// ST3, R-16: what is in the trash is listed, comes back, or goes for good: with `--purge`, deleted twice, or emptied.
#[test]
fn st3_the_trash_is_emptied() {
    let home = keychain_home();
    for key in ["A", "B", "C", "D"] {
        add(&home, key, key.as_bytes());
    }
    let trash = || json(&home.keyward(&["secret", "trash", "--json"]));
    let names = |list: &Value| -> Vec<String> {
        let mut names: Vec<String> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["key"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(trash(), json!([]));
    let purged = ok(&home.keyward(&["secret", "delete", "A", "--purge"])).said();
    assert!(purged.contains("for good"), "{purged}");
    assert_eq!(trash(), json!([]));
    refused(&home.keyward(&["secret", "restore", "A"]), 3);

    ok(&home.keyward(&["secret", "delete", "B", "C", "D"]));
    let list = trash();
    assert_eq!(names(&list), ["B", "C", "D"]);
    assert!(list[0]["deleted_at"].is_string(), "{list}");
    ok(&home.keyward(&["secret", "trash", "--restore", "B"]));
    assert_eq!(get(&home, "B", "default"), "B");
    let c = list
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["key"] == "C")
        .unwrap();
    ok(&home.keyward(&["secret", "delete", c["id"].as_str().unwrap()]));
    assert_eq!(names(&trash()), ["D"], "deleted twice is gone");
    assert_eq!(
        json(&home.keyward(&["secret", "trash", "--empty", "--json"])),
        json!({ "purged": 1 })
    );
    assert_eq!(trash(), json!([]));
    assert_eq!(keys(&home, "default"), ["B"]);
    refused(
        &home.keyward(&["secret", "trash", "--empty", "--restore", "B"]),
        2,
    );
    ok(&home.keyward(&["audit", "verify"]));
}

/// Values of many lines, of 1 MiB, and files come through byte for byte; one byte more is refused and nothing is lost.
#[test]
fn files_and_large_values() {
    let home = keychain_home();
    let file = home.path().join("value");
    let path = file.to_str().unwrap();
    let pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----\n";
    fs::write(&file, pem).unwrap();
    ok(&home.keyward(&["secret", "add", "PEM", "--value-file", path]));
    assert_eq!(get(&home, "PEM", "default"), pem);
    let most: Vec<u8> = (0..1024 * 1024).map(|n: u32| (n % 251) as u8).collect();
    fs::write(&file, &most).unwrap();
    ok(&home.keyward(&["secret", "add", "MOST", "--value-file", path]));
    ok(&home.keyward(&["secret", "duplicate", "MOST", "AGAIN"]));
    assert_eq!(ok(&home.keyward(&["get", "AGAIN"])).stdout, most);
    fs::write(&file, [most.as_slice(), b"x"].concat()).unwrap();
    error(
        &home.keyward(&["secret", "add", "MORE", "--value-file", path, "--json"]),
        2,
    );
    error(
        &home.keyward(&["secret", "update", "MOST", "--value-file", path, "--json"]),
        2,
    );
    assert_eq!(ok(&home.keyward(&["get", "MOST"])).stdout, most);
    // NUL is a byte like any other, but cannot go into an environment.
    fs::write(&file, b"a\0b").unwrap();
    ok(&home.keyward(&["secret", "add", "NUL", "--value-file", path]));
    assert_eq!(ok(&home.keyward(&["get", "NUL"])).stdout, b"a\0b");
    refused(&home.keyward(&["run", "--", "true"]).var("X", "keyward://NUL"), 2);
}

/// A list of long texts comes in pages that fit a frame of the host's socket.
#[test]
fn long_texts_come_in_pages() {
    let home = keychain_home();
    let long = "n".repeat(16 * 1024);
    for number in 0..100 {
        let key = format!("KEY_{number:03}");
        let args = [
            "secret",
            "add",
            &key,
            "--note",
            &long,
            "--description",
            &long,
            "--name",
            &long,
        ];
        ok(&home.keyward(&args).stdin("x"));
    }
    let host = home.serve().unwrap();
    assert_eq!(keys(&home, "default").len(), 100);
    drop(host);
}
