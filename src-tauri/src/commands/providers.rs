//! The catalogue of providers.

use keyward_api::wire::{Catalogue, ProviderList};
use tauri::State;

use super::{Answer, perform};
use crate::desk::Desk;

#[tauri::command]
pub async fn provider_list(desk: State<'_, Desk>, request: ProviderList) -> Answer<Catalogue> {
    perform(&desk, request).await
}
