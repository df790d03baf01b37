//! The tray: what needs the person first, then actions (UI.md §4, §6). Linux gets no clicks, so it is a native menu everywhere.

use keyward_api::{
    verbs::Verb,
    wire::{ConnectionList, ConnectionState, EnvironmentList, VaultLock, VaultStatusRequest},
};
use tauri::{
    AppHandle,
    menu::{Menu, MenuBuilder, MenuItemBuilder},
    tray::TrayIconBuilder,
};

use crate::{
    desk::{Desk, caller},
    window,
};

const ID: &str = "keyward";
const SHOW: &str = "show";
const LOCK: &str = "lock";
const QUIT: &str = "quit";

/// Most attention entries; more of them would hide the actions.
const MOST: usize = 5;

/// Makes the tray where somebody shows trays; without one closing the window ends the app.
pub fn make(app: &AppHandle, desk: &Desk) {
    if desk.has_tray() || !available() {
        return;
    }
    let made = menu(app, &State::default()).and_then(|menu| {
        TrayIconBuilder::with_id(ID)
            .icon(tauri::include_image!("../icons/tray.png"))
            .tooltip("Keyward")
            .menu(&menu)
            .on_menu_event(|app, event| match event.id().as_ref() {
                LOCK => lock(app),
                QUIT => app.exit(0),
                // Show, and every entry that asks for attention.
                _ => window::show_soon(app),
            })
            .build(app)
    });
    if made.is_ok() {
        desk.set_tray();
        refresh(app, desk);
    }
}

/// Draws the menu anew after a Change.
pub fn refresh(app: &AppHandle, desk: &Desk) {
    if !desk.has_tray() {
        return;
    }
    let state = State::read(desk);
    let handle = app.clone();
    let _ = app.run_on_main_thread(move || {
        if let (Some(tray), Ok(menu)) = (handle.tray_by_id(ID), menu(&handle, &state)) {
            let _ = tray.set_menu(Some(menu));
        }
    });
}

/// What the menu shows.
#[derive(Default)]
struct State {
    open: bool,
    /// Keys of the Connections that need a consent.
    attention: Vec<String>,
}

impl State {
    fn read(desk: &Desk) -> Self {
        let Ok(engine) = desk.engine() else {
            return Self::default();
        };
        let status = VaultStatusRequest {}.perform(&engine, &caller());
        if !status.is_ok_and(|status| status.exists && !status.locked) {
            return Self::default();
        }
        let environments = EnvironmentList {}.perform(&engine, &caller()).unwrap_or_default();
        let needing = |environment: String| {
            let state = Some(ConnectionState::NeedsConsent);
            ConnectionList { environment, state }
                .perform(&engine, &caller())
                .unwrap_or_default()
        };
        let attention = environments
            .into_iter()
            .flat_map(|environment| needing(environment.name));
        Self {
            open: true,
            attention: attention.map(|connection| connection.key).collect(),
        }
    }
}

fn menu(app: &AppHandle, state: &State) -> tauri::Result<Menu<tauri::Wry>> {
    let mut menu = MenuBuilder::new(app);
    for (at, key) in state.attention.iter().take(MOST).enumerate() {
        menu = menu.text(format!("attention-{at}"), format!("{key} needs you"));
    }
    if !state.attention.is_empty() {
        menu = menu.separator();
    }
    let lock = MenuItemBuilder::with_id(LOCK, "Lock")
        .enabled(state.open)
        .build(app)?;
    menu.text(SHOW, "Show Keyward")
        .item(&lock)
        .separator()
        .text(QUIT, "Quit")
        .build()
}

fn lock(app: &AppHandle) {
    use tauri::Manager as _;
    let desk = app.state::<Desk>().inner().clone();
    tauri::async_runtime::spawn_blocking(move || {
        if let Ok(engine) = desk.engine() {
            // Locking cannot fail; the window hears of it by the Change.
            let _ = VaultLock {}.perform(&engine, &caller());
        }
    });
}

/// UI.md §4: D-Bus says that somebody shows trays, and the indicator library loads (its own loader would panic).
#[cfg(target_os = "linux")]
fn available() -> bool {
    somebody_shows_trays() && indicator_library_loads()
}

#[cfg(not(target_os = "linux"))]
fn available() -> bool {
    true
}

/// `org.kde.StatusNotifierWatcher` has an owner with a registered host. A bus that does not answer is no tray.
#[cfg(target_os = "linux")]
fn somebody_shows_trays() -> bool {
    const WATCHER: &str = "org.kde.StatusNotifierWatcher";
    const LIMIT: std::time::Duration = std::time::Duration::from_millis(1_500);
    let ask = || -> zbus::Result<bool> {
        let bus = zbus::blocking::connection::Builder::session()?
            .method_timeout(LIMIT)
            .build()?;
        let property = (WATCHER, "IsStatusNotifierHostRegistered");
        let answer = bus.call_method(
            Some(WATCHER),
            "/StatusNotifierWatcher",
            Some("org.freedesktop.DBus.Properties"),
            "Get",
            &property,
        )?;
        Ok(answer
            .body()
            .deserialize::<zbus::zvariant::Value<'_>>()?
            .downcast()?)
    };
    let (answer, answered) = std::sync::mpsc::channel();
    let asking = std::thread::Builder::new()
        .name("keyward-tray".to_owned())
        .spawn(move || {
            // Nobody waits any more when it took too long.
            let _ = answer.send(ask().unwrap_or(false));
        });
    asking.is_ok() && answered.recv_timeout(LIMIT).unwrap_or(false)
}

#[cfg(target_os = "linux")]
fn indicator_library_loads() -> bool {
    const NAMES: [&str; 4] = [
        "libayatana-appindicator3.so.1",
        "libappindicator3.so.1",
        "libayatana-appindicator3.so",
        "libappindicator3.so",
    ];
    NAMES.iter().any(|name| {
        #[expect(
            unsafe_code,
            reason = "loads the library that the tray loads next, with the same initialisers"
        )]
        let loaded = unsafe { libloading::Library::new(name) };
        // Kept loaded: GTK types it registered must not vanish.
        loaded.map(std::mem::forget).is_ok()
    })
}
