use keyward_model::auth_client::{ClientAuthentication, Grant};
use keyward_oauth::{
    Error, Http,
    registration::{Wish, register},
};

use crate::{
    NOW,
    server::{Server, json},
};

async fn registered(server: &Server) -> Result<keyward_oauth::registration::Registered, Error> {
    let redirect_uris = ["http://127.0.0.1/callback".to_owned()];
    let wish = Wish {
        name: "Keyward",
        grant: Grant::AuthorizationCode,
        redirect_uris: &redirect_uris,
        scopes: &["openid".to_owned(), "a".to_owned()],
        client_authentication: ClientAuthentication::None,
    };
    let address = format!("http://127.0.0.1:{}/register", server.port);
    register(&Http::new().unwrap(), &address, &wish, NOW).await
}

#[tokio::test]
async fn oa3_a_client_is_registered_as_a_native_program() {
    let server = Server::always(json(
        "201 Created",
        r#"{"client_id":"made-1","token_endpoint_auth_method":"none"}"#,
    ));
    let made = registered(&server).await.unwrap();
    assert_eq!(made.client_id, "made-1");
    assert!(made.client_secret.is_none());
    let body: serde_json::Value = serde_json::from_str(&server.seen()[0].body).unwrap();
    assert_eq!(body["application_type"], "native");
    assert_eq!(body["redirect_uris"][0], "http://127.0.0.1/callback");
    assert_eq!(
        body["grant_types"],
        serde_json::json!(["authorization_code", "refresh_token"])
    );
    assert_eq!(body["scope"], "openid a");
}

#[tokio::test]
async fn oa3_the_provider_decides_how_its_client_authenticates() {
    let body = r#"{"client_id":"made-1","client_secret":"0123","client_secret_expires_at":0,
        "token_endpoint_auth_method":"client_secret_post"}"#;
    let made = registered(&Server::always(json("201 Created", body)))
        .await
        .unwrap();
    assert_eq!(made.client_authentication, ClientAuthentication::Post);
    assert_eq!(made.client_secret.unwrap().expose(), b"0123");
    assert_eq!(made.client_secret_expires_at, None);
    for body in [
        r#"{"client_id":""}"#,
        r#"{"client_id":"a","token_endpoint_auth_method":"tls_client_auth"}"#,
        "{}",
    ] {
        let refused = registered(&Server::always(json("201 Created", body))).await;
        assert!(matches!(refused, Err(Error::BadResponse { .. })), "{body}");
    }
}

#[tokio::test]
async fn oa3_a_provider_that_does_not_register_just_anybody_says_so() {
    let server = Server::always(json("401 Unauthorized", r#"{"error":"invalid_token"}"#));
    assert!(registered(&server).await.is_err());
    let server = Server::always(json("400 Bad Request", r#"{"error":"invalid_redirect_uri"}"#));
    match registered(&server).await {
        Err(Error::Config { oauth_error, .. }) => assert_eq!(oauth_error, "invalid_redirect_uri"),
        _ => panic!("another outcome"),
    }
}
