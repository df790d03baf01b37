//! `inject`: templates filled by the rules of each format, written atomically with mode 0600 or not at all.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use keyward_tests::home::Home;
use serde_json::Value;

use crate::common::{KeychainHome, add, error, keychain_home, mode, ok, refused};

/// What breaks a file when it is written as it is.
const HARD: &str = "a\"b\\c$d\ne'f#g: h&<i>";

fn home() -> KeychainHome {
    let home = keychain_home();
    add(&home, "DB", b"s3cr3t");
    add(&home, "HARD", HARD.as_bytes());
    add(&home, "BIN", b"\xff\x00");
    ok(&home.keyward(&["env", "add", "prod"]));
    ok(&home
        .keyward(&["secret", "add", "DB", "--env", "prod"])
        .stdin("production"));
    home
}

/// Fills a template between pipes.
fn fill(home: &Home, format: &str, template: impl Into<Vec<u8>>) -> String {
    let outcome = ok(&home
        .keyward(&["inject", "-i", "-", "-o", "-", "--format", format])
        .stdin(template));
    assert!(outcome.said().is_empty(), "{}", outcome.said());
    outcome.text()
}

/// PV6: text as it is; everything outside references is kept, byte for byte; escapes; the end of a URI.
#[test]
fn pv6_text() {
    let home = home();
    for (template, filled) in [
        ("a={vault.DB};{pmio.vault.DB}", "a=s3cr3t;s3cr3t"),
        (
            "see keyward://prod/DB. Or (keyward://DB)/",
            "see production. Or (s3cr3t)/",
        ),
        ("${vault.DB} {{vault.DB}}", "$s3cr3t {s3cr3t}"),
        ("\\{vault.DB} \\keyward://DB \\n", "{vault.DB} keyward://DB \\n"),
        (
            "{vault} {Vault.DB} keyward:/DB {x}",
            "{vault} {Vault.DB} keyward:/DB {x}",
        ),
        ("", ""),
    ] {
        assert_eq!(fill(&home, "text", template), filled, "{template}");
        // `-` is text when nothing else is said.
        let auto = ok(&home.keyward(&["inject", "-i", "-", "-o", "-"]).stdin(template));
        assert_eq!(auto.text(), filled);
    }
    let bytes = home
        .keyward(&["inject", "-i", "-", "-o", "-"])
        .stdin(b"\xfe\x00{vault.BIN}\r\n\xfd".to_vec());
    assert_eq!(ok(&bytes).stdout, b"\xfe\x00\xff\x00\r\n\xfd");
    assert_eq!(ok(&bytes.clone()).said(), "");
    let other = home
        .keyward(&["inject", "-i", "-", "-o", "-", "--env", "prod"])
        .stdin("{vault.DB} keyward://default/DB");
    assert_eq!(ok(&other).text(), "production s3cr3t");
}

