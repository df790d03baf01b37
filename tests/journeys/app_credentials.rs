//! `app`, `connection add | update | history | restore`: app credentials whose values are entered (AM3 to AM9, WK1).
//!
//! Long, because every type of app credential takes the same way through each command.

use std::fs;

use keyward_tests::home::Run;
use serde_json::{Value, json};

use crate::common::{
    KeychainHome, Terminal, error, has_members, hint, is_id, is_time, json, keychain_home, ok, refused,
};

const CONNECTION: &str = "id key name environment application auth_client auth_type owner account state error scope \
    expires_at next_refresh_at refresh_token refresh_token_expires_at url apply default created_at";

fn adding(home: &KeychainHome, name: &str, kind: &str, more: &[&str]) -> Run {
    home.keyward(&[&["connection", "add", name, "--type", kind, "--json"], more].concat())
}

fn get(home: &KeychainHome, reference: &str) -> String {
    ok(&home.keyward(&["get", reference])).text()
}

/// AM4, AM7: the four types by stdin, their shape, their fields, and what they are not.
#[test]
fn am7_add_and_get_each_type() {
    let home = keychain_home();
    let basic = adding(
        &home,
        "JIRA",
        "basic",
        &[
            "--app",
            "jira",
            "--name",
            "Jira, bot",
            "--url",
            "https://jira.example",
        ],
    );
    let made = ok(&basic.clone().stdin("ada\npa:ss word\n"));
    assert!(made.said().contains("keyward://default/JIRA") && made.said().contains("@jira"));
    let made = made.json().unwrap();
    has_members(&made, CONNECTION);
    is_id(&made["id"]);
    is_time(&made["created_at"]);
    assert_eq!(
        made,
        json!({
            "id": made["id"], "key": "JIRA", "name": "Jira, bot", "environment": "default", "application": "jira",
            "auth_client": null, "auth_type": "basic", "owner": "owner", "account": null, "state": "ready",
            "error": null, "scope": null, "expires_at": null, "next_refresh_at": null, "refresh_token": false,
            "refresh_token_expires_at": null, "url": "https://jira.example", "apply": "basic", "default": true,
            "created_at": made["created_at"],
        })
    );
    assert_eq!(
        json(&home.keyward(&["connection", "show", "JIRA", "--json"])),
        made
    );
    let facts = ok(&home.keyward(&["connection", "show", "JIRA"])).text();
    assert!(
        facts.contains("https://jira.example") && facts.contains("basic"),
        "{facts}"
    );
    let key = json(&adding(&home, "KEY", "api_key", &["--apply", "query:key"]).stdin("k 1"));
    // WK1: how a credential is sent can be read by a program.
    assert_eq!((&key["url"], &key["apply"]), (&json!(null), &json!("query:key")));
    ok(&adding(&home, "PAT", "access_token", &[]).stdin("t-1\n"));
    ok(&adding(
        &home,
        "OPEN",
        "none",
        &["--url", "http://127.0.0.1:8080/v1"],
    ));

    assert_eq!(
        get(&home, "JIRA"),
        r#"{"username":"ada","password":"pa:ss word"}"#
    );
    assert_eq!(get(&home, "@jira"), get(&home, "JIRA"));
    assert_eq!(get(&home, "keyward://default/JIRA/username"), "ada");
    assert_eq!(get(&home, "{vault.JIRA.password}"), "pa:ss word");
    assert_eq!(
        (get(&home, "KEY"), get(&home, "{vault.KEY.value}")),
        ("k 1".into(), "k 1".into())
    );
    assert_eq!(ok(&home.keyward(&["token", "PAT"])).text(), "t-1");
    let token = json(&home.keyward(&["token", "PAT", "--json"]));
    assert_eq!(
        token,
        json!({ "access_token": "t-1", "token_type": "Bearer", "expires_at": null, "scope": null })
    );
    let unknown = error(&home.keyward(&["get", "{vault.JIRA.value}", "--json"]), 3);
    assert!(hint(&unknown).contains("username and password"), "{unknown}");
    error(&home.keyward(&["get", "OPEN", "--json"]), 3);
    for args in [
        &["token", "KEY", "--json"][..],
        &["connection", "refresh", "KEY", "--json"],
        &["connection", "history", "OPEN", "--json"],
        &["connection", "disconnect", "OPEN", "--json"],
    ] {
        error(&home.keyward(args), 2);
    }
    error(&home.keyward(&["connect", "KEY", "--no-browser", "--json"]), 6);

    // Into a child and into a file.
    let run = ok(&home
        .keyward(&["run", "--", "sh", "-c", "printf %s \"$P\""])
        .var("P", "keyward://default/JIRA/password"));
    assert_eq!(run.text(), "pa:ss word");
    let filled = ok(&home
        .keyward(&["inject", "-i", "-", "-o", "-"])
        .stdin("u={vault.@jira.username}"));
    assert_eq!(filled.text(), "u=ada");

    let list = json(&home.keyward(&["connection", "list", "--json"]));
    let types: Vec<&Value> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["auth_type"])
        .collect();
    assert_eq!(types, ["basic", "api_key", "none", "access_token"]);
    for word in ["pa:ss", "k 1", "t-1"] {
        for args in [
            &["connection", "list"][..],
            &["connection", "show", "JIRA"],
            &["audit", "--json"],
        ] {
            assert!(
                !ok(&home.keyward(args)).text().contains(word),
                "{word} in {args:?}"
            );
        }
    }
}

