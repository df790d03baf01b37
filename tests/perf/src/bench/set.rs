//! One data set.

use std::{
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use keyward_api::client::Client;
use keyward_engine::home::Home;
use keyward_tests::keyring::KeyringSession;

use crate::{Fallible, cpu::cpu};

/// One data set: a vault with its host, and the floor beside it.
pub(crate) struct Set<'a> {
    pub(crate) bins: &'a Path,
    pub(crate) session: &'a KeyringSession,
    pub(crate) root: tempfile::TempDir,
    pub(crate) entries: usize,
    pub(crate) agent: Child,
    /// P7: milliseconds of CPU that taking all of them in cost, and that it cost the floor.
    pub(crate) imported: (f64, f64),
}

impl Drop for Set<'_> {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

impl<'a> Set<'a> {
    pub(crate) fn make(bins: &'a Path, session: &'a KeyringSession, entries: usize) -> Fallible<Self> {
        let root = tempfile::tempdir()?;
        let floor = root.path().join("floor");
        std::fs::create_dir(&floor)?;
        let mut make = Command::new(bins.join("keyward-floor"));
        make.arg("make").arg(&floor).arg(entries.to_string());
        let imported_by_floor = cpu(&mut make, None)?;
        let agent = Command::new(bins.join("keyward-floor"))
            .arg("agent")
            .arg(&floor)
            .spawn()?;
        let mut set = Self {
            bins,
            session,
            root,
            entries,
            agent,
            imported: (0.0, imported_by_floor),
        };
        let recovery = set.root.path().join("recovery");
        let made = set
            .keyward(&[
                "init",
                "--keychain",
                "--recovery-file",
                recovery.to_str().ok_or("path")?,
            ])
            .output()?;
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        set.imported.0 = set.fill()?;
        Ok(set)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub(crate) fn keyward(&self, arguments: &[&str]) -> Command {
        let mut command = self
            .session
            .command(self.bins.join("keyward").to_str().expect("a path in UTF-8"));
        command
            .args(arguments)
            .env("KEYWARD_HOME", self.home())
            .env_remove("XDG_RUNTIME_DIR");
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn floor(&self, act: &str, name: Option<&str>) -> Command {
        let mut command = Command::new(self.bins.join("keyward-floor"));
        command
            .arg(act)
            .arg(self.root.path().join("floor"))
            .args(name)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn serve(&self) -> Fallible<Child> {
        let host = self.keyward(&["serve"]).stderr(Stdio::null()).spawn()?;
        let socket = self.home().join("run/host.sock");
        let began = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            if began.elapsed() > Duration::from_secs(20) {
                return Err("the host did not come up".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(host)
    }

    pub(crate) fn client(&self) -> Fallible<Client> {
        let home = Home::open(&self.home())?;
        Ok(Client::connect(&home, None)?.ok_or("no host")?)
    }

    /// The entries come in as a person's would, by one import.
    fn fill(&self) -> Fallible<f64> {
        let lines: String = (0..self.entries)
            .map(|number| format!("SECRET_{number:05}={number:040}\n"))
            .collect();
        let file = self.root.path().join("entries.env");
        std::fs::write(&file, lines)?;
        let file = file.to_str().ok_or("path")?;
        cpu(&mut self.keyward(&["import", "--format", "env", file]), None)
    }
}

pub(crate) fn end(host: &mut Child) -> Fallible {
    keyward_tests::process::signal(host.id(), "TERM").map_err(|trouble| trouble.to_string())?;
    host.wait()?;
    Ok(())
}
