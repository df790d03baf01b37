//! AuthClients.

use keyward_api::wire::{
    AuthClient, AuthClientCreate, AuthClientDelete, AuthClientDiscover, AuthClientList, AuthClientShow,
    AuthClientUpdate, Discovered, Done,
};
use tauri::State;

use super::{Answer, perform};
use crate::desk::Desk;

#[tauri::command]
pub async fn auth_client_list(desk: State<'_, Desk>, request: AuthClientList) -> Answer<Vec<AuthClient>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn auth_client_create(desk: State<'_, Desk>, request: AuthClientCreate) -> Answer<AuthClient> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn auth_client_show(desk: State<'_, Desk>, request: AuthClientShow) -> Answer<AuthClient> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn auth_client_update(desk: State<'_, Desk>, request: AuthClientUpdate) -> Answer<AuthClient> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn auth_client_delete(desk: State<'_, Desk>, request: AuthClientDelete) -> Answer<Done> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn auth_client_discover(desk: State<'_, Desk>, request: AuthClientDiscover) -> Answer<Discovered> {
    perform(&desk, request).await
}
