//! The vaults of this home, and which of them the window shows.

use keyward_api::{
    verbs::HomeVerb,
    wire::{
        Done, Error, Status, Vault, VaultDelete, VaultDeleted, VaultList, VaultRename, VaultStatusRequest,
    },
};
use keyward_model::name::VaultName;
use serde::Deserialize;
use tauri::{AppHandle, State};

use super::{Answer, aside, perform};
use crate::{
    desk::{Desk, caller},
    standing,
};

/// Names the vault that the window shows from now on; it may not exist yet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultSelect {
    name: String,
}

async fn of_all<V>(desk: &Desk, request: V) -> Answer<V::Reply>
where
    V: HomeVerb + Send + 'static,
    V::Reply: Send + 'static,
{
    aside(desk, move |desk| {
        request.perform(desk.host()?.vaults(), &caller())
    })
    .await
}

#[tauri::command]
pub async fn vault_list(desk: State<'_, Desk>, request: VaultList) -> Answer<Vec<Vault>> {
    of_all(&desk, request).await
}

#[tauri::command]
pub async fn vault_select(app: AppHandle, desk: State<'_, Desk>, request: VaultSelect) -> Answer<Status> {
    let name = parse(&request.name)?;
    aside(&desk, move |desk| standing::show_vault(&app, desk, name)).await?;
    perform(&desk, VaultStatusRequest {}).await
}

#[tauri::command]
pub async fn vault_rename(app: AppHandle, desk: State<'_, Desk>, request: VaultRename) -> Answer<Done> {
    let (from, to) = (parse(&request.name)?, parse(&request.new_name)?);
    let done = of_all(&desk, request).await?;
    aside(&desk, move |desk| match desk.vault() == from {
        true => standing::show_vault(&app, desk, to),
        false => Ok(()),
    })
    .await?;
    Ok(done)
}

#[tauri::command]
pub async fn vault_delete(
    app: AppHandle,
    desk: State<'_, Desk>,
    request: VaultDelete,
) -> Answer<VaultDeleted> {
    let name = parse(&request.name)?;
    let deleted = of_all(&desk, request).await?;
    aside(&desk, move |desk| match desk.vault() == name {
        true => standing::show_vault(&app, desk, desk.any_vault()),
        false => Ok(()),
    })
    .await?;
    Ok(deleted)
}

fn parse(text: &str) -> Answer<VaultName> {
    VaultName::parse(text).map_err(|error| Error::usage(format!("vault: {error}")))
}
