//! `import`: what other programs wrote, reviewed and stored whole or not at all.
//!
//! Long, because each foreign format is one journey, and they share how a plan is read.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use keyward_tests::home::Home;
use keyward_tests::place::root;
use serde_json::{Value, json};

use crate::common::{Terminal, add, error, has_members, hint, json, keychain_home, ok, refused};

const ROW: &str =
    "row found folder kind variables environment key proposed standing action next_version remark";
const SUMMARY: &str = "added versions renamed skipped environments";

fn fixture(name: &str) -> String {
    let path = root().join("tests/fixtures/import").join(name);
    assert!(path.exists(), "{}", path.display());
    path.to_str().unwrap().to_owned()
}

fn write(home: &Home, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = home.path().join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn get(home: &Home, reference: &str) -> String {
    ok(&home.keyward(&["get", reference])).text()
}

fn import(home: &Home, format: &str, path: &str) -> Value {
    let summary = json(&home.keyward(&["import", "--format", format, path, "--json"]));
    has_members(&summary, SUMMARY);
    summary
}

fn row<'a>(plan: &'a Value, found: &str) -> &'a Value {
    let rows = plan["rows"].as_array().unwrap();
    let found = rows.iter().find(|row| row["found"] == found);
    found.unwrap_or_else(|| panic!("no row in {plan}"))
}

