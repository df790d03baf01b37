//! Custom credentials, and what of them reaches the clipboard. Only `credential_reveal` answers with a value (W-08).

use keyward_api::wire::{
    Credential, CredentialCreate, CredentialDelete, CredentialEmptyTrash, CredentialHistory, CredentialList,
    CredentialRestore, CredentialRestoreVersion, CredentialReveal, CredentialShow, CredentialTrash,
    CredentialUpdate, Purged, Revealed, Version,
};
use keyward_engine::{credentials, lifecycle};
use serde::Deserialize;
use tauri::State;

use super::{Answer, aside, perform};
use crate::{
    clipboard::Copied,
    desk::{Desk, caller},
};

/// Copies the value of one variable; it does not enter the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialCopy {
    environment: String,
    credential: String,
    variable: String,
}

#[tauri::command]
pub async fn credential_list(desk: State<'_, Desk>, request: CredentialList) -> Answer<Vec<Credential>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn credential_create(desk: State<'_, Desk>, request: CredentialCreate) -> Answer<Credential> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn credential_show(desk: State<'_, Desk>, request: CredentialShow) -> Answer<Credential> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn credential_update(desk: State<'_, Desk>, request: CredentialUpdate) -> Answer<Credential> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn credential_delete(desk: State<'_, Desk>, request: CredentialDelete) -> Answer<Vec<Credential>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn credential_trash(desk: State<'_, Desk>, request: CredentialTrash) -> Answer<Vec<Credential>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn credential_empty_trash(desk: State<'_, Desk>, request: CredentialEmptyTrash) -> Answer<Purged> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn credential_restore(desk: State<'_, Desk>, request: CredentialRestore) -> Answer<Credential> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn credential_restore_version(
    desk: State<'_, Desk>,
    request: CredentialRestoreVersion,
) -> Answer<Credential> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn credential_history(desk: State<'_, Desk>, request: CredentialHistory) -> Answer<Vec<Version>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn credential_reveal(desk: State<'_, Desk>, request: CredentialReveal) -> Answer<Revealed> {
    desk.admit_reveal()?;
    perform(&desk, request).await
}

#[tauri::command]
pub async fn credential_copy(desk: State<'_, Desk>, request: CredentialCopy) -> Answer<Copied> {
    aside(&desk, move |desk| {
        let engine = desk.engine()?;
        lifecycle::touch(&engine);
        let (value, _) = credentials::copy(
            &engine,
            &caller(),
            &request.environment,
            &request.credential,
            &request.variable,
        )?;
        desk.copy_secret(&engine, value)
    })
    .await
}
