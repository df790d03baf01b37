//! A home beside a running authorization server, with an auth client.

use std::time::Duration;

use keyward_tests::home::{Home, Run};
use keyward_tests::oidc::{NATIVE_CLIENT, OidcServer};
use keyward_tests::place;
use serde_json::Value;

use crate::common::{KeychainHome, json, keychain_home};

/// What a native program asks for: an ID token, offline access, one scope of the API.
pub const ASKED: [&str; 8] = [
    "--scope", "openid", "--scope", "offline_access", "--scope", "api:read", "--authorize-param", "prompt=consent",
];

/// A home in keychain mode, a server, and the auth client `idp` discovered from it.
pub struct Ground {
    pub home: KeychainHome,
    pub server: OidcServer,
}

/// A [`Ground`] whose access tokens live `seconds`.
pub fn ground(seconds: u64) -> Ground {
    let server = OidcServer::start(Duration::from_secs(seconds)).unwrap();
    let home = keychain_home();
    add_client(&home, &server, "idp", NATIVE_CLIENT, &[]);
    Ground { home, server }
}

/// `auth-client add KEY --issuer … --client-id …` with [`ASKED`] and these; gives the auth client.
pub fn add_client(home: &Home, server: &OidcServer, key: &str, client_id: &str, more: &[&str]) -> Value {
    let fixed = [
        "auth-client", "add", key, "--type", "oauth2", "--issuer", server.issuer(), "--client-id", client_id, "--json",
    ];
    json(&home.keyward(&[&fixed[..], &ASKED, more].concat()))
}

/// `connect NAME ARGS… --json`; the browser is a person who agrees at once.
pub fn connecting(home: &Home, name: &str, args: &[&str]) -> Run {
    let browser = place::binary("keyward-tests", "keyward-consent").unwrap();
    home.keyward(&[&["connect", name, "--json", "--timeout", "30s"], args].concat())
        .var("BROWSER", browser.to_str().unwrap())
}

/// Connects and gives the Connection.
pub fn connect(home: &Home, name: &str, args: &[&str]) -> Value {
    json(&connecting(home, name, args))
}

/// The Connection as `connection show` has it.
pub fn show(home: &Home, name: &str) -> Value {
    json(&home.keyward(&["connection", "show", name, "--json"]))
}
