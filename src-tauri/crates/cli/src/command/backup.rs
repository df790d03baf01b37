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
    context::{Context, can_ask},
    door::Door,
    output::Face,
    value,
};

/// Copies the vault while it is in use.
///
/// # Errors
/// `conflict` when the file is there and no backup of this vault, `corrupt` when the vault does not verify, `locked`.
pub fn backup(context: &Context, face: &Face, backup: &Backup) -> Result {
    let file = absolute(&backup.file)?;
    let made = Door::open(context)?.call(context, BackupMake { file })?;
    face.say(format!(
        "{} and {} verified in {}. It opens with the keys this vault has now.",
        number(made.records, "record"),
        number(made.events, "event"),
        made.path
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
    let restored = with_key(context, face, ask)?;
    face.say(format!(
        "{} verified; vault “{}” is this backup now.",
        number(restored.records, "record"),
        context.vault
    ));
    if let Some(replaced) = &restored.replaced {
        face.say(format!("What it replaced is kept as backups/{replaced}."));
    }
    if restored.doubtful > 0 {
        face.say(format!(
            "{} may hold an old refresh token: `keyward connection list` shows which; refresh each once.",
            number(restored.doubtful, "connection")
        ));
    }
    face.show(&restored, |_| String::new())
}

/// Saves what a damaged file still gives.
///
/// # Errors
/// `corrupt` when nothing can be opened or saved, `locked`, `keychain`, `conflict` when the new file is there.
pub fn salvage(context: &Context, face: &Face, salvage: &Salvage) -> Result {
    let (file, out) = (existing(&salvage.file)?, absolute(&salvage.out)?);
    let ask = |passphrase| VaultSalvage {
        file: file.clone(),
        out: out.clone(),
        passphrase,
    };
    let salvaged = with_key(context, face, ask)?;
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
        list_damaged,
        recovered,
        without_value,
        unvouched,
        events,
        lost_events,
    } = salvaged;
    let mut lines = vec![format!(
        "Saved: {}; {}.",
        counted(saved),
        number(*events, "event")
    )];
    if !lost.is_empty() {
        lines.push(format!("Damaged, and lost: {}.", counted(lost)));
    }
    if !recovered.is_empty() {
        lines.push(format!(
            "What belonged to a lost environment is in a new one: {}.",
            recovered.join(", ")
        ));
    }
    if *missing > 0 {
        lines.push(format!("Not in the file at all: {}.", number(*missing, "record")));
    }
    if *list_damaged {
        lines.push("Records may be gone without a trace: the list of all of them is damaged.".to_owned());
    }
    if !without_value.is_empty() {
        lines.push(format!(
            "Saved without their value: {}.",
            without_value.join(", ")
        ));
    }
    if *unvouched > 0 {
        lines.push(format!(
            "Among them may be older states than the last: what vouched for {} is damaged.",
            number(*unvouched, "saved record")
        ));
    }
    match lost_events {
        Some(0) => {}
        Some(1) => lines.push("1 event of the activity log is gone.".to_owned()),
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
        .map(|(kind, count)| number(*count, &kind.replace('_', " ")));
    kinds.collect::<Vec<_>>().join(", ")
}

/// So many of a thing, in the plural where there is not one. What ends in s (“settings”) is its own plural.
fn number(count: impl TryInto<u64>, what: &str) -> String {
    match count.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {what}"),
        count if what.ends_with('s') => format!("{count} {what}"),
        count => format!("{count} {what}s"),
    }
}

/// Tries with what needs nobody, then with the copy's own key; one that was brought is brought at once.
fn with_key<V: Verb>(
    context: &Context,
    face: &Face,
    request: impl Fn(Option<Plaintext>) -> V,
) -> Result<V::Reply> {
    // A vault of this name need not exist, and the one that does is not opened.
    let mut door = Door::at(context, context.home()?)?;
    let brought = context.passphrase()?;
    let is_brought = brought.is_some();
    match door.call_as_is(context, request(brought.map(Plaintext))) {
        Err(error) if matches!(error.code, Code::Locked | Code::Keychain) && !is_brought && can_ask() => {
            // What the first try met is said only where it is more than that a key is needed.
            if error.code == Code::Keychain {
                face.say(error.message);
            }
            let key = value::prompt("Passphrase or recovery key of this copy: ")?;
            door.call_as_is(context, request(Some(Plaintext(key))))
        }
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
