//! With a tray, closing the window keeps the host (UI.md §4); a window manager closes it as the page does.

use std::process::{Command, Stdio};
use std::time::Duration;

use keyward_tests::Trouble;
use keyward_tests::display::Display;
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::keyring::{Keychain, KeyringSession};
use keyward_tests::process::{Guarded, wait_for};

use crate::app::{App, PATIENCE, exit_of, host, start_plain};
use crate::memory::children;
use crate::tray_host::TrayHost;

/// A window manager: without one nobody presses Alt F4.
pub fn manager(display: &Display, home: &Home) -> Result<Guarded, Trouble> {
    Guarded::start(
        Command::new("openbox")
            .env_clear()
            .envs(home.environment())
            .env("DISPLAY", display.name())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    )
}

/// Whether a window of ours is on the screen.
fn visible(display: &Display) -> bool {
    let found = Command::new("xdotool")
        .args(["search", "--onlyvisible", "--name", "^Keyward$"])
        .env("DISPLAY", display.name())
        .stderr(Stdio::null())
        .output();
    found.is_ok_and(|found| !found.stdout.is_empty())
}

pub fn press(display: &Display, keys: &str) {
    let _ = Command::new("xdotool")
        .args(["key", keys])
        .env("DISPLAY", display.name())
        .status();
}

fn wait_visible(display: &Display, wanted: bool) {
    wait_for("the window", PATIENCE, || {
        (visible(display) == wanted).then_some(())
    })
    .unwrap();
}

/// The bus and the address programs of `home` find it at.
fn with_tray(home: Home) -> (Home, KeyringSession, TrayHost) {
    let bus = KeyringSession::start(Keychain::NoService).unwrap();
    let address = bus.address();
    let tray = TrayHost::start(&address).unwrap();
    (home.var("DBUS_SESSION_BUS_ADDRESS", address), bus, tray)
}

/// ST6: the tray keeps the host, and shows and hides the window.
#[test]
fn closing_with_a_tray_keeps_the_host() {
    let (home, _bus, tray) = with_tray(Home::with_vault().unwrap());
    let display = Display::start().unwrap();
    let _manager = manager(&display, &home).unwrap();
    let mut app = start_plain(&home, &display).unwrap();
    wait_visible(&display, true);
    assert_eq!(host(&home).unwrap(), app.0.id());
    let labels = || {
        tray.menu()
            .unwrap_or_default()
            .into_iter()
            .map(|(_, label)| label)
            .collect::<Vec<_>>()
    };
    wait_for("the menu", PATIENCE, || {
        (labels() == ["Show Keyward", "Lock", "Quit"]).then_some(())
    })
    .unwrap_or_else(|error| panic!("{error}: {:?}", labels()));

    // The window goes, the host stays, and the command line works through it.
    wait_for("the window to close", PATIENCE, || {
        press(&display, "alt+F4");
        (!visible(&display)).then_some(())
    })
    .unwrap();
    no_page_is_left(app.0.id());
    home.keyward(&["unlock"]).output().unwrap().success().unwrap();
    let status = home
        .keyward(&["status", "--json"])
        .passphrase(None)
        .output()
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(
        (&status["host"]["kind"], &status["locked"]),
        (&"app".into(), &false.into())
    );

    // The tray locks without a window, and brings the window back; so does a second start.
    tray.choose("Lock").unwrap();
    wait_for("a locked vault", PATIENCE, || {
        let status = home
            .keyward(&["status", "--json"])
            .passphrase(None)
            .output()
            .ok()?
            .json()
            .ok()?;
        (status["locked"] == true).then_some(())
    })
    .unwrap();
    tray.choose("Show Keyward").unwrap();
    wait_visible(&display, true);
    wait_for("the window to close", PATIENCE, || {
        press(&display, "alt+F4");
        (!visible(&display)).then_some(())
    })
    .unwrap();
    let mut second = start_plain(&home, &display).unwrap();
    assert_eq!(exit_of(&mut second, PATIENCE).unwrap().code(), Some(0));
    wait_visible(&display, true);

    tray.choose("Quit").unwrap();
    assert_eq!(exit_of(&mut app, PATIENCE).unwrap().code(), Some(0));
    assert!(host(&home).is_err());
}

/// P13, W-08: with the window its page's process ends, and what it held with it. WebKit keeps its network process for as
/// long as the program lives; there is no page in it. What the host then takes is told.
fn no_page_is_left(pid: u32) {
    let pages = || {
        let name = |child| std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
        let mut left: Vec<String> = children(pid).into_iter().map(name).collect();
        // The kernel keeps 15 characters of a name; one that has ended meanwhile has none.
        left.retain(|name| !matches!(name.trim_end(), "" | "WebKitNetworkPr"));
        left
    };
    wait_for("the end of the web processes", PATIENCE, || {
        pages().is_empty().then_some(())
    })
    .unwrap_or_else(|error| panic!("{error}: {:?}", pages()));
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let pss = rollup.lines().find(|line| line.starts_with("Pss:"));
    println!(
        "P13: a host whose window is closed: {}",
        pss.unwrap_or("not told here")
    );
}

/// Without a tray the window manager's close asks first, as the button does.
#[test]
fn the_window_manager_asks_as_well() {
    let home = Home::with_vault().unwrap();
    let display = Display::start().unwrap();
    let _manager = manager(&display, &home).unwrap();
    let app = App::start_on(display, home).unwrap();
    app.window.wait_text("Vault locked").unwrap();
    // The manager may not hold the window yet: asked again, but not while the first question is on its way.
    let seen = wait_for("the question", PATIENCE, || {
        press(&app.display, "alt+F4");
        wait_for("an answer", Duration::from_secs(3), || {
            let text = app.window.page_text().ok();
            text.filter(|text| text.contains("Close Keyward?"))
        })
        .ok()
    })
    .unwrap();
    assert!(seen.contains("keyward serve"), "{seen}");
    app.press("Stay").unwrap();
    app.fill("Passphrase", &format!("{PASSPHRASE}\u{E007}")).unwrap();
    app.window.wait_text("All items").unwrap();
}

/// Keychain mode: the window is open as soon as it is there.
#[test]
fn a_keychain_unlocks_by_itself() {
    let bus = KeyringSession::start(Keychain::Unlocked).unwrap();
    let home = Home::new()
        .unwrap()
        .without_passphrase()
        .var("DBUS_SESSION_BUS_ADDRESS", bus.address());
    let recovery = home.path().join("recovery.txt");
    let recovery = recovery.to_string_lossy();
    home.keyward(&["init", "--keychain", "--recovery-file", &recovery])
        .output()
        .unwrap()
        .success()
        .unwrap();
    let app = App::start(home).unwrap();
    app.window.wait_text("Add your first secret").unwrap();
    app.press("Lock").unwrap();
    app.window.wait_text("Vault locked").unwrap();
    app.press("Unlock with this computer").unwrap();
    app.window.wait_text("Add your first secret").unwrap();
}
