//! R-29: the real keychain in each situation a machine can be in.
//!
//! Each test runs itself again in a process of its own, whose environment is one of those situations. The
//! keychain is a real gnome-keyring on a session bus of its own, with folders of its own; the keychain of
//! whoever runs the tests is never touched. Needs the packages `dbus` and `gnome-keyring`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::disallowed_methods,
    reason = "tests are a face: they own the environment and the clock"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use keyring_core::api::CredentialStoreApi as _;
use keyward_vault::keychain::{DEADLINE, Keychain, KeychainError, OsKeychain, SERVICE, probe};

/// Set in the process that finds the situation around it.
const INSIDE: &str = "KEYWARD_TEST_INSIDE";
/// What an account looks like: vault and slot.
const ACCOUNT: &str = "11111111-1111-4111-8111-111111111111:22222222-2222-4222-8222-222222222222";
const ANCHOR: &str = "11111111-1111-4111-8111-111111111111:anchor";

/// Unlocks a new `login` collection, which becomes the default one.
const UNLOCKED: &str = r#"
printf %s "a password for tests" | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null 2>&1
"#;
/// Provides the service and nothing that could hold an entry.
const NO_COLLECTION: &str = r"
gnome-keyring-daemon --start --components=secrets --daemonize </dev/null >/dev/null 2>&1
";
/// Waits until the service is on the bus.
const READY: &str = r#"
tries=0
until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
    string:org.freedesktop.secrets 2>/dev/null | grep -q true
do tries=$((tries + 1)); [ $tries -lt 200 ] || exit 90; sleep 0.05; done
"#;

/// The situations, and how to get into them.
enum Situation<'a> {
    /// A session bus, and a script of preparations on it.
    Session(&'a str),
    /// A session bus on which nobody may start the service.
    BareSession,
    /// The environment names this bus.
    Bus(&'a str),
}

/// Runs the test `name` again in `situation`; its panic is ours.
fn run_inside(name: &str, situation: &Situation<'_>) {
    let top = tempfile::tempdir().unwrap();
    let itself = std::env::current_exe().unwrap();
    let mut command = match situation {
        Situation::Session(preparation) => {
            let mut command = Command::new("dbus-run-session");
            command.args([
                "--",
                "sh",
                "-ec",
                &format!("{preparation}\n{READY}\n\"$@\""),
                "sh",
            ]);
            command.arg(&itself);
            command
        }
        Situation::BareSession => {
            let mut command = Command::new("dbus-run-session");
            command.arg(format!("--config-file={}", bare_bus(top.path()).display()));
            command.arg("--").arg(&itself);
            command
        }
        Situation::Bus(_) => Command::new(&itself),
    };
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]);
    for variable in [
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "GNOME_KEYRING_CONTROL",
        "DBUS_SESSION_BUS_ADDRESS",
    ] {
        command.env_remove(variable);
    }
    for (variable, folder) in [
        ("HOME", "home"),
        ("XDG_RUNTIME_DIR", "run"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
    ] {
        let folder = top.path().join(folder);
        keyward_vault::files::create_private_dir(&folder).unwrap();
        command.env(variable, folder);
    }
    if let Situation::Bus(address) = situation {
        command.env("DBUS_SESSION_BUS_ADDRESS", address);
    }
    let output = command
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .output()
        .expect("this test needs the packages dbus and gnome-keyring");
    assert!(
        output.status.success(),
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A configuration of a session bus that knows no service to start.
fn bare_bus(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("bus.conf");
    let text = format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#,
        folder.display()
    );
    std::fs::write(&file, text).unwrap();
    file
}

fn inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// How much data the bus's secret service shows for our service; needs a running service.
fn entries_of_ours() -> usize {
    let output = Command::new("dbus-send")
        .args(["--session", "--print-reply", "--dest=org.freedesktop.secrets"])
        .args([
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service.SearchItems",
        ])
        .arg(format!("dict:string:string:service,{SERVICE}"))
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout)
        .matches("object path")
        .count()
}

/// R-29 (unlocked): set, get, overwrite, delete, and a missing entry; every byte value comes back as it was.
#[test]
fn r29_unlocked() {
    if !inside() {
        return run_inside("r29_unlocked", &Situation::Session(UNLOCKED));
    }
    let keychain = OsKeychain::new();
    assert_eq!(keychain.get(ACCOUNT, DEADLINE), Ok(None));
    keychain.delete(ACCOUNT, DEADLINE).unwrap();
    let key: Vec<u8> = (0..32).map(|at| at * 8).collect();
    let anchor: Vec<u8> = (0..48).map(|at| 255 - at).collect();
    keychain.set(ACCOUNT, &key, DEADLINE).unwrap();
    keychain.set(ANCHOR, &anchor, DEADLINE).unwrap();
    assert_eq!(**keychain.get(ACCOUNT, DEADLINE).unwrap().unwrap(), key);
    assert_eq!(**keychain.get(ANCHOR, DEADLINE).unwrap().unwrap(), anchor);

    keychain.set(ACCOUNT, &[0; 32], DEADLINE).unwrap();
    assert_eq!(**keychain.get(ACCOUNT, DEADLINE).unwrap().unwrap(), [0; 32]);
    assert_eq!(entries_of_ours(), 2, "overwriting made a second entry");

    // Another process, so to speak: it finds what the first one wrote.
    let other = OsKeychain::new();
    assert_eq!(**other.get(ANCHOR, DEADLINE).unwrap().unwrap(), anchor);

    probe(&keychain).unwrap();
    keychain.delete(ACCOUNT, DEADLINE).unwrap();
    keychain.delete(ANCHOR, DEADLINE).unwrap();
    assert_eq!(other.get(ACCOUNT, DEADLINE), Ok(None));
    assert_eq!(entries_of_ours(), 0, "the probe left something behind");
}

