//! The editable grid under a mouse: rows change places while their handle is dragged (UI.md §5).

use keyward_tests::Trouble;
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::process::wait_for;

use crate::app::{App, PATIENCE};

const NAMES: [&str; 4] = ["host", "port", "user", "password"];

/// AM11: the last row becomes the first, one handle further down again, and the order is what is saved.
#[test]
fn am11_rows_are_dragged_by_their_handle() {
    let home = Home::with_vault().unwrap();
    let mut args = vec!["credential", "add", "warehouse"];
    for name in NAMES {
        args.extend(["--var", name]);
    }
    home.keyward(&args)
        .stdin("db.example\n5432\nreporting\ncanary-0c7d\n")
        .output()
        .unwrap()
        .success()
        .unwrap();
    let app = App::start(home).unwrap();
    app.window.wait_text("Vault locked").unwrap();
    app.fill("Passphrase", &format!("{PASSPHRASE}\u{E007}")).unwrap();
    app.press("Custom credentials").unwrap();
    app.press("Edit warehouse").unwrap();
    in_order(&app, &NAMES).unwrap();
    drag(&app, "password", "host").unwrap();
    in_order(&app, &["password", "host", "port", "user"]).unwrap();
    app.picture("03-custom-credential-dragged").unwrap();
    drag(&app, "host", "port").unwrap();
    let wanted = ["password", "port", "host", "user"];
    in_order(&app, &wanted).unwrap();
    app.press("Save").unwrap();
    wait_for("the order in the vault", PATIENCE, || {
        (saved(&app).ok()? == wanted).then_some(())
    })
    .unwrap_or_else(|error| panic!("{error}: {:?}", saved(&app)));
}

fn drag(app: &App, from: &str, to: &str) -> Result<(), Trouble> {
    let grip = |name: &str| {
        app.window.find_xpath(&format!(
            "//*[@role='grid']//*[@data-id][.//*[normalize-space(text())='{name}']]//*[contains(@class,'grip')]"
        ))
    };
    app.window.drag(&grip(from)?, &grip(to)?)
}

/// The names as the grid shows them, once they stand so.
fn in_order(app: &App, wanted: &[&str]) -> Result<(), Trouble> {
    let script = "return [...document.querySelectorAll('[role=grid] [data-id]:not(.new) [data-column=\"0\"]')].map((cell) => cell.textContent.trim())";
    let mut last = String::new();
    wait_for("the rows", PATIENCE, || {
        let names = app.window.script(script, &[]).ok()?;
        last = names.to_string();
        (names == serde_json::json!(wanted)).then_some(())
    })
    .map_err(|error| format!("{error}: {last}, not {wanted:?}").into())
}

fn saved(app: &App) -> Result<Vec<String>, Trouble> {
    let shown = app
        .home
        .keyward(&["credential", "show", "warehouse", "--json"])
        .passphrase(None)
        .output()?
        .json()?;
    let variables = shown["variables"].as_array().into_iter().flatten();
    Ok(variables
        .filter_map(|variable| variable["name"].as_str())
        .map(str::to_owned)
        .collect())
}
