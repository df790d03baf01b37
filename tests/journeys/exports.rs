//! `export`: everything in one file that opens without Keyward, or its structure alone.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use keyward_tests::home::{Home, PASSPHRASE};
use serde_json::{Value, json};

use crate::common::{add, error, hint, json, keychain_home, mode, ok, passphrase_home};

const SECRETS: [&str; 3] = ["canary-one", "canary-two", "canary-user"];

/// A vault with a bit of everything.
fn fill(home: &Home) {
    ok(&home
        .keyward(&[
            "secret",
            "add",
            "API_KEY",
            "--name",
            "The key",
            "--description",
            "of the shop",
            "--tag",
            "prod",
        ])
        .stdin("canary-one"));
    ok(&home
        .keyward(&["secret", "update", "API_KEY", "--value-stdin"])
        .stdin("canary-two"));
    ok(&home.keyward(&["env", "add", "production"]));
    ok(&home
        .keyward(&["--env", "production", "credential", "add", "DB", "--from", "-"])
        .stdin("USER=canary-user\nPASSWORD=canary-password\n"));
    ok(&home
        .keyward(&["secret", "add", "BYTES", "--raw"])
        .stdin([0xff, 0x00, 0xfe]));
}

fn at(home: &Home, name: &str) -> (PathBuf, String) {
    let path = home.path().join(name);
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

/// Debian's own `age` opens what was sealed for its recipient; the file is private and never replaces another.
#[test]
fn r44_age_of_debian_opens_an_export() {
    let home = keychain_home();
    fill(&home);
    let identity = Command::new("age-keygen").output().unwrap();
    let identity = String::from_utf8(identity.stdout).unwrap();
    let recipient = identity
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "))
        .unwrap()
        .to_owned();
    let (path, name) = at(&home, "all.age");
    let told = json(&home.keyward(&["export", "-o", &name, "--recipient", &recipient, "--json"]));
    assert_eq!((&told["items"], &told["environments"]), (&json!(3), &json!(2)));
    assert_eq!(mode(&path), 0o600);
    let sealed = fs::read(&path).unwrap();
    assert!(!sealed.windows(6).any(|window| window == b"canary"));
    let key = home.path().join("identity.txt");
    fs::write(&key, &identity).unwrap();
    let opened = Command::new("age")
        .args(["-d", "-i"])
        .arg(&key)
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        opened.status.success(),
        "{}",
        String::from_utf8_lossy(&opened.stderr)
    );
    let document: Value = serde_json::from_slice(&opened.stdout).unwrap();
    assert_eq!(
        (&document["format"], &document["version"]),
        (&json!("keyward-export"), &json!(1))
    );
    let items = document["items"].as_array().unwrap();
    let key = items.iter().find(|item| item["key"] == "API_KEY").unwrap();
    assert_eq!(
        (&key["value"], &key["name"], &key["tags"]),
        (&json!("canary-two"), &json!("The key"), &json!(["prod"]))
    );
    assert_eq!(key["versions"][0]["value"], "canary-one");
    let bytes = items.iter().find(|item| item["key"] == "BYTES").unwrap();
    assert_eq!(bytes["value"], json!({"base64": "/wD+"}));

    let again = error(
        &home.keyward(&["export", "-o", &name, "--recipient", &recipient, "--json"]),
        6,
    );
    assert!(again["message"].as_str().unwrap().contains("all.age"), "{again}");
    assert_eq!(fs::read(&path).unwrap(), sealed);
    error(
        &home.keyward(&[
            "export",
            "-o",
            &at(&home, "x").1,
            "--recipient",
            "age1nobody",
            "--json",
        ]),
        2,
    );
    assert!(!at(&home, "x").0.exists());
}

/// What was exported comes back as an equal vault: keys, names, tags, versions, environments.
#[test]
fn an_export_comes_back_equal() {
    let home = keychain_home();
    fill(&home);
    let (_, name) = at(&home, "all.age");
    ok(&home
        .keyward(&["export", "-o", &name, "--export-passphrase-fd", "0"])
        .stdin("correct horse battery staple\n"));
    let other = keychain_home();
    let run = |passphrase: &str| {
        other
            .keyward(&[
                "import",
                "--format",
                "age",
                "--source-passphrase-fd",
                "0",
                &name,
                "--json",
            ])
            .stdin(format!("{passphrase}\n"))
    };
    error(&run("battery horse"), 4);
    let summary = json(&run("correct horse battery staple"));
    assert_eq!(
        (&summary["added"], &summary["environments"]),
        (&json!(3), &json!(["production"]))
    );
    let facts = |home: &Home, args: &[&str]| {
        let mut document = json(&home.keyward(args));
        let strip = |object: &mut Value| {
            let object = object.as_object_mut().unwrap();
            // Another vault: other identities, and the moment of the import.
            object.retain(|member, _| !["id", "created_at", "updated_at"].contains(&member.as_str()));
        };
        match &mut document {
            Value::Array(list) => list.iter_mut().for_each(strip),
            one => strip(one),
        }
        document
    };
    for args in [
        &["secret", "list", "--json"][..],
        &["secret", "history", "API_KEY", "--json"],
        &["--env", "production", "credential", "list", "--json"],
    ] {
        assert_eq!(facts(&home, args), facts(&other, args), "{args:?}");
    }
    for reference in ["API_KEY", "BYTES", "keyward://production/DB"] {
        let value = |home: &Home| ok(&home.keyward(&["get", reference])).stdout;
        assert_eq!(value(&home), value(&other), "{reference}");
    }
    // Once more: everything is there already.
    assert_eq!(json(&run("correct horse battery staple"))["skipped"], 3);
}

