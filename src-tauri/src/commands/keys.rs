//! What opens the vault, and changing it: recovery key, passphrase, a new key for all of it.

use keyward_api::wire::{
    Done, Hardening, PassphraseChange, PassphraseMeasure, PassphraseStrengthen, RecoveryBegin,
    RecoveryConfirm, RecoveryDecline, RecoveryOffer, RecoveryUse, RekeyBegin, RekeyProgress, RekeyStatus,
    RekeyStop, Ways, WaysRequest,
};
use keyward_engine::recovery as offered;
use serde::Serialize;
use tauri::State;

use super::{Answer, Nothing, aside, perform};
use crate::{clipboard::Copied, desk::Desk, recovery};

/// Where the recovery key was saved; no path when the person closed the dialog.
#[derive(Debug, Serialize)]
pub struct RecoverySaved {
    saved: bool,
    path: Option<String>,
}

#[tauri::command]
pub async fn vault_ways(desk: State<'_, Desk>, request: WaysRequest) -> Answer<Ways> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn passphrase_change(desk: State<'_, Desk>, request: PassphraseChange) -> Answer<Done> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn passphrase_measure(desk: State<'_, Desk>, request: PassphraseMeasure) -> Answer<Hardening> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn passphrase_strengthen(desk: State<'_, Desk>, request: PassphraseStrengthen) -> Answer<Done> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn recovery_begin(desk: State<'_, Desk>, request: RecoveryBegin) -> Answer<RecoveryOffer> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn recovery_use(desk: State<'_, Desk>, request: RecoveryUse) -> Answer<RecoveryOffer> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn recovery_decline(desk: State<'_, Desk>, request: RecoveryDecline) -> Answer<Done> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn vault_confirm_recovery(desk: State<'_, Desk>, request: RecoveryConfirm) -> Answer<Done> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn rekey_begin(desk: State<'_, Desk>, request: RekeyBegin) -> Answer<RecoveryOffer> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn rekey_status(desk: State<'_, Desk>, request: RekeyStatus) -> Answer<RekeyProgress> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn rekey_stop(desk: State<'_, Desk>, request: RekeyStop) -> Answer<Done> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn recovery_copy(desk: State<'_, Desk>, request: Nothing) -> Answer<Copied> {
    let Nothing {} = request;
    aside(&desk, |desk| {
        let engine = desk.engine()?;
        let key = offered::offered(&engine)?;
        desk.copy_secret(&engine, key)
    })
    .await
}

#[tauri::command]
pub async fn recovery_save(desk: State<'_, Desk>, request: Nothing) -> Answer<RecoverySaved> {
    let Nothing {} = request;
    aside(&desk, |desk| {
        let path = recovery::save(desk)?;
        Ok(RecoverySaved {
            saved: path.is_some(),
            path: path.map(|path| path.display().to_string()),
        })
    })
    .await
}
