//! The system browser.

use std::{
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::ports::Browser;

/// Names the descriptor of a passphrase; a browser and what it starts need not know of it.
const PASSPHRASE_VARIABLE: &str = "KEYWARD_PASSPHRASE_FD";

/// An opener that ends with a failure this soon opened nothing.
const EARLY_FAILURE: Duration = Duration::from_millis(1_000);
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Starts the program named in `$BROWSER`, else the system's opener.
#[derive(Debug, Default)]
pub struct SystemBrowser {
    wanted: String,
}

impl SystemBrowser {
    /// `wanted` is `$BROWSER`: programs separated by colons, each with arguments; `%s` stands for the address.
    #[must_use]
    pub fn new(wanted: Option<String>) -> Self {
        Self {
            wanted: wanted.unwrap_or_default(),
        }
    }
}

impl Browser for SystemBrowser {
    fn open(&self, url: &str) -> Result<String, String> {
        // O-06: only web addresses reach a program, whatever a provider's metadata said.
        if !(url.starts_with("https://") || url.starts_with("http://")) {
            return Err("the address is no web address".to_owned());
        }
        let opener = if cfg!(target_os = "macos") {
            "open"
        } else if cfg!(windows) {
            "rundll32 url.dll,FileProtocolHandler"
        } else {
            "xdg-open"
        };
        let wanted = self
            .wanted
            .split(':')
            .map(str::trim)
            .filter(|program| !program.is_empty());
        let mut last = String::new();
        for program in wanted.chain([opener]) {
            match start(program, url) {
                Ok(name) => return Ok(name),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

fn start(program: &str, url: &str) -> Result<String, String> {
    let mut words = program.split_whitespace();
    let Some(name) = words.next() else {
        return Err("no program".to_owned());
    };
    // O-07: no shell; the address is one argument, encoded as it is.
    let mut command = Command::new(name);
    let mut placed = false;
    for word in words {
        placed |= word.contains("%s");
        command.arg(word.replace("%s", url));
    }
    if !placed {
        command.arg(url);
    }
    let mut child = command
        .env_remove(PASSPHRASE_VARIABLE)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{name}: {error}"))?;
    let mut waited = Duration::ZERO;
    while waited < EARLY_FAILURE {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(shown(name)),
            Ok(Some(_)) => return Err(format!("{name} could not open the address")),
            Ok(None) | Err(_) => thread::sleep(LOOK_EVERY),
        }
        waited += LOOK_EVERY;
    }
    // It runs: somebody must take its exit status when it ends.
    let reaper = thread::Builder::new()
        .name("keyward-browser".to_owned())
        .spawn(move || child.wait());
    drop(reaper);
    Ok(shown(name))
}

fn shown(name: &str) -> String {
    Path::new(name)
        .file_name()
        .map_or_else(|| name.to_owned(), |name| name.to_string_lossy().into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn o06_o07_only_web_addresses_and_as_one_argument() {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().join("seen");
        let script = folder.path().join("browser");
        std::fs::write(
            &script,
            format!("#!/bin/sh\nprintf '%s' \"$#:$1\" > {}\n", seen.display()),
        )
        .unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let browser = SystemBrowser::new(Some(script.display().to_string()));
        assert!(browser.open("file:///etc/passwd").is_err());
        let url = "https://as.example/a?scope=a%20b&x=1+2&y=%2F;$(id)";
        assert_eq!(browser.open(url).unwrap(), "browser");
        assert_eq!(std::fs::read_to_string(&seen).unwrap(), format!("1:{url}"));
    }

    #[test]
    fn what_fails_at_once_opened_nothing() {
        assert!(start("false", "https://as.example/").is_err());
        assert!(start("/no/such/program", "https://as.example/").is_err());
    }
}
