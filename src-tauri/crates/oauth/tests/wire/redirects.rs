use std::sync::Arc;

use keyward_model::auth_client::{LoopbackHost, Oauth2, Redirect};
use keyward_oauth::{
    authorize::Pending,
    certificate::{self, Certificate},
    error::Error,
    loopback::Loopback,
    redirect,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, rustls};

use crate::{begin, client, parameter};

fn none() -> Result<Certificate, Error> {
    panic!("no certificate is needed")
}

async fn opened(redirect: &Redirect) -> (Loopback, Pending) {
    let loopback = Loopback::open(redirect, "/callback", || Certificate::read(&certificate::make()?))
        .await
        .unwrap()
        .unwrap();
    let client = Oauth2 {
        redirect: redirect.clone(),
        ..client(1)
    };
    let pending = begin(&client, loopback.redirect_uri());
    (loopback, pending)
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn request(pending: &Pending, host: &str) -> String {
    let state = parameter(pending, "state");
    format!("GET /callback?code=code-1&state={state} HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

async fn talk(address: (&str, u16), bytes: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn o09_the_name_localhost_is_listened_to_in_both_families() {
    for (redirect, is_fixed) in [
        (Redirect::FreeLocalhost, false),
        (
            Redirect::Fixed {
                host: LoopbackHost::Name,
                port: free_port(),
            },
            true,
        ),
    ] {
        let (loopback, pending) = opened(&redirect).await;
        let port = loopback.port();
        assert_eq!(
            loopback.redirect_uri(),
            format!("http://localhost:{port}/callback")
        );
        if let (true, Redirect::Fixed { port: asked, .. }) = (is_fixed, &redirect) {
            assert_eq!(port, *asked);
        }
        let has_v6 = std::net::TcpListener::bind("[::1]:0").is_ok();
        let (code, ()) = tokio::join!(loopback.wait(&pending), async {
            let host = format!("localhost:{port}");
            // A forged one on one family changes nothing; the genuine one comes on the other.
            let forged = talk(
                ("127.0.0.1", port),
                &format!("GET /callback?state=x HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            )
            .await;
            assert!(forged.starts_with("HTTP/1.1 400 "));
            let by_number = talk(
                ("127.0.0.1", port),
                &request(&pending, &format!("127.0.0.1:{port}")),
            )
            .await;
            assert!(
                by_number.starts_with("HTTP/1.1 421 "),
                "O-27: the host is the registered one"
            );
            let family = if has_v6 { "::1" } else { "127.0.0.1" };
            let taken = talk((family, port), &request(&pending, &host)).await;
            assert!(taken.starts_with("HTTP/1.1 303 "));
        });
        assert!(code.is_ok());
    }
}

/// The local addresses that listen on `port`, as the kernel writes them.
#[cfg(target_os = "linux")]
fn listening_on(port: u16) -> Vec<String> {
    let is_listening = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let local = fields.next()?.rsplit_once(':')?;
        let state = fields.nth(1)?;
        (local.1 == format!("{port:04X}") && state == "0A").then(|| local.0.to_owned())
    };
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .flat_map(|table| {
            std::fs::read_to_string(table)
                .unwrap_or_default()
                .lines()
                .filter_map(is_listening)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// O-21: nothing but loopback is listened to, whatever the redirect: the kernel's own table says so, and another
/// address of this machine is refused.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn o21_only_loopback_is_listened_to() {
    // 127.0.0.1 and ::1 in the byte order of the table.
    const V4: &str = "0100007F";
    const V6: &str = "00000000000000000000000001000000";
    let port = free_port();
    for (redirect, expect) in [
        (Redirect::Free, vec![V4]),
        (Redirect::FreeLocalhost, vec![V4, V6]),
        (
            Redirect::Fixed {
                host: LoopbackHost::V4,
                port,
            },
            vec![V4],
        ),
        (
            Redirect::Fixed {
                host: LoopbackHost::V6,
                port,
            },
            vec![V6],
        ),
        (Redirect::Https { port }, vec![V4, V6]),
    ] {
        if expect.contains(&V6) && std::net::TcpListener::bind("[::1]:0").is_err() {
            continue;
        }
        let (loopback, _) = opened(&redirect).await;
        assert_eq!(listening_on(loopback.port()), expect, "{redirect:?}");
        // All of 127.0.0.0/8 is this machine: only whoever listens to every address answers here.
        let elsewhere = TcpStream::connect(("127.0.0.2", loopback.port())).await;
        assert!(elsewhere.is_err(), "{redirect:?}");
        // One socket for one consent: nobody else can open the same door beside it.
        let beside = std::net::TcpListener::bind(("127.0.0.1", loopback.port()));
        assert!(beside.is_err() || expect == [V6], "{redirect:?}");
    }
}

#[tokio::test]
async fn oa1_a_fixed_port_is_named_when_it_is_taken() {
    let port = free_port();
    for host in [LoopbackHost::V4, LoopbackHost::Name] {
        let redirect = Redirect::Fixed { host, port };
        let (first, _) = opened(&redirect).await;
        let second = Loopback::open(&redirect, "/callback", none).await;
        match second {
            Err(error) => assert!(error.to_string().contains(&port.to_string()), "{error}"),
            Ok(_) => panic!("two listeners on one port"),
        }
        drop(first);
        // O-20: closed at once.
        assert!(Loopback::open(&redirect, "/callback", none).await.is_ok());
    }
    let six = Redirect::Fixed {
        host: LoopbackHost::V6,
        port,
    };
    if let Ok(Some(loopback)) = Loopback::open(&six, "/callback", none).await {
        assert_eq!(loopback.redirect_uri(), format!("http://[::1]:{port}/callback"));
    }
}

#[tokio::test]
async fn oa1_nobody_listens_for_a_scheme_or_an_address_elsewhere() {
    for redirect in [
        Redirect::Scheme("keyward".to_owned()),
        Redirect::Paste("https://tools.example/oauth".to_owned()),
    ] {
        let nobody = Loopback::open(&redirect, "/callback", none).await.unwrap();
        assert!(nobody.is_none() && !redirect::listens(&redirect));
        let client = Oauth2 {
            redirect,
            ..client(1)
        };
        let shown = redirect::shown(&client);
        let pending = begin(&client, &shown);
        let state = parameter(&pending, "state");
        // O-36: the same validator; another state is not the answer, the genuine one is, once.
        assert!(pending.accept_pasted(&format!("{shown}?code=c&state=x")).is_err());
        assert!(
            pending
                .accept_pasted(&format!("{shown}x?code=c&state={state}"))
                .is_err()
        );
        assert!(
            pending
                .accept_pasted(&format!("{shown}?code=c&state={state}"))
                .is_ok()
        );
        assert!(
            pending
                .accept_pasted(&format!("{shown}?code=c&state={state}"))
                .is_err()
        );
    }
}

/// Takes any certificate, as a person does who goes on past the browser's question.
#[derive(Debug)]
struct Anything(Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &rustls::pki_types::CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(
            message,
            cert,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &rustls::pki_types::CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            cert,
            signature,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[tokio::test]
async fn oa1_https_on_this_machine_with_a_certificate_of_its_own() {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything(provider)))
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let port = free_port();
    let (loopback, pending) = opened(&Redirect::Https { port }).await;
    assert_eq!(
        loopback.redirect_uri(),
        format!("https://localhost:{port}/callback")
    );
    let (code, ()) = tokio::join!(loopback.wait(&pending), async {
        // Plain bytes to a TLS port are nobody's answer.
        let host = format!("localhost:{port}");
        talk(("127.0.0.1", port), &request(&pending, &host)).await;
        for line in [
            request(&pending, &host),
            format!("GET /done HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        ] {
            let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
            let mut stream = connector.connect(name, stream).await.unwrap();
            stream.write_all(line.as_bytes()).await.unwrap();
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer).await;
            assert!(
                answer.starts_with("HTTP/1.1 303 ") || answer.contains("The answer has arrived"),
                "{answer}"
            );
        }
    });
    assert!(code.is_ok());
}
