//! The protocols on real sockets, against a server that misbehaves on purpose.

mod authenticating;
mod callbacks;
mod conformance;
mod devices;
mod dialects;
mod discovery;
mod faults;
mod flood;
mod grants;
mod identity;
mod oauth1;
mod redirects;
mod registering;
mod revocation;
mod server;
mod tokens;

use keyward_model::{Timestamp, auth_client::Oauth2};
use keyward_oauth::{
    authorize::{self, Code, Pending, Request},
    callback,
};

const NOW: Timestamp = Timestamp(1_700_000_000);

fn now() -> Timestamp {
    NOW
}

/// A registration at a server on `port` of this machine.
fn client(port: u16) -> Oauth2 {
    Oauth2 {
        revocation_uri: Some(format!("http://127.0.0.1:{port}/revoke")),
        ..Oauth2::new(
            format!("http://127.0.0.1:{port}/authorize"),
            format!("http://127.0.0.1:{port}/token"),
            "client-1".to_owned(),
        )
    }
}

fn begin(client: &Oauth2, redirect_uri: &str) -> Pending {
    authorize::begin(&Request {
        client,
        redirect_uri,
        scopes: &[],
        params: &[],
    })
    .expect("a consent")
}

/// A parameter of the authorization request.
fn parameter(pending: &Pending, name: &str) -> String {
    let url = url::Url::parse(pending.url()).expect("a URL");
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
        .expect(name)
}

/// A consent that was given, with the code `code-1`.
fn consented(client: &Oauth2) -> (Pending, Code) {
    let pending = begin(client, "http://127.0.0.1:50123/callback");
    let state = parameter(&pending, "state");
    let head = format!("GET /callback?code=code-1&state={state} HTTP/1.1\r\nHost: 127.0.0.1:50123\r\n\r\n");
    let code = callback::judge(&pending, head.as_bytes()).expect("a code");
    (pending, code)
}