/// App credentials with versions and defaults, and registrations with their client secrets.
fn fill_apps(home: &Home) {
    let keys = [
        "auth-client",
        "add",
        "gh",
        "--type",
        "api_key",
        "--app",
        "github",
        "--visibility",
        "vault",
    ];
    let more = ["--url", "https://api.github.example", "--apply", "header:X-Token"];
    ok(&home.keyward(&[&keys[..], &more[..]].concat()));
    let crm = [
        "auth-client",
        "add",
        "crm",
        "--type",
        "oauth2",
        "--client-id",
        "id",
        "--client-secret-stdin",
    ];
    let more = [
        "--auth-uri",
        "https://sso.example/a",
        "--token-uri",
        "https://sso.example/t",
        "--scope",
        "api",
        "--authorize-param",
        "prompt=consent",
    ];
    ok(&home
        .keyward(&[&crm[..], &more[..]].concat())
        .stdin("canary-client\n"));
    let connection = |key: &str, kind: &str, more: &[&str], values: &str| {
        let words = ["connection", "add", key, "--type", kind];
        ok(&home.keyward(&[&words[..], more].concat()).stdin(values));
    };
    connection("FIRST", "access_token", &["--app", "github"], "canary-first\n");
    connection(
        "GH",
        "access_token",
        &["--app", "github", "--auth-client", "gh"],
        "canary-old\n",
    );
    ok(&home
        .keyward(&["connection", "update", "GH", "--value-stdin"])
        .stdin("canary-gh\n"));
    ok(&home.keyward(&["app", "default", "github", "GH"]));
    ok(&home.keyward(&["app", "update", "github", "--name", "GitHub"]));
    connection(
        "LOGIN",
        "basic",
        &["--url", "https://crm.example"],
        "ann\ncanary-login\n",
    );
    connection("STATUS", "none", &["--url", "https://status.example"], "");
}

/// App credentials and auth clients come back as they were: values, versions, default, how they are sent, client secret.
#[test]
fn app_credentials_and_registrations_come_back() {
    let home = keychain_home();
    fill_apps(&home);
    let (path, name) = at(&home, "plain.json");
    let told = json(&home.keyward(&["export", "-o", &name, "--plaintext", "--json"]));
    assert_eq!(told["items"], 4, "{told}");
    let other = keychain_home();
    let import =
        |home: &Home, name: &str| json(&home.keyward(&["import", "--format", "json", name, "--json"]));
    let plan = json(&other.keyward(&["import", "--format", "json", &name, "--dry-run", "--json"]));
    assert_eq!(plan["rows"][0]["kind"], "connection");
    assert!(
        plan["remarks"].to_string().contains("come along: gh, crm"),
        "{plan}"
    );
    assert_eq!(import(&other, &name)["added"], 4);
    let facts = |home: &Home, args: &[&str]| {
        let mut document = json(&home.keyward(args));
        for one in document.as_array_mut().unwrap() {
            let one = one.as_object_mut().unwrap();
            one.retain(|member, _| {
                !["id", "created_at", "updated_at", "obtained_at"].contains(&member.as_str())
            });
        }
        document
    };
    for args in [
        &["connection", "list", "--json"][..],
        &["auth-client", "list", "--json"],
        &["connection", "history", "GH", "--json"],
        &["app", "list", "--json"],
    ] {
        assert_eq!(facts(&home, args), facts(&other, args), "{args:?}");
    }
    for reference in [
        "GH",
        "@github",
        "keyward://./LOGIN/password",
        "keyward://./LOGIN/username",
    ] {
        let value = |home: &Home| ok(&home.keyward(&["get", reference])).stdout;
        assert_eq!(value(&home), value(&other), "{reference}");
    }
    ok(&other.keyward(&["connection", "restore", "GH", "--version", "1"]));
    assert_eq!(ok(&other.keyward(&["get", "GH"])).stdout, b"canary-old");
    // The same client secret: exported again it is there.
    let (again, again_name) = at(&other, "again.json");
    ok(&other.keyward(&["export", "-o", &again_name, "--plaintext"]));
    assert!(fs::read_to_string(&again).unwrap().contains("canary-client"));
    // Once more: what is there stays, and is said.
    let once_more = json(&home.keyward(&["import", "--format", "json", &name, "--dry-run", "--json"]));
    assert!(
        once_more["remarks"].to_string().contains("crm stays out"),
        "{once_more}"
    );
    assert_eq!(import(&home, &name)["skipped"], 4);
    // A file is no person: a registration that would send its secret in the clear stays out.
    let evil = fs::read_to_string(&path)
        .unwrap()
        .replace("https://sso.example/t", "http://sso.example/t");
    let (path, name) = at(&home, "evil.json");
    fs::write(path, evil).unwrap();
    let third = keychain_home();
    let plan = json(&third.keyward(&["import", "--format", "json", &name, "--dry-run", "--json"]));
    assert!(
        plan["remarks"].to_string().contains("crm stays out: token uri"),
        "{plan}"
    );
    assert_eq!(import(&third, &name)["added"], 4);
    let clients = json(&third.keyward(&["auth-client", "list", "--json"]));
    assert_eq!(clients.as_array().unwrap().len(), 1, "{clients}");
}

