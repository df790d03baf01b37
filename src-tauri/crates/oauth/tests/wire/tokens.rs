use std::sync::atomic::{AtomicI64, Ordering};

use base64::{Engine as _, prelude::*};
use keyward_model::{SecretValue, Timestamp, auth_client::ClientAuthentication};
use keyward_oauth::{Error, Http, token};
use sha2::{Digest, Sha256};

use crate::{
    NOW, client, consented, now, parameter,
    server::{Seen, Server, answer, json},
};

const TOKENS: &str =
    r#"{"access_token":"at-1","refresh_token":"rt-2","token_type":"bearer","expires_in":60,"scope":"a"}"#;

async fn refreshed(method: ClientAuthentication, secret: Option<&str>, refresh_token: &str) -> Seen {
    let server = Server::always(json("200 OK", TOKENS));
    let mut client = client(server.port);
    client.client_authentication = method;
    let secret = secret.map(SecretValue::from);
    let http = Http::new().unwrap();
    let answer = token::refresh(
        &http,
        &client,
        secret.as_ref(),
        &SecretValue::from(refresh_token),
        &now,
    )
    .await;
    assert_eq!(answer.unwrap().tokens.access_token.expose(), b"at-1");
    let mut seen = server.seen();
    assert_eq!(seen.len(), 1);
    seen.remove(0)
}

#[tokio::test]
async fn o01_o02_o13_a_code_is_exchanged_with_verifier_and_the_same_redirect_uri() {
    let server = Server::always(answer(
        "200 OK",
        "Content-Type: application/json\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
        TOKENS,
    ));
    let client = client(server.port);
    let (pending, code) = consented(&client);
    let answer = token::exchange(&Http::new().unwrap(), &client, None, &pending, code, &now)
        .await
        .unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "POST /token HTTP/1.1");
    assert_eq!(
        seen.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(seen.header("accept"), Some("application/json"));
    // O-73: no compression is asked for.
    assert_eq!(seen.header("accept-encoding"), None);
    assert_eq!(seen.header("authorization"), None);
    assert_eq!(seen.form("grant_type").as_deref(), Some("authorization_code"));
    assert_eq!(seen.form("code").as_deref(), Some("code-1"));
    assert_eq!(seen.form("client_id").as_deref(), Some("client-1"));
    assert_eq!(seen.form("redirect_uri").as_deref(), Some(pending.redirect_uri()));
    assert_eq!(
        seen.form("redirect_uri"),
        Some(parameter(&pending, "redirect_uri"))
    );
    let verifier = seen.form("code_verifier").unwrap();
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    assert_eq!(challenge, parameter(&pending, "code_challenge"));
    assert_eq!(answer.tokens.refresh_token.unwrap().expose(), b"rt-2");
    assert_eq!(answer.tokens.scope.as_deref(), Some("a"));
    assert_eq!(answer.tokens.raw.expose(), TOKENS.as_bytes());
    assert_eq!(answer.tokens.lifetime.expires_at, Timestamp(NOW.0 + 60));
    assert_eq!(answer.server_date, Some(Timestamp(784_111_777)));
}

#[tokio::test]
async fn o42_a_code_goes_nowhere_but_to_the_registration_it_was_asked_for() {
    let (honest, other) = (
        Server::always(json("200 OK", TOKENS)),
        Server::always(json("200 OK", TOKENS)),
    );
    let mut client = client(honest.port);
    let (pending, code) = consented(&client);
    client.token_uri = format!("http://127.0.0.1:{}/token", other.port);
    let refused = token::exchange(&Http::new().unwrap(), &client, None, &pending, code, &now).await;
    assert!(matches!(refused, Err(Error::BadParameter(_))));
    assert_eq!((honest.seen().len(), other.seen().len()), (0, 0));
}

#[tokio::test]
async fn o54_a_refresh_sends_the_refresh_token_and_no_scope() {
    let seen = refreshed(ClientAuthentication::None, None, "rt/1+=& %é").await;
    assert_eq!(seen.form("grant_type").as_deref(), Some("refresh_token"));
    assert_eq!(seen.form("refresh_token").as_deref(), Some("rt/1+=& %é"));
    assert_eq!(seen.form("client_id").as_deref(), Some("client-1"));
    assert_eq!(
        (
            seen.form("scope"),
            seen.form("client_secret"),
            seen.header("authorization")
        ),
        (None, None, None)
    );
}

