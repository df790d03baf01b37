//! A home beside a running authorization server, with an auth client.

use std::net::TcpStream;
use std::time::Duration;

use keyward_tests::home::{Home, Run, Running};
use keyward_tests::http;
use keyward_tests::oidc::{NATIVE_CLIENT, OidcServer};
use keyward_tests::place;
use serde_json::Value;

use crate::common::{KeychainHome, json, keychain_home};

/// What a native program asks for: an ID token, offline access, one scope of the API.
pub const ASKED: [&str; 8] = [
    "--scope",
    "openid",
    "--scope",
    "offline_access",
    "--scope",
    "api:read",
    "--authorize-param",
    "prompt=consent",
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
        "auth-client",
        "add",
        key,
        "--type",
        "oauth2",
        "--issuer",
        server.issuer(),
        "--client-id",
        client_id,
        "--json",
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

/// The members of a Connection (CLI.md “JSON shapes”).
pub const CONNECTION: &str = "id key name environment application auth_client auth_type owner account state error scope \
    expires_at next_refresh_at refresh_token refresh_token_expires_at url apply default created_at";
/// Longer than anything here takes.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Starts `connect NAME --no-browser ARGS…` and gives it with the link it prints.
pub fn begin(home: &Home, name: &str, args: &[&str]) -> (Running, String) {
    let all = [&["connect", name, "--no-browser", "--json"], args].concat();
    let mut running = home.keyward(&all).start().unwrap();
    let link = running
        .stderr
        .find("open: URL", LIMIT, |line| {
            line.strip_prefix("open: ").map(str::to_owned)
        })
        .unwrap();
    (running, link)
}

/// The document on stdout of a command that was started.
pub fn document(running: &mut Running) -> Value {
    assert_eq!(
        running.wait(LIMIT).unwrap().code(),
        Some(0),
        "{:?}",
        running.stderr.seen()
    );
    std::thread::sleep(Duration::from_millis(50));
    serde_json::from_str(&running.stdout.seen().join("\n")).unwrap()
}

/// The redirect address that a link names; nobody listens there any more.
#[track_caller]
pub fn is_closed(link: &str) {
    let redirect = http::query(link, "redirect_uri").unwrap();
    let (authority, _) = http::split(&redirect).unwrap();
    assert!(
        TcpStream::connect(authority).is_err(),
        "O-20: the listener outlives its flow"
    );
}
