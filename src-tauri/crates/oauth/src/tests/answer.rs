use super::*;
use keyward_model::connection::LONGEST_LIFETIME;
use reqwest::header::HeaderMap;

const AT: Timestamp = Timestamp(1_000_000);

fn reply(status: u16, body: &[u8]) -> Reply {
    Reply {
        status,
        headers: HeaderMap::new(),
        body: Zeroizing::new(body.to_vec()),
        extent: Extent::Whole,
    }
}

fn reading() -> Reading<'static> {
    Reading {
        obtained_at: AT,
        default_lifetime: 3600,
        nonce: None,
        sent: &[],
    }
}

fn ok(body: &str) -> Answer {
    read(reply(200, body.as_bytes()), &reading()).unwrap_or_else(|error| panic!("{error} for {body}"))
}

fn check_bad(body: &[u8]) {
    match read(reply(200, body), &reading()) {
        // O-53: the caller gets it as it came.
        Err(Error::BadResponse { raw, what }) => {
            assert_eq!(raw.expose(), &body[..body.len().min(LONGEST_KEPT)]);
            assert!(what.is_ascii());
        }
        Err(other) => panic!("{other:?} for {}", String::from_utf8_lossy(body)),
        Ok(_) => panic!("taken: {}", String::from_utf8_lossy(body)),
    }
}

#[test]
fn o66_expires_in() {
    let check = |member: &str, expect: u64| {
        let answer = ok(&format!(
            "{{\"access_token\":\"a\",\"token_type\":\"Bearer\"{member}}}"
        ));
        let lifetime = answer.tokens.lifetime;
        assert_eq!(
            (lifetime.obtained_at, lifetime.length().as_secs()),
            (AT, expect),
            "{member}"
        );
    };
    let year = LONGEST_LIFETIME.as_secs();
    check("", 3600);
    check(",\"expires_in\":null", 3600);
    check(",\"expires_in\":7200", 7200);
    check(",\"expires_in\":\"7200\"", 7200);
    check(",\"expires_in\":\" 7200 \"", 7200);
    check(",\"expires_in\":3600.0", 3600);
    check(",\"expires_in\":59.9", 59);
    check(",\"expires_in\":\"3600.5\"", 3600);
    check(",\"expires_in\":0", 0);
    check(",\"expires_in\":-1", 0);
    check(",\"expires_in\":\"-1\"", 0);
    check(",\"expires_in\":1e18", year);
    check(",\"expires_in\":18446744073709551616", year);
    check(",\"expires_in\":\"99999999999999999999999\"", year);
    check(",\"expires_in\":1e300", year);
    for odd in [
        "\"soon\"",
        "\"\"",
        "true",
        "[1]",
        "{\"a\":1}",
        "\"NaN\"",
        "\"inf\"",
    ] {
        check(&format!(",\"expires_in\":{odd}"), 3600);
    }
}

#[test]
fn o67_token_types() {
    for (said, scheme) in [
        ("Bearer", Some("Bearer")),
        ("bearer", Some("Bearer")),
        ("BEARER", Some("Bearer")),
        ("dpop", Some("DPoP")),
        ("mac", None),
        ("N_A", None),
        ("", None),
        ("Bearer ", None),
    ] {
        let answer = ok(&format!("{{\"access_token\":\"a\",\"token_type\":\"{said}\"}}"));
        assert_eq!(answer.tokens.token_type, said);
        assert_eq!(header_scheme(&answer.tokens.token_type), scheme, "{said}");
    }
    assert_eq!(ok("{\"access_token\":\"a\"}").tokens.token_type, "Bearer");
    check_bad(b"{\"access_token\":\"a\",\"token_type\":5}");
    check_bad(b"{\"access_token\":\"a\",\"token_type\":\"Bearer\\r\\nX: y\"}");
}

#[test]
fn o54_refresh_tokens_said_and_unsaid() {
    let of = |member: &str| {
        let tokens = ok(&format!("{{\"access_token\":\"a\"{member}}}")).tokens;
        tokens
            .refresh_token
            .map(|token| token.expose_text().unwrap().to_owned())
    };
    assert_eq!(of(",\"refresh_token\":\"r2\"").as_deref(), Some("r2"));
    assert_eq!(of(""), None);
    assert_eq!(of(",\"refresh_token\":null"), None);
    assert_eq!(of(",\"refresh_token\":\"\""), None);
    for odd in ["5", "true", "[\"r\"]", "{\"r\":1}", "\"a\\nb\""] {
        check_bad(format!("{{\"access_token\":\"a\",\"refresh_token\":{odd}}}").as_bytes());
    }
}

#[test]
fn o14_scope_is_what_was_granted_or_nothing() {
    let of = |member: &str| ok(&format!("{{\"access_token\":\"a\"{member}}}")).tokens.scope;
    assert_eq!(of(""), None);
    assert_eq!(of(",\"scope\":null"), None);
    assert_eq!(of(",\"scope\":\"a b\"").as_deref(), Some("a b"));
    assert_eq!(of(",\"scope\":\"\"").as_deref(), Some(""));
    assert_eq!(of(",\"scope\":[\"a\",\"b\"]").as_deref(), Some("a b"));
    assert_eq!(of(",\"scope\":7"), None);
}

