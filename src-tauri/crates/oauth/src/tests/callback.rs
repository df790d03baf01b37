//! Verdicts on callbacks, from bytes. A long file: each rule is a table of requests.

use super::*;
use crate::fixture::{REDIRECT_URI, client, parameter, pending};

const HOST: &str = "127.0.0.1:50123";

struct Flow {
    pending: Pending,
    state: String,
}

fn flow() -> Flow {
    let pending = pending(&client());
    let state = parameter(&pending, "state").unwrap();
    Flow { pending, state }
}

fn kind(verdict: &Result<Code, CallbackError>) -> String {
    match verdict {
        Ok(_) => "code".to_owned(),
        Err(CallbackError::NotOurs(reason)) => format!("{reason:?}"),
        Err(CallbackError::Refused { error, .. }) => format!("refused {error}"),
        Err(other) => format!("{other:?}"),
    }
}

impl Flow {
    fn head(&self, line: &str, headers: &[&str]) -> Vec<u8> {
        let mut head = format!("{}\r\n", line.replace("STATE", &self.state));
        for header in headers {
            head.push_str(&header.replace("HOST", HOST));
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    fn check(&self, line: &str, headers: &[&str], expect: &str) {
        let verdict = judge(&self.pending, &self.head(line, headers));
        assert_eq!(kind(&verdict), expect, "{line} {headers:?}");
    }

    fn check_query(&self, query: &str, expect: &str) {
        self.check(
            &format!("GET /callback?{query} HTTP/1.1"),
            &["Host: HOST"],
            expect,
        );
        // O-36: the other door says the same. What is not an address at all is malformed there.
        let address = format!("{REDIRECT_URI}?{}", query.replace("STATE", &self.state));
        if !query.contains('#') {
            let fresh = Flow {
                pending: pending(&client()),
                state: String::new(),
            };
            let own = parameter(&fresh.pending, "state").unwrap();
            let verdict = fresh.pending.accept_pasted(&address.replace(&self.state, &own));
            assert_eq!(kind(&verdict), expect, "pasted {query}");
        }
    }
}

#[test]
fn o23_the_state_decides_before_everything_else_of_the_query() {
    let flow = flow();
    for (query, expect) in [
        ("code=c&state=STATE", "code"),
        ("state=STATE&code=c&session_state=x&unknown=%20", "code"),
        ("", "State"),
        ("code=c", "State"),
        ("code=c&state=", "State"),
        ("code=c&state=wrong", "State"),
        ("code=c&state=STATEx", "State"),
        ("code=c&state=xSTATE", "State"),
        ("code=c&State=STATE", "State"),
        ("error=access_denied", "State"),
        ("error=access_denied&state=wrong", "State"),
        ("error=access_denied&iss=https://evil.example", "State"),
        ("iss=https://evil.example&code=c&state=wrong", "State"),
        ("state=STATE", "Empty"),
        ("state=STATE&code=", "Empty"),
        ("state=STATE&error=access_denied", "refused access_denied"),
        ("state=STATE&error=access_denied&code=c", "refused access_denied"),
    ] {
        flow.check_query(query, expect);
    }
}

#[test]
fn o40_the_issuer_is_looked_at_before_error_and_code() {
    let flow = flow();
    for (query, expect) in [
        ("code=c&state=STATE&iss=https%3A%2F%2Fas.example", "code"),
        ("code=c&state=STATE&iss=https://as.example", "code"),
        ("code=c&state=STATE&iss=https://as.example/", "WrongIssuer"),
        ("code=c&state=STATE&iss=https://AS.example", "WrongIssuer"),
        ("code=c&state=STATE&iss=", "WrongIssuer"),
        (
            "error=access_denied&state=STATE&iss=https://evil.example",
            "WrongIssuer",
        ),
    ] {
        flow.check_query(query, expect);
    }
    let mut strict = client();
    strict.issuer_in_callback = true;
    let pending = pending(&strict);
    let state = parameter(&pending, "state").unwrap();
    let flow = Flow { pending, state };
    for (query, expect) in [
        ("code=c&state=STATE", "WrongIssuer"),
        ("error=access_denied&state=STATE", "WrongIssuer"),
        ("code=c&state=STATE&iss=https://as.example", "code"),
        ("code=c&state=wrong", "State"),
    ] {
        flow.check(
            &format!("GET /callback?{query} HTTP/1.1"),
            &["Host: HOST"],
            expect,
        );
    }
}

#[test]
fn o25_get_alone() {
    let flow = flow();
    for method in [
        "HEAD", "OPTIONS", "POST", "TRACE", "PUT", "DELETE", "PATCH", "get", "BREW",
    ] {
        flow.check(
            &format!("{method} /callback?code=c&state=STATE HTTP/1.1"),
            &["Host: HOST"],
            "Method",
        );
    }
    flow.check("CONNECT 127.0.0.1:50123 HTTP/1.1", &["Host: HOST"], "Method");
    flow.check("OPTIONS * HTTP/1.1", &["Host: HOST"], "Method");
}

#[test]
fn o26_the_path_is_exact() {
    let flow = flow();
    for path in [
        "/",
        "/favicon.ico",
        "/robots.txt",
        "/callback/",
        "//callback",
        "/Callback",
        "/callback%20",
        "/%63allback",
        "/callback;x",
        "/x/../callback",
        "/done",
        "/callbac",
    ] {
        flow.check(
            &format!("GET {path}?code=c&state=STATE HTTP/1.1"),
            &["Host: HOST"],
            "Path",
        );
    }
}

#[test]
fn o27_the_host_is_ours_to_the_byte() {
    let flow = flow();
    let line = "GET /callback?code=c&state=STATE HTTP/1.1";
    flow.check(line, &["Host: HOST"], "code");
    flow.check(line, &["hOsT:HOST"], "code");
    flow.check(line, &["Accept: */*", "Host: HOST", "Cookie: x=y"], "code");
    let wrong: [&[&str]; 16] = [
        &[],
        &["Host:"],
        &["Host: evil.example"],
        &["Host: evil.example:50123"],
        &["Host: 127.0.0.1"],
        &["Host: 127.0.0.1:50124"],
        &["Host: 127.0.0.1.:50123"],
        &["Host: 127.0.0.1:050123"],
        &["Host: localhost:50123"],
        &["Host: LOCALHOST:50123"],
        &["Host: 127.0.0.1.evil.example:50123"],
        &["Host: 127.1:50123"],
        &["Host: user@127.0.0.1:50123"],
        &["Host: HOST", "Host: HOST"],
        &["Host: HOST", "Host: evil.example"],
        &["Host: HOST, HOST"],
    ];
    for headers in wrong {
        flow.check(line, headers, "Host");
    }
    flow.check(
        "GET /callback?code=c&state=STATE HTTP/1.0",
        &["Host: HOST"],
        "code",
    );
    flow.check(
        "GET http://127.0.0.1:50123/callback?code=c&state=STATE HTTP/1.1",
        &["Host: HOST"],
        "Malformed",
    );
    flow.check(
        "GET http://evil.example/callback?code=c&state=STATE HTTP/1.1",
        &["Host: HOST"],
        "Malformed",
    );
}

#[test]
fn o28_a_page_is_not_a_person() {
    let flow = flow();
    let line = "GET /callback?code=c&state=STATE HTTP/1.1";
    flow.check(
        line,
        &[
            "Host: HOST",
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Dest: document",
        ],
        "code",
    );
    flow.check(
        line,
        &["Host: HOST", "Sec-Fetch-Site: cross-site", "Sec-Fetch-User: ?1"],
        "code",
    );
    for header in [
        "Sec-Fetch-Mode: cors",
        "Sec-Fetch-Mode: no-cors",
        "Sec-Fetch-Mode: websocket",
        "Sec-Fetch-Mode:",
        "Sec-Fetch-Dest: image",
        "Sec-Fetch-Dest: iframe",
        "Sec-Fetch-Dest: empty",
        "sec-fetch-dest: script",
        "Origin: https://evil.example",
        "Origin: null",
        "origin:",
    ] {
        flow.check(line, &["Host: HOST", header], "Page");
    }
    flow.check(
        line,
        &["Host: HOST", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Mode: cors"],
        "Page",
    );
}

#[test]
fn o29_parameters_are_read_strictly() {
    let flow = flow();
    let long = format!("code={}&state=STATE", "x".repeat(LONGEST_VALUE + 1));
    let longest = format!("code={}&state=STATE", "x".repeat(LONGEST_VALUE));
    let long_unknown = format!("code=c&state=STATE&x={}", "x".repeat(LONGEST_VALUE + 1));
    for (query, expect) in [
        ("code=c&code=c&state=STATE", "Malformed"),
        ("code=c&state=STATE&state=STATE", "Malformed"),
        ("state=wrong&code=c&state=STATE", "Malformed"),
        ("error=a&error=b&state=STATE", "Malformed"),
        ("iss=a&iss=b&state=STATE", "Malformed"),
        ("c%6Fde=a&code=b&state=STATE", "Malformed"),
        ("code=%&state=STATE", "Malformed"),
        ("code=%4&state=STATE", "Malformed"),
        ("code=%zz&state=STATE", "Malformed"),
        ("code=%+1&state=STATE", "Malformed"),
        ("code=%ff&state=STATE", "Malformed"),
        ("code=%c0%af&state=STATE", "Malformed"),
        ("code=a%00b&state=STATE", "Malformed"),
        ("%00=x&code=c&state=STATE", "Malformed"),
        ("x=%e2%82&code=c&state=STATE", "Malformed"),
        (long.as_str(), "Malformed"),
        (long_unknown.as_str(), "Malformed"),
        (longest.as_str(), "code"),
        ("&&code=c&&state=STATE&", "code"),
        ("code=a+b%2B%C3%BC&state=STATE", "code"),
        ("code=a=b&state=STATE", "code"),
        ("code=c&state=STATE#x", "Malformed"),
    ] {
        flow.check_query(query, expect);
    }
    let head = flow.head(
        "GET /callback?code=a+b%2B%C3%BC%3D&state=STATE HTTP/1.1",
        &["Host: HOST"],
    );
    assert_eq!(
        judge(&flow.pending, &head).unwrap().value.expose_text(),
        Some("a b+ü=")
    );
}

#[test]
fn o30_heads_are_bounded_and_have_no_body() {
    let flow = flow();
    let line = "GET /callback?code=c&state=STATE HTTP/1.1";
    let many = |n: usize| -> Vec<String> { (0..n).map(|i| format!("X-{i}: y")).collect() };
    let with = |more: &[String]| {
        let mut headers = vec!["Host: HOST"];
        headers.extend(more.iter().map(String::as_str));
        kind(&judge(&flow.pending, &flow.head(line, &headers)))
    };
    assert_eq!(with(&many(63)), "code");
    assert_eq!(with(&many(64)), "Malformed");
    assert_eq!(with(&[format!("X: {}", "y".repeat(LONGEST_HEAD))]), "Malformed");
    flow.check(line, &["Host: HOST", "Content-Length: 0"], "code");
    flow.check(line, &["Host: HOST", "Content-Length: 5"], "Malformed");
    flow.check(line, &["Host: HOST", "Transfer-Encoding: chunked"], "Malformed");
    for bytes in [
        &b""[..],
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /callback\r\n\r\n",
        b"GET /callback HTTP/3.0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /callback HTTP/1.1\r\nHost: 127.0.0.1:50123\r\n",
        b"GET /callback HTTP/1.1\r\nHo st: x\r\n\r\n",
        b"GET /callback HTTP/1.1\r\nHost: 127.0.0.1:50123\r\n folded\r\n\r\n",
        b"GET /call\xffback HTTP/1.1\r\nHost: 127.0.0.1:50123\r\n\r\n",
        b"GET /callback\x00 HTTP/1.1\r\nHost: 127.0.0.1:50123\r\n\r\n",
    ] {
        assert!(
            matches!(judge(&flow.pending, bytes), Err(CallbackError::NotOurs(_))),
            "{bytes:?}"
        );
    }
}

/// RFC 6749 §4.1.2.1; OpenID Connect Core §3.1.2.6; RFC 8707 §2; RFC 9101 §7.
const REGISTERED_ERRORS: [&str; 16] = [
    "access_denied",
    "account_selection_required",
    "consent_required",
    "interaction_required",
    "invalid_request",
    "invalid_request_object",
    "invalid_request_uri",
    "invalid_scope",
    "invalid_target",
    "login_required",
    "registration_not_supported",
    "request_not_supported",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
];

/// O-33: the provider's own codes are told as well as the registered ones; what is no word is not repeated.
#[test]
fn o33_every_code_has_its_name_and_words_are_plain() {
    let flow = flow();
    let own = [
        "redirect_uri_mismatch",
        "application_suspended",
        "user_cancelled_login",
        "ACCESS_DENIED",
    ];
    for error in REGISTERED_ERRORS.into_iter().chain(own) {
        flow.check_query(&format!("error={error}&state=STATE"), &format!("refused {error}"));
    }
    for odd in [
        "",
        "%3Cscript%3E",
        "access_denied%0A",
        "call+this+number",
        "%1b[31mred",
        &"x".repeat(65),
    ] {
        flow.check_query(&format!("error={odd}&state=STATE"), "refused unknown_error");
    }
    let query = format!("error_description=%1b[31m%0d%0aa%E2%80%AEb{}", "c".repeat(1_000));
    let head = flow.head(
        &format!("GET /callback?error=access_denied&state=STATE&{query} HTTP/1.1"),
        &["Host: HOST"],
    );
    match judge(&flow.pending, &head) {
        Err(CallbackError::Refused {
            description: Some(words),
            ..
        }) => {
            assert!(
                words.starts_with("[31mabccc") && words.chars().count() == 300,
                "{words}"
            );
        }
        other => panic!("{other:?}"),
    }
}

/// O-35: whatever a callback ends in, its words for people and for a log hold nothing of the request.
#[test]
fn o35_no_verdict_repeats_the_request() {
    let flow = flow();
    for (target, host) in [
        ("/callback?code=canary&state=STATE", "Host: HOST"),
        ("/callback?code=canary&state=STATE&code=canary", "Host: HOST"),
        ("/callback?code=canary&state=canary", "Host: HOST"),
        ("/callback?code=canary%00&state=STATE", "Host: HOST"),
        ("/callback?code=canary&state=STATE", "Host: canary.example"),
        ("/canary?code=canary&state=STATE", "Host: HOST"),
        ("/callback?code=canary&state=STATE&iss=canary", "Host: HOST"),
        ("/callback?error=no&error_uri=canary&state=STATE", "Host: HOST"),
    ] {
        let head = flow.head(&format!("GET {target} HTTP/1.1"), &[host]);
        let said = match judge(&flow.pending, &head) {
            Ok(code) => format!("{code:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(
            !said.contains("canary") && !said.contains(&flow.state),
            "{target}: {said}"
        );
    }
}

#[test]
fn r17_a_code_is_not_printed() {
    assert_eq!(
        format!(
            "{:?}",
            Code {
                value: SecretValue::from("canary"),
                kept: Vec::new()
            }
        ),
        "Code(…)"
    );
}
