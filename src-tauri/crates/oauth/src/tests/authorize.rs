use std::collections::HashSet;

use super::*;
use crate::fixture::{REDIRECT_URI, client, parameter, pending};

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn is_unreserved(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[test]
fn o01_o02_only_code_with_s256_is_ever_asked_for() {
    let pending = pending(&client());
    assert_eq!(parameter(&pending, "response_type").as_deref(), Some("code"));
    assert_eq!(
        parameter(&pending, "code_challenge_method").as_deref(),
        Some("S256")
    );
    let digest = Sha256::digest(pending.verifier.as_bytes());
    let challenge = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, digest);
    assert_eq!(parameter(&pending, "code_challenge"), Some(challenge));
    assert!(!pending.url().contains(pending.verifier.as_str()));
}

#[test]
fn o02_rfc7636_appendix_b() {
    let verifier = oauth2::PkceCodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    assert_eq!(challenge.as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

#[test]
fn o02_o04_o05_ten_thousand_consents_share_nothing() {
    let (client, scopes) = (client(), texts(&["openid"]));
    let mut seen = HashSet::new();
    for _ in 0..10_000 {
        let request = Request {
            client: &client,
            redirect_uri: REDIRECT_URI,
            scopes: &scopes,
            params: &[],
        };
        let pending = begin(&request).unwrap();
        let state = parameter(&pending, "state").unwrap();
        let nonce = pending.nonce.as_ref().unwrap().to_string();
        assert_eq!(parameter(&pending, "nonce").as_ref(), Some(&nonce));
        for text in [state, pending.verifier.to_string(), nonce] {
            // 256 bit in base64url; RFC 7636 wants 43 to 128 unreserved characters.
            assert!(text.len() == 43 && is_unreserved(&text), "{text}");
            assert!(seen.insert(text));
        }
    }
}

#[test]
fn o05_no_nonce_without_openid() {
    assert!(parameter(&pending(&client()), "nonce").is_none());
}

#[test]
fn o07_addresses_are_fully_encoded() {
    let mut client = client();
    client.client_id = "id with+plus/slash%2F&ü".to_owned();
    client.auth_uri = "https://as.example/auth%20orize?tenant=a%2Fb+c".to_owned();
    let scopes = texts(&["api:read", "https://x.example/a+b"]);
    let params = pairs(&[("login_hint", "ü ser+1@x.example"), ("prompt", "consent")]);
    let request = Request {
        client: &client,
        redirect_uri: REDIRECT_URI,
        scopes: &scopes,
        params: &params,
    };
    let pending = begin(&request).unwrap();
    let url = pending.url();
    assert!(
        url.starts_with("https://as.example/auth%20orize?tenant=a%2Fb+c&response_type=code&"),
        "{url}"
    );
    assert!(
        url.bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&b)),
        "{url}"
    );
    for golden in [
        "&client_id=id+with%2Bplus%2Fslash%252F%26%C3%BC&",
        "&redirect_uri=http%3A%2F%2F127.0.0.1%3A50123%2Fcallback&",
        "&scope=api%3Aread+https%3A%2F%2Fx.example%2Fa%2Bb&",
        "&login_hint=%C3%BC+ser%2B1%40x.example&",
        "&prompt=consent",
    ] {
        assert!(url.contains(golden), "{golden} in {url}");
    }
}

#[test]
fn o11_additional_parameters_cannot_stand_in_for_the_protocols_own() {
    for name in [
        "client_id",
        "client_secret",
        "redirect_uri",
        "state",
        "code_challenge",
        "code_challenge_method",
        "code_challenge_x",
        "response_type",
        "response_mode",
        "nonce",
        "scope",
        "request",
        "request_uri",
        "grant_type",
        "code",
        "code_verifier",
        "STATE",
        "Redirect_Uri",
        "",
        "a b",
        "ü",
        "a\nb",
    ] {
        let params = pairs(&[("prompt", "consent"), (name, "x")]);
        assert!(
            matches!(check_params(&params), Err(Error::BadParameter(_))),
            "{name}"
        );
        let mut client = client();
        let request = Request {
            client: &client,
            redirect_uri: REDIRECT_URI,
            scopes: &[],
            params: &params,
        };
        assert!(begin(&request).is_err(), "{name}");
        client.authorize_params = params;
        let request = Request {
            client: &client,
            redirect_uri: REDIRECT_URI,
            scopes: &[],
            params: &[],
        };
        assert!(begin(&request).is_err(), "{name} of the registration");
    }
    assert!(check_params(&pairs(&[("prompt", "a"), ("prompt", "b")])).is_err());
    assert!(check_params(&pairs(&[("prompt", "a\r\nb")])).is_err());
    assert!(
        check_params(&pairs(&[
            ("access_type", "offline"),
            ("resource", "https://x.example")
        ]))
        .is_ok()
    );
}

#[test]
fn o11_core_names_in_the_authorization_address_are_refused() {
    for query in [
        "state=x",
        "a=1&redirect_uri=https://evil.example",
        "%73tate=x",
        "prompt=none",
    ] {
        let mut client = client();
        client.auth_uri = format!("https://as.example/authorize?{query}");
        let params = pairs(&[("prompt", "consent")]);
        let request = Request {
            client: &client,
            redirect_uri: REDIRECT_URI,
            scopes: &[],
            params: &params,
        };
        assert!(begin(&request).is_err(), "{query}");
    }
}

