//! `secret`: the life of a Secret, its versions and its trash.

use std::time::Duration;

use keyward_tests::home::Home;
use serde_json::{Value, json};

use crate::common::{add, error, has_members, hint, is_id, is_time, json, keychain_home, ok, refused};

const SECRET: &str = "id key name description tags masked environment version created_at updated_at notes \
    expires_at rotate_every rotation_due_at favourite value_changed_at deleted_at";

fn get(home: &Home, key: &str) -> Vec<u8> {
    ok(&home.keyward(&["get", key])).stdout
}

fn keys(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one["key"].as_str().unwrap())
        .collect()
}

/// PV3, PV4: add, list, find by id or key, update, delete by id or key; a value never stands in a list.
#[test]
fn pv3_pv4_the_life_of_a_secret() {
    let home = keychain_home();
    assert_eq!(json(&home.keyward(&["secret", "list", "--json"])), json!([]));
    let silent = ok(&home.keyward(&["secret", "add", "PLAIN"]).stdin("x"));
    assert!(
        silent.stdout.is_empty() && silent.said().contains("keyward://default/PLAIN"),
        "{}",
        silent.said()
    );
    let made = json(
        &home
            .keyward(&[
                "secret",
                "add",
                "DB_PASSWORD",
                "--name",
                "Database",
                "--description",
                "of the shop",
                "--tag",
                "db",
                "--tag",
                "prod",
                "--json",
            ])
            .stdin("s3cr3t-value"),
    );
    has_members(&made, SECRET);
    is_id(&made["id"]);
    is_time(&made["created_at"]);
    assert_eq!(
        made,
        json!({
            "id": made["id"], "key": "DB_PASSWORD", "name": "Database", "description": "of the shop",
            "tags": ["db", "prod"], "masked": true, "environment": "default", "version": 1,
            "created_at": made["created_at"], "updated_at": made["created_at"], "notes": "", "expires_at": null,
            "rotate_every": null, "rotation_due_at": null, "favourite": false,
            "value_changed_at": made["created_at"], "deleted_at": null,
        })
    );
    let plain = json(
        &home
            .keyward(&["secret", "add", "HOST", "--plain", "--json"])
            .stdin("db.example"),
    );
    assert_eq!(
        (&plain["masked"], &plain["name"], &plain["tags"]),
        (&json!(false), &json!("HOST"), &json!([])),
        "PV2"
    );

    // List, search (key, name, description, tags), tag.
    let list = json(&home.keyward(&["secret", "list", "--json"]));
    assert_eq!(keys(&list), ["DB_PASSWORD", "HOST", "PLAIN"]);
    assert_eq!(list[0], made, "a list holds the same object");
    assert!(!list.to_string().contains("s3cr3t-value"));
    for (args, found) in [
        (&["--search", "database"][..], &["DB_PASSWORD"][..]),
        (&["--search", "shop of"], &["DB_PASSWORD"]),
        (&["--search", "prod"], &["DB_PASSWORD"]),
        (&["--search", "o"], &["DB_PASSWORD", "HOST"]),
        (&["--search", "s3cr3t"], &[]),
        (&["--tag", "db"], &["DB_PASSWORD"]),
        (&["--tag", "d"], &[]),
        (&["--tag", "db", "--search", "nothing"], &[]),
    ] {
        let all = [&["secret", "list", "--json"], args].concat();
        assert_eq!(keys(&json(&home.keyward(&all))), found, "{args:?}");
    }
    let table = ok(&home.keyward(&["secret", "list"]));
    assert!(table.text().contains("DB_PASSWORD") && !table.text().contains("s3cr3t-value"));

    // Show by key and by id; the value only with --reveal.
    let id = made["id"].as_str().unwrap();
    for which in ["DB_PASSWORD", id] {
        assert_eq!(json(&home.keyward(&["secret", "show", which, "--json"])), made);
        let mut revealed = json(&home.keyward(&["secret", "show", which, "--reveal", "--json"]));
        has_members(&revealed, &format!("{SECRET} value"));
        assert_eq!(revealed["value"], "s3cr3t-value");
        revealed.as_object_mut().unwrap().remove("value");
        assert_eq!(revealed, made);
    }
    assert!(
        !ok(&home.keyward(&["secret", "show", id]))
            .text()
            .contains("s3cr3t-value")
    );
    assert!(
        ok(&home.keyward(&["secret", "show", id, "--reveal"]))
            .text()
            .contains("s3cr3t-value")
    );

    // Update metadata by id: neither a new version nor a look at stdin.
    let changed = json(
        &home
            .keyward(&[
                "secret", "update", id, "--name", "Shop", "--tag", "x", "--plain", "--json",
            ])
            .stdin("not a value"),
    );
    has_members(&changed, SECRET);
    assert_eq!(
        (
            &changed["name"],
            &changed["tags"],
            &changed["masked"],
            &changed["version"],
            &changed["description"]
        ),
        (
            &json!("Shop"),
            &json!(["x"]),
            &json!(false),
            &json!(1),
            &json!("of the shop")
        )
    );
    assert_eq!(get(&home, "DB_PASSWORD"), b"s3cr3t-value");
    // A new value by key, with metadata in the same command.
    let changed = json(
        &home
            .keyward(&[
                "secret",
                "update",
                "DB_PASSWORD",
                "--value-stdin",
                "--description",
                "",
                "--json",
            ])
            .stdin("second\n"),
    );
    assert_eq!(
        (&changed["version"], &changed["description"], &changed["id"]),
        (&json!(2), &json!(""), &made["id"])
    );
    assert_eq!(get(&home, "DB_PASSWORD"), b"second");
    // Metadata that is refused leaves the value as it was.
    let long = "x".repeat(100_000);
    error(
        &home
            .keyward(&[
                "secret",
                "update",
                "DB_PASSWORD",
                "--value-stdin",
                "--name",
                &long,
                "--json",
            ])
            .stdin("lost"),
        2,
    );
    assert_eq!(get(&home, "DB_PASSWORD"), b"second");
    // And a value that is refused leaves the metadata as it was: both are one transaction.
    let before = json(&home.keyward(&["secret", "show", "DB_PASSWORD", "--json"]));
    let both = [
        "secret",
        "update",
        "DB_PASSWORD",
        "--value-stdin",
        "--name",
        "Other",
        "--json",
    ];
    error(&home.keyward(&both).stdin("x".repeat(1024 * 1024 + 1)), 2);
    assert_eq!(
        json(&home.keyward(&["secret", "show", "DB_PASSWORD", "--json"])),
        before
    );
    // Nothing to change, and no terminal to ask on.
    let nothing = error(
        &home
            .keyward(&["secret", "update", "DB_PASSWORD", "--json"])
            .stdin("third"),
        2,
    );
    assert!(hint(&nothing).contains("--value-stdin"), "{nothing}");
    assert_eq!(get(&home, "DB_PASSWORD"), b"second");

    // Not there.
    for args in [
        &["secret", "show", "NONE", "--json"][..],
        &["secret", "update", "NONE", "--name", "x", "--json"],
        &["secret", "update", "NONE", "--value-stdin", "--json"],
        &["secret", "delete", "NONE", "--json"],
        &["secret", "restore", "NONE", "--json"],
        &["secret", "history", "NONE", "--json"],
        &["secret", "show", "00000000-0000-4000-8000-000000000000", "--json"],
    ] {
        error(&home.keyward(args).stdin("x"), 3);
    }
    ok(&home.keyward(&["secret", "delete", id]));
    refused(&home.keyward(&["get", "DB_PASSWORD"]), 3);
}

