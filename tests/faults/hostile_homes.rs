//! R-14, T-13, L-01, L-02: homes that others can write or read, symlinks, a socket folder that somebody made before
//! us, and a person of another uid at the socket.

use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use keyward_tests::home::Home;

use crate::ground::{Keychained, NOBODY, as_nobody, database, error_code, is_root, skipped, socket, sql};

/// Every part of a home that must be the owner's alone.
fn parts(home: &Home) -> Vec<PathBuf> {
    let root = home.keyward_home();
    let vault = root.join("vaults/default");
    vec![
        root.clone(),
        root.join("vaults"),
        vault.clone(),
        vault.join("leases"),
        vault.join("vault.db"),
        vault.join("vault.lock"),
    ]
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Reading, writing, serving and the doctor all refuse, and say where to look.
fn refused(home: &Keychained, what: &str, part: &Path) {
    for args in [
        &["get", "KEY", "--json"][..],
        &["secret", "delete", "KEY", "--json"],
        &["status", "--json"],
    ] {
        let outcome = home.keyward(args).output().unwrap();
        assert_eq!(
            outcome.code(),
            9,
            "{what}: {}: {args:?}: {}",
            part.display(),
            outcome.said()
        );
        assert_eq!(error_code(&outcome), "corrupt", "{what}");
        assert!(
            outcome.said().contains("keyward doctor"),
            "{what}: {}",
            outcome.said()
        );
        assert!(outcome.stdout.is_empty(), "{what}");
    }
    let doctor = home.keyward(&["doctor"]).output().unwrap();
    assert_eq!(doctor.code(), 9, "{what}: doctor: {}", doctor.said());
}

fn works(home: &Keychained) {
    assert_eq!(home.ends(&["get", "KEY"], 0).stdout, b"value");
}

/// R-14: each part, open to the group or to everybody.
#[test]
fn r14_open_modes_are_refused() {
    let home = Keychained::new();
    home.add("KEY", "value");
    for part in parts(&home) {
        let before = mode(&part);
        for bits in [0o040, 0o020, 0o004, 0o002] {
            set_mode(&part, before | bits);
            refused(&home, &format!("mode {:o}", before | bits), &part);
        }
        set_mode(&part, before);
    }
    works(&home);
}

/// R-14: each part, belonging to somebody else. Only root can give a file away.
#[test]
fn r14_foreign_owners_are_refused() {
    if !is_root() {
        return skipped("only root can give a file away");
    }
    let home = Keychained::new();
    home.add("KEY", "value");
    for part in parts(&home) {
        chown(&part, Some(NOBODY), None).unwrap();
        refused(&home, "owner", &part);
        chown(&part, Some(0), None).unwrap();
    }
    works(&home);
}

/// R-14: each part, a symlink to the very same thing elsewhere; and side files of the database.
#[test]
fn r14_symlinks_are_refused() {
    let home = Keychained::new();
    home.add("KEY", "value");
    let elsewhere = home.path().join("elsewhere");
    for part in parts(&home) {
        std::fs::rename(&part, &elsewhere).unwrap();
        symlink(&elsewhere, &part).unwrap();
        refused(&home, "symlink", &part);
        std::fs::remove_file(&part).unwrap();
        std::fs::rename(&elsewhere, &part).unwrap();
    }
    works(&home);

    // What is in the log goes into the file: the log is replaced next.
    sql(&database(&home), "PRAGMA wal_checkpoint(TRUNCATE)");
    let target = home.path().join("target");
    std::fs::write(&target, "precious").unwrap();
    set_mode(&target, 0o600);
    for name in ["vault.db-wal", "vault.db-shm", "vault.db-journal"] {
        let link = database(&home).with_file_name(name);
        let _ = std::fs::remove_file(&link);
        symlink(&target, &link).unwrap();
        refused(&home, "symlink", &link);
        std::fs::remove_file(&link).unwrap();
    }
    assert_eq!(
        std::fs::read(&target).unwrap(),
        b"precious",
        "nothing was written through a link"
    );
    works(&home);
}

/// R-14: what `init` and `inject` make is the owner's alone, whatever the umask, and goes over nobody's link.
#[test]
fn r14_nothing_is_made_open_or_through_a_link() {
    let home = Keychained::new();
    home.add("KEY", "value");
    let template = home.path().join("template");
    std::fs::write(&template, "k={vault.KEY}").unwrap();
    let (out, victim) = (home.path().join("out"), home.path().join("victim"));
    std::fs::write(&victim, "precious").unwrap();
    let script = format!(
        "umask 000; exec {} inject -i {} -o {}",
        keyward_tests::place::keyward().unwrap().display(),
        template.display(),
        out.display()
    );
    let shell = std::process::Command::new("sh")
        .args(["-c", &script])
        .env_clear()
        .envs(home.environment())
        .status()
        .unwrap();
    assert!(shell.success());
    assert_eq!(
        (mode(&out), std::fs::read(&out).unwrap()),
        (0o600, b"k=value".to_vec())
    );

    std::fs::remove_file(&out).unwrap();
    symlink(&victim, &out).unwrap();
    home.keyward(&[
        "inject",
        "-i",
        &template.to_string_lossy(),
        "-o",
        &out.to_string_lossy(),
    ])
    .output()
    .unwrap();
    assert_eq!(std::fs::read(&victim).unwrap(), b"precious");

    let mut folders = vec![home.keyward_home(), home.path().join("run")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(mode(&entry.path()) & 0o077, 0, "{}", entry.path().display());
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
        }
    }
}