#[test]
fn el9_a_connections_parameter_replaces_the_registrations() {
    let mut client = client();
    client.authorize_params = pairs(&[("prompt", "login"), ("hd", "x.example")]);
    let params = pairs(&[("prompt", "consent")]);
    let request = Request {
        client: &client,
        redirect_uri: REDIRECT_URI,
        scopes: &[],
        params: &params,
    };
    let url = begin(&request).unwrap().url().to_owned();
    assert!(
        url.contains("&hd=x.example") && url.contains("&prompt=consent") && !url.contains("login"),
        "{url}"
    );
}

#[test]
fn o09_o12_addresses_are_checked_before_anything_is_made() {
    for redirect_uri in [
        "",
        "https://127.0.0.1:1/callback",
        "http://localhost:50123/callback",
        "http://127.0.0.1/callback",
        "http://192.168.0.1:50123/callback",
        "http://evil.example:50123/callback",
        "http://127.0.0.1:50123/callback?x=1",
        "http://127.0.0.1:50123/callback#x",
        "http://127.0.0.1:50123/a/../b",
        "http://0.0.0.0:50123/callback",
    ] {
        let client = client();
        let request = Request {
            client: &client,
            redirect_uri,
            scopes: &[],
            params: &[],
        };
        assert!(
            matches!(begin(&request), Err(Error::BadEndpoint(_))),
            "{redirect_uri}"
        );
    }
    let set: [fn(&mut Oauth2); 3] = [
        |client| client.auth_uri = "http://as.example/authorize".to_owned(),
        |client| client.token_uri = "http://as.example/token".to_owned(),
        |client| client.client_id = String::new(),
    ];
    for change in set {
        let mut client = client();
        change(&mut client);
        assert!(
            begin(&Request {
                client: &client,
                redirect_uri: REDIRECT_URI,
                scopes: &[],
                params: &[]
            })
            .is_err()
        );
    }
    for scope in ["", "a b", "a\"b", "a\\b", "ü", "a\n"] {
        let (client, scopes) = (client(), texts(&[scope]));
        let request = Request {
            client: &client,
            redirect_uri: REDIRECT_URI,
            scopes: &scopes,
            params: &[],
        };
        assert!(
            matches!(begin(&request), Err(Error::BadParameter(_))),
            "{scope:?}"
        );
    }
}

#[test]
fn o24_o36_a_pasted_address_is_taken_once() {
    let pending = pending(&client());
    let state = parameter(&pending, "state").unwrap();
    for forged in [
        String::new(),
        "hello".to_owned(),
        "http://127.0.0.1:50123/callback".to_owned(),
        "http://127.0.0.1:50123/callback?code=x&state=y".to_owned(),
        format!("http://127.0.0.1:50124/callback?code=x&state={state}"),
        format!("http://evil.example/callback?code=x&state={state}"),
        format!("https://127.0.0.1:50123/callback?code=x&state={state}"),
        format!("http://127.0.0.1:50123/other?code=x&state={state}"),
        format!("http://127.0.0.1:50123/callback?code=x&state={state}&state={state}"),
        format!("http://127.0.0.1:50123/callback HTTP/1.1\r\nHost: x\r\n\r\n?code=x&state={state}"),
        format!("http://user@127.0.0.1:50123/callback?code=x&state={state}"),
        "x".repeat(100_000),
    ] {
        assert!(
            matches!(pending.accept_pasted(&forged), Err(CallbackError::NotOurs(_))),
            "{forged}"
        );
    }
    let genuine = format!("  HTTP://127.0.0.1:50123/callback?code=c%2F1&state={state}#_=_\n");
    assert_eq!(pending.accept_pasted(&genuine).unwrap().value.expose(), b"c/1");
    let again = pending.accept_pasted(&genuine);
    assert!(matches!(again, Err(CallbackError::NotOurs(Reason::AlreadyUsed))));
}

#[test]
fn o36_the_scheme_may_be_missing() {
    let pending = pending(&client());
    let state = parameter(&pending, "state").unwrap();
    assert!(
        pending
            .accept_pasted(&format!("127.0.0.1:50123/callback?state={state}&code=c"))
            .is_ok()
    );
}

#[test]
fn o17_an_address_of_another_keyward_is_inert() {
    let (ours, theirs) = (pending(&client()), pending(&client()));
    let state = parameter(&theirs, "state").unwrap();
    let address = format!("{REDIRECT_URI}?code=attacker&state={state}");
    assert!(matches!(
        ours.accept_pasted(&address),
        Err(CallbackError::NotOurs(Reason::State))
    ));
}

/// R-13, without sockets: mutations of a genuine request never pass unless they still hold its state.
#[test]
fn r13_one_hundred_thousand_mutations_never_pass_without_the_state() {
    let pending = pending(&client());
    let state = parameter(&pending, "state").unwrap();
    let genuine = format!("GET /callback?code=c&state={state} HTTP/1.1\r\nHost: 127.0.0.1:50123\r\n\r\n");
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    for _ in 0..100_000 {
        let mut bytes = genuine.clone().into_bytes();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            match next(4) {
                0 => bytes[at] = u8::try_from(next(256)).unwrap(),
                1 => bytes.insert(at, b"&=%?#+ \r\n:\0\xff/"[next(13)]),
                2 if bytes.len() > 1 => {
                    bytes.remove(at);
                }
                _ => bytes.truncate(at.max(1)),
            }
        }
        let has_state = bytes.windows(state.len()).any(|part| part == state.as_bytes());
        match callback::judge(&pending, &bytes) {
            Err(CallbackError::NotOurs(_)) => {}
            verdict => assert!(has_state, "{verdict:?} {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
}
