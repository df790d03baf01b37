//! What lock and unlock mean with a host: behind a locked one every command is 4.

use std::fs;
use std::time::Duration;

use keyward_tests::home::{Home, PASSPHRASE, Run};
use serde_json::json;

use crate::common::{add, error, hint, json, keychain_home, ok, passphrase_home, refused};

/// Every command that needs an open vault.
fn every_command(home: &Home) -> Vec<Run> {
    let template = home.path().join("template");
    fs::write(&template, "{vault.A}").unwrap();
    let template = template.to_str().unwrap();
    let commands: &[&[&str]] = &[
        &["env", "list"],
        &["env", "add", "prod"],
        &["env", "delete", "default"],
        &["secret", "add", "B"],
        &["secret", "list"],
        &["secret", "show", "A"],
        &["secret", "show", "A", "--reveal"],
        &["secret", "update", "A", "--value-stdin"],
        &["secret", "update", "A", "--name", "x"],
        &["secret", "delete", "A"],
        &["secret", "restore", "A"],
        &["secret", "history", "A"],
        &["get", "A"],
        &["get", "@app"],
        &[
            "auth-client",
            "add",
            "C",
            "--type",
            "oauth2",
            "--client-id",
            "x",
            "--auth-uri",
            "http://127.0.0.1:9/a",
            "--token-uri",
            "http://127.0.0.1:9/t",
        ],
        &["auth-client", "list"],
        &["auth-client", "show", "C"],
        &["auth-client", "delete", "C"],
        &["connect", "C", "--no-browser"],
        &["connection", "list"],
        &["connection", "show", "C"],
        &["connection", "refresh", "C"],
        &["connection", "disconnect", "C"],
        &["connection", "delete", "C"],
        &["token", "C"],
        &["run", "--", "true"],
        &["inject", "-i", template, "-o", "-"],
        &["settings", "show"],
        &["settings", "update", "--clipboard", "10"],
        &["audit"],
        &["audit", "--follow"],
        &["audit", "verify"],
    ];
    commands
        .iter()
        .map(|args| {
            let mut all = args.to_vec();
            // `--` ends the options.
            let end = all.iter().position(|&arg| arg == "--").unwrap_or(all.len());
            all.insert(end, "--json");
            home.keyward(&all).var("V", "keyward://A").stdin("new value")
        })
        .collect()
}

/// CLI.md: behind a locked host every command gets 4 until `unlock`, **in keychain mode too**.
#[test]
fn st5_behind_a_locked_host_every_command_is_4() {
    let home = keychain_home();
    add(&home, "A", b"x");
    let _host = home.serve().unwrap();
    ok(&home.keyward(&["get", "A"]));
    let said = ok(&home.keyward(&["lock"])).said();
    assert!(said.contains("Locked"), "{said}");
    for run in every_command(&home) {
        error(&run, 4);
        // A passphrase proves nothing in keychain mode: the file stays closed behind the host.
        error(&run.passphrase(Some(PASSPHRASE)), 4);
    }
    let status = json(&home.keyward(&["status", "--json"]));
    assert_eq!(
        (&status["locked"], &status["freshness"]),
        (&json!(true), &json!("none"))
    );
    assert!(json(&home.keyward(&["doctor", "--json"])).is_array());
    assert_eq!(json(&home.keyward(&["lock", "--json"]))["locked"], true);
    assert_eq!(json(&home.keyward(&["unlock", "--json"]))["locked"], false);
    assert_eq!(
        ok(&home.keyward(&["get", "A"])).stdout,
        b"x",
        "nothing changed while it was locked"
    );
    assert_eq!(
        json(&home.keyward(&["secret", "show", "A", "--json"]))["version"],
        1
    );
}

/// The same in passphrase mode; `--passphrase-fd` opens the vault for one command and leaves the host locked.
#[test]
fn st5_a_passphrase_opens_for_one_command_behind_a_locked_host() {
    let home = passphrase_home();
    add(&home, "A", b"x");
    // Started without a passphrase it serves, locked, and never asks.
    let mut host = home.keyward(&["serve"]).passphrase(None).start().unwrap();
    let line = host
        .stderr
        .find("start", Duration::from_secs(20), |line| Some(line.to_owned()))
        .unwrap();
    assert!(line.contains("locked"), "{line}");
    for run in every_command(&home) {
        let error = error(&run.passphrase(None), 4);
        assert!(hint(&error).contains("unlock"), "{error}");
    }
    assert_eq!(ok(&home.keyward(&["get", "A"])).stdout, b"x");
    refused(&home.keyward(&["get", "A"]).passphrase(None), 4);
    ok(&home.keyward(&["secret", "add", "B"]).stdin("y"));
    // A list is whole, though a page of it was asked of the host first.
    let many = home.path().join("many.env");
    let lines: Vec<String> = (0..1_001).map(|number| format!("N{number}=x\n")).collect();
    fs::write(&many, lines.concat()).unwrap();
    ok(&home.keyward(&["import", "--format", "env", many.to_str().unwrap()]));
    let list = ok(&home.keyward(&["secret", "list"]));
    assert_eq!(list.text().lines().count(), 1 + 2 + 1_001, "with its head");
    error(
        &home
            .keyward(&["get", "A", "--json"])
            .passphrase(Some("not this one")),
        4,
    );
    assert_eq!(
        json(&home.keyward(&["status", "--json"]))["locked"],
        true,
        "the host stayed locked"
    );

    error(&home.keyward(&["unlock", "--json"]).passphrase(None), 4);
    error(
        &home
            .keyward(&["unlock", "--json"])
            .passphrase(Some("not this one")),
        4,
    );
    ok(&home.keyward(&["unlock"]));
    let quiet = |args: &[&str]| home.keyward(args).passphrase(None);
    assert_eq!(ok(&quiet(&["get", "B"])).stdout, b"y");
    // With an unlocked host a descriptor is not even read.
    assert_eq!(
        ok(&quiet(&["get", "B"]).var("KEYWARD_PASSPHRASE_FD", "77")).stdout,
        b"y"
    );
    ok(&quiet(&["unlock"]));
    ok(&quiet(&["lock"]));
    refused(&quiet(&["get", "B"]), 4);
    assert!(
        host.process.0.try_wait().unwrap().is_none(),
        "a locked host goes on serving"
    );
}

/// L-01: a host serves all vaults of its home, each locked or unlocked by itself; a new one can be made through it.
#[test]
fn l01_each_vault_is_locked_by_itself() {
    let home = keychain_home();
    add(&home, "A", b"default");
    let _host = home.serve().unwrap();
    let recovery = home.path().join("work.txt");
    ok(&home.keyward(&[
        "init",
        "--keychain",
        "--vault",
        "work",
        "--recovery-file",
        recovery.to_str().unwrap(),
    ]));
    let work = |args: &[&str]| home.keyward(args).var("KEYWARD_VAULT", "work");
    ok(&work(&["secret", "add", "A"]).stdin("work"));
    ok(&home.keyward(&["lock"]));
    refused(&home.keyward(&["get", "A"]), 4);
    assert_eq!(ok(&work(&["get", "A"])).stdout, b"work");
    ok(&work(&["lock"]));
    ok(&home.keyward(&["unlock"]));
    assert_eq!(ok(&home.keyward(&["get", "A"])).stdout, b"default");
    refused(&work(&["get", "A"]), 4);
    refused(&work(&["init", "--keychain", "--recovery-file", "again.txt"]), 6);
}
