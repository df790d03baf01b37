//! The ground the window tests stand on: displays that do not meet, and a person in a real browser.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use keyward_tests::consent;
use keyward_tests::display::Display;
use keyward_tests::http;
use keyward_tests::oidc::{NATIVE_CLIENT, OidcServer};

#[test]
fn displays_do_not_meet() {
    let one = Display::start().unwrap();
    let two = Display::start().unwrap();
    assert_ne!(one.name(), two.name());
    for display in [&one, &two] {
        let info = Command::new("xdpyinfo")
            .args(["-display", &display.name()])
            .output()
            .unwrap();
        assert!(
            String::from_utf8_lossy(&info.stdout).contains("1280x800"),
            "{}",
            display.name()
        );
    }
}

#[test]
fn a_person_consents_in_a_real_browser() {
    let server = OidcServer::start(Duration::from_secs(90)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let redirect = format!("http://{}/callback", listener.local_addr().unwrap());
    let page = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let read = stream.read(&mut [0_u8; 4096]).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ndone")
            .unwrap();
        read
    });
    let url = format!(
        "{}/auth?response_type=code&client_id={NATIVE_CLIENT}&redirect_uri={}&scope=openid&state=s1&code_challenge={}&code_challenge_method=S256",
        server.issuer(),
        http::encode(&redirect),
        // RFC 7636 Appendix B.
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
    let end = consent::give_in_chromium(&url).unwrap();
    assert!(end.starts_with(&redirect), "{end}");
    assert!(http::query(&end, "code").is_some());
    assert!(page.join().unwrap() > 0);
}
