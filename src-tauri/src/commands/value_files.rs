//! Values out of a file: chosen with the system's own dialog and read in Rust; the page is told name and size alone.

use keyward_api::wire::{AuthClient, AuthClientCreate, Plaintext, Secret, SecretCreate, SecretSetValue};
use serde::{Deserialize, Serialize};
use tauri::State;

use super::{Answer, Nothing, aside, perform};
use crate::{desk::Desk, value_file};

/// A file that was read; `None` when the person closed the dialog.
#[derive(Debug, Serialize)]
pub struct ValueChosen {
    file: Option<ValueFile>,
}

/// What the page is told of it.
#[derive(Debug, Serialize)]
pub struct ValueFile {
    id: u32,
    name: String,
    size: usize,
}

/// An act whose value is the one of the file that was chosen; what stands in its place in the request is not looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromFile<T> {
    file: u32,
    request: T,
}

#[tauri::command]
pub async fn value_choose_file(desk: State<'_, Desk>, request: Nothing) -> Answer<ValueChosen> {
    let Nothing {} = request;
    aside(&desk, |desk| {
        let Some((name, value)) = value_file::choose()? else {
            return Ok(ValueChosen { file: None });
        };
        let size = value.len();
        let id = desk.chosen().keep(value);
        desk.forget_chosen_if_locked()?;
        Ok(ValueChosen {
            file: Some(ValueFile { id, name, size }),
        })
    })
    .await
}

#[tauri::command]
pub async fn secret_create_from_file(
    desk: State<'_, Desk>,
    request: FromFile<SecretCreate>,
) -> Answer<Secret> {
    let value = Plaintext(desk.chosen().copy(request.file)?);
    let stored = perform(
        &desk,
        SecretCreate {
            value,
            ..request.request
        },
    )
    .await?;
    desk.chosen().clear();
    Ok(stored)
}

#[tauri::command]
pub async fn secret_set_value_from_file(
    desk: State<'_, Desk>,
    request: FromFile<SecretSetValue>,
) -> Answer<Secret> {
    let value = Plaintext(desk.chosen().copy(request.file)?);
    let stored = perform(
        &desk,
        SecretSetValue {
            value,
            ..request.request
        },
    )
    .await?;
    desk.chosen().clear();
    Ok(stored)
}

/// The file holds the client secret, or the private key of the client or of a service account; the newline that ends a
/// single line is left out.
#[tauri::command]
pub async fn auth_client_create_from_file(
    desk: State<'_, Desk>,
    request: FromFile<AuthClientCreate>,
) -> Answer<AuthClient> {
    let value = desk.chosen().copy(request.file)?;
    let client_secret = Some(Plaintext(value_file::without_newline(value)));
    let made = perform(
        &desk,
        AuthClientCreate {
            client_secret,
            ..request.request
        },
    )
    .await?;
    desk.chosen().clear();
    Ok(made)
}
