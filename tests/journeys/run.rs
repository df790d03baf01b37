//! `run -- CMD`: only the child's environment; pid, signals, status and terminal are the child's.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::process::signal;

use crate::common::{Terminal, add, error, json, keychain_home, ok, passphrase_home, refused};

fn write(home: &Home, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What a shell prints that nobody of ours started.
fn plain(script: &str) -> String {
    let output = Command::new("sh")
        .args(["-c", script])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A variable is resolved when its whole value is a URI or when it contains brace references; the rest is kept.
#[test]
fn us1_references_in_variables() {
    let home = keychain_home();
    add(&home, "DB", b"s3cr3t");
    add(&home, "NL", b"two\nlines\n");
    add(&home, "REF", b"keyward://DB {vault.DB}");
    ok(&home.keyward(&["env", "add", "prod"]));
    ok(&home
        .keyward(&["secret", "add", "DB", "--env", "prod"])
        .stdin("production"));
    for (value, seen) in [
        ("keyward://DB", "s3cr3t"),
        ("keyward://./DB", "s3cr3t"),
        ("keyward://prod/DB", "production"),
        ("{vault.DB}", "s3cr3t"),
        ("{pmio.vault.DB}", "s3cr3t"),
        (
            "postgres://ada:{vault.DB}@host/{vault.DB}",
            "postgres://ada:s3cr3t@host/s3cr3t",
        ),
        // Only as a whole value a URI is one.
        ("see keyward://DB", "see keyward://DB"),
        ("keyward://DB and", "keyward://DB and"),
        ("keyward://NL", "two\nlines\n"),
        ("\\{vault.DB}", "{vault.DB}"),
        // Values are never expanded again.
        ("keyward://REF", "keyward://DB {vault.DB}"),
        ("$DB ${DB} {DB} {vault", "$DB ${DB} {DB} {vault"),
        ("", ""),
    ] {
        let got = ok(&home
            .keyward(&["run", "--", "printenv", "--null", "V"])
            .var("V", value));
        assert_eq!(got.text(), format!("{seen}\0"), "{value}");
        assert!(got.said().is_empty(), "{}", got.said());
    }
    let other = home
        .keyward(&["run", "--env", "prod", "--", "printenv", "V"])
        .var("V", "{vault.DB} keyward://DB");
    assert_eq!(ok(&other).text(), "production keyward://DB\n");
    // `--json` and the like belong to us before `--` and to the child behind it.
    let child = home.keyward(&["run", "--", "printf", "%s|", "--json", "--env", "x", "--"]);
    assert_eq!(ok(&child).text(), "--json|--env|x|--|");
}

/// What cannot be resolved stops everything before the child starts, and says which variable it was.
#[test]
fn us1_errors_come_before_the_child() {
    let home = keychain_home();
    add(&home, "DB", b"s3cr3t");
    add(&home, "NUL", b"a\0b");
    ok(&home.keyward(&["env", "add", "prod"]));
    let mark = home.path().join("started");
    let touch = ["run", "--json", "--", "touch", mark.to_str().unwrap()];
    for (value, status) in [
        ("keyward://NONE", 3),
        ("keyward://prod/DB", 3),
        ("keyward://nowhere/DB", 3),
        ("x {vault.NONE} y", 3),
        ("{vault.DB", 2),
        ("{vault. DB}", 2),
        ("keyward://a/b/c/d", 2),
        ("keyward://./DB/field", 2),
        ("keyward://NUL", 2),
        ("x{vault.NUL}", 2),
    ] {
        let error = error(
            &home
                .keyward(&touch)
                .var("MY_VARIABLE", value)
                .var("OTHER", "keyward://DB"),
            status,
        );
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("MY_VARIABLE"), "{value}: {message}");
        assert!(!message.contains("s3cr3t"), "{message}");
        assert!(!mark.exists(), "{value}: the child was started");
    }
    refused(&home.keyward(&["run"]), 2);
    refused(&home.keyward(&["run", "true"]), 2);
    refused(&home.keyward(&["run", "--"]), 2);
    assert!(refused(&home.keyward(&["run", "--", "/no/such/program"]), 2).contains("/no/such/program"));
}

/// `--env-file`: .env syntax, references in it; later ones win over earlier ones and over the environment.
#[test]
fn us1_env_files() {
    let home = keychain_home();
    add(&home, "DB", b"s3cr3t");
    let one = write(
        &home,
        "one.env",
        "# a comment\nA=keyward://DB\nexport B=\"x {vault.DB} y\"\nC='single $A'\nD=plain # comment\n\nE=\nI=from file\n",
    );
    let two = write(&home, "two.env", "A=second\nF={vault.DB}\n");
    let print = "printf '%s|' \"$A\" \"$B\" \"$C\" \"$D\" \"$E\" \"$F\" \"$I\" \"$J\"";
    let run = home.keyward(&[
        "run",
        "--env-file",
        &one,
        "--env-file",
        &two,
        "--",
        "sh",
        "-c",
        print,
    ]);
    let run = run.var("I", "inherited").var("J", "keyward://DB");
    assert_eq!(
        ok(&run).text(),
        "second|x s3cr3t y|single $A|plain||s3cr3t|from file|s3cr3t|"
    );

    let bad = write(&home, "bad.env", "A=1\nB={vault.NONE}\n");
    let missing = error(
        &home.keyward(&["run", "--json", "--env-file", &bad, "--", "true"]),
        3,
    );
    let message = missing["message"].as_str().unwrap();
    assert!(
        message.contains("bad.env") && message.contains("line 2"),
        "{message}"
    );
    let bad = write(&home, "bad2.env", "A=1\n=x\n");
    let message = refused(&home.keyward(&["run", "--env-file", &bad, "--", "true"]), 2);
    assert!(message.contains("line 2"), "{message}");
    refused(
        &home.keyward(&["run", "--env-file", "/no/such/file", "--", "true"]),
        2,
    );
}

/// The child is exec'd: our pid becomes its pid, its status and its signals are its own.
#[test]
fn us1_pid_status_and_signals_are_the_childs() {
    let home = keychain_home();
    add(&home, "DB", b"s3cr3t");
    for status in [0, 1, 7, 42, 255] {
        let exit = format!("exit {status}");
        let run = home
            .keyward(&["run", "--", "sh", "-c", &exit])
            .var("V", "keyward://DB");
        assert_eq!(run.output().unwrap().code(), status);
    }
    let killed = home
        .keyward(&["run", "--", "sh", "-c", "kill -KILL $$"])
        .output()
        .unwrap();
    assert_eq!(killed.status.signal(), Some(9));

    let mut running = home
        .keyward(&[
            "run",
            "--",
            "sh",
            "-c",
            "trap 'echo caught; exit 3' TERM; echo pid $$; while :; do sleep 0.05; done",
        ])
        .var("V", "keyward://DB")
        .start()
        .unwrap();
    let pid = running
        .stdout
        .find("pid", Duration::from_secs(20), |line| {
            line.strip_prefix("pid ").map(str::to_owned)
        })
        .unwrap();
    assert_eq!(pid, running.process.0.id().to_string());
    signal(running.process.0.id(), "TERM").unwrap();
    assert_eq!(running.wait(Duration::from_secs(10)).unwrap().code(), Some(3));
    running
        .stdout
        .find("trap", Duration::from_secs(1), |line| {
            (line == "caught").then_some(())
        })
        .unwrap();

    // Ignored and blocked signals are as they would be without us.
    let signals = "grep ^Sig[IB] /proc/self/status";
    assert_eq!(
        ok(&home.keyward(&["run", "--", "sh", "-c", signals])).text(),
        plain(signals)
    );
    // stdin, stdout and stderr are the child's.
    let through = home
        .keyward(&["run", "--", "sh", "-c", "cat; echo err >&2"])
        .stdin(b"in\xff".to_vec());
    let outcome = ok(&through);
    assert_eq!(
        (outcome.stdout.as_slice(), outcome.said().as_str()),
        (&b"in\xff"[..], "err\n")
    );
}

/// The child gets nothing of ours: the passphrase descriptor is closed, its variable gone, no other descriptor open,
/// and it is an ordinary process again (core dumps and debuggers as before).
#[test]
fn us1_the_child_gets_nothing_of_ours() {
    let home = passphrase_home();
    add(&home, "DB", b"s3cr3t");
    let list = "ls /proc/self/fd; printf '[%s]' \"${KEYWARD_PASSPHRASE_FD-none}\"; (: <&3) 2>/dev/null && echo open; ulimit -c";
    let run = |args: &[&str]| {
        let all = [&["run"], args, &["--", "sh", "-c", list]].concat();
        home.keyward(&all).var("V", "keyward://DB")
    };
    // Whatever this test itself has inherited is not ours to close.
    let expected = plain(list);
    assert!(expected.contains("[none]"), "{expected}");
    assert_eq!(ok(&run(&[])).text(), expected);
    assert_eq!(ok(&run(&["--passphrase-fd", "3"])).text(), expected);
    // Another descriptor than the flag's, named by the variable: it holds a passphrase all the same. What stands on
    // stdin behind the passphrase is the child's.
    let rest = "(: <&3) 2>/dev/null && echo open; cat";
    let by_stdin = home
        .keyward(&["run", "--passphrase-fd", "0", "--", "sh", "-c", rest])
        .var("V", "keyward://DB")
        .stdin(format!("{PASSPHRASE}\nthe child's\n"));
    assert_eq!(ok(&by_stdin).text(), "the child's\n");
    // Without anything to resolve nothing is read, and it is closed all the same.
    assert_eq!(
        ok(&home.keyward(&["run", "--", "sh", "-c", list])).text(),
        expected
    );
    // Through a host, which makes the passphrase needless.
    let _host = home.serve().unwrap();
    assert_eq!(ok(&run(&[])).text(), expected);
    let readable = "cat /proc/self/status | grep -c ^Name; test -r /proc/self/environ && stat -c %u:%g /proc/self/environ";
    assert_eq!(
        ok(&home.keyward(&["run", "--", "sh", "-c", readable])).text(),
        plain(readable)
    );
}

/// One batch: each reference is one read, whatever the number of variables that name it.
#[test]
fn us1_a_run_is_one_batch() {
    let home = keychain_home();
    add(&home, "DB", b"s3cr3t");
    let mut run = home.keyward(&["run", "--", "sh", "-c", "printf %s \"$V0$V49\""]);
    for number in 0..50 {
        run = run.var(&format!("V{number}"), "keyward://DB");
    }
    assert_eq!(ok(&run).text(), "s3cr3ts3cr3t");
    let events = json(&home.keyward(&["audit", "--json"]));
    let reads = events
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["action"] == "reference.resolve")
        .count();
    assert_eq!(reads, 1);
}

/// The child's terminal is the terminal.
#[test]
fn us1_the_terminal_is_the_childs() {
    let home = passphrase_home();
    let mut terminal = Terminal::keyward(
        &home,
        &[
            "run",
            "--",
            "sh",
            "-c",
            "test -t 0 && test -t 1 && test -t 2 && read line && echo got $line",
        ],
    );
    // Nothing to resolve, so nothing is asked.
    terminal.enter("typed");
    terminal.expect("got typed");
    assert!(terminal.end().success(), "{}", terminal.screen());
    assert!(
        !terminal.screen().contains("Passphrase"),
        "{} {PASSPHRASE}",
        terminal.screen()
    );
}