/// AM8: values by a file or prompts; what does not fit is a usage error that stores nothing.
#[test]
fn am8_values_come_one_line_each_from_a_file_or_a_prompt() {
    let home = keychain_home();
    let file = home.path().join("values.env");
    fs::write(
        &file,
        "# from elsewhere\nusername=ada\npassword=\"two\\nlines\"\n",
    )
    .unwrap();
    let from = ["--from", file.to_str().unwrap()];
    let control = error(&adding(&home, "FILE", "basic", &from), 2);
    assert!(
        control["message"].as_str().unwrap().contains("control"),
        "{control}"
    );
    fs::write(&file, "password='p w'\nexport username=ada\n").unwrap();
    ok(&adding(&home, "FILE", "basic", &from));
    assert_eq!(get(&home, "{vault.FILE.password}"), "p w");
    ok(&adding(&home, "STDIN", "api_key", &["--from", "-"]).stdin("value=x"));
    assert_eq!(get(&home, "STDIN"), "x");

    for (kind, stdin, words) in [
        ("basic", "ada\n", "1 line, and 2 are needed: username, password"),
        ("basic", "a\nb\nc\n", "3 lines"),
        ("basic", "a:b\nc\n", "colon"),
        ("api_key", "", "0 lines"),
        ("api_key", "a\nb", "2 lines"),
        ("api_key", "\n", "value: it is empty"),
        ("none", "", "url:"),
    ] {
        let error = error(&adding(&home, "BAD", kind, &[]).stdin(stdin), 2);
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
    }
    error(
        &adding(&home, "BAD", "api_key", &["--from", "-"]).stdin("password=x"),
        2,
    );
    error(
        &adding(&home, "BAD", "api_key", &["--from", "-"]).stdin("no pairs here"),
        2,
    );
    error(
        &adding(&home, "BAD", "api_key", &["--from", "/nowhere/at/all"]),
        2,
    );
    error(&adding(&home, "no handle", "api_key", &[]).stdin("x"), 2);
    error(&adding(&home, "STDIN", "api_key", &[]).stdin("x"), 6);
    error(&adding(&home, "stdin", "api_key", &[]).stdin("x"), 6);
    for more in [
        &["--apply", "cookie:x"][..],
        &["--apply", "header:Host"],
        &["--url", "http://api.example"],
        &["--url", "https://user@api.example"],
        &["--app", "No App"],
    ] {
        error(&adding(&home, "BAD", "api_key", more).stdin("x"), 2);
    }
    error(
        &adding(&home, "BAD", "basic", &["--apply", "body:x"]).stdin("a\nb"),
        2,
    );
    error(
        &adding(&home, "BAD", "api_key", &["--auth-client", "none"]).stdin("x"),
        3,
    );
    error(
        &adding(&home, "BAD", "api_key", &["--env", "nowhere"]).stdin("x"),
        3,
    );
    // Values are never arguments, and the words are not repeated.
    for more in [&["s3cret"][..], &["--value", "s3cret"], &["--value=s3cret"]] {
        assert!(!refused(&adding(&home, "BAD", "api_key", more).stdin("x"), 2).contains("s3cret"));
    }
    refused(
        &home
            .keyward(&["connection", "add", "BAD", "--type", "oauth1"])
            .stdin("x"),
        2,
    );
    refused(&home.keyward(&["connection", "add", "BAD"]).stdin("x"), 2);
    error(&home.keyward(&["connection", "show", "BAD", "--json"]), 3);

    let mut terminal = Terminal::keyward(&home, &["connection", "add", "TYPED", "--type", "basic"]);
    terminal.expect("username:");
    terminal.enter("ada");
    for _ in 0..2 {
        terminal.expect(": ");
        terminal.enter("t0p-s3cret");
    }
    assert!(terminal.end().success(), "{}", terminal.screen());
    assert!(!terminal.screen().contains("t0p-s3cret"));
    assert_eq!(get(&home, "{vault.TYPED.password}"), "t0p-s3cret");
}