/// CLI.md: values are never arguments; the refusal says how, and repeats nothing.
#[test]
fn values_are_never_arguments() {
    let home = keychain_home();
    add(&home, "A", b"old");
    for act in [&["add", "NEW"][..], &["update", "A"]] {
        for value in [
            &["s3cr3t-value"][..],
            &["--value", "s3cr3t-value"],
            &["--value=s3cr3t-value"],
            &["--value", "-s3cr3t-value"],
            &["--value"],
        ] {
            let args = [&["secret", "--json"], act, value].concat();
            let error = error(&home.keyward(&args).stdin("from stdin"), 2);
            assert!(hint(&error).contains("--value-file"), "{args:?}: {error}");
            assert!(!error.to_string().contains("s3cr3t"), "{args:?}: {error}");
        }
    }
    assert_eq!(get(&home, "A"), b"old");
    refused(&home.keyward(&["get", "NEW"]), 3);
    assert!(
        !ok(&home.keyward(&["secret", "add", "--help"]))
            .text()
            .contains("--value "),
        "what is refused is not offered"
    );
}

/// PV5: the key can never be changed; an attempt is a clear error.
#[test]
fn pv5_a_key_is_for_ever() {
    let home = keychain_home();
    add(&home, "OLD", b"x");
    let error6 = error(
        &home.keyward(&["secret", "update", "OLD", "--key", "NEW", "--json"]),
        6,
    );
    assert!(
        error6["message"].as_str().unwrap().contains("never changes"),
        "{error6}"
    );
    assert_eq!(get(&home, "OLD"), b"x");
    refused(&home.keyward(&["get", "NEW"]), 3);
    // The key exists: said before a value is read, and nothing changes.
    for taken in ["OLD", "old", "Old"] {
        let error = error(
            &home.keyward(&["secret", "add", taken, "--json"]).stdin("other"),
            6,
        );
        assert!(
            error["message"].as_str().unwrap().contains("OLD") || taken != "OLD",
            "{error}"
        );
    }
    error(
        &home.keyward(&["secret", "add", "OLD", "--value-file", "/no/such/file", "--json"]),
        6,
    );
    assert_eq!(get(&home, "OLD"), b"x");
    assert_eq!(
        json(&home.keyward(&["secret", "show", "OLD", "--json"]))["version"],
        1
    );
    // Case counts when reading: the right spelling is the hint.
    let missing = error(&home.keyward(&["get", "old", "--json"]), 3);
    assert!(hint(&missing).contains("OLD"), "{missing}");
}

