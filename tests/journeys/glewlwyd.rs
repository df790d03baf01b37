//! The lifecycle against a server of another house (Debian's `glewlwyd`): strict about ports, about PKCE, and about
//! refresh tokens that come twice (OA2, OA3, O-16, O-48, O-51, O-54).

use std::net::TcpListener;
use std::time::Duration;

use keyward_tests::glewlwyd::{Glewlwyd, MACHINE_CLIENT, PUBLIC_CLIENT, Pushed, SECRET};
use keyward_tests::home::Home;
use keyward_tests::http;
use serde_json::Value;

use crate::common::{KeychainHome, error, json, keychain_home, ok};
use crate::provider::{LIMIT, begin, document, show};

const MINUTE: Duration = Duration::from_secs(60);

/// A home, the server, and the redirect that its clients are registered with.
struct Ground {
    home: KeychainHome,
    server: Glewlwyd,
    redirect: String,
}

/// `None` where the server is not installed; a machine of CI has it (`cargo xtask packages`).
fn ground(pushed: Pushed) -> Option<Ground> {
    if !Glewlwyd::is_there() {
        assert!(
            std::env::var_os("CI").is_none(),
            "cargo xtask packages installs glewlwyd"
        );
        return None;
    }
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let server = Glewlwyd::start(&format!("http://127.0.0.1:{port}/callback"), MINUTE, pushed).unwrap();
    Some(Ground {
        home: keychain_home(),
        server,
        redirect: format!("fixed:{port}/callback"),
    })
}

/// `auth-client add KEY --issuer … --scope openid --scope api` with these.
fn add(ground: &Ground, key: &str, more: &[&str]) -> Value {
    let issuer = ground.server.issuer();
    let fixed = [
        "auth-client",
        "add",
        key,
        "--type",
        "oauth2",
        "--issuer",
        &issuer,
        "--json",
    ];
    json(&ground.home.keyward(&[&fixed[..], more].concat()))
}

fn add_public(ground: &Ground) -> Value {
    let client = ["--client-id", PUBLIC_CLIENT, "--redirect", &ground.redirect];
    add(
        ground,
        "idp",
        &[&client[..], &["--scope", "openid", "--scope", "api"]].concat(),
    )
}

/// The client with a secret.
fn add_with_secret(ground: &Ground, more: &[&str]) {
    let issuer = ground.server.issuer();
    let fixed = [
        "auth-client",
        "add",
        "idp",
        "--type",
        "oauth2",
        "--issuer",
        &issuer,
        "--client-id",
        MACHINE_CLIENT,
        "--client-auth",
        "basic",
        "--client-secret-stdin",
    ];
    let run = ground.home.keyward(&[&fixed[..], more].concat());
    ok(&run.stdin(SECRET.as_bytes()));
}

fn token(home: &Home) -> String {
    ok(&home.keyward(&["token", "SHOP"])).text().trim().to_owned()
}

/// O-47, O-48, O-54, O-58, OA11: code, PKCE, a secret and a signed ID token; each refresh token used once, in a chain that
/// one reuse would end; and the tokens revoked at the end.
#[test]
fn o54_a_strict_server_of_another_house_sees_each_refresh_token_once() {
    let Some(ground) = ground(Pushed::May) else { return };
    add_with_secret(
        &ground,
        &[
            "--redirect",
            &ground.redirect,
            "--scope",
            "openid",
            "--scope",
            "api",
        ],
    );
    let (mut running, link) = begin(&ground.home, "SHOP", &[]);
    ground.server.give(&link).unwrap();
    let connection = document(&mut running);
    assert_eq!(connection["state"], "ready", "{connection}");
    assert_eq!(connection["refresh_token"], true);
    assert!(connection["account"].is_string(), "{connection}");
    let mut seen = vec![token(&ground.home)];
    assert!(ground.server.is_active(&seen[0]).unwrap());
    for _ in 0..3 {
        ok(&ground.home.keyward(&["connection", "refresh", "SHOP"]));
        let fresh = token(&ground.home);
        assert!(!seen.contains(&fresh));
        seen.push(fresh);
    }
    assert_eq!(show(&ground.home, "SHOP")["state"], "ready");
    ok(&ground.home.keyward(&["connection", "disconnect", "SHOP"]));
    assert!(
        !ground.server.is_active(&seen[3]).unwrap(),
        "revoked at the provider"
    );
    assert_eq!(show(&ground.home, "SHOP")["state"], "disconnected");
}

