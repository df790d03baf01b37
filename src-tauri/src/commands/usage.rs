//! What was used lately: for the order of the list, and before something is deleted (AM12).

use keyward_api::wire::{Usage, UsageList};
use tauri::State;

use super::{Answer, perform};
use crate::desk::Desk;

#[tauri::command]
pub async fn usage_list(desk: State<'_, Desk>, request: UsageList) -> Answer<Vec<Usage>> {
    perform(&desk, request).await
}
