//! A person's home of its own, and the real `keyward` run in it.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::Trouble;
use crate::place;
use crate::process::{Guarded, Lines, wait_for};

/// The passphrase that homes use unless told otherwise.
pub const PASSPHRASE: &str = "correct horse battery staple 42";

/// A folder (0700) with HOME, the XDG folders and KEYWARD_HOME in it; gone with this value.
#[derive(Debug)]
pub struct Home {
    dir: TempDir,
    vars: Vec<(String, String)>,
    passphrase: Option<String>,
}

impl Home {
    /// A fresh home whose commands bring [`PASSPHRASE`]. No keychain, no display, no session bus.
    ///
    /// # Errors
    /// When no folder can be made.
    pub fn new() -> Result<Self, Trouble> {
        let dir = tempfile::Builder::new().prefix("kw").tempdir()?;
        for name in ["home", "data", "config", "cache", "state", "run", "keyward"] {
            let path = dir.path().join(name);
            std::fs::create_dir(&path)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self {
            dir,
            vars: Vec::new(),
            passphrase: Some(PASSPHRASE.to_owned()),
        })
    }

    /// The same, and a vault in passphrase mode in it. The recovery key lies in `recovery.txt` of [`Home::path`].
    ///
    /// # Errors
    /// When `init` fails.
    pub fn with_vault() -> Result<Self, Trouble> {
        let home = Self::new()?;
        let recovery = home.path().join("recovery.txt");
        home.keyward(&[
            "init",
            "--passphrase",
            "--recovery-file",
            &recovery.to_string_lossy(),
        ])
        .output()?
        .success()?;
        Ok(home)
    }

    /// Commands of this home bring no passphrase (keychain mode).
    #[must_use]
    pub fn without_passphrase(mut self) -> Self {
        self.passphrase = None;
        self
    }

    /// Commands of this home see `name=value`.
    #[must_use]
    pub fn var(mut self, name: &str, value: impl Into<String>) -> Self {
        self.vars.push((name.to_owned(), value.into()));
        self
    }

    /// The folder everything lies in.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// KEYWARD_HOME.
    #[must_use]
    pub fn keyward_home(&self) -> PathBuf {
        self.path().join("keyward")
    }

    /// The environment a program of this home sees: nothing of ours but PATH.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let at = |name: &str| self.path().join(name).to_string_lossy().into_owned();
        let mut vars: Vec<(String, String)> = [
            ("HOME", at("home")),
            ("XDG_DATA_HOME", at("data")),
            ("XDG_CONFIG_HOME", at("config")),
            ("XDG_CACHE_HOME", at("cache")),
            ("XDG_STATE_HOME", at("state")),
            ("XDG_RUNTIME_DIR", at("run")),
            ("KEYWARD_HOME", at("keyward")),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("LANG", "C.UTF-8".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        vars.extend(self.vars.iter().cloned());
        vars
    }

    /// `keyward ARGS…` in this home.
    #[must_use]
    pub fn keyward(&self, args: &[&str]) -> Run {
        Run {
            environment: self.environment(),
            dir: self.path().to_path_buf(),
            passphrase: self.passphrase.clone(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            stdin: None,
        }
    }

    /// Starts `keyward serve`, which brings the passphrase, and waits until `status` sees an unlocked host.
    ///
    /// # Errors
    /// When no unlocked host is seen within 20 s.
    pub fn serve(&self) -> Result<Guarded, Trouble> {
        let mut host = self.keyward(&["serve"]).start()?;
        // Said once the socket is there; `status` alone may have looked by itself a moment before.
        host.stderr.find("host", Duration::from_secs(20), |line| {
            line.starts_with("Serving").then_some(())
        })?;
        wait_for("an unlocked host", Duration::from_secs(20), || {
            let status = self
                .keyward(&["status", "--json"])
                .passphrase(None)
                .output()
                .ok()?
                .json()
                .ok()?;
            (!status["host"].is_null() && status["locked"] == Value::Bool(false)).then_some(())
        })?;
        Ok(host.process)
    }
}

/// One command, being put together.
#[derive(Debug, Clone)]
pub struct Run {
    environment: Vec<(String, String)>,
    dir: PathBuf,
    passphrase: Option<String>,
    args: Vec<String>,
    stdin: Option<Vec<u8>>,
}

/// A started command; it ends with this value.
#[derive(Debug)]
pub struct Running {
    /// The process itself: a shell that became `keyward` by exec, so pid and signals are `keyward`'s.
    pub process: Guarded,
    /// Its stderr, line by line.
    pub stderr: Lines,
    /// Its stdout, line by line.
    pub stdout: Lines,
}

impl Running {
    /// Waits for the end.
    ///
    /// # Errors
    /// After `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus, Trouble> {
        wait_for("the command's end", limit, || {
            self.process.0.try_wait().ok().flatten()
        })
    }
}

/// A command on a terminal of its own; it ends with this value.
#[derive(Debug)]
pub struct Terminal {
    /// `script`, which holds the other end of the terminal; it ends as the command does.
    process: Guarded,
    keys: ChildStdin,
    /// What stands on the terminal: stdout, stderr and what was typed, line by line.
    pub screen: Lines,
}

impl Terminal {
    /// Types these keys; `\n` is Enter and `\u{3}` is Ctrl C.
    ///
    /// # Errors
    /// When the command has ended.
    pub fn types(&mut self, keys: &str) -> Result<(), Trouble> {
        self.keys.write_all(keys.as_bytes())?;
        Ok(self.keys.flush()?)
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// After `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus, Trouble> {
        wait_for("the command's end", limit, || {
            self.process.0.try_wait().ok().flatten()
        })
    }
}

impl Run {
    /// Starts it on a terminal of its own, in keychain mode alone: a passphrase has no pipe there.
    ///
    /// # Errors
    /// When `script` (bsdutils) is not installed, or nothing starts.
    pub fn on_terminal(&self) -> Result<Terminal, Trouble> {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
        let binary = place::keyward()?;
        let words = std::iter::once(binary.to_string_lossy().into_owned()).chain(self.args.iter().cloned());
        let line: Vec<String> = words.map(|word| quoted(&word)).collect();
        let mut process = Guarded::start(
            Command::new("script")
                .args(["-qfec", &format!("exec {}", line.join(" ")), "/dev/null"])
                .current_dir(&self.dir)
                .env_clear()
                .envs(self.environment.iter().cloned())
                .env("SHELL", "/bin/sh")
                .env("TERM", "dumb")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        )?;
        let keys = process.0.stdin.take().ok_or("stdin was asked for")?;
        let screen = Lines::of(process.0.stdout.take().ok_or("stdout was asked for")?);
        Ok(Terminal {
            process,
            keys,
            screen,
        })
    }

