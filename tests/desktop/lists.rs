//! The lists of the window: several deleted at once and back again (AM12), the palette, Health.

use std::time::Duration;

use keyward_tests::Trouble;
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::process::wait_for;

use crate::app::{App, PATIENCE};

/// In no message, attribute or clipboard unless it was copied.
const VALUE: &str = "canary-4c1e-Ppq2-value";

/// A home whose vault has five secrets, one of which a program has read.
fn filled() -> Result<Home, Trouble> {
    let home = Home::new()?;
    let recovery = home.path().join("recovery.txt");
    let file = recovery.to_str().ok_or("a path of text")?;
    home.keyward(&[
        "init",
        "--passphrase",
        "--kdf-memory",
        "64",
        "--recovery-file",
        file,
    ])
    .output()?
    .success()?;
    for key in ["ALPHA", "BRAVO", "CHARLIE", "DELTA_PASSWORD", "ECHO"] {
        home.keyward(&["secret", "add", key])
            .stdin(format!("{VALUE}-{key}").as_str())
            .output()?
            .success()?;
    }
    home.keyward(&["get", "BRAVO"]).output()?.success()?;
    Ok(home)
}

#[test]
fn am12_several_are_deleted_and_come_back() {
    let app = App::start(filled().unwrap()).unwrap();
    run(&app).unwrap();
}

fn run(app: &App) -> Result<(), Trouble> {
    app.window.wait_text("Vault locked")?;
    app.fill("Passphrase", PASSPHRASE)?;
    app.press("Unlock")?;
    // Sorted by last use: what a program has read stands first, under today.
    app.window.wait_text("Used today")?;
    let first = app.window.find("[role=option]")?;
    assert!(app.window.text(&first)?.contains("BRAVO"));
    app.picture("02-list-last-used")?;
    select_and_delete(app)?;
    undo(app)?;
    palette(app)?;
    health(app)
}

fn select_and_delete(app: &App) -> Result<(), Trouble> {
    app.press("Select several")?;
    for key in ["ALPHA", "BRAVO", "ECHO"] {
        let row = format!("//*[@role='option'][contains(., '{key}')]");
        app.window.click(&app.window.find_xpath(&row)?)?;
    }
    app.window.wait_text("3 selected")?;
    app.picture("03-bulk-select")?;
    app.press("Delete")?;
    app.window.wait_text("1 of these is in use.")?;
    app.window.wait_text("read once")?;
    app.picture("03-bulk-delete")?;
    // Not before the number is typed.
    let disabled =
        "return document.querySelector('[role=alertdialog] .btn.dan').getAttribute('aria-disabled')";
    assert_eq!(app.window.script(disabled, &[])?, "true");
    app.fill("Type delete 3 to confirm", "delete 3")?;
    app.press("Delete 3 items")?;
    app.window.wait_text("3 items deleted")?;
    let keys = keys(app)?;
    assert_eq!(keys, ["CHARLIE", "DELTA_PASSWORD"]);
    Ok(())
}

/// What the command line lists.
fn keys(app: &App) -> Result<Vec<String>, Trouble> {
    let list = app
        .home
        .keyward(&["secret", "list", "--json"])
        .passphrase(None)
        .output()?
        .json()?;
    let rows = list.as_array().into_iter().flatten();
    Ok(rows
        .filter_map(|row| row["key"].as_str())
        .map(str::to_owned)
        .collect())
}

fn undo(app: &App) -> Result<(), Trouble> {
    app.press("Undo")?;
    app.window.wait_text("3 items back")?;
    let back = wait_for("all five", PATIENCE, || {
        keys(app).ok().filter(|keys| keys.len() == 5)
    })?;
    assert_eq!(back, ["ALPHA", "BRAVO", "CHARLIE", "DELTA_PASSWORD", "ECHO"]);
    Ok(())
}

/// Opened by its keys; copies a reference and a value, and shows none.
fn palette(app: &App) -> Result<(), Trouble> {
    let press = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: arguments[0], code: arguments[1], ctrlKey: true, shiftKey: arguments[2], bubbles: true, cancelable: true }))";
    app.window
        .script(press, &["k".into(), "KeyK".into(), false.into()])?;
    let field = app.window.find("[role=combobox]")?;
    app.window.keys(&field, "delt")?;
    app.window
        .find_xpath("//*[@role='option'][@aria-selected='true'][contains(., 'DELTA_PASSWORD')]")?;
    app.picture("02-command-palette")?;
    app.window
        .script(press, &["C".into(), "KeyC".into(), true.into()])?;
    let reference = wait_for("the reference on the clipboard", PATIENCE, || {
        app.clipboard("UTF8_STRING").filter(|text| text.contains("DELTA"))
    })?;
    assert_eq!(reference, "{vault.DELTA_PASSWORD}");
    // The palette closes once it knows that the copy is made: keys pressed before that go to the one that is closing.
    wait_for("the end of the palette", PATIENCE, || {
        (app.window.count("[role=combobox]").ok()? == 0).then_some(())
    })?;
    app.window
        .script(press, &["k".into(), "KeyK".into(), false.into()])?;
    app.window.keys(&app.window.find("[role=combobox]")?, "delt")?;
    app.window
        .find_xpath("//*[@role='option'][@aria-selected='true'][contains(., 'DELTA_PASSWORD')]")?;
    app.window
        .script(press, &["c".into(), "KeyC".into(), false.into()])?;
    let copied = wait_for("the value on the clipboard", PATIENCE, || {
        app.clipboard("UTF8_STRING")
            .filter(|text| text.contains("canary"))
    })?;
    assert_eq!(copied, format!("{VALUE}-DELTA_PASSWORD"));
    assert!(!app.markup()?.contains(VALUE), "a value came into the page");
    app.press("Clear now")
}

fn health(app: &App) -> Result<(), Trouble> {
    // The same value twice.
    for key in ["TWIN_A", "TWIN_B"] {
        app.home
            .keyward(&["secret", "add", key])
            .passphrase(None)
            .stdin("twin-value-1")
            .output()?
            .success()?;
    }
    app.press("Health")?;
    app.window.wait_text("stands in several places")?;
    app.window.wait_text("also default/TWIN_B")?;
    app.picture("07-health")?;
    assert!(
        !app.markup()?.contains("twin-value-1"),
        "a value came into the page"
    );
    app.press("Store a new value for TWIN_A")?;
    app.window.wait_text("Store a new value")?;
    std::thread::sleep(Duration::from_millis(300));
    app.picture("07-health-new-value")
}