#[test]
fn o73_answers_that_cannot_be_read() {
    for body in [
        &b""[..],
        b"null",
        b"[]",
        b"\"a\"",
        b"{}",
        b"{\"access_token\":\"a\"",
        b"{\"access_token\":\"a\"}x",
        b"{\"access_token\":\"a\"}{\"access_token\":\"b\"}",
        b"{\"access_token\":\"\"}",
        b"{\"access_token\":null}",
        b"{\"access_token\":5}",
        b"{\"access_token\":[\"a\"]}",
        b"{\"access_token\":\"a\\r\\nX-Evil: 1\"}",
        b"{\"access_token\":\"a\\u0000\"}",
        b"{\"access_token\":\"\xff\"}",
        b"{\"access_token\":\"a\",\"access_token\":\"b\"}",
        b"{\"access_token\":\"a\",\"refresh_token\":\"r\",\"refresh_token\":\"s\"}",
        b"{\"access_token\":\"a\",\"expires_in\":1,\"expires_in\":2}",
        b"{\"access_token\":\"a\",\"access_tok\\u0065n\":\"b\"}",
        b"access_token=a&token_type=bearer",
        b"<!doctype html><title>Log in to the hotel</title>",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        b"{\"access_token\":\"a\",\"expires_in\":1e999}",
    ] {
        check_bad(body);
    }
    check_bad(
        format!(
            "{{\"access_token\":\"a\",\"x\":{}{}}}",
            "[".repeat(40),
            "]".repeat(40)
        )
        .as_bytes(),
    );
    check_bad(format!("{{\"access_token\":\"a\",\"x\":{}", "[".repeat(500_000)).as_bytes());
    check_bad(format!("{{\"access_token\":\"{}\"}}", "a".repeat(LONGEST_TOKEN + 1)).as_bytes());
    let long = ok(&format!("{{\"access_token\":\"{}\"}}", "a".repeat(LONGEST_TOKEN)));
    assert_eq!(long.tokens.access_token.len(), LONGEST_TOKEN);
}

#[test]
fn o73_cut_and_endless_answers_are_kept_in_part() {
    for extent in [Extent::Cut, Extent::TooLong] {
        let mut reply = reply(200, &vec![b'x'; 1024 * 1024]);
        reply.extent = extent;
        match read(reply, &reading()) {
            Err(Error::BadResponse { raw, .. }) => assert_eq!(raw.len(), LONGEST_KEPT),
            _ => panic!("{extent:?}"),
        }
    }
}

#[test]
fn o75_the_raw_answer_is_kept_with_members_nobody_knows() {
    let body = "{\"instance_url\":\"https://x.example\",\"access_token\":\"a\",\"team\":{\"id\":1},\"instance_url\":2}";
    assert_eq!(ok(body).tokens.raw.expose(), body.as_bytes());
}

#[test]
fn o60_a_refusal_with_status_200_is_a_refusal() {
    let refused = |code: &str| {
        let body = format!("{{\"error\":\"{code}\",\"error_description\":\"words\"}}");
        read(reply(200, body.as_bytes()), &reading()).map(drop)
    };
    assert!(matches!(
        refused("bad_refresh_token"),
        Err(Error::Permanent { .. })
    ));
    assert!(matches!(refused("invalid_grant"), Err(Error::Permanent { .. })));
    assert!(matches!(
        refused("incorrect_client_credentials"),
        Err(Error::Config { .. })
    ));
    assert!(matches!(refused("slow_down"), Err(Error::Transient { .. })));
    // A success that also speaks of an error is a success.
    assert_eq!(
        ok("{\"access_token\":\"a\",\"error\":\"\"}")
            .tokens
            .access_token
            .expose(),
        b"a"
    );
}

fn id_token(claims: &str) -> String {
    format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims))
}

#[test]
fn o18_the_account_is_shown_as_plain_text() {
    let account = |claims: &str| {
        ok(&format!(
            "{{\"access_token\":\"a\",\"id_token\":\"{}\"}}",
            id_token(claims)
        ))
        .account
    };
    assert_eq!(
        account("{\"sub\":\"1\",\"email\":\"a@x.example\"}").as_deref(),
        Some("a@x.example")
    );
    assert_eq!(
        account("{\"sub\":\"1\",\"preferred_username\":\"ann\"}").as_deref(),
        Some("ann")
    );
    assert_eq!(account("{\"sub\":\"1\"}").as_deref(), Some("1"));
    assert_eq!(
        account("{\"sub\":5,\"email\":\"a\\u001b[31m\\nb\"}").as_deref(),
        Some("a[31mb")
    );
    assert_eq!(account("{}"), None);
    assert_eq!(account("not json"), None);
    for odd in ["\"\"", "\"a.b\"", "\"...\"", "5", "null"] {
        assert_eq!(
            ok(&format!("{{\"access_token\":\"a\",\"id_token\":{odd}}}")).account,
            None
        );
    }
}

#[test]
fn o05_the_nonce_must_come_back() {
    let with = |claims: Option<&str>| {
        let id_token = claims.map_or_else(String::new, |claims| {
            format!(",\"id_token\":\"{}\"", id_token(claims))
        });
        let body = format!("{{\"access_token\":\"a\"{id_token}}}");
        let reading = Reading {
            nonce: Some("n-1"),
            ..reading()
        };
        read(reply(200, body.as_bytes()), &reading).is_ok()
    };
    assert!(with(Some("{\"nonce\":\"n-1\",\"sub\":\"1\"}")));
    assert!(with(None));
    for wrong in [
        "{}",
        "{\"nonce\":\"n-2\"}",
        "{\"nonce\":\"\"}",
        "{\"nonce\":null}",
        "{\"nonce\":[\"n-1\"]}",
        "x",
    ] {
        assert!(!with(Some(wrong)), "{wrong}");
    }
}
