//! `serve`: the owner's door, its place and its peer; the result through it is the same.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::keyring::Keychain;
use keyward_tests::process::{signal, wait_for};
use serde_json::{Value, json};

use crate::common::{
    add, error, has_members, home_beside, init, json, keychain_home, mode, ok, passphrase_home, refused,
};

/// The first 16 hexadecimal digits of SHA-256 of the canonical KEYWARD_HOME (L-01), by another program.
fn name_of(home: &Path) -> String {
    let canonical = home.canonicalize().unwrap();
    let sum = Command::new("sh")
        .args(["-c", "printf %s \"$1\" | sha256sum", "sh"])
        .arg(canonical)
        .output()
        .unwrap();
    String::from_utf8(sum.stdout).unwrap()[..16].to_owned()
}

fn socket_of(home: &Home) -> PathBuf {
    home.path()
        .join("run/keyward")
        .join(name_of(&home.keyward_home()))
        .join("host.sock")
}

fn is_socket(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|found| found.file_type().is_socket())
}

/// L-01: the socket in XDG_RUNTIME_DIR, private; `status` names the host; SIGTERM ends it with 0 and removes the socket.
#[test]
fn l01_the_socket_lies_in_the_runtime_folder() {
    let home = keychain_home();
    let host = home.serve().unwrap();
    let socket = socket_of(&home);
    assert!(is_socket(&socket));
    assert_eq!(mode(&socket), 0o600);
    for folder in socket.ancestors().skip(1).take(2) {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    let status = json(&home.keyward(&["status", "--json"]));
    has_members(&status, "version home vault exists mode locked host freshness");
    assert_eq!(status["host"], json!({ "kind": "serve", "pid": host.0.id() }));
    let ended = host.terminate(Duration::from_secs(10)).unwrap();
    assert_eq!(ended.code(), Some(0));
    assert!(!socket.exists());
    assert_eq!(json(&home.keyward(&["status", "--json"]))["host"], Value::Null);

    // Ctrl C is the same.
    let mut host = home.keyward(&["serve"]).start().unwrap();
    let line = host
        .stderr
        .find("start", Duration::from_secs(20), |line| Some(line.to_owned()))
        .unwrap();
    assert!(line.contains("unlocked"), "{line}");
    signal(host.process.0.id(), "INT").unwrap();
    assert_eq!(host.wait(Duration::from_secs(10)).unwrap().code(), Some(0));
    assert!(host.stdout.seen().is_empty(), "a host prints no data");
}

/// L-01: without XDG_RUNTIME_DIR, or with one that is not ours alone, the socket lies in KEYWARD_HOME/run.
#[test]
fn l01_the_socket_without_a_runtime_folder() {
    let home = keychain_home();
    let open = home.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
    for runtime in ["", "relative", "/no/such/folder", open.to_str().unwrap()] {
        let in_it = |args: &[&str]| home.keyward(args).var("XDG_RUNTIME_DIR", runtime);
        let mut host = in_it(&["serve"]).start().unwrap();
        host.stderr
            .find("start", Duration::from_secs(20), |_| Some(()))
            .unwrap();
        let socket = home.keyward_home().join("run/host.sock");
        assert!(is_socket(&socket), "{runtime:?}");
        assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
        assert_eq!(
            json(&in_it(&["status", "--json"]))["host"]["pid"],
            host.process.0.id()
        );
        assert!(!open.join("keyward").exists());
        host.process.terminate(Duration::from_secs(10)).unwrap();
        assert!(!socket.exists());
    }
    // A folder of the socket that others may enter is refused.
    fs::set_permissions(home.keyward_home().join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    refused(&home.keyward(&["serve"]).var("XDG_RUNTIME_DIR", ""), 9);
    // A path that no socket can have is a usage error that says so.
    let deep = home.path().join("d".repeat(100));
    fs::create_dir(&deep).unwrap();
    fs::set_permissions(&deep, fs::Permissions::from_mode(0o700)).unwrap();
    let long = home
        .keyward(&["serve"])
        .var("XDG_RUNTIME_DIR", deep.to_str().unwrap());
    assert!(refused(&long, 2).contains("104"));
}

/// L-02: a peer of another uid is closed before a byte is read.
#[test]
fn l02_another_user_is_turned_away() {
    let home = keychain_home();
    let _host = home.serve().unwrap();
    let socket = socket_of(&home);
    let ask = "const s=require('net').connect(process.argv[1]);let n=0;s.on('connect',()=>{const b=Buffer.from(JSON.stringify(\
        {v:1,id:1,vault:'default',verb:'vault_status',body:{}}));const l=Buffer.alloc(4);l.writeUInt32BE(b.length);s.write(l);s.write(b)});\
        s.on('data',d=>{n+=d.length;s.end()});s.on('error',()=>{});s.on('close',()=>{console.log('bytes',n)})";
    let bytes = |command: &mut Command| {
        let output = command.args(["node", "-e", ask]).arg(&socket).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let ours = bytes(&mut Command::new("env"));
    assert!(
        ours.starts_with("bytes ") && ours != "bytes 0",
        "the same bytes from our own uid are answered: {ours}"
    );
    if Command::new("id").arg("-u").output().unwrap().stdout != b"0\n" {
        // Only root can be somebody else for a moment.
        return;
    }
    // Every other wall is taken away: only the look at the peer is left.
    for folder in socket
        .ancestors()
        .skip(1)
        .take_while(|folder| *folder != Path::new("/tmp"))
    {
        if folder.starts_with(home.path()) {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).unwrap();
    let mut somebody = Command::new("setpriv");
    somebody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    assert_eq!(bytes(&mut somebody), "bytes 0");
}

/// CLI.md: a running host is used when there is one; the result is the same.
#[test]
fn commands_through_the_host_equal_those_without() {
    let home = passphrase_home();
    add(&home, "BIN", b"\xff\x00\n");
    ok(&home
        .keyward(&[
            "secret", "add", "DB", "--name", "Database", "--tag", "a", "--tag", "b",
        ])
        .stdin("v1"));
    ok(&home
        .keyward(&["secret", "update", "DB", "--value-stdin"])
        .stdin("v2"));
    ok(&home.keyward(&["env", "add", "prod"]));
    let commands: &[&[&str]] = &[
        &["env", "list", "--json"],
        &["env", "add", "prod", "--json"],
        &["env", "delete", "none", "--json"],
        &["secret", "list", "--json"],
        &["secret", "list"],
        &["secret", "show", "DB", "--reveal", "--json"],
        &["secret", "history", "DB", "--json"],
        &["secret", "add", "db", "--json"],
        &["get", "keyward://./BIN"],
        &["get", "BIN", "--json"],
        &["get", "NONE", "--json"],
        &["get", "DB", "--env", "prod", "--json"],
        &["get", "DB", "--env", "nowhere", "--json"],
        &["connection", "list", "--json"],
        &["connection", "show", "C", "--json"],
        &["auth-client", "list", "--json"],
        &["token", "C", "--json"],
        &["inject", "-i", "-", "-o", "-", "--format", "json"],
        &["run", "--", "sh", "-c", "printf %s \"$V\""],
    ];
    let run_all = |passphrase: Option<&str>| -> Vec<(i32, String, String)> {
        commands
            .iter()
            .map(|args| {
                let passphrase = passphrase.or(args.contains(&"--reveal").then_some(PASSPHRASE));
                let run = home
                    .keyward(args)
                    .passphrase(passphrase)
                    .stdin("\"{vault.DB}\" \"{vault.DB}\"\n");
                let outcome = run.var("V", "keyward://DB").output().unwrap();
                (outcome.code(), outcome.text(), outcome.said())
            })
            .collect()
    };
    let without = run_all(Some(PASSPHRASE));
    let host = home.serve().unwrap();
    // Nobody brings the passphrase now: what works, works through the host. Showing a value to a person asks again (T-20).
    let with = run_all(None);
    for ((args, without), with) in commands.iter().zip(&without).zip(&with) {
        assert_eq!(with, without, "{args:?}");
    }
    // What is written through the host is there without it.
    ok(&home
        .keyward(&["secret", "add", "LATER"])
        .passphrase(None)
        .stdin("x"));
    host.terminate(Duration::from_secs(10)).unwrap();
    assert_eq!(ok(&home.keyward(&["get", "LATER"])).stdout, b"x");
    ok(&home.keyward(&["audit", "verify"]));
}

/// L-01: one host per KEYWARD_HOME; the second is a conflict and changes nothing.
#[test]
fn l01_a_second_host_is_a_conflict() {
    let home = keychain_home();
    let host = home.serve().unwrap();
    let error = error(&home.keyward(&["serve", "--json"]), 6);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains(&host.0.id().to_string()),
        "{error}"
    );
    assert!(is_socket(&socket_of(&home)));
    add(&home, "A", b"x");
}

/// A killed host: the next command works by itself, the next host starts, nothing acknowledged is lost.
#[test]
fn a_killed_host_leaves_nothing_broken() {
    let home = keychain_home();
    for round in 0..3 {
        let mut host = home.serve().unwrap();
        let key = format!("K{round}");
        add(&home, &key, b"acknowledged");
        signal(host.0.id(), "KILL").unwrap();
        host.0.wait().unwrap();
        assert_eq!(ok(&home.keyward(&["get", &key])).stdout, b"acknowledged");
        assert_eq!(json(&home.keyward(&["status", "--json"]))["host"], Value::Null);
    }
    ok(&home.keyward(&["doctor"]));
    ok(&home.keyward(&["audit", "verify"]));
}

/// A host may be there before the vault; `init` works through it.
#[test]
fn a_host_without_a_vault_waits_for_one() {
    let home = home_beside(Keychain::Unlocked);
    let mut host = home.keyward(&["serve"]).start().unwrap();
    host.stderr
        .find("start", Duration::from_secs(20), |_| Some(()))
        .unwrap();
    refused(&home.keyward(&["get", "A"]), 3);
    init(&home, &["--keychain"]);
    add(&home, "A", b"x");
    wait_for("an unlocked host", Duration::from_secs(5), || {
        (json(&home.keyward(&["status", "--json"]))["locked"] == false).then_some(())
    })
    .unwrap();
}
