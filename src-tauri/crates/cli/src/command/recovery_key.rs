//! A new recovery key on its way to the person: into a file, or to the terminal and typed back (SECURITY.md §b.2).

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use keyward_api::wire::{Code, Error, Plaintext, RecoveryConfirm, RecoveryOffer};
use keyward_engine::home::{new_private, sync_dir};
use keyward_model::{SecretValue, plain};

use super::Result;
use crate::{
    context::{Context, can_ask},
    door::Door,
    output::Face,
    value,
};

/// Refuses to begin where a recovery key would have no place to go.
///
/// # Errors
/// `usage` with neither a file nor a terminal.
pub fn check(path: Option<&Path>) -> Result {
    if path.is_some() || can_ask() {
        return Ok(());
    }
    Err(Error::new(
        Code::Usage,
        "The recovery key needs a place to go.",
        "Give --recovery-file F, or run this on a terminal.",
    ))
}

/// Where a recovery key goes. A file that holds a key which never came to count is taken away again; one of which
/// nobody can say so stays: it may be the only way in.
pub enum Destination<'a> {
    Terminal,
    File(NewFile<'a>),
}

pub struct NewFile<'a> {
    path: &'a Path,
    file: File,
    kept: bool,
}

impl<'a> Destination<'a> {
    /// Makes the file: without a place for the key nothing is begun.
    ///
    /// # Errors
    /// `conflict` when it is there, `usage` when it cannot be made.
    pub fn make(path: Option<&'a Path>) -> Result<Self> {
        check(path)?;
        Ok(match path {
            None => Self::Terminal,
            Some(path) => Self::File(NewFile {
                path,
                file: new_file(path)?,
                kept: false,
            }),
        })
    }

    /// Hands the key over and confirms it: what it was offered for is done then, or has begun.
    ///
    /// # Errors
    /// As the confirmed work says.
    pub fn hand_over(
        &mut self,
        context: &Context,
        face: &Face,
        door: &mut Door,
        offer: &RecoveryOffer,
    ) -> Result {
        match self {
            Self::Terminal => type_back(context, face, door, offer),
            Self::File(file) => {
                write(file, offer)?;
                let groups = groups_asked(offer);
                let confirmed = door.call_as_is(context, RecoveryConfirm { groups }).map(drop);
                self.settle(face, door, confirmed)
            }
        }
    }

    /// After the key was confirmed: whoever went away before saying no may have said yes.
    ///
    /// # Errors
    /// That of `outcome`.
    pub fn settle(&mut self, face: &Face, door: &Door, outcome: Result) -> Result {
        if let (Self::File(file), Err(_), true) = (self, &outcome, door.is_in_doubt()) {
            file.kept = true;
            face.say(format!(
                "It is not known whether the new recovery key counts: keep {} and the one before. `keyward recovery use` says which of them opens the vault.",
                file.path.display()
            ));
        }
        outcome
    }

    /// The key counts: the file stays.
    pub fn keep(&mut self, face: &Face) {
        if let Self::File(file) = self {
            file.kept = true;
            face.say(format!(
                "The recovery key is in {}. Move it to a safe place: the file is a key.",
                file.path.display()
            ));
        }
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(self.path);
        }
    }
}

fn new_file(path: &Path) -> Result<File> {
    // O_EXCL: a file that is there, also a link, is never written over.
    new_private(path).map_err(|error| {
        let code = if error.kind() == io::ErrorKind::AlreadyExists {
            Code::Conflict
        } else {
            Code::Usage
        };
        Error::new(
            code,
            format!(
                "The recovery file {} cannot be made: {}.",
                path.display(),
                plain::why(error.kind())
            ),
            "Name a new file in a folder of yours.",
        )
    })
}

fn write(file: &mut NewFile<'_>, offer: &RecoveryOffer) -> Result {
    let folder = file
        .path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    // The slot is written only once the key is on the disk (SECURITY.md §b.2).
    let written = file
        .file
        .write_all(offer.recovery_key.0.expose())
        .and_then(|()| file.file.write_all(b"\n"))
        .and_then(|()| file.file.sync_all())
        .and_then(|()| sync_dir(folder).map_err(io::Error::other));
    written.map_err(|error| {
        Error::new(
            Code::Internal,
            format!(
                "The recovery key could not be written to {}: {}.",
                file.path.display(),
                plain::why(error.kind())
            ),
            "It does not count; what opened the vault before still does.",
        )
    })
}

fn groups_asked(offer: &RecoveryOffer) -> Vec<Plaintext> {
    let groups: Vec<&[u8]> = offer
        .recovery_key
        .0
        .expose()
        .split(|&byte| byte == b'-')
        .collect();
    offer
        .ask
        .iter()
        .map(|&index| Plaintext(SecretValue::new(groups[index].to_vec())))
        .collect()
}

/// Shows the key once and asks for two groups of it, until they are right.
fn type_back(context: &Context, face: &Face, door: &mut Door, offer: &RecoveryOffer) -> Result {
    face.say("\nYour recovery key. It opens the vault without keychain and passphrase; it is shown once.\n");
    let mut stderr = io::stderr().lock();
    let shown = stderr
        .write_all(b"    ")
        .and_then(|()| stderr.write_all(offer.recovery_key.0.expose()))
        .and_then(|()| stderr.write_all(b"\n\n"));
    drop(stderr);
    shown.map_err(|error| {
        Error::usage(format!(
            "The terminal cannot be written to ({}).",
            plain::why(error.kind())
        ))
    })?;
    face.say("Write it down, then type two groups back.");
    loop {
        let groups = offer
            .ask
            .iter()
            .map(|index| value::prompt(&format!("Group {}: ", index + 1)).map(Plaintext))
            .collect::<Result<_>>()?;
        // The engine compares: it knows which letters are taken for which, and that spaces do not count.
        match door.call_as_is(context, RecoveryConfirm { groups }) {
            Err(error) if error.code == Code::Usage => face.say(format!("{} {}", error.message, error.hint)),
            answer => return answer.map(|_| ()),
        }
    }
}
