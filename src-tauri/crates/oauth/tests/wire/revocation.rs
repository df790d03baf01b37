use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use keyward_model::{SecretValue, auth_client::ClientAuthentication};
use keyward_oauth::{
    Error, Http,
    revoke::{TokenKind, revoke},
};

use crate::{
    client,
    server::{Server, answer, json},
};

async fn revoked(
    port: u16,
    method: ClientAuthentication,
    secret: Option<&str>,
    kind: TokenKind,
) -> Result<(), Error> {
    let mut client = client(port);
    client.client_authentication = method;
    let secret = secret.map(SecretValue::from);
    revoke(
        &Http::new().unwrap(),
        &client,
        secret.as_ref(),
        &SecretValue::from("t/1+="),
        kind,
        crate::NOW,
    )
    .await
}

#[tokio::test]
async fn o52_the_token_its_kind_and_the_client_are_sent() {
    let server = Server::always(answer("200 OK", "", ""));
    revoked(
        server.port,
        ClientAuthentication::None,
        None,
        TokenKind::RefreshToken,
    )
    .await
    .unwrap();
    revoked(
        server.port,
        ClientAuthentication::Post,
        Some("00123"),
        TokenKind::AccessToken,
    )
    .await
    .unwrap();
    revoked(
        server.port,
        ClientAuthentication::Basic,
        Some("a:b&ü"),
        TokenKind::AccessToken,
    )
    .await
    .unwrap();
    let seen = server.seen();
    assert!(
        seen.iter()
            .all(|one| one.line == "POST /revoke HTTP/1.1" && one.form("token").as_deref() == Some("t/1+="))
    );
    assert_eq!(seen[0].form("token_type_hint").as_deref(), Some("refresh_token"));
    assert_eq!(seen[0].form("client_id").as_deref(), Some("client-1"));
    assert_eq!(seen[1].form("token_type_hint").as_deref(), Some("access_token"));
    assert_eq!(seen[1].form("client_secret").as_deref(), Some("00123"));
    let credentials = BASE64_STANDARD.encode("client-1:a%3Ab%26%C3%BC");
    assert_eq!(
        seen[2].header("authorization"),
        Some(format!("Basic {credentials}").as_str())
    );
    assert_eq!(seen[2].form("client_id"), None);
}

#[tokio::test]
async fn o52_answers_to_a_revocation() {
    let outcome = async |bytes| {
        let server = Server::always(bytes);
        revoked(
            server.port,
            ClientAuthentication::None,
            None,
            TokenKind::RefreshToken,
        )
        .await
    };
    assert!(outcome(answer("200 OK", "", "whatever")).await.is_ok());
    assert!(outcome(answer("204 No Content", "", "")).await.is_ok());
    match outcome(answer("503 Service Unavailable", "Retry-After: 9\r\n", "")).await {
        Err(Error::Transient { retry_after, .. }) => assert_eq!(retry_after, Some(Duration::from_secs(9))),
        other => panic!("{other:?}"),
    }
    for (bytes, code) in [
        (
            json("400 Bad Request", r#"{"error":"unsupported_token_type"}"#),
            "unsupported_token_type",
        ),
        (
            json("401 Unauthorized", r#"{"error":"invalid_client"}"#),
            "invalid_client",
        ),
        (
            answer("307 Temporary Redirect", "Location: /x\r\n", ""),
            "http_307",
        ),
    ] {
        match outcome(bytes).await {
            Err(Error::Config { oauth_error, .. }) => assert_eq!(oauth_error, code),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn o12_o52_an_endpoint_is_needed_and_must_be_acceptable() {
    let http = Http::new().unwrap();
    let mut client = client(1);
    for address in [None, Some("http://as.example/revoke")] {
        client.revocation_uri = address.map(str::to_owned);
        let refused = revoke(
            &http,
            &client,
            None,
            &SecretValue::from("t"),
            TokenKind::AccessToken,
            crate::NOW,
        )
        .await;
        assert!(matches!(refused, Err(Error::BadEndpoint(_))));
    }
}