    /// What the command reads; without it stdin is empty.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// Further arguments.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// Another variable for this command.
    #[must_use]
    pub fn var(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Another passphrase for this command, or none.
    #[must_use]
    pub fn passphrase(mut self, passphrase: Option<&str>) -> Self {
        self.passphrase = passphrase.map(str::to_owned);
        self
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// When it does not start.
    pub fn output(&self) -> Result<Outcome, Trouble> {
        let mut process = self
            .command()?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut stdin = process.stdin.take().ok_or("stdin was asked for")?;
        let bytes = self.stdin.clone().unwrap_or_default();
        // On a thread: a command may write before it has read everything. One that reads nothing closes the pipe.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
        let output = process.wait_with_output()?;
        writer.join().map_err(|_| "the writer of stdin ended badly")?;
        Ok(Outcome {
            args: self.args.join(" "),
            status: output.status,
            stdout: output.stdout,
            stderr: output.stderr,
        })
    }

    /// Starts it and goes on. Its stdin is empty.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(&self) -> Result<Running, Trouble> {
        let mut process = Guarded::start(
            self.command()?
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
        )?;
        let stderr = Lines::of(process.0.stderr.take().ok_or("stderr was asked for")?);
        let stdout = Lines::of(process.0.stdout.take().ok_or("stdout was asked for")?);
        Ok(Running {
            process,
            stderr,
            stdout,
        })
    }

    /// The passphrase travels as the operating system's own pipe on descriptor 3: a shell makes it, then becomes
    /// `keyward`, so that it stands in no file, no environment and no argument of the command under test.
    fn command(&self) -> Result<Command, Trouble> {
        let binary = place::keyward()?;
        let mut command = match &self.passphrase {
            None => Command::new(binary),
            Some(passphrase) => {
                let mut shell = Command::new("sh");
                shell
                    .arg("-c")
                    .arg("p=$1; shift; exec \"$@\" 3<<END\n$p\nEND\n")
                    .arg("sh")
                    .arg(passphrase)
                    .arg(binary);
                shell
            }
        };
        command
            .args(&self.args)
            .current_dir(&self.dir)
            .env_clear()
            .envs(self.environment.iter().cloned());
        if self.passphrase.is_some() {
            command.env("KEYWARD_PASSPHRASE_FD", "3");
        }
        Ok(command)
    }
}

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    args: String,
    /// Its exit status.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: Vec<u8>,
}

impl Outcome {
    /// The exit status, or -1 after a signal.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    /// stdout as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// stderr as text.
    #[must_use]
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// stdout as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<Value, Trouble> {
        serde_json::from_slice(&self.stdout)
            .map_err(|error| format!("{}: {error}\n{}", self.args, self.said()).into())
    }

    /// The outcome itself, when the exit status is 0.
    ///
    /// # Errors
    /// When it is another one; the message carries the command and its stderr.
    pub fn success(self) -> Result<Self, Trouble> {
        self.ended_with(0)
    }

    /// The outcome itself, when the exit status is `code`.
    ///
    /// # Errors
    /// When it is another one; the message carries the command and its stderr.
    pub fn ended_with(self, code: i32) -> Result<Self, Trouble> {
        if self.code() == code {
            return Ok(self);
        }
        Err(format!(
            "`keyward {}` ended with {} instead of {code}:\n{}",
            self.args,
            self.status,
            self.said()
        )
        .into())
    }
}