/// AM6, ST3: Edit, new values as versions, restore; Disconnect destroys the values, Delete everything.
#[test]
fn am6_update_history_restore_disconnect_delete() {
    let home = keychain_home();
    ok(&adding(&home, "KEY", "api_key", &["--app", "stripe"]).stdin("one"));
    let update = |more: &[&str]| home.keyward(&[&["connection", "update", "KEY", "--json"], more].concat());
    let renamed = json(&update(&[
        "--name",
        "Live key",
        "--url",
        "https://api.example",
        "--apply",
        "header:X-Key",
    ]));
    has_members(&renamed, CONNECTION);
    assert_eq!(renamed["name"], "Live key");
    assert_eq!(get(&home, "KEY"), "one", "metadata makes no version");
    let two = ok(&update(&["--value-stdin"]).stdin("two\n"));
    assert!(two.said().contains("version 2"), "{}", two.said());
    assert_eq!(get(&home, "KEY"), "two");
    error(&update(&[]).stdin("three"), 2);
    error(&update(&["--value-stdin"]).stdin("a\nb"), 2);
    error(&update(&["--apply", "nowhere"]), 2);

    let history = json(&home.keyward(&["connection", "history", "KEY", "--json"]));
    has_members(&history[0], "number note current revoked created_at");
    let numbers: Vec<(&Value, &Value)> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["number"], &one["current"]))
        .collect();
    assert_eq!(numbers, [(&json!(2), &json!(true)), (&json!(1), &json!(false))]);
    let restore =
        |number: &str| home.keyward(&["connection", "restore", "KEY", "--version", number, "--json"]);
    has_members(&json(&restore("1")), CONNECTION);
    assert_eq!(get(&home, "KEY"), "one");
    error(&restore("9"), 3);
    refused(&home.keyward(&["connection", "restore", "KEY"]), 2);

    let gone = ok(&home.keyward(&["connection", "disconnect", "KEY"]));
    assert!(gone.said().contains("its definition stays"), "{}", gone.said());
    let state = |want: &str| json(&home.keyward(&["connection", "list", "--state", want, "--json"]));
    assert_eq!(state("disconnected")[0]["key"], "KEY");
    let none = error(&home.keyward(&["get", "KEY", "--json"]), 7);
    assert!(hint(&none).contains("connection update KEY"), "{none}");
    error(&restore("1"), 3);
    assert_eq!(
        json(&home.keyward(&["connection", "history", "KEY", "--json"])),
        json!([])
    );
    assert_eq!(json(&update(&["--value-stdin"]).stdin("again"))["state"], "ready");
    assert_eq!(get(&home, "@stripe"), "again");
    ok(&home.keyward(&["connection", "delete", "KEY"]));
    error(&home.keyward(&["get", "KEY", "--json"]), 3);
    error(&home.keyward(&["get", "@stripe", "--json"]), 3);
    error(&update(&["--name", "x"]), 3);
    ok(&home.keyward(&["doctor"]));
    assert_eq!(
        json(&home.keyward(&["audit", "verify", "--json"]))
            .as_object()
            .map(|o| o.is_empty()),
        Some(false)
    );
}