/// ST3: versions of every value; restore makes an old one current, as a new version.
#[test]
fn st3_versions_and_restore() {
    let home = keychain_home();
    let set = |value: &str| {
        ok(&home
            .keyward(&["secret", "update", "A", "--value-stdin"])
            .stdin(value))
    };
    add(&home, "A", b"one");
    set("two");
    set("three");
    ok(&home.keyward(&["secret", "update", "A", "--name", "no new version"]));
    let history = json(&home.keyward(&["secret", "history", "A", "--json"]));
    let list = history.as_array().unwrap();
    for version in list {
        has_members(version, "number note current revoked created_at");
        is_time(&version["created_at"]);
        assert_eq!(
            (&version["revoked"], &version["current"]),
            (&json!(false), &json!(version["number"] == 3))
        );
    }
    let numbers: Vec<_> = list
        .iter()
        .map(|version| version["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [3, 2, 1], "newest first");
    assert!(!history.to_string().contains("three"));

    let restored = json(&home.keyward(&["secret", "restore", "A", "--version", "1", "--json"]));
    has_members(&restored, SECRET);
    assert_eq!(restored["version"], 4);
    assert_eq!(get(&home, "A"), b"one");
    let history = json(&home.keyward(&["secret", "history", "A", "--json"]));
    assert_eq!(
        (&history[0]["number"], &history[0]["current"]),
        (&json!(4), &json!(true))
    );
    assert_eq!(history[3]["current"], false);
    for none in ["0", "5", "4294967295"] {
        error(
            &home.keyward(&["secret", "restore", "A", "--version", none, "--json"]),
            3,
        );
    }
    refused(&home.keyward(&["secret", "restore", "A", "--version", "-1"]), 2);
    refused(&home.keyward(&["secret", "restore", "A", "--version", "one"]), 2);
    assert!(
        ok(&home.keyward(&["secret", "history", "A"]))
            .text()
            .contains("current")
    );
}

/// ST3: the trash. Deleting frees the key at once; restore without a version takes the newest of that key.
#[test]
fn st3_trash_and_restore() {
    let home = keychain_home();
    for key in ["A", "B", "C"] {
        add(&home, key, key.as_bytes());
    }
    // All of them or none.
    error(
        &home.keyward(&["secret", "delete", "A", "NONE", "B", "--json"]),
        3,
    );
    assert_eq!(
        keys(&json(&home.keyward(&["secret", "list", "--json"]))),
        ["A", "B", "C"]
    );
    let gone = json(&home.keyward(&["secret", "delete", "A", "B", "A", "--json"]));
    assert_eq!(keys(&gone), ["A", "B"]);
    has_members(&gone[0], SECRET);
    assert_eq!(keys(&json(&home.keyward(&["secret", "list", "--json"]))), ["C"]);
    refused(&home.keyward(&["get", "A"]), 3);
    refused(&home.keyward(&["secret", "show", "A"]), 3);

    let back = json(&home.keyward(&["secret", "restore", "A", "--json"]));
    has_members(&back, SECRET);
    assert_eq!((&back["id"], &back["version"]), (&gone[0]["id"], &json!(1)));
    assert_eq!(get(&home, "A"), b"A");

    // Two of one key in the trash: the newest comes back; by id the other one does.
    ok(&home.keyward(&["secret", "delete", "A"]));
    let second = json(&home.keyward(&["secret", "add", "A", "--json"]).stdin("second"));
    assert_ne!(second["id"], back["id"]);
    // While the key is taken, restoring is a conflict.
    error(
        &home.keyward(&["secret", "restore", back["id"].as_str().unwrap(), "--json"]),
        6,
    );
    assert_eq!(get(&home, "A"), b"second");
    std::thread::sleep(Duration::from_millis(1_100));
    let said = ok(&home.keyward(&["secret", "delete", "A"])).said();
    assert!(said.contains("restore"), "undo is named: {said}");
    ok(&home.keyward(&["secret", "restore", "A"]));
    assert_eq!(get(&home, "A"), b"second");
    ok(&home.keyward(&["secret", "delete", "A"]));
    ok(&home.keyward(&["secret", "restore", back["id"].as_str().unwrap()]));
    assert_eq!(get(&home, "A"), b"A");
    // A value of a thing in the trash cannot be changed, and what is not in the trash cannot be taken out of it.
    let b = gone[1]["id"].as_str().unwrap();
    refused(
        &home.keyward(&["secret", "update", b, "--value-stdin"]).stdin("x"),
        6,
    );
    error(&home.keyward(&["secret", "restore", "C", "--json"]), 3);
    // A key in the trash of another environment is not this one's.
    ok(&home.keyward(&["env", "add", "prod"]));
    error(
        &home.keyward(&["secret", "restore", "B", "--env", "prod", "--json"]),
        3,
    );
}
