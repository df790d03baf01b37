//! `connect`: the link, the browser, strangers at the listener, and every way a consent ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use keyward_tests::consent;
use keyward_tests::consent::Choice;
use keyward_tests::home::{Home, PASSPHRASE};
use keyward_tests::http;
use keyward_tests::oidc::{CONFIDENTIAL_CLIENT, NATIVE_CLIENT, OidcServer};
use keyward_tests::place;
use keyward_tests::process::signal;
use serde_json::json;

use crate::common::{Terminal, error, has_members, hint, json, keychain_home, ok, passphrase_home, refused};
use crate::provider::{
    ASKED, CONNECTION, Ground, LIMIT, add_client, begin, connect, connecting, document, ground, is_closed,
    show,
};

/// A browser that writes down what it can read of descriptor 3 and of its variable, then consents.
fn curious_browser(home: &Home) -> (PathBuf, PathBuf) {
    let (script, seen) = (home.path().join("browser"), home.path().join("seen"));
    let consent = place::binary("keyward-tests", "keyward-consent").unwrap();
    let text = format!(
        "#!/bin/sh\n{{ (cat <&3) 2>/dev/null || echo closed; echo \"${{KEYWARD_PASSPHRASE_FD-unset}}\"; }} >'{}'\nexec '{}' \"$@\"\n",
        seen.display(),
        consent.display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    (script, seen)
}

/// The browser is another program: it gets neither the passphrase's descriptor nor its variable, whether the
/// passphrase was read, needless through a host, or needless beside a keychain.
#[test]
fn o07_the_browser_gets_nothing_of_ours() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let connected = |home: &Home| {
        let (script, seen) = curious_browser(home);
        let connection = json(
            &home
                .keyward(&["connect", "SHOP", "--json", "--timeout", "30s"])
                .passphrase(Some(PASSPHRASE))
                .var("BROWSER", script.to_str().unwrap()),
        );
        assert_eq!(connection["state"], "ready");
        assert_eq!(fs::read_to_string(&seen).unwrap(), "closed\nunset\n");
    };
    let home = passphrase_home();
    add_client(&home, &server, "idp", NATIVE_CLIENT, &[]);
    connected(&home);
    let host = home.serve().unwrap();
    connected(&home);
    drop(host);

    let home = keychain_home();
    add_client(&home, &server, "idp", NATIVE_CLIENT, &[]);
    connected(&home);
}

/// Before there is a consent a signal ends `connect` at once, also while a host does not answer.
#[test]
fn o22_a_signal_before_the_consent_ends_it() {
    let home = passphrase_home();
    let host = home.serve().unwrap();
    signal(host.0.id(), "STOP").unwrap();
    for (name, status) in [("INT", 130), ("TERM", 143)] {
        let mut running = home
            .keyward(&["connect", "SHOP", "--no-browser"])
            .start()
            .unwrap();
        std::thread::sleep(Duration::from_millis(500));
        signal(running.process.0.id(), name).unwrap();
        assert_eq!(running.wait(LIMIT).unwrap().code(), Some(status));
    }
}

/// OA1: `--no-browser` prints the link and waits; O-23, O-24, O-26: strangers neither finish nor abort it.
#[test]
fn o23_a_link_and_strangers_at_the_listener() {
    let Ground { home, server } = ground(90);
    let (mut running, link) = begin(&home, "SHOP", &[]);
    let redirect = http::query(&link, "redirect_uri").unwrap();
    let state = http::query(&link, "state").unwrap();
    let (authority, _) = http::split(&redirect).unwrap();
    for (query, status) in [
        ("", 400),
        ("?code=x", 400),
        ("?state=wrong&code=x", 400),
        ("?error=access_denied", 400),
        ("?error=access_denied&state=wrong", 400),
    ] {
        assert_eq!(
            http::get(&format!("{redirect}{query}"), &[]).unwrap().status,
            status,
            "{query}"
        );
    }
    let doubled = format!("{redirect}?state={state}&state={state}&code=x");
    assert_eq!(http::get(&doubled, &[]).unwrap().status, 400);
    assert_eq!(
        http::get(&format!("http://{authority}/favicon.ico"), &[])
            .unwrap()
            .status,
        404
    );
    assert_eq!(
        http::send("HEAD", &redirect, &[], b"")
            .map(|answer| answer.status)
            .unwrap_or(405),
        405
    );
    assert_eq!(http::send("POST", &redirect, &[], b"").unwrap().status, 405);
    assert!(
        running.process.0.try_wait().unwrap().is_none(),
        "the flow goes on"
    );
    assert_eq!(consent::give(&link, Choice::Agree).unwrap().status, 200);
    let connection = document(&mut running);
    assert_eq!(
        (&connection["key"], &connection["state"]),
        (&json!("SHOP"), &json!("ready"))
    );
    is_closed(&link);
    let codes = server.requests().unwrap();
    assert_eq!(
        codes
            .iter()
            .filter(|seen| seen.grant_type == "authorization_code")
            .count(),
        1,
        "O-24: {codes:?}"
    );

    // Without a browser that starts, the link is shown all the same.
    let mut running = home
        .keyward(&["connect", "SHOP", "--json"])
        .var("BROWSER", "/no/such/browser:false")
        .var("PATH", "/no/such/folder")
        .start()
        .unwrap();
    let link = running
        .stderr
        .find("open: URL", LIMIT, |line| {
            line.strip_prefix("open: ").map(str::to_owned)
        })
        .unwrap();
    consent::give(&link, Choice::Agree).unwrap();
    assert_eq!(document(&mut running)["id"], connection["id"]);
}

