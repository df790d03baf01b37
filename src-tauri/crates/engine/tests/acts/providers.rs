//! The catalogue in use: an auth client from an entry, and what its provider does its own way.

use std::fs;

use keyward_engine::{Engine, Kind, auth_clients, providers, resolve};
use keyward_model::{
    auth_client::{ClientAuthentication, Oauth2, Visibility},
    dialect::{Behaviour, Separator},
    reference::Reference,
};

use crate::support::{ENV, World, kind, owner, shown, token};

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn create(
    engine: &Engine,
    key: &str,
    application: Option<&str>,
    new: auth_clients::NewOauth2<'_>,
) -> keyward_engine::Result<auth_clients::Counted> {
    let new = auth_clients::New {
        key,
        name: None,
        application,
        visibility: Visibility::Environment,
        registration: auth_clients::NewRegistration::Oauth2(new),
    };
    auth_clients::create(engine, &owner(), ENV, &new)
}

fn registered(made: &auth_clients::Counted) -> &Oauth2 {
    made.auth_client.oauth2().unwrap()
}

/// OA4: everything from the entry; what a person says wins.
#[test]
fn oa4_an_auth_client_is_filled_in_from_the_catalogue() {
    let (_world, engine) = World::host();
    let secret = "s".into();
    let of = |new| create(&engine, "A", None, new);
    let exact = of(auth_clients::NewOauth2 {
        provider: Some("exact-online"),
        variables: pairs(&[("country", "de")]),
        client_id: "c",
        client_secret: Some(&secret),
        ..Default::default()
    })
    .unwrap();
    let client = registered(&exact);
    assert_eq!(client.token_uri, "https://start.exactonline.de/api/oauth2/token");
    assert_eq!((client.refresh_window, client.token_expires_in), (Some(30), 600));
    assert_eq!(client.client_authentication, ClientAuthentication::Basic);
    assert_eq!(
        exact.auth_client.application.as_ref().unwrap().as_str(),
        "exact-online"
    );
    assert_eq!(
        client.provider.as_ref().unwrap().variables,
        pairs(&[("country", "de")])
    );

    let slack = create(
        &engine,
        "B",
        Some("chat"),
        auth_clients::NewOauth2 {
            provider: Some("zoho"),
            client_id: "c",
            token_uri: Some("https://tokens.example/t"),
            authorize_params: pairs(&[("prompt", "login"), ("x", "y")]),
            refresh_params: pairs(&[("r", "s")]),
            scopes: vec!["mine".to_owned()],
            refresh_window: Some(90),
            ..Default::default()
        },
    )
    .unwrap();
    let client = registered(&slack);
    assert_eq!(client.auth_uri, "https://accounts.zoho.com/oauth/v2/auth");
    assert_eq!(client.token_uri, "https://tokens.example/t");
    assert_eq!(
        client.authorize_params,
        pairs(&[("access_type", "offline"), ("prompt", "login"), ("x", "y")])
    );
    assert_eq!(client.refresh_params, pairs(&[("r", "s")]));
    assert_eq!(
        (client.scopes.as_slice(), client.refresh_window),
        (&["mine".to_owned()][..], Some(90))
    );
    // Without a secret nothing is authenticated with.
    assert_eq!(client.client_authentication, ClientAuthentication::None);
    assert_eq!(client.dialect.scope_separator, Separator::Comma);
    assert_eq!(client.dialect.behaviour, Some(Behaviour::CallbackHost));
    assert_eq!(slack.auth_client.application.as_ref().unwrap().as_str(), "chat");

    let refused = |provider, variables: &[(&str, &str)]| {
        kind(create(
            &engine,
            "C",
            None,
            auth_clients::NewOauth2 {
                provider,
                variables: pairs(variables),
                client_id: "c",
                ..Default::default()
            },
        ))
    };
    assert_eq!(refused(Some("nobody-knows"), &[]), Some(Kind::NotFound));
    assert_eq!(
        refused(Some("zendesk"), &[]),
        Some(Kind::Invalid),
        "a variable is missing"
    );
    assert_eq!(
        refused(Some("zendesk"), &[("subdomain", "a.evil.example/")]),
        Some(Kind::Invalid)
    );
    assert_eq!(refused(Some("zendesk"), &[("region", "eu")]), Some(Kind::Invalid));
    assert_eq!(refused(None, &[("region", "eu")]), Some(Kind::Invalid));
    assert_eq!(
        refused(Some("trello"), &[]),
        Some(Kind::Invalid),
        "OAuth 1.0a is another type"
    );
}

const OWN: &str = r#"
id = "acme"
name = "Acme"
category = "other"
steps = ["Ask Wile."]
[mark]
letters = "Ac"
hue = 20
[endpoints]
authorize = "https://nowhere.invalid/authorize"
token = "https://nowhere.invalid/token"
[verified]
source = "a colleague"
confidence = "unchecked"
"#;

