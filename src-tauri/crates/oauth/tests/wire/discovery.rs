use keyward_model::auth_client::ClientAuthentication;
use keyward_oauth::{
    Error, Http,
    discovery::{IssuerInCallback, Metadata, Pkce, discover},
};

use crate::server::{Act, Seen, Server, answer, json};

/// A server whose metadata lie at `path`; PORT and MORE are filled in.
fn issuer(path: &'static str, issuer_path: &'static str, more: &'static str) -> Server {
    Server::start(move |seen: &Seen| {
        if seen.line != format!("GET {path} HTTP/1.1") {
            return Act::Bytes(answer("404 Not Found", "", "<html>"));
        }
        let host = seen.header("host").unwrap_or_default();
        Act::Bytes(json(
            "200 OK",
            &format!(
                r#"{{"issuer":"http://{host}{issuer_path}","authorization_endpoint":"http://{host}/a","token_endpoint":"http://{host}/t"{more}}}"#
            ),
        ))
    })
}

async fn found(server: &Server, path: &str) -> Result<Metadata, Error> {
    discover(
        &Http::new().unwrap(),
        &format!("http://127.0.0.1:{}{path}", server.port),
    )
    .await
}

const OPENID: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn o44_both_well_known_addresses_in_turn() {
    for (well_known, path) in [
        (OPENID, ""),
        ("/tenant/a/.well-known/openid-configuration", "/tenant/a"),
        ("/.well-known/oauth-authorization-server", ""),
        ("/.well-known/oauth-authorization-server/tenant/a", "/tenant/a"),
    ] {
        let server = issuer(well_known, path, "");
        let metadata = found(&server, path).await.unwrap();
        assert_eq!(
            metadata.token_endpoint,
            format!("http://127.0.0.1:{}/t", server.port)
        );
        assert!(
            server
                .seen()
                .iter()
                .all(|seen| seen.header("accept") == Some("application/json"))
        );
    }
    // An issuer that ends in a slash is one that says so itself.
    assert!(found(&issuer(OPENID, "/", ""), "/").await.is_ok());
}

#[tokio::test]
async fn o03_o40_what_is_promised_and_what_is_not() {
    let metadata = found(&issuer(OPENID, "", ""), "").await.unwrap();
    assert_eq!(metadata.s256, Pkce::NotSaid);
    assert_eq!(metadata.issuer_in_callback, IssuerInCallback::NotSaid);
    assert_eq!(metadata.revocation_endpoint, None);
    assert_eq!(
        metadata.client_authentication_methods,
        [ClientAuthentication::Basic]
    );

    let more = r#","code_challenge_methods_supported":["plain","S256"],"authorization_response_iss_parameter_supported":true,
        "token_endpoint_auth_methods_supported":["private_key_jwt","client_secret_post","none"],
        "revocation_endpoint":"http://127.0.0.1:1/r","x":{"y":[1]}"#;
    let metadata = found(&issuer(OPENID, "", more), "").await.unwrap();
    assert_eq!(metadata.s256, Pkce::Supported);
    assert_eq!(metadata.issuer_in_callback, IssuerInCallback::Supported);
    assert_eq!(
        metadata.revocation_endpoint.as_deref(),
        Some("http://127.0.0.1:1/r")
    );
    assert_eq!(metadata.client_authentication(), ClientAuthentication::Post);

    let plain = r#","code_challenge_methods_supported":["plain"]"#;
    assert_eq!(
        found(&issuer(OPENID, "", plain), "").await.unwrap().s256,
        Pkce::NotSaid
    );
}

#[tokio::test]
async fn o44_an_issuer_is_exact() {
    for said in ["/", "/other", ".evil.example"] {
        let server = issuer(OPENID, said, "");
        match found(&server, "").await {
            Err(Error::Config { oauth_error, .. }) => assert_eq!(oauth_error, "issuer_mismatch"),
            other => panic!("{other:?}"),
        }
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn o12_o44_bad_metadata() {
    let http_elsewhere = r#","revocation_endpoint":"http://as.example/r""#;
    assert!(matches!(
        found(&issuer(OPENID, "", http_elsewhere), "").await,
        Err(Error::BadEndpoint(_))
    ));
    let twice = r#","token_endpoint":"http://127.0.0.1:1/evil""#;
    // A document that names a member twice is none; the second address has nothing.
    assert!(matches!(
        found(&issuer(OPENID, "", twice), "").await,
        Err(Error::Config { .. })
    ));
    let html = Server::always(answer(
        "200 OK",
        "Content-Type: text/html\r\n",
        "<html>app</html>",
    ));
    assert!(matches!(found(&html, "").await, Err(Error::BadResponse { .. })));
    let huge = Server::always(json(
        "200 OK",
        &format!("{{\"x\":\"{}\"}}", "y".repeat(2 * 1024 * 1024)),
    ));
    assert!(matches!(found(&huge, "").await, Err(Error::BadResponse { .. })));
    let moved = Server::always(answer("302 Found", "Location: https://evil.example/\r\n", ""));
    assert!(matches!(found(&moved, "").await, Err(Error::Config { .. })));
    let down = Server::always(answer("503 Service Unavailable", "", ""));
    assert!(matches!(found(&down, "").await, Err(Error::Transient { .. })));
    for issuer in [
        "http://as.example",
        "https://as.example?x=1",
        "https://u@as.example",
        "as.example",
    ] {
        let refused = discover(&Http::new().unwrap(), issuer).await;
        assert!(matches!(refused, Err(Error::BadEndpoint(_))), "{issuer}");
    }
}
