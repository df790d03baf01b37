//! The system's own file dialogs, driven by keys: which file is imported, where an export and a backup go, which copy
//! is restored. No path comes from the page (W-07).

use std::path::Path;
use std::process::{Command, Stdio};

use keyward_tests::Trouble;
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::process::wait_for;

use crate::app::{App, PATIENCE};
use crate::tray::manager;

const VALUE: &str = "canary-77d0-imported";

/// PV, W-07: files are chosen by a person in the dialog of the system.
#[test]
fn w07_files_are_chosen_in_the_dialog_of_the_system() {
    let home = Home::with_vault().unwrap();
    std::fs::write(home.path().join("project.env"), format!("IMPORTED={VALUE}\n")).unwrap();
    let app = App::start(home).unwrap();
    // Keys go to the window that is in front: somebody has to say which that is.
    let _manager = manager(&app.display, &app.home).unwrap();
    app.window.wait_text("Vault locked").unwrap();
    app.fill("Passphrase", &format!("{PASSPHRASE}\u{E007}")).unwrap();
    import(&app).unwrap();
    export(&app).unwrap();
    backup_and_restore(&app).unwrap();
}

fn import(app: &App) -> Result<(), Trouble> {
    app.press("Import and export")?;
    app.press(".env file")?;
    // Called off first: nothing is read, and the page says nothing of it.
    call_off(app, "Choose the file to import")?;
    app.window.wait_text("Bring in from")?;
    app.press(".env file")?;
    choose(
        app,
        "Choose the file to import",
        &app.home.path().join("project.env"),
    )?;
    app.window.wait_text("project.env")?;
    app.press("Import 1 item")?;
    app.window.wait_text("1 item added")?;
    let got = app.home.keyward(&["get", "IMPORTED"]).passphrase(None).output()?;
    assert_eq!(got.success()?.text(), VALUE);
    assert!(!app.markup()?.contains(VALUE), "a value came into the page");
    let folder = app.home.path().to_string_lossy().into_owned();
    assert!(!app.markup()?.contains(&folder), "a path came into the page");
    app.press("Import another file")
}

fn export(app: &App) -> Result<(), Trouble> {
    let file = app.home.path().join("structure.json");
    app.press("Export structure")?;
    app.press("Choose place and save")?;
    choose(app, "Save the export", &file)?;
    wait_for("the exported file", PATIENCE, || {
        std::fs::read_to_string(&file)
            .ok()
            .filter(|text| text.contains("IMPORTED"))
    })
    .map(|text| assert!(!text.contains(VALUE), "a structure has no value"))
}

fn backup_and_restore(app: &App) -> Result<(), Trouble> {
    let file = app.home.path().join("elsewhere.db");
    app.press("Settings")?;
    app.press("Backup")?;
    app.press("Back up now")?;
    choose(app, "Back up the vault", &file)?;
    app.window.wait_text("verified in")?;
    assert!(std::fs::metadata(&file)?.len() > 4096);
    app.press("Choose file")?;
    choose(app, "Restore a backup", &file)?;
    app.window.wait_text("Nothing is lost")?;
    app.press("Cancel")
}

/// Types a path into the dialog of this title. Looks again: keys that come before it has the focus are lost.
fn choose(app: &App, title: &str, path: &Path) -> Result<(), Trouble> {
    let path = path.to_str().ok_or("a path of text")?;
    driven(
        app,
        title,
        &[
            &["key", "ctrl+a"],
            &["type", "--delay", "4", path],
            &["key", "Return"],
        ],
    )
}

fn call_off(app: &App, title: &str) -> Result<(), Trouble> {
    driven(app, title, &[&["key", "Escape"]])
}

/// Does the acts in the dialog, again until it has gone.
fn driven(app: &App, title: &str, acts: &[&[&str]]) -> Result<(), Trouble> {
    let title = format!("^{title}$");
    let find = || xdotool(app, &["search", "--onlyvisible", "--name", &title]);
    wait_for("the dialog", PATIENCE, || {
        find().filter(|found| !found.is_empty())
    })?;
    wait_for("the dialog to go", PATIENCE, || {
        let dialog = find()?;
        let Some(dialog) = dialog.lines().next() else {
            return Some(());
        };
        xdotool(app, &["windowactivate", "--sync", dialog])?;
        for act in acts {
            xdotool(app, act)?;
        }
        // It closes, or was not listening yet.
        wait_for("the dialog to close", std::time::Duration::from_secs(2), || {
            find().filter(String::is_empty)
        })
        .ok()
        .map(drop)
    })
}

/// What xdotool says; nothing when it could not.
fn xdotool(app: &App, args: &[&str]) -> Option<String> {
    let output = Command::new("timeout")
        .args(["5", "xdotool"])
        .args(args)
        .env("DISPLAY", app.display.name())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
