//! What goes up to the window: Changes, and the clipboard's countdown.

use std::{
    sync::{Arc, Weak},
    thread,
};

use keyward_api::{
    verbs::Verb,
    wire::{Change, ChangeKind, VaultStatusRequest},
};
use keyward_engine::Engine;
use tauri::{AppHandle, Emitter};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    clipboard::Tick,
    desk::{Desk, caller},
    tray, window,
};

/// Tells the window that something changed.
pub fn tell(app: &AppHandle, change: &Change) {
    // Without a window nobody needs to know.
    let _ = app.emit_to(window::MAIN, "change", change);
}

/// Tells the window how long a copied value stays.
pub fn tick(app: &AppHandle, tick: Tick) {
    let _ = app.emit_to(window::MAIN, "clipboard", tick);
}

/// Asks the window to ask the person before the first close without a tray.
pub fn closing(app: &AppHandle) {
    let _ = app.emit_to(window::MAIN, "closing", ());
}

/// Forwards every Change until the Engine ends, while the window shows its vault; one that was locked empties the window
/// (W-09). Following twice is following once.
pub fn follow(app: AppHandle, desk: Desk, engine: &Arc<Engine>) {
    if !desk.begin_to_follow(engine) {
        return;
    }
    let mut changes = engine.changes().subscribe();
    let name = engine.name().clone();
    let engine = Arc::downgrade(engine);
    let spawned = thread::Builder::new()
        .name("keyward-changes".to_owned())
        .spawn(move || {
            let mut was_open = is_open(&engine);
            loop {
                let change = match changes.blocking_recv() {
                    Ok(change) => Change::from(change),
                    // Fell behind: everything may have changed.
                    Err(RecvError::Lagged(_)) => {
                        for kind in [
                            ChangeKind::Environment,
                            ChangeKind::Secret,
                            ChangeKind::Credential,
                            ChangeKind::Application,
                            ChangeKind::AuthClient,
                            ChangeKind::Connection,
                            ChangeKind::Settings,
                        ] {
                            tell(
                                &app,
                                &Change {
                                    kind,
                                    id: String::new(),
                                },
                            );
                        }
                        Change {
                            kind: ChangeKind::Vault,
                            id: String::new(),
                        }
                    }
                    Err(RecvError::Closed) => return,
                };
                let is_shown = desk.vault() == name;
                if is_shown {
                    tell(&app, &change);
                }
                if change.kind == ChangeKind::Vault {
                    let open = is_open(&engine);
                    if is_shown && was_open && !open {
                        // First what can be seen: nothing may keep it waiting.
                        window::blank(&app);
                        desk.forget_chosen();
                    }
                    was_open = open;
                }
                if matches!(change.kind, ChangeKind::Vault | ChangeKind::Connection) {
                    tray::refresh(&app, &desk);
                }
            }
        });
    if let Err(error) = spawned {
        eprintln!("keyward-desktop: Changes cannot be followed: {error}.");
    }
}

fn is_open(engine: &Weak<Engine>) -> bool {
    let Some(engine) = engine.upgrade() else {
        return false;
    };
    VaultStatusRequest {}
        .perform(&engine, &caller())
        .is_ok_and(|status| status.exists && !status.locked)
}
