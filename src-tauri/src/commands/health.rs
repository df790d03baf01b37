//! What is not well with stored values, and how far a long work is.

use keyward_api::wire::{Finding, HealthCheck, HealthList, HealthReport, WorkProgress, WorkStatus};
use tauri::State;

use super::{Answer, perform};
use crate::desk::Desk;

#[tauri::command]
pub async fn health_list(desk: State<'_, Desk>, request: HealthList) -> Answer<Vec<Finding>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn health_check(desk: State<'_, Desk>, request: HealthCheck) -> Answer<HealthReport> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn work_status(desk: State<'_, Desk>, request: WorkStatus) -> Answer<WorkProgress> {
    perform(&desk, request).await
}
