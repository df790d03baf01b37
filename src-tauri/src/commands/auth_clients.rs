//! AuthClients.

use keyward_api::{
    verbs::Verb,
    wire::{
        AuthClient, AuthClientCreate, AuthClientDelete, AuthClientDiscover, AuthClientImport,
        AuthClientImported, AuthClientList, AuthClientShow, AuthClientUpdate, Discovered, Done, Error,
    },
};
use keyward_engine::roster::Roster;
use serde::Deserialize;
use tauri::State;

use super::{Answer, Nothing, aside, exchange::ImportChosen, perform};
use crate::{
    desk::{Desk, caller},
    exchange, roster,
};

/// Checks the roster that was chosen, or imports it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterImport {
    environment: String,
    /// Keeps what is there where a key is taken; else nothing is imported then.
    skip_existing: bool,
    /// Reads the file and writes nothing; an import writes what was read last, so what was looked at.
    dry_run: bool,
}

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

#[tauri::command]
pub async fn auth_client_choose_file(desk: State<'_, Desk>, request: Nothing) -> Answer<ImportChosen> {
    let Nothing {} = request;
    aside(&desk, move |desk| {
        let chosen = exchange::ask_for_roster();
        let name = chosen.as_deref().map(exchange::shown);
        if let Some(path) = chosen {
            desk.rosters().choose(path);
            desk.forget_chosen_if_locked()?;
        }
        Ok(ImportChosen { name })
    })
    .await
}

#[tauri::command]
pub async fn auth_client_import(desk: State<'_, Desk>, request: RosterImport) -> Answer<AuthClientImported> {
    aside(&desk, move |desk| {
        let chosen = match request.dry_run {
            true => look(desk)?,
            false => desk.rosters().last()?,
        };
        let import = AuthClientImport::of(
            &chosen,
            request.environment,
            request.skip_existing,
            request.dry_run,
        );
        // An issuer may be asked: nobody else waits for the roster meanwhile.
        let outcome = import.perform(&desk.engine()?, &caller())?;
        if outcome.written {
            desk.rosters().clear();
        }
        Ok(outcome.after(chosen.complaints))
    })
    .await
}

/// Reads the file that was chosen, while nobody waits for the roster: a lock empties the window meanwhile (W-09).
fn look(desk: &Desk) -> Result<Roster, Error> {
    let path = desk.rosters().begin()?;
    let read = roster::read(&path)?;
    desk.rosters().keep(&path, read.clone());
    desk.forget_chosen_if_locked()?;
    Ok(read)
}