/// OA4: entries of one's own lie in a folder; one that is wrong is told and spoils no other.
#[test]
fn oa4_own_entries_are_files_of_the_home() {
    let world = World::new();
    // No vault: the catalogue needs none.
    let engine = world.engine(keyward_engine::home::Opening::OneShot);
    let before = providers::list(&engine, None).unwrap();
    assert!(before.providers.len() >= 100 && before.problems.is_empty());
    let folder = world.home.root().join("providers");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("acme.toml"), OWN).unwrap();
    fs::write(folder.join("broken.toml"), "id = ").unwrap();
    fs::write(folder.join("github.toml"), OWN.replace("\"acme\"", "\"github\"")).unwrap();
    fs::write(folder.join("bytes.toml"), [0xff, 0xfe]).unwrap();
    fs::write(folder.join("notes.txt"), "no entry").unwrap();
    std::os::unix::fs::symlink(folder.join("acme.toml"), folder.join("link.toml")).unwrap();
    let all = providers::list(&engine, None).unwrap();
    assert_eq!(all.providers.len(), before.providers.len() + 1);
    let files: Vec<&str> = all.problems.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, ["broken.toml", "bytes.toml", "github.toml"]);
    let github = providers::find(&engine, "github").unwrap();
    assert_eq!(
        github.endpoints.token_uri,
        "https://github.com/login/oauth/access_token"
    );
    assert_eq!(providers::find(&engine, "acme").unwrap().name, "Acme");
    assert_eq!(kind(providers::find(&engine, "broken")), Some(Kind::Invalid));
    assert_eq!(providers::list(&engine, Some("acme")).unwrap().providers.len(), 1);
    // Nothing is at that address, and an entry with an open variable is not asked.
    let ids = ["acme".to_owned(), "zendesk".to_owned()];
    let checked = providers::check(&engine, &ids, &[]).unwrap();
    let outcomes: Vec<_> = checked.iter().map(|one| (one.id.as_str(), one.outcome)).collect();
    assert_eq!(
        outcomes,
        [
            ("acme", providers::Outcome::Fail),
            ("zendesk", providers::Outcome::Warn)
        ]
    );
    assert_eq!(
        kind(providers::check(&engine, &ids, &pairs(&[("planet", "x")]))),
        Some(Kind::Invalid)
    );
}

/// OA4, O-64: what a provider says beside the tokens is kept through refreshes and referable; its window counts.
#[test]
fn oa4_o64_kept_values_and_the_window_come_with_a_connection() {
    let (world, engine) = World::host();
    let (auth_uri, token_uri) = (
        world.provider.address("authorize"),
        world.provider.address("token"),
    );
    let refresh_uri = world.provider.address("renew?tenant=a%2Fb");
    let folder = world.home.root().join("providers");
    fs::create_dir(&folder).unwrap();
    let dialect = "[dialect]\nkeep_from_callback = [\"realmId\"]\nkeep_from_answer = [\"team=/team/name\", \"instance\"]\n[verified]";
    fs::write(folder.join("acme.toml"), OWN.replace("[verified]", dialect)).unwrap();
    create(
        &engine,
        "ACME",
        None,
        auth_clients::NewOauth2 {
            provider: Some("acme"),
            auth_uri: Some(&auth_uri),
            token_uri: Some(&token_uri),
            refresh_token_uri: Some(&refresh_uri),
            refresh_window: Some(1_000),
            client_id: "client-1",
            ..Default::default()
        },
    )
    .unwrap();
    let wish = keyward_engine::connect::Wish {
        auth_client: Some("ACME"),
        ..crate::support::wish("APP")
    };
    let consent = crate::support::begin(&engine, &wish);
    let answer = crate::support::answer_to(&consent, "code=code-1&realmId=4620");
    keyward_engine::connect::paste(&engine, consent.id, &answer).unwrap();
    assert!(crate::support::ended(&consent).error.is_none());
    let kept = pairs(&[
        ("realmId", "4620"),
        ("team", "blue"),
        ("instance", "https://i.example"),
    ]);
    let connection = shown(&engine);
    assert_eq!(connection.kept, kept);
    // Of 3600 s: due 1000 s before the end, not 360.
    world.clock.pass(2_599);
    let first = token(&engine).unwrap();
    assert_eq!(world.provider.refreshes(), 0);
    world.clock.pass(1);
    assert_ne!(token(&engine).unwrap(), first);
    assert_eq!(world.provider.refreshes(), 1);
    let line = world
        .provider
        .with(|state| state.last.as_ref().unwrap().line.clone());
    assert_eq!(line, "POST /renew?tenant=a%2Fb HTTP/1.1");
    let mut after = shown(&engine).kept;
    after.sort();
    let mut before = kept;
    before.sort();
    assert_eq!(after, before, "a refresh without a callback loses nothing");
    let read = |field: &str| {
        let reference = Reference::parse_brace(&format!("{{vault.APP.{field}}}")).unwrap();
        let resolved = resolve::resolve(&engine, &owner(), ENV, &[reference]).unwrap();
        let answer = resolved.answers.into_iter().next().unwrap();
        answer.map(|value| value.expose_text().unwrap().to_owned())
    };
    assert_eq!(read("realmId").unwrap(), "4620");
    assert_eq!(read("instance").unwrap(), "https://i.example");
    assert_eq!(kind(read("nothing")), Some(Kind::NotFound));
}
