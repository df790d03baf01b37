//! `credential`: several named values that belong together (AM11–AM13), and references to them.

use keyward_tests::home::Home;
use serde_json::{Value, json};

use crate::common::{
    Terminal, add, error, has_members, hint, is_id, is_time, json, keychain_home, ok, passphrase_home,
    refused,
};

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

/// CLI.md: `--from` takes .env syntax from a file or stdin: comments, quotes, several lines, an empty value that is meant.
#[test]
fn am11_values_from_a_file() {
    let home = keychain_home();
    let text =
        "# of the warehouse\nexport HOST=db.example # name\nPASS='a b=c'\nPEM=\"one\\ntwo\nthree\"\nEMPTY=\n";
    let file = home.path().join("warehouse.env");
    std::fs::write(&file, text).unwrap();
    let made = json(&home.keyward(&[
        "credential",
        "add",
        "A",
        "--from",
        file.to_str().unwrap(),
        "--json",
    ]));
    let piped = json(
        &home
            .keyward(&["credential", "add", "B", "--from", "-", "--json"])
            .stdin(text),
    );
    for (key, credential) in [("A", &made), ("B", &piped)] {
        assert_eq!(names(credential), ["HOST", "PASS", "PEM", "EMPTY"]);
        assert_eq!(
            credential["variables"][0]["masked"], true,
            "masked unless said otherwise"
        );
        for (name, value) in [
            ("HOST", "db.example"),
            ("PASS", "a b=c"),
            ("PEM", "one\ntwo\nthree"),
            ("EMPTY", ""),
        ] {
            assert_eq!(get(&home, &format!("{{vault.{key}.{name}}}")), value);
        }
    }
}

