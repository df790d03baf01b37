//! The targets: plain functions from bytes to nothing, that panic when something holds no longer.

use std::sync::OnceLock;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use keyward_api::frame::{self, Request};
use keyward_api::verbs;
use keyward_api::wire::Code;
use keyward_model::auth_client::{ClientAuthentication, Oauth2};
use keyward_model::provider::{Author, Variable};
use keyward_model::reference::Reference;
use keyward_model::template::{Format, Template, TemplateError, parse_variable};
use keyward_model::{SecretValue, Timestamp, envfile};
use keyward_oauth::authorize::{self, Pending};
use keyward_oauth::callback::{self, CallbackError};
use keyward_oauth::sign::SigningKey;
use keyward_oauth::{
    catalogue, device, discovery, endpoint, id_token, introspect, oauth1, registration, token, userinfo,
};
use keyward_seal::RecoveryKey;
use serde_json::value::RawValue;

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

fn contains(bytes: &[u8], part: &[u8]) -> bool {
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
            assert!(
                error
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
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

/// Values that try to end the place they stand in, or to be read again as a template.
const HOSTILE: [&str; 4] = [
    "\"}, {\"a\": \"' & <b> ]]> {vault.KEY} keyward://KEY \\ \n - c: # $(x) `y` --> ",
    "",
    "plain",
    "{vault.KEY}\\{vault.KEY}\u{feff}\u{2028}\t\r\n'''\"\"\"",
];

/// The first byte chooses the format, the rest is the template.
pub fn template(input: &[u8]) {
    let Some((&first, text)) = input.split_first() else {
        return;
    };
    let format = match first % 5 {
        0 => Format::Text,
        1 => Format::Env,
        2 => Format::Json,
        3 => Format::Yaml,
        _ => Format::Xml,
    };
    let parsed = Template::parse(text, format);
    let is_plain = [&b"{vault."[..], b"{pmio.vault.", b"keyward://"]
        .iter()
        .all(|mark| !contains(text, mark));
    if is_plain {
        let parsed = parsed.as_ref().expect("text without a mark is no error");
        assert_eq!(parsed.references().count(), 0);
        assert_eq!(
            *parsed.fill(|_| None).expect("nothing to fill"),
            text,
            "kept as it is"
        );
    }
    match &parsed {
        Ok(template) => filled(template, text, format),
        Err(error) => placed(error, text),
    }
    if let Ok(Some(variable)) = parse_variable(text) {
        let value = SecretValue::from(HOSTILE[0].to_owned());
        let _ = variable.fill(|_| Some(&value));
    }
}

fn filled(template: &Template, text: &[u8], format: Format) {
    let references: Vec<String> = template
        .references()
        .map(|(reference, _)| reference.to_uri())
        .collect();
    if !references.is_empty() {
        let error = template.fill(|_| None).expect_err("a reference without a value");
        placed(&error, text);
    }
    let tame = SecretValue::from("x".to_owned());
    let expected = template.fill(|_| Some(&tame));
    for value in HOSTILE {
        let value = SecretValue::from(value.to_owned());
        let mut asked = Vec::new();
        let done = template.fill(|reference| {
            asked.push(reference.to_uri());
            Some(&value)
        });
        match done {
            Ok(bytes) => {
                assert_eq!(
                    asked, references,
                    "PV6: one pass, each reference once, values never expanded again"
                );
                if let Ok(expected) = &expected {
                    same_shape(expected, &bytes, format);
                }
            }
            Err(error) => {
                placed(&error, text);
                assert!(
                    !error.to_string().contains("{\"a\""),
                    "an error holds no value: {error}"
                );
            }
        }
    }
}

/// A value cannot leave its place: the document around it is read as it is with any other value.
fn same_shape(tame: &[u8], hostile: &[u8], format: Format) {
    match format {
        Format::Json => {
            if let Ok(tame) = serde_json::from_slice::<serde_json::Value>(tame) {
                let hostile: serde_json::Value = serde_json::from_slice(hostile).expect("still JSON");
                assert_eq!(
                    skeleton(&tame),
                    skeleton(&hostile),
                    "a value changed the document"
                );
            }
        }
        Format::Env => {
            let names = |bytes: &[u8]| {
                envfile::parse(bytes).map(|lines| lines.into_iter().map(|line| line.name).collect::<Vec<_>>())
            };
            if let Ok(tame) = names(tame) {
                assert_eq!(Ok(tame), names(hostile), "a value changed the file's names");
            }
        }
        Format::Text | Format::Yaml | Format::Xml => {}
    }
}

/// The brackets of a document: arrays and objects by their number of members, no texts.
fn skeleton(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(skeleton).collect::<String>()),
        // Keys may hold references too, and two may become one: only that it stays an object is compared then.
        Value::Object(members) if members.len() < 2 => {
            format!("{{{}}}", members.values().map(skeleton).collect::<String>())
        }
        Value::Object(_) => "{…}".to_owned(),
        Value::String(_) => "s".to_owned(),
        other => other.to_string(),
    }
}

fn placed(error: &TemplateError, text: &[u8]) {
    let lines = 1 + text
        .iter()
        .filter(|&&byte| byte == b'\n' || byte == b'\r')
        .count();
    assert!(
        (1..=lines).contains(&error.line),
        "line {} of {lines}",
        error.line
    );
    assert!(
        (1..=text.len() + 1).contains(&error.column),
        "column {}",
        error.column
    );
}

