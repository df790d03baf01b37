//! Secrets, and what of them reaches the clipboard. Only `secret_reveal` answers with a value (W-08).

use keyward_api::wire::{
    AuditEvent, Done, ItemEvents, Purged, Revealed, Sameness, Secret, SecretCreate, SecretDelete,
    SecretDuplicate, SecretEmptyTrash, SecretHistory, SecretIsCurrent, SecretList, SecretMove, SecretRestore,
    SecretReveal, SecretSetValue, SecretShow, SecretTrash, SecretUpdate, Version,
};
use keyward_engine::{lifecycle, secrets};
use serde::Deserialize;
use tauri::State;

use super::{Answer, Nothing, aside, perform};
use crate::{
    clipboard::Copied,
    desk::{Desk, caller},
    references::{self, Format},
};

/// Copies one value; it does not enter the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretCopy {
    environment: String,
    secret: String,
    /// An older value; absent: the current one.
    version: Option<u32>,
}

/// Copies a Reference.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceCopy {
    environment: String,
    key: String,
    /// A variable of a Credential; absent: the whole.
    field: Option<String>,
    format: Format,
}

#[tauri::command]
pub async fn secret_list(desk: State<'_, Desk>, request: SecretList) -> Answer<Vec<Secret>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_create(desk: State<'_, Desk>, request: SecretCreate) -> Answer<Secret> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_show(desk: State<'_, Desk>, request: SecretShow) -> Answer<Secret> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_update(desk: State<'_, Desk>, request: SecretUpdate) -> Answer<Secret> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_set_value(desk: State<'_, Desk>, request: SecretSetValue) -> Answer<Secret> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_delete(desk: State<'_, Desk>, request: SecretDelete) -> Answer<Vec<Secret>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_trash(desk: State<'_, Desk>, request: SecretTrash) -> Answer<Vec<Secret>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_empty_trash(desk: State<'_, Desk>, request: SecretEmptyTrash) -> Answer<Purged> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_duplicate(desk: State<'_, Desk>, request: SecretDuplicate) -> Answer<Secret> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_move(desk: State<'_, Desk>, request: SecretMove) -> Answer<Vec<Secret>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_is_current(desk: State<'_, Desk>, request: SecretIsCurrent) -> Answer<Sameness> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn item_events(desk: State<'_, Desk>, request: ItemEvents) -> Answer<Vec<AuditEvent>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_restore(desk: State<'_, Desk>, request: SecretRestore) -> Answer<Secret> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_history(desk: State<'_, Desk>, request: SecretHistory) -> Answer<Vec<Version>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_reveal(desk: State<'_, Desk>, request: SecretReveal) -> Answer<Revealed> {
    desk.admit_reveal()?;
    perform(&desk, request).await
}

#[tauri::command]
pub async fn secret_copy(desk: State<'_, Desk>, request: SecretCopy) -> Answer<Copied> {
    aside(&desk, move |desk| {
        let engine = desk.engine()?;
        lifecycle::touch(&engine);
        let (environment, secret) = (&request.environment, &request.secret);
        let (value, _) = match request.version {
            None => secrets::copy(&engine, &caller(), environment, secret)?,
            Some(number) => secrets::copy_version(&engine, &caller(), environment, secret, number)?,
        };
        desk.copy_secret(&engine, value)
    })
    .await
}

#[tauri::command]
pub async fn clipboard_clear(desk: State<'_, Desk>, request: Nothing) -> Answer<Done> {
    let Nothing {} = request;
    desk.clipboard()?.clear();
    Ok(Done {})
}

#[tauri::command]
pub async fn reference_copy(desk: State<'_, Desk>, request: ReferenceCopy) -> Answer<Done> {
    aside(&desk, move |desk| {
        let text = references::spell(
            &request.environment,
            &request.key,
            request.field.as_deref(),
            request.format,
        )?;
        desk.clipboard()?.copy_text(text).map(|()| Done {})
    })
    .await
}
