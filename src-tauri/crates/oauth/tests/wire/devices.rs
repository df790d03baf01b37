use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use keyward_model::auth_client::{Grant, Oauth2};
use keyward_oauth::{Error, Http, device};

use crate::{
    NOW, client, now,
    server::{Act, Server, json},
};

fn device_client(port: u16) -> Oauth2 {
    Oauth2 {
        grant: Grant::DeviceCode,
        device_uri: Some(format!("http://127.0.0.1:{port}/device")),
        ..client(port)
    }
}

fn begun(body: &str) -> Server {
    Server::always(json("200 OK", body))
}

const BEGUN: &str = r#"{"device_code":"dc-1","user_code":"WDJB-MJHT","verification_uri":"http://127.0.0.1/device",
    "verification_uri_complete":"http://127.0.0.1/device?user_code=WDJB-MJHT","expires_in":1800,"interval":1}"#;

async fn code(server: &Server) -> Result<device::DeviceCode, Error> {
    let scopes = ["a".to_owned()];
    let params = [("audience".to_owned(), "x".to_owned())];
    device::begin(
        &Http::new().unwrap(),
        &device_client(server.port),
        None,
        &scopes,
        &params,
        NOW,
    )
    .await
}

#[tokio::test]
async fn o51_the_code_and_its_address_are_shown_as_the_provider_wrote_them() {
    let server = begun(BEGUN);
    let code = code(&server).await.unwrap();
    assert_eq!(code.user_code, "WDJB-MJHT");
    assert_eq!(code.verification_uri, "http://127.0.0.1/device");
    assert_eq!(code.expires_in, Duration::from_secs(1800));
    let seen = &server.seen()[0];
    assert_eq!(seen.form("client_id").as_deref(), Some("client-1"));
    assert_eq!(seen.form("scope").as_deref(), Some("a"));
    assert_eq!(seen.form("audience").as_deref(), Some("x"));
}

#[tokio::test]
async fn o51_addresses_and_codes_that_nobody_should_be_sent_to_are_refused() {
    for (from, to) in [
        ("\"http://127.0.0.1/device\"", "\"http://evil.example/device\""),
        ("\"http://127.0.0.1/device\"", "\"javascript:alert(1)\""),
        ("\"http://127.0.0.1/device\"", "\"https://user@evil.example/\""),
        ("?user_code=WDJB-MJHT\"", "#x\""),
        ("\"WDJB-MJHT\"", "\"\\u202eWDJB\""),
        ("\"WDJB-MJHT\"", "\"\""),
        ("\"device_code\":\"dc-1\"", "\"device_code\":7"),
    ] {
        let server = begun(&BEGUN.replacen(from, to, 1));
        assert!(code(&server).await.is_err(), "{to}");
    }
}

#[tokio::test]
async fn o51_it_is_asked_until_the_person_agreed() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |seen| {
        if seen.line.starts_with("POST /device ") {
            return Act::Bytes(json("200 OK", BEGUN));
        }
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 => Act::Bytes(json("400 Bad Request", r#"{"error":"authorization_pending"}"#)),
            _ => Act::Bytes(json(
                "200 OK",
                r#"{"access_token":"at-1","refresh_token":"rt-1"}"#,
            )),
        }
    });
    let code = code(&server).await.unwrap();
    let answer = device::wait(
        &Http::new().unwrap(),
        &device_client(server.port),
        None,
        &code,
        &now,
    )
    .await
    .unwrap();
    assert_eq!(answer.tokens.access_token.expose(), b"at-1");
    let polls: Vec<_> = server.seen().into_iter().skip(1).collect();
    assert_eq!(polls.len(), 2);
    for poll in polls {
        assert_eq!(
            poll.form("grant_type").as_deref(),
            Some("urn:ietf:params:oauth:grant-type:device_code")
        );
        assert_eq!(poll.form("device_code").as_deref(), Some("dc-1"));
    }
}

#[tokio::test]
async fn o51_a_no_and_a_lapsed_code_end_it() {
    for (error, is_denied) in [("access_denied", true), ("expired_token", false)] {
        let body = format!("{{\"error\":\"{error}\"}}");
        let server = Server::start(move |seen| {
            if seen.line.starts_with("POST /device ") {
                return Act::Bytes(json("200 OK", BEGUN));
            }
            Act::Bytes(json("400 Bad Request", &body))
        });
        let code = code(&server).await.unwrap();
        let ended = device::wait(
            &Http::new().unwrap(),
            &device_client(server.port),
            None,
            &code,
            &now,
        )
        .await;
        match ended {
            Err(Error::Denied { .. }) => assert!(is_denied),
            Err(Error::TimedOut) => assert!(!is_denied),
            _ => panic!("another outcome"),
        }
    }
}

#[tokio::test]
async fn o51_a_code_is_not_asked_for_after_its_end() {
    let server = begun(&BEGUN.replace("1800", "0"));
    let code = code(&server).await.unwrap();
    let ended = device::wait(
        &Http::new().unwrap(),
        &device_client(server.port),
        None,
        &code,
        &now,
    )
    .await;
    assert!(matches!(ended, Err(Error::TimedOut)));
    assert_eq!(server.seen().len(), 1);
}