/// PV6: each format's own reader sees the very value.
#[test]
fn pv6_formats_are_read_back_by_their_readers() {
    let home = home();
    // JSON, by serde_json.
    let filled = fill(
        &home,
        "json",
        r#"{"a": "{vault.HARD}", "b": ["x keyward://HARD", "\{vault.HARD}"]}"#,
    );
    let read: Value = serde_json::from_str(&filled).unwrap();
    assert_eq!(
        (&read["a"], &read["b"][1]),
        (&Value::from(HARD), &Value::from("{vault.HARD}"))
    );
    assert_eq!(read["b"][0], format!("x {HARD}"));

    // XML, by libxml where it is installed: attribute, text, CDATA.
    let filled = fill(
        &home,
        "xml",
        "<p a=\"{vault.HARD}\" b='{pmio.vault.HARD}'>{vault.HARD}<![CDATA[{vault.HARD}]]></p>",
    );
    let entities = "a&quot;b\\c$d\ne&apos;f#g: h&amp;&lt;i&gt;";
    let attribute = entities.replace('\n', "&#10;");
    assert_eq!(
        filled,
        format!("<p a=\"{attribute}\" b='{attribute}'>{entities}<![CDATA[{HARD}]]></p>")
    );

    // .env: quoted where it is the whole right-hand side, escaped for the quotes it stands in; read back by `run`.
    let filled = fill(
        &home,
        "env",
        "A={vault.HARD}\nexport B=\"x {vault.HARD}\"\nC=pg://u:{vault.DB}@h # {vault.DB}\nD='{vault.DB}'\n",
    );
    let quoted = "a\\\"b\\\\c\\$d\\ne'f#g: h&<i>";
    assert_eq!(
        filled,
        format!("A=\"{quoted}\"\nexport B=\"x {quoted}\"\nC=pg://u:s3cr3t@h # s3cr3t\nD='s3cr3t'\n")
    );
    let file = home.path().join("filled.env");
    fs::write(&file, filled).unwrap();
    let print = home.keyward(&[
        "run",
        "--env-file",
        file.to_str().unwrap(),
        "--",
        "sh",
        "-c",
        "printf '%s|%s' \"$A\" \"$B\"",
    ]);
    assert_eq!(ok(&print).text(), format!("{HARD}|x {HARD}"));

    // YAML: double quotes, single quotes, whole plain scalar, inside a longer one.
    let filled = fill(
        &home,
        "yaml",
        "a: {vault.HARD}\nb: \"x {vault.HARD}\"\nc: pg://u:{vault.DB}@h\nd: '{vault.DB}'\ne: [{vault.DB}]\n",
    );
    let quoted = "a\\\"b\\\\c$d\\ne'f#g: h&<i>";
    assert_eq!(
        filled,
        format!("a: \"{quoted}\"\nb: \"x {quoted}\"\nc: pg://u:s3cr3t@h\nd: 's3cr3t'\ne: [\"s3cr3t\"]\n")
    );
}

/// PV6: what a place cannot hold is an error with line and column, and nothing is written.
#[test]
fn pv6_errors_have_line_and_column() {
    let home = home();
    let output = home.path().join("out");
    fs::write(&output, "the old file").unwrap();
    for (format, template, status, place) in [
        ("text", "a\n  {vault.NONE}", 3, "line 2, column 3"),
        ("text", "é {vault.NONE}", 3, "line 1, column 3"),
        ("text", "keyward://nowhere/DB", 3, "line 1, column 1"),
        ("text", "{vault.DB", 2, "line 1, column 1"),
        ("text", "x {pmio.vault.DB }", 2, "line 1, column 3"),
        ("text", "{vault.}", 2, "line 1, column 1"),
        ("text", "see keyward://DB.txt", 2, "line 1, column 5"),
        ("text", "\n\nkeyward://./DB/field", 2, "line 3, column 1"),
        ("json", "{\"a\":\n {vault.DB}}", 2, "line 2, column 2"),
        ("json", "\"{vault.BIN}\"", 2, "line 1, column 2"),
        ("env", "A='{vault.HARD}'", 2, "line 1, column 4"),
        ("env", "A=x{vault.HARD}", 2, "line 1, column 4"),
        ("env", "{vault.DB}=x", 2, "line 1, column 1"),
        ("yaml", "a: x{vault.HARD}", 2, "line 1, column 5"),
        ("yaml", "a: '{vault.HARD}'", 2, "line 1, column 5"),
        ("xml", "<{vault.DB}/>", 2, "line 1, column 2"),
        ("xml", "<a>\n{vault.BIN}</a>", 2, "line 2, column 1"),
    ] {
        let to_file = [
            "inject",
            "-i",
            "-",
            "-o",
            output.to_str().unwrap(),
            "--format",
            format,
            "--json",
        ];
        let error = error(&home.keyward(&to_file).stdin(template), status);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(place), "{format} {template:?}: {message}");
        assert!(
            !message.contains("s3cr3t") && !message.contains("h&<i>"),
            "{message}"
        );
        assert_eq!(
            fs::read(&output).unwrap(),
            b"the old file",
            "{format} {template:?}"
        );
        refused(
            &home
                .keyward(&["inject", "-i", "-", "-o", "-", "--format", format])
                .stdin(template),
            status,
        );
    }
    // Every one that is missing is named, each with its key and place.
    let two = home
        .keyward(&["inject", "-i", "-", "-o", "-", "--json"])
        .stdin("{vault.ONE}\n {vault.DB} {vault.TWO}");
    let message = error(&two, 3)["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("ONE") && message.contains("TWO") && message.contains("line 2, column 13"),
        "{message}"
    );
}