/// CLI.md: references to one variable and to all of them, in `get`, `run` and `inject`; errors name what there is.
#[test]
fn am11_references() {
    let home = keychain_home();
    add_two(&home, "DB");
    ok(&home.keyward(&["env", "add", "prod"]));
    let args = [
        "credential",
        "add",
        "DB",
        "--env",
        "prod",
        "--var",
        "password",
        "--var",
        "odd",
    ];
    ok(&home.keyward(&args).stdin("grace\n\"q\" \\ \u{1f511}"));
    for (reference, value) in [
        ("{vault.DB.password}", "s3cr3t-value"),
        ("{pmio.vault.DB.password}", "s3cr3t-value"),
        ("keyward://./DB/password", "s3cr3t-value"),
        ("keyward://default/DB/host", "db.example"),
        ("keyward://prod/DB/password", "grace"),
        // The order is kept, and nothing is added.
        ("DB", r#"{"host":"db.example","password":"s3cr3t-value"}"#),
        ("{vault.DB}", r#"{"host":"db.example","password":"s3cr3t-value"}"#),
        (
            "keyward://prod/DB",
            "{\"password\":\"grace\",\"odd\":\"\\\"q\\\" \\\\ \u{1f511}\"}",
        ),
    ] {
        assert_eq!(get(&home, reference), value, "{reference}");
    }
    for (reference, wanted) in [
        ("{vault.DB.passwrod}", "host, password"),
        ("{vault.DB.Password}", "Did you mean password?"),
        ("{vault.DB.raw.a}", "host, password"),
        ("keyward://prod/DB/host", "password, odd"),
    ] {
        let missing = error(&home.keyward(&["get", reference, "--json"]), 3);
        assert!(hint(&missing).contains(wanted), "{reference}: {missing}");
    }
    let args = ["run", "--", "sh", "-c", "printf '%s|%s' \"$URL\" \"$ALL\""];
    let run = home
        .keyward(&args)
        .var("URL", "psql://u:{vault.DB.password}@{vault.DB.host}/x")
        .var("ALL", "keyward://DB");
    assert_eq!(
        ok(&run).text(),
        "psql://u:s3cr3t-value@db.example/x|{\"host\":\"db.example\",\"password\":\"s3cr3t-value\"}"
    );
    let template = home.path().join("config.yaml");
    std::fs::write(
        &template,
        "host: \"{vault.DB.host}\"\nother: 'keyward://prod/DB/password'\n",
    )
    .unwrap();
    let filled = ok(&home.keyward(&["inject", "-i", template.to_str().unwrap(), "-o", "-"]));
    assert_eq!(filled.text(), "host: \"db.example\"\nother: 'grace'\n");
    // Bytes that are no text cannot be part of JSON, and go by themselves.
    let bytes = b"TEXT=x\nRAW=\"\xff\"\n".to_vec();
    ok(&home
        .keyward(&["credential", "add", "BIN", "--from", "-"])
        .stdin(bytes));
    assert_eq!(ok(&home.keyward(&["get", "{vault.BIN.RAW}"])).stdout, b"\xff");
    let whole = error(&home.keyward(&["get", "BIN", "--json"]), 2);
    assert!(
        whole["message"].as_str().unwrap().contains("RAW") && hint(&whole).contains("{vault.BIN."),
        "{whole}"
    );
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
    error(&home.keyward(&["credential", "restore", "NEVER", "--json"]), 3);

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

/// Bad input: a clear error of what and where, never the value, and nothing half-done.
#[test]
fn am11_bad_input_changes_nothing() {
    let home = keychain_home();
    let long = "k".repeat(64 * 1024);
    for key in ["", "a b", "é", "a\u{1}", "1st", &long[..129]] {
        let args = ["credential", "add", "--var", "a", "--json", "--", key];
        error(&home.keyward(&args).stdin("x"), 2);
    }
    for name in ["", "a b", "é", "a\u{7}", "a.b", "1st", long.as_str()] {
        let args = ["credential", "add", "A", "--json", "--var", name];
        let error = error(&home.keyward(&args).stdin("canary-value"), 2);
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    // (arguments, stdin, part of the message)
    let huge = format!("A={}", "x".repeat(1024 * 1024 + 1));
    let cases: [(&[&str], &[u8], &str); 18] = [
        (&[], b"", "at least one variable"),
        (
            &["--var", "a", "--var", "A"],
            b"canary\nb\n",
            "differs from a only in case",
        ),
        (&["--var", "a", "--var", "a"], b"canary\nb\n", "twice"),
        (&["--var", "a:hidden"], b"canary", ":masked, :plain"),
        (&["--var", "a"], b"", "0 lines for 1 variable"),
        (&["--var", "a"], b"canary\nb\n", "2 lines for 1 variable"),
        (
            &["--var", "a", "--var", "b"],
            b"canary\n",
            "1 line for 2 variables",
        ),
        (
            &["--var", "a", "--var", "b"],
            b"canary\n\n",
            "value of b is empty",
        ),
        (&["--var", "a=canary"], b"", "cannot be an argument"),
        (&["canary", "--var", "a"], b"x", "cannot be an argument"),
        (
            &["--value", "canary", "--var", "a"],
            b"x",
            "cannot be an argument",
        ),
        (
            &["--from", "-"],
            b"a=canary\nA=b\n",
            "line 2: A differs from a only in case",
        ),
        (&["--from", "-"], b"a.b=canary\n", "line 1"),
        (&["--from", "-"], b"a=1\n=canary\n", "line 2, column 1"),
        (&["--from", "-"], b"a=\"canary\n", "never closed"),
        (&["--from", "-"], b"# nothing\n", "no NAME=value line"),
        (&["--from", "/nowhere/at/all"], b"", "cannot be read"),
        (&["--from", "-"], huge.as_bytes(), "variable A: 1048577 bytes"),
    ];
    for (args, stdin, part) in cases {
        let all = [&["credential", "add", "A", "--json"], args].concat();
        let error = error(&home.keyward(&all).stdin(stdin), 2);
        let text = error.to_string();
        assert!(text.contains(part), "{args:?}: {text}");
        assert!(!text.contains("canary"), "R-17: {text}");
    }
    let most = format!("A={}\n", "x".repeat(1024 * 1024));
    let twice = format!("{most}B{}", &most[1..]);
    let too_much = error(
        &home
            .keyward(&["credential", "add", "A", "--from", "-", "--json"])
            .stdin(twice),
        2,
    );
    assert!(
        too_much["message"].as_str().unwrap().contains("2 MiB"),
        "{too_much}"
    );
    refused(
        &home
            .keyward(&["credential", "add", "A", "--var", "a", "--from", "-"])
            .stdin("a=1"),
        2,
    );
    assert_eq!(json(&home.keyward(&["credential", "list", "--json"])), json!([]));

    // The most there may be, and more than one value holds as a whole.
    ok(&home
        .keyward(&["credential", "add", "A", "--from", "-"])
        .stdin(most.clone()));
    assert_eq!(get(&home, "{vault.A.A}").len(), 1024 * 1024);
    let whole = error(&home.keyward(&["get", "A", "--json"]), 2);
    assert!(whole["message"].as_str().unwrap().contains("1 MiB"), "{whole}");
    let meant = [
        "credential",
        "add",
        "EMPTY",
        "--var",
        "a",
        "--var",
        "b",
        "--empty",
    ];
    ok(&home.keyward(&meant).stdin("\n\n"));
    assert_eq!(get(&home, "EMPTY"), r#"{"a":"","b":""}"#);
}

/// A person is asked for each value, twice and without echo; the same through a host.
#[test]
fn am11_values_typed_on_a_terminal() {
    let home = passphrase_home();
    let host = home.serve().unwrap();
    let mut terminal = Terminal::keyward(
        &home,
        &["credential", "add", "DB", "--var", "user", "--var", "password"],
    );
    for (name, value) in [("user", "ada"), ("password", "typed-value")] {
        terminal.expect(&format!("{name}: "));
        terminal.enter(value);
        terminal.expect("Again: ");
        terminal.enter(value);
    }
    terminal.expect("2 variables");
    assert!(terminal.end().success());
    assert!(!terminal.screen().contains("typed-value"));
    assert_eq!(get(&home, "{vault.DB.password}"), "typed-value");
    drop(host);
}
