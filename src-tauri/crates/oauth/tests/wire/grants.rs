use base64::{Engine as _, prelude::*};
use keyward_model::{
    SecretValue,
    auth_client::{ClientAuthentication, Grant, Oauth2, Pushed},
};
use keyward_oauth::{
    Error, Http,
    grants::{Login, by_password, without_person},
    push::push,
    token,
};

use crate::{
    NOW, begin, client, consented, now, parameter,
    server::{Server, json},
};

const TOKENS: &str = r#"{"access_token":"at-1","token_type":"bearer","expires_in":60}"#;
const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn of(port: u16, grant: Grant, method: ClientAuthentication) -> Oauth2 {
    Oauth2 {
        grant,
        client_authentication: method,
        resources: vec!["https://api.example/".to_owned()],
        token_params: vec![("audience".to_owned(), "x y".to_owned())],
        ..client(port)
    }
}

/// A claim of a JWT.
fn claim(jwt: &str, name: &str) -> serde_json::Value {
    let payload = BASE64_URL_SAFE_NO_PAD
        .decode(jwt.split('.').nth(1).unwrap())
        .unwrap();
    serde_json::from_slice::<serde_json::Value>(&payload).unwrap()[name].clone()
}

#[tokio::test]
async fn oa2_o15_client_credentials_ask_with_scope_resource_and_parameters() {
    let server = Server::always(json("200 OK", TOKENS));
    let client = of(server.port, Grant::ClientCredentials, ClientAuthentication::Basic);
    let scopes = ["a".to_owned(), "b".to_owned()];
    let secret = SecretValue::from("s:1");
    let answer = without_person(&Http::new().unwrap(), &client, Some(&secret), &scopes, &now)
        .await
        .unwrap();
    assert_eq!(answer.tokens.access_token.expose(), b"at-1");
    assert_eq!(answer.tokens.lifetime.obtained_at, NOW);
    let seen = &server.seen()[0];
    assert_eq!(seen.form("grant_type").as_deref(), Some("client_credentials"));
    assert_eq!(seen.form("scope").as_deref(), Some("a b"));
    assert_eq!(seen.form("resource").as_deref(), Some("https://api.example/"));
    assert_eq!(seen.form("audience").as_deref(), Some("x y"));
    // RFC 6749 §2.3.1.
    let expect = format!("Basic {}", BASE64_STANDARD.encode("client-1:s%3A1"));
    assert_eq!(seen.header("authorization"), Some(expect.as_str()));
    assert_eq!(seen.form("client_id"), None);
}

#[tokio::test]
async fn o46_o47_private_key_jwt_signs_every_token_request_for_the_issuer_alone() {
    let server = Server::always(json("200 OK", TOKENS));
    let key = SecretValue::from(KEY);
    let http = Http::new().unwrap();
    let mut client = of(
        server.port,
        Grant::ClientCredentials,
        ClientAuthentication::PrivateKeyJwt,
    );
    client.issuer = Some("https://as.example".to_owned());
    without_person(&http, &client, Some(&key), &[], &now)
        .await
        .unwrap();
    let (pending, code) = consented(&client);
    token::exchange(&http, &client, Some(&key), &pending, code, &now)
        .await
        .unwrap();
    token::refresh(&http, &client, Some(&key), &SecretValue::from("rt-1"), &now)
        .await
        .unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    let mut ids = std::collections::HashSet::new();
    for request in seen {
        assert_eq!(
            request.form("client_assertion_type").as_deref(),
            Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        );
        let assertion = request.form("client_assertion").unwrap();
        assert_eq!(claim(&assertion, "aud"), "https://as.example");
        assert_eq!(claim(&assertion, "iss"), "client-1");
        assert!(ids.insert(claim(&assertion, "jti").to_string()));
        // The key itself never travels.
        assert!(!request.body.contains("nWGxne") && request.form("client_secret").is_none());
        assert_eq!(request.header("authorization"), None);
    }
}

#[tokio::test]
async fn oa2_jwt_bearer_sends_the_assertion_and_never_the_key() {
    let server = Server::always(json("200 OK", TOKENS));
    let mut client = of(server.port, Grant::JwtBearer, ClientAuthentication::Post);
    client.token_params = vec![("sub".to_owned(), "ada@example.org".to_owned())];
    let key = SecretValue::from(KEY);
    without_person(
        &Http::new().unwrap(),
        &client,
        Some(&key),
        &["a".to_owned()],
        &now,
    )
    .await
    .unwrap();
    let seen = &server.seen()[0];
    assert_eq!(
        seen.form("grant_type").as_deref(),
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer")
    );
    let assertion = seen.form("assertion").unwrap();
    assert_eq!(claim(&assertion, "sub"), "ada@example.org");
    assert_eq!(claim(&assertion, "scope"), "a");
    assert_eq!(seen.form("sub"), None);
    assert_eq!(seen.form("client_secret"), None);
    let missing = without_person(&Http::new().unwrap(), &client, None, &[], &now).await;
    assert!(matches!(missing, Err(Error::BadParameter(_))));
}

