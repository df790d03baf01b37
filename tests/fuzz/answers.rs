//! The targets of what a provider sends: callbacks, and answers of each of its endpoints.

use std::sync::OnceLock;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use keyward_model::auth_client::{ClientAuthentication, Oauth2};
use keyward_model::{SecretValue, Timestamp};
use keyward_oauth::authorize::{self, Pending};
use keyward_oauth::callback::{self, CallbackError};
use keyward_oauth::sign::SigningKey;
use keyward_oauth::{
    device, discovery, endpoint, id_token, introspect, oauth1, registration, token, userinfo,
};

/// Stands in an input of the corpus where the state of the running consent shall stand.
const STATE: &[u8] = b"STATE";

fn pending() -> &'static (Pending, String) {
    static PENDING: OnceLock<(Pending, String)> = OnceLock::new();
    PENDING.get_or_init(|| {
        let client = Oauth2 {
            issuer: Some("https://as.example".to_owned()),
            ..Oauth2::new(
                "https://as.example/authorize".to_owned(),
                "https://as.example/token".to_owned(),
                "client-1".to_owned(),
            )
        };
        let pending = authorize::begin(&authorize::Request {
            client: &client,
            redirect_uri: "http://127.0.0.1:50123/callback",
            scopes: &[],
            params: &[],
        })
        .expect("a consent");
        let state = pending
            .url()
            .split(['?', '&'])
            .find_map(|pair| pair.strip_prefix("state="))
            .expect("a state")
            .to_owned();
        (pending, state)
    })
}

