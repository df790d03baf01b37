//! A custom credential in the window: made by pasting lines, used by the command line, deleted and brought back.

use keyward_tests::Trouble;
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::process::wait_for;

use crate::app::{App, PATIENCE};

const VALUE: &str = "canary-5b2e-Kd83-value";

/// AM11, AM12; AM3: custom credentials have a page of their own beside applications.
#[test]
fn am11_am12_pasted_saved_used_deleted_and_back() {
    let app = App::start(Home::with_vault().unwrap()).unwrap();
    app.window.wait_text("Vault locked").unwrap();
    app.fill("Passphrase", &format!("{PASSPHRASE}\u{E007}")).unwrap();
    app.press("Custom credentials").unwrap();
    app.window.wait_text("No custom credentials here").unwrap();
    paste_and_save(&app).unwrap();
    assert_eq!(get(&app, "{vault.WAREHOUSE_DATABASE.password}"), VALUE);
    assert_eq!(
        get(&app, "keyward://WAREHOUSE_DATABASE"),
        format!("{{\"host\":\"db.example\",\"password\":\"{VALUE}\"}}")
    );
    reveal(&app).unwrap();
    delete_and_undo(&app).unwrap();
}

fn get(app: &App, reference: &str) -> String {
    let run = app.home.keyward(&["get", reference]).passphrase(None);
    run.output().unwrap().success().unwrap().text()
}

fn paste_and_save(app: &App) -> Result<(), Trouble> {
    app.press("New custom credential")?;
    app.window.wait_text("New variables are masked")?;
    app.fill("Name", "Warehouse database")?;
    app.copy_elsewhere(&format!(
        "# warehouse\nhost=db.example\nexport password='{VALUE}'\n"
    ))?;
    let cell = app.window.find("[role=gridcell][tabindex='0']")?;
    // Control v, and the control key let go.
    app.window.keys(&cell, "\u{E009}v\u{E000}")?;
    app.window.wait_text("Fill 2 variables")?;
    app.picture("03-paste")?;
    assert!(!app.markup()?.contains(VALUE), "a pasted value is in the page");
    app.press("Fill 2 rows")?;
    app.window.wait_text("not saved")?;
    app.picture("03-custom-credential-new")?;
    app.press("Add credential")?;
    app.window.wait_text("WAREHOUSE_DATABASE added")?;
    assert!(!app.markup()?.contains(VALUE), "a saved value stayed in the page");
    app.picture("03-custom-credential")
}

/// W-08: one value, when it is asked for, and gone on Esc.
fn reveal(app: &App) -> Result<(), Trouble> {
    app.reveal("Show value of password")?;
    wait_for("the value", PATIENCE, || {
        app.markup().ok()?.contains(VALUE).then_some(())
    })?;
    app.picture("03-custom-credential-revealed")?;
    app.press("Hide value of password")?;
    wait_for("the value to leave the page", PATIENCE, || {
        (!app.markup().ok()?.contains(VALUE)).then_some(())
    })
}

/// AM12: what was read lately is named, and its number typed; Undo brings it back.
fn delete_and_undo(app: &App) -> Result<(), Trouble> {
    app.press("Back to the list")?;
    let check = app.window.find("[aria-label='Select Warehouse database']")?;
    app.window.click(&check)?;
    app.window.wait_text("1 selected")?;
    app.picture("03-bulk-select")?;
    app.press("Delete 1")?;
    app.window.wait_text("in use")?;
    app.picture("03-bulk-delete")?;
    let field = app.window.find("[role=alertdialog] input")?;
    app.window.keys(&field, "delete 1\u{E007}")?;
    app.window.wait_text("deleted")?;
    let gone = app
        .home
        .keyward(&["get", "WAREHOUSE_DATABASE"])
        .passphrase(None)
        .output()?;
    assert_eq!(gone.code(), 3, "{}", gone.said());
    app.press("Undo")?;
    app.window.wait_text("is back")?;
    assert_eq!(get(app, "{vault.WAREHOUSE_DATABASE.host}"), "db.example");
    Ok(())
}
