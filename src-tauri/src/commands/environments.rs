//! Environments.

use keyward_api::wire::{
    Compared, Done, Environment, EnvironmentCompare, EnvironmentCreate, EnvironmentDelete, EnvironmentList,
    EnvironmentUpdate,
};
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

#[tauri::command]
pub async fn environment_update(desk: State<'_, Desk>, request: EnvironmentUpdate) -> Answer<Environment> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn environment_compare(
    desk: State<'_, Desk>,
    request: EnvironmentCompare,
) -> Answer<Vec<Compared>> {
    perform(&desk, request).await
}