#[tokio::test]
async fn el13_a_secret_arrives_as_it_is_whatever_it_looks_like() {
    for secret in [
        "00123",
        "123456789012345678901234567890",
        "1e5",
        "0x1F",
        "deadbeef",
        "true",
        "null",
        " a b ",
        "a+b/c=&%:ü",
    ] {
        let seen = refreshed(ClientAuthentication::Post, Some(secret), "rt").await;
        assert_eq!(seen.form("client_secret").as_deref(), Some(secret));
        assert_eq!(seen.form("client_id").as_deref(), Some("client-1"));
        assert_eq!(seen.header("authorization"), None);

        // O-47: form-encoded first, then Basic.
        let seen = refreshed(ClientAuthentication::Basic, Some(secret), "rt").await;
        let header = seen
            .header("authorization")
            .unwrap()
            .strip_prefix("Basic ")
            .unwrap()
            .to_owned();
        let pair = String::from_utf8(BASE64_STANDARD.decode(header).unwrap()).unwrap();
        let (id, encoded) = pair.split_once(':').unwrap();
        let decoded = url::form_urlencoded::parse(format!("x={encoded}").as_bytes())
            .next()
            .unwrap()
            .1
            .into_owned();
        assert_eq!((id, decoded.as_str()), ("client-1", secret));
        assert_eq!((seen.form("client_secret"), seen.form("client_id")), (None, None));

        let seen = refreshed(ClientAuthentication::None, Some(secret), "rt").await;
        assert_eq!(
            (seen.form("client_secret"), seen.header("authorization")),
            (None, None)
        );
    }
}

#[tokio::test]
async fn el13_the_query_of_the_token_address_is_kept() {
    let server = Server::always(json("200 OK", TOKENS));
    let mut client = client(server.port);
    client.token_uri = format!(
        "http://127.0.0.1:{}//oauth//token?tenant=a%2Fb&x=1+2&e=",
        server.port
    );
    let http = Http::new().unwrap();
    token::refresh(&http, &client, None, &SecretValue::from("rt"), &now)
        .await
        .unwrap();
    assert_eq!(
        server.seen()[0].line,
        "POST //oauth//token?tenant=a%2Fb&x=1+2&e= HTTP/1.1"
    );
}

#[tokio::test]
async fn o65_a_lifetime_counts_from_when_the_request_left() {
    let server = Server::always(json("200 OK", TOKENS));
    for step in [20, -20] {
        let clock = AtomicI64::new(1_000);
        let now = || Timestamp(clock.fetch_add(step, Ordering::Relaxed));
        let http = Http::new().unwrap();
        let answer = token::refresh(&http, &client(server.port), None, &SecretValue::from("rt"), &now)
            .await
            .unwrap();
        assert_eq!(
            answer.tokens.lifetime.obtained_at,
            Timestamp(1_000.min(1_000 + step))
        );
    }
}

#[tokio::test]
async fn o12_endpoints_are_checked_at_use() {
    let mut client = client(1);
    let http = Http::new().unwrap();
    for address in [
        "http://as.example/token",
        "https://u@as.example/token",
        "https://as.example/token#x",
        "x",
    ] {
        client.token_uri = address.to_owned();
        let refused = token::refresh(&http, &client, None, &SecretValue::from("rt"), &now).await;
        assert!(matches!(refused, Err(Error::BadEndpoint(_))), "{address}");
    }
}

#[tokio::test]
async fn a_secret_that_is_not_text_is_refused_before_anything_is_sent() {
    let server = Server::always(json("200 OK", TOKENS));
    let secret = SecretValue::new(vec![0xff, 0xfe]);
    let http = Http::new().unwrap();
    let refused = token::refresh(
        &http,
        &client(server.port),
        Some(&secret),
        &SecretValue::from("rt"),
        &now,
    )
    .await;
    assert!(matches!(refused, Err(Error::BadParameter(_))));
    assert!(server.seen().is_empty());
}
