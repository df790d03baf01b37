//! App credentials through the real window: stored, used by a program, made the default, disconnected, deleted.

use keyward_tests::Trouble;
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::process::wait_for;

use crate::app::{App, PATIENCE};

/// In no message, attribute or file unless it was revealed.
const VALUE: &str = "canary-5d1e-Xk42-token";

/// AM4 to AM9, W-08: what a person does with an API key, and what programs get of it meanwhile.
#[test]
fn am6_an_api_key_from_first_to_last() {
    let app = begin().unwrap();
    add(&app, "Work key", VALUE).unwrap();
    assert!(
        !app.markup().unwrap().contains(VALUE),
        "the reply of a create has no value"
    );
    assert_eq!(get(&app, "{vault.WORK_KEY}"), (0, VALUE.to_owned()));
    assert_eq!(
        get(&app, "@stripe"),
        (0, VALUE.to_owned()),
        "the first one is the default"
    );
    app.picture("04-applications").unwrap();

    add(&app, "Spare key", "spare").unwrap();
    app.press("Make Spare key the default for Stripe").unwrap();
    app.window
        .wait_text("Spare key is the default for Stripe now")
        .unwrap();
    assert_eq!(get(&app, "@stripe"), (0, "spare".to_owned()));
    detail(&app).unwrap();
    end(&app).unwrap();
}

fn begin() -> Result<App, Trouble> {
    let app = App::start(Home::with_vault()?)?;
    app.window.wait_text("Vault locked")?;
    app.fill("Passphrase", &format!("{PASSPHRASE}\u{E007}"))?;
    app.press("Applications")?;
    app.window.wait_text("Add your first app credential")?;
    Ok(app)
}

fn add(app: &App, name: &str, value: &str) -> Result<(), Trouble> {
    app.press("New app credential")?;
    app.window.find("[role=dialog]")?;
    app.fill("Application", "Stripe")?;
    let key = app
        .window
        .find("[role=dialog] input[type=radio][value=api_key]")?;
    app.window.click(&key)?;
    app.fill("Credential name", name)?;
    app.fill("Value", value)?;
    app.picture("04-new-credential")?;
    app.window
        .click(&app.window.find("[role=dialog] button[type=submit]")?)?;
    app.window.wait_text(&format!("{name} stored"))
}

/// What a program of this person gets, and the exit status.
fn get(app: &App, reference: &str) -> (i32, String) {
    let outcome = app
        .home
        .keyward(&["get", reference])
        .passphrase(None)
        .output()
        .unwrap();
    (outcome.code(), outcome.text())
}

fn detail(app: &App) -> Result<(), Trouble> {
    let link = app
        .window
        .find_xpath("//a[@data-row and normalize-space(.)='Work key']")?;
    app.window.click(&link)?;
    app.window.wait_text("Header X-API-Key")?;
    app.picture("04-credential-detail")?;
    app.reveal("Reveal value of Value WORK_KEY")?;
    assert_eq!(app.revealed()?, VALUE);
    app.press("Hide value of Value WORK_KEY")?;
    wait_for("the value to leave the page", PATIENCE, || {
        (!app.markup().ok()?.contains(VALUE)).then_some(())
    })?;
    app.press("Copy value of Value WORK_KEY")?;
    let copied = wait_for("the value on the clipboard", PATIENCE, || {
        app.clipboard("UTF8_STRING")
    })?;
    assert_eq!(copied, VALUE);
    // New values are a version; the old ones can be made current.
    app.press("New values")?;
    app.window.find("[role=dialog]")?;
    app.fill("Value", "second")?;
    app.window
        .click(&app.window.find("[role=dialog] button[type=submit]")?)?;
    app.window.wait_text("Work key has version 2 now")?;
    assert_eq!(get(app, "{vault.WORK_KEY}"), (0, "second".to_owned()));
    app.press("Restore version 1")?;
    app.window.wait_text("Version 1 is back as version 3")?;
    assert_eq!(get(app, "{vault.WORK_KEY}"), (0, VALUE.to_owned()));
    Ok(())
}

fn end(app: &App) -> Result<(), Trouble> {
    app.press("Applications")?;
    app.press("Disconnect Work key")?;
    app.window.wait_text("destroys the values")?;
    app.picture("04-disconnect")?;
    confirm(app)?;
    app.window.wait_text("Work key is disconnected")?;
    assert_eq!(
        get(app, "{vault.WORK_KEY}").0,
        7,
        "the definition stays, the values are gone"
    );
    app.press("Delete Work key")?;
    app.window.wait_text("deletes values, versions and settings")?;
    confirm(app)?;
    app.window.wait_text("Work key is deleted")?;
    assert_eq!(get(app, "{vault.WORK_KEY}").0, 3);
    assert_eq!(
        get(app, "@stripe"),
        (0, "spare".to_owned()),
        "the default stays with the other"
    );
    Ok(())
}

/// The last button of the question: it says what it does.
fn confirm(app: &App) -> Result<(), Trouble> {
    app.window
        .click(&app.window.find("[role=alertdialog] .ft button:last-child")?)
}