/// O-33: what the provider's page may answer. Denied = 5; nothing is stored.
#[test]
fn o33_denial_is_5() {
    let Ground { home, server } = ground(90);
    let denied = error(
        &connecting(&home, "SHOP", &[]).var("KEYWARD_TEST_CONSENT", "refuse"),
        5,
    );
    assert!(
        denied["message"].as_str().unwrap().contains("access_denied") && !hint(&denied).is_empty(),
        "{denied}"
    );
    error(&home.keyward(&["connection", "show", "SHOP", "--json"]), 3);
    refused(&connecting(&home, "SHOP", &["--scope", "a b"]), 2);
    // A request that the provider does not take.
    let (mut running, link) = begin(&home, "SHOP", &["--param", "max_age=soon"]);
    consent::give(&link, Choice::Agree).unwrap();
    let ended = running.wait(LIMIT).unwrap();
    assert_eq!(ended.code(), Some(8), "{:?}", running.stderr.seen());
    is_closed(&link);
    assert!(server.requests().unwrap().is_empty());
    // A Connection that exists survives a denial.
    let connection = connect(&home, "SHOP", &[]);
    error(
        &connecting(&home, "SHOP", &[]).var("KEYWARD_TEST_CONSENT", "refuse"),
        5,
    );
    assert_eq!(show(&home, "SHOP"), connection);
    ok(&home.keyward(&["token", "SHOP"]));
    // O-61: a client secret that the provider does not take. It looks like a number and stays one (EL13).
    let add = [
        "auth-client",
        "add",
        "wrong",
        "--type",
        "oauth2",
        "--issuer",
        server.issuer(),
        "--client-id",
        CONFIDENTIAL_CLIENT,
        "--client-secret-stdin",
    ];
    ok(&home.keyward(&[&add[..], &ASKED].concat()).stdin("0012345678"));
    let failed = error(&connecting(&home, "WRONG", &["--auth-client", "wrong"]), 8);
    assert!(
        failed.to_string().contains("invalid_client") && !failed.to_string().contains("0012345678"),
        "{failed}"
    );
}

/// CLI.md, status 7: `connect` timed out. A signal ends it as well; the listener closes either way (O-20, O-22).
#[test]
fn o22_a_time_out_is_7() {
    let Ground { home, .. } = ground(90);
    let began = Instant::now();
    let (mut running, link) = begin(&home, "SHOP", &["--timeout", "1s"]);
    assert_eq!(running.wait(LIMIT).unwrap().code(), Some(7));
    assert!(began.elapsed() < Duration::from_secs(10));
    std::thread::sleep(Duration::from_millis(50));
    let last = running.stderr.seen().last().cloned().unwrap();
    assert!(last.contains("\"needs_consent\""), "{last}");
    assert!(running.stdout.seen().is_empty());
    is_closed(&link);
    error(&home.keyward(&["connection", "show", "SHOP", "--json"]), 3);
    for name in ["TERM", "INT"] {
        let (mut running, link) = begin(&home, "SHOP", &[]);
        signal(running.process.0.id(), name).unwrap();
        assert_eq!(running.wait(LIMIT).unwrap().code(), Some(5));
        is_closed(&link);
    }
}

/// O-36: on a terminal the address the browser ended at can be pasted.
#[test]
fn o36_pasting_the_address() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let home = passphrase_home();
    add_client(&home, &server, "idp", NATIVE_CLIENT, &[]);
    let _host = home.serve().unwrap();
    let mut terminal = Terminal::keyward(&home, &["connect", "SHOP", "--no-browser"]);
    terminal.expect("open: ");
    terminal.expect("Waiting");
    let screen = terminal.screen();
    let link = screen
        .split("open: ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .next()
        .unwrap();
    terminal.enter("https://somewhere.example/else");
    terminal.expect("does not answer");
    let back = consent::redirect_of(link, Choice::Agree).unwrap();
    let mut forged = back.clone();
    forged.truncate(back.find("state=").unwrap());
    terminal.enter(&format!("{forged}state=wrong"));
    terminal.expect("does not answer");
    terminal.enter(&back);
    assert!(terminal.end().success(), "{}", terminal.screen());
    terminal.expect("SHOP");
    is_closed(link);
    assert_eq!(show(&home, "SHOP")["state"], "ready");
}

/// Through a host the result is the same: the browser is the one of the command's own environment, not of the host's.
/// `lock` cancels flows (CLI.md).
#[test]
fn st5_lock_cancels_a_flow_in_the_host() {
    let Ground { home, server } = ground(90);
    let _host = home.serve().unwrap();
    let connection = connect(&home, "SHOP", &[]);
    has_members(&connection, CONNECTION);
    let token = ok(&home.keyward(&["token", "SHOP"])).text();

    let (mut running, link) = begin(&home, "SHOP", &[]);
    ok(&home.keyward(&["lock"]));
    let ended = running.wait(LIMIT).unwrap();
    assert_ne!(ended.code(), Some(0));
    is_closed(&link);
    refused(&home.keyward(&["token", "SHOP"]), 4);
    ok(&home.keyward(&["unlock"]));
    assert_eq!(ok(&home.keyward(&["token", "SHOP"])).text(), token);
    assert_eq!(show(&home, "SHOP")["id"], connection["id"]);
    assert_eq!(server.grants_revoked().unwrap(), 0);

    // A killed `connect` does not end the host's flow before its time, and several run at once (OA1).
    let (mut one, first) = begin(&home, "ONE", &[]);
    let (mut two, second) = begin(&home, "TWO", &[]);
    consent::give(&second, Choice::Agree).unwrap();
    consent::give(&first, Choice::Agree).unwrap();
    assert_eq!(
        (
            document(&mut one)["key"].clone(),
            document(&mut two)["key"].clone()
        ),
        (json!("ONE"), json!("TWO"))
    );
}
