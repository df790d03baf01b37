//! What commands say when something is not as it was meant: each error about the thing that was named, with a way on.

use std::process::{Command, Stdio};

use keyward_tests::place;

use crate::common::{add, error, hint, json, keychain_home, ok, passphrase_home, refused};

/// T-10: what another program or a provider called a thing steers no terminal; JSON has it to the letter.
#[test]
fn t10_an_imported_name_does_not_steer_the_terminal() {
    let home = keychain_home();
    let file = home.path().join("hostile.json");
    std::fs::write(
        &file,
        r#"{"\u001b]0;pwn\u0007\u001b[2J x": "v", "\u202egpj.exe": "w"}"#,
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let steers = |text: &str| {
        text.chars()
            .any(|c| (c.is_control() && c != '\n') || c == '\u{202e}')
    };
    for args in [
        &["import", "--format", "json", file, "--dry-run"][..],
        &["import", "--format", "json", file],
        &["secret", "list"],
    ] {
        let run = ok(&home.keyward(args));
        assert!(!steers(&run.text()), "{run:?}");
        assert!(!steers(&run.said()), "{run:?}");
    }
    // A name as a person gives it, or a provider: kept as it is, and JSON has it.
    let name = "\u{1b}[2J\u{202e}x";
    ok(&home
        .keyward(&[
            "secret",
            "add",
            "TYPED",
            "--name",
            name,
            "--note",
            "one\ntwo\u{7}",
        ])
        .stdin("v"));
    for args in [&["secret", "list"][..], &["secret", "show", "TYPED"]] {
        let text = ok(&home.keyward(args)).text();
        assert!(!steers(&text) && text.contains(r"\u{1b}[2J\u{202e}x"), "{text}");
    }
    let list = json(&home.keyward(&["secret", "list", "--json"]));
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 3);
    assert!(list.iter().any(|one| one["name"] == name), "{list:?}");
}

/// ST4: it is the file that was named that is in the way, is missing its folder, or is no vault.
#[test]
fn st4_errors_of_copies_are_about_the_file() {
    let home = keychain_home();
    let junk = home.path().join("junk.db");
    std::fs::write(&junk, "junk").unwrap();
    let junk = junk.to_str().unwrap();
    for args in [&["backup", junk][..], &["salvage", junk, "--out", junk]] {
        let there = error(&home.keyward(&[args, &["--json"]].concat()), 6);
        assert!(there["message"].as_str().unwrap().contains("junk.db"), "{there}");
        assert!(
            !hint(&there).is_empty() && !hint(&there).contains("--vault"),
            "{there}"
        );
    }
    let nowhere = error(&home.keyward(&["backup", "no/such/copy.db", "--json"]), 3);
    let said = nowhere["message"].as_str().unwrap();
    assert!(said.ends_with("no/such."), "{nowhere}");
    let unfit = error(&home.keyward(&["restore", junk, "--json"]), 9);
    assert!(unfit["message"].as_str().unwrap().contains("junk.db"), "{unfit}");
    assert!(hint(&unfit).contains("Nothing was changed"), "{unfit}");
    let lost = error(&home.keyward(&["salvage", junk, "--out", "new.db", "--json"]), 9);
    assert!(lost["message"].as_str().unwrap().contains("junk.db"), "{lost}");
    ok(&home.keyward(&["secret", "list"]));
}

/// R-24, ST4: a vault whose file is gone is not made anew without a word of its copies.
#[test]
fn st4_a_vault_whose_file_is_gone_names_its_newest_copy() {
    let home = keychain_home();
    add(&home, "KEY", b"value");
    ok(&home.keyward(&["backup", "copy.db"]));
    // What it replaces is kept beside the vault.
    ok(&home.keyward(&["restore", "copy.db"]));
    let vault = home.keyward_home().join("vaults/default/vault.db");
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", vault.display()));
    }
    let gone = error(&home.keyward(&["get", "KEY", "--json"]), 3);
    let (_, command) = hint(&gone).split_once("keyward ").unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    assert!(words.contains(&"restore"), "{gone}");
    ok(&home.keyward(&words));
    assert_eq!(ok(&home.keyward(&["get", "KEY"])).text(), "value");
}

