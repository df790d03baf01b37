//! Becoming the host of KEYWARD_HOME (L-01): a second app shows the first and ends; a headless host steps aside.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use keyward_api::{
    client::Client,
    host::{Control, Host, Refused},
    server,
    verbs::Verb,
    wire::{Change, ChangeKind, Code, Error, Mode, VaultStatusRequest, VaultUnlock},
};
use keyward_engine::{
    Engine, Ports,
    home::{Holder, Home},
};
use keyward_model::name::VaultName;
use tauri::AppHandle;

use crate::{
    desk::{Desk, caller},
    events, tray, window,
};

/// A headless host has this long to finish a running refresh and go.
const STEP_ASIDE: Duration = Duration::from_secs(35);

/// How long a second start waits for a first one that is just starting or ending.
const MEETING: Duration = Duration::from_secs(5);

const NAP: Duration = Duration::from_millis(100);

/// How long the socket waits for the keychain: less than a command waits for the socket (2 s).
const KEYCHAIN_FIRST: Duration = Duration::from_millis(1_500);

/// A host, and what other processes ask of it.
pub type Stand = (Arc<Host>, mpsc::Receiver<Control>);

/// What a start finds.
pub enum Found {
    /// Nobody: we are the host.
    Place(Stand),
    /// Another window, which was asked to show itself.
    Window,
    /// A headless host, which will be asked to step aside once there is a window to say so.
    Headless,
}

/// Looks once, before there is a window.
///
/// # Errors
/// `conflict` when another window does not answer; else what kept the lock from being taken.
pub fn look(home: &Home, runtime: Option<&std::path::Path>, ports: &Ports) -> Result<Found, Error> {
    let mut waited = Duration::ZERO;
    loop {
        let last = match Host::new(home.clone(), "app", ports.clone()) {
            Ok(stand) => return Ok(Found::Place(stand)),
            Err(Refused::Failed(error)) => return Err(error.into()),
            Err(Refused::Held(Some(holder))) if holder.kind == "app" => {
                match Client::connect(home, runtime) {
                    // None: it ended this moment, its place may be free now.
                    Ok(None) => None,
                    Ok(Some(mut client)) => match client.control(Control::Show) {
                        Ok(()) => return Ok(Found::Window),
                        Err(error) => Some(error),
                    },
                    Err(error) => Some(error),
                }
            }
            Err(Refused::Held(Some(_))) => return Ok(Found::Headless),
            Err(Refused::Held(None)) => None,
        };
        if waited >= MEETING {
            let busy = || {
                Error::new(
                    Code::Conflict,
                    "Another Keyward holds this home.",
                    "Try again in a moment.",
                )
            };
            return Err(last.unwrap_or_else(busy));
        }
        thread::sleep(NAP);
        waited += NAP;
    }
}

/// Takes the place, on a thread of its own; `stand` is what [`look`] found.
///
/// # Errors
/// When no thread can be started.
pub fn begin(app: AppHandle, desk: Desk, ports: Ports, stand: Option<Stand>) -> std::io::Result<()> {
    thread::Builder::new()
        .name("keyward-standing".to_owned())
        .spawn(move || {
            let Some((host, control)) = stand.or_else(|| succeed(&app, &desk, &ports)) else {
                return;
            };
            serve(&app, &desk, host);
            // For the life of the host: the channel closes with it.
            for wish in control {
                match wish {
                    Control::Show => window::show_soon(&app),
                    // The window gives way to nobody.
                    Control::Yield => {}
                }
            }
        })
        .map(drop)
}

/// Asks a headless host to go and takes its place; `None` when another window was quicker, or when the app ended meanwhile.
fn succeed(app: &AppHandle, desk: &Desk, ports: &Ports) -> Option<Stand> {
    let mut asked = None;
    let mut waited = Duration::ZERO;
    while !desk.is_over() {
        match Host::new(desk.home().clone(), "app", ports.clone()) {
            Ok(stand) => return Some(stand),
            Err(Refused::Held(Some(holder))) if holder.kind == "app" => {
                if let Ok(Some(mut client)) = Client::connect(desk.home(), desk.runtime())
                    && client.control(Control::Show).is_ok()
                {
                    app.exit(0);
                    return None;
                }
            }
            Err(Refused::Held(Some(holder))) => {
                desk.wait_for(waiting(&holder, waited));
                if asked != Some(holder.pid)
                    && let Ok(Some(mut client)) = Client::connect(desk.home(), desk.runtime())
                    && client.control(Control::Yield).is_ok()
                {
                    asked = Some(holder.pid);
                }
            }
            Err(Refused::Held(None)) => {}
            Err(Refused::Failed(error)) => desk.wait_for(error.into()),
        }
        thread::sleep(NAP);
        waited += NAP;
    }
    None
}

fn waiting(holder: &Holder, waited: Duration) -> Error {
    let message = format!(
        "Waiting for `keyward {}` (process {}) to step aside.",
        holder.kind, holder.pid
    );
    let hint = if waited < STEP_ASIDE {
        "It finishes a running refresh first; this takes at most 35 seconds."
    } else {
        "It does not answer. End that process; Keyward goes on by itself."
    };
    Error::new(Code::Conflict, message, hint)
}

/// Follows the Changes, unlocks by keychain, opens the socket.
fn serve(app: &AppHandle, desk: &Desk, host: Arc<Host>) {
    desk.stands(Arc::clone(&host));
    let Ok(engine) = desk.engine() else { return };
    events::follow(app.clone(), desk.clone(), &engine);
    unlock_first(app, engine);
    match server::start(&host, desk.runtime()) {
        Ok(door) => desk.opens(door),
        // The window works without; the command line finds a host that does not answer and says so.
        Err(error) => eprintln!("keyward-desktop: {} {}", error.message, error.hint),
    }
}

/// Shows another vault: nothing of the one before stays in the page (AM14, W-09).
///
/// # Errors
/// `conflict` while another host has not stepped aside.
pub fn show_vault(app: &AppHandle, desk: &Desk, name: VaultName) -> Result<(), Error> {
    desk.select(name);
    let engine = desk.engine()?;
    events::follow(app.clone(), desk.clone(), &engine);
    unlock_first(app, engine);
    window::blank(app);
    tray::refresh(app, desk);
    Ok(())
}

/// Unlocks by keychain, so that whoever comes through the socket first does not find a locked vault. A keychain that asks
/// a person must not hide the host meanwhile: then the unlock goes on by itself.
fn unlock_first(app: &AppHandle, engine: Arc<Engine>) {
    let handle = app.clone();
    let (done, unlocked) = mpsc::channel();
    let spawned = thread::Builder::new()
        .name("keyward-unlock".to_owned())
        .spawn(move || {
            let status = VaultStatusRequest {}.perform(&engine, &caller());
            if status.is_ok_and(|status| status.mode == Some(Mode::Keychain) && status.locked) {
                // What fails here is asked again, and told, by the unlock screen.
                let _ = VaultUnlock { passphrase: None }.perform(&engine, &caller());
            }
            drop(engine);
            events::tell(
                &handle,
                &Change {
                    kind: ChangeKind::Vault,
                    id: String::new(),
                },
            );
            // Nobody waits any more when it took too long.
            let _ = done.send(());
        });
    if spawned.is_ok() {
        let _ = unlocked.recv_timeout(KEYCHAIN_FIRST);
    }
}
