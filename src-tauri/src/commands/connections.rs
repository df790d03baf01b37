//! Connections and running Consents. No reply holds a token.

use keyward_api::wire::{
    Alarm, Connection, ConnectionAlarms, ConnectionCancel, ConnectionConnect, ConnectionDelete,
    ConnectionDisconnect, ConnectionFacts, ConnectionInvalidate, ConnectionList, ConnectionOpenAgain,
    ConnectionPaste, ConnectionRefresh, ConnectionRefreshes, ConnectionWhy, Consent, ConsentDue, ConsentList,
    ConsentStatus, Diagnosis, Disconnected, Done, Error, RefreshAttempt, TokenFacts,
};
use keyward_engine::consent;
use keyward_model::Id;
use serde::Deserialize;
use tauri::State;

use super::{Answer, aside, perform};
use crate::desk::Desk;

/// Copies the authorization link of a running Consent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionCopyLink {
    consent: String,
}

#[tauri::command]
pub async fn connection_list(desk: State<'_, Desk>, request: ConnectionList) -> Answer<Vec<Connection>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn consent_list(desk: State<'_, Desk>, request: ConsentList) -> Answer<Vec<ConsentDue>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_connect(desk: State<'_, Desk>, request: ConnectionConnect) -> Answer<Consent> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn consent_status(desk: State<'_, Desk>, request: ConsentStatus) -> Answer<Consent> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_cancel(desk: State<'_, Desk>, request: ConnectionCancel) -> Answer<Consent> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_paste(desk: State<'_, Desk>, request: ConnectionPaste) -> Answer<Consent> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_open_again(desk: State<'_, Desk>, request: ConnectionOpenAgain) -> Answer<Done> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_copy_link(desk: State<'_, Desk>, request: ConnectionCopyLink) -> Answer<Done> {
    aside(&desk, move |desk| {
        let id = Id::parse(&request.consent).ok_or_else(|| Error::usage("consent: not an id."))?;
        let link = consent::find(&*desk.engine()?, id)?.link().to_owned();
        desk.clipboard()?.copy_text(link).map(|()| Done {})
    })
    .await
}

#[tauri::command]
pub async fn connection_why(desk: State<'_, Desk>, request: ConnectionWhy) -> Answer<Diagnosis> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_refresh(desk: State<'_, Desk>, request: ConnectionRefresh) -> Answer<Connection> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_refreshes(
    desk: State<'_, Desk>,
    request: ConnectionRefreshes,
) -> Answer<Vec<RefreshAttempt>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_facts(desk: State<'_, Desk>, request: ConnectionFacts) -> Answer<TokenFacts> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_alarms(desk: State<'_, Desk>, request: ConnectionAlarms) -> Answer<Vec<Alarm>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_invalidate(
    desk: State<'_, Desk>,
    request: ConnectionInvalidate,
) -> Answer<Connection> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_disconnect(
    desk: State<'_, Desk>,
    request: ConnectionDisconnect,
) -> Answer<Disconnected> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_delete(
    desk: State<'_, Desk>,
    request: ConnectionDelete,
) -> Answer<Vec<Disconnected>> {
    perform(&desk, request).await
}
