//! The ground the keychain faults stand on: each state is what it says, seen by a program that is not ours.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use keyward_tests::keyring::{Keychain, KeyringSession};

/// `secret-tool store`, then `lookup`; gives what came back.
fn store_and_look_up(session: &KeyringSession) -> Option<String> {
    let mut store = session
        .command("timeout")
        .args(["2", "secret-tool", "store", "--label=probe", "app", "probe"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    store.stdin.take().unwrap().write_all(b"value").unwrap();
    if !store.wait().unwrap().success() {
        return None;
    }
    let found = session
        .command("secret-tool")
        .args(["lookup", "app", "probe"])
        .output()
        .unwrap();
    Some(String::from_utf8(found.stdout).unwrap())
}

#[test]
fn an_unlocked_keychain_keeps_values() {
    let session = KeyringSession::start(Keychain::Unlocked).unwrap();
    assert_eq!(store_and_look_up(&session).as_deref(), Some("value"));
    session.lock().unwrap();
    let found = session
        .command("timeout")
        .args(["2", "secret-tool", "lookup", "app", "probe"])
        .output()
        .unwrap();
    assert!(found.stdout.is_empty(), "a locked collection gives nothing");
}

#[test]
fn the_other_states_keep_nothing() {
    for state in [
        Keychain::Locked,
        Keychain::NoCollection,
        Keychain::NoService,
        Keychain::Silent,
    ] {
        let session = KeyringSession::start(state).unwrap();
        let began = Instant::now();
        assert_eq!(store_and_look_up(&session), None, "{state:?}");
        if state == Keychain::Silent {
            assert!(
                began.elapsed() >= Duration::from_secs(1),
                "a silent bus does not even refuse"
            );
        }
    }
}
