//! Environments.

use keyward_api::wire::{Done, Environment, EnvironmentCreate, EnvironmentDelete, EnvironmentList};
use tauri::State;

use super::{Answer, perform};
use crate::desk::Desk;

#[tauri::command]
pub async fn environment_list(desk: State<'_, Desk>, request: EnvironmentList) -> Answer<Vec<Environment>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn environment_create(desk: State<'_, Desk>, request: EnvironmentCreate) -> Answer<Environment> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn environment_delete(desk: State<'_, Desk>, request: EnvironmentDelete) -> Answer<Done> {
    perform(&desk, request).await
}
