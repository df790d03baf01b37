// A long file: half of it is the table of what an entry may not say, and the writing of the golden requests.
use std::{collections::BTreeSet, fs, path::Path};

use base64::Engine as _;
use keyward_model::{
    SecretValue, Timestamp,
    auth_client::{ClientAuthentication, Oauth2, Redirect},
    provider::{Protocol, RedirectRule, Variable},
};

use super::*;
use crate::{
    authorize::{Pending, Request, begin},
    behaviour,
    callback::Code,
    redirect, token,
};

/// Set to anything, it writes `golden/requests.txt` anew: look at what changed before it is committed.
const REGENERATE: &str = "KEYWARD_REGENERATE_GOLDEN";

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalogue"))
}

/// OA4: the schema test over all that ships.
#[test]
fn oa4_every_file_that_ships_is_an_entry() {
    let files: BTreeSet<String> = fs::read_dir(folder().join("data"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = built_in::FILES
        .iter()
        .map(|(id, _)| format!("{id}.toml"))
        .collect();
    assert_eq!(files, listed);
    let all = with_own(&[]);
    assert_eq!(all.problems, []);
    assert!(all.providers.len() >= 100, "{}", all.providers.len());
    for (id, text) in built_in::FILES {
        let provider = read(text, Author::Keyward).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(provider.id, *id);
        assert!(provider.steps.len() >= 3, "{id} says what to do");
        assert_eq!(find(&[], id), Some(provider));
    }
}

/// OA4, AM9: nothing that is found twice, and every behaviour is somebody's.
#[test]
fn oa4_names_are_unique_and_every_behaviour_is_used() {
    let all = with_own(&[]).providers;
    let names: BTreeSet<&str> = all.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(names.len(), all.len());
    for (behaviour, word) in keyward_model::dialect::Behaviour::WORDS {
        assert!(
            all.iter()
                .any(|provider| provider.dialect.behaviour == Some(*behaviour)),
            "{word}"
        );
    }
}

const OWN: &str = r#"
id = "acme"
name = "Acme"
category = "other"
steps = ["Ask Wile."]
authorize_params = ["audience=api"]

[mark]
letters = "Ac"
hue = 20

[endpoints]
authorize = "https://{tenant}.acme.example/authorize"
token = "https://{tenant}.acme.example/token"

[[variables]]
name = "tenant"
title = "Tenant"
example = "north"
pattern = "label"

[verified]
source = "my colleague"
confidence = "unchecked"
"#;

#[test]
fn oa4_a_person_adds_entries_and_replaces_none_that_ships() {
    let file = |name: &str, text: String| (name.to_owned(), text);
    let all = with_own(&[
        file("acme.toml", OWN.to_owned()),
        file("again.toml", OWN.to_owned()),
        file("github.toml", OWN.replace("id = \"acme\"", "id = \"github\"")),
        file("odd.toml", "id = 5".to_owned()),
    ]);
    let acme: Vec<_> = all
        .providers
        .iter()
        .filter(|provider| provider.author == Author::Owner)
        .collect();
    assert_eq!(acme.len(), 1);
    assert_eq!(acme[0].id, "acme");
    let problems: Vec<(&str, &str)> = all
        .problems
        .iter()
        .map(|problem| (problem.file.as_str(), problem.what.as_str()))
        .collect();
    assert_eq!(problems.len(), 3);
    assert_eq!(
        problems[0],
        ("again.toml", "the id acme belongs to another file too")
    );
    assert_eq!(
        problems[1],
        (
            "github.toml",
            "the id github belongs to an entry that ships with Keyward"
        )
    );
    assert!(problems[2].1.starts_with("line 1: "), "{}", problems[2].1);
    let shipped = all
        .providers
        .iter()
        .find(|provider| provider.id == "github")
        .unwrap();
    assert_eq!(
        shipped.endpoints.token_uri,
        "https://github.com/login/oauth/access_token"
    );
    let own = [file("acme.toml", OWN.to_owned())];
    assert_eq!(find(&own, "acme").unwrap().name, "Acme");
    assert_eq!(find(&own, "nothing"), None);
}

/// O-11, O-12, T-11: what an entry may not say.
#[test]
fn o11_o12_an_entry_cannot_take_the_protocol_over() {
    let refused = |from: &str, to: &str| {
        assert!(OWN.contains(from), "{from}");
        read(&OWN.replace(from, to), Author::Owner)
            .expect_err(to)
            .to_string()
    };
    for (from, to, part) in [
        (
            "https://{tenant}.acme.example/token\"",
            "http://{tenant}.acme.example/token\"",
            "endpoints.token",
        ),
        (
            "https://{tenant}.acme.example/token\"",
            "http://localhost/token\"",
            "endpoints.token",
        ),
        (
            "https://{tenant}.acme.example/token\"",
            "https://a@{tenant}.acme.example/token\"",
            "endpoints.token",
        ),
        (
            "https://{tenant}.acme.example/token\"",
            "https://{region}.acme.example/token\"",
            "no variable region",
        ),
        (
            "https://{tenant}.acme.example/token\"",
            "https://{tenant.acme.example/token\"",
            "brace",
        ),
        ("audience=api", "client_id=other", "client_id"),
        (
            "audience=api",
            "redirect_uri=https://evil.example",
            "redirect_uri",
        ),
        ("audience=api", "state=1", "state"),
        (
            "audience=api",
            "code_challenge_method=plain",
            "code_challenge_method",
        ),
        ("audience=api", "audience", "name=value"),
        (
            "pattern = \"label\"",
            "pattern = \"anything\"",
            "variables.pattern",
        ),
        ("example = \"north\"", "example = \"north.example/\"", "tenant"),
        ("name = \"Acme\"", "name = \"A\\u0007\"", "name"),
        ("id = \"acme\"", "id = \"Acme!\"", "an app starts"),
        ("category = \"other\"", "category = \"spam\"", "category"),
        ("hue = 20", "hue = 360", "hue"),
        ("[mark]", "typo = 1\n[mark]", "typo"),
        ("[mark]", "[dialect]\nrenamed = [\"state=x\"]\n[mark]", "renamed"),
        (
            "[mark]",
            "[dialect]\nrenamed = [\"code_challenge=\"]\n[mark]",
            "renamed",
        ),
        (
            "[mark]",
            "[dialect]\ncallback_names = [\"state=x\"]\n[mark]",
            "callback_names",
        ),
        (
            "[mark]",
            "[dialect]\nheaders = [\"Authorization=Basic x\"]\n[mark]",
            "headers",
        ),
        (
            "[mark]",
            "[dialect]\nheaders = [\"Host=evil.example\"]\n[mark]",
            "headers",
        ),
        (
            "[mark]",
            "[dialect]\nheaders = [\"X-A=b\\r\\nHost: c\"]\n[mark]",
            "headers",
        ),
        (
            "[mark]",
            "[dialect]\nanswer_paths = [\"access_token=token\"]\n[mark]",
            "answer_paths",
        ),
        (
            "[mark]",
            "[dialect]\nkeep_from_answer = [\"refresh_token\"]\n[mark]",
            "keep_from",
        ),
        (
            "[mark]",
            "[dialect]\nkeep_from_callback = [\"code\"]\n[mark]",
            "keep_from",
        ),
        (
            "[mark]",
            "[dialect]\nbehaviour = \"callback-host\"\n[mark]",
            "hosts",
        ),
        ("[mark]", "[dialect]\nhosts = [\"evil.example\"]\n[mark]", "hosts"),
        (
            "confidence = \"unchecked\"",
            "confidence = \"documented\"",
            "verified",
        ),
        (
            "confidence = \"unchecked\"",
            "confidence = \"unchecked\"\non = \"2026-01-01\"",
            "verified",
        ),
    ] {
        let said = refused(from, to);
        assert!(said.contains(part), "{to}: {said}");
    }
    assert!(read(&"#".repeat(70_000), Author::Owner).is_err());
}

fn example(variable: &Variable) -> (String, String) {
    (variable.name.clone(), variable.example.clone())
}

/// As it is registered; a free port is one that the system gave.
fn redirect_uri(client: &Oauth2) -> String {
    let shown = redirect::shown(client);
    match client.redirect {
        Redirect::Free | Redirect::FreeLocalhost => shown.replacen(
            &client.redirect_path,
            &format!(":53117{}", client.redirect_path),
            1,
        ),
        _ => shown,
    }
}

/// The registration of an entry with its examples, and a consent with it.
fn registered(provider: &Provider) -> (Oauth2, Pending) {
    let given: Vec<_> = provider.variables.iter().map(example).collect();
    let mut client = provider.registration(&given).unwrap();
    client.client_id = "CLIENT_ID".to_owned();
    let pending = begin(&Request {
        client: &client,
        redirect_uri: &redirect_uri(&client),
        scopes: &client.scopes,
        params: &[],
    })
    .unwrap_or_else(|error| panic!("{}: {error}", provider.id));
    (client, pending)
}

/// What differs each time, by a word in capitals.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for (index, part) in text.split('&').enumerate() {
        let separator = if index == 0 { "" } else { "&" };
        let (head, rest) = part
            .rsplit_once('?')
            .map_or(("", part), |(head, rest)| (head, rest));
        let mark = if head.is_empty() { "" } else { "?" };
        let rest = match rest.split_once('=') {
            Some((name @ ("state" | "code_challenge" | "nonce" | "code_verifier"), _)) => {
                format!("{name}={}", name.to_uppercase())
            }
            _ => rest.to_owned(),
        };
        steady.push_str(&format!("{separator}{head}{mark}{rest}"));
    }
    steady
}