/// L-01: a socket folder that is a symlink, open, or somebody else's is not used, and no host comes up.
#[test]
fn l01_a_socket_folder_made_by_others_is_refused() {
    let home = Keychained::new();
    home.add("KEY", "value");
    drop(home.host());
    let made = socket(&home).unwrap();
    let (private, top) = (made.parent().unwrap().to_owned(), home.path().join("run/keyward"));
    let no_host = |what: &str| {
        let outcome = home.keyward(&["serve"]).output().unwrap();
        assert_eq!(outcome.code(), 9, "{what}: {}", outcome.said());
    };
    for folder in [&private, &top] {
        set_mode(folder, 0o755);
        no_host("open");
        set_mode(folder, 0o777);
        no_host("open");
        set_mode(folder, 0o700);
        if is_root() {
            chown(folder, Some(NOBODY), None).unwrap();
            no_host("owner");
            chown(folder, Some(0), None).unwrap();
        }
        let moved = home.path().join("moved");
        std::fs::rename(folder, &moved).unwrap();
        symlink(&moved, folder).unwrap();
        no_host("symlink");
        std::fs::remove_file(folder).unwrap();
        std::fs::rename(&moved, folder).unwrap();
    }
    if is_root() {
        // Somebody was there first, with a socket of his own in it: no command speaks to him.
        std::fs::remove_dir_all(&top).unwrap();
        std::fs::create_dir_all(&private).unwrap();
        for folder in [&top, &private] {
            set_mode(folder, 0o777);
            chown(folder, Some(NOBODY), None).unwrap();
        }
        let trap = std::os::unix::net::UnixListener::bind(&made).unwrap();
        chown(&made, Some(NOBODY), None).unwrap();
        trap.set_nonblocking(true).unwrap();
        no_host("made before");
        let add = home
            .keyward(&["secret", "add", "TRAPPED"])
            .stdin("value-for-nobody");
        let told = add.output().unwrap();
        assert_eq!(told.code(), 9, "{}", told.said());
        if let Ok((mut stream, _)) = trap.accept() {
            stream.set_nonblocking(true).unwrap();
            let mut heard = Vec::new();
            let _ = stream.read_to_end(&mut heard);
            assert!(
                heard.is_empty(),
                "{} bytes went to another user's socket",
                heard.len()
            );
        }
    }
}

/// L-02: another uid at the socket is turned away before a byte is read, even where the modes would let it in.
#[test]
fn l02_another_uid_gets_nothing() {
    if !is_root() {
        return skipped("only root can be another user too");
    }
    let home = Keychained::new();
    home.add("KEY", "value-not-for-nobody");
    let _host = home.host();
    let socket = socket(&home).unwrap();

    // As things are, the folders already keep it out.
    let listing = as_nobody("ls")
        .arg(socket.parent().unwrap())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!listing.success());

    let mut folder = socket.parent();
    while let Some(open) = folder.filter(|folder| folder.starts_with(home.path())) {
        set_mode(open, 0o755);
        folder = open.parent();
    }
    set_mode(&socket, 0o666);
    let script = r#"
import json, socket, struct, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect(sys.argv[1])
for verb, body in [("vault_status", {}), ("resolve", {"environment": "default", "references": ["KEY"]})]:
    frame = json.dumps({"v": 1, "id": 1, "vault": "default", "verb": verb, "body": body}).encode()
    try:
        s.sendall(struct.pack(">I", len(frame)) + frame)
    except (BrokenPipeError, ConnectionResetError):
        pass
try:
    sys.stdout.write("got " + repr(s.recv(4096)))
except ConnectionResetError:
    sys.stdout.write("got b''")
"#;
    let heard = as_nobody("/usr/bin/python3")
        .arg("-c")
        .arg(script)
        .arg(&socket)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&heard.stdout),
        "got b''",
        "{}",
        String::from_utf8_lossy(&heard.stderr)
    );

    // The owner goes on meanwhile.
    let mut stream = UnixStream::connect(&socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let frame = br#"{"v":1,"id":1,"vault":"default","verb":"vault_status","body":{}}"#;
    stream.write_all(&(frame.len() as u32).to_be_bytes()).unwrap();
    stream.write_all(frame).unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    assert!(u32::from_be_bytes(length) > 20);
}