/// What is read as a reference is written so that it is read again as the same.
pub fn reference(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    for read in [
        Reference::parse_argument(text),
        Reference::parse_uri(text),
        Reference::parse_brace(text),
    ] {
        let Ok(reference) = read else { continue };
        let uri = reference.to_uri();
        assert_eq!(Reference::parse_uri(&uri).as_ref(), Ok(&reference), "{uri}");
        assert_eq!(Reference::parse_argument(&uri).as_ref(), Ok(&reference), "{uri}");
        if let Some(brace) = reference.to_brace() {
            assert_eq!(Reference::parse_brace(&brace).as_ref(), Ok(&reference), "{brace}");
            let template =
                Template::parse(brace.as_bytes(), Format::Text).expect("a brace reference is a template");
            assert_eq!(
                template.references().next().map(|(found, _)| found),
                Some(&reference)
            );
        }
        let template = Template::parse(uri.as_bytes(), Format::Text).expect("a URI is a template");
        assert_eq!(
            template.references().next().map(|(found, _)| found),
            Some(&reference)
        );
    }
}

/// Lines have names that a shell could have, and say where they stand.
pub fn env_file(input: &[u8]) {
    let ends = input
        .iter()
        .filter(|&&byte| byte == b'\n' || byte == b'\r')
        .count();
    match envfile::parse(input) {
        Ok(lines) => {
            for line in lines {
                let (first, rest) = line.name.as_bytes().split_first().expect("a name");
                assert!(first.is_ascii_alphabetic() || *first == b'_', "{}", line.name);
                let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
                assert!(rest.iter().all(plain), "{}", line.name);
                assert!((1..=ends + 1).contains(&line.line));
                assert!(line.value.len() <= input.len());
                assert!(!format!("{line:?}").contains("value"), "Debug shows no value");
            }
        }
        Err(error) => {
            assert!((1..=ends + 1).contains(&error.line), "{error}");
            assert!((1..=input.len() + 1).contains(&error.column), "{error}");
        }
    }
}

/// OA4, O-11, O-12: what is taken as an entry of the catalogue sends nothing but to https addresses, and no parameter of it
/// stands in for one of the protocol's own.
pub fn provider_entry(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let provider = match catalogue::read(text, Author::Owner) {
        Ok(provider) => provider,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert_eq!(provider.author, Author::Owner);
    let example = |variable: &Variable| (variable.name.clone(), variable.example.clone());
    let values: Vec<_> = provider.variables.iter().map(example).collect();
    let client = provider.registration(&values).expect("its own examples fit");
    let addresses = [
        Some(&client.auth_uri),
        Some(&client.token_uri),
        client.refresh_token_uri.as_ref(),
        client.revocation_uri.as_ref(),
    ];
    for address in addresses.into_iter().flatten() {
        assert!(address.starts_with("https://"), "O-12: {address}");
        endpoint::check(address).expect("O-12");
    }
    for params in [
        &client.authorize_params,
        &client.token_params,
        &client.refresh_params,
    ] {
        authorize::check_params(params).expect("O-11");
    }
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

/// What is a recovery key is written in one way, and that way is read again.
pub fn recovery_key(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(key) = RecoveryKey::parse(text) {
        let groups = key.to_groups();
        assert_eq!(groups.len(), 39);
        assert!(
            groups
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_digit() || byte.is_ascii_uppercase())
        );
        let again = RecoveryKey::parse(&groups).expect("its own form");
        assert_eq!(*again.to_groups(), *groups);
        let typed = text.to_lowercase().replace('-', " ");
        assert!(RecoveryKey::parse(&typed).is_ok(), "case and dashes do not count");
    }
}

/// A value in a request; an error that repeats it would leak.
const CANARY: &[u8] = b"c4n4ry";

/// L-04: the length, the frame, then the body of whatever verb is named.
pub fn socket_frame(input: &[u8]) {
    if let Some((length, mut rest)) = input.split_first_chunk::<4>() {
        let announced = u32::from_be_bytes(*length) as usize;
        match frame::read_body(&mut rest, *length) {
            Ok(body) => assert_eq!(body.len(), announced),
            Err(error) => assert!(
                announced > frame::MAX_FRAME || announced > input.len() - 4,
                "{error}"
            ),
        }
    }
    let named = match serde_json::from_slice::<Request<'_>>(input) {
        Ok(request) => {
            let encoded = frame::encode(&request).expect("what was read is written");
            let again: Request<'_> = serde_json::from_slice(&encoded).expect("and read again");
            assert_eq!(
                (again.id, again.verb, again.vault),
                (request.id, request.verb, request.vault)
            );
            check(request.verb, request.body);
            true
        }
        Err(_) => false,
    };
    // A body alone, for each verb there is.
    if !named
        && let Ok(text) = std::str::from_utf8(input)
        && let Ok(body) = serde_json::from_str::<&RawValue>(text)
    {
        for verb in verbs::NAMES.iter().chain(verbs::HOME_NAMES) {
            check(verb, body);
        }
    }
}

fn check(verb: &str, body: &RawValue) {
    if let Err(error) = verbs::check(verb, body) {
        assert_eq!(error.code, Code::Usage);
        let said = format!("{}{}", error.message, error.hint);
        assert!(
            !contains(said.as_bytes(), CANARY),
            "R-17: an error repeats the request: {said}"
        );
    } else {
        assert!(
            verbs::NAMES.contains(&verb) || verbs::HOME_NAMES.contains(&verb),
            "a verb that is not in the table: {verb}"
        );
    }
}
