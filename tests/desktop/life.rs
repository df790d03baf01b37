//! Starting, starting again, closing, ending: one host per home (L-01).

use std::time::Duration;

use keyward_tests::display::Display;
use keyward_tests::home::Home;
use keyward_tests::process::{signal, wait_for};
use keyward_tests::webdriver::Window;

use crate::app::{App, PATIENCE, binary, ended, exit_of, host, looks, start_plain};

/// L-01: the second start shows the first and ends with 0; nobody is pushed out.
#[test]
fn l01_a_second_start_shows_the_first() {
    let app = App::start(Home::with_vault().unwrap()).unwrap();
    app.window.wait_text("Vault locked").unwrap();
    let pid = app.pid().unwrap();
    let mut second = app.start_again().unwrap();
    let status = exit_of(&mut second, PATIENCE).unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(app.pid().unwrap(), pid);
    assert_eq!(app.window.windows().unwrap().len(), 1);
    app.window.wait_text("Vault locked").unwrap();
}

/// UI.md §4: without a tray closing ends the app, and the first time it says what that means.
#[test]
fn closing_without_a_tray_says_so_once_and_ends_the_app() {
    let app = App::start(Home::with_vault().unwrap()).unwrap();
    app.window.wait_text("Vault locked").unwrap();
    let pid = app.pid().unwrap();
    app.press("Close").unwrap();
    app.window.wait_text("keyward serve").unwrap();
    app.picture("closing").unwrap();
    app.press("Stay").unwrap();
    assert_eq!(app.pid().unwrap(), pid);
    app.press("Close").unwrap();
    app.window.wait_text("Close Keyward?").unwrap();
    // The page is gone before it can answer.
    let _ = app.press("Close Keyward");
    ended(pid, PATIENCE).unwrap();
    assert!(host(&app.home).is_err(), "the place of the host is free");
    let looks = std::fs::read_to_string(app.home.keyward_home().join("config.toml")).unwrap();
    assert!(looks.contains("close_notice_seen = true"), "{looks}");
    assert!(looks.contains("[window]"), "size and place are kept: {looks}");
}

/// Without a display the app says so before it holds anything.
#[test]
fn without_a_display_it_says_so_and_holds_nothing() {
    let home = Home::with_vault().unwrap();
    let output = std::process::Command::new(binary().unwrap())
        .env_clear()
        .envs(home.environment())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("There is no display."), "{said}");
    assert!(said.contains("keyward serve"), "{said}");
    assert!(host(&home).is_err(), "the place of the host is free");
}

/// L-01: a headless host steps aside for the window, and the window stands as host.
#[test]
fn l01_a_headless_host_steps_aside() {
    let home = Home::with_vault().unwrap();
    let mut headless = home.serve().unwrap();
    let before = headless.0.id();
    let app = App::start(home).unwrap();
    let status = exit_of(&mut headless, PATIENCE).unwrap();
    assert_eq!(status.code(), Some(0));
    app.window.wait_text("Vault locked").unwrap();
    assert_ne!(app.pid().unwrap(), before);
    let status = app
        .home
        .keyward(&["status", "--json"])
        .passphrase(None)
        .output()
        .unwrap()
        .json()
        .unwrap();
    assert_eq!(status["host"]["kind"], "app");
}

/// L-01: as long as the headless host does not go, the window says whom it waits for; then it goes on by itself.
#[test]
fn l01_waiting_for_a_host_that_is_busy() {
    let home = Home::with_vault().unwrap();
    let headless = home.serve().unwrap();
    // Stopped in its tracks: as silent as one in the middle of a refresh.
    signal(headless.0.id(), "STOP").unwrap();
    let app = App::start(home).unwrap();
    app.window.wait_text("keyward serve").unwrap();
    app.picture("waiting").unwrap();
    signal(headless.0.id(), "CONT").unwrap();
    app.window.wait_text("Vault locked").unwrap();
}

/// Killed, it leaves nothing that keeps the next start from working; the theme stands before first paint.
#[test]
fn a_killed_app_leaves_no_trace_and_looks_are_kept() {
    let display = Display::start().unwrap();
    let home = Home::with_vault().unwrap();
    looks(&home, "theme = \"dark\"\n").unwrap();
    let mut killed = start_plain(&home, &display).unwrap();
    let pid = wait_for("a host", PATIENCE, || host(&home).ok()).unwrap();
    assert_eq!(pid, killed.0.id());
    std::thread::sleep(Duration::from_millis(500));
    signal(pid, "KILL").unwrap();
    exit_of(&mut killed, PATIENCE).unwrap();
    let window = Window::open(&display, &binary().unwrap(), &[], &home.environment()).unwrap();
    window.wait_text("Vault locked").unwrap();
    assert_eq!(
        window
            .script("return document.documentElement.dataset.theme", &[])
            .unwrap(),
        "dark"
    );
    let folders = std::process::Command::new("find")
        .arg(home.path().join("run"))
        .args(["-name", "webview-*"])
        .output()
        .unwrap();
    let folders = String::from_utf8_lossy(&folders.stdout).into_owned();
    assert_eq!(folders.lines().count(), 1, "W-09: {folders}");
    assert!(!folders.contains(&format!("webview-{pid}\n")), "W-09: {folders}");
}
