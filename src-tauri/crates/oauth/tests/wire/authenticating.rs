//! A client that signs an assertion, or whose secret a behaviour makes, at providers that speak their own way: the two
//! together (O-46, O-47, OA4).

use base64::{Engine as _, prelude::*};
use keyward_model::{
    SecretValue,
    auth_client::{ClientAuthentication, Oauth2},
    dialect::{Behaviour, Dialect},
};
use keyward_oauth::{Error, Http, behaviour, revoke, token};

use crate::{
    NOW, client, consented, now,
    server::{Seen, Server, json},
};

const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"k1","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// The private half of [`KEY`].
const PRIVATE: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

fn signing(port: u16, behaviour: Option<Behaviour>) -> Oauth2 {
    Oauth2 {
        client_authentication: ClientAuthentication::PrivateKeyJwt,
        dialect: Dialect {
            behaviour,
            ..Dialect::default()
        },
        ..client(port)
    }
}

/// Audience and id of the assertion of a request.
fn assertion(seen: &Seen) -> (String, String) {
    assert_eq!(
        seen.form("client_assertion_type").as_deref(),
        Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
    );
    let assertion = seen.form("client_assertion").expect("an assertion");
    let claims = BASE64_URL_SAFE_NO_PAD
        .decode(assertion.split('.').nth(1).unwrap())
        .unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&"client-1".into(), &"client-1".into())
    );
    let text = |name: &str| claims[name].as_str().unwrap().to_owned();
    (text("aud"), text("jti"))
}

/// O-46, O-47: whatever a behaviour makes of a request, the assertion is in it, signed for the provider, a new one for
/// each request; and the key itself goes nowhere.
#[tokio::test]
async fn o46_an_assertion_survives_what_a_behaviour_makes_of_a_request() {
    let behaviours = [
        None,
        Some(Behaviour::SlackUserToken),
        Some(Behaviour::BasecampType),
        Some(Behaviour::WithingsEnvelope),
        Some(Behaviour::DataEnvelope),
        Some(Behaviour::CallbackHost),
    ];
    let (http, key) = (Http::new().unwrap(), SecretValue::from(KEY));
    for behaviour in behaviours {
        let server = Server::always(json("200 OK", r#"{"access_token":"a","refresh_token":"r"}"#));
        for issuer in [None, Some("https://as.example".to_owned())] {
            let mut client = signing(server.port, behaviour);
            client.issuer.clone_from(&issuer);
            client.dialect.renamed = vec![("client_id".to_owned(), "client_key".to_owned())];
            let (pending, code) = consented(&client);
            token::exchange(&http, &client, Some(&key), &pending, code, &now)
                .await
                .unwrap();
            token::refresh(&http, &client, Some(&key), &SecretValue::from("rt"), &now)
                .await
                .unwrap();
            let kind = revoke::TokenKind::RefreshToken;
            revoke::revoke(&http, &client, Some(&key), &SecretValue::from("rt"), kind, NOW)
                .await
                .unwrap();
            let seen = server.seen();
            let last = &seen[seen.len() - 3..];
            let expected = issuer.unwrap_or_else(|| client.token_uri.clone());
            let mut ids = std::collections::BTreeSet::new();
            for seen in last {
                let (audience, id) = assertion(seen);
                assert_eq!(audience, expected, "{behaviour:?}");
                assert!(ids.insert(id));
                assert!(!seen.body.contains(PRIVATE) && !seen.line.contains(PRIVATE));
                assert_eq!(seen.form("client_secret"), None, "{behaviour:?}");
                assert_eq!(seen.header("authorization"), None, "{behaviour:?}");
                assert_eq!(seen.form("client_key").as_deref(), Some("client-1"));
            }
        }
    }
}

/// O-47: at a provider whose own step sends the secret, a client that signs is refused before anything is sent: its
/// private key would be that secret.
#[tokio::test]
async fn o47_a_private_key_is_never_sent_as_the_secret_of_a_behaviour() {
    let (http, key) = (Http::new().unwrap(), SecretValue::from(KEY));
    let server = Server::always(json("200 OK", r#"{"access_token":"a"}"#));
    for behaviour in [
        Behaviour::FacebookExchange,
        Behaviour::InstagramExchange,
        Behaviour::ThreadsExchange,
        Behaviour::AppleClientSecret,
        Behaviour::SecretAsUser,
    ] {
        let client = signing(server.port, Some(behaviour));
        assert!(behaviour::authentication(&client).is_err());
        let (pending, code) = consented(&client);
        let exchanged = token::exchange(&http, &client, Some(&key), &pending, code, &now).await;
        assert!(
            matches!(exchanged, Err(Error::BadParameter(_))),
            "{behaviour:?}: {:?}",
            exchanged.map(drop)
        );
        // Those two refresh with the token alone.
        if !matches!(
            behaviour,
            Behaviour::InstagramExchange | Behaviour::ThreadsExchange
        ) {
            let refreshed = token::refresh(&http, &client, Some(&key), &SecretValue::from("rt"), &now).await;
            assert!(
                matches!(refreshed, Err(Error::BadParameter(_))),
                "{behaviour:?}: {:?}",
                refreshed.map(drop)
            );
        }
    }
    assert!(server.seen().is_empty());
}

/// O-47: the text of Apple's .p8 file signs the secret that is sent. A registration that says Basic, as one that was
/// given its secret later does, sends it no more than one that says post.
#[tokio::test]
async fn o47_apples_key_stays_here_however_the_client_authenticates() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let text = BASE64_STANDARD.encode(key.serialize_der());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    let (http, pem) = (Http::new().unwrap(), SecretValue::from(pem));
    let server = Server::always(json("200 OK", r#"{"access_token":"a"}"#));
    for authentication in [
        ClientAuthentication::None,
        ClientAuthentication::Basic,
        ClientAuthentication::Post,
    ] {
        let mut client = signing(server.port, Some(Behaviour::AppleClientSecret));
        client.client_authentication = authentication;
        client.provider = Some(keyward_model::auth_client::Origin {
            id: "apple".to_owned(),
            variables: vec![
                ("team_id".to_owned(), "TEAM1".to_owned()),
                ("key_id".to_owned(), "KEY1".to_owned()),
            ],
        });
        token::refresh(&http, &client, Some(&pem), &SecretValue::from("rt"), &now)
            .await
            .unwrap();
        let kind = revoke::TokenKind::AccessToken;
        revoke::revoke(&http, &client, Some(&pem), &SecretValue::from("at"), kind, NOW)
            .await
            .unwrap();
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 6);
    for seen in seen {
        assert_eq!(seen.header("authorization"), None);
        assert_eq!(seen.form("client_id").as_deref(), Some("client-1"));
        let secret = seen.form("client_secret").unwrap();
        assert_eq!(secret.split('.').count(), 3, "a JWT");
        assert!(!secret.contains(&text[..16]));
    }
}
