//! The client modules of SECURITY.md c.5 about ID tokens, under their names. `invalid-chash`, `invalid-shash` and
//! `invalid-missing-shash` are about the hybrid flow, which is not spoken here: no ID token ever comes by the browser.

use super::*;
use crate::sign::SigningKey;
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(1_700_000_000);
const ED: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const EC: &str = r#"{"kty":"EC","crv":"P-256","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const RSA: &str = include_str!("rsa.json");

/// The public half, under a name.
fn public(jwk: &str, kid: Option<&str>) -> Key {
    let mut key: Value = serde_json::from_str(jwk).unwrap();
    key["kid"] = json!(kid);
    key["use"] = json!("sig");
    serde_json::from_value(key).unwrap()
}

fn keys() -> Vec<Key> {
    vec![
        public(RSA, Some("rsa")),
        public(EC, Some("ec")),
        public(ED, Some("ed")),
    ]
}

fn claims() -> Value {
    json!({"iss": "https://as.example", "sub": "248289", "aud": "client-1", "exp": NOW.0 + 300, "iat": NOW.0,
        "nonce": "n-1", "email": "ada@example.org"})
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn encoded(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn signed_as(key: &str, header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", encoded(header), encoded(claims));
    let key = SigningKey::read(&SecretValue::from(key)).unwrap();
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn signed(claims: &Value) -> String {
    signed_as(RSA, &json!({"alg": "RS256", "kid": "rsa"}), claims)
}

fn check_with(token: &str, keys: &[Key]) -> Result<Claims, Invalid> {
    let expected = Expected {
        issuer: "https://as.example",
        client_id: "client-1",
        nonce: Some("n-1"),
        access_token: b"at-1",
    };
    check(token, &expected, keys, NOW)
}

fn expect(claims: &Value, outcome: Result<(), Invalid>) {
    assert_eq!(
        check_with(&signed(claims), &keys()).map(drop),
        outcome,
        "{claims}"
    );
}

#[test]
fn c5_idtoken_sig_rs256_and_oidcc_client_test() {
    let found = check_with(&signed(&claims()), &keys()).unwrap();
    assert_eq!(found.subject, "248289");
    assert_eq!(found.account.as_deref(), Some("ada@example.org"));
}

#[test]
fn o48_es256_and_eddsa_are_accepted() {
    for (key, alg, kid) in [(EC, "ES256", "ec"), (ED, "EdDSA", "ed")] {
        let token = signed_as(key, &json!({"alg": alg, "kid": kid}), &claims());
        assert!(check_with(&token, &keys()).is_ok(), "{alg}");
    }
}

#[test]
fn o48_ps256_is_accepted() {
    let pem = include_str!("rsa-pkcs8.pem");
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::prelude::BASE64_STANDARD.decode(body).unwrap();
    let pair = ring::signature::RsaKeyPair::from_pkcs8(&der).unwrap();
    let input = format!(
        "{}.{}",
        encoded(&json!({"alg": "PS256", "kid": "rsa"})),
        encoded(&claims())
    );
    let mut signature = vec![0; 256];
    let random = ring::rand::SystemRandom::new();
    pair.sign(
        &ring::signature::RSA_PSS_SHA256,
        &random,
        input.as_bytes(),
        &mut signature,
    )
    .unwrap();
    let token = format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
    assert!(check_with(&token, &keys()).is_ok());
}

#[test]
fn c5_idtoken_sig_none_and_invalid_null_alg() {
    for alg in [json!("none"), json!("None"), json!(null), json!("")] {
        let token = format!("{}.{}.", encoded(&json!({"alg": alg})), encoded(&claims()));
        assert_eq!(check_with(&token, &keys()), Err(Invalid::Algorithm));
    }
}

#[test]
fn c5_invalid_sig_hs256_and_invalid_alternate_alg() {
    // The public key as a shared secret: what an implementation does that believes `alg`.
    let input = format!(
        "{}.{}",
        encoded(&json!({"alg": "HS256", "kid": "rsa"})),
        encoded(&claims())
    );
    let n = serde_json::from_str::<Value>(RSA).unwrap()["n"]
        .as_str()
        .unwrap()
        .to_owned();
    let tag = ring::hmac::sign(
        &ring::hmac::Key::new(ring::hmac::HMAC_SHA256, n.as_bytes()),
        input.as_bytes(),
    );
    let token = format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag));
    assert_eq!(check_with(&token, &keys()), Err(Invalid::Algorithm));
    for alg in ["RS1", "RS384", "HS512", "ES512", "rs256"] {
        let token = signed_as(RSA, &json!({"alg": alg, "kid": "rsa"}), &claims());
        assert_eq!(check_with(&token, &keys()), Err(Invalid::Algorithm), "{alg}");
    }
    // The right key's name with another family's algorithm.
    let token = signed_as(EC, &json!({"alg": "ES256", "kid": "rsa"}), &claims());
    assert_eq!(check_with(&token, &keys()), Err(Invalid::Key));
}

#[test]
fn c5_invalid_sig_rs256_invalid_sig_es256_and_invalid_signature() {
    let flipped = |token: String| {
        let at = token.rfind('.').unwrap() + 5;
        let with = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
        format!("{}{with}{}", &token[..at], &token[at + 1..])
    };
    let es256 = json!({"alg": "ES256", "kid": "ec"});
    for token in [signed(&claims()), signed_as(EC, &es256, &claims())] {
        assert_eq!(check_with(&flipped(token), &keys()), Err(Invalid::Signature));
    }
    // Claims of another under a genuine signature.
    let genuine = signed(&claims());
    let (head, rest) = genuine.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let token = format!("{head}.{}.{signature}", encoded(&with("sub", json!("666"))));
    assert_eq!(check_with(&token, &keys()), Err(Invalid::Signature));
}

#[test]
fn c5_invalid_iss_and_invalid_missing_iss() {
    expect(&with("iss", json!("https://as.example/")), Err(Invalid::Issuer));
    expect(&with("iss", json!("https://evil.example")), Err(Invalid::Issuer));
    expect(&without("iss"), Err(Invalid::Malformed));
}

#[test]
fn c5_missing_sub() {
    expect(&without("sub"), Err(Invalid::Malformed));
    expect(&with("sub", json!("")), Err(Invalid::Malformed));
}

#[test]
fn c5_invalid_aud_invalid_missing_aud_missing_aud_invalid_secondary_aud_and_valid_aud_as_array() {
    expect(&with("aud", json!("client-2")), Err(Invalid::Audience));
    expect(&without("aud"), Err(Invalid::Malformed));
    expect(&with("aud", json!(["client-1"])), Ok(()));
    expect(
        &with("aud", json!(["client-1", "client-2"])),
        Err(Invalid::Audience),
    );
    expect(&with("aud", json!([])), Err(Invalid::Audience));
    let mut several = with("aud", json!(["client-1", "client-2"]));
    several["azp"] = json!("client-1");
    expect(&several, Ok(()));
    several["azp"] = json!("client-2");
    expect(&several, Err(Invalid::Audience));
    expect(&with("azp", json!("client-2")), Err(Invalid::Audience));
}

#[test]
fn c5_invalid_expired_exp_and_invalid_missing_exp() {
    expect(&with("exp", json!(NOW.0 - 121)), Err(Invalid::Time));
    expect(&with("exp", json!(NOW.0 - 119)), Ok(()));
    expect(&without("exp"), Err(Invalid::Malformed));
}

#[test]
fn c5_iat_is_week_in_past_and_missing_iat() {
    expect(&with("iat", json!(NOW.0 - 7 * 86_400)), Err(Invalid::Time));
    expect(&with("iat", json!(NOW.0 + 121)), Err(Invalid::Time));
    expect(&with("iat", json!(NOW.0 + 119)), Ok(()));
    expect(&without("iat"), Err(Invalid::Malformed));
    expect(&with("iat", json!(1e300)), Err(Invalid::Time));
    expect(&with("nbf", json!(NOW.0 + 600)), Err(Invalid::Time));
}

#[test]
fn c5_invalid_nonce_invalid_missing_nonce_nonce_invalid_and_nonce_unless_code_flow() {
    expect(&with("nonce", json!("n-2")), Err(Invalid::Nonce));
    expect(&without("nonce"), Err(Invalid::Nonce));
    // A device code has no nonce to repeat.
    let expected = Expected {
        issuer: "https://as.example",
        client_id: "client-1",
        nonce: None,
        access_token: b"at-1",
    };
    assert!(check(&signed(&without("nonce")), &expected, &keys(), NOW).is_ok());
}

#[test]
fn c5_missing_athash_and_a_wrong_one() {
    expect(&claims(), Ok(()));
    let hash = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(b"at-1")[..16]);
    expect(&with("at_hash", json!(hash)), Ok(()));
    let other = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(b"at-2")[..16]);
    expect(&with("at_hash", json!(other)), Err(Invalid::AccessToken));
}

