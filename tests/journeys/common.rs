//! What the journeys share: homes with a vault, outcomes taken apart, a terminal.

use std::io::{Read, Write};
use std::ops::Deref;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyward_tests::home::{Home, Outcome, Run};
use keyward_tests::keyring::{Keychain, KeyringSession};
use keyward_tests::process::{Guarded, wait_for};
use serde_json::Value;

/// A home with a vault in passphrase mode, at the floor of the key derivation: each command costs a tenth of a second.
pub fn passphrase_home() -> Home {
    let home = Home::new().unwrap();
    init(&home, &["--passphrase", "--kdf-memory", "64"]);
    home
}

/// A home in keychain mode, and the session its keychain lives in. Commands need nobody and cost little.
pub struct KeychainHome {
    home: Home,
    /// The session bus and its keyring.
    pub session: KeyringSession,
}

impl Deref for KeychainHome {
    type Target = Home;

    fn deref(&self) -> &Home {
        &self.home
    }
}

/// A home in keychain mode under a real gnome-keyring, with a vault.
pub fn keychain_home() -> KeychainHome {
    let home = home_beside(Keychain::Unlocked);
    init(&home, &["--keychain"]);
    home
}

/// A home without a vault beside a keychain in that state. Its commands bring no passphrase.
pub fn home_beside(keychain: Keychain) -> KeychainHome {
    let session = KeyringSession::start(keychain).unwrap();
    let home = Home::new()
        .unwrap()
        .without_passphrase()
        .var("DBUS_SESSION_BUS_ADDRESS", session.address());
    KeychainHome { home, session }
}

/// `keyward init ARGS… --recovery-file recovery.txt`, which succeeds.
pub fn init(home: &Home, args: &[&str]) -> Outcome {
    let recovery = home.path().join("recovery.txt");
    let mut all = vec!["init", "--recovery-file", recovery.to_str().unwrap()];
    all.extend_from_slice(args);
    ok(&home.keyward(&all))
}

/// Runs a command that succeeds.
pub fn ok(run: &Run) -> Outcome {
    run.output().unwrap().success().unwrap()
}

/// Runs a command that succeeds and prints one JSON document.
pub fn json(run: &Run) -> Value {
    ok(run).json().unwrap()
}

/// Runs a command that ends with `status`, prints nothing and says why; gives what it said.
pub fn refused(run: &Run, status: i32) -> String {
    let outcome = run.output().unwrap().ended_with(status).unwrap();
    assert!(outcome.stdout.is_empty(), "data of a refusal: {}", outcome.text());
    assert!(!outcome.said().trim().is_empty(), "a refusal says why");
    outcome.said()
}

/// The statuses of CLI.md and their codes.
const CODES: [(i32, &str); 10] = [
    (1, "internal"),
    (2, "usage"),
    (3, "not_found"),
    (4, "locked"),
    (5, "denied"),
    (6, "conflict"),
    (7, "needs_consent"),
    (8, "provider"),
    (9, "corrupt"),
    (10, "keychain"),
];

/// Runs a `--json` command that ends with `status`: nothing on stdout, and as the last line of stderr the error object
/// with exactly its three members and the code of that status; gives the error.
pub fn error(run: &Run, status: i32) -> Value {
    let said = refused(run, status);
    let line = said.trim().lines().last().unwrap_or_default();
    let document: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no error object: {said}"));
    has_members(&document, "error");
    let error = document["error"].clone();
    has_members(&error, "code message hint");
    let code = CODES.iter().find(|(number, _)| *number == status).unwrap().1;
    assert_eq!(error["code"], code, "{error}");
    assert!(!error["message"].as_str().unwrap().is_empty(), "{error}");
    error
}

/// The hint of an error.
pub fn hint(error: &Value) -> &str {
    error["hint"].as_str().unwrap()
}

/// Asserts that an object has exactly these members.
#[track_caller]
pub fn has_members(object: &Value, members: &str) {
    let mut wanted: Vec<&str> = members.split_whitespace().collect();
    let mut found: Vec<&str> = object
        .as_object()
        .unwrap_or_else(|| panic!("no object: {object}"))
        .keys()
        .map(String::as_str)
        .collect();
    wanted.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, wanted, "{object}");
}

