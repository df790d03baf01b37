//! `get` and what a reference may be.

use serde_json::json;

use crate::common::{add, error, has_members, hint, json, keychain_home, ok, refused};

/// CLI.md “Keys, names, references”: every form of a Secret's reference.
#[test]
fn pv6_get_takes_every_form() {
    let home = keychain_home();
    add(&home, "DB-user_1", b"ada");
    ok(&home.keyward(&["env", "add", "prod"]));
    ok(&home
        .keyward(&["secret", "add", "DB-user_1", "--env", "prod"])
        .stdin("grace"));
    for (reference, value) in [
        ("DB-user_1", "ada"),
        ("keyward://DB-user_1", "ada"),
        ("keyward://./DB-user_1", "ada"),
        ("keyward://default/DB-user_1", "ada"),
        ("{vault.DB-user_1}", "ada"),
        ("{pmio.vault.DB-user_1}", "ada"),
        // Only a URI names another environment.
        ("keyward://prod/DB-user_1", "grace"),
    ] {
        let got = ok(&home.keyward(&["get", reference]));
        assert_eq!(got.text(), value, "{reference}: no newline is added");
        assert!(got.said().is_empty(), "{}", got.said());
        let shown = json(&home.keyward(&["get", reference, "--json"]));
        assert_eq!(shown, json!({ "reference": reference, "value": value }));
    }
    // The environment of the command is what a reference without one means.
    assert_eq!(
        ok(&home.keyward(&["get", "{vault.DB-user_1}", "--env", "prod"])).text(),
        "grace"
    );
    assert_eq!(
        ok(&home.keyward(&["get", "keyward://./DB-user_1", "--env", "prod"])).text(),
        "grace"
    );
    assert_eq!(
        ok(&home.keyward(&["get", "keyward://default/DB-user_1", "--env", "prod"])).text(),
        "ada"
    );
}

/// Values are bytes: as they are on stdout, `value_base64` in JSON when they are not UTF-8.
#[test]
fn values_are_bytes() {
    let home = keychain_home();
    add(&home, "BIN", b"\xff\x00\xfe\n");
    add(&home, "TEXT", "zwei\n\u{1f511} \"x\"\u{0}".as_bytes());
    assert_eq!(ok(&home.keyward(&["get", "BIN"])).stdout, b"\xff\x00\xfe\n");
    assert_eq!(
        json(&home.keyward(&["get", "BIN", "--json"])),
        json!({ "reference": "BIN", "value_base64": "/wD+Cg==" })
    );
    assert_eq!(
        json(&home.keyward(&["get", "TEXT", "--json"])),
        json!({ "reference": "TEXT", "value": "zwei\n\u{1f511} \"x\"\u{0}" })
    );
    let shown = json(&home.keyward(&["secret", "show", "BIN", "--reveal", "--json"]));
    assert_eq!(
        (&shown["value_base64"], shown.get("value")),
        (&json!("/wD+Cg=="), None)
    );
}

/// No fall-back between environments; `not_found` names the environments that have the key.
#[test]
fn not_found_names_the_environments_that_have_it() {
    let home = keychain_home();
    for environment in ["prod", "staging", "empty"] {
        ok(&home.keyward(&["env", "add", environment]));
    }
    for environment in ["prod", "staging"] {
        ok(&home
            .keyward(&["secret", "add", "ONLY", "--env", environment])
            .stdin("x"));
    }
    for (reference, environment) in [
        ("ONLY", "default"),
        ("keyward://empty/ONLY", "default"),
        ("{vault.ONLY}", "empty"),
    ] {
        let missing = error(
            &home.keyward(&["get", reference, "--env", environment, "--json"]),
            3,
        );
        let all = missing.to_string();
        assert!(
            all.contains("prod") && all.contains("staging"),
            "{reference}: {missing}"
        );
    }
    let nowhere = error(&home.keyward(&["get", "NOWHERE", "--json"]), 3);
    assert!(
        !nowhere.to_string().contains("prod") && nowhere["message"].as_str().unwrap().contains("NOWHERE"),
        "{nowhere}"
    );
    error(&home.keyward(&["get", "keyward://nowhere/ONLY", "--json"]), 3);
    let app = error(&home.keyward(&["get", "@github", "--json"]), 3);
    assert!(app["message"].as_str().unwrap().contains("github"), "{app}");
    // What is in the trash is nowhere.
    ok(&home.keyward(&["secret", "delete", "ONLY", "--env", "prod"]));
    assert!(!hint(&error(&home.keyward(&["get", "ONLY", "--json"]), 3)).contains("prod"));
}

/// What is no reference is a usage error that says why.
#[test]
fn what_is_no_reference_is_2() {
    let home = keychain_home();
    add(&home, "A", b"x");
    for bad in [
        "",
        "a b",
        "A.field",
        "A/B",
        "keyward://",
        "keyward://A/",
        "keyward://A/field",
        "keyward://a/b/c/d",
        "keyward:///A",
        "http://A",
        "{vault.}",
        "{vault.A",
        "{vault.A.}",
        "{other.A}",
        "@",
        "@GitHub",
        "keyward://./@",
        "{vault.A.raw.}",
        "é",
    ] {
        error(&home.keyward(&["get", "--json", "--", bad]), 2);
    }
    // A Secret has one value and no fields.
    for field in [
        "{vault.A.field}",
        "keyward://./A/field",
        "keyward://default/A/raw.x",
    ] {
        let refused = error(&home.keyward(&["get", field, "--json"]), 2);
        assert!(hint(&refused).contains("keyward://"), "{refused}");
    }
    refused(&home.keyward(&["get"]), 2);
    refused(&home.keyward(&["get", "A", "B"]), 2);
    has_members(&json(&home.keyward(&["get", "A", "--json"])), "reference value");
}