/// WK3: of an app credential the structure says where it goes; its value is entered again.
#[test]
fn wk3_the_structure_of_app_credentials() {
    let home = keychain_home();
    fill_apps(&home);
    let (path, name) = at(&home, "structure.json");
    ok(&home.keyward(&["export", "-o", &name, "--structure"]));
    assert!(!fs::read_to_string(&path).unwrap().contains("canary"));
    let other = keychain_home();
    ok(&other.keyward(&["import", "--format", "json", &name]));
    let shown = json(&other.keyward(&["connection", "show", "GH", "--json"]));
    assert_eq!(
        (&shown["state"], &shown["auth_client"]),
        (&json!("disconnected"), &json!("gh"))
    );
    error(&other.keyward(&["get", "GH", "--json"]), 7);
    ok(&other
        .keyward(&["connection", "update", "GH", "--value-stdin"])
        .stdin("again\n"));
    assert_eq!(ok(&other.keyward(&["get", "@github"])).stdout, b"again");
    let status = json(&other.keyward(&["connection", "show", "STATUS", "--json"]));
    assert_eq!(status["state"], "ready");
    let client = json(&other.keyward(&["auth-client", "show", "crm", "--json"]));
    assert_eq!(client["has_client_secret"], false);
}

/// WK3: structure carries no value, not even an old one; what is made of it waits for values.
#[test]
fn wk3_structure_carries_no_value() {
    let home = keychain_home();
    fill(&home);
    let (path, name) = at(&home, "structure.json");
    ok(&home.keyward(&["export", "-o", &name, "--structure"]));
    assert_eq!(mode(&path), 0o600);
    let text = fs::read_to_string(&path).unwrap();
    for value in SECRETS {
        assert!(!text.contains(value), "{value}");
    }
    assert!(!text.contains("\"value\"") && !text.contains("/wD+"));
    assert!(text.contains("API_KEY") && text.contains("PASSWORD") && text.contains("production"));
    let other = keychain_home();
    let summary = json(&other.keyward(&["import", "--format", "json", &name, "--json"]));
    assert_eq!(summary["added"], 3, "{summary}");
    assert_eq!(ok(&other.keyward(&["get", "API_KEY"])).stdout, b"");
}

/// §b.8: plain text needs the word in full and the passphrase of the vault, and stands in the log.
#[test]
fn plain_text_is_asked_for_in_full() {
    let home = passphrase_home();
    add(&home, "API_KEY", b"canary-plain");
    let (path, name) = at(&home, "plain.json");
    // No abbreviation, and nothing without a word about protection.
    error(&home.keyward(&["export", "-o", &name, "--plain", "--json"]), 2);
    let silent = error(&home.keyward(&["export", "-o", &name, "--json"]), 2);
    assert!(hint(&silent).contains("--recipient"), "{silent}");
    error(
        &home.keyward(&["export", "-o", &name, "--plaintext", "--structure", "--json"]),
        2,
    );
    assert!(!path.exists());

    // With an unlocked host the passphrase is asked for again (T-20).
    let host = home.serve().unwrap();
    let run = home.keyward(&["export", "-o", &name, "--plaintext", "--json"]);
    error(&run.clone().passphrase(None), 4);
    error(&run.clone().passphrase(Some("not the passphrase at all")), 4);
    assert!(!path.exists());
    json(&run.passphrase(Some(PASSPHRASE)));
    drop(host);
    assert_eq!(mode(&path), 0o600);
    assert!(fs::read_to_string(&path).unwrap().contains("canary-plain"));
    let audit = ok(&home.keyward(&["audit", "--json"])).text();
    assert!(
        audit.contains("export.write") && audit.contains("in plain text"),
        "{audit}"
    );
    // The folder holds the file and nothing half-written beside it.
    let left: Vec<_> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains("plain") && name != "plain.json")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// A folder that cannot be written: an explained error, nothing left behind.
#[test]
fn a_place_that_cannot_be_written_is_explained() {
    let home = keychain_home();
    add(&home, "A", b"1");
    let (_, name) = at(&home, "absent/all.json");
    let refusal = error(
        &home.keyward(&["export", "-o", &name, "--structure", "--json"]),
        3,
    );
    assert!(
        refusal["message"].as_str().unwrap().contains("absent"),
        "{refusal}"
    );
}
