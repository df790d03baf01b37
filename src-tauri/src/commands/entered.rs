//! Connections whose values a person enters. Only `connection_reveal` answers with one of them (W-08).

use keyward_api::wire::{
    Connection, ConnectionCreate, ConnectionHistory, ConnectionRestore, ConnectionReveal, ConnectionUpdate,
    Revealed, Version,
};
use keyward_engine::{connections, lifecycle};
use serde::Deserialize;
use tauri::State;

use super::{Answer, aside, perform};
use crate::{
    clipboard::Copied,
    desk::{Desk, caller},
};

/// Copies one field; it does not enter the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionCopy {
    environment: String,
    connection: String,
    field: String,
}

#[tauri::command]
pub async fn connection_create(desk: State<'_, Desk>, request: ConnectionCreate) -> Answer<Connection> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_update(desk: State<'_, Desk>, request: ConnectionUpdate) -> Answer<Connection> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_history(desk: State<'_, Desk>, request: ConnectionHistory) -> Answer<Vec<Version>> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_restore(desk: State<'_, Desk>, request: ConnectionRestore) -> Answer<Connection> {
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_reveal(desk: State<'_, Desk>, request: ConnectionReveal) -> Answer<Revealed> {
    desk.admit_reveal()?;
    perform(&desk, request).await
}

#[tauri::command]
pub async fn connection_copy(desk: State<'_, Desk>, request: ConnectionCopy) -> Answer<Copied> {
    aside(&desk, move |desk| {
        let engine = desk.engine()?;
        lifecycle::touch(&engine);
        let (value, _) = connections::copy(
            &engine,
            &caller(),
            &request.environment,
            &request.connection,
            &request.field,
        )?;
        desk.copy_secret(&engine, value)
    })
    .await
}
