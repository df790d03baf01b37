//! `credential`: several named values that belong together (AM11–AM13), and references to them.

use keyward_tests::home::Home;
use serde_json::{Value, json};

use crate::common::{add, error, has_members, hint, is_id, is_time, json, keychain_home, ok, refused};

const CREDENTIAL: &str =
    "id key name description environment owner variables request_status access_type created_at";

fn get(home: &Home, reference: &str) -> String {
    ok(&home.keyward(&["get", reference])).text()
}

fn add_two(home: &Home, key: &str) -> Value {
    let args = [
        "credential",
        "add",
        key,
        "--var",
        "host:plain",
        "--var",
        "password",
        "--json",
    ];
    json(&home.keyward(&args).stdin("db.example\ns3cr3t-value\n"))
}

fn names(credential: &Value) -> Vec<&str> {
    credential["variables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

/// AM11, AM13: add, list, search, find by key or id; the shape to the letter, and a value never stands in it.
#[test]
fn am11_am13_the_life_of_a_credential() {
    let home = keychain_home();
    assert_eq!(json(&home.keyward(&["credential", "list", "--json"])), json!([]));
    let made = json(
        &home
            .keyward(&[
                "credential",
                "add",
                "warehouse_db",
                "--name",
                "Warehouse database",
                "--description",
                "Read-only",
                "--var",
                "host:plain",
                "--var",
                "password",
                "--var",
                "port:masked",
                "--json",
            ])
            .stdin("db.example\ns3cr3t-value\n5439\n"),
    );
    has_members(&made, CREDENTIAL);
    is_id(&made["id"]);
    is_time(&made["created_at"]);
    assert_eq!(
        made,
        json!({
            "id": made["id"], "key": "warehouse_db", "name": "Warehouse database", "description": "Read-only",
            "environment": "default", "owner": "owner",
            "variables": [
                {"name": "host", "description": "", "masked": false},
                {"name": "password", "description": "", "masked": true},
                {"name": "port", "description": "", "masked": true},
            ],
            "request_status": "none", "access_type": "owner", "created_at": made["created_at"],
        })
    );
    let silent = ok(&home
        .keyward(&["credential", "add", "other", "--var", "a"])
        .stdin("x"));
    assert!(
        silent.stdout.is_empty() && silent.said().contains("keyward://default/other/a"),
        "{}",
        silent.said()
    );
    let list = json(&home.keyward(&["credential", "list", "--json"]));
    assert_eq!(
        (list[0]["key"].as_str(), &list[1]),
        (Some("other"), &made),
        "by key"
    );
    for (search, found) in [
        ("warehouse", 1),
        ("read-only", 1),
        ("password", 1),
        ("s3cr3t", 0),
        ("o", 2),
    ] {
        let list = json(&home.keyward(&["credential", "list", "--search", search, "--json"]));
        assert_eq!(list.as_array().unwrap().len(), found, "{search}");
    }
    let id = made["id"].as_str().unwrap();
    for which in ["warehouse_db", id] {
        assert_eq!(
            json(&home.keyward(&["credential", "show", which, "--json"])),
            made
        );
        let mut revealed = json(&home.keyward(&["credential", "show", which, "--reveal", "--json"]));
        for (at, value) in ["db.example", "s3cr3t-value", "5439"].into_iter().enumerate() {
            has_members(&revealed["variables"][at], "name description masked value");
            let variable = revealed["variables"][at].as_object_mut().unwrap();
            assert_eq!(variable.remove("value"), Some(json!(value)));
        }
        assert_eq!(revealed, made);
    }
    for args in [&["credential", "show", id][..], &["credential", "list"]] {
        let text = ok(&home.keyward(args)).text();
        assert!(
            text.contains("password") && !text.contains("s3cr3t-value"),
            "{text}"
        );
    }
    let text = ok(&home.keyward(&["credential", "show", id, "--reveal"])).text();
    assert!(text.contains("\npassword:\ns3cr3t-value\n"), "{text}");
    assert_eq!(json(&home.keyward(&["env", "list", "--json"]))[0]["items"], 2);

    // What a secret is called, no credential is, in whatever case, and the other way round.
    add(&home, "TAKEN", b"x");
    let args = ["credential", "add", "taken", "--var", "a", "--json"];
    error(&home.keyward(&args).stdin("x"), 6);
    error(
        &home
            .keyward(&["secret", "add", "Warehouse_DB", "--json"])
            .stdin("x"),
        6,
    );
    error(&home.keyward(&["secret", "show", "warehouse_db", "--json"]), 3);
    error(&home.keyward(&["credential", "show", "TAKEN", "--json"]), 3);
    let log = ok(&home.keyward(&["audit", "--json"])).text();
    for action in [
        "credential.create",
        "credential.reveal",
        "credential default/warehouse_db/password",
    ] {
        assert!(log.contains(action), "{action}");
    }
    assert!(!log.contains("s3cr3t-value"), "R-17");
}

/// AM11: update renames, describes, adds, removes, reorders, masks and stores values, all in one act.
#[test]
fn am11_update() {
    let home = keychain_home();
    let made = add_two(&home, "DB");
    let id = made["id"].as_str().unwrap();
    let changed = json(
        &home
            .keyward(&[
                "credential",
                "update",
                "DB",
                "--name",
                "Shop",
                "--description",
                "of the shop",
                "--var",
                "password",
                "--var",
                "port:plain",
                "--rename",
                "host=server",
                "--describe",
                "host=Cluster = endpoint",
                "--mask",
                "host",
                "--unmask",
                "password",
                "--order",
                "password,host",
                "--json",
            ])
            .stdin("n3w-value\n5439\n"),
    );
    assert_eq!(
        changed,
        json!({
            "id": id, "key": "DB", "name": "Shop", "description": "of the shop", "environment": "default",
            "owner": "owner",
            "variables": [
                {"name": "password", "description": "", "masked": false},
                {"name": "server", "description": "Cluster = endpoint", "masked": true},
                {"name": "port", "description": "", "masked": false},
            ],
            "request_status": "none", "access_type": "owner", "created_at": made["created_at"],
        })
    );
    assert_eq!(
        get(&home, "DB"),
        r#"{"password":"n3w-value","server":"db.example","port":"5439"}"#
    );
    // Metadata makes no version and reads no stdin.
    let args = ["credential", "update", id, "--describe", "port=TCP", "--json"];
    json(&home.keyward(&args).stdin("not a value"));
    let versions = json(&home.keyward(&["credential", "history", "DB", "server", "--json"]));
    assert_eq!(versions.as_array().unwrap().len(), 1);
    // Two names change places; a file stores values of those there are and adds the others.
    let args = [
        "credential",
        "update",
        "DB",
        "--rename",
        "server=port",
        "--rename",
        "port=server",
        "--from",
        "-",
    ];
    ok(&home.keyward(&args).stdin("password=third\nregion=eu\n"));
    assert_eq!(
        get(&home, "DB"),
        r#"{"password":"third","port":"db.example","server":"5439","region":"eu"}"#
    );
    let without = json(&home.keyward(&["credential", "update", "DB", "--remove", "region", "--json"]));
    assert_eq!(names(&without), ["password", "port", "server"]);

    for (args, status) in [
        (&["--remove", "nothing"][..], 3),
        (&["--mask", "PORT"], 3),
        (&["--rename", "port"], 2),
        (&["--rename", "port=a b"], 2),
        (&["--rename", "port=Server"], 2),
        (&["--describe", "port"], 2),
        (&["--key", "OTHER"], 6),
        (&[], 2),
    ] {
        let all = [&["credential", "update", "DB", "--json"], args].concat();
        let refused = error(&home.keyward(&all), status);
        if status == 3 {
            assert!(hint(&refused).contains("password, port, server"), "{refused}");
        }
    }
    assert_eq!(
        json(&home.keyward(&["credential", "show", "DB", "--json"])),
        without,
        "what is refused changes nothing"
    );
    error(
        &home.keyward(&["credential", "update", "NOWHERE", "--name", "x", "--json"]),
        3,
    );
}

/// AM12, R-16: the trash of credentials is listed, gives one back, and is emptied; that of secrets says that there is one.
#[test]
fn am12_the_trash_of_credentials() {
    let home = keychain_home();
    let trash = |more: &[&str]| home.keyward(&[&["credential", "trash", "--json"], more].concat());
    assert_eq!(json(&trash(&[])), json!([]));
    let made = add_two(&home, "ONE");
    add_two(&home, "TWO");
    ok(&home.keyward(&["credential", "delete", "ONE", "TWO"]));
    assert_eq!(json(&trash(&[])).as_array().unwrap().len(), 2);
    let listed = ok(&home.keyward(&["credential", "trash"])).text();
    assert!(listed.contains("ONE") && listed.contains("DELETED"), "{listed}");
    let secrets = ok(&home.keyward(&["secret", "trash"]));
    assert!(
        secrets.said().contains("2 custom credentials")
            && secrets.said().contains("keyward credential trash"),
        "{}",
        secrets.said()
    );
    assert_eq!(json(&trash(&["--restore", "ONE"])), made);
    ok(&home.keyward(&["secret", "trash", "--empty"]));
    assert_eq!(json(&trash(&["--empty"])), json!({ "purged": 1 }));
    assert_eq!(json(&trash(&[])), json!([]));
    assert!(!ok(&home.keyward(&["secret", "trash"])).said().contains("custom"));
    error(&home.keyward(&["credential", "restore", "TWO", "--json"]), 3);
    error(&trash(&["--empty", "--restore", "ONE"]), 2);
}

/// AM12: several go to the trash or none; restore brings one back; a version of one variable becomes current again.
#[test]
fn am12_trash_history_and_restore() {
    let home = keychain_home();
    let made = add_two(&home, "ONE");
    add_two(&home, "TWO");
    error(
        &home.keyward(&["credential", "delete", "ONE", "MISSING", "--json"]),
        3,
    );
    assert_eq!(
        json(&home.keyward(&["credential", "list", "--json"]))
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let gone = json(&home.keyward(&["credential", "delete", "ONE", "TWO", "--json"]));
    assert_eq!(gone[0], made);
    assert_eq!(json(&home.keyward(&["credential", "list", "--json"])), json!([]));
    error(&home.keyward(&["get", "ONE", "--json"]), 3);
    // Deleting what lies in the trash is for good.
    let two = gone[1]["id"].as_str().unwrap();
    let purged = json(&home.keyward(&["credential", "delete", two, "--json"]));
    has_members(&purged[0], CREDENTIAL);
    error(&home.keyward(&["credential", "restore", "TWO", "--json"]), 3);
    add_two(&home, "TWO");
    ok(&home.keyward(&["credential", "delete", "TWO"]));
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        json(&home.keyward(&["credential", "restore", "ONE", "--json"])),
        made
    );
    add(&home, "TWO", b"x");
    error(&home.keyward(&["credential", "restore", "TWO", "--json"]), 6);
    let never = error(&home.keyward(&["credential", "restore", "NEVER", "--json"]), 3);
    assert!(hint(&never).contains("credential trash"), "{never}");

    let args = ["credential", "update", "ONE", "--var", "password"];
    ok(&home.keyward(&args).stdin("second"));
    let history = ["credential", "history", "ONE", "password", "--json"];
    let versions = json(&home.keyward(&history));
    has_members(&versions[0], "number note current revoked created_at");
    let numbers = |versions: &Value| -> Vec<(u64, bool)> {
        let list = versions.as_array().unwrap();
        let one = |one: &Value| (one["number"].as_u64().unwrap(), one["current"] == true);
        list.iter().map(one).collect()
    };
    assert_eq!(numbers(&versions), [(2, true), (1, false)]);
    json(&home.keyward(&[
        "credential",
        "restore",
        id,
        "password",
        "--version",
        "1",
        "--json",
    ]));
    assert_eq!(get(&home, "{vault.ONE.password}"), "s3cr3t-value");
    let versions = json(&home.keyward(&history));
    assert_eq!(numbers(&versions), [(3, true), (2, false), (1, false)]);
    assert!(
        versions[0]["note"].as_str().unwrap().contains("version 1"),
        "{versions}"
    );
    // Nothing is lost by taking a variable out.
    ok(&home.keyward(&["credential", "update", "ONE", "--remove", "password"]));
    assert_eq!(numbers(&json(&home.keyward(&history))).len(), 3);
    let back = json(&home.keyward(&[
        "credential",
        "restore",
        "ONE",
        "password",
        "--version",
        "2",
        "--json",
    ]));
    assert_eq!(names(&back), ["host", "password"]);
    assert_eq!(get(&home, "{vault.ONE.password}"), "second");
    error(
        &home.keyward(&[
            "credential",
            "restore",
            "ONE",
            "password",
            "--version",
            "99",
            "--json",
        ]),
        3,
    );
    error(
        &home.keyward(&["credential", "restore", "ONE", "user", "--version", "1", "--json"]),
        3,
    );
    error(
        &home.keyward(&["credential", "history", "ONE", "user", "--json"]),
        3,
    );
    refused(&home.keyward(&["credential", "restore", "ONE", "password"]), 2);
    refused(
        &home.keyward(&["credential", "restore", "ONE", "--version", "1"]),
        2,
    );
}