/// AM5, AM9: applications with what belongs to them, and the one that `@APP` means.
#[test]
fn am9_app_list_show_default() {
    let home = keychain_home();
    assert_eq!(json(&home.keyward(&["app", "list", "--json"])), json!([]));
    for (name, app) in [("GH_ONE", "github"), ("GH_TWO", "github"), ("SLACK", "slack")] {
        ok(&adding(&home, name, "access_token", &["--app", app]).stdin(name));
    }
    ok(&adding(&home, "LOOSE", "api_key", &[]).stdin("x"));
    let add_client = [
        "auth-client",
        "add",
        "gh",
        "--type",
        "api_key",
        "--app",
        "github",
        "--json",
    ];
    ok(&home.keyward(&add_client));
    let list = json(&home.keyward(&["app", "list", "--json"]));
    let github = list[0].clone();
    has_members(
        &github,
        "key name url auth_clients connections default created_at",
    );
    assert_eq!(
        github,
        json!({
            "key": "github", "name": "github", "url": null, "auth_clients": ["gh"],
            "connections": ["GH_ONE", "GH_TWO"], "default": "GH_ONE", "created_at": github["created_at"],
        })
    );
    is_time(&github["created_at"]);
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!(
        json(&home.keyward(&["app", "list", "--search", "SLA", "--json"]))[0]["key"],
        "slack"
    );
    assert_eq!(json(&home.keyward(&["app", "show", "github", "--json"])), github);
    assert!(
        ok(&home.keyward(&["app", "list"]))
            .text()
            .contains("GH_ONE GH_TWO")
    );
    assert!(
        ok(&home.keyward(&["app", "show", "github"]))
            .text()
            .contains("GH_ONE")
    );

    assert_eq!(get(&home, "@github"), "GH_ONE");
    let choose = |app: &str, name: &str| home.keyward(&["app", "default", app, name, "--json"]);
    assert_eq!(json(&choose("github", "GH_TWO"))["default"], "GH_TWO");
    assert_eq!(get(&home, "@github"), "GH_TWO");
    let defaults = json(&home.keyward(&["connection", "list", "--json"]))
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["application"] == "github" && one["default"] == true)
        .count();
    assert_eq!(defaults, 1);
    error(&choose("github", "SLACK"), 2);
    error(&choose("github", "LOOSE"), 2);
    error(&choose("github", "NONE"), 3);
    error(&choose("gitlab", "GH_ONE"), 3);
    error(&choose("Git Hub", "GH_ONE"), 2);
    error(&home.keyward(&["app", "show", "gitlab", "--json"]), 3);

    // AM5: what it is called and where it is may change; its key does not, nor what is for it.
    let update = |arguments: &[&str]| {
        let mut all = vec!["app", "update", "github", "--json"];
        all.extend(arguments);
        home.keyward(&all)
    };
    let changed = json(&update(&["--name", "GitHub", "--url", "https://github.example"]));
    assert_eq!(
        (&changed["key"], &changed["name"], &changed["url"]),
        (
            &json!("github"),
            &json!("GitHub"),
            &json!("https://github.example")
        )
    );
    assert_eq!(changed["connections"], json!(["GH_ONE", "GH_TWO"]));
    assert_eq!(json(&update(&["--url", ""]))["url"], json!(null));
    assert_eq!(
        json(&home.keyward(&["app", "show", "github", "--json"]))["name"],
        "GitHub"
    );
    let named = |arguments: &[&str], field: &str| {
        let message = error(&update(arguments), 2)["message"].to_string();
        assert!(message.contains(field), "{message}");
    };
    named(&["--name", " "], "name");
    named(&["--url", "http://github.example"], "url");
    named(&[], "nothing to change");
    error(
        &home.keyward(&["app", "update", "gitlab", "--name", "x", "--json"]),
        3,
    );
    error(&home.keyward(&["app", "show", "", "--json"]), 2);
    ok(&home.keyward(&["connection", "delete", "GH_TWO"]));
    assert_eq!(get(&home, "@github"), "GH_ONE", "there is always exactly one");

    // The host says the same.
    let _host = home.serve().unwrap();
    assert_eq!(
        json(&home.keyward(&["app", "list", "--json"]))
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(get(&home, "@github"), "GH_ONE");
}

