//! What the faults share: a home whose vault opens by a keychain, the owner's door spoken by hand, seeded chance,
//! a person of another uid, and SQL by a program that is not ours.

use std::io::{self, Read, Write};
use std::ops::Deref;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use keyward_tests::home::{Home, Outcome, Running};
use keyward_tests::keyring::{Keychain, KeyringSession};
use keyward_tests::process::wait_for;
use serde_json::{Value, json};

/// The unprivileged uid of the tests that need a second one: `nobody`.
pub const NOBODY: u32 = 65_534;

/// A home with a vault in keychain mode: a command takes a tenth of a second, not a key derivation.
pub struct Keychained {
    home: Home,
    session: KeyringSession,
}

impl Keychained {
    /// A session bus, a gnome-keyring and a vault.
    pub fn new() -> Self {
        let session = KeyringSession::start(Keychain::Unlocked).unwrap();
        let mut home = Home::new().unwrap().without_passphrase();
        for (name, value) in session.environment() {
            home = home.var(&name, value);
        }
        let recovery = home.path().join("recovery.txt");
        let made = home.keyward(&[
            "init",
            "--keychain",
            "--recovery-file",
            &recovery.to_string_lossy(),
        ]);
        made.output().unwrap().success().unwrap();
        Self { home, session }
    }

    /// The same, whose commands see one more variable.
    pub fn var(self, name: &str, value: impl Into<String>) -> Self {
        Self {
            home: self.home.var(name, value),
            session: self.session,
        }
    }

    /// Starts a host and waits for its door.
    pub fn host(&self) -> Running {
        let host = self.keyward(&["serve"]).start().unwrap();
        wait_for("an unlocked host", Duration::from_secs(20), || {
            let status = Door::open(self)
                .ok()?
                .ask("vault_status", &json!({}))
                .ok()?
                .ok()?;
            (status["locked"] == false && status["host"]["pid"] == host.process.0.id()).then_some(())
        })
        .unwrap();
        host
    }

    /// `secret add KEY` with `value`, which must work.
    pub fn add(&self, key: &str, value: &str) {
        let add = self.keyward(&["secret", "add", key]).stdin(value);
        add.output().unwrap().success().unwrap();
    }

    /// Runs a command that must end with `code`.
    pub fn ends(&self, args: &[&str], code: i32) -> Outcome {
        self.keyward(args).output().unwrap().ended_with(code).unwrap()
    }

    /// The whole vault is sound: `doctor` and the chain of the audit log.
    pub fn is_sound(&self) {
        let checks = self.ends(&["doctor", "--json"], 0).json().unwrap();
        let outcome = |id: &str| {
            let all = checks.as_array().unwrap();
            all.iter()
                .find(|check| check["id"] == id)
                .map(|check| check["outcome"].clone())
        };
        for id in ["files", "vault", "freshness"] {
            assert_eq!(outcome(id), Some(json!("ok")), "{id}: {checks}");
        }
        self.ends(&["audit", "verify"], 0);
    }
}

impl Deref for Keychained {
    type Target = Home;

    fn deref(&self) -> &Home {
        &self.home
    }
}

/// The database file of the vault `default`.
pub fn database(home: &Home) -> PathBuf {
    home.keyward_home().join("vaults/default/vault.db")
}

/// The host's socket, wherever below the runtime folder it lies.
pub fn socket(home: &Home) -> Option<PathBuf> {
    let folders = std::fs::read_dir(home.path().join("run/keyward")).ok()?;
    folders
        .filter_map(|folder| Some(folder.ok()?.path().join("host.sock")))
        .find(|socket| socket.exists())
}

/// What `--json` puts on stderr: the code of the error.
pub fn error_code(outcome: &Outcome) -> String {
    let error: Value =
        serde_json::from_str(outcome.said().trim()).unwrap_or_else(|_| panic!("{}", outcome.said()));
    error["error"]["code"].as_str().unwrap_or_default().to_owned()
}

/// The owner's door (SECURITY L-04), spoken by hand.
pub struct Door {
    stream: UnixStream,
    next: u64,
}

/// A reply: what came back, or the error object.
pub type Reply = Result<Value, Value>;

impl Door {
    pub fn open(home: &Home) -> io::Result<Self> {
        let path = socket(home).ok_or(io::ErrorKind::NotFound)?;
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Self { stream, next: 1 })
    }

    pub fn ask(&mut self, verb: &str, body: &Value) -> io::Result<Reply> {
        let request = json!({ "v": 1, "id": self.next, "vault": "default", "verb": verb, "body": body });
        self.next += 1;
        self.send(request.to_string().as_bytes())?;
        self.reply()
    }

    /// One frame of these bytes.
    pub fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        let mut whole = u32::try_from(frame.len()).unwrap().to_be_bytes().to_vec();
        whole.extend_from_slice(frame);
        self.stream.write_all(&whole)
    }

    pub fn reply(&mut self) -> io::Result<Reply> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        self.stream.read_exact(&mut frame)?;
        let reply: Value = serde_json::from_slice(&frame)?;
        Ok(match reply.get("error") {
            Some(error) if !error.is_null() => Err(error.clone()),
            _ => Ok(reply["ok"].clone()),
        })
    }
}

/// How many times as much as in CI a test shall do: `KEYWARD_SOAK` of `cargo xtask soak`.
pub fn soak() -> usize {
    std::env::var("KEYWARD_SOAK").map_or(1, |text| text.parse().expect("KEYWARD_SOAK is a number"))
}

/// Chance that can be repeated (xorshift64*); says its seed, which a failing test then shows.
pub struct Chance(u64);

impl Chance {
    pub fn seeded(seed: u64) -> Self {
        println!("seed {seed:#x}");
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// From `low` up to, not including, `high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low)
    }
}

/// Runs statements in a database by SQLite's own shell; gives what it printed.
pub fn sql(database: &Path, statements: &str) -> String {
    let output = Command::new("sqlite3")
        .arg("-batch")
        .arg(database)
        .arg(statements)
        .output()
        .expect("sqlite3 is installed");
    assert!(
        output.status.success(),
        "{statements}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Whether this test runs as root, so that it may be another user too.
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// Says why a test proves nothing on this machine.
pub fn skipped(why: &str) {
    println!("skipped: {why}");
}

/// `program` as [`NOBODY`], without groups, in an empty environment but PATH.
pub fn as_nobody(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args([
            &format!("--reuid={NOBODY}"),
            &format!("--regid={NOBODY}"),
            "--clear-groups",
        ])
        .arg(program)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}