#[tokio::test]
async fn o01_a_password_travels_only_for_a_registration_that_says_so() {
    let server = Server::always(json("200 OK", TOKENS));
    let password = SecretValue::from("pässword&1");
    let login = Login {
        username: "ada",
        password: &password,
    };
    let http = Http::new().unwrap();
    for grant in [
        Grant::AuthorizationCode,
        Grant::DeviceCode,
        Grant::ClientCredentials,
        Grant::JwtBearer,
    ] {
        let client = of(server.port, grant, ClientAuthentication::None);
        let refused = by_password(&http, &client, None, &login, &[], &now).await;
        assert!(matches!(refused, Err(Error::BadParameter(_))));
    }
    assert_eq!(server.seen().len(), 0);
    let client = of(server.port, Grant::Password, ClientAuthentication::None);
    by_password(&http, &client, None, &login, &[], &now)
        .await
        .unwrap();
    let seen = &server.seen()[0];
    assert_eq!(seen.form("username").as_deref(), Some("ada"));
    assert_eq!(seen.form("password").as_deref(), Some("pässword&1"));
}

#[tokio::test]
async fn oa2_an_assertion_or_password_that_comes_back_is_not_repeated() {
    let server = Server::always(json(
        "400 Bad Request",
        r#"{"error":"invalid_grant","error_description":"hunter22 is wrong"}"#,
    ));
    let client = of(server.port, Grant::Password, ClientAuthentication::None);
    let password = SecretValue::from("hunter22");
    let login = Login {
        username: "ada",
        password: &password,
    };
    let refused = by_password(&Http::new().unwrap(), &client, None, &login, &[], &now).await;
    match refused {
        Err(Error::Permanent {
            oauth_error,
            description,
        }) => {
            assert_eq!((oauth_error.as_str(), description), ("invalid_grant", None));
        }
        _ => panic!("another outcome"),
    }
}

fn pushed(port: u16) -> Oauth2 {
    Oauth2 {
        pushed: Some(Pushed {
            uri: format!("http://127.0.0.1:{port}/par"),
            is_required: true,
        }),
        ..client(port)
    }
}

#[tokio::test]
async fn o16_a_request_is_pushed_whole_and_the_browser_carries_a_reference() {
    let server = Server::always(json(
        "201 Created",
        r#"{"request_uri":"urn:ietf:params:oauth:request_uri:a b","expires_in":60}"#
            .replace(' ', "")
            .as_str(),
    ));
    for method in [
        ClientAuthentication::None,
        ClientAuthentication::Basic,
        ClientAuthentication::Post,
    ] {
        let mut client = pushed(server.port);
        client.client_authentication = method;
        let mut pending = begin(&client, "http://127.0.0.1:50123/callback");
        let (state, challenge) = (
            parameter(&pending, "state"),
            parameter(&pending, "code_challenge"),
        );
        let secret = SecretValue::from("s");
        push(&Http::new().unwrap(), &client, Some(&secret), &mut pending, NOW)
            .await
            .unwrap();
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.line, "POST /par HTTP/1.1");
        assert_eq!(seen.form("state"), Some(state));
        assert_eq!(seen.form("code_challenge"), Some(challenge));
        assert_eq!(seen.form("client_id").as_deref(), Some("client-1"));
        assert_eq!(seen.form("response_type").as_deref(), Some("code"));
        let url = url::Url::parse(pending.url()).unwrap();
        let names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["client_id", "request_uri"]);
        // O-16: its end is honoured.
        assert!(pending.is_good(NOW) && !pending.is_good(keyward_model::Timestamp(NOW.0 + 60)));
    }
}

#[tokio::test]
async fn o16_a_reference_that_cannot_be_used_leaves_the_consent_as_it_was() {
    for body in [
        r#"{"request_uri":"","expires_in":60}"#,
        r#"{"request_uri":"urn:a b","expires_in":60}"#,
        r#"{"request_uri":"urn:a","expires_in":0}"#,
        r#"{"request_uri":"urn:a","expires_in":-5}"#,
        r#"{"expires_in":60}"#,
        "<html>",
    ] {
        let server = Server::always(json("201 Created", body));
        let client = pushed(server.port);
        let mut pending = begin(&client, "http://127.0.0.1:50123/callback");
        let before = pending.url().to_owned();
        let refused = push(&Http::new().unwrap(), &client, None, &mut pending, NOW).await;
        assert!(matches!(refused, Err(Error::BadResponse { .. })), "{body}");
        assert_eq!(pending.url(), before);
    }
}