/// EL4: clients of the other types say where and how; EL11: what rests on them stays.
#[test]
fn el4_el11_clients_of_the_other_types() {
    let home = keychain_home();
    let add = |name: &str, more: &[&str]| {
        home.keyward(&[&["auth-client", "add", name, "--json", "--type"], more].concat())
    };
    let client = json(&add(
        "STRIPE",
        &[
            "api_key",
            "--apply",
            "header:X-Stripe",
            "--url",
            "https://api.example",
        ],
    ));
    assert_eq!(
        client,
        json!({
            "id": client["id"], "key": "STRIPE", "name": "STRIPE", "type": "api_key", "application": null,
            "visibility": "environment", "auth_uri": null, "token_uri": null, "refresh_token_uri": null,
            "token_expires_in": null, "client_id": null, "has_client_secret": false, "redirect": null,
            "url": "https://api.example", "apply": "header:X-Stripe", "connections": 0,
            "created_at": client["created_at"],
        })
    );
    ok(&add("LOGIN", &["basic", "--visibility", "vault"]));
    ok(&add(
        "OPEN",
        &[
            "noauth",
            "--url",
            "https://open.example",
            "--visibility",
            "machine",
        ],
    ));
    for more in [
        &["oauth2"][..],
        &["oauth2", "--client-id", "x", "--apply", "basic"],
        &["basic", "--client-id", "x"],
        &["basic", "--apply", "header:X"],
        &["noauth", "--apply", "header:X"],
        &["api_key", "--issuer", "https://as.example"],
        &["api_key", "--apply", "nowhere"],
        &["api_key", "--url", "nowhere"],
        &["api_key", "--scope", "x"],
    ] {
        error(&add("BAD", more), 2);
    }
    refused(&add("BAD", &["digest"]), 2);
    refused(&add("BAD", &["basic", "--visibility", "everyone"]), 2);

    let made = json(&adding(&home, "KEY", "api_key", &["--auth-client", "STRIPE"]).stdin("x"));
    assert_eq!(made["auth_client"], "STRIPE");
    let facts = ok(&home.keyward(&["connection", "show", "KEY"])).text();
    assert!(
        facts.contains("header:X-Stripe") && facts.contains("https://api.example"),
        "{facts}"
    );
    ok(&adding(&home, "AT", "none", &["--auth-client", "OPEN"]));
    error(
        &adding(&home, "BAD", "basic", &["--auth-client", "STRIPE"]).stdin("a\nb"),
        2,
    );
    error(
        &adding(&home, "BAD", "api_key", &["--auth-client", "LOGIN"]).stdin("a"),
        2,
    );

    ok(&home.keyward(&["env", "add", "prod"]));
    let visible: Vec<Value> = json(&home.keyward(&["auth-client", "list", "--env", "prod", "--json"]))
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["key"], one["visibility"]]))
        .collect();
    assert_eq!(visible.len(), 2, "{visible:?}");
    assert!(visible.contains(&json!(["LOGIN", "vault"])) && visible.contains(&json!(["OPEN", "machine"])));
    let env = ["--env", "prod", "--auth-client"];
    error(
        &adding(&home, "K", "api_key", &[&env[..], &["STRIPE"]].concat()).stdin("x"),
        3,
    );
    ok(&adding(&home, "B", "basic", &[&env[..], &["LOGIN"]].concat()).stdin("a\nb"));

    let update = |name: &str, more: &[&str]| {
        home.keyward(&[&["auth-client", "update", name, "--json"], more].concat())
    };
    assert_eq!(
        json(&update("STRIPE", &["--name", "Stripe", "--visibility", "vault"]))["name"],
        "Stripe"
    );
    error(&update("STRIPE", &["--url", "https://other.example"]), 6);
    error(&update("STRIPE", &["--client-id", "x"]), 6);
    error(&update("LOGIN", &["--visibility", "environment"]), 6);
    error(&update("NONE", &["--name", "x"]), 3);
    error(&home.keyward(&["auth-client", "delete", "STRIPE", "--json"]), 6);
    ok(&home.keyward(&["connection", "delete", "KEY"]));
    assert!(ok(&update("STRIPE", &["--url", "https://other.example"])).code() == 0);
    error(&update("STRIPE", &["--token-uri", "https://as.example"]), 2);
    ok(&home.keyward(&["auth-client", "delete", "STRIPE"]));
}

