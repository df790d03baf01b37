//! The client modules of the OpenID conformance suite (SECURITY.md c.5) that are about the wire, under their names. Those
//! about ID tokens are in `id_token`, those about keys and userinfo in `identity`. Not spoken here, and so not here:
//! the hybrid flow (`invalid-chash`, `invalid-shash`, `invalid-missing-shash`) and DPoP (`happy-path-no-dpop-nonce`,
//! `rs-dpop-auth-scheme-case-insensitivity`; O-50 is a later phase).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyward_model::{SecretValue, auth_client::ClientAuthentication};
use keyward_oauth::{
    Error, Http,
    callback::{CallbackError, Reason, judge},
    discovery, header_scheme, token,
};

use crate::{
    NOW, begin, client, consented, now, parameter,
    server::{Act, Server, json},
};

const REDIRECT: &str = "http://127.0.0.1:50123/callback";

fn answered(pending: &keyward_oauth::authorize::Pending, query: &str) -> Result<(), CallbackError> {
    let head = format!("GET /callback?{query} HTTP/1.1\r\nHost: 127.0.0.1:50123\r\n\r\n");
    judge(pending, head.as_bytes()).map(drop)
}

async fn exchanged(server: &Server, method: ClientAuthentication) -> Result<token::Answer, Error> {
    let mut client = client(server.port);
    client.client_authentication = method;
    let (pending, code) = consented(&client);
    let secret = SecretValue::from("s:1");
    token::exchange(
        &Http::new().unwrap(),
        &client,
        Some(&secret),
        &pending,
        code,
        &now,
    )
    .await
}

#[tokio::test]
async fn c5_happy_path_and_client_secret_basic() {
    let server = Server::always(json(
        "200 OK",
        r#"{"access_token":"at-1","refresh_token":"rt-1","token_type":"Bearer","expires_in":60,"scope":"a"}"#,
    ));
    let answer = exchanged(&server, ClientAuthentication::Basic).await.unwrap();
    assert_eq!(answer.tokens.access_token.expose(), b"at-1");
    let expect = format!("Basic {}", BASE64_STANDARD.encode("client-1:s%3A1"));
    assert_eq!(server.seen()[0].header("authorization"), Some(expect.as_str()));
    assert_eq!(server.seen()[0].form("client_secret"), None);
}

#[test]
fn c5_ensure_authorization_response_with_invalid_state_fails_and_ensure_authorization_response_with_missing_state_fails()
 {
    let pending = begin(&client(1), REDIRECT);
    for query in ["code=c&state=other", "code=c", "code=c&state="] {
        assert_eq!(
            answered(&pending, query),
            Err(CallbackError::NotOurs(Reason::State)),
            "{query}"
        );
    }
    // The consent goes on all the same (O-23).
    let state = parameter(&pending, "state");
    assert_eq!(answered(&pending, &format!("code=c&state={state}")), Ok(()));
}

#[test]
fn c5_invalid_authorization_response_iss_and_remove_authorization_response_iss() {
    let mut client = client(1);
    client.issuer = Some("https://as.example".to_owned());
    client.issuer_in_callback = true;
    let pending = begin(&client, REDIRECT);
    let state = parameter(&pending, "state");
    for iss in [
        "&iss=https%3A%2F%2Fevil.example",
        "&iss=https%3A%2F%2Fas.example%2F",
        "",
        "&iss=",
    ] {
        let query = format!("code=c&state={state}{iss}");
        assert_eq!(
            answered(&pending, &query),
            Err(CallbackError::WrongIssuer),
            "{iss}"
        );
    }
    let query = format!("code=c&state={state}&iss=https%3A%2F%2Fas.example");
    assert_eq!(answered(&pending, &query), Ok(()));
}

#[tokio::test]
async fn c5_discovery_issuer_mismatch() {
    let server = Server::start(|_| {
        Act::Bytes(json(
            "200 OK",
            r#"{"issuer":"https://evil.example","authorization_endpoint":"https://evil.example/a","token_endpoint":"https://evil.example/t"}"#,
        ))
    });
    let issuer = format!("http://127.0.0.1:{}", server.port);
    match discovery::discover(&Http::new().unwrap(), &issuer).await {
        Err(Error::Config { oauth_error, .. }) => assert_eq!(oauth_error, "issuer_mismatch"),
        _ => panic!("another outcome"),
    }
}

#[tokio::test]
async fn c5_no_scope_in_token_endpoint_response_and_token_endpoint_response_without_expires_in() {
    let server = Server::always(json("200 OK", r#"{"access_token":"at-1","token_type":"Bearer"}"#));
    let answer = exchanged(&server, ClientAuthentication::Post).await.unwrap();
    // O-14: as requested. EL12: the registration's own lifetime.
    assert_eq!(answer.tokens.scope, None);
    assert_eq!(answer.tokens.lifetime.expires_at.0, NOW.0 + 3600);
}

#[tokio::test]
async fn c5_token_type_case_insensitivity() {
    for kind in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let body = format!("{{\"access_token\":\"at-1\",\"token_type\":\"{kind}\"}}");
        let server = Server::always(json("200 OK", &body));
        let answer = exchanged(&server, ClientAuthentication::None).await.unwrap();
        assert_eq!(header_scheme(&answer.tokens.token_type), Some("Bearer"), "{kind}");
    }
    assert_eq!(header_scheme("mac"), None);
}

/// The plan `oidcc-client-refreshtoken-test-plan`: the refresh token is used, a new one replaces it, none keeps it.
#[tokio::test]
async fn c5_oidcc_client_refreshtoken_test_plan() {
    let http = Http::new().unwrap();
    let server = Server::always(json(
        "200 OK",
        r#"{"access_token":"at-2","refresh_token":"rt-2"}"#,
    ));
    let refreshed = token::refresh(
        &http,
        &client(server.port),
        None,
        &SecretValue::from("rt-1"),
        &now,
    )
    .await
    .unwrap();
    assert_eq!(server.seen()[0].form("refresh_token").as_deref(), Some("rt-1"));
    assert_eq!(refreshed.tokens.refresh_token.unwrap().expose(), b"rt-2");
    let server = Server::always(json("200 OK", r#"{"access_token":"at-3"}"#));
    let refreshed = token::refresh(
        &http,
        &client(server.port),
        None,
        &SecretValue::from("rt-2"),
        &now,
    )
    .await
    .unwrap();
    assert!(refreshed.tokens.refresh_token.is_none());
}