fn shown(request: &reqwest::Request) -> String {
    let mut text = format!("{} {}\n", request.method(), steady(request.url().as_str()));
    let mut headers: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("  {name}: {}\n", value.to_str().unwrap()))
        .collect();
    headers.sort();
    text.push_str(&headers.concat());
    if let Some(body) = request.body().and_then(|body| body.as_bytes()) {
        let body = String::from_utf8(body.to_vec()).unwrap();
        let body = match body.strip_prefix('{') {
            // A JSON body holds the verifier in quotes.
            Some(_) => {
                let mut members: serde_json::Map<String, serde_json::Value> =
                    serde_json::from_str(&body).unwrap();
                if let Some(verifier) = members.get_mut("code_verifier") {
                    *verifier = "CODE_VERIFIER".into();
                }
                serde_json::to_string(&members).unwrap()
            }
            None => steady(&body),
        };
        text.push_str(&format!("  {body}\n"));
    }
    text
}

/// A key where the client signs, made for this test and used nowhere else.
fn secret(provider: &Provider, client: &Oauth2) -> SecretValue {
    match (provider.dialect.behaviour, client.client_authentication) {
        (Some(keyward_model::dialect::Behaviour::AppleClientSecret), _)
        | (_, ClientAuthentication::PrivateKeyJwt) => {
            let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
            let der = base64::prelude::BASE64_STANDARD.encode(key.serialize_der());
            SecretValue::from(format!(
                "-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n"
            ))
        }
        _ => SecretValue::from("CLIENT_SECRET"),
    }
}