/// Asserts that it is a time as CLI.md has them: RFC 3339, UTC.
#[track_caller]
pub fn is_time(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    assert!(
        text.len() >= 20 && text.ends_with('Z') && &text[10..11] == "T",
        "{text}"
    );
}

/// Asserts that it is a UUID v4 in lower case.
#[track_caller]
pub fn is_id(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("no id: {value}"));
    let shape: Vec<usize> = text.split('-').map(str::len).collect();
    assert_eq!(shape, [8, 4, 4, 4, 12], "{text}");
    assert_eq!(&text[14..15], "4", "{text}");
    assert_eq!(text, text.to_lowercase());
}

/// The permission bits of a file or folder.
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    path.symlink_metadata()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .permissions()
        .mode()
        & 0o777
}

/// Stores a secret in the environment `default`.
pub fn add(home: &Home, key: &str, value: &[u8]) {
    ok(&home.keyward(&["secret", "add", key, "--raw"]).stdin(value));
}

/// A program on a terminal of its own; it ends with this value.
pub struct Terminal {
    process: Guarded,
    keys: std::process::ChildStdin,
    screen: Arc<Mutex<Vec<u8>>>,
    read: usize,
}

impl Terminal {
    /// `keyward ARGS…` in that home, without a passphrase descriptor: it is asked for.
    pub fn keyward(home: &Home, args: &[&str]) -> Self {
        let mut line = "\"$KEYWARD\"".to_owned();
        for arg in args {
            line += &format!(" '{arg}'");
        }
        Self::shell(home, &line)
    }

    /// A line of shell in that home; `$KEYWARD` is the program.
    pub fn shell(home: &Home, line: &str) -> Self {
        let mut process = Guarded::start(
            Command::new("script")
                .args(["--quiet", "--return", "--flush", "--command", line, "/dev/null"])
                .current_dir(home.path())
                .env_clear()
                .envs(home.environment())
                .env("SHELL", "/bin/sh")
                .env("KEYWARD", keyward_tests::place::keyward().unwrap())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )
        .unwrap();
        let mut output = process.0.stdout.take().unwrap();
        let screen = Arc::new(Mutex::new(Vec::new()));
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut chunk = [0_u8; 1024];
            while let Ok(read @ 1..) = output.read(&mut chunk) {
                shown.lock().unwrap().extend_from_slice(&chunk[..read]);
            }
        });
        Self {
            keys: process.0.stdin.take().unwrap(),
            process,
            screen,
            read: 0,
        }
    }

    /// Everything on the screen so far.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    /// Waits until `text` appears behind what was waited for before.
    pub fn expect(&mut self, text: &str) {
        let found = wait_for(text, Duration::from_secs(20), || {
            let screen = self.screen.lock().unwrap();
            let at = screen[self.read..]
                .windows(text.len())
                .position(|window| window == text.as_bytes())?;
            Some(self.read + at + text.len())
        });
        self.read = found.unwrap_or_else(|error| panic!("{error}\n{}", self.screen()));
    }

    /// The eight groups of the recovery key on the screen.
    pub fn recovery_groups(&mut self) -> Vec<String> {
        self.expect("Write it down");
        let screen = self.screen();
        let key = screen
            .lines()
            .map(str::trim)
            .rfind(|line| line.len() == 39 && line.matches('-').count() == 7)
            .unwrap_or_else(|| panic!("no recovery key on the screen:\n{screen}"));
        key.split('-').map(str::to_owned).collect()
    }

    /// Which group it asks for next, from 0.
    pub fn asked_group(&mut self) -> usize {
        self.expect("Group ");
        self.expect(": ");
        let screen = self.screen();
        let asked = screen.rsplit("Group ").next().unwrap();
        asked.split(':').next().unwrap().parse::<usize>().unwrap() - 1
    }

    /// Types a line.
    pub fn enter(&mut self, line: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for the end.
    pub fn end(&mut self) -> ExitStatus {
        wait_for("the end", Duration::from_secs(20), || {
            self.process.0.try_wait().ok().flatten()
        })
        .unwrap_or_else(|error| panic!("{error}\n{}", self.screen()))
    }
}
