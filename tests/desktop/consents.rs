//! The Connect panel when things do not go straight: refused, on another computer, without a refresh token, timed out.

use std::time::Duration;

use keyward_tests::Trouble;
use keyward_tests::consent::{Choice, give, redirect_of};
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::oidc::{NATIVE_CLIENT, NO_REFRESH_CLIENT, OidcServer};
use keyward_tests::process::wait_for;

use crate::app::{App, PATIENCE};

/// A window whose browser does nothing, over a vault with one auth client.
fn begin(server: &OidcServer, client: &str) -> Result<App, Trouble> {
    let home = Home::with_vault()?;
    let params = ["--scope", "openid", "--authorize-param", "prompt=consent"];
    let base = [
        "auth-client",
        "add",
        "provider",
        "--type",
        "oauth2",
        "--issuer",
        server.issuer(),
        "--client-id",
        client,
    ];
    home.keyward(&[&base[..], &params[..]].concat())
        .output()?
        .success()?;
    let app = App::start_with(home, "true")?;
    app.window.wait_text("Vault locked")?;
    app.fill("Passphrase", &format!("{PASSPHRASE}\u{E007}"))?;
    app.window.wait_text("Auth clients")?;
    app.press("Connections")?;
    // The list that loads has a button of that name as well, and goes away.
    app.window.wait_text("No connections in this environment")?;
    app.window.press("Connect")?;
    app.window.wait_text("Ready to connect")?;
    app.window.empty("Connection name")?;
    app.fill("Connection name", "Some account")?;
    Ok(app)
}

/// Presses Connect and takes the link as a person does: from the clipboard.
fn link(app: &App, button: &str) -> Result<String, Trouble> {
    app.press(button)?;
    app.window.wait_text("Waiting for you in the browser")?;
    // That of an earlier consent may still be there.
    let before = app.clipboard("UTF8_STRING");
    app.press("Copy link")?;
    wait_for("the link on the clipboard", PATIENCE, || {
        app.clipboard("UTF8_STRING")
            .filter(|text| text.contains("code_challenge=") && Some(text) != before.as_ref())
    })
}

#[test]
fn refused_then_pasted_from_another_computer() {
    let server = OidcServer::start(Duration::from_secs(600)).unwrap();
    let app = begin(&server, NATIVE_CLIENT).unwrap();
    let first = link(&app, "Connect in the browser").unwrap();
    app.picture("05-connect-live").unwrap();
    give(&first, Choice::Refuse).unwrap();
    app.window.wait_text("The provider’s page said no").unwrap();
    app.picture("05-connect-denied").unwrap();
    // O-36: the final address, carried here by hand; one of another attempt does not end this one.
    let stale = redirect_of(&first, Choice::Refuse).unwrap_or_else(|_| format!("{first}&code=x"));
    let second = link(&app, "Try again").unwrap();
    assert_ne!(first, second);
    app.press("Paste the final address").unwrap();
    app.fill("Final address", &stale).unwrap();
    app.press("Use this address").unwrap();
    app.window.find("[role=alert]").unwrap();
    let address = redirect_of(&second, Choice::Agree).unwrap();
    app.window.empty("Final address").unwrap();
    app.fill("Final address", &address).unwrap();
    app.press("Use this address").unwrap();
    app.window
        .wait_text("Programs get a fresh token by the key some_account")
        .unwrap();
}

#[test]
fn connected_without_a_refresh_token_and_stopped() {
    let server = OidcServer::start(Duration::from_secs(600)).unwrap();
    let app = begin(&server, NO_REFRESH_CLIENT).unwrap();
    let first = link(&app, "Connect in the browser").unwrap();
    app.press("Cancel").unwrap();
    app.window
        .wait_text("The port is closed and nothing was stored")
        .unwrap();
    assert!(
        give(&first, Choice::Agree).is_err(),
        "O-27: nobody listens after Cancel"
    );
    let second = link(&app, "Try again").unwrap();
    give(&second, Choice::Agree).unwrap();
    app.window.wait_text("Connected, but only until").unwrap();
    app.picture("05-connect-no-refresh-token").unwrap();
    app.press("Keep as it is").unwrap();
    app.window.wait_text("No refresh token").unwrap();
}
