//! Copies of the vault. Files are chosen with the system's own dialog: no path comes from the page (W-07).

use std::path::PathBuf;

use keyward_api::{
    owner::backup::compared,
    verbs::Verb,
    wire::{
        BackupComparison, BackupCopy, BackupList, BackupMade, BackupMake, Code, Error, Mode, Plaintext,
        VaultRestore, VaultRestored,
    },
};
use keyward_engine::{Kind, backup};
use serde::{Deserialize, Serialize};
use tauri::State;

use super::{Answer, Nothing, aside, perform};
use crate::desk::{Desk, caller};

/// Which copy: one of those beside the vault, or, without a name, the file that was chosen last.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupCompare {
    copy: Option<String>,
}

/// Puts a copy in the vault's place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupRestore {
    copy: Option<String>,
    passphrase: Option<Plaintext>,
}

/// A file that was chosen.
#[derive(Debug, Serialize)]
pub struct BackupChosen {
    /// Its name, without the folder.
    name: String,
}

/// What a copy is beside the vault.
#[derive(Debug, Serialize)]
pub struct BackupView {
    /// How it is opened.
    mode: Mode,
    /// What a restore would change; `null` when the keys of this vault do not open it, or it is locked.
    comparison: Option<BackupComparison>,
}

#[tauri::command]
pub async fn backup_list(desk: State<'_, Desk>, request: BackupList) -> Answer<Vec<BackupCopy>> {
    perform(&desk, request).await
}

/// Asks where to, and copies the vault there; `None` when the person closed the dialog.
#[tauri::command]
pub async fn backup_make(desk: State<'_, Desk>, request: Nothing) -> Answer<Option<BackupMade>> {
    let Nothing {} = request;
    aside(&desk, |desk| {
        let engine = desk.engine()?;
        let asked = rfd::FileDialog::new()
            .set_title("Back up the vault")
            .set_file_name(format!("keyward-{}.db", engine.name()))
            .save_file();
        let Some(path) = asked else { return Ok(None) };
        let file = text(path)?;
        BackupMake { file }.perform(&engine, &caller()).map(Some)
    })
    .await
}

/// Asks which file; `None` when the person closed the dialog.
#[tauri::command]
pub async fn backup_choose(desk: State<'_, Desk>, request: Nothing) -> Answer<Option<BackupChosen>> {
    let Nothing {} = request;
    aside(&desk, |desk| {
        let asked = rfd::FileDialog::new().set_title("Restore a backup").pick_file();
        let name = |path: &PathBuf| Some(path.file_name()?.to_string_lossy().into_owned());
        let chosen = asked.as_ref().and_then(name).map(|name| BackupChosen { name });
        desk.choose_backup(asked);
        Ok(chosen)
    })
    .await
}

#[tauri::command]
pub async fn backup_compare(desk: State<'_, Desk>, request: BackupCompare) -> Answer<BackupView> {
    aside(&desk, move |desk| {
        let engine = desk.engine()?;
        let path = path_of(desk, request.copy)?;
        let comparison = match backup::compare(&engine, &path) {
            Ok(comparison) => Some(compared(comparison)),
            // Its own passphrase opens it, not the keys in memory; or there are none, the vault is locked; or what it would
            // be compared with is damaged, and a restore is what mends it. A damaged copy is refused by its own checks.
            Err(error) if matches!(error.kind, Kind::Conflict | Kind::Locked | Kind::Corrupt) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(BackupView {
            mode: backup::mode(&engine, &path)?.into(),
            comparison,
        })
    })
    .await
}

#[tauri::command]
pub async fn backup_restore(desk: State<'_, Desk>, request: BackupRestore) -> Answer<VaultRestored> {
    aside(&desk, move |desk| {
        let file = text(path_of(desk, request.copy)?)?;
        let restore = VaultRestore {
            file,
            passphrase: request.passphrase,
        };
        restore.perform(&desk.engine()?, &caller())
    })
    .await
}

fn path_of(desk: &Desk, copy: Option<String>) -> Answer<PathBuf> {
    match copy {
        Some(name) => Ok(backup::find(&*desk.engine()?, &name)?),
        None => desk
            .chosen_backup()
            .ok_or_else(|| Error::new(Code::NotFound, "No file was chosen.", "Choose a backup.")),
    }
}

fn text(path: PathBuf) -> Answer<String> {
    path.into_os_string()
        .into_string()
        .map_err(|_| Error::usage("The path of this file is no text.".to_owned()))
}
