//! The ground the OAuth journeys stand on: the authorization server is real and strict, and counts.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use keyward_tests::consent::{self, Choice};
use keyward_tests::http::{self, Answer};
use keyward_tests::oidc::{NATIVE_CLIENT, NO_REFRESH_CLIENT, OidcServer};

// RFC 7636 Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A listener as a native program has one: takes one callback, answers, gives the request line's target.
fn listen() -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let redirect = format!("http://{}/callback", listener.local_addr().unwrap());
    let waiting = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0_u8; 4096];
        let read = stream.read(&mut request).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
            .unwrap();
        String::from_utf8_lossy(&request[..read])
            .split(' ')
            .nth(1)
            .unwrap()
            .to_owned()
    });
    (redirect, waiting)
}

fn authorization_url(server: &OidcServer, client: &str, redirect: &str) -> String {
    format!(
        "{}/auth?response_type=code&client_id={client}&redirect_uri={}&scope=openid%20offline_access%20api%3Aread&prompt=consent&state=s1&code_challenge={CHALLENGE}&code_challenge_method=S256",
        server.issuer(),
        http::encode(redirect),
    )
}

fn token(server: &OidcServer, fields: &[(&str, &str)]) -> Answer {
    http::post_form(&format!("{}/token", server.issuer()), &[], fields).unwrap()
}

fn exchange(server: &OidcServer, client: &str) -> serde_json::Value {
    let (redirect, waiting) = listen();
    let page = consent::give(&authorization_url(server, client, &redirect), Choice::Agree).unwrap();
    assert_eq!(page.text(), "ok");
    let target = waiting.join().unwrap();
    assert_eq!(http::query(&target, "state").as_deref(), Some("s1"));
    assert_eq!(
        http::query(&target, "iss").as_deref(),
        Some(server.issuer()),
        "RFC 9207"
    );
    let code = http::query(&target, "code").unwrap();
    let answer = token(
        server,
        &[
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", &code),
            ("redirect_uri", &redirect),
            ("code_verifier", VERIFIER),
        ],
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json().unwrap()
}

#[test]
fn code_flow_refresh_and_reuse_are_counted() {
    let server = OidcServer::start(Duration::from_secs(5)).unwrap();
    let first = exchange(&server, NATIVE_CLIENT);
    assert_eq!(first["expires_in"], 5);
    assert_eq!(server.refreshes().unwrap(), 0);

    let old = first["refresh_token"].as_str().unwrap();
    let refresh = |token_now: &str| {
        token(
            &server,
            &[
                ("grant_type", "refresh_token"),
                ("client_id", NATIVE_CLIENT),
                ("refresh_token", token_now),
            ],
        )
    };
    let second = refresh(old).json().unwrap();
    assert_ne!(second["access_token"], first["access_token"]);
    assert_ne!(
        second["refresh_token"], first["refresh_token"],
        "refresh tokens rotate"
    );
    assert_eq!(server.refreshes().unwrap(), 1);

    // O-58: a second use of the old one ends the whole family.
    assert_eq!(refresh(old).json().unwrap()["error"], "invalid_grant");
    assert_eq!(server.grants_revoked().unwrap(), 1);
    assert_eq!(
        refresh(second["refresh_token"].as_str().unwrap()).json().unwrap()["error"],
        "invalid_grant"
    );
    assert_eq!(server.refreshes().unwrap(), 3);
}

#[test]
fn the_server_fails_and_shortens_lives_on_request() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    server.set_ttl(Duration::from_secs(7)).unwrap();
    let tokens = exchange(&server, NATIVE_CLIENT);
    assert_eq!(tokens["expires_in"], 7);
    let now = tokens["refresh_token"].as_str().unwrap();
    let refresh = || {
        token(
            &server,
            &[
                ("grant_type", "refresh_token"),
                ("client_id", NATIVE_CLIENT),
                ("refresh_token", now),
            ],
        )
    };
    server.fail_next(1, 503, "temporarily_unavailable").unwrap();
    assert_eq!(refresh().status, 503);
    assert_eq!(refresh().status, 200, "a failure on request changed nothing");
    let seen = server.requests().unwrap();
    assert_eq!(
        seen.iter().map(|seen| seen.status).collect::<Vec<_>>(),
        [200, 503, 200]
    );
}

#[test]
fn one_client_never_gets_a_refresh_token() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    assert!(exchange(&server, NO_REFRESH_CLIENT)["refresh_token"].is_null());
}

#[test]
fn a_person_can_refuse() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let url = authorization_url(&server, NATIVE_CLIENT, "http://127.0.0.1:1/callback");
    let back = consent::redirect_of(&url, Choice::Refuse).unwrap();
    assert_eq!(http::query(&back, "error").as_deref(), Some("access_denied"));
}