/// The dry run says what would happen, to the letter, and writes nothing; then it happens.
#[test]
fn the_plan_is_shown_and_then_carried_out() {
    let home = keychain_home();
    add(&home, "DB_HOST", b"db.example");
    add(&home, "STRIPE_KEY", b"another");
    let file = fixture("vars.env");
    let args = ["import", "--format", "env", &file, "--on-conflict", "version"];
    let plan = json(&home.keyward(&[&args[..], &["--dry-run", "--json"]].concat()));
    has_members(&plan, "total rows environments remarks");
    for one in plan["rows"].as_array().unwrap() {
        has_members(one, ROW);
    }
    let told = |found: &str| {
        let row = row(&plan, found);
        (
            row["key"].as_str().unwrap().to_owned(),
            row["standing"].as_str().unwrap().to_owned(),
            row["action"].as_str().unwrap().to_owned(),
        )
    };
    let expect =
        |key: &str, standing: &str, action: &str| (key.to_owned(), standing.to_owned(), action.to_owned());
    assert_eq!(told("DB_HOST"), expect("DB_HOST", "same", "skip"));
    assert_eq!(told("STRIPE_KEY"), expect("STRIPE_KEY", "changed", "version"));
    assert_eq!(told("DB_PASSWORD"), expect("DB_PASSWORD", "new", "add"));
    // A name that is no key: another is proposed, and shown.
    assert_eq!(told("feature.flag"), expect("FEATURE_FLAG", "new", "add"));
    assert_eq!(row(&plan, "feature.flag")["proposed"], true);
    assert_eq!(row(&plan, "STRIPE_KEY")["next_version"], 2);
    // It stands in the file twice.
    assert!(
        plan["remarks"][0].as_str().unwrap().contains("STRIPE_KEY"),
        "{plan}"
    );
    let keys = |home: &Home| -> Vec<String> {
        json(&home.keyward(&["secret", "list", "--json"]))
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["key"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(keys(&home), ["DB_HOST", "STRIPE_KEY"], "a dry run writes nothing");
    assert!(!plan.to_string().contains("sk_env"), "a plan holds no value");

    let outcome = ok(&home.keyward(&[&args[..], &["--json"]].concat()));
    assert!(
        outcome.said().contains("FEATURE_FLAG"),
        "a proposed key is said before it is written: {}",
        outcome.said()
    );
    assert_eq!(
        outcome.json().unwrap(),
        json!({"added": 4, "versions": 1, "renamed": 0, "skipped": 1, "environments": []})
    );
    assert_eq!(
        keys(&home),
        [
            "DB_HOST",
            "DB_PASSWORD",
            "EMPTY",
            "FEATURE_FLAG",
            "MULTI",
            "STRIPE_KEY"
        ]
    );
    assert_eq!(get(&home, "DB_PASSWORD"), "pa\"ss #1");
    assert_eq!(get(&home, "MULTI"), "line 1\nline 2");
    assert_eq!(get(&home, "STRIPE_KEY"), "sk_env_2");
    // One event for the whole, which says how much and no value.
    let audit = ok(&home.keyward(&["audit", "--json"])).text();
    assert_eq!(audit.matches("import.apply").count(), 1, "{audit}");
    assert!(!audit.contains("sk_env") && !audit.contains("secret.create STRIPE"));
}

#[test]
fn taken_keys_are_never_decided_without_a_word() {
    let home = keychain_home();
    add(&home, "A", b"kept");
    let file = write(&home, "x.env", "A=new\nB=2\n");
    let run = |more: &[&str]| home.keyward(&[&["import", "--format", "env", &file, "--json"], more].concat());
    let refusal = error(&run(&[]), 6);
    assert!(hint(&refusal).contains("--on-conflict"), "{refusal}");
    refused(&home.keyward(&["get", "B"]), 3);

    assert_eq!(json(&run(&["--on-conflict", "skip"]))["skipped"], 1);
    assert_eq!(get(&home, "A"), "kept");
    assert_eq!(json(&run(&["--on-conflict", "rename"]))["renamed"], 1);
    assert_eq!(
        (get(&home, "A"), get(&home, "A_2")),
        ("kept".into(), "new".into())
    );
    assert_eq!(json(&run(&["--on-conflict", "version"]))["versions"], 1);
    assert_eq!(get(&home, "A"), "new");
    // Another spelling of a key counts as taken.
    let file = write(&home, "y.env", "a=other\n");
    let plan = json(&home.keyward(&["import", "--format", "env", &file, "--dry-run", "--json"]));
    assert_eq!(row(&plan, "a")["standing"], "taken");
    refused(&home.keyward(&["import", "--format", "env", &file]), 6);
}

/// Every format of CLI.md, and what of it can be had afterwards.
#[test]
fn every_format_comes_in() {
    let home = keychain_home();
    let check = |format: &str, file: &str, expect: &[(&str, &str)]| {
        let environment = format.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let environment = format!("e-{environment}");
        ok(&home.keyward(&["env", "add", &environment]));
        let summary = json(&home.keyward(&[
            "--env",
            &environment,
            "import",
            "--format",
            format,
            &fixture(file),
            "--json",
        ]));
        assert_eq!(summary["skipped"], 0, "{format}: {summary}");
        for (key, value) in expect {
            assert_eq!(
                get(&home, &format!("keyward://{environment}/{key}")),
                *value,
                "{format}: {key}"
            );
        }
    };
    check("env", "vars.env", &[("STRIPE_KEY", "sk_env_2")]);
    check(
        "json",
        "flat.json",
        &[
            ("API_KEY", "key_json_1"),
            ("PORT", "5432"),
            ("STRIPE_LIVE_KEY", "sk_json_2"),
            ("DB/PASSWORD", "pw_json_3"),
            ("DB/PORT_NUMBER", "5433"),
        ],
    );
    check(
        "csv",
        "secrets.csv",
        &[("CSV_TOKEN", "tok_csv_1"), ("MY_TOKEN", "tok_csv_2")],
    );
    check(
        "1password-csv",
        "1password.csv",
        &[
            ("GitHub/username", "octo"),
            ("GitHub/password", "pw_1pcsv_1"),
            ("JUST_A_PASSWORD", "pw_1pcsv_2"),
        ],
    );
    check(
        "bitwarden",
        "bitwarden.json",
        &[
            ("AWS_CONSOLE/password", "pw_bw_2"),
            ("AWS_CONSOLE/EXTERNAL_ID", "ext_bw_1"),
            ("SIMPLE_TOKEN", "tok_bw_3"),
            ("WIFI_NOTE", "note_bw_4\nline 2"),
            ("Card/code", "999_bw_6"),
        ],
    );
    check(
        "1pux",
        "onepassword.1pux",
        &[("GitHub/API_TOKEN", "tok_1pux_2"), ("Router", "pw_1pux_3")],
    );
    check("postman", "postman.json", &[("access-token", "tok_postman_1")]);
    check(
        "insomnia",
        "insomnia.json",
        &[
            ("AUTH_CLIENT_SECRET", "sec_insomnia_1"),
            ("api_key", "key_insomnia_2"),
        ],
    );
}

/// A database that keepassxc-cli wrote; its passphrase comes by a descriptor of its own.
#[test]
fn kdbx_of_keepassxc_comes_in() {
    let home = keychain_home();
    let file = fixture("keepassxc.kdbx");
    let run = |passphrase: &str| {
        home.keyward(&[
            "import",
            "--format",
            "kdbx",
            "--source-passphrase-fd",
            "0",
            &file,
            "--json",
        ])
        .stdin(format!("{passphrase}\n"))
    };
    let missing = error(&home.keyward(&["import", "--format", "kdbx", &file, "--json"]), 4);
    assert!(hint(&missing).contains("--source-passphrase-fd"), "{missing}");
    let wrong = error(&run("wrong horse"), 4);
    assert!(
        wrong["message"].as_str().unwrap().contains("keepassxc.kdbx")
            && !wrong.to_string().contains("wrong horse"),
        "{wrong}"
    );
    let summary = json(&run("correct horse battery"));
    assert_eq!(summary["added"], 2, "{summary}");
    assert_eq!(get(&home, "STRIPE_KEY"), "sk_live_kdbx_1");
    assert_eq!(get(&home, "keyward://./MAIN_DB/API_TOKEN"), "tok_kdbx_2");
    assert_eq!(get(&home, "keyward://./MAIN_DB/KEY_PEM"), "file body kdbx 4\n");
    let shown = json(&home.keyward(&["secret", "show", "STRIPE_KEY", "--json"]));
    assert_eq!(shown["tags"], json!(["ci", "payments"]));
    assert_eq!(shown["version"], 2, "the password of before came along");
    ok(&home.keyward(&["secret", "restore", "STRIPE_KEY", "--version", "1"]));
    assert_eq!(get(&home, "STRIPE_KEY"), "sk_live_kdbx_0");
}

/// A folder that the real `pass` wrote, with a key of the real gpg.
#[test]
fn a_folder_of_pass_comes_in() {
    let home = keychain_home();
    let gnupg = home.path().join("gnupg");
    fs::create_dir(&gnupg).unwrap();
    fs::set_permissions(&gnupg, fs::Permissions::from_mode(0o700)).unwrap();
    let store = home.path().join("store");
    let tool = |program: &str, args: &[&str], stdin: &str| {
        let mut command = Command::new("sh");
        command
            .args(["-c", "printf %s \"$IN\" | \"$@\"", "sh", program])
            .args(args)
            .env("IN", stdin)
            .env("GNUPGHOME", &gnupg)
            .env("PASSWORD_STORE_DIR", &store);
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{program} {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    let key = [
        "--batch",
        "--quiet",
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "",
        "--quick-generate-key",
    ];
    tool(
        "gpg",
        &[&key[..], &["test@example", "default", "default", "never"]].concat(),
        "",
    );
    tool("pass", &["init", "test@example"], "");
    tool(
        "pass",
        &["insert", "--multiline", "web/shop"],
        "pw_pass_1\nuser: me\nAPI key: k_pass_2\n",
    );
    tool("pass", &["insert", "--multiline", "TOKEN"], "tok_pass_3");
    // A link that leaves the store is not followed.
    fs::write(home.path().join("outside.gpg"), "x").unwrap();
    symlink(home.path().join("outside.gpg"), store.join("link.gpg")).unwrap();
    let run = home
        .keyward(&["import", "--format", "pass", store.to_str().unwrap(), "--json"])
        .var("GNUPGHOME", gnupg.to_str().unwrap());
    let summary = json(&run);
    assert_eq!(summary["added"], 2, "{summary}");
    assert_eq!(get(&home, "TOKEN"), "tok_pass_3");
    assert_eq!(get(&home, "keyward://./WEB_SHOP/password"), "pw_pass_1");
    assert_eq!(get(&home, "keyward://./WEB_SHOP/API_KEY"), "k_pass_2");
    // Not its key: nothing comes in.
    let other = error(
        &home
            .keyward(&["import", "--format", "pass", store.to_str().unwrap(), "--json"])
            .var("GNUPGHOME", home.path().join("empty").to_str().unwrap()),
        4,
    );
    assert!(
        other["message"].as_str().unwrap().contains("TOKEN.gpg"),
        "{other}"
    );
    tool("gpgconf", &["--kill", "all"], "");
}

/// Bad files: each a clear error naming file, place and reason; nothing comes in, no value is repeated.
#[test]
fn hostile_files_are_refused() {
    let home = keychain_home();
    let sparse = home.path().join("claim.kdbx");
    fs::File::create(&sparse).unwrap().set_len(10 << 30).unwrap();
    let deep = write(&home, "deep.json", "[".repeat(100_000));
    let cases: Vec<(&str, String, i32, Vec<&str>)> = vec![
        ("json", deep.clone(), 2, vec!["deep.json", "deeper than 64"]),
        ("bitwarden", deep, 2, vec!["deep.json", "deeper than 64"]),
        (
            "kdbx",
            sparse.to_str().unwrap().to_owned(),
            2,
            vec!["claim.kdbx", "128 MiB"],
        ),
        (
            "env",
            write(&home, "bad.env", "A=1\nB canary\n"),
            2,
            vec!["bad.env", "line 2, column 3"],
        ),
        (
            "json",
            write(&home, "latin.json", b"{\"A\": \"\xe9canary\"}"),
            2,
            vec!["latin.json", "not UTF-8"],
        ),
        (
            "csv",
            write(&home, "bad.csv", "Key,Value\nA,canary,x\n"),
            2,
            vec!["bad.csv", "line 2"],
        ),
        (
            "csv",
            write(&home, "open.csv", "key,value\nZZ,\"canary\nQQ,two\nRR,three"),
            2,
            vec!["open.csv", "line 2, column 4", "not closed"],
        ),
        (
            "1password-csv",
            write(&home, "open1p.csv", "Title,Password\nZZ,\"canary\n"),
            2,
            vec!["open1p.csv", "line 2, column 4"],
        ),
        (
            "json",
            write(&home, "twice.json", "{\"A\":\"canary\",\n\"A\":\"2\"}"),
            2,
            vec!["twice.json", "line 2", "for the second time"],
        ),
        (
            "1pux",
            write(&home, "x.1pux", "canary"),
            2,
            vec!["x.1pux", "no zip archive"],
        ),
        (
            "kdbx",
            write(&home, "x.kdbx", "canary"),
            2,
            vec!["x.kdbx", "no KDBX"],
        ),
        (
            "age",
            write(&home, "x.age", "canary"),
            2,
            vec!["x.age", "no age file"],
        ),
        (
            "bitwarden",
            fixture("bitwarden-encrypted.json"),
            2,
            vec!["encrypted export"],
        ),
        (
            "env",
            write(&home, "empty.env", ""),
            2,
            vec!["empty.env", "nothing to import"],
        ),
        (
            "env",
            home.path().join("absent.env").to_str().unwrap().to_owned(),
            2,
            vec!["absent.env"],
        ),
        ("env", home.path().to_str().unwrap().to_owned(), 2, vec!["folder"]),
        ("pass", "-".to_owned(), 2, vec!["path of its folder"]),
    ];
    for (format, path, status, words) in cases {
        let refusal = error(
            &home.keyward(&["import", "--format", format, &path, "--json"]),
            status,
        );
        let text = refusal.to_string();
        for word in words {
            assert!(text.contains(word), "{format}: “{word}” is not in {text}");
        }
        assert!(!text.contains("canary"), "R-17: {text}");
    }
    assert_eq!(json(&home.keyward(&["secret", "list", "--json"])), json!([]));
}

/// What cannot be stored is named row by row, and does not keep the rest out.
#[test]
fn rows_that_cannot_be_stored_are_named() {
    let home = keychain_home();
    let large = "x".repeat(1024 * 1024 + 1);
    let file = write(
        &home,
        "mixed.json",
        json!({"LARGE": large, "GOOD": "1", "C\u{1b}[31mtrl": "3"}).to_string(),
    );
    let plan = json(&home.keyward(&["import", "--format", "json", &file, "--dry-run", "--json"]));
    assert_eq!(row(&plan, "LARGE")["standing"], "unusable");
    assert!(row(&plan, "LARGE")["remark"].as_str().unwrap().contains("1 MiB"));
    assert_eq!(row(&plan, "C [31mtrl")["key"], "C_31MTRL");
    assert!(
        !plan.to_string().contains("\\u001b"),
        "no control character reaches a terminal"
    );
    let summary = import(&home, "json", &file);
    assert_eq!((&summary["added"], &summary["skipped"]), (&json!(2), &json!(1)));
    assert_eq!(get(&home, "GOOD"), "1");
}

/// A name without a letter that a key may have gets a key too, from its folder or its place, shown before it is stored.
#[test]
fn every_name_gets_a_key() {
    let home = keychain_home();
    let file = write(
        &home,
        "names.json",
        json!({"ITEM_1": "taken", "ключ": "1", "密码": {"user": "2"}, "?!": "3"}).to_string(),
    );
    let plan = json(&home.keyward(&["import", "--format", "json", &file, "--dry-run", "--json"]));
    let mut keys = Vec::new();
    for found in ["ключ", "密码", "?!"] {
        let row = row(&plan, found);
        let key = row["key"].as_str().unwrap().to_owned();
        assert!(key.starts_with("ITEM_"), "{row}");
        assert_eq!(
            (&row["proposed"], &row["action"]),
            (&json!(true), &json!("add")),
            "{row}"
        );
        keys.push(key);
    }
    let outcome = ok(&home.keyward(&["import", "--format", "json", &file, "--json"]));
    assert_eq!(outcome.json().unwrap()["added"], 4);
    assert_eq!(
        outcome.said().matches("key proposed").count(),
        3,
        "{}",
        outcome.said()
    );
    assert_eq!(get(&home, &keys[0]), "1");
    assert_eq!(get(&home, &format!("keyward://./{}/user", keys[1])), "2");
    assert_eq!(get(&home, "ITEM_1"), "taken", "a name that is a key keeps it");
    let shown = json(&home.keyward(&["secret", "show", &keys[0], "--json"]));
    assert_eq!(shown["name"], "ключ");
    // A folder says more than a place.
    let file = write(&home, "folder.csv", "Folder,Name,Value\nWork/DB,Пароль банка,4\n");
    import(&home, "csv", &file);
    assert_eq!(get(&home, "WORK_DB"), "4");
}

/// Standard input, and a running host: the host is handed entries, never the file.
#[test]
fn it_comes_through_stdin_and_through_a_host() {
    let home = keychain_home();
    let host = home.serve().unwrap();
    let mut lines = String::new();
    for number in 0..2_500 {
        lines += &format!("SECRET_{number:05}={}\n", "v".repeat(600));
    }
    let run = home
        .keyward(&["import", "--format", "env", "-", "--json"])
        .stdin(lines.clone());
    assert_eq!(json(&run)["added"], 2_500);
    assert_eq!(get(&home, "SECRET_02499"), "v".repeat(600));
    let again = home
        .keyward(&["import", "--format", "env", "-", "--json", "--dry-run"])
        .stdin(lines);
    let plan = json(&again);
    assert_eq!(plan["rows"].as_array().unwrap().len(), 2_500, "page after page");
    assert_eq!(plan["rows"][2_499]["standing"], "same");
    drop(host);
}

/// T-01: what came in is sealed like everything else; the dry run leaves nothing.
#[test]
fn r01_imported_values_are_sealed() {
    let home = keychain_home();
    let file = write(&home, "c.env", "CANARY_NAME=canary-value-7f3a\n");
    import(&home, "env", &file);
    let vault: PathBuf = home.keyward_home().join("vaults/default");
    for entry in fs::read_dir(&vault).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            assert!(
                !holds(&path, b"canary-value-7f3a") && !holds(&path, b"CANARY_NAME"),
                "{}",
                path.display()
            );
        }
    }
}

fn holds(path: &Path, part: &[u8]) -> bool {
    fs::read(path)
        .unwrap()
        .windows(part.len())
        .any(|window| window == part)
}

/// CLI.md: work that takes its time shows how far it is, on a terminal and nowhere else; through a host too.
#[test]
fn a_long_import_tells_how_far_it_is() {
    let home = keychain_home();
    let lines = |count: usize, name: &str| -> String {
        (0..count).map(|n| format!("{name}_{n}=value{n}\n")).collect()
    };
    let imported = |name: &str| {
        let file = write(&home, &format!("{name}.env"), lines(4_000, name));
        let mut terminal = Terminal::keyward(
            &home,
            &["import", "--format", "env", "--on-conflict", "skip", &file],
        );
        let status = terminal.end();
        let screen = terminal.screen();
        assert!(status.success(), "{screen}");
        assert!(screen.contains("4000 added"), "{screen}");
        screen
    };
    assert!(imported("HERE").contains("of 4000 entries"));
    let piped = write(&home, "quiet.env", lines(10, "QUIET"));
    let said = ok(&home.keyward(&["import", "--format", "env", &piped])).said();
    assert!(!said.contains("Importing"), "{said}");
    let _host = home.serve().unwrap();
    assert!(imported("THERE").contains("of 4000 entries"));
    let mut terminal = Terminal::keyward(&home, &["health"]);
    assert!(terminal.end().success());
    assert!(terminal.screen().contains("of 8010"), "{}", terminal.screen());
}