#[test]
fn c5_kid_absent_single_jwks_and_kid_absent_multiple_jwks() {
    let token = signed_as(RSA, &json!({"alg": "RS256"}), &claims());
    assert!(check_with(&token, &[public(RSA, None)]).is_ok());
    assert!(check_with(&token, &keys()).is_ok());
    let two = [public(RSA, Some("a")), public(RSA, Some("b"))];
    assert_eq!(check_with(&token, &two), Err(Invalid::Key));
    assert_eq!(check_with(&token, &[]), Err(Invalid::Key));
}

#[test]
fn o48_malformed_tokens_and_critical_headers() {
    for token in [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "e30.e30.",
        "e30.e30.e30.e30",
        "=.=.=",
        "é.é.é",
    ] {
        assert!(check_with(token, &keys()).is_err(), "{token}");
    }
    let header = json!({"alg": "RS256", "kid": "rsa", "crit": ["exp"]});
    assert_eq!(
        check_with(&signed_as(RSA, &header, &claims()), &keys()),
        Err(Invalid::Algorithm)
    );
}

#[test]
fn o48_what_is_shown_is_plain() {
    let odd = with("email", json!("\u{202e}ada\u{0}@example.org"));
    let found = check_with(&signed(&odd), &keys()).unwrap();
    assert_eq!(found.account.as_deref(), Some("ada@example.org"));
}

/// O-48: what the page shows of an ID token is words of plain text, none that only a protocol reads, and no object.
#[test]
fn o48_shown_claims_are_words() {
    let mut said = with("email", json!("\u{202e}ada\u{0}@example.org"));
    said["aud"] = json!(["a", "b"]);
    said["email_verified"] = json!(true);
    said["nonce"] = json!("n");
    said["address"] = json!({"street": "x"});
    let raw = SecretValue::from(json!({"id_token": signed(&said)}).to_string().as_str());
    let claims = shown(&raw);
    let value = |name: &str| {
        claims
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(value("email"), Some("ada@example.org"));
    assert_eq!(
        (value("aud"), value("email_verified")),
        (Some("a b"), Some("true"))
    );
    assert_eq!(value("exp"), Some(said["exp"].to_string().as_str()));
    assert_eq!(
        (value("nonce"), value("at_hash"), value("address")),
        (None, None, None)
    );
    assert!(shown(&SecretValue::from("{}")).is_empty());
    assert!(shown(&SecretValue::from(r#"{"id_token":"e30"}"#)).is_empty());
}