/// T-01: `-` is no file that values go into.
#[test]
fn an_export_goes_into_a_file_with_a_name() {
    let home = keychain_home();
    for shape in ["--plaintext", "--structure"] {
        error(&home.keyward(&["export", "-o", "-", shape, "--json"]), 2);
    }
    assert!(!home.path().join("-").exists());
}

/// O-71: a locked host whose tokens wait is not said to keep them fresh.
#[test]
fn o71_the_doctor_says_that_a_locked_hosts_tokens_wait() {
    let home = passphrase_home();
    let _host = home.serve().unwrap();
    let doctor = || {
        let checks = json(&home.keyward(&["doctor", "--json"]).passphrase(None));
        let found = checks
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["id"] == "host");
        found.unwrap().clone()
    };
    assert_eq!(doctor()["outcome"], "ok");
    ok(&home.keyward(&["lock"]).passphrase(None));
    let locked = doctor();
    assert_eq!(locked["outcome"], "warn", "{locked}");
    assert!(locked["message"].as_str().unwrap().contains("wait"), "{locked}");
}

/// The rest, in one home: nothing here changes anything.
#[test]
fn errors_say_what_to_do() {
    let home = keychain_home();
    add(&home, "KEY", b"value");
    for (args, status, words) in [
        (
            &["secret", "restore", "KEY", "--version", "9"][..],
            3,
            "keyward secret history KEY",
        ),
        (&["env", "delete", "default"], 6, "keyward env list"),
        (&["export", "-o", "-", "--plaintext"], 2, "Name a file"),
        (
            &["inject", "-i", "recovery.txt", "-o", "no/such/file"],
            2,
            "unchanged",
        ),
    ] {
        let refused = error(&home.keyward(&[args, &["--json"]].concat()), status);
        assert!(hint(&refused).contains(words), "{args:?}: {refused}");
    }
    for (args, words) in [
        (&["secret", "list", "--tag", "none"][..], "No secret here fits."),
        (
            &["credential", "list", "--search", "none"],
            "No credential here fits.",
        ),
        (&["app", "list", "--search", "none"], "No application here fits."),
        (
            &["connection", "list", "--state", "error"],
            "No connection here is in that state.",
        ),
    ] {
        assert_eq!(ok(&home.keyward(args)).said().trim(), words);
    }
    assert!(refused(&home.keyward(&["secret", "show", "NONE"]), 3).contains("hint: "));
}

/// AM4: a person sees whose an app credential is and since when; the facts of an auth client stand in one column.
#[test]
fn am4_facts_of_app_credentials_and_auth_clients() {
    let home = keychain_home();
    ok(&home
        .keyward(&["connection", "add", "BOT", "--type", "api_key", "--app", "jira"])
        .stdin("k\n"));
    let shown = ok(&home.keyward(&["connection", "show", "BOT"])).text();
    for fact in ["name:", "application:", "owner:", "type:", "created:"] {
        assert!(shown.lines().any(|line| line.starts_with(fact)), "{fact} {shown}");
    }
    let client = [
        "auth-client",
        "add",
        "idp",
        "--type",
        "oauth2",
        "--client-id",
        "x",
        "--auth-uri",
        "https://a.example/a",
        "--token-uri",
        "https://a.example/t",
    ];
    let shown = ok(&home.keyward(&client)).text();
    let column = |line: &str| line.len() - line.split_once(':').unwrap().1.trim_start().len();
    let columns: Vec<usize> = shown
        .lines()
        .filter(|line| !line.ends_with(':'))
        .map(column)
        .collect();
    assert!(columns.iter().all(|at| *at == columns[0]), "{shown}");
}

