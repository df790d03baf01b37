//! `provider check`: an entry of the catalogue against its provider itself (OA4).

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use keyward_lab::Lab;
use keyward_tests::home::Run;
use serde_json::json;

use crate::common::keychain_home;
use crate::providers::OWN;

/// A port on which nobody listens, as long as this lives: it is the near end of a connection, so the system gives it to
/// no other test, and refuses whoever connects.
struct Nobody {
    near: TcpStream,
    /// When this ends, the port is free again.
    _far: TcpListener,
}

impl Nobody {
    fn new() -> Self {
        let far = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(far.local_addr().unwrap()).unwrap();
        Self { near, _far: far }
    }

    fn address(&self) -> SocketAddr {
        self.near.local_addr().unwrap()
    }
}

/// The outcome and the message of `provider check ID`, which ends with this status.
fn checked(run: &Run, status: i32) -> (String, String) {
    let checks = run.output().unwrap().ended_with(status).unwrap().json().unwrap();
    let text = |member: &str| checks[0][member].as_str().unwrap().to_owned();
    (text("outcome"), text("message"))
}

/// OA4, PROVIDERS 5.3: an entry is held against what its provider says of itself: the same, another, or nothing at all;
/// and one whose certificate nobody vouches for is no provider (O-74).
#[test]
fn oa4_a_check_asks_the_provider_itself() {
    let (server, pem) = Lab::start_trusted(Arc::new(|| 1_700_000_000)).unwrap();
    let home = keychain_home();
    let trusted = home.path().join("ca.pem");
    fs::write(&trusted, pem).unwrap();
    let folder = home.keyward_home().join("providers");
    fs::create_dir(&folder).unwrap();
    let at = server.issuer();
    let entry = |id: &str, authorize: &str, token: &str, issuer: Option<&str>| {
        let (head, rest) = OWN.split_once("[endpoints]").unwrap();
        let (_, end) = rest.split_once("[verified]").unwrap();
        let issuer = issuer.map_or_else(String::new, |issuer| format!("issuer = \"{issuer}\"\n"));
        let endpoints = format!("{issuer}authorize = \"{authorize}\"\ntoken = \"{token}\"\n");
        let text = format!("{head}[endpoints]\n{endpoints}\n[verified]{end}")
            .replace("\"acme\"", &format!("\"{id}\""));
        fs::write(folder.join(format!("{id}.toml")), text).unwrap();
    };
    let (authorize, token) = (format!("{at}/authorize"), format!("{at}/token"));
    entry("same", &authorize, &token, Some(&at));
    entry("moved", &authorize, &format!("{at}/old/token"), Some(&at));
    entry("page", &authorize, &token, None);
    entry("no-page", &format!("{at}/nothing"), &token, None);
    let nobody = Nobody::new();
    let closed = nobody.address();
    let gone = format!("https://{closed}");
    entry(
        "gone",
        &format!("{gone}/authorize"),
        &format!("{gone}/token"),
        Some(&gone),
    );

    let check = |id: &str| {
        home.keyward(&["provider", "check", id, "--json"])
            .var("SSL_CERT_FILE", trusted.to_str().unwrap())
    };
    let (outcome, message) = checked(&check("same"), 0);
    assert_eq!(outcome, "ok", "{message}");
    assert!(message.contains("names the same addresses"), "{message}");

    let (outcome, message) = checked(&check("moved"), 8);
    assert_eq!(outcome, "fail", "{message}");
    assert!(
        message.contains(&format!("another token address: {token}")),
        "{message}"
    );

    let (outcome, message) = checked(&check("gone"), 8);
    assert_eq!(outcome, "fail");
    assert!(
        message.contains("refused the connection") && message.contains(&closed.to_string()),
        "{message}"
    );

    // Without metadata the consent page is asked: a page that wants parameters is there, one that is not found is none.
    let (outcome, message) = checked(&check("page"), 0);
    assert_eq!(outcome, "warn", "{message}");
    let (outcome, message) = checked(&check("no-page"), 8);
    assert_eq!(outcome, "fail");
    assert!(message.contains("404"), "{message}");

    let (outcome, message) = checked(&home.keyward(&["provider", "check", "same", "--json"]), 8);
    assert_eq!(outcome, "fail");
    assert!(message.contains("certificate"), "{message}");

    // One that fails does not keep the others from being told.
    let all = home
        .keyward(&["provider", "check", "gone", "same", "--json"])
        .var("SSL_CERT_FILE", trusted.to_str().unwrap());
    let told = all.output().unwrap().ended_with(8).unwrap().json().unwrap();
    assert_eq!(
        (&told[0]["outcome"], &told[1]["outcome"]),
        (&json!("fail"), &json!("ok"))
    );
}
