//! `keyward backup`, `keyward restore`, `keyward salvage`

use std::{collections::BTreeMap, path::Path};

use keyward_api::{
    verbs::Verb,
    wire::{BackupMake, Code, Error, Plaintext, Salvaged, VaultRestore, VaultSalvage},
};
use keyward_model::plain;

use super::Result;
use crate::{
    args::{Backup, Restore, Salvage},
    context::Context,
    door::{Door, ask_passphrase},
    output::Face,
};

/// Copies the vault while it is in use.
///
/// # Errors
/// `conflict` when the file is there and no backup of this vault, `corrupt` when the vault does not verify, `locked`.
pub fn backup(context: &Context, face: &Face, backup: &Backup) -> Result {
    let file = absolute(&backup.file)?;
    let made = Door::open(context)?.call(context, BackupMake { file })?;
    face.say(format!(
        "{} records and {} events verified in {}. It opens with the keys this vault has now.",
        made.records, made.events, made.path
    ));
    face.show(&made, |_| String::new())
}

/// Puts a backup in the vault's place.
///
/// # Errors
/// `corrupt` when it does not verify, `locked`, `keychain`, `conflict`.
pub fn restore(context: &Context, face: &Face, restore: &Restore) -> Result {
    let file = existing(&restore.file)?;
    let ask = |passphrase| VaultRestore {
        file: file.clone(),
        passphrase,
    };
    let restored = with_passphrase(context, ask)?;
    face.say(format!(
        "{} records verified; vault “{}” is this backup now.",
        restored.records, context.vault
    ));
    if let Some(replaced) = &restored.replaced {
        face.say(format!("What it replaced is kept as backups/{replaced}."));
    }
    if restored.doubtful > 0 {
        face.say(format!(
            "{} connections may hold an old refresh token: `keyward connection list` shows them; refresh each once.",
            restored.doubtful
        ));
    }
    face.show(&restored, |_| String::new())
}

/// Saves what a damaged file still gives.
///
/// # Errors
/// `corrupt` when nothing can be opened, `locked`, `keychain`, `conflict` when the new file is there.
pub fn salvage(context: &Context, face: &Face, salvage: &Salvage) -> Result {
    let (file, out) = (existing(&salvage.file)?, absolute(&salvage.out)?);
    let ask = |passphrase| VaultSalvage {
        file: file.clone(),
        out: out.clone(),
        passphrase,
    };
    let salvaged = with_passphrase(context, ask)?;
    for line in told(&salvaged) {
        face.say(line);
    }
    face.say(format!(
        "Put it in the vault's place with `keyward restore {}`.",
        salvage.out.display()
    ));
    face.show(&salvaged, |_| String::new())
}

fn told(salvaged: &Salvaged) -> Vec<String> {
    let Salvaged {
        saved,
        lost,
        missing,
        without_value,
        unvouched,
        events,
        lost_events,
    } = salvaged;
    let mut lines = vec![format!("Saved: {}; {events} events.", counted(saved))];
    if !lost.is_empty() {
        lines.push(format!("Damaged, and lost: {}.", counted(lost)));
    }
    if *missing > 0 {
        lines.push(format!("Not in the file at all: {missing} records."));
    }
    if !without_value.is_empty() {
        lines.push(format!(
            "Saved without their value: {}.",
            without_value.join(", ")
        ));
    }
    if *unvouched > 0 {
        lines.push(format!(
            "{unvouched} of the saved records may be older than the last ones: what vouched for them is damaged."
        ));
    }
    match lost_events {
        Some(0) => {}
        Some(lost) => lines.push(format!("{lost} events of the activity log are gone.")),
        None => lines.push("Events of the activity log may be gone.".to_owned()),
    }
    lines
}

fn counted(counts: &BTreeMap<String, usize>) -> String {
    if counts.is_empty() {
        return "nothing".to_owned();
    }
    let kinds = counts
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.replace('_', " ")));
    kinds.collect::<Vec<_>>().join(", ")
}

/// Tries with what needs nobody, then with the passphrase; one that was brought is brought at once.
fn with_passphrase<V: Verb>(context: &Context, request: impl Fn(Option<Plaintext>) -> V) -> Result<V::Reply> {
    // A vault of this name need not exist, and the one that does is not opened.
    let mut door = Door::at(context, context.home()?)?;
    let brought = match context.brings_passphrase() {
        true => context.passphrase()?.map(Plaintext),
        false => None,
    };
    let is_brought = brought.is_some();
    match door.call_as_is(context, request(brought)) {
        Err(error) if error.code == Code::Locked && !is_brought => match ask_passphrase(context)? {
            Some(passphrase) => door.call_as_is(context, request(Some(Plaintext(passphrase)))),
            None => Err(error),
        },
        answer => answer,
    }
}

fn existing(path: &Path) -> Result<String> {
    match path.metadata() {
        Ok(_) => absolute(path),
        Err(error) => {
            let message = format!("{} cannot be read: {}.", path.display(), plain::why(error.kind()));
            Err(Error::new(
                Code::NotFound,
                message,
                "Name a backup or a vault file.",
            ))
        }
    }
}

/// A host has another working folder.
fn absolute(path: &Path) -> Result<String> {
    let whole = std::path::absolute(path)
        .ok()
        .and_then(|path| path.into_os_string().into_string().ok());
    whole.ok_or_else(|| Error::usage(format!("{} is no path that can be used here.", path.display())))
}
