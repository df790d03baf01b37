//! Where the values of a `credential` come from, who refers to them, and what is refused (AM11).

use keyward_tests::home::Home;
use serde_json::{Value, json};

use crate::common::{Terminal, error, hint, json, keychain_home, ok, passphrase_home, refused};

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
