use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::Arc,
    thread,
    time::Duration,
};

use keyward_model::SecretValue;
use keyward_oauth::{
    Error, Http,
    error::Sent,
    token::{self, Answer},
};

use crate::{
    client, consented, now,
    server::{Act, Server, answer, json},
};

const SECRET: &str = "canary-client-secret";
const REFRESH_TOKEN: &str = "canary-refresh-token";

async fn refresh(port: u16) -> Result<Answer, Error> {
    let (secret, token) = (SecretValue::from(SECRET), SecretValue::from(REFRESH_TOKEN));
    let mut client = client(port);
    client.client_authentication = keyward_model::auth_client::ClientAuthentication::Post;
    let outcome = token::refresh(&Http::new().unwrap(), &client, Some(&secret), &token, &now).await;
    if let Err(error) = &outcome {
        // R-17: no error text holds a value, a token or a body.
        let text = format!("{error} {error:?}");
        assert!(!text.contains("canary") && !text.contains("<html"), "{text}");
    }
    outcome
}

fn kind(outcome: &Result<Answer, Error>) -> String {
    match outcome {
        Ok(_) => "tokens".to_owned(),
        Err(Error::Transient { sent, .. }) => format!("transient {sent:?}"),
        Err(Error::Permanent { oauth_error, .. }) => format!("permanent {oauth_error}"),
        Err(Error::Config { oauth_error, .. }) => format!("config {oauth_error}"),
        Err(Error::BadResponse { raw, .. }) => format!("bad {}", raw.len()),
        Err(other) => format!("{other:?}"),
    }
}

async fn check(bytes: Vec<u8>, expect: &str) {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
    let server = Server::always(bytes);
    assert_eq!(kind(&refresh(server.port).await), expect, "{shown}");
    // O-58: nothing below us asks twice.
    assert_eq!(server.seen().len(), 1, "{shown}");
}

