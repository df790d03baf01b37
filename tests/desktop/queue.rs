//! The consent queue in the window (OA13), against a server that nobody here wrote (npm `oidc-provider`).

use std::time::Duration;

use keyward_tests::Trouble;
use keyward_tests::consent::{Choice, give};
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::oidc::{NATIVE_CLIENT, OidcServer};
use keyward_tests::process::wait_for;
use serde_json::{Value, json};

use crate::app::{App, PATIENCE};

/// A window whose browser does nothing, over a vault with two planned connections that somebody else prepared.
fn begin(server: &OidcServer) -> Result<App, Trouble> {
    let home = Home::with_vault()?;
    let roster = json!({
        "auth_clients": [{
            "name": "idp",
            "issuer": server.issuer(),
            "client_id": NATIVE_CLIENT,
            "scopes": ["openid", "offline_access"],
            "authorize_params": { "prompt": "consent" },
        }],
        "connections": [
            { "name": "emea", "title": "Orders EMEA", "auth_client": "idp", "login_hint": "ada" },
            { "name": "apac", "title": "Orders APAC", "auth_client": "idp", "login_hint": "grace" },
        ],
    });
    let path = home.path().join("roster.json");
    std::fs::write(&path, roster.to_string())?;
    home.keyward(&["auth-client", "import", &path.to_string_lossy()])
        .output()?
        .success()?;
    let app = App::start_with(home, "true")?;
    app.window.wait_text("Vault locked")?;
    app.fill("Passphrase", &format!("{PASSPHRASE}\u{E007}"))?;
    app.window.wait_text("Orders EMEA")?;
    app.press("Connections")?;
    app.window.wait_text("2 connections need a person")?;
    app.picture("06-queue-banner")?;
    app.press("Go through")?;
    app.window.wait_text("1 of 2")?;
    Ok(app)
}

/// The link that a button has copied; that of an earlier consent may still be there.
fn copied(app: &App, before: Option<&str>) -> Result<String, Trouble> {
    wait_for("the link on the clipboard", PATIENCE, || {
        app.clipboard("UTF8_STRING")
            .filter(|text| text.contains("code_challenge=") && Some(text.as_str()) != before)
    })
}

/// The keys that are still in the queue, as the command line tells them.
fn left(app: &App) -> Result<Vec<String>, Trouble> {
    let listed = app
        .home
        .keyward(&["consent", "list", "--json"])
        .output()?
        .success()?;
    let queue: Value = serde_json::from_slice(&listed.stdout)?;
    let keys = queue.as_array().into_iter().flatten();
    Ok(keys
        .filter_map(|due| due["connection"]["key"].as_str())
        .map(str::to_owned)
        .collect())
}

/// OA13: one is skipped while its browser is open, one is connected through the link in another browser profile; the
/// summary says so, and the one that is left is gone through again.
#[test]
fn oa13_a_queue_is_gone_through_in_the_window() {
    let server = OidcServer::start(Duration::from_secs(600)).unwrap();
    let app = begin(&server).unwrap();
    // The most urgent first; of two that were planned at once, by key.
    app.window.wait_text("Sign in as grace").unwrap();
    app.picture("06-queue-due").unwrap();
    app.press("Open in browser").unwrap();
    app.window.wait_text("Waiting for you in the browser").unwrap();
    app.press("Copy link").unwrap();
    let first = copied(&app, None).unwrap();
    app.picture("06-queue-live").unwrap();
    app.press("Skip").unwrap();
    app.window.wait_text("2 of 2").unwrap();
    assert!(
        give(&first, Choice::Agree).is_err(),
        "O-20: nobody listens for one that was skipped"
    );

    app.window.wait_text("Sign in as ada").unwrap();
    app.press("Copy link").unwrap();
    app.window.wait_text("Copied the link").unwrap();
    let second = copied(&app, Some(&first)).unwrap();
    app.picture("06-queue-link").unwrap();
    give(&second, Choice::Agree).unwrap();
    app.window.wait_text("1 of 2 connected").unwrap();
    app.picture("06-queue-summary").unwrap();
    assert_eq!(left(&app).unwrap(), ["apac"]);

    app.press("Try the one that is left").unwrap();
    app.window.wait_text("Sign in as grace").unwrap();
    app.press("Copy link").unwrap();
    let third = copied(&app, Some(&second)).unwrap();
    give(&third, Choice::Agree).unwrap();
    app.window.wait_text("It is connected").unwrap();
    assert!(left(&app).unwrap().is_empty());
    app.press("Done").unwrap();
    app.window.wait_text("Orders EMEA").unwrap();
    assert!(!app.window.page_text().unwrap().contains("a person"));
}
