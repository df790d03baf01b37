//! The life of the app, from the first look at the home to the last key dropped.

use std::sync::Arc;

use keyward_api::wire::{Code, Error};
use keyward_engine::{
    Ports,
    browser::SystemBrowser,
    home::{Home, OsKeychain},
    ports::SystemClock,
};
use tauri::{App, AppHandle, Manager, RunEvent};

use crate::{
    clipboard::Clipboard,
    commands,
    desk::Desk,
    events,
    standing::{self, Found, Stand},
    surroundings::Surroundings,
    tray, window,
};

/// Runs until the app ends.
///
/// # Errors
/// What kept it from starting.
pub fn run() -> Result<(), Error> {
    let around = Surroundings::read()?;
    // Before anything is held: the toolkit would panic, and leave whoever asks for a secret with a dead host.
    if !around.display {
        let hint = "`keyward serve` works without one.";
        return Err(Error::new(Code::Usage, "There is no display.", hint));
    }
    let home = Home::open(&around.home).map_err(keyward_engine::Error::from)?;
    let ports = Ports {
        keychain: Arc::new(OsKeychain::new()),
        clock: Arc::new(SystemClock),
        browser: Arc::new(SystemBrowser::new(around.browser)),
    };
    // L-01: whoever is first stays; a second start only shows it.
    let stand = match standing::look(&home, around.runtime.as_deref(), &ports)? {
        Found::Window => return Ok(()),
        Found::Place(stand) => Some(stand),
        Found::Headless => None,
    };
    let desk = Desk::new(home, around.runtime)?;
    let app = tauri::Builder::default()
        .manage(desk.clone())
        .invoke_handler(commands::handler())
        .setup(move |app| Ok(set_up(app, &desk, ports, stand)?))
        .build(tauri::generate_context!())
        .map_err(|error| Error::new(Code::Internal, format!("The window system refused: {error}."), ""))?;
    app.run(heard);
    Ok(())
}

fn set_up(app: &App, desk: &Desk, ports: Ports, stand: Option<Stand>) -> Result<(), Error> {
    let failed = |what: &str| Error::new(Code::Internal, format!("Keyward cannot start: {what}."), "");
    let app = app.handle();
    let handle = app.clone();
    desk.set_clipboard(Clipboard::start(move |tick| events::tick(&handle, tick))?);
    standing::begin(app.clone(), desk.clone(), ports, stand).map_err(|error| failed(&error.to_string()))?;
    tray::make(app, desk);
    end_with_the_session(app).map_err(|error| failed(&error.to_string()))?;
    window::show(app).map_err(|error| failed(&error.to_string()))
}

fn heard(app: &AppHandle, event: RunEvent) {
    match event {
        // The last window was closed: with a tray the host stays.
        RunEvent::ExitRequested { code: None, api, .. } if app.state::<Desk>().has_tray() => {
            api.prevent_exit()
        }
        RunEvent::ExitRequested { .. } => window::remember(app),
        RunEvent::Exit => app.state::<Desk>().end(),
        _ => {}
    }
}

/// A session that ends says so by a signal: keys are dropped and files closed as on Quit.
#[cfg(unix)]
fn end_with_the_session(app: &AppHandle) -> std::io::Result<()> {
    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGTERM},
        iterator::Signals,
    };
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let app = app.clone();
    std::thread::Builder::new()
        .name("keyward-signals".to_owned())
        .spawn(move || {
            if signals.forever().next().is_some() {
                app.exit(0);
            }
        })
        .map(drop)
}

/// Windows has no signal for it: a process that is ended there has its keys taken by the system with its memory.
#[cfg(windows)]
#[expect(clippy::unnecessary_wraps, reason = "the other systems can fail")]
fn end_with_the_session(_app: &AppHandle) -> std::io::Result<()> {
    Ok(())
}
