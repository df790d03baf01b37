//! `env`: PV1, one key with another value in each environment.

use serde_json::json;

use crate::common::{add, error, has_members, hint, is_time, json, keychain_home, ok, refused};

/// `env list | add | delete`: shapes, rules and conflicts.
#[test]
fn pv1_environments_come_and_go() {
    let home = keychain_home();
    let list = json(&home.keyward(&["env", "list", "--json"]));
    assert_eq!(
        list.as_array().unwrap().len(),
        1,
        "a new vault has one environment"
    );
    has_members(&list[0], "name production items created_at colour");
    assert_eq!(
        (&list[0]["name"], &list[0]["production"], &list[0]["items"]),
        (&json!("default"), &json!(false), &json!(0))
    );
    is_time(&list[0]["created_at"]);

    let made = json(&home.keyward(&["env", "add", "prod", "--json"]));
    has_members(&made, "name production items created_at colour");
    assert_eq!((&made["name"], &made["items"]), (&json!("prod"), &json!(0)));
    error(&home.keyward(&["env", "add", "prod", "--json"]), 6);
    let longest = "e".repeat(32);
    ok(&home.keyward(&["env", "add", &longest]));
    let too_long = "e".repeat(33);
    for bad in [
        "Prod",
        "1st",
        "a_b",
        "",
        "a.b",
        "-a",
        "é",
        "a b",
        too_long.as_str(),
    ] {
        let error = error(&home.keyward(&["env", "add", "--json", "--", bad]), 2);
        assert!(
            error["message"].as_str().unwrap().contains("environment"),
            "{bad:?}: {error}"
        );
    }
    assert_eq!(
        json(&home.keyward(&["env", "delete", &longest, "--json"])),
        json!({ "deleted": longest })
    );
    let missing = error(&home.keyward(&["env", "delete", &longest, "--json"]), 3);
    assert!(
        hint(&missing).contains("prod"),
        "it names those there are: {missing}"
    );

    // With items it stays; the last one stays always.
    ok(&home.keyward(&["secret", "add", "A", "--env", "prod"]).stdin("x"));
    assert_eq!(json(&home.keyward(&["env", "list", "--json"]))[1]["items"], 1);
    error(&home.keyward(&["env", "delete", "prod", "--json"]), 6);
    ok(&home.keyward(&["secret", "delete", "A", "--env", "prod"]));
    assert_eq!(json(&home.keyward(&["env", "list", "--json"]))[1]["items"], 0);
    ok(&home.keyward(&["env", "delete", "default"]));
    error(&home.keyward(&["env", "delete", "prod", "--json"]), 6);
    // No fall-back: the environment of the command is gone.
    error(&home.keyward(&["secret", "list", "--json"]), 3);
    assert_eq!(
        json(&home.keyward(&["secret", "list", "--json", "--env", "prod"])),
        json!([])
    );
    let table = ok(&home.keyward(&["env", "list"]));
    assert!(table.text().contains("prod") && table.said().is_empty());
}

/// `env update`: colour and “treat as production” are properties; the name is not.
#[test]
fn environments_have_a_colour_and_may_be_production() {
    let home = keychain_home();
    ok(&home.keyward(&["env", "add", "live"]));
    let update = |args: &[&str]| json(&home.keyward(&[&["env", "update", "live", "--json"], args].concat()));
    let made = update(&["--production", "--colour", "teal"]);
    has_members(&made, "name production items created_at colour");
    assert_eq!(
        (&made["name"], &made["production"], &made["colour"]),
        (&json!("live"), &json!(true), &json!("teal"))
    );
    assert_eq!(json(&home.keyward(&["env", "list", "--json"]))[1], made);
    let quiet = update(&["--no-production"]);
    assert_eq!(
        (&quiet["production"], &quiet["colour"]),
        (&json!(false), &json!("teal"))
    );
    assert_eq!(update(&["--colour", "auto"])["colour"], json!(null));
    let error2 = error(
        &home.keyward(&["env", "update", "live", "--colour", "#ff0000", "--json"]),
        2,
    );
    assert!(error2["message"].as_str().unwrap().contains("violet"), "{error2}");
    error(&home.keyward(&["env", "update", "live", "--json"]), 2);
    error(
        &home.keyward(&["env", "update", "nowhere", "--production", "--json"]),
        3,
    );
}

/// PV1: the same key may have another value in each environment; `--env` wins over KEYWARD_ENV.
#[test]
fn pv1_one_key_another_value_in_each() {
    let home = keychain_home();
    ok(&home.keyward(&["env", "add", "prod"]));
    add(&home, "DB", b"development");
    ok(&home
        .keyward(&["secret", "add", "DB", "--env", "prod"])
        .stdin("production"));
    let get = |args: &[&str]| ok(&home.keyward(args)).text();
    assert_eq!(get(&["get", "DB"]), "development");
    assert_eq!(get(&["get", "DB", "--env", "prod"]), "production");
    assert_eq!(
        ok(&home.keyward(&["get", "DB"]).var("KEYWARD_ENV", "prod")).text(),
        "production"
    );
    assert_eq!(
        ok(&home
            .keyward(&["get", "DB", "--env", "default"])
            .var("KEYWARD_ENV", "prod"))
        .text(),
        "development"
    );
    let shown = json(&home.keyward(&["secret", "show", "DB", "--json", "--env", "prod"]));
    assert_eq!(shown["environment"], "prod");
    ok(&home.keyward(&["secret", "delete", "DB", "--env", "prod"]));
    refused(&home.keyward(&["get", "DB", "--env", "prod"]), 3);
    assert_eq!(get(&["get", "DB"]), "development");
    refused(&home.keyward(&["get", "DB", "--env", "nowhere"]), 3);
    refused(&home.keyward(&["get", "DB", "--env", "No Name"]), 2);
}

/// CLI.md, status 6: an environment with an AuthClient is in use while a Connection is made through it, and an
/// AuthClient never outlives its environment unseen.
#[test]
fn an_environment_keeps_its_auth_clients() {
    let home = keychain_home();
    ok(&home.keyward(&["env", "add", "prod"]));
    let add = home.keyward(&[
        "auth-client",
        "add",
        "P",
        "--type",
        "oauth2",
        "--client-id",
        "x",
        "--env",
        "prod",
        "--auth-uri",
        "https://as.example/a",
        "--token-uri",
        "https://as.example/t",
    ]);
    ok(&add);
    error(&home.keyward(&["env", "delete", "prod", "--json"]), 6);
    ok(&home.keyward(&["auth-client", "delete", "P"]));
    ok(&home.keyward(&["env", "delete", "prod"]));
}
