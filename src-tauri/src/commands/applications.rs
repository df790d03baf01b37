//! Applications.

use keyward_api::wire::{Application, ApplicationDefault, ApplicationList, ApplicationUpdate};
use tauri::State;

use super::{Answer, perform};
use crate::desk::Desk;

#[tauri::command]
pub async fn application_list(desk: State<'_, Desk>, request: ApplicationList) -> Answer<Vec<Application>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn application_default(desk: State<'_, Desk>, request: ApplicationDefault) -> Answer<Application> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn application_update(desk: State<'_, Desk>, request: ApplicationUpdate) -> Answer<Application> {
    perform(&desk, request).await
}
