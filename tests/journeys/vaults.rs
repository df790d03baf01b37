//! AM14: several vaults of one person: made, listed, renamed, deleted, and each knows nothing of the others.

use std::path::PathBuf;

use keyward_tests::home::Home;
use serde_json::{Value, json};

use crate::common::{
    KeychainHome, Terminal, add, error, has_members, hint, json as document, keychain_home, ok,
    passphrase_home, refused,
};

/// A home with the vaults `default` and `work`, both in keychain mode.
fn two_vaults() -> KeychainHome {
    let home = keychain_home();
    create(&home, "work", &["--keychain"]);
    home
}

fn create(home: &Home, name: &str, args: &[&str]) {
    let recovery = home.path().join(format!("recovery-{name}.txt"));
    let mut all = vec![
        "vault",
        "create",
        name,
        "--recovery-file",
        recovery.to_str().unwrap(),
    ];
    all.extend_from_slice(args);
    ok(&home.keyward(&all));
}

fn names(home: &Home) -> Vec<String> {
    let list = document(&home.keyward(&["vault", "list", "--json"]));
    let name = |vault: &Value| vault["name"].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(name).collect()
}

fn folder(home: &Home, name: &str) -> PathBuf {
    home.keyward_home().join("vaults").join(name)
}

/// Without a home the list is empty; with vaults it says how each is unlocked and whether it is open, and no more.
#[test]
fn am14_vaults_are_listed() {
    let home = Home::new().unwrap();
    assert_eq!(document(&home.keyward(&["vault", "list", "--json"])), json!([]));
    let home = two_vaults();
    let list = document(&home.keyward(&["vault", "list", "--json"]));
    for vault in list.as_array().unwrap() {
        has_members(vault, "name mode locked");
    }
    assert_eq!(
        list,
        json!([
            {"name": "default", "mode": "keychain", "locked": false},
            {"name": "work", "mode": "keychain", "locked": false},
        ])
    );
    assert_eq!(
        document(&home.keyward(&["status", "--json"]))["locked"],
        list[0]["locked"],
        "without a host both say that nothing is in the way"
    );
    let table = ok(&home.keyward(&["vault", "list"])).text();
    assert!(table.contains("work") && table.contains("OS keychain"), "{table}");
    // A host opens the one it was started for.
    let _host = home.serve().unwrap();
    let list = document(&home.keyward(&["vault", "list", "--json"]));
    assert_eq!(
        (&list[0]["locked"], &list[1]["locked"]),
        (&json!(false), &json!(true))
    );
}

/// The same key in two vaults is two things, and no answer of one vault holds anything of the other.
#[test]
fn am14_another_vault_cannot_be_read_or_guessed() {
    let home = two_vaults();
    add(&home, "SHARED", b"value-of-default");
    add(&home, "ONLY_DEFAULT", b"canary-of-default");
    ok(&home
        .keyward(&["--vault", "work", "secret", "add", "SHARED"])
        .stdin("value-of-work"));
    for host in [false, true] {
        let _host = host.then(|| {
            let host = home.serve().unwrap();
            ok(&home.keyward(&["--vault", "work", "unlock"]));
            host
        });
        let of_work = |args: &[&str]| {
            let mut all = vec!["--vault", "work"];
            all.extend_from_slice(args);
            home.keyward(&all)
        };
        assert_eq!(ok(&of_work(&["get", "SHARED"])).text(), "value-of-work");
        assert_eq!(ok(&home.keyward(&["get", "SHARED"])).text(), "value-of-default");
        let mut answers = Vec::new();
        for args in [
            &["secret", "list", "--json"][..],
            &["secret", "list", "--search", "default"],
            &["env", "list", "--json"],
            &["audit", "--json"],
            &["status", "--json"],
            &["doctor", "--json"],
        ] {
            let answer = of_work(args).output().unwrap();
            answers.push(answer.text() + &answer.said());
        }
        for key in ["ONLY_DEFAULT", "only_default", "keyward://ONLY_DEFAULT"] {
            answers.push(refused(&of_work(&["get", key]), 3));
        }
        // A key that is there elsewhere and one that is nowhere get the same answer.
        let missing = refused(&of_work(&["get", "ONLY_NOWHERE"]), 3).replace("NOWHERE", "DEFAULT");
        assert_eq!(missing, refused(&of_work(&["get", "ONLY_DEFAULT"]), 3));
        for answer in answers {
            for canary in ["canary-of-default", "value-of-default"] {
                assert!(!answer.contains(canary), "{answer}");
            }
            // What somebody asked this vault for stands in its own log, as it was asked.
            let asked = answer.contains("error") || answer.contains("reference.resolve");
            assert!(
                !answer.contains("ONLY_DEFAULT") || asked,
                "a name of another vault: {answer}"
            );
        }
    }
}

