//! The recovery key leaves by the system's own dialog.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use keyward_tests::display::Display;
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::process::wait_for;

use crate::app::{App, PATIENCE};
use crate::tray::manager;

#[test]
fn saved_where_the_person_says_and_readable_by_nobody_else() {
    let home = Home::new().unwrap();
    let display = Display::start().unwrap();
    let _manager = manager(&display, &home).unwrap();
    let app = App::start_on(display, home).unwrap();
    app.window.wait_text("Create your vault").unwrap();
    app.fill("Passphrase", PASSPHRASE).unwrap();
    app.fill("Repeat it", PASSPHRASE).unwrap();
    app.press("Continue").unwrap();
    app.window.wait_text("Save your recovery key").unwrap();
    let shown = app
        .window
        .script(
            "return [...document.querySelectorAll('.groups .g')].map((group) => group.textContent).join('-')",
            &[],
        )
        .unwrap();
    let place = app.home.path().join("home/recovery key.txt");
    app.press("Save").unwrap();
    let xdotool = |args: &[&str]| {
        Command::new("xdotool")
            .args(args)
            .env("DISPLAY", app.display.name())
            .output()
            .unwrap()
    };
    let dialog = wait_for("the dialog", PATIENCE, || {
        let found = xdotool(&["search", "--onlyvisible", "--name", "^Save the recovery key$"]);
        String::from_utf8_lossy(&found.stdout)
            .lines()
            .next()
            .map(str::to_owned)
    })
    .unwrap();
    xdotool(&["windowfocus", "--sync", &dialog]);
    xdotool(&["key", "ctrl+a"]);
    xdotool(&["type", "--delay", "5", &place.to_string_lossy()]);
    app.picture("01-recovery-save").unwrap();
    xdotool(&["key", "Return"]);
    app.window.wait_text("Saved to").unwrap();
    assert_eq!(
        std::fs::read_to_string(&place).unwrap(),
        format!("{}\n", shown.as_str().unwrap())
    );
    assert_eq!(place.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
