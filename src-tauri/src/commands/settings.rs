//! Settings that protect.

use keyward_api::wire::{Settings, SettingsShow, SettingsUpdate};
use tauri::State;

use super::{Answer, perform};
use crate::desk::Desk;

#[tauri::command]
pub async fn settings_show(desk: State<'_, Desk>, request: SettingsShow) -> Answer<Settings> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn settings_update(desk: State<'_, Desk>, request: SettingsUpdate) -> Answer<Settings> {
    perform(&desk, request).await
}
