//! The window itself: how it looks, where it is, when it closes.

use keyward_api::wire::{Code, Done, Error};
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, State, WebviewWindow};

use super::{Answer, Nothing, aside};
use crate::{appearance::Theme, desk::Desk, window};

/// How the window looks, and what closing it does.
#[derive(Debug, Serialize)]
pub struct Appearance {
    theme: Theme,
    closes_to_tray: bool,
    close_notice_seen: bool,
}

/// Chooses a theme.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppearanceSet {
    theme: Theme,
}

#[tauri::command]
pub async fn appearance_get(desk: State<'_, Desk>, request: Nothing) -> Answer<Appearance> {
    let Nothing {} = request;
    let (closes_to_tray, looks) = (desk.has_tray(), desk.looks());
    Ok(Appearance {
        theme: looks.theme,
        closes_to_tray,
        close_notice_seen: looks.close_notice_seen,
    })
}

#[tauri::command]
pub async fn appearance_set(app: AppHandle, desk: State<'_, Desk>, request: AppearanceSet) -> Answer<Done> {
    window::set_theme(&app, request.theme);
    aside(&desk, move |desk| {
        desk.change_looks(|looks| looks.theme = request.theme)
            .map(|()| Done {})
    })
    .await
}

#[tauri::command]
pub async fn window_minimize(window: WebviewWindow, request: Nothing) -> Answer<Done> {
    let Nothing {} = request;
    window.minimize().map(|()| Done {}).map_err(refused)
}

#[tauri::command]
pub async fn window_toggle_maximize(window: WebviewWindow, request: Nothing) -> Answer<Done> {
    let Nothing {} = request;
    let filled = window.is_maximized().map_err(refused)?;
    let done = if filled {
        window.unmaximize()
    } else {
        window.maximize()
    };
    done.map(|()| Done {}).map_err(refused)
}

#[tauri::command]
pub async fn window_close(app: AppHandle, request: Nothing) -> Answer<Done> {
    let Nothing {} = request;
    window::close(&app).map(|()| Done {})
}

fn refused(error: tauri::Error) -> Error {
    Error::new(Code::Internal, format!("The window system refused: {error}."), "")
}
