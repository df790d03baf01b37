use super::*;
use crate::fixture::client;

const NOW: Timestamp = Timestamp(1_700_000_000);
const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"k1","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn parts(assertion: &str) -> (Value, Value) {
    let mut parts = assertion
        .split('.')
        .map(|part| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut json = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (json(), json())
}

fn file(token_uri: &str) -> SecretValue {
    let pem = include_str!("rsa-pkcs8.pem");
    let file = json!({"type": "service_account", "private_key_id": "f1", "private_key": pem,
        "client_email": "bot@project.example", "token_uri": token_uri});
    SecretValue::from(file.to_string())
}

#[test]
fn o46_a_client_assertion_has_one_audience_the_issuer() {
    let assertion = of_client(&client(), &SecretValue::from(KEY), NOW).unwrap();
    let (header, claims) = parts(&assertion);
    assert_eq!(header, json!({"alg": "EdDSA", "typ": "JWT", "kid": "k1"}));
    assert_eq!(claims["aud"], "https://as.example");
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("client-1"), &json!("client-1"))
    );
    assert_eq!(claims["iat"], NOW.0);
    assert_eq!(claims["exp"], NOW.0 + 300);
    let other = of_client(&client(), &SecretValue::from(KEY), NOW).unwrap();
    assert_ne!(claims["jti"], parts(&other).1["jti"]);
}

#[test]
fn o46_hostile_metadata_cannot_name_another_servers_endpoint_as_audience() {
    // The token endpoint was taken from metadata that points at somebody else's.
    let mut client = client();
    client.token_uri = "https://honest.example/token".to_owned();
    let (_, claims) = parts(&of_client(&client, &SecretValue::from(KEY), NOW).unwrap());
    assert_eq!(claims["aud"], "https://as.example");
    client.issuer = None;
    let (_, claims) = parts(&of_client(&client, &SecretValue::from(KEY), NOW).unwrap());
    assert_eq!(claims["aud"], "https://honest.example/token");
}

#[test]
fn oa2_a_service_account_signs_for_the_endpoint_its_file_names_and_for_no_other() {
    let mut client = client();
    client.token_params = vec![("sub".to_owned(), "ada@example.org".to_owned())];
    let assertion = of_grant(&client, &file("https://as.example/token"), "a b", NOW).unwrap();
    let (header, claims) = parts(&assertion);
    assert_eq!((&header["alg"], &header["kid"]), (&json!("RS256"), &json!("f1")));
    assert_eq!(claims["iss"], "bot@project.example");
    assert_eq!(claims["sub"], "ada@example.org");
    assert_eq!(claims["aud"], "https://as.example/token");
    assert_eq!(claims["scope"], "a b");
    let refused = of_grant(&client, &file("https://elsewhere.example/token"), "", NOW);
    assert!(matches!(refused, Err(Error::BadParameter(_))));
}

#[test]
fn oa2_a_bare_key_signs_for_the_client() {
    let (_, claims) = parts(&of_grant(&client(), &SecretValue::from(KEY), "", NOW).unwrap());
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("client-1"), &json!("client-1"))
    );
    assert_eq!(claims["aud"], "https://as.example");
    assert!(claims.get("scope").is_none());
}