/// What is piped into `head` ends without a complaint.
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut keyward = Command::new(place::keyward().unwrap())
        .args(["completion", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(keyward.stdout.take());
    let ended = keyward.wait_with_output().unwrap();
    assert!(ended.status.success());
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

/// Where a file cannot be, the place is wrong and not this program; no word of the system's own library is shown.
#[test]
fn a_place_that_takes_no_file_is_no_fault_of_ours() {
    let home = keychain_home();
    let nowhere = home.path().join("nowhere").join("x");
    let nowhere = nowhere.to_str().unwrap();
    for (args, status) in [
        (&["export", "-o", nowhere, "--plaintext"][..], 3),
        (&["export", "-o", nowhere, "--structure"], 3),
        (&["backup", nowhere], 3),
        (&["inject", "-i", "/dev/null", "-o", nowhere], 2),
        (&["recovery", "renew", "--recovery-file", nowhere], 2),
        (&["import", "--format", "env", nowhere], 2),
    ] {
        let refusal = error(&home.keyward(&[args, &["--json"]].concat()), status);
        assert!(
            refusal["message"].as_str().unwrap().contains("nowhere"),
            "{refusal}"
        );
        assert!(!hint(&refusal).is_empty() || args[0] == "import", "{refusal}");
        assert!(!refusal.to_string().contains("entity"), "{refusal}");
    }
    // A folder stands there, and a name that no folder takes.
    let long = home.path().join("x".repeat(300));
    error(
        &home.keyward(&["export", "-o", long.to_str().unwrap(), "--structure", "--json"]),
        2,
    );
}

/// Counts of one, and a command that was told nothing to do.
#[test]
fn one_is_one_and_nothing_is_nothing() {
    let home = keychain_home();
    add(&home, "S", b"x");
    let out = home.path().join("out.json");
    let said = ok(&home.keyward(&["export", "-o", out.to_str().unwrap(), "--structure"])).said();
    assert!(said.contains("1 item of 1 environment is in"), "{said}");
    let taken = error(&home.keyward(&["secret", "add", "S", "--json"]).stdin("y"), 6);
    for command in ["secret update", "credential update", "connection update"] {
        assert!(hint(&taken).contains(command), "{taken}");
    }
    ok(&home.keyward(&["auth-client", "add", "ak", "--type", "api_key"]));
    let nothing = error(&home.keyward(&["auth-client", "update", "ak", "--json"]), 2);
    assert!(hint(&nothing).contains("auth-client update"), "{nothing}");
    let facts = ok(&home.keyward(&["secret", "show", "S"])).text();
    assert!(facts.contains("value from:"), "{facts}");
}

/// A variable that is no text is refused with its name: its default would be another vault or environment.
#[test]
fn variables_that_are_no_text_are_a_usage_error() {
    use std::os::unix::ffi::OsStrExt;

    let home = keychain_home();
    for name in ["KEYWARD_VAULT", "KEYWARD_ENV", "KEYWARD_PASSPHRASE_FD"] {
        let output = Command::new(place::keyward().unwrap())
            .args(["secret", "list"])
            .env_clear()
            .envs(home.environment())
            .env(name, std::ffi::OsStr::from_bytes(b"prod\xff"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains(&format!("{name}: it is not UTF-8")), "{said}");
    }
}

/// PV4: what is of another kind is told as what it is, and not as one that is not there.
#[test]
fn pv4_a_thing_of_another_kind_is_told_as_what_it_is() {
    let home = keychain_home();
    add(&home, "S", b"x");
    ok(&home.keyward(&["credential", "add", "C", "--var", "a"]).stdin("y"));
    ok(&home.keyward(&["env", "add", "live"]));
    for (args, words) in [
        (
            &["secret", "show", "C"][..],
            ["“C”", "is a custom credential", "keyward credential show C"],
        ),
        (
            &["secret", "move", "C", "--to", "live"],
            ["“C”", "is a custom credential", "keyward credential show C"],
        ),
        (
            &["credential", "show", "S"],
            ["“S”", "is a secret", "keyward secret show S"],
        ),
        (
            &["connection", "show", "S"],
            ["“S”", "is a secret", "keyward secret show S"],
        ),
        (
            &["token", "C"],
            ["“C”", "is a custom credential", "keyward credential show C"],
        ),
    ] {
        let refusal = error(&home.keyward(&[args, &["--json"]].concat()), 3).to_string();
        assert!(
            words.iter().all(|word| refusal.contains(word)),
            "{args:?}: {refusal}"
        );
    }
}