/// OA10, O-60: it refuses a token that was taken back with an empty answer. That is too little to end a grant by; the
/// doctor says what it may be, and the act it names mends it.
#[test]
fn oa10_a_refusal_without_a_word_is_explained() {
    let Some(ground) = ground(Pushed::May) else { return };
    add_public(&ground);
    let (mut running, link) = begin(&ground.home, "SHOP", &[]);
    ground.server.give(&link).unwrap();
    document(&mut running);
    ground.server.take_back().unwrap();
    let refused = error(
        &ground.home.keyward(&["connection", "refresh", "SHOP", "--json"]),
        8,
    );
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("without giving a reason"),
        "{refused}"
    );
    assert_eq!(show(&ground.home, "SHOP")["state"], "ready");
    let why = json(&ground.home.keyward(&["connection", "why", "SHOP", "--json"]));
    assert_eq!(why["causes"][0]["id"], "refused_without_reason", "{why}");
    assert_eq!(why["causes"][0]["command"], "keyward connect SHOP");
    let (mut running, link) = begin(&ground.home, "SHOP", &[]);
    ground.server.give(&link).unwrap();
    assert_eq!(document(&mut running)["error"], Value::Null);
    ok(&ground.home.keyward(&["connection", "refresh", "SHOP"]));
}

/// O-16: where it takes no other request, it is pushed.
#[test]
fn o16_a_server_that_wants_every_request_pushed() {
    let Some(ground) = ground(Pushed::Must) else {
        return;
    };
    add_public(&ground);
    let (mut running, link) = begin(&ground.home, "SHOP", &[]);
    assert!(http::query(&link, "request_uri").is_some(), "{link}");
    assert_eq!(http::query(&link, "scope"), None);
    ground.server.give(&link).unwrap();
    assert_eq!(document(&mut running)["state"], "ready");
    ok(&ground.home.keyward(&["connection", "refresh", "SHOP"]));
}

/// O-51: a code of another device.
#[test]
fn o51_a_device_code_of_another_house() {
    let Some(ground) = ground(Pushed::May) else { return };
    let client = ["--client-id", PUBLIC_CLIENT, "--grant", "device_code"];
    add(
        &ground,
        "tv",
        &[&client[..], &["--scope", "openid", "--scope", "api"]].concat(),
    );
    let (mut running, address) = begin(&ground.home, "SHOP", &[]);
    let code = running
        .stderr
        .find("code", LIMIT, |line| {
            line.strip_prefix("code: ").map(str::to_owned)
        })
        .unwrap();
    ground.server.on_another_device(&address, &code).unwrap();
    assert_eq!(document(&mut running)["state"], "ready");
    ok(&ground.home.keyward(&["connection", "refresh", "SHOP"]));
}

/// OA2, O-47: nobody consents; another secret is refused with an empty answer too.
#[test]
fn o47_client_credentials_by_basic_at_another_house() {
    let Some(ground) = ground(Pushed::May) else { return };
    add_with_secret(&ground, &["--grant", "client_credentials", "--scope", "api"]);
    ok(&ground.home.keyward(&["connect", "SHOP"]));
    assert!(ground.server.is_active(&token(&ground.home)).unwrap());
    // Another secret: it is the registration that is at fault, and nobody is asked to consent.
    let update = ground
        .home
        .keyward(&["auth-client", "update", "idp", "--client-secret-stdin"]);
    ok(&update.stdin(b"another".as_slice()));
    let refused = error(
        &ground.home.keyward(&["connection", "refresh", "SHOP", "--json"]),
        8,
    );
    let said = refused["message"].as_str().unwrap();
    assert!(said.contains("without giving a reason"), "{refused}");
}

/// OA3: it registers a client, which comes back to the address that was registered.
#[test]
fn oa3_another_house_registers_a_client() {
    let Some(ground) = ground(Pushed::May) else { return };
    let made = add(
        &ground,
        "idp",
        &["--redirect", &ground.redirect, "--scope", "openid"],
    );
    assert!(
        made["client_id"].as_str().is_some_and(|id| !id.is_empty()),
        "{made}"
    );
    let (mut running, link) = begin(&ground.home, "SHOP", &[]);
    ground.server.give(&link).unwrap();
    assert_eq!(document(&mut running)["state"], "ready");
}
