//! The targets of what people write (templates, references, env files, entries of the catalogue, recovery keys) and of
//! what asks at the door.

use keyward_api::frame::{self, Frame, Request};
use keyward_api::verbs;
use keyward_api::wire::Code;
use keyward_model::provider::{Author, Variable};
use keyward_model::reference::Reference;
use keyward_model::template::{Format, Template, TemplateError, parse_variable};
use keyward_model::{SecretValue, envfile};
use keyward_oauth::{authorize, catalogue, endpoint};
use keyward_seal::RecoveryKey;
use serde_json::value::RawValue;

use crate::answers::contains;

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
    let named = match serde_json::from_slice::<Request<'_, &RawValue>>(input) {
        Ok(request) => {
            let encoded = Frame::encode(&request).expect("what was read is written");
            let again: Request<'_, &RawValue> =
                serde_json::from_slice(encoded.content()).expect("and read again");
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
