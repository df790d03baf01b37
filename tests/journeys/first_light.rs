//! The acceptance block of the first issue, line by line, with the real binary: a passphrase vault without a host.

use std::os::unix::fs::PermissionsExt;

use keyward_tests::home::{Home, Outcome};
use serde_json::{Value, json};

fn vault_with_secret() -> Home {
    let home = Home::with_vault().unwrap();
    home.keyward(&["secret", "add", "DB_PASSWORD", "--name", "Database"])
        .stdin("s3cr3t-value")
        .output()
        .unwrap()
        .success()
        .unwrap();
    home
}

/// The error that `--json` puts on stderr.
fn error_code(outcome: &Outcome) -> Value {
    let error: Value =
        serde_json::from_str(outcome.said().trim()).unwrap_or_else(|_| panic!("{}", outcome.said()));
    error["error"]["code"].clone()
}

/// PV4: what was stored comes back, byte for byte, and nothing is added when piped.
#[test]
fn a_stored_value_comes_back() {
    let home = vault_with_secret();
    for reference in [
        "keyward://DB_PASSWORD",
        "DB_PASSWORD",
        "keyward://./DB_PASSWORD",
        "keyward://default/DB_PASSWORD",
    ] {
        let got = home
            .keyward(&["get", reference])
            .output()
            .unwrap()
            .success()
            .unwrap();
        assert_eq!(got.stdout, b"s3cr3t-value", "{reference}");
    }
}

#[test]
fn pv6_inject_fills_xml_between_pipes() {
    let home = vault_with_secret();
    let filled = home
        .keyward(&["inject", "-i", "-", "-o", "-", "--format", "xml"])
        .stdin("<p v=\"{pmio.vault.DB_PASSWORD}\"/>\n")
        .output()
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(filled.text(), "<p v=\"s3cr3t-value\"/>\n");
}

/// `run` becomes the child: its status is the child's, and the passphrase's descriptor and variable are gone.
#[test]
fn run_gives_the_child_the_value_and_nothing_of_ours() {
    let home = vault_with_secret();
    let child = "test \"$DB\" = s3cr3t-value && test -z \"${KEYWARD_PASSPHRASE_FD:-}\" && ! (: <&3) 2>/dev/null && exit 23";
    home.keyward(&["run", "--", "sh", "-c", child])
        .var("DB", "keyward://DB_PASSWORD")
        .output()
        .unwrap()
        .ended_with(23)
        .unwrap();
}

#[test]
fn refusals_have_their_status_and_change_nothing() {
    let home = vault_with_secret();
    // The key is taken: said before anything is read.
    home.keyward(&["secret", "add", "DB_PASSWORD"])
        .output()
        .unwrap()
        .ended_with(6)
        .unwrap();
    assert_eq!(
        home.keyward(&["get", "DB_PASSWORD"]).output().unwrap().stdout,
        b"s3cr3t-value"
    );

    let bad = home
        .keyward(&["secret", "add", "Bad.Key"])
        .stdin("x")
        .output()
        .unwrap()
        .ended_with(2)
        .unwrap();
    assert!(
        bad.said().contains("holds only A-Z a-z 0-9 _ and -"),
        "the rule is named: {}",
        bad.said()
    );

    let missing = home
        .keyward(&["get", "NO_SUCH", "--json"])
        .output()
        .unwrap()
        .ended_with(3)
        .unwrap();
    assert_eq!(error_code(&missing), "not_found");

    let wrong = home
        .keyward(&["get", "DB_PASSWORD", "--json"])
        .passphrase(Some("not this one"))
        .output()
        .unwrap();
    assert_eq!(error_code(&wrong.ended_with(4).unwrap()), "locked");

    let nobody = home
        .keyward(&["get", "DB_PASSWORD", "--json"])
        .passphrase(None)
        .output()
        .unwrap();
    assert_eq!(error_code(&nobody.ended_with(4).unwrap()), "locked");
}

#[test]
fn lists_are_arrays() {
    let home = vault_with_secret();
    let connections = home
        .keyward(&["connection", "list", "--json"])
        .output()
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(connections.json().unwrap(), json!([]));
    let secrets = home
        .keyward(&["secret", "list", "--json"])
        .output()
        .unwrap()
        .success()
        .unwrap()
        .json()
        .unwrap();
    let names: Vec<_> = secrets
        .as_array()
        .unwrap()
        .iter()
        .map(|secret| (&secret["key"], &secret["name"]))
        .collect();
    assert_eq!(names, [(&json!("DB_PASSWORD"), &json!("Database"))]);
    assert!(
        !secrets.to_string().contains("s3cr3t-value"),
        "a list never holds a value"
    );
}

/// R-01, PV8 in small: neither value nor key stands in any file, and every file is the owner's alone.
#[test]
fn files_tell_nothing() {
    let home = vault_with_secret();
    assert!(
        home.keyward_home()
            .join("vaults/default/vault.db")
            .metadata()
            .unwrap()
            .len()
            > 0
    );
    let mut folders = vec![home.keyward_home()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", entry.path().display());
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap_or_default();
            for canary in ["s3cr3t-value", "DB_PASSWORD", "Database"] {
                let found = bytes
                    .windows(canary.len())
                    .any(|window| window == canary.as_bytes());
                assert!(!found, "{canary} stands in {}", entry.path().display());
            }
        }
    }
}
