//! App credentials without tokens: Basic, API key, Access token, none (AM3 to AM9, WK1), and what they are for.
//!
//! Long, because each type goes through the same acts: one table of types, one story an act.

use std::sync::Arc;

use keyward_engine::{
    Engine, Kind, applications, auth_clients,
    auth_clients::NewRegistration,
    connect, connections,
    connections::{Changes, Choice, New},
    refresh, resolve,
};
use keyward_model::{
    SecretValue,
    auth_client::{ClientAuthentication, Grant, Redirect, Visibility},
    connection::{AuthType, ConnectionState},
    reference::Reference,
};

use crate::support::{ENV, World, count, kind, logged, new_secret, owner, token_for, wish};

type Values<'a> = &'a [(&'a str, &'a str)];

fn make(
    engine: &Engine,
    key: &str,
    auth_type: AuthType,
    values: Values<'_>,
) -> keyward_engine::Result<connections::Shown> {
    make_with(engine, key, auth_type, values, |_| {})
}

fn make_with(
    engine: &Engine,
    key: &str,
    auth_type: AuthType,
    values: Values<'_>,
    change: impl FnOnce(&mut New<'_>),
) -> keyward_engine::Result<connections::Shown> {
    let held: Vec<(&str, SecretValue)> = values
        .iter()
        .map(|(name, value)| (*name, SecretValue::from(*value)))
        .collect();
    let named: Vec<(&str, &SecretValue)> = held.iter().map(|(name, value)| (*name, value)).collect();
    let mut new = New {
        key,
        name: None,
        auth_type,
        application: Some("github"),
        application_name: Some("GitHub"),
        auth_client: None,
        url: None,
        apply: None,
        values: &named,
        default: Choice::First,
    };
    change(&mut new);
    connections::create(engine, &owner(), ENV, &new)
}

fn ask(engine: &Arc<Engine>, text: &str) -> keyward_engine::Result<String> {
    let reference = Reference::parse_argument(text).unwrap();
    let mut resolved = resolve::resolve(engine, &owner(), ENV, &[reference])?;
    resolved
        .answers
        .remove(0)
        .map(|value| value.expose_text().unwrap().to_owned())
}

/// AM7, CLI.md FIELD: every type gives its fields and names them when asked for another.
#[test]
fn am7_each_type_gives_its_fields() {
    let (_world, engine) = World::host();
    make(
        &engine,
        "BASIC",
        AuthType::Basic,
        &[("username", "ada"), ("password", "p\"w:1")],
    )
    .unwrap();
    make(&engine, "KEY", AuthType::ApiKey, &[("value", "k-1")]).unwrap();
    make(&engine, "PAT", AuthType::AccessToken, &[("access_token", "t-1")]).unwrap();
    let address = |new: &mut New<'_>| new.url = Some("https://api.example/v1");
    make_with(&engine, "OPEN", AuthType::None, &[], address).unwrap();

    assert_eq!(
        ask(&engine, "BASIC").unwrap(),
        r#"{"username":"ada","password":"p\"w:1"}"#
    );
    assert_eq!(ask(&engine, "keyward://default/BASIC/username").unwrap(), "ada");
    assert_eq!(ask(&engine, "{vault.BASIC.password}").unwrap(), "p\"w:1");
    assert_eq!(ask(&engine, "{vault.KEY}").unwrap(), "k-1");
    assert_eq!(ask(&engine, "{pmio.vault.KEY.value}").unwrap(), "k-1");
    assert_eq!(ask(&engine, "keyward://PAT").unwrap(), "t-1");
    assert_eq!(ask(&engine, "{vault.PAT.access_token}").unwrap(), "t-1");
    for (text, hint) in [
        ("{vault.BASIC.value}", "username and password"),
        ("{vault.KEY.password}", "value"),
        ("{vault.KEY.raw.x}", "value"),
        ("{vault.PAT.refresh_token}", "access_token"),
        ("{vault.OPEN}", "where requests go"),
        ("{vault.OPEN.value}", "no fields"),
    ] {
        let error = ask(&engine, text).unwrap_err();
        assert_eq!(error.kind, Kind::NotFound, "{text}");
        assert!(error.hint.contains(hint), "{text}: {}", error.hint);
    }
    // `token` gives what was made at the provider, without an end of ours; the others have none.
    let (token, _) = refresh::fresh_token(&engine, &owner(), ENV, "PAT", None).unwrap();
    assert_eq!(
        (token.access_token.expose_text(), token.expires_at),
        (Some("t-1"), None)
    );
    for key in ["BASIC", "KEY", "OPEN"] {
        assert_eq!(kind(token_for(&engine, key, None)), Some(Kind::Invalid), "{key}");
        assert_eq!(
            kind(refresh::refresh_now(&engine, &owner(), ENV, key)),
            Some(Kind::Invalid)
        );
    }
    // A key is a key, whatever has it: consent does not turn it into something else.
    assert_eq!(
        kind(connect::begin(&engine, &owner(), &wish("KEY"))),
        Some(Kind::Conflict)
    );
    assert_eq!(kind(new_secret(&engine, "key", "x")), Some(Kind::Conflict));
    assert_eq!(
        kind(make(&engine, "pat", AuthType::ApiKey, &[("value", "x")])),
        Some(Kind::Conflict)
    );
    assert!(
        logged(&engine)
            .iter()
            .all(|(action, outcome)| !action.contains("k-1") && !outcome.contains("t-1")),
        "R-17"
    );
}

/// AM8: only what the type needs, and that whole.
#[test]
fn am8_bad_values_are_refused_by_name() {
    let (_world, engine) = World::host();
    let long = "x".repeat(1024 * 1024 + 1);
    let refused: [(AuthType, Values<'_>, &str); 10] = [
        (AuthType::Basic, &[("username", "a")], "password: it is missing"),
        (
            AuthType::Basic,
            &[("username", ""), ("password", "")],
            "both are empty",
        ),
        (
            AuthType::Basic,
            &[("username", "a:b"), ("password", "x")],
            "colon",
        ),
        (
            AuthType::Basic,
            &[("username", "a\n"), ("password", "x")],
            "control",
        ),
        (AuthType::ApiKey, &[], "value: it is missing"),
        (AuthType::ApiKey, &[("value", "")], "value: it is empty"),
        (AuthType::ApiKey, &[("value", long.as_str())], "1 MiB"),
        (AuthType::ApiKey, &[("value", "a"), ("value", "b")], "given twice"),
        (
            AuthType::AccessToken,
            &[("password", "x")],
            "password: the type access_token has no such value",
        ),
        (AuthType::None, &[], "url:"),
    ];
    for (auth_type, values, message) in refused {
        let error = make(&engine, "BAD", auth_type, values).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{message}");
        assert!(error.message.contains(message), "{}", error.message);
        assert!(!error.message.contains("xxxx"), "R-17");
    }
    type Change = fn(&mut New<'_>);
    let changes: [(Change, &str); 7] = [
        (|new| new.key = "no handle", "key:"),
        (|new| new.url = Some("http://api.example"), "url:"),
        (|new| new.url = Some("ftp://api.example"), "url:"),
        (|new| new.apply = Some("cookie:x"), "apply:"),
        (|new| new.apply = Some("header:Content-Length"), "apply:"),
        (|new| new.application = Some("No App"), "app:"),
        (|new| new.auth_type = AuthType::Oauth2, "consent"),
    ];
    for (change, message) in changes {
        let error = make_with(&engine, "BAD", AuthType::ApiKey, &[("value", "x")], change).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid, "{message}");
        assert!(error.message.contains(message), "{}", error.message);
    }
    let basic = make_with(
        &engine,
        "BAD",
        AuthType::Basic,
        &[("username", "a"), ("password", "b")],
        |new| {
            new.apply = Some("header:X-Key");
        },
    );
    assert_eq!(kind(basic), Some(Kind::Invalid), "WK1");
    assert_eq!(
        connections::list(&engine, ENV, None).unwrap().len(),
        0,
        "nothing half-made"
    );
    assert_eq!(applications::list(&engine, ENV, "").unwrap().len(), 0);
}

/// AM6: Edit, Disconnect and Delete are three acts; a disconnected one is connected again by its values.
#[test]
fn am6_edit_disconnect_delete() {
    let (_world, engine) = World::host();
    let made = make(&engine, "KEY", AuthType::ApiKey, &[("value", "one")]).unwrap();
    assert_eq!(
        made.connection.apply.unwrap().to_string(),
        "header:X-API-Key",
        "WK1"
    );
    let value = SecretValue::from("two");
    let edit = Changes {
        name: Some("Name"),
        url: Some("https://api.example"),
        apply: Some("query:key"),
        ..Changes::default()
    };
    let edited = connections::update(&engine, &owner(), ENV, "KEY", &edit)
        .unwrap()
        .connection;
    assert_eq!((edited.name.as_str(), edited.value.unwrap().0), ("Name", 1));
    assert_eq!(edited.apply.unwrap().to_string(), "query:key");
    let enter = Changes {
        values: &[("value", &value)],
        ..Changes::default()
    };
    let update = || connections::update(&engine, &owner(), ENV, "KEY", &enter);
    assert_eq!(update().unwrap().connection.value.unwrap().0, 2);
    assert_eq!(ask(&engine, "KEY").unwrap(), "two");
    connections::restore_version(&engine, &owner(), ENV, "KEY", 1).unwrap();
    assert_eq!(ask(&engine, "KEY").unwrap(), "one");
    assert_eq!(
        kind(connections::restore_version(&engine, &owner(), ENV, "KEY", 9)),
        Some(Kind::NotFound)
    );
    let (_, versions) = connections::history(&engine, ENV, "KEY").unwrap();
    let told: Vec<(u32, &str)> = versions
        .iter()
        .map(|one| (one.number, one.note.as_str()))
        .collect();
    assert_eq!(told, [(3, "Restored from version 1"), (2, ""), (1, "")]);

    let (gone, _) = connections::disconnect(&engine, &owner(), ENV, "KEY").unwrap();
    assert_eq!(
        (gone.connection.state, gone.connection.value),
        (ConnectionState::Disconnected, None)
    );
    assert_eq!(gone.connection.name, "Name", "the definition stays");
    let error = ask(&engine, "KEY").unwrap_err();
    assert_eq!(error.kind, Kind::NeedsConsent);
    assert!(error.hint.contains("connection update KEY"), "{}", error.hint);
    assert_eq!(
        kind(connections::restore_version(&engine, &owner(), ENV, "KEY", 1)),
        Some(Kind::NotFound),
        "its values are destroyed"
    );
    let again = update().unwrap().connection;
    assert_eq!((again.state, again.value.unwrap().0), (ConnectionState::Ready, 1));
    assert_eq!(ask(&engine, "KEY").unwrap(), "two");

    connections::delete(&engine, &owner(), ENV, &["KEY".to_owned()]).unwrap();
    assert_eq!(kind(ask(&engine, "KEY")), Some(Kind::NotFound));
    assert_eq!(
        applications::list(&engine, ENV, "").unwrap().len(),
        0,
        "nothing is for it"
    );
    let address = |new: &mut New<'_>| new.url = Some("https://api.example");
    make_with(&engine, "OPEN", AuthType::None, &[], address).unwrap();
    assert_eq!(
        kind(connections::disconnect(&engine, &owner(), ENV, "OPEN")),
        Some(Kind::Invalid)
    );
    assert_eq!(
        kind(connections::history(&engine, ENV, "OPEN")),
        Some(Kind::Invalid)
    );
    for (action, times) in [
        ("connection.create", 2),
        ("connection.update", 1),
        ("connection.set_values", 2),
        ("connection.restore_version", 1),
        ("connection.disconnect", 1),
        ("connection.delete", 1),
    ] {
        assert_eq!(count(&engine, action), times, "{action}");
    }
}

/// W-08: one field at a time, each in the log.
#[test]
fn w08_a_revealed_field_is_one_field() {
    let (_world, engine) = World::host();
    make(
        &engine,
        "BASIC",
        AuthType::Basic,
        &[("username", "ada"), ("password", "pw")],
    )
    .unwrap();
    let reveal = |field: &str| {
        connections::reveal(&engine, &owner(), ENV, "BASIC", field, None)
            .map(|(value, _)| value.expose_text().unwrap().to_owned())
    };
    assert_eq!(
        (reveal("username").unwrap(), reveal("password").unwrap()),
        ("ada".into(), "pw".into())
    );
    assert_eq!(kind(reveal("value")), Some(Kind::NotFound));
    assert_eq!(count(&engine, "connection.reveal"), 2);
}

/// AM9: `@APP` means the first one made, until another is chosen or it is gone.
#[test]
fn am9_the_default_of_an_application() {
    let (world, engine) = World::host();
    make(&engine, "FIRST", AuthType::ApiKey, &[("value", "one")]).unwrap();
    make(&engine, "SECOND", AuthType::ApiKey, &[("value", "two")]).unwrap();
    let default = || ask(&engine, "@github");
    assert_eq!(default().unwrap(), "one");
    let shown = applications::set_default(&engine, &owner(), ENV, "github", "SECOND").unwrap();
    assert_eq!(
        (shown.name.as_str(), shown.default.unwrap().as_str()),
        ("GitHub", "SECOND")
    );
    assert_eq!(default().unwrap(), "two");
    let this = |new: &mut New<'_>| new.default = Choice::This;
    make_with(&engine, "THIRD", AuthType::ApiKey, &[("value", "three")], this).unwrap();
    assert_eq!(default().unwrap(), "three");
    connections::delete(&engine, &owner(), ENV, &["THIRD".to_owned()]).unwrap();
    assert_eq!(default().unwrap(), "one", "the oldest of those that remain");

    let other = |new: &mut New<'_>| new.application = None;
    make_with(&engine, "LOOSE", AuthType::ApiKey, &[("value", "x")], other).unwrap();
    let set = |app: &str, key: &str| kind(applications::set_default(&engine, &owner(), ENV, app, key));
    assert_eq!(set("github", "LOOSE"), Some(Kind::Invalid));
    assert_eq!(set("github", "NONE"), Some(Kind::NotFound));
    assert_eq!(set("gitlab", "FIRST"), Some(Kind::NotFound));
    assert_eq!(set("Git Hub", "FIRST"), Some(Kind::Invalid));

    // Defaults are an environment's own, an application is the vault's.
    keyward_engine::environments::create(&engine, &owner(), "staging").unwrap();
    let there = applications::find(&engine, "staging", "github").unwrap();
    assert_eq!((there.connections.len(), there.default), (0, None));
    world.auth_client(&engine, "CLIENT");
    let here = applications::list(&engine, ENV, "hub").unwrap().remove(0);
    let keys: Vec<&str> = here.connections.iter().map(|key| key.as_str()).collect();
    assert_eq!((keys, here.auth_clients.len()), (vec!["FIRST", "SECOND"], 1));
    assert_eq!(applications::list(&engine, ENV, "lab").unwrap().len(), 0);
    // A connection by consent joins the same application and changes nothing of its default.
    world.connect(&engine, "APP");
    assert_eq!(default().unwrap(), "one");
}

/// EL4: a client of another type says where and how; its connections start with that.
#[test]
fn el4_a_client_says_where_and_how() {
    let (_world, engine) = World::host();
    let new = auth_clients::New {
        key: "CLIENT",
        name: None,
        application: Some("stripe"),
        visibility: Visibility::Environment,
        registration: NewRegistration::ApiKey {
            url: Some("https://api.stripe.example"),
            apply: Some("header:X-Stripe"),
        },
    };
    auth_clients::create(&engine, &owner(), ENV, &new).unwrap();
    let through = |new: &mut New<'_>| {
        new.application = None;
        new.auth_client = Some("CLIENT");
    };
    let made = make_with(&engine, "KEY", AuthType::ApiKey, &[("value", "x")], through).unwrap();
    let connection = made.connection;
    assert_eq!(made.auth_client.unwrap().as_str(), "CLIENT");
    assert_eq!(connection.url.as_deref(), Some("https://api.stripe.example"));
    assert_eq!(connection.apply.unwrap().to_string(), "header:X-Stripe");
    assert_eq!(connection.application.unwrap().as_str(), "stripe");
    let shown = applications::find(&engine, ENV, "stripe").unwrap();
    assert_eq!(shown.url.as_deref(), Some("https://api.stripe.example"));
    let basic = make_with(
        &engine,
        "OTHER",
        AuthType::Basic,
        &[("username", "a"), ("password", "b")],
        through,
    );
    assert_eq!(
        kind(basic),
        Some(Kind::Invalid),
        "an api_key client makes no basic connections"
    );
    // No oauth2 client is there: none is chosen, and none of another type in its place.
    assert_eq!(
        kind(connect::begin(&engine, &owner(), &wish("APP"))),
        Some(Kind::NotFound)
    );

    // EL11: what the connection rests on stays while there is one.
    let change = |url, name| {
        let changes = auth_clients::Changes {
            url,
            name,
            ..auth_clients::Changes::default()
        };
        kind(auth_clients::update(&engine, &owner(), "CLIENT", &changes))
    };
    assert_eq!(change(Some("https://other.example"), None), Some(Kind::Conflict));
    assert_eq!(change(None, Some("Name")), None);
    let secret = SecretValue::from("x");
    let foreign = auth_clients::Changes {
        client_secret: Some(&secret),
        ..auth_clients::Changes::default()
    };
    let error = auth_clients::update(&engine, &owner(), "CLIENT", &foreign).unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(error.message.contains("api_key"), "{}", error.message);
    connections::delete(&engine, &owner(), ENV, &["KEY".to_owned()]).unwrap();
    assert_eq!(change(Some("https://other.example"), None), None);
    assert_eq!(change(Some("not a url"), None), Some(Kind::Invalid));
}

/// EL11, EL13: client id and addresses of one in use stay; name, secret and lifetime change, the secret for the very next refresh.
#[test]
fn el11_an_oauth_client_in_use() {
    let (world, engine) = World::connected();
    let update =
        |changes: &auth_clients::Changes<'_>| auth_clients::update(&engine, &owner(), "CLIENT", changes);
    let refused: [fn(&mut auth_clients::Changes<'_>); 7] = [
        |changes| changes.grant = Some(Grant::DeviceCode),
        |changes| changes.redirect = Some(Redirect::FreeLocalhost),
        |changes| changes.client_id = Some("other"),
        |changes| changes.auth_uri = Some("https://as.example/a"),
        |changes| changes.token_uri = Some("https://as.example/t"),
        |changes| changes.revocation_uri = Some("https://as.example/r"),
        |changes| changes.redirect_path = Some("/other"),
    ];
    for change in refused {
        let mut changes = auth_clients::Changes::default();
        change(&mut changes);
        let error = update(&changes).unwrap_err();
        assert_eq!(error.kind, Kind::Conflict, "{}", error.message);
        assert!(error.message.contains("stays as it is"), "{}", error.message);
    }
    let secret = SecretValue::from("new-secret");
    let changed = update(&auth_clients::Changes {
        name: Some("Name"),
        client_secret: Some(&secret),
        token_expires_in: Some(60),
        ..auth_clients::Changes::default()
    })
    .unwrap();
    assert_eq!(changed.auth_client.name, "Name");
    world.clock.pass(3_500);
    token_for(&engine, "APP", None).unwrap();
    let last = world.provider.with(|state| state.last.clone()).unwrap();
    assert_eq!(
        last.header("authorization"),
        Some("Basic Y2xpZW50LTE6bmV3LXNlY3JldA=="),
        "client-1:new-secret"
    );
    // How the client says who it is may be what a provider changed: it counts from the very next request on.
    let post = auth_clients::Changes {
        client_authentication: Some(ClientAuthentication::Post),
        ..auth_clients::Changes::default()
    };
    update(&post).unwrap();
    world.clock.pass(3_500);
    token_for(&engine, "APP", None).unwrap();
    let last = world.provider.with(|state| state.last.clone()).unwrap();
    assert_eq!(last.header("authorization"), None);
    let bad = auth_clients::Changes {
        token_expires_in: Some(0),
        ..auth_clients::Changes::default()
    };
    assert_eq!(kind(update(&bad)), Some(Kind::Invalid));
}
