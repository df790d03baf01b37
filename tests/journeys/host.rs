//! `serve`: the owner's door, its place and its peer; what lock and unlock mean with a host.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use keyward_tests::home::{Home, PASSPHRASE, Run};
use keyward_tests::process::{signal, wait_for};
use serde_json::{Value, json};

use crate::common::{add, error, has_members, hint, init, json, keychain_home, mode, ok, passphrase_home, refused};

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
    home.path().join("run/keyward").join(name_of(&home.keyward_home())).join("host.sock")
}

fn is_socket(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.file_type().is_socket())
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
    let line = host.stderr.find("start", Duration::from_secs(20), |line| Some(line.to_owned())).unwrap();
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
        host.stderr.find("start", Duration::from_secs(20), |_| Some(())).unwrap();
        let socket = home.keyward_home().join("run/host.sock");
        assert!(is_socket(&socket), "{runtime:?}");
        assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
        assert_eq!(json(&in_it(&["status", "--json"]))["host"]["pid"], host.process.0.id());
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
    let long = home.keyward(&["serve"]).var("XDG_RUNTIME_DIR", deep.to_str().unwrap());
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
    assert!(ours.starts_with("bytes ") && ours != "bytes 0", "the same bytes from our own uid are answered: {ours}");
    if Command::new("id").arg("-u").output().unwrap().stdout != b"0\n" {
        // Only root can be somebody else for a moment.
        return;
    }
    // Every other wall is taken away: only the look at the peer is left.
    for folder in socket.ancestors().skip(1).take_while(|folder| *folder != Path::new("/tmp")) {
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
    ok(&home.keyward(&["secret", "add", "DB", "--name", "Database", "--tag", "a", "--tag", "b"]).stdin("v1"));
    ok(&home.keyward(&["secret", "update", "DB", "--value-stdin"]).stdin("v2"));
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
                let run = home.keyward(args).passphrase(passphrase).stdin("\"{vault.DB}\" \"{vault.DB}\"\n");
                let outcome = run.var("V", "keyward://DB").output().unwrap();
                (outcome.code(), outcome.text(), outcome.said())
            })
            .collect()
    };
    let without = run_all(Some(PASSPHRASE));
    let host = home.serve().unwrap();
    // Nobody brings the passphrase now: what works, works through the host.
    let with = run_all(None);
    for ((args, without), with) in commands.iter().zip(&without).zip(&with) {
        assert_eq!(with, without, "{args:?}");
    }
    // What is written through the host is there without it.
    ok(&home.keyward(&["secret", "add", "LATER"]).passphrase(None).stdin("x"));
    host.terminate(Duration::from_secs(10)).unwrap();
    assert_eq!(ok(&home.keyward(&["get", "LATER"])).stdout, b"x");
    ok(&home.keyward(&["audit", "verify"]));
}

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
        &["auth-client", "add", "C", "--type", "oauth2", "--client-id", "x", "--auth-uri", "http://127.0.0.1:9/a", "--token-uri", "http://127.0.0.1:9/t"],
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
    assert_eq!((&status["locked"], &status["freshness"]), (&json!(true), &json!("none")));
    assert!(json(&home.keyward(&["doctor", "--json"])).is_array());
    ok(&home.keyward(&["lock"]));
    ok(&home.keyward(&["unlock"]));
    assert_eq!(ok(&home.keyward(&["get", "A"])).stdout, b"x", "nothing changed while it was locked");
    assert_eq!(json(&home.keyward(&["secret", "show", "A", "--json"]))["version"], 1);
}

/// The same in passphrase mode; `--passphrase-fd` opens the vault for one command and leaves the host locked.
#[test]
fn st5_a_passphrase_opens_for_one_command_behind_a_locked_host() {
    let home = passphrase_home();
    add(&home, "A", b"x");
    // Started without a passphrase it serves, locked, and never asks.
    let mut host = home.keyward(&["serve"]).passphrase(None).start().unwrap();
    let line = host.stderr.find("start", Duration::from_secs(20), |line| Some(line.to_owned())).unwrap();
    assert!(line.contains("locked"), "{line}");
    for run in every_command(&home) {
        let error = error(&run.passphrase(None), 4);
        assert!(hint(&error).contains("unlock"), "{error}");
    }
    assert_eq!(ok(&home.keyward(&["get", "A"])).stdout, b"x");
    refused(&home.keyward(&["get", "A"]).passphrase(None), 4);
    ok(&home.keyward(&["secret", "add", "B"]).stdin("y"));
    error(&home.keyward(&["get", "A", "--json"]).passphrase(Some("not this one")), 4);
    assert_eq!(json(&home.keyward(&["status", "--json"]))["locked"], true, "the host stayed locked");

    error(&home.keyward(&["unlock", "--json"]).passphrase(None), 4);
    error(&home.keyward(&["unlock", "--json"]).passphrase(Some("not this one")), 4);
    ok(&home.keyward(&["unlock"]));
    let quiet = |args: &[&str]| home.keyward(args).passphrase(None);
    assert_eq!(ok(&quiet(&["get", "B"])).stdout, b"y");
    // With an unlocked host a descriptor is not even read.
    assert_eq!(ok(&quiet(&["get", "B"]).var("KEYWARD_PASSPHRASE_FD", "77")).stdout, b"y");
    ok(&quiet(&["unlock"]));
    ok(&quiet(&["lock"]));
    refused(&quiet(&["get", "B"]), 4);
    assert!(host.process.0.try_wait().unwrap().is_none(), "a locked host goes on serving");
}

/// L-01: one host per KEYWARD_HOME; the second is a conflict and changes nothing.
#[test]
fn l01_a_second_host_is_a_conflict() {
    let home = keychain_home();
    let host = home.serve().unwrap();
    let error = error(&home.keyward(&["serve", "--json"]), 6);
    assert!(error["message"].as_str().unwrap().contains(&host.0.id().to_string()), "{error}");
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

/// L-01: a host serves all vaults of its home, each locked or unlocked by itself; a new one can be made through it.
#[test]
fn l01_each_vault_is_locked_by_itself() {
    let home = keychain_home();
    add(&home, "A", b"default");
    let _host = home.serve().unwrap();
    let recovery = home.path().join("work.txt");
    ok(&home.keyward(&["init", "--keychain", "--vault", "work", "--recovery-file", recovery.to_str().unwrap()]));
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

/// A host may be there before the vault; `init` works through it.
#[test]
fn a_host_without_a_vault_waits_for_one() {
    let home = crate::common::home_beside(keyward_tests::keyring::Keychain::Unlocked);
    let mut host = home.keyward(&["serve"]).start().unwrap();
    host.stderr.find("start", Duration::from_secs(20), |_| Some(())).unwrap();
    refused(&home.keyward(&["get", "A"]), 3);
    init(&home, &["--keychain"]);
    add(&home, "A", b"x");
    wait_for("an unlocked host", Duration::from_secs(5), || {
        (json(&home.keyward(&["status", "--json"]))["locked"] == false).then_some(())
    })
    .unwrap();
}
