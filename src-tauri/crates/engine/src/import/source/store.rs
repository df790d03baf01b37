//! A store of `pass` or `gopass`: files, each decrypted by the person's own gpg.

use std::{
    fs,
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use keyward_foreign::{Sheet, limits, pass};
use keyward_model::{SecretValue, plain};
use zeroize::Zeroizing;

use super::refused;
use crate::{Error, Kind, Result};

/// Reads a store of `pass` or `gopass`: every `.gpg` file below it, decrypted by the person's own gpg.
pub(super) fn read(root: &Path, passphrase: Option<&SecretValue>) -> Result<Sheet> {
    let mut found = Files::default();
    found.walk(root, 0).map_err(|error| {
        Error::invalid(format!(
            "{}: it cannot be read ({}).",
            root.display(),
            plain::why(error.kind())
        ))
    })?;
    if found.gpg.is_empty() && found.has_age {
        return Err(Error::new(
            Kind::Invalid,
            format!(
                "{}: its entries are sealed with age, which gopass alone opens.",
                root.display()
            ),
            "Copy it to a gpg store with `gopass convert`, and import that; nothing was imported.",
        ));
    }
    let mut sheet = Sheet::default();
    for path in found.gpg {
        // The path inside the store, as pass names the entry.
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .with_extension("")
            .to_string_lossy()
            .into_owned();
        let plaintext = decrypt(&path, passphrase)?;
        let entry =
            pass::parse(&name, plaintext).map_err(|error| refused(&path.display().to_string(), &error))?;
        sheet.entries.push(entry);
    }
    Ok(sheet)
}

#[derive(Default)]
struct Files {
    gpg: Vec<PathBuf>,
    has_age: bool,
}

impl Files {
    /// Symbolic links are not followed, and neither is what is hidden (.git, .gpg-id).
    fn walk(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let kind = entry.file_type()?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let ending = path.extension().and_then(|ending| ending.to_str());
            if kind.is_dir() && depth < limits::DEPTH {
                self.walk(&path, depth + 1)?;
            } else if kind.is_file() && ending == Some("gpg") {
                if self.gpg.len() >= limits::ENTRIES {
                    return Err(io::ErrorKind::FileTooLarge.into());
                }
                self.gpg.push(path);
            } else if kind.is_file() && ending == Some("age") {
                self.has_age = true;
            }
        }
        Ok(())
    }
}

/// Most bytes of one entry: a value, and as much again for its fields.
const ENTRY_BYTES: u64 = 2 * 1024 * 1024;

fn decrypt(path: &Path, passphrase: Option<&SecretValue>) -> Result<Zeroizing<Vec<u8>>> {
    let mut command = Command::new("gpg");
    command.args(["--batch", "--quiet", "--no-tty", "--yes"]);
    if passphrase.is_some() {
        command.args(["--pinentry-mode", "loopback", "--passphrase-fd", "0"]);
    }
    let failed =
        |why: &str, hint: &str| Error::new(Kind::Invalid, format!("{}: {why}", path.display()), hint);
    let mut child = command
        .arg("--decrypt")
        .arg("--")
        .arg(path)
        .stdin(if passphrase.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|_| {
            failed(
                "gpg could not be started.",
                "Install GnuPG; the entries of pass are sealed with it.",
            )
        })?;
    if let (Some(passphrase), Some(mut stdin)) = (passphrase, child.stdin.take()) {
        // gpg that does not want it says so by its own status.
        let _ = stdin.write_all(passphrase.expose());
    }
    let mut plaintext = Zeroizing::new(Vec::with_capacity(4096));
    let read = match child.stdout.take() {
        Some(stdout) => stdout.take(ENTRY_BYTES + 1).read_to_end(&mut plaintext),
        None => Ok(0),
    };
    let status = child.wait();
    if plaintext.len() as u64 > ENTRY_BYTES {
        return Err(failed("it holds more than 2 MiB.", "Nothing was imported."));
    }
    match (read, status) {
        (Ok(_), Ok(status)) if status.success() => Ok(plaintext),
        _ => Err(Error::new(
            Kind::Locked,
            format!("{}: gpg could not decrypt it.", path.display()),
            "Unlock your gpg key first (open one entry with `pass show`), or give its passphrase with \
             --source-passphrase-fd N; nothing was imported.",
        )),
    }
}