fn replaced(input: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// Whether a part is somewhere in these bytes.
pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// O-23 … O-34: without the state nothing ends a flow, whatever else is said; the verdict has no memory.
pub fn callback(input: &[u8]) {
    let (pending, state) = pending();
    let request = replaced(input, STATE, state.as_bytes());
    let verdict = callback::judge(pending, &request);
    match &verdict {
        Ok(code) => assert_eq!(format!("{code:?}"), "Code(…)"),
        Err(CallbackError::NotOurs(_)) => {}
        Err(CallbackError::Refused { error, description }) => {
            // O-33: a provider's own code is shown, so it is a word and nothing else.
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
            assert!(
                (1..=64).contains(&error.len()) && error.bytes().all(is_word),
                "{error}"
            );
            if let Some(words) = description {
                assert!(words.chars().count() <= 300, "O-33: capped");
                assert!(!words.chars().any(char::is_control), "O-33: stripped");
            }
        }
        Err(CallbackError::WrongIssuer) => {}
        Err(CallbackError::TimedOut) => panic!("time is not looked at here"),
    }
    if !matches!(verdict, Err(CallbackError::NotOurs(_))) {
        // The state may come percent-encoded; somebody who knows none of it cannot write it.
        let decoded = percent_decoded(&request);
        assert!(
            contains(&decoded, state.as_bytes()),
            "O-23: a flow ended without its state"
        );
        // RFC 9112 §2.2: empty lines before a request are skipped.
        assert!(
            request.trim_ascii_start().starts_with(b"GET /callback?"),
            "O-25, O-26"
        );
    }
    let again = callback::judge(pending, &request);
    assert_eq!(
        format!("{verdict:?}"),
        format!("{again:?}"),
        "a verdict has no memory"
    );

    // O-36: the other door. A pasted address counts once, so only what is no answer is pasted here.
    if let Ok(address) = std::str::from_utf8(&request)
        && !contains(&percent_decoded(&request), state.as_bytes())
    {
        assert!(
            matches!(pending.accept_pasted(address), Err(CallbackError::NotOurs(_))),
            "O-36: a pasted address ended a flow without its state"
        );
    }
}

fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// The first byte chooses the status, the rest is the body.
pub fn token_response(input: &[u8]) {
    let Some((&first, body)) = input.split_first() else {
        return;
    };
    let status = [200, 201, 400, 401, 403, 404, 408, 429, 500, 503, 302][usize::from(first) % 11];
    let now = Timestamp(1_800_000_000);
    match token::read(status, body, now, 3600) {
        Ok(answer) => {
            assert!((200..300).contains(&status));
            let tokens = answer.tokens;
            let access = tokens.access_token.expose_text().expect("text");
            assert!(!access.is_empty() && access.len() <= 64 * 1024 && !access.chars().any(char::is_control));
            if let Some(refresh) = &tokens.refresh_token {
                assert!(!refresh.is_empty(), "O-54");
            }
            assert_eq!(tokens.lifetime.obtained_at, now);
            let year = 366 * 24 * 3600;
            assert!((0..=year).contains(&tokens.lifetime.length().as_secs()), "O-66");
            assert_eq!(
                tokens.raw.expose(),
                body,
                "O-75: the raw answer is kept as it came"
            );
        }
        Err(error) => {
            let said = error.to_string();
            assert!(said.chars().count() <= 1_000, "capped: {}", said.len());
            assert!(!said.chars().any(char::is_control), "one line: {said:?}");
        }
    }
}

/// What is told of an answer that is no good.
fn plainly(error: &keyward_oauth::Error) {
    let said = error.to_string();
    assert!(said.chars().count() <= 1_000, "capped: {}", said.len());
    assert!(!said.chars().any(char::is_control), "one line: {said:?}");
}

/// O-33: a text of somebody else on its way to a screen.
fn is_plain(words: Option<&String>) {
    if let Some(words) = words {
        assert!(!words.is_empty() && words.chars().count() <= 1_000, "capped");
        assert!(!words.chars().any(char::is_control), "plain text: {words:?}");
    }
}

/// O-51: a code that a person can type, and addresses that they may be sent to.
pub fn device_answer(input: &[u8]) {
    match device::read(input, "https://as.example/device") {
        Ok(code) => {
            is_plain(Some(&code.user_code));
            assert!(code.user_code.chars().count() <= 64);
            assert!(code.expires_in.as_secs() <= 30 * 60, "waited for ever");
            let addresses = [
                Some(&code.verification_uri),
                code.verification_uri_complete.as_ref(),
            ];
            for address in addresses.into_iter().flatten() {
                assert!(
                    address.starts_with("https://"),
                    "O-12, and nothing of this machine: {address}"
                );
                assert!(
                    address.is_ascii() && !address.contains(char::is_control),
                    "O-12: {address}"
                );
            }
        }
        Err(error) => plainly(&error),
    }
}

/// O-52: what a provider says of a token is for display alone.
pub fn introspection_answer(input: &[u8]) {
    match introspect::read(input) {
        Ok(found) => {
            for words in [&found.scope, &found.account, &found.subject] {
                is_plain(words.as_ref());
            }
        }
        Err(error) => plainly(&error),
    }
}

/// O-18: whose account it is, and nobody else's.
pub fn userinfo_answer(input: &[u8]) {
    const SUBJECT: &str = "248289761001";
    match userinfo::read(input, SUBJECT) {
        Ok(found) => {
            assert_eq!(found.subject, SUBJECT, "O-18");
            assert!(
                contains(input, b"\"sub\"") || contains(input, b"\\u"),
                "O-18: it names nobody"
            );
            is_plain(found.account.as_ref());
        }
        Err(error) => plainly(&error),
    }
    if let Ok(found) = userinfo::read(input, "somebody else") {
        assert!(
            userinfo::read(input, SUBJECT).is_err(),
            "O-18: two people: {found:?}"
        );
    }
}

/// OA3: a client that a server made: it has a name, and authenticates in a way that can be done.
pub fn registration_answer(input: &[u8]) {
    for wished in [ClientAuthentication::None, ClientAuthentication::Post] {
        match registration::read(input, wished) {
            Ok(made) => {
                assert!(!made.client_id.is_empty() && !made.client_id.chars().any(char::is_control));
                assert!(made.client_secret_expires_at.is_none_or(|at| at.0 > 0));
            }
            Err(error) => plainly(&error),
        }
    }
}

/// OA2: the form with a token of OAuth 1.0a. The first byte chooses the status, the rest is the body.
pub fn oauth1_answer(input: &[u8]) {
    let Some((&first, body)) = input.split_first() else {
        return;
    };
    let status = [200, 201, 400, 401, 403, 404, 429, 500, 302][usize::from(first) % 9];
    let now = Timestamp(1_800_000_000);
    match oauth1::read(status, body, now) {
        Ok(answer) => {
            assert!((200..300).contains(&status));
            let token = answer.tokens.access_token.expose_text().expect("text");
            assert!(!token.is_empty() && token.len() <= 4096 && !token.chars().any(char::is_control));
            assert!(answer.tokens.refresh_token.is_none() && answer.kept.is_empty());
            is_plain(answer.account.as_ref());
            let raw: serde_json::Value =
                serde_json::from_slice(answer.tokens.raw.expose()).expect("kept as JSON");
            assert_eq!(raw["oauth_token"], token);
            assert!(raw["oauth_token_secret"].is_string(), "whoever signs needs it");
        }
        Err(error) => plainly(&error),
    }
}

/// The issuer whose metadata and ID tokens are read here.
const ISSUER: &str = "https://as.example";

/// Metadata: what is believed is its own issuer's, and each of its addresses is an acceptable one.
pub fn metadata(input: &[u8]) {
    match discovery::read(input, ISSUER) {
        Ok(found) => {
            assert_eq!(found.issuer, ISSUER, "O-44");
            let addresses = [
                Some(&found.authorization_endpoint),
                Some(&found.token_endpoint),
                found.revocation_endpoint.as_ref(),
                found.introspection_endpoint.as_ref(),
                found.device_authorization_endpoint.as_ref(),
                found.pushed.as_ref().map(|pushed| &pushed.uri),
                found.jwks_uri.as_ref(),
                found.registration_endpoint.as_ref(),
                found.userinfo_endpoint.as_ref(),
            ];
            for address in addresses.into_iter().flatten() {
                assert!(
                    address
                        .get(..8)
                        .is_some_and(|start| start.eq_ignore_ascii_case("https://")),
                    "O-12, and nothing of this machine: {address}"
                );
                endpoint::check(address).expect("O-12");
            }
        }
        Err(error) => {
            let said = error.to_string();
            assert!(said.chars().count() <= 1_000, "capped: {}", said.len());
            assert!(!said.chars().any(char::is_control), "one line: {said:?}");
        }
    }
}

/// An ID token from its header and its claims, the first two lines, signed with a key that the document of keys in the
/// third names; an empty third is that key alone. Then the whole input as a token of somebody else.
pub fn id_token(input: &[u8]) {
    /// RFC 8037 Appendix A.
    const PUBLIC: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const PRIVATE: &str = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let now = Timestamp(1_800_000_000);
    let own = format!("{{\"keys\":[{PUBLIC}]}}");
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let (header, claims) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let keys = match lines.next().unwrap_or_default() {
        [] => own.as_bytes(),
        said => said,
    };
    let message = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(header),
        BASE64_URL_SAFE_NO_PAD.encode(claims)
    );
    let key = SigningKey::read(&SecretValue::from(PRIVATE)).expect("a key");
    let signature = key.sign(message.as_bytes()).expect("a signature");
    let token = format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
    if let Ok(found) = id_token::read(&token, keys, ISSUER, "client-1", b"at-1", now) {
        assert!(
            contains(header, b"EdDSA"),
            "O-48: another algorithm than the key's"
        );
        assert!(!found.subject.is_empty() && found.subject.len() <= 255);
        if let Some(account) = &found.account {
            assert!(!account.chars().any(char::is_control), "O-18: plain text");
        }
        // The same token is nobody else's.
        for (issuer, client) in [("https://evil.example", "client-1"), (ISSUER, "client-2")] {
            let other = id_token::read(&token, keys, issuer, client, b"at-1", now);
            assert!(other.is_err(), "O-48: {other:?}");
        }
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let forged = id_token::read(text, own.as_bytes(), ISSUER, "client-1", b"at-1", now);
        assert!(forged.is_err(), "O-48: nobody signed this");
    }
}
