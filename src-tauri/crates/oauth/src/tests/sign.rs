use super::*;
use ring::signature::KeyPair as _;

fn read(text: &str) -> Result<SigningKey, Error> {
    SigningKey::read(&SecretValue::from(text))
}

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        BASE64_STANDARD.encode(der)
    )
}

#[test]
fn o46_o47_ed25519_of_rfc_8037_a_1() {
    let key = read(
        r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    )
    .unwrap();
    assert_eq!(key.algorithm(), "EdDSA");
    // RFC 8037 A.4.
    let signature = key
        .sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")
        .unwrap();
    assert_eq!(
        BASE64_URL_SAFE_NO_PAD.encode(signature),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
}

#[test]
fn o47_a_p_256_key_as_pem_and_as_jwk() {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = read(&pem("PRIVATE KEY", der.as_ref())).unwrap();
    assert_eq!((key.algorithm(), key.id()), ("ES256", None));
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap();
    let signature = key.sign(b"message").unwrap();
    ring::signature::UnparsedPublicKey::new(
        &ring::signature::ECDSA_P256_SHA256_FIXED,
        pair.public_key().as_ref(),
    )
    .verify(b"message", &signature)
    .unwrap();
    // RFC 7515 A.3.1.
    let jwk = read(
        r#"{"kty":"EC","crv":"P-256","kid":"k","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#,
    )
    .unwrap();
    assert_eq!((jwk.algorithm(), jwk.id()), ("ES256", Some("k")));
}

#[test]
fn oa2_a_service_account_file_names_whose_key_it_is() {
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let file = serde_json::json!({
        "type": "service_account", "private_key_id": "7f3a", "client_email": "bot@project.example",
        "token_uri": "https://oauth2.example/token", "private_key": pem("PRIVATE KEY", der.as_ref()),
    });
    let key = read(&file.to_string()).unwrap();
    assert_eq!(key.id(), Some("7f3a"));
    assert_eq!(
        key.account(),
        Some(&ServiceAccount {
            email: "bot@project.example".to_owned(),
            token_uri: Some("https://oauth2.example/token".to_owned()),
        })
    );
}

#[test]
fn o47_what_is_no_key_is_told_apart_without_being_repeated() {
    for (text, word) in [
        ("hunter2", "begin"),
        (
            "-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----",
            "damaged",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----",
            "neither",
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\naHVudGVyMg==\n-----END EC PRIVATE KEY-----",
            "openssl pkcs8",
        ),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\naHVudGVyMg==\n-----END",
            "passphrase",
        ),
        ("-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END", "public"),
        ("{\"kty\":\"RSA\"}", "JWK"),
        (
            "{\"kty\":\"oct\",\"k\":\"hunter2\",\"d\":\"aHVudGVyMg\"}",
            "Ed25519",
        ),
        ("{hunter2", "JSON"),
    ] {
        let error = read(text).err().unwrap().to_string();
        assert!(error.contains(word), "{error}");
        assert!(
            !error.contains("hunter2") && !error.contains("aHVudGVyMg"),
            "{error}"
        );
    }
}

#[test]
fn oa2_o47_an_rsa_key_in_all_three_ways_of_writing_it() {
    let all = [
        include_str!("rsa.json"),
        include_str!("rsa-pkcs1.pem"),
        include_str!("rsa-pkcs8.pem"),
    ];
    // RSASSA-PKCS1-v1_5 has no chance in it: the same key makes the same signature.
    let signatures: Vec<Vec<u8>> = all
        .iter()
        .map(|text| {
            let key = read(text).unwrap();
            assert_eq!(key.algorithm(), "RS256");
            key.sign(b"message").unwrap()
        })
        .collect();
    assert!(signatures[0].len() == 256 && signatures.iter().all(|one| *one == signatures[0]));
}