/// `create` is `init` under a name: what exists, also in another case, is a conflict; a bad name is usage.
#[test]
fn am14_names_of_vaults() {
    let home = two_vaults();
    let recovery = home.path().join("another.txt");
    for (name, status) in [("work", 6), ("WORK", 6), ("a/b", 2), ("..", 2), (".deleted-x", 2)] {
        let args = [
            "vault",
            "create",
            name,
            "--keychain",
            "--recovery-file",
            recovery.to_str().unwrap(),
            "--json",
        ];
        error(&home.keyward(&args), status);
        assert!(!recovery.exists(), "{name}");
    }
    for (from, to, status) in [
        ("nothing", "other", 3),
        ("work", "default", 6),
        ("work", "Default", 6),
        ("work", "a b", 2),
    ] {
        error(&home.keyward(&["vault", "rename", from, to, "--json"]), status);
    }
    assert_eq!(names(&home), ["default", "work"]);
}

/// Renaming moves the vault whole, with and without a host; a host serves it on under its new name.
#[test]
fn am14_a_vault_is_renamed() {
    let home = two_vaults();
    ok(&home
        .keyward(&["--vault", "work", "secret", "add", "A"])
        .stdin("one"));
    ok(&home.keyward(&["vault", "rename", "work", "job"]));
    assert_eq!(names(&home), ["default", "job"]);
    assert_eq!(ok(&home.keyward(&["--vault", "job", "get", "A"])).text(), "one");
    error(&home.keyward(&["--vault", "work", "get", "A", "--json"]), 3);

    let _host = home.serve().unwrap();
    ok(&home.keyward(&["--vault", "job", "unlock"]));
    ok(&home.keyward(&["vault", "rename", "job", "Job"]));
    let list = document(&home.keyward(&["vault", "list", "--json"]));
    assert_eq!(
        list[0],
        json!({"name": "Job", "mode": "keychain", "locked": false})
    );
    assert_eq!(ok(&home.keyward(&["--vault", "Job", "get", "A"])).text(), "one");
    ok(&home.keyward(&["--vault", "Job", "audit", "verify"]));
}

/// Somebody else has the vault open: after ten seconds a conflict that names the holder, and nothing has changed.
#[test]
fn am14_a_vault_in_use_is_not_renamed() {
    let home = passphrase_home();
    add(&home, "A", b"one");
    // A command that stays: `run` execs only after it closed the vault, so the lock is held by a reader of ours.
    let lock = folder(&home, "default").join("vault.lock");
    let holder = std::fs::File::open(&lock).unwrap();
    holder.lock_shared().unwrap();
    let refused = error(
        &home.keyward(&["vault", "rename", "default", "other", "--json"]),
        6,
    );
    assert!(
        refused["message"].as_str().unwrap().contains("Vault default"),
        "{refused}"
    );
    drop(holder);
    ok(&home.keyward(&["vault", "rename", "default", "other"]));
    assert_eq!(ok(&home.keyward(&["--vault", "other", "get", "A"])).text(), "one");
}

/// Deleting asks for the name; then folder and keychain entries are gone, and the other vault stays.
#[test]
fn am14_a_vault_is_deleted() {
    let home = two_vaults();
    add(&home, "A", b"one");
    let said = error(&home.keyward(&["vault", "delete", "work", "--json"]), 2);
    assert!(hint(&said).contains("--yes work"), "{said}");
    error(
        &home.keyward(&["vault", "delete", "work", "--yes", "default", "--json"]),
        2,
    );
    error(
        &home.keyward(&["vault", "delete", "nothing", "--yes", "nothing", "--json"]),
        3,
    );
    assert_eq!(names(&home), ["default", "work"]);
    let all = home.session.accounts().unwrap();
    let _host = home.serve().unwrap();
    ok(&home.keyward(&["--vault", "work", "unlock"]));
    ok(&home.keyward(&["vault", "delete", "work", "--yes", "work"]));
    assert_eq!(names(&home), ["default"]);
    assert!(!folder(&home, "work").exists());
    // A key and an anchor each.
    let left = home.session.accounts().unwrap();
    assert_eq!((all.len(), left.len()), (4, 2), "{all:?} {left:?}");
    assert_eq!(ok(&home.keyward(&["get", "A"])).text(), "one");
    // The name is free again.
    std::fs::remove_file(home.path().join("recovery-work.txt")).unwrap();
    create(&home, "work", &["--keychain"]);
}

/// On a terminal the name is typed.
#[test]
fn am14_a_vault_is_deleted_by_its_typed_name() {
    let home = passphrase_home();
    let mut terminal = Terminal::keyward(&home, &["vault", "delete", "default"]);
    terminal.expect("Type its name");
    terminal.enter("defautl");
    assert_eq!(terminal.end().code(), Some(2));
    assert_eq!(names(&home), ["default"]);
    let mut terminal = Terminal::keyward(&home, &["vault", "delete", "default"]);
    terminal.expect("Type its name");
    terminal.enter("default");
    assert_eq!(terminal.end().code(), Some(0));
    assert_eq!(names(&home), Vec::<String>::new());
}
