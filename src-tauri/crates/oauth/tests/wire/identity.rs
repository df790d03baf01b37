use keyward_model::{SecretValue, Timestamp};
use keyward_oauth::{
    Error, Http, id_token, introspect::introspect, jwks::Keys, revoke::TokenKind, token, userinfo,
};

use crate::{
    NOW, client, now,
    server::{Act, Seen, Server, answer, json},
};

/// RFC 8037's public key under this name.
fn jwks(kid: &str) -> String {
    format!(
        r#"{{"keys":[{{"kty":"XYZ","kid":"new kinds are read past"}},{{"kty":"OKP","crv":"Ed25519","kid":"{kid}",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}}"#
    )
}

/// A token whose key nobody has, or whose signature is nobody's.
fn id_token(kid: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as B};
    let header = B.encode(format!("{{\"alg\":\"EdDSA\",\"kid\":\"{kid}\"}}"));
    format!(
        "{header}.{}.{}",
        B.encode(r#"{"sub":"248289"}"#),
        B.encode([7; 64])
    )
}

async fn verified(server: &Server, keys: &Keys, kid: &str, at: Timestamp) -> Result<(), Error> {
    let http = Http::new().unwrap();
    let mut client = client(server.port);
    client.issuer = Some("https://as.example".to_owned());
    client.jwks_uri = Some(format!("http://127.0.0.1:{}/jwks", server.port));
    let body = format!(r#"{{"access_token":"at-1","id_token":"{}"}}"#, id_token(kid));
    let answer = token::read(200, body.as_bytes(), NOW, 60).unwrap();
    assert_eq!(id_token::subject(&answer.tokens.raw).as_deref(), Some("248289"));
    id_token::verify(&http, keys, &client, None, &answer, at)
        .await
        .map(drop)
}

fn asked(server: &Server) -> usize {
    server
        .seen()
        .iter()
        .filter(|seen: &&Seen| seen.line.starts_with("GET /jwks"))
        .count()
}

#[tokio::test]
async fn o49_an_unknown_key_costs_one_more_question_in_five_minutes() {
    let server = Server::always(json("200 OK", &jwks("k1")));
    let keys = Keys::default();
    let later = |seconds| Timestamp(NOW.0 + seconds);
    // Known: fetched once, and the signature is what fails.
    let wrong = verified(&server, &keys, "k1", NOW).await.unwrap_err();
    assert!(wrong.to_string().contains("invalid_id_token"));
    assert_eq!(asked(&server), 1);
    // Unknown at once after: the keys are a moment old, and no flood of inventions makes a flood of questions.
    for _ in 0..20 {
        verified(&server, &keys, "k2", later(1)).await.unwrap_err();
    }
    assert_eq!(asked(&server), 1);
    verified(&server, &keys, "k2", later(301)).await.unwrap_err();
    verified(&server, &keys, "k2", later(302)).await.unwrap_err();
    assert_eq!(asked(&server), 2);
    // A day later they are fetched anyway.
    verified(&server, &keys, "k1", later(301 + 86_400))
        .await
        .unwrap_err();
    assert_eq!(asked(&server), 3);
}

#[tokio::test]
async fn o45_o49_keys_that_are_too_many_bytes_elsewhere_or_no_keys_are_refused() {
    let huge = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(1_100_000));
    for bytes in [
        json("200 OK", &huge),
        json("200 OK", "[]"),
        answer("302 Found", "Location: https://evil.example/jwks\r\n", ""),
        answer("404 Not Found", "", ""),
    ] {
        let server = Server::always(bytes);
        assert!(verified(&server, &Keys::default(), "k1", NOW).await.is_err());
        assert_eq!(asked(&server), 1);
    }
}

#[tokio::test]
async fn c5_userinfo_bearer_header_userinfo_invalid_sub_and_scope_userinfo_claims() {
    let server = Server::always(json(
        "200 OK",
        r#"{"sub":"248289","email":"ada@example.org","name":"Ada"}"#,
    ));
    let address = format!("http://127.0.0.1:{}/me", server.port);
    let http = Http::new().unwrap();
    let token = SecretValue::from("at-1");
    let found = userinfo::ask(&http, &address, &token, "248289", NOW)
        .await
        .unwrap();
    assert_eq!(found.account.as_deref(), Some("ada@example.org"));
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "GET /me HTTP/1.1");
    assert_eq!(seen.header("authorization"), Some("Bearer at-1"));
    let other = userinfo::ask(&http, &address, &token, "666", NOW).await;
    assert!(matches!(other, Err(Error::BadResponse { .. })));
}

#[tokio::test]
async fn o52_introspection_says_whose_a_token_is_and_whether_it_is_accepted() {
    let server = Server::start(|seen| {
        Act::Bytes(match seen.form("token").as_deref() {
            Some("at-1") => json(
                "200 OK",
                r#"{"active":true,"sub":"s1","username":"ada","scope":"a b","exp":1700000060}"#,
            ),
            _ => json("200 OK", r#"{"active":false}"#),
        })
    });
    let mut client = client(server.port);
    client.introspection_uri = Some(format!("http://127.0.0.1:{}/introspect", server.port));
    let http = Http::new().unwrap();
    let ask = async |token: &str| {
        introspect(
            &http,
            &client,
            None,
            &SecretValue::from(token),
            TokenKind::AccessToken,
            now(),
        )
        .await
    };
    let found = ask("at-1").await.unwrap();
    assert!(found.active);
    assert_eq!(
        (found.account.as_deref(), found.subject.as_deref()),
        (Some("ada"), Some("s1"))
    );
    assert_eq!(found.expires_at, Some(Timestamp(1_700_000_060)));
    assert!(!ask("at-2").await.unwrap().active);
    assert_eq!(
        server.seen()[0].form("token_type_hint").as_deref(),
        Some("access_token")
    );
}