/// R-29 (slow, many at once): threads share one connection and probes do not disturb each other.
#[test]
fn r29_many_threads() {
    if !inside() {
        return run_inside("r29_many_threads", &Situation::Session(UNLOCKED));
    }
    let keychain = Arc::new(OsKeychain::new());
    let threads: Vec<_> = (0..8_u8)
        .map(|number| {
            let keychain = Arc::clone(&keychain);
            std::thread::spawn(move || {
                let account = format!("{ACCOUNT}{number}");
                keychain.set(&account, &[number; 32], DEADLINE * 4).unwrap();
                assert_eq!(
                    **keychain.get(&account, DEADLINE * 4).unwrap().unwrap(),
                    [number; 32]
                );
                probe(&*keychain).unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// R-29 (the service restarts): a process that lives on finds the new one, and its entries.
#[test]
fn r29_service_restarts() {
    if !inside() {
        return run_inside("r29_service_restarts", &Situation::Session(UNLOCKED));
    }
    let keychain = OsKeychain::new();
    keychain.set(ACCOUNT, &[7; 32], DEADLINE).unwrap();
    let before = service_process();
    let replaced = Command::new("sh")
        .args(["-ec", &UNLOCKED.replace("--unlock", "--replace --unlock")])
        .status()
        .unwrap();
    assert!(replaced.success());
    let mut found = keychain.get(ACCOUNT, DEADLINE);
    // The new service takes a moment to read its collection.
    for _ in 0..40 {
        if found.as_ref().is_ok_and(Option::is_some) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
        found = keychain.get(ACCOUNT, DEADLINE);
    }
    assert_eq!(**found.unwrap().unwrap(), [7; 32]);
    assert_ne!(service_process(), before);
}

/// R-29 (item changed by other): two entries under our name are refused, not guessed between.
#[test]
fn r29_ambiguous() {
    if !inside() {
        return run_inside("r29_ambiguous", &Situation::Session(UNLOCKED));
    }
    let keychain = OsKeychain::new();
    keychain.set(ACCOUNT, &[1; 32], DEADLINE).unwrap();
    // The same name with one attribute more, the label of the collection it lies in: another entry.
    let store = zbus_secret_service_keyring_store::Store::new().unwrap();
    let target = std::collections::HashMap::from([("target", "Login")]);
    let entry = store.build(SERVICE, ACCOUNT, Some(&target)).unwrap();
    entry.set_secret(&[2; 32]).unwrap();
    for error in [
        keychain.get(ACCOUNT, DEADLINE).unwrap_err(),
        keychain.set(ACCOUNT, &[3; 32], DEADLINE).unwrap_err(),
        keychain.delete(ACCOUNT, DEADLINE).unwrap_err(),
    ] {
        assert!(
            matches!(&error, KeychainError::Failed(text) if text.contains("2 entries")),
            "{error:?}"
        );
    }
    entry.delete_credential().unwrap();
    assert_eq!(**keychain.get(ACCOUNT, DEADLINE).unwrap().unwrap(), [1; 32]);
}

/// R-29 (absent): no session bus at all.
#[test]
fn r29_no_bus() {
    if !inside() {
        return run_inside("r29_no_bus", &Situation::Bus("unix:path=/nonexistent/bus"));
    }
    all_are(|error| matches!(error, KeychainError::Absent(_)));
}

/// R-29 (absent): a session bus on which nobody provides the Secret Service.
#[test]
fn r29_no_service() {
    if !inside() {
        return run_inside("r29_no_service", &Situation::BareSession);
    }
    all_are(|error| matches!(error, KeychainError::Absent(_)));
}

/// R-29 (locked): the service is there but nothing that could hold an entry. Reading finds nothing, which is
/// why a missing entry never means “first run”; writing and the probe tell the truth.
#[test]
fn r29_no_collection() {
    if !inside() {
        return run_inside("r29_no_collection", &Situation::Session(NO_COLLECTION));
    }
    let keychain = OsKeychain::new();
    assert_eq!(keychain.get(ACCOUNT, DEADLINE), Ok(None));
    assert_eq!(keychain.delete(ACCOUNT, DEADLINE), Ok(()));
    for error in [
        keychain.set(ACCOUNT, &[0; 32], DEADLINE).unwrap_err(),
        probe(&keychain).unwrap_err(),
    ] {
        assert!(matches!(error, KeychainError::Denied(_)), "{error:?}");
        assert!(error.hint().contains("Unlock"));
    }
}

/// R-29 (locked later): an entry in a collection that was locked since is refused, as nobody can answer the prompt.
#[test]
fn r29_locked_later() {
    if !inside() {
        return run_inside("r29_locked_later", &Situation::Session(UNLOCKED));
    }
    let keychain = OsKeychain::new();
    keychain.set(ACCOUNT, &[3; 32], DEADLINE).unwrap();
    let locked = Command::new("dbus-send")
        .args(["--session", "--print-reply", "--dest=org.freedesktop.secrets"])
        .args(["/org/freedesktop/secrets", "org.freedesktop.Secret.Service.Lock"])
        .arg("array:objpath:/org/freedesktop/secrets/collection/login")
        .output()
        .unwrap();
    assert!(locked.status.success());
    for error in [
        keychain.get(ACCOUNT, DEADLINE).unwrap_err(),
        keychain.set(ACCOUNT, &[4; 32], DEADLINE).unwrap_err(),
    ] {
        assert!(matches!(error, KeychainError::Denied(_)), "{error:?}");
    }
}

/// R-29 (silent): a bus that accepts and never answers costs the deadline and no more, again and again.
#[test]
fn r29_silent_bus() {
    if !inside() {
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("bus");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            // Kept open, never answered.
            let mut accepted = Vec::new();
            while let Ok((stream, _)) = listener.accept() {
                accepted.push(stream);
            }
        });
        let address = format!("unix:path={}", path.display());
        return run_inside("r29_silent_bus", &Situation::Bus(&address));
    }
    let deadline = Duration::from_millis(200);
    let keychain = OsKeychain::new();
    let start = Instant::now();
    assert_eq!(keychain.get(ACCOUNT, deadline), Err(KeychainError::Silent));
    assert_eq!(
        keychain.set(ACCOUNT, &[0; 32], deadline),
        Err(KeychainError::Silent)
    );
    assert_eq!(keychain.delete(ACCOUNT, deadline), Err(KeychainError::Silent));
    assert!(start.elapsed() >= deadline * 3);
    assert!(start.elapsed() < deadline * 30, "{:?}", start.elapsed());
    // Every thread that was given up still waits; their number is bounded and further calls cost nothing.
    for _ in 0..40 {
        assert_eq!(
            keychain.get(ACCOUNT, Duration::from_millis(1)),
            Err(KeychainError::Silent)
        );
    }
    let threads = std::fs::read_dir("/proc/self/task").unwrap().count();
    assert!(threads < 64, "{threads} threads");
}

/// R-29 (slow): a service that stops answering in the middle costs the deadline, and is used again once it answers.
#[test]
fn r29_service_hangs_for_a_while() {
    if !inside() {
        return run_inside("r29_service_hangs_for_a_while", &Situation::Session(UNLOCKED));
    }
    let keychain = OsKeychain::new();
    keychain.set(ACCOUNT, &[5; 32], DEADLINE).unwrap();
    let service = service_process();
    let signal = |signal| rustix::process::kill_process(service, signal).unwrap();
    signal(rustix::process::Signal::STOP);
    let deadline = Duration::from_millis(100);
    for _ in 0..3 {
        assert_eq!(keychain.get(ACCOUNT, deadline), Err(KeychainError::Silent));
    }
    signal(rustix::process::Signal::CONT);
    assert_eq!(**keychain.get(ACCOUNT, DEADLINE).unwrap().unwrap(), [5; 32]);
}

fn service_process() -> rustix::process::Pid {
    let output = Command::new("dbus-send")
        .args([
            "--session",
            "--print-reply=literal",
            "--dest=org.freedesktop.DBus",
            "/",
        ])
        .args([
            "org.freedesktop.DBus.GetConnectionUnixProcessID",
            "string:org.freedesktop.secrets",
        ])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let number = text.split_whitespace().last().unwrap().parse().unwrap();
    rustix::process::Pid::from_raw(number).unwrap()
}

/// Every call and the probe end with the expected error, within the deadline, and say what to do.
fn all_are(expected: impl Fn(&KeychainError) -> bool) {
    let keychain = OsKeychain::new();
    let start = Instant::now();
    for error in [
        keychain.get(ACCOUNT, DEADLINE).unwrap_err(),
        keychain.set(ACCOUNT, &[0; 32], DEADLINE).unwrap_err(),
        keychain.delete(ACCOUNT, DEADLINE).unwrap_err(),
        probe(&keychain).unwrap_err(),
    ] {
        assert!(expected(&error), "{error:?}");
        assert!(!error.to_string().is_empty() && !error.hint().is_empty());
        assert!(!error.to_string().contains(char::is_control));
    }
    assert!(start.elapsed() < DEADLINE * 4);
}