/// EL7: from another vault of the same home, used and never changed; with a host only while its own vault is open.
#[test]
fn el7_machine_wide_from_another_vault() {
    let home = keychain_home();
    let recovery = home.path().join("work.txt");
    ok(&home.keyward(&[
        "--vault",
        "work",
        "init",
        "--keychain",
        "--recovery-file",
        recovery.to_str().unwrap(),
    ]));
    let work = |args: &[&str]| home.keyward(&[&["--vault", "work"], args].concat());
    ok(&work(&[
        "auth-client",
        "add",
        "SHARED",
        "--type",
        "api_key",
        "--visibility",
        "machine",
    ]));
    ok(&work(&[
        "auth-client",
        "add",
        "OWN",
        "--type",
        "api_key",
        "--visibility",
        "vault",
    ]));
    let list = || json(&home.keyward(&["auth-client", "list", "--json"]));
    assert_eq!(
        (list().as_array().unwrap().len(), &list()[0]["key"]),
        (1, &json!("SHARED"))
    );
    let table = ok(&home.keyward(&["auth-client", "list"])).text();
    assert!(table.contains("kept in vault work"), "{table}");
    ok(&adding(&home, "KEY", "api_key", &["--auth-client", "SHARED"]).stdin("x"));
    error(
        &adding(&home, "BAD", "api_key", &["--auth-client", "OWN"]).stdin("x"),
        3,
    );
    error(
        &home.keyward(&["auth-client", "update", "SHARED", "--name", "Mine", "--json"]),
        5,
    );
    error(&home.keyward(&["auth-client", "delete", "SHARED", "--json"]), 5);
    error(&work(&["auth-client", "delete", "SHARED", "--json"]), 6);
    // EL11: nor with the vault around it.
    let delete = || home.keyward(&["vault", "delete", "work", "--yes", "work", "--json"]);
    let refused = error(&delete(), 6);
    assert!(
        refused["message"].as_str().unwrap().contains("“KEY”"),
        "{refused}"
    );

    // The host opens `default` at its start; `work` is locked there until somebody unlocks it.
    let _host = home.serve().unwrap();
    assert_eq!(list(), json!([]));
    assert_eq!(
        json(&home.keyward(&["connection", "show", "KEY", "--json"]))["auth_client"],
        "SHARED"
    );
    ok(&work(&["unlock"]));
    assert_eq!(list()[0]["key"], "SHARED");
    assert_eq!(get(&home, "KEY"), "x");
    error(&delete(), 6);
    ok(&home.keyward(&["connection", "delete", "KEY"]));
    ok(&delete());
}