#[tokio::test]
async fn o60_o61_thirty_answers_and_what_they_mean() {
    let html = "<html>Please log in to the hotel</html>";
    for (bytes, expect) in [
        (
            json("400 Bad Request", r#"{"error":"invalid_grant"}"#),
            "permanent invalid_grant",
        ),
        (
            json(
                "400 Bad Request",
                r#"{"error":"invalid_grant","error_description":"canary-refresh-token"}"#,
            ),
            "permanent invalid_grant",
        ),
        (
            json("401 Unauthorized", r#"{"error":"invalid_client"}"#),
            "config invalid_client",
        ),
        (
            json("400 Bad Request", r#"{"error":"unauthorized_client"}"#),
            "config unauthorized_client",
        ),
        (
            json("400 Bad Request", r#"{"error":"unsupported_grant_type"}"#),
            "config unsupported_grant_type",
        ),
        (
            json("400 Bad Request", r#"{"error":"invalid_scope"}"#),
            "config invalid_scope",
        ),
        (
            json("200 OK", r#"{"error":"bad_refresh_token"}"#),
            "permanent bad_refresh_token",
        ),
        (answer("404 Not Found", "", html), "config http_404"),
        (answer("408 Request Timeout", "", ""), "transient Answered"),
        (answer("425 Too Early", "", ""), "transient Answered"),
        (
            answer("429 Too Many Requests", "Retry-After: 5\r\n", ""),
            "transient Answered",
        ),
        (
            answer("500 Internal Server Error", "", html),
            "transient Undecided",
        ),
        (answer("502 Bad Gateway", "", html), "transient Undecided"),
        (answer("503 Service Unavailable", "", ""), "transient Answered"),
        (answer("504 Gateway Timeout", "", ""), "transient Undecided"),
        (answer("520 Unknown Error", "", html), "transient Undecided"),
        (answer("521 Web Server Is Down", "", html), "transient Answered"),
        (answer("524 A Timeout Occurred", "", html), "transient Undecided"),
        (
            answer("511 Network Authentication Required", "", html),
            "transient Answered",
        ),
        (answer("403 Forbidden", "", html), "transient Unknown"),
        (answer("400 Bad Request", "", html), "transient Unknown"),
        (answer("400 Bad Request", "", ""), "transient Answered"),
        (answer("401 Unauthorized", "", ""), "transient Answered"),
        (answer("403 Forbidden", "", ""), "transient Answered"),
        (answer("200 OK", "Content-Type: text/html\r\n", html), "bad 39"),
        (answer("200 OK", "", ""), "bad 0"),
        (answer("204 No Content", "", ""), "bad 0"),
        (json("200 OK", r#"{"access_token":"a""#), "bad 19"),
        (
            json("200 OK", r#"{"access_token":"a","access_token":"b"}"#),
            "bad 39",
        ),
        (
            json("200 OK", r#"{"access_token":"a","refresh_token":7}"#),
            "bad 38",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":".to_vec(),
            "bad 16",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"acc\r\n".to_vec(),
            "bad 5",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"acc\r\nzz".to_vec(),
            "bad 5",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Len".to_vec(), "transient Unknown"),
        (b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), "transient Unknown"),
        (b"\x15\x03\x01\x00\x02\x02\x46".to_vec(), "transient Unknown"),
        (Vec::new(), "transient Unknown"),
    ] {
        check(bytes, expect).await;
    }
}

#[tokio::test]
async fn o62_retry_after_reaches_the_caller() {
    let server = Server::always(answer("503 Service Unavailable", "Retry-After: 120\r\n", ""));
    match refresh(server.port).await {
        Err(Error::Transient { retry_after, .. }) => assert_eq!(retry_after, Some(Duration::from_secs(120))),
        other => panic!("{}", kind(&other)),
    }
}

#[tokio::test]
async fn o45_no_redirect_is_followed_and_nothing_is_sent_again() {
    let target = Server::always(json("200 OK", r#"{"access_token":"a"}"#));
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        for location in [
            format!("http://127.0.0.1:{}/token", target.port),
            "/token".to_owned(),
        ] {
            let headers = format!("Location: {location}\r\n");
            check(
                answer(status, &headers, ""),
                &format!("config http_{}", &status[..3]),
            )
            .await;
        }
        let server = Server::always(answer(
            status,
            &format!("Location: http://127.0.0.1:{}/\r\n", target.port),
            "",
        ));
        let client = client(server.port);
        let (pending, code) = consented(&client);
        let refused = token::exchange(&Http::new().unwrap(), &client, None, &pending, code, &now).await;
        assert!(matches!(refused, Err(Error::Config { .. })));
    }
    assert_eq!(target.seen().len(), 0);
}

#[tokio::test]
async fn o60_nobody_there_means_that_nothing_was_sent() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    assert_eq!(kind(&refresh(port).await), "transient No");

    // The client for everything that is not this machine, with the system's roots; `.invalid` never resolves.
    let mut client = client(1);
    client.token_uri = "https://as.invalid/token".to_owned();
    let outcome = token::refresh(
        &Http::new().unwrap(),
        &client,
        None,
        &SecretValue::from("rt"),
        &now,
    )
    .await;
    assert_eq!(kind(&outcome), "transient No");
}

#[tokio::test]
async fn o60_a_connection_that_ends_after_the_request_leaves_the_outcome_open() {
    let server = Server::start(|_| Act::Close);
    assert_eq!(kind(&refresh(server.port).await), "transient Unknown");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn o57_a_server_that_never_answers_is_given_up_after_thirty_seconds() {
    let server = Server::start(|_| Act::Hang);
    let port = server.port;
    let waiting = tokio::spawn(async move { kind(&refresh(port).await) });
    while server.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(29)).await;
    assert!(!waiting.is_finished());
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(waiting.await.unwrap(), "transient Unknown");
}

#[tokio::test]
async fn o73_an_endless_answer_is_cut_and_a_compressed_one_is_not_inflated() {
    let mut first = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".to_vec();
    first.extend(vec![b'x'; 64 * 1024]);
    let server = Server::start(move |_| Act::Endless(first.clone()));
    assert_eq!(kind(&refresh(server.port).await), format!("bad {}", 256 * 1024));

    // Ten bytes of gzip header and noise, announced as compressed: it stays as it came.
    let mut bomb = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 30\r\n\r\n".to_vec();
    bomb.extend(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03");
    bomb.extend([0xed; 20]);
    check(bomb, "bad 30").await;

    let huge = json(
        "200 OK",
        &format!(
            "{{\"access_token\":\"a\",\"x\":\"{}\"}}",
            "y".repeat(2 * 1024 * 1024)
        ),
    );
    check(huge, &format!("bad {}", 256 * 1024)).await;
}

/// O-74: there is no way to accept a certificate that nobody vouches for.
#[tokio::test]
async fn o74_untrusted_certificates_and_plain_text_are_refused_before_anything_is_sent() {
    let made =
        rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = thread::spawn(move || {
        let (mut tcp, _) = listener.accept().unwrap();
        let mut tls = rustls::ServerConnection::new(config).unwrap();
        let mut got = Vec::new();
        let _ = rustls::Stream::new(&mut tls, &mut tcp).read_to_end(&mut got);
        got.len()
    });
    let mut client = client(port);
    client.token_uri = format!("https://127.0.0.1:{port}/token");
    let (http, token) = (Http::new().unwrap(), SecretValue::from(REFRESH_TOKEN));
    match token::refresh(&http, &client, None, &token, &now).await {
        Err(Error::Transient {
            what, sent: Sent::No, ..
        }) => assert!(what.contains("not trusted"), "{what}"),
        other => panic!("{}", kind(&other)),
    }
    assert_eq!(served.join().unwrap(), 0);

    // What answers in plain text on an https port gets nothing either.
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    client.token_uri = format!("https://127.0.0.1:{}/token", plain.local_addr().unwrap().port());
    let served = thread::spawn(move || {
        let (mut tcp, _) = plain.accept().unwrap();
        let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let mut got = Vec::new();
        let _ = tcp.read_to_end(&mut got);
        String::from_utf8_lossy(&got).contains("canary")
    });
    let refused = token::refresh(&http, &client, None, &token, &now).await;
    assert_eq!(kind(&refused), "transient No");
    assert!(!served.join().unwrap());
}