/// What is signed with a new key each time.
fn unsigned(text: &str) -> String {
    let mut text = text.to_owned();
    for name in ["client_secret", "client_assertion"] {
        let signed = format!("{name}=eyJ");
        while let Some(start) = text.find(&signed) {
            let end = text[start..]
                .find(['&', '\n'])
                .map_or(text.len(), |end| start + end);
            text.replace_range(start..end, &format!("{name}=SIGNED_FOR_THIS_REQUEST"));
        }
    }
    text
}

fn golden(provider: &Provider) -> String {
    let mut text = format!("## {}\n", provider.id);
    if let Protocol::Oauth1 { request_uri } = &provider.protocol {
        let at = &provider.endpoints;
        text.push_str(&format!(
            "oauth1 {request_uri}\noauth1 {}\noauth1 {}\n\n",
            at.auth_uri, at.token_uri
        ));
        return text;
    }
    let (client, pending) = registered(provider);
    let (secret, now) = (secret(provider, &client), Timestamp(1_800_000_000));
    let secret = (client.client_authentication != ClientAuthentication::None).then_some(&secret);
    let code = Code {
        value: SecretValue::from("CODE"),
        kept: Vec::new(),
    };
    let refresh_token = SecretValue::from("REFRESH_TOKEN");
    text.push_str(&format!("GET {}\n", steady(pending.url())));
    text.push_str(&shown(
        &token::exchange_request(&client, secret, &pending, &code, now).unwrap(),
    ));
    if let Some(further) = behaviour::further(&client, secret, &SecretValue::from("SHORT_TOKEN")).unwrap() {
        text.push_str(&shown(&further));
    }
    text.push_str(&shown(
        &token::refresh_request(&client, secret, &refresh_token, now).unwrap(),
    ));
    text.push('\n');
    unsigned(&text)
}

/// OA4: what each entry makes of the three requests, byte for byte. After a deliberate change:
/// `KEYWARD_REGENERATE_GOLDEN=1 cargo nextest run -p keyward-oauth -E 'test(golden)'`, then read the difference.
#[test]
#[expect(clippy::disallowed_methods, reason = "the switch that writes the file anew")]
fn oa4_golden_requests_of_every_entry() {
    let mut made =
        String::from("Made by oa4_golden_requests_of_every_entry; random and signed parts in capitals.\n\n");
    for (id, text) in built_in::FILES {
        made.push_str(&golden(
            &read(text, Author::Keyward).unwrap_or_else(|error| panic!("{id}: {error}")),
        ));
    }
    let path = folder().join("golden/requests.txt");
    if std::env::var_os(REGENERATE).is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = made
        .lines()
        .zip(kept.lines())
        .position(|(made, kept)| made != kept);
    assert!(
        made == kept,
        "line {:?} of {} differs; {REGENERATE} is the switch",
        differs,
        path.display()
    );
}

/// O-26: the redirect that an entry proposes is one that its provider takes.
#[test]
fn oa1_a_proposed_redirect_is_fixed_where_the_port_counts() {
    for (rule, word) in RedirectRule::WORDS {
        let is_fixed = matches!(rule.proposal(), Redirect::Fixed { .. } | Redirect::Https { .. });
        assert_eq!(
            is_fixed,
            word.starts_with("fixed") || word.starts_with("https"),
            "{word}"
        );
    }
}

/// PROVIDERS.md §5.4: where tokens do not end unless the provider's answer says so, none is taken for dead after an hour.
#[test]
fn a_token_without_an_end_is_given_a_long_one() {
    for id in [
        "github",
        "github-enterprise",
        "slack",
        "slack-user",
        "notion",
        "intercom",
        "monday",
        "todoist",
    ] {
        let seconds = find(&[], id).unwrap().token_expires_in;
        assert_eq!(seconds, Some(365 * 24 * 3600), "{id}");
    }
}
