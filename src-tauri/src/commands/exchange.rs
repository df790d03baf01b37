//! Import and export. Paths are asked for by the system's own dialogs.

use keyward_api::wire::{
    Done, ExportShape, ExportWrite, ImportApply, ImportDiscard, ImportPlan, ImportPlanRequest, ImportSummary,
    ImportUndo, ImportUndone, Plaintext,
};
use keyward_engine::{
    import::{self, Source},
    lifecycle,
};
use serde::{Deserialize, Serialize};
use tauri::State;

use super::{Answer, aside, perform};
use crate::{
    desk::{Desk, caller},
    exchange,
};

/// Asks for a file of this format.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportChoose {
    format: String,
}

/// Which file was chosen; no name when the person closed the dialog.
#[derive(Debug, Serialize)]
pub struct ImportChosen {
    pub(super) name: Option<String>,
}

/// Reads the file that was chosen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRead {
    format: String,
    passphrase: Option<Plaintext>,
}

/// An import under review.
#[derive(Debug, Serialize)]
pub struct ImportReadDone {
    import: String,
    entries: usize,
}

/// Writes an export where the person says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportSave {
    shape: ExportShape,
    passphrase: Option<Plaintext>,
}

/// What was written; no name when the person closed the dialog.
#[derive(Debug, Serialize)]
pub struct ExportSaved {
    name: Option<String>,
    items: u32,
    remarks: Vec<String>,
}

#[tauri::command]
pub async fn import_choose(desk: State<'_, Desk>, request: ImportChoose) -> Answer<ImportChosen> {
    aside(&desk, move |desk| {
        let chosen = exchange::ask_for(exchange::format(&request.format)?);
        let name = chosen.as_deref().map(exchange::shown);
        if chosen.is_some() {
            desk.import_from(chosen);
        }
        Ok(ImportChosen { name })
    })
    .await
}

#[tauri::command]
pub async fn import_read(desk: State<'_, Desk>, request: ImportRead) -> Answer<ImportReadDone> {
    aside(&desk, move |desk| {
        let engine = desk.engine()?;
        lifecycle::touch(&engine);
        let path = desk.import().ok_or_else(exchange::nothing_chosen)?;
        let passphrase = request.passphrase.as_ref().map(|passphrase| &passphrase.0);
        let reading = import::read(
            exchange::format(&request.format)?,
            Source::Path(&path),
            passphrase,
        )?;
        let entries = reading.entries();
        let staged = import::stage(&engine, &caller(), reading)?;
        Ok(ImportReadDone {
            import: staged.to_string(),
            entries,
        })
    })
    .await
}

#[tauri::command]
pub async fn import_plan(desk: State<'_, Desk>, request: ImportPlanRequest) -> Answer<ImportPlan> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn import_apply(desk: State<'_, Desk>, request: ImportApply) -> Answer<ImportSummary> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn import_undo(desk: State<'_, Desk>, request: ImportUndo) -> Answer<ImportUndone> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn import_discard(desk: State<'_, Desk>, request: ImportDiscard) -> Answer<Done> {
    desk.import_from(None);
    perform(&desk, request).await
}

#[tauri::command]
pub async fn export_save(desk: State<'_, Desk>, request: ExportSave) -> Answer<ExportSaved> {
    let proposed = match request.shape {
        ExportShape::Passphrase(_) | ExportShape::Recipients(_) => "keyward-export.json.age",
        ExportShape::Plaintext => "keyward-export.json",
        ExportShape::Structure => "keyward-structure.json",
    };
    let asked = aside(&desk, move |_| Ok(exchange::ask_where(proposed))).await?;
    let Some(path) = asked else {
        return Ok(ExportSaved {
            name: None,
            items: 0,
            remarks: Vec::new(),
        });
    };
    let write = ExportWrite {
        path: path.to_string_lossy().into_owned(),
        shape: request.shape,
        passphrase: request.passphrase,
    };
    let exported = perform(&desk, write).await?;
    Ok(ExportSaved {
        name: Some(exchange::shown(&path)),
        items: exported.items,
        remarks: exported.remarks,
    })
}
