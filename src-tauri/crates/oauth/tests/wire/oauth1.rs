use keyward_model::{
    SecretValue,
    auth_client::{Oauth1, Redirect, Signature},
};
use keyward_oauth::{
    Error, Http,
    callback::CallbackError,
    oauth1::{Begun, begin, exchange},
};

use crate::{
    NOW, now,
    server::{Act, Server, answer, json},
};

const REDIRECT: &str = "http://127.0.0.1:50123/callback";

fn client(port: u16, signature: Signature) -> Oauth1 {
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    Oauth1 {
        request_uri: at("/request"),
        authorize_uri: at("/authorize?force_login=true"),
        access_uri: at("/access"),
        consumer_key: "ck-1".to_owned(),
        client_secret: None,
        signature,
        redirect: Redirect::Free,
        redirect_path: "/callback".to_owned(),
        authorize_params: vec![("perms".to_owned(), "read".to_owned())],
    }
}

fn server() -> Server {
    Server::start(|seen| {
        let form = |body| {
            Act::Bytes(answer(
                "200 OK",
                "Content-Type: application/x-www-form-urlencoded\r\n",
                body,
            ))
        };
        if seen.line.starts_with("POST /request ") {
            return form("oauth_token=rt%2F1&oauth_token_secret=rs-1&oauth_callback_confirmed=true");
        }
        form("oauth_token=at-1&oauth_token_secret=as-1&user_id=7&screen_name=ada")
    })
}

async fn begun(server: &Server, client: &Oauth1) -> Result<Begun, Error> {
    let secret = SecretValue::from("cs-1");
    let _ = server;
    begin(&Http::new().unwrap(), client, Some(&secret), REDIRECT, &[], NOW).await
}

/// A parameter of the Authorization header, decoded.
fn member(header: &str, name: &str) -> Option<String> {
    let rest = header.split_once(&format!("{name}=\""))?.1;
    let value = rest.split('"').next()?;
    url::form_urlencoded::parse(format!("x={value}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn oa2_three_legs_end_in_a_token_without_an_end() {
    for signature in [Signature::HmacSha1, Signature::HmacSha256, Signature::Plaintext] {
        let server = server();
        let client = client(server.port, signature);
        let Begun { pending, token } = begun(&server, &client).await.unwrap();
        let url = url::Url::parse(pending.url()).unwrap();
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            query,
            [
                pair("force_login", "true"),
                pair("oauth_token", "rt/1"),
                pair("perms", "read")
            ]
        );
        let code = pending
            .accept_pasted("http://127.0.0.1:50123/callback?oauth_token=rt%2F1&oauth_verifier=v-1")
            .unwrap();
        let secret = SecretValue::from("cs-1");
        let answer = exchange(&Http::new().unwrap(), &client, Some(&secret), token, code, &now)
            .await
            .unwrap();
        assert_eq!(answer.tokens.access_token.expose(), b"at-1");
        assert!(answer.tokens.refresh_token.is_none());
        assert_eq!(answer.account.as_deref(), Some("ada"));
        let raw: serde_json::Value = serde_json::from_slice(answer.tokens.raw.expose()).unwrap();
        assert_eq!(raw["oauth_token_secret"], "as-1");

        let seen = server.seen();
        let headers: Vec<&str> = seen
            .iter()
            .map(|seen| seen.header("authorization").unwrap())
            .collect();
        assert_eq!(member(headers[0], "oauth_callback").as_deref(), Some(REDIRECT));
        assert_eq!(member(headers[0], "oauth_token"), None);
        assert_eq!(member(headers[1], "oauth_token").as_deref(), Some("rt/1"));
        assert_eq!(member(headers[1], "oauth_verifier").as_deref(), Some("v-1"));
        assert_eq!(member(headers[1], "oauth_timestamp"), Some(NOW.0.to_string()));
        assert_ne!(
            member(headers[0], "oauth_nonce"),
            member(headers[1], "oauth_nonce")
        );
        if signature == Signature::Plaintext {
            assert_eq!(
                member(headers[1], "oauth_signature").as_deref(),
                Some("cs-1&rs-1")
            );
        } else {
            assert!(!headers[0].contains("cs-1") && !headers[1].contains("rs-1"));
        }
    }
}

#[tokio::test]
async fn o23_another_request_token_is_not_the_answer_and_a_no_is() {
    let server = server();
    let client = client(server.port, Signature::HmacSha1);
    let Begun { pending, .. } = begun(&server, &client).await.unwrap();
    let at = |query: &str| format!("{REDIRECT}?{query}");
    for forged in [
        "oauth_token=other&oauth_verifier=v",
        "oauth_verifier=v",
        "denied=other",
        "oauth_token=rt%2F1",
        "oauth_token=rt%2F1&oauth_token=rt%2F1&oauth_verifier=v",
        "state=rt%2F1&code=v",
    ] {
        assert!(
            matches!(pending.accept_pasted(&at(forged)), Err(CallbackError::NotOurs(_))),
            "{forged}"
        );
    }
    match pending.accept_pasted(&at("denied=rt%2F1")) {
        Err(CallbackError::Refused { error, .. }) => assert_eq!(error, "access_denied"),
        _ => panic!("another outcome"),
    }
}

#[tokio::test]
async fn oa2_a_server_without_the_a_and_odd_answers_are_refused() {
    for body in [
        "oauth_token=a&oauth_token_secret=b",
        "oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=false",
        "oauth_token=&oauth_token_secret=b&oauth_callback_confirmed=true",
        "oauth_token=a&oauth_token=b&oauth_token_secret=b&oauth_callback_confirmed=true",
        "<html>",
        "",
    ] {
        let server = Server::always(answer("200 OK", "", body));
        let refused = begun(&server, &client(server.port, Signature::HmacSha1)).await;
        assert!(matches!(refused, Err(Error::BadResponse { .. })), "{body}");
    }
    let server = Server::always(json("401 Unauthorized", "oauth_problem=timestamp_refused&x=y"));
    match begun(&server, &client(server.port, Signature::HmacSha1)).await {
        Err(Error::Config { oauth_error, .. }) => assert_eq!(oauth_error, "timestamp_refused"),
        _ => panic!("another outcome"),
    }
}
