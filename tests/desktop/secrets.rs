//! The life of a secret in the window: what is said about it, old values, elsewhere, and environments side by side.

use keyward_tests::Trouble;
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::process::wait_for;

use crate::app::{App, PATIENCE};

const OLD: &str = "canary-old-Zq91-value";
const NEW: &str = "canary-new-Xy42-value";

#[test]
fn a_secret_lives_in_the_window() {
    let home = Home::with_vault().unwrap();
    let run = |args: &[&str], value: &str| {
        home.keyward(args)
            .stdin(value)
            .output()
            .unwrap()
            .success()
            .unwrap()
    };
    run(&["env", "add", "staging"], "");
    run(&["secret", "add", "KEY", "--rotate-every", "90d"], OLD);
    run(&["secret", "update", "KEY", "--value-stdin"], NEW);
    let app = App::start(home).unwrap();
    unlock(&app).unwrap();
    favourite_and_notes(&app).unwrap();
    old_value(&app).unwrap();
    history(&app).unwrap();
    elsewhere(&app).unwrap();
    environment(&app).unwrap();
}

fn unlock(app: &App) -> Result<(), Trouble> {
    app.window.wait_text("Vault locked")?;
    app.fill("Passphrase", PASSPHRASE)?;
    app.press("Unlock")?;
    app.window.wait_text("remind in")?;
    Ok(())
}

fn favourite_and_notes(app: &App) -> Result<(), Trouble> {
    app.press("Make KEY a favourite")?;
    app.button("KEY is a favourite")?;
    app.press("Edit")?;
    app.window.find("[role=dialog]")?;
    app.fill("Expires optional", "2031-01-31")?;
    app.fill("Notes optional", "ask Priya")?;
    app.picture("02-edit-secret")?;
    app.window
        .click(&app.window.find("[role=dialog] button[type=submit]")?)?;
    app.window.wait_text("KEY saved")?;
    let shown = app
        .home
        .keyward(&["secret", "show", "KEY", "--json"])
        .output()?
        .json()?;
    assert_eq!(
        (&shown["notes"], &shown["favourite"], &shown["version"]),
        (&"ask Priya".into(), &true.into(), &2.into())
    );
    assert!(
        shown["expires_at"]
            .as_str()
            .is_some_and(|at| at.starts_with("2031-01-3")),
        "{shown}"
    );
    Ok(())
}

/// W-08: an older value too is in the page only while it is revealed.
fn old_value(app: &App) -> Result<(), Trouble> {
    assert!(!app.markup()?.contains("canary-"));
    app.reveal("Reveal version 1")?;
    assert_eq!(app.revealed()?, OLD);
    app.picture("02-versions")?;
    app.press("Hide version 1")?;
    wait_for("the value to leave the page", PATIENCE, || {
        (!app.markup().ok()?.contains("canary-")).then_some(())
    })
}

fn history(app: &App) -> Result<(), Trouble> {
    app.press("History")?;
    app.window.wait_text("Value revealed")?;
    app.window.wait_text("New value stored")?;
    app.press("Notes")?;
    app.window.wait_text("ask Priya").map(drop)
}

fn elsewhere(app: &App) -> Result<(), Trouble> {
    app.press("More for KEY")?;
    app.press("Duplicate")?;
    app.window.wait_text("Duplicate KEY")?;
    app.window
        .click(&app.window.find("[role=dialog] button[type=submit]")?)?;
    app.window.wait_text("KEY_2 added")?;
    app.press("More for KEY_2")?;
    app.press("Move or copy")?;
    app.window.wait_text("Copy to Staging")?;
    app.window
        .click(&app.window.find("[role=dialog] button[type=submit]")?)?;
    app.window.wait_text("KEY_2 copied to Staging")?;
    let value = app
        .home
        .keyward(&["get", "KEY_2", "--env", "staging"])
        .output()?
        .success()?;
    assert_eq!(value.stdout, NEW.as_bytes());
    Ok(())
}

fn environment(app: &App) -> Result<(), Trouble> {
    app.press("Switch environment")?;
    app.press("Compare environments")?;
    app.window.wait_text("compared with")?;
    app.window.wait_text("1 key missing on one side")?;
    app.picture("compare")?;
    app.press("Switch environment")?;
    app.press("Edit environment")?;
    app.window
        .click(&app.window.find("[role=dialog] [role=switch]")?)?;
    app.window
        .click(&app.window.find("[role=dialog] button[type=submit]")?)?;
    app.window.wait_text("Treated as production")?;
    app.window.find(".win.prod")?;
    Ok(())
}
