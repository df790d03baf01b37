//! The operating system's keychain, for real: a session bus and a gnome-keyring of their own, in the states that
//! people's machines have.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::Trouble;
use crate::process::{Guarded, wait_for};

/// What the keychain is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keychain {
    /// Open: get, set and delete work.
    Unlocked,
    /// Its collection exists and is locked; there is no display to ask on.
    Locked,
    /// The service runs, but there is no collection.
    NoCollection,
    /// A bus on which nobody provides the Secret Service.
    NoService,
    /// A bus that takes the connection and never answers.
    Silent,
}

/// A session bus with a keychain on it; both end with this value.
#[derive(Debug)]
pub struct KeyringSession {
    // In order of their end: the daemon, its bus, their folder.
    _daemon: Option<Guarded>,
    _bus: Option<Guarded>,
    _listener: Option<UnixListener>,
    dir: TempDir,
}

/// A bus where every name may be owned and nothing starts by itself: no service folder is named, so the only Secret
/// Service is the one started here.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

impl KeyringSession {
    /// Starts a session whose keychain is in the state `keychain`. About half a second.
    ///
    /// # Errors
    /// When dbus or gnome-keyring is not installed, or does not come up within 10 s.
    pub fn start(keychain: Keychain) -> Result<Self, Trouble> {
        let dir = tempfile::Builder::new().prefix("kwbus").tempdir()?;
        let socket = dir.path().join("bus");
        if keychain == Keychain::Silent {
            let listener = UnixListener::bind(&socket)?;
            return Ok(Self {
                dir,
                _daemon: None,
                _bus: None,
                _listener: Some(listener),
            });
        }
        let config = dir.path().join("bus.conf");
        fs::write(&config, BUS.replace("SOCKET", &socket.to_string_lossy()))?;
        let bus = Guarded::start(
            Command::new("dbus-daemon")
                .arg(format!("--config-file={}", config.display()))
                .arg("--nofork")
                .stdin(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        let mut session = Self {
            dir,
            _daemon: None,
            _bus: Some(bus),
            _listener: None,
        };
        wait_for("the session bus", Duration::from_secs(10), || {
            socket.exists().then_some(())
        })?;
        if keychain == Keychain::NoService {
            return Ok(session);
        }
        session.start_daemon(keychain)?;
        if keychain == Keychain::Locked {
            session.lock()?;
        }
        Ok(session)
    }

    /// The variables a program needs to find this session.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        vec![("DBUS_SESSION_BUS_ADDRESS".to_owned(), self.address())]
    }

    /// The address of the bus.
    #[must_use]
    pub fn address(&self) -> String {
        format!("unix:path={}", self.dir.path().join("bus").display())
    }

    /// Locks the collection, as a screen lock does it.
    ///
    /// # Errors
    /// When the service does not take the call.
    pub fn lock(&self) -> Result<(), Trouble> {
        let sent = self
            .command("dbus-send")
            .args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.secrets",
                "/org/freedesktop/secrets",
            ])
            .arg("org.freedesktop.Secret.Service.Lock")
            .arg("array:objpath:/org/freedesktop/secrets/collection/login")
            .stdout(Stdio::null())
            .status()?;
        if sent.success() {
            Ok(())
        } else {
            Err("the collection was not locked".into())
        }
    }

    /// The accounts of Keyward in the keychain, as another program sees them.
    ///
    /// # Errors
    /// When `secret-tool` is not installed.
    pub fn accounts(&self) -> Result<Vec<String>, Trouble> {
        let found = self
            .command("secret-tool")
            .args(["search", "--all", "service", "dev.keyward.vault"])
            .output()?;
        // Attributes and secrets go to different streams, depending on its version.
        let text = [found.stdout, found.stderr].concat();
        let mut accounts: Vec<String> = String::from_utf8_lossy(&text)
            .lines()
            .filter_map(|line| line.strip_prefix("attribute.username = "))
            .map(str::to_owned)
            .collect();
        accounts.sort();
        Ok(accounts)
    }

    /// A command that sees this session and its folders only.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env("DBUS_SESSION_BUS_ADDRESS", self.address())
            .env("HOME", self.folder("home"))
            .env("XDG_DATA_HOME", self.folder("data"))
            .env("XDG_CONFIG_HOME", self.folder("config"))
            .env("XDG_CACHE_HOME", self.folder("cache"))
            .env("XDG_RUNTIME_DIR", self.folder("run"));
        command
    }

    fn start_daemon(&mut self, keychain: Keychain) -> Result<(), Trouble> {
        let mut command = self.command("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]);
        if keychain != Keychain::NoCollection {
            // Reads a password up to the end of stdin, makes and opens the collection `login`, which becomes the default.
            command.arg("--unlock");
        }
        let mut daemon = Guarded::start(
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        if let Some(mut stdin) = daemon.0.stdin.take() {
            stdin.write_all(b"the keyring's own password")?;
        }
        self._daemon = Some(daemon);
        wait_for("the Secret Service", Duration::from_secs(10), || {
            let answer = self
                .command("dbus-send")
                .args([
                    "--session",
                    "--print-reply",
                    "--dest=org.freedesktop.DBus",
                    "/org/freedesktop/DBus",
                ])
                .args([
                    "org.freedesktop.DBus.NameHasOwner",
                    "string:org.freedesktop.secrets",
                ])
                .stderr(Stdio::null())
                .output()
                .ok()?;
            String::from_utf8_lossy(&answer.stdout)
                .contains("boolean true")
                .then_some(())
        })
    }

    fn folder(&self, name: &str) -> std::path::PathBuf {
        let path = self.dir.path().join(name);
        private(&path);
        path
    }
}

/// Makes a folder for the owner alone; one that exists already stays.
fn private(path: &Path) {
    if fs::create_dir(path).is_ok() {
        // A folder just made is ours to change.
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    }
}
