//! Keys and values of Secrets: what a key may be, and every way a value comes in.

use std::fs;

use keyward_tests::home::{Home, PASSPHRASE};

use crate::common::{Terminal, add, error, json, keychain_home, ok, passphrase_home, refused};

fn get(home: &Home, key: &str) -> Vec<u8> {
    ok(&home.keyward(&["get", key])).stdout
}

/// CLI.md HANDLE: what is no key is a usage error that names the rule, with nothing of it that could harm a terminal.
#[test]
fn keys_follow_the_rule() {
    let home = keychain_home();
    let longest = "k".repeat(128);
    for good in ["_", "a", "A-b_C9", longest.as_str()] {
        add(&home, good, b"x");
        assert_eq!(get(&home, good), b"x");
    }
    let too_long = "k".repeat(129);
    let huge = "k".repeat(64 * 1024);
    for bad in [
        "",
        "Bad.Key",
        "9lives",
        "-x",
        "a b",
        "a/b",
        "@app",
        "clé",
        "键",
        "a\u{0301}",
        "a\nb",
        "a\tb",
        "\u{1b}[31mred",
        "a\u{7}",
        "\u{202e}abc",
        "a\u{200b}",
        too_long.as_str(),
        huge.as_str(),
    ] {
        let run = home.keyward(&["secret", "add", "--json", "--", bad]).stdin("x");
        let error = error(&run, 2);
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("a key starts with a letter or _"),
            "{bad:?}: {message}"
        );
        assert!(
            message.len() < 2_000,
            "a long key is not repeated: {} bytes",
            message.len()
        );
        let said = refused(&home.keyward(&["secret", "add", "--", bad]).stdin("x"), 2);
        let harmful = said
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(harmful, None, "{bad:?}");
    }
    assert_eq!(
        json(&home.keyward(&["secret", "list", "--json"]))
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

/// CLI.md: values are never arguments; refused with a hint that does not repeat them.
#[test]
fn values_are_never_arguments() {
    let home = keychain_home();
    add(&home, "A", b"x");
    for args in [
        &["secret", "add", "B", "hunter2"][..],
        &["secret", "add", "B", "hunter2", "more"],
        &["secret", "add", "B", "--value", "hunter2"],
        &["secret", "add", "B", "--value=hunter2"],
        &["secret", "add", "--", "B", "hunter2"],
        &["secret", "update", "A", "hunter2"],
        &["secret", "update", "A", "--value-stdin", "hunter2"],
    ] {
        let said = refused(&home.keyward(args).stdin("y"), 2);
        assert!(!said.contains("hunter2"), "{said}");
        assert!(
            said.contains("--value-file") || said.contains("stdin"),
            "the hint says how: {said}"
        );
    }
    refused(&home.keyward(&["get", "B"]), 3);
    assert_eq!(get(&home, "A"), b"x");
}

/// CLI.md “Values are never arguments”: `--value-file` byte for byte; stdin less one final newline, or `--raw`; empty
/// only with `--empty`; bytes of any kind up to 1 MiB.
#[test]
fn values_come_in_as_bytes() {
    let home = keychain_home();
    let file = home.path().join("value");
    let path = file.to_str().unwrap();
    let every_byte: Vec<u8> = (0..=255).chain(*b"\n\n").collect();
    let big: Vec<u8> = (0..1024 * 1024)
        .map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for (number, (stdin, raw, stored)) in [
        (&b"v"[..], false, &b"v"[..]),
        (b"v\n", false, b"v"),
        (b"v\n\n", false, b"v\n"),
        (b"v\r\n", false, b"v\r"),
        (b"v\n", true, b"v\n"),
        (b" v ", false, b" v "),
        (every_byte.as_slice(), false, &every_byte[..257]),
        (every_byte.as_slice(), true, every_byte.as_slice()),
        (big.as_slice(), true, big.as_slice()),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("STDIN{number}");
        let args = ["secret", "add", &key, "--raw"];
        ok(&home.keyward(&args[..if raw { 4 } else { 3 }]).stdin(stdin));
        assert!(get(&home, &key) == stored, "{key}");
        // The same through a file: as it is.
        fs::write(&file, stdin).unwrap();
        let key = format!("FILE{number}");
        ok(&home
            .keyward(&["secret", "add", &key, "--value-file", path])
            .stdin("not this"));
        assert!(get(&home, &key) == stdin, "{key}");
    }
    // 1 MiB and one byte, in both ways and as a new value.
    let mut too_big = big.clone();
    too_big.push(b'x');
    fs::write(&file, &too_big).unwrap();
    let update_file = home.keyward(&["secret", "update", "STDIN0", "--value-file", path]);
    let update_stdin = home
        .keyward(&["secret", "update", "STDIN0", "--value-stdin", "--raw"])
        .stdin(too_big.clone());
    for run in [
        home.keyward(&["secret", "add", "BIG", "--raw"])
            .stdin(too_big.clone()),
        home.keyward(&["secret", "add", "BIG", "--value-file", path]),
        update_file.clone(),
        update_stdin,
    ] {
        assert!(refused(&run, 2).contains("1 MiB"));
    }
    refused(&home.keyward(&["get", "BIG"]), 3);
    fs::write(&file, &big).unwrap();
    ok(&update_file);
    assert!(get(&home, "STDIN0") == big);
    ok(&home
        .keyward(&["secret", "update", "STDIN0", "--value-stdin"])
        .stdin("small\n"));
    assert_eq!(get(&home, "STDIN0"), b"small");

    // Empty.
    fs::write(&file, b"").unwrap();
    for run in [
        home.keyward(&["secret", "add", "EMPTY"]),
        home.keyward(&["secret", "add", "EMPTY"]).stdin("\n"),
        home.keyward(&["secret", "add", "EMPTY", "--value-file", path])
            .stdin("x"),
        home.keyward(&["secret", "update", "STDIN0", "--value-stdin"]),
        home.keyward(&["secret", "update", "STDIN0", "--value-file", path]),
    ] {
        assert!(refused(&run, 2).contains("--empty"));
    }
    assert_eq!(get(&home, "STDIN0"), b"small");
    ok(&home.keyward(&["secret", "add", "EMPTY", "--empty"]));
    assert_eq!(get(&home, "EMPTY"), b"");
    ok(&home.keyward(&["secret", "update", "STDIN0", "--value-stdin", "--empty"]));
    assert_eq!(get(&home, "STDIN0"), b"");
    // Metadata alone leaves stdin to somebody else; a file that is not there is a usage error.
    refused(
        &home.keyward(&["secret", "add", "X", "--value-file", "/no/such/file"]),
        2,
    );
    refused(
        &home.keyward(&["secret", "update", "EMPTY", "--value-stdin", "--value-file", path]),
        2,
    );
}

/// CLI.md: on a terminal the value is typed twice, unseen; `get` ends the line there and only there.
#[test]
fn values_are_typed_twice_on_a_terminal() {
    let home = passphrase_home();
    let mut terminal = Terminal::keyward(&home, &["secret", "add", "TYPED"]);
    terminal.expect("Passphrase: ");
    terminal.enter(PASSPHRASE);
    terminal.expect("Value: ");
    terminal.enter("typed-value");
    terminal.expect("Again: ");
    terminal.enter("typed-value");
    assert!(terminal.end().success(), "{}", terminal.screen());
    assert!(!terminal.screen().contains("typed-value"));
    assert_eq!(get(&home, "TYPED"), b"typed-value");

    let host = home.serve().unwrap();
    let mut terminal = Terminal::keyward(&home, &["secret", "add", "OTHER"]);
    terminal.expect("Value: ");
    terminal.enter("one");
    terminal.expect("Again: ");
    terminal.enter("two");
    assert_eq!(terminal.end().code(), Some(2), "{}", terminal.screen());
    refused(&home.keyward(&["get", "OTHER"]), 3);

    // `update` without any option asks on a terminal.
    let mut terminal = Terminal::keyward(&home, &["secret", "update", "TYPED"]);
    for prompt in ["Value: ", "Again: "] {
        terminal.expect(prompt);
        terminal.enter("another");
    }
    assert!(terminal.end().success(), "{}", terminal.screen());
    let mut terminal = Terminal::keyward(&home, &["get", "TYPED"]);
    assert!(terminal.end().success());
    terminal.expect("another\r\n");
    assert_eq!(get(&home, "TYPED"), b"another");
    drop(host);
}