/// US2: a file is written 0600 and atomically; a failing inject leaves the old one and nothing else.
#[test]
fn us2_files_are_private_and_whole_or_not_at_all() {
    let home = home();
    let folder = home.path().join("out");
    fs::create_dir(&folder).unwrap();
    let template = home.path().join("config.json");
    let template = template.to_str().unwrap();
    let output = folder.join("config");
    let inject = home.keyward(&["inject", "-i", template, "-o", output.to_str().unwrap()]);
    fs::write(template, "[\"{vault.HARD}\"]").unwrap();
    let told = ok(&inject);
    assert!(told.stdout.is_empty());
    // auto: by the template's ending.
    let read: Value = serde_json::from_slice(&fs::read(&output).unwrap()).unwrap();
    assert_eq!(read[0], HARD);
    assert_eq!(mode(&output), 0o600);
    // An older file that others could read is replaced, not written into; a link is not followed.
    fs::set_permissions(&output, fs::Permissions::from_mode(0o644)).unwrap();
    let before = fs::File::open(&output).unwrap();
    fs::write(template, "[\"{vault.DB}\"]").unwrap();
    ok(&inject);
    assert_eq!(mode(&output), 0o600);
    assert!(
        std::io::read_to_string(&before).unwrap().contains("c$d"),
        "who had it open still reads the old one"
    );
    let elsewhere = home.path().join("elsewhere");
    fs::write(&elsewhere, "theirs").unwrap();
    fs::remove_file(&output).unwrap();
    symlink(&elsewhere, &output).unwrap();
    ok(&inject);
    assert_eq!(fs::read(&elsewhere).unwrap(), b"theirs");
    assert_eq!(fs::read(&output).unwrap(), b"[\"s3cr3t\"]");

    fs::write(template, "[\"{vault.NONE}\"]").unwrap();
    refused(&inject, 3);
    assert_eq!(fs::read(&output).unwrap(), b"[\"s3cr3t\"]");
    let inside: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(inside, ["config"], "nothing half-written stays behind");

    // What cannot be read or written.
    refused(
        &home.keyward(&["inject", "-i", "/no/such/template", "-o", "-"]),
        2,
    );
    fs::write(template, "x").unwrap();
    let outcome = home
        .keyward(&["inject", "-i", template, "-o", "/no/such/folder/file"])
        .output()
        .unwrap();
    assert_ne!(outcome.code(), 0);
    refused(&home.keyward(&["inject", "-i", template]), 2);
    refused(&home.keyward(&["inject", "-o", "-"]), 2);
    refused(
        &home.keyward(&["inject", "-i", template, "-o", "-", "--format", "toml"]),
        2,
    );
}

/// auto = by the file's ending.
#[test]
fn the_format_follows_the_ending() {
    let home = home();
    for (name, template, filled) in [
        ("a.env", "A={vault.DB}", "A=\"s3cr3t\""),
        (".env.local", "A={vault.DB}", "A=\"s3cr3t\""),
        ("a.yaml", "a: {vault.DB}", "a: \"s3cr3t\""),
        ("a.yml", "a: {vault.DB}", "a: \"s3cr3t\""),
        (
            "a.xml",
            "<a>{vault.HARD}</a>",
            "<a>a&quot;b\\c$d\ne&apos;f#g: h&amp;&lt;i&gt;</a>",
        ),
        ("a.txt", "a: {vault.DB}", "a: s3cr3t"),
        ("a", "a: {vault.DB}", "a: s3cr3t"),
    ] {
        let path = home.path().join(name);
        fs::write(&path, template).unwrap();
        let auto = ok(&home.keyward(&[
            "inject",
            "-i",
            path.to_str().unwrap(),
            "-o",
            "-",
            "--format",
            "auto",
        ]));
        assert_eq!(auto.text(), filled, "{name}");
        let text = ok(&home.keyward(&[
            "inject",
            "-i",
            path.to_str().unwrap(),
            "-o",
            "-",
            "--format",
            "text",
        ]));
        assert!(
            text.text().contains("s3cr3t") || text.text().contains(HARD),
            "{name}: a format named wins"
        );
    }
}
