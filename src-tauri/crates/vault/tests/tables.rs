//! Every table's verbs, and the rules about names.

mod support;

use std::time::Duration;

use keyward_model::{
    Id, SecretValue, Timestamp,
    auth_client::{AuthClient, AuthClientType, ClientAuthentication, Visibility},
    connection::{AuthType, Connection, ConnectionError, ConnectionState, Lifetime, RefreshIntent, TokenSet},
    name::{AppName, EnvironmentName},
    secret::Changes,
};
use keyward_vault::{
    Error, UnlockedVault,
    table::{auth_clients, connections, environments, items, secrets},
};
use support::*;

fn environment(text: &str) -> EnvironmentName {
    EnvironmentName::parse(text).unwrap()
}

#[track_caller]
fn is_conflict<T>(result: keyward_vault::Result<T>, text: &str) {
    match result {
        Err(Error::Conflict(said)) => assert_eq!(said, text),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("there was no conflict"),
    }
}

#[track_caller]
fn is_not_found<T>(result: keyward_vault::Result<T>, text: &str) {
    match result {
        Err(Error::NotFound(said)) => assert_eq!(said, text),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was found"),
    }
}

#[test]
fn environments_are_made_found_and_deleted() {
    let world = World::new();
    let vault = world.create();
    let staging = vault
        .write(NOW, |tx| environments::insert(tx, &environment("staging"), NOW))
        .unwrap();
    let names: Vec<_> = vault
        .read(environments::list)
        .unwrap()
        .iter()
        .map(|found| found.name.as_str().to_owned())
        .collect();
    assert_eq!(names, ["default", "staging"]);
    assert_eq!(
        vault
            .read(|tx| environments::find(tx, &environment("staging")))
            .unwrap(),
        staging
    );
    assert_eq!(
        vault.read(|tx| environments::read(tx, staging.id)).unwrap(),
        staging
    );
    is_not_found(
        vault.read(|tx| environments::find(tx, &environment("prod"))),
        "the environment prod",
    );

    let secret = vault.write(NOW, |tx| insert(tx, staging.id, "A", "1")).unwrap();
    let delete = |id| vault.write(NOW, |tx| environments::delete(tx, id));
    is_conflict(delete(staging.id), "the environment is not empty");
    vault.write(NOW, |tx| secrets::trash(tx, secret.id, NOW)).unwrap();
    delete(staging.id).unwrap();
    is_not_found(vault.read(|tx| secrets::read(tx, secret.id)), "the secret");
    is_not_found(
        vault.read(|tx| environments::read(tx, staging.id)),
        "the environment",
    );
    is_conflict(
        delete(default_environment(&vault)),
        "a vault keeps at least one environment",
    );
    assert_eq!(vault.verify().unwrap().records, 1);
}

#[test]
fn a_key_names_one_item_in_whatever_case() {
    let world = World::new();
    let vault = world.create();
    let here = default_environment(&vault);
    add(&vault, "DB_PASSWORD", "1").unwrap();
    is_conflict(
        add(&vault, "DB_PASSWORD", "2"),
        "a secret DB_PASSWORD exists already",
    );
    is_conflict(
        add(&vault, "db_password", "2"),
        "a secret DB_PASSWORD exists already",
    );
    is_not_found(
        value_of(&vault, "Db_Password"),
        "Db_Password (did you mean DB_PASSWORD?)",
    );
    is_not_found(value_of(&vault, "OTHER"), "the key OTHER");
    // PV1: the same key in another environment is another thing.
    let staging = vault
        .write(NOW, |tx| environments::insert(tx, &environment("staging"), NOW))
        .unwrap();
    vault
        .write(NOW, |tx| insert(tx, staging.id, "db_password", "3"))
        .unwrap();
    assert_eq!(value_of(&vault, "DB_PASSWORD").unwrap(), "1");
    let nowhere = vault.read(|tx| tx.new_id()).unwrap();
    is_not_found(
        vault.write(NOW, |tx| insert(tx, nowhere, "A", "1")),
        "the environment",
    );
    assert_eq!(vault.read(|tx| secrets::list(tx, here)).unwrap().len(), 1);
    assert!(matches!(
        vault
            .read(|tx| items::find(tx, here, &key("DB_PASSWORD")))
            .unwrap(),
        items::Item::Secret(_)
    ));
}

#[test]
fn a_secret_keeps_its_versions() {
    let world = World::new();
    let vault = world.create();
    let here = default_environment(&vault);
    let value = SecretValue::from("one");
    let tags = ["db".to_owned(), "prod".to_owned()];
    let new = secrets::New {
        key: &key("DB"),
        name: "Database",
        description: "two\nlines",
        tags: &tags,
        masked: secrets::Masking::Plain,
        environment: here,
        value: &value,
    };
    let made = vault.write(NOW, |tx| secrets::insert(tx, new, NOW)).unwrap();
    assert_eq!(
        vault.read(|tx| secrets::find(tx, here, &key("DB"))).unwrap(),
        made
    );
    assert_eq!(
        (made.version, made.masked, made.tags.as_slice()),
        (1, false, tags.as_slice())
    );

    let later = Timestamp(NOW.0 + 5);
    let changes = Changes {
        name: Some("Main database".to_owned()),
        ..Changes::default()
    };
    let changed = vault
        .write(later, |tx| secrets::update(tx, made.id, &changes, later))
        .unwrap();
    assert_eq!(
        (changed.name.as_str(), changed.description.as_str()),
        ("Main database", "two\nlines")
    );
    assert_eq!(
        (changed.version, changed.updated_at, changed.created_at),
        (1, later, NOW)
    );

    for text in ["two", ""] {
        let value = SecretValue::from(text);
        vault
            .write(later, |tx| {
                secrets::set_value(tx, made.id, &value, "rotated", later)
            })
            .unwrap();
    }
    let secret = vault.read(|tx| secrets::read(tx, made.id)).unwrap();
    assert_eq!(secret.version, 3);
    let value = |number| vault.read(|tx| secrets::version_value(tx, &secret, number));
    assert_eq!(value(1).unwrap().expose(), b"one");
    assert_eq!(value(2).unwrap().expose(), b"two");
    assert_eq!(
        vault.read(|tx| secrets::value(tx, &secret)).unwrap().expose(),
        b""
    );
    is_not_found(value(4), "version 4 of DB");
    is_not_found(value(0), "version 0 of DB");
    let versions = vault.read(|tx| secrets::versions(tx, &secret)).unwrap();
    let told: Vec<_> = versions
        .iter()
        .map(|version| (version.number, version.note.as_str()))
        .collect();
    assert_eq!(told, [(3, "rotated"), (2, "rotated"), (1, "")]);
    assert_eq!(versions[0].id, secret.current);
}

#[test]
fn the_limits_of_a_value_hold() {
    let world = World::new();
    let vault = world.create();
    let most = "x".repeat(1024 * 1024);
    add(&vault, "MOST", &most).unwrap();
    assert_eq!(value_of(&vault, "MOST").unwrap(), most);
    assert!(matches!(add(&vault, "MORE", &(most + "x")), Err(Error::TooLarge)));
    assert!(matches!(value_of(&vault, "MORE"), Err(Error::NotFound(_))));
    let secret = add(&vault, "A", "1").unwrap();
    let changes = Changes {
        description: Some("x".repeat(1200 * 1024)),
        ..Changes::default()
    };
    let update = vault.write(NOW, |tx| secrets::update(tx, secret.id, &changes, NOW));
    assert!(matches!(update, Err(Error::TooLarge)));
    vault.verify().unwrap();
}

#[test]
fn the_trash_frees_the_key_and_gives_it_back() {
    let world = World::new();
    let vault = world.create();
    let here = default_environment(&vault);
    let first = add(&vault, "A", "first").unwrap();
    let trash = |id| vault.write(NOW, |tx| secrets::trash(tx, id, NOW)).unwrap();
    let restore = |id| vault.write(NOW, |tx| secrets::restore(tx, id, NOW));
    assert_eq!(trash(first.id).deleted_at, Some(NOW));
    trash(first.id); // again is fine
    is_not_found(value_of(&vault, "A"), "the key A");
    assert!(vault.read(|tx| secrets::list(tx, here)).unwrap().is_empty());
    assert_eq!(vault.read(|tx| secrets::trashed(tx, here)).unwrap().len(), 1);
    is_conflict(
        vault.write(NOW, |tx| {
            secrets::set_value(tx, first.id, &SecretValue::from("2"), "", NOW)
        }),
        "A is in the trash",
    );
    // Undo is restore.
    assert_eq!(restore(first.id).unwrap().deleted_at, None);
    assert_eq!(value_of(&vault, "A").unwrap(), "first");
    trash(first.id);
    let second = add(&vault, "a", "second").unwrap();
    is_conflict(restore(first.id), "a secret a exists already");
    trash(second.id);
    restore(first.id).unwrap();
    assert_eq!(value_of(&vault, "A").unwrap(), "first");
    vault.write(NOW, |tx| secrets::purge(tx, second.id)).unwrap();
    is_not_found(vault.read(|tx| secrets::read(tx, second.id)), "the secret");
    is_not_found(vault.write(NOW, |tx| secrets::purge(tx, second.id)), "the secret");
    assert_eq!(vault.verify().unwrap().records, 3);
}

fn client(vault: &UnlockedVault, text: &str) -> AuthClient {
    AuthClient {
        id: vault.read(|tx| tx.new_id()).unwrap(),
        key: key(text),
        name: "GitHub".to_owned(),
        kind: AuthClientType::Oauth2,
        application: Some(AppName::parse("github").unwrap()),
        visibility: Visibility::Environment,
        environment: default_environment(vault),
        issuer: Some("https://as.example".to_owned()),
        issuer_in_callback: true,
        auth_uri: "https://as.example/auth".to_owned(),
        token_uri: "https://as.example/token".to_owned(),
        revocation_uri: None,
        token_expires_in: 3600,
        client_id: "client-id".to_owned(),
        client_secret: None,
        client_authentication: ClientAuthentication::Basic,
        redirect_path: "/callback".to_owned(),
        authorize_params: vec![("access_type".to_owned(), "offline".to_owned())],
        scopes: vec!["repo".to_owned()],
        created_at: NOW,
    }
}

fn connection(vault: &UnlockedVault, client: Id, text: &str) -> Connection {
    let id = || vault.read(|tx| tx.new_id()).unwrap();
    Connection {
        id: id(),
        key: key(text),
        name: "My GitHub".to_owned(),
        environment: default_environment(vault),
        application: Some(AppName::parse("github").unwrap()),
        auth_client: client,
        auth_type: AuthType::Oauth2,
        account: None,
        state: ConnectionState::AwaitingConsent,
        error: None,
        requested_scopes: vec!["repo".to_owned(), "user".to_owned()],
        params: Vec::new(),
        granted_scope: None,
        lifetime: None,
        has_refresh_token: false,
        token_set: id(),
        refresh_intent: id(),
        default: true,
        retry_at: None,
        failures: 0,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn tokens(access: &str, refresh: Option<&str>) -> TokenSet {
    TokenSet {
        access_token: SecretValue::from(access),
        refresh_token: refresh.map(SecretValue::from),
        token_type: "Bearer".to_owned(),
        scope: Some("repo".to_owned()),
        lifetime: Lifetime::new(NOW, Duration::from_secs(3600)),
        raw: SecretValue::from(format!("{{\"access_token\":\"{access}\"}}")),
    }
}

#[test]
fn auth_clients_keep_their_secret_apart() {
    let world = World::new();
    let vault = world.create();
    let secret = SecretValue::from("client-secret");
    let with = client(&vault, "GITHUB");
    let made = vault
        .write(NOW, |tx| auth_clients::insert(tx, &with, Some(&secret), NOW))
        .unwrap();
    assert_eq!(made.client_secret.unwrap().0, 1);
    assert_eq!(
        vault.read(|tx| auth_clients::find(tx, &key("GITHUB"))).unwrap(),
        made
    );
    assert_eq!(vault.read(|tx| auth_clients::read(tx, made.id)).unwrap(), made);
    let read = vault
        .read(|tx| auth_clients::client_secret(tx, &made))
        .unwrap()
        .unwrap();
    assert_eq!(read.expose(), b"client-secret");
    let public = client(&vault, "PUBLIC");
    let public = vault
        .write(NOW, |tx| auth_clients::insert(tx, &public, None, NOW))
        .unwrap();
    assert!(
        vault
            .read(|tx| auth_clients::client_secret(tx, &public))
            .unwrap()
            .is_none()
    );
    assert_eq!(
        vault.read(auth_clients::list).unwrap(),
        [made.clone(), public.clone()]
    );
    // Unique in the vault, whatever the case; its keys are no items.
    let again = client(&vault, "github");
    is_conflict(
        vault.write(NOW, |tx| auth_clients::insert(tx, &again, None, NOW)),
        "an auth client github exists already",
    );
    is_not_found(
        vault.read(|tx| auth_clients::find(tx, &key("Github"))),
        "Github (did you mean GITHUB?)",
    );
    add(&vault, "GITHUB", "1").unwrap();

    let used = connection(&vault, made.id, "GH");
    vault.write(NOW, |tx| connections::insert(tx, &used)).unwrap();
    let delete = |id| vault.write(NOW, |tx| auth_clients::delete(tx, id));
    is_conflict(delete(made.id), "GITHUB is used by the connection GH");
    delete(public.id).unwrap();
    vault.write(NOW, |tx| connections::purge(tx, used.id)).unwrap();
    delete(made.id).unwrap();
    is_not_found(
        vault.read(|tx| auth_clients::read(tx, made.id)),
        "the auth client",
    );
    assert_eq!(
        vault.verify().unwrap().records,
        3,
        "environment, secret and its version"
    );
}

#[test]
fn connections_hold_tokens_by_compare_and_set() {
    let world = World::new();
    let vault = world.create();
    let client = client(&vault, "GITHUB");
    vault
        .write(NOW, |tx| auth_clients::insert(tx, &client, None, NOW))
        .unwrap();
    let mut made = connection(&vault, client.id, "GH");
    vault.write(NOW, |tx| connections::insert(tx, &made)).unwrap();
    is_conflict(
        vault.write(NOW, |tx| connections::insert(tx, &made)),
        "a connection GH exists already",
    );
    is_conflict(add(&vault, "gh", "1"), "a connection GH exists already");
    let found = vault
        .read(|tx| connections::find(tx, made.environment, &key("GH")))
        .unwrap();
    assert_eq!(found, made);
    is_not_found(
        vault.read(|tx| secrets::find(tx, made.environment, &key("GH"))),
        "the secret GH",
    );
    assert!(vault.read(|tx| connections::tokens(tx, &made)).unwrap().is_none());
    let app = AppName::parse("github").unwrap();
    assert_eq!(
        vault
            .read(|tx| connections::default_of(tx, made.environment, &app))
            .unwrap()
            .id,
        made.id
    );

    // The first consent: no row is expected.
    let replace = |tokens: &TokenSet, expected| {
        vault.write(NOW, |tx| connections::replace_tokens(tx, &made, tokens, expected))
    };
    replace(&tokens("at-1", Some("rt-1")), None).unwrap();
    is_conflict(
        replace(&tokens("at-x", None), None),
        "the tokens of GH have changed",
    );
    let (read, version) = vault.read(|tx| connections::tokens(tx, &made)).unwrap().unwrap();
    assert_eq!((read.access_token.expose(), version), (&b"at-1"[..], 1));
    assert_eq!(read.refresh_token.unwrap().expose(), b"rt-1");
    assert_eq!(
        (read.scope.as_deref(), read.lifetime),
        (Some("repo"), tokens("", None).lifetime)
    );
    assert_eq!(read.raw.expose(), br#"{"access_token":"at-1"}"#);

    // O-53: intent, answer, compare-and-set; the tokens take the intent away in their own transaction.
    let intent = RefreshIntent {
        attempt: 1,
        refresh_token_digest: [7; 32],
        started_at: NOW,
        unreadable_answer: None,
    };
    vault
        .write(NOW, |tx| connections::put_intent(tx, &made, &intent))
        .unwrap();
    let second = RefreshIntent {
        attempt: 2,
        unreadable_answer: Some(SecretValue::from("<html>")),
        ..intent
    };
    vault
        .write(NOW, |tx| connections::put_intent(tx, &made, &second))
        .unwrap();
    let read = vault.read(|tx| connections::intent(tx, &made)).unwrap().unwrap();
    assert_eq!(
        (read.attempt, read.refresh_token_digest, read.started_at),
        (2, [7; 32], NOW)
    );
    assert_eq!(read.unreadable_answer.unwrap().expose(), b"<html>");
    replace(&tokens("at-2", None), Some(1)).unwrap();
    assert!(vault.read(|tx| connections::intent(tx, &made)).unwrap().is_none());
    is_conflict(
        replace(&tokens("at-3", None), Some(1)),
        "the tokens of GH have changed",
    );
    assert_eq!(
        vault
            .read(|tx| connections::tokens(tx, &made))
            .unwrap()
            .unwrap()
            .1,
        2
    );

    made.state = ConnectionState::Error;
    made.error = Some(ConnectionError {
        code: "invalid_grant".to_owned(),
        message: "The provider ended the consent.".to_owned(),
        hint: "Connect again.".to_owned(),
    });
    made.lifetime = Some(tokens("", None).lifetime);
    made.retry_at = Some(Timestamp(NOW.0 + 10));
    made.failures = 3;
    made.granted_scope = Some("repo".to_owned());
    made.account = Some("octocat".to_owned());
    vault.write(NOW, |tx| connections::update(tx, &made)).unwrap();
    assert_eq!(vault.read(|tx| connections::read(tx, made.id)).unwrap(), made);
    let renamed = Connection {
        key: key("OTHER"),
        ..made.clone()
    };
    is_conflict(
        vault.write(NOW, |tx| connections::update(tx, &renamed)),
        "the key of GH never changes",
    );
    vault
        .write(NOW, |tx| connections::drop_tokens(tx, &made))
        .unwrap();
    assert!(vault.read(|tx| connections::tokens(tx, &made)).unwrap().is_none());
    vault
        .write(NOW, |tx| connections::drop_tokens(tx, &made))
        .unwrap();
    let environment = default_environment(&vault);
    assert_eq!(
        vault.read(|tx| connections::list(tx, Some(environment))).unwrap(),
        [made.clone()]
    );
    assert_eq!(vault.read(|tx| connections::list(tx, None)).unwrap().len(), 1);
    vault.verify().unwrap();
    vault.write(NOW, |tx| connections::purge(tx, made.id)).unwrap();
    is_not_found(vault.read(|tx| connections::read(tx, made.id)), "the connection");
    is_not_found(
        vault.read(|tx| connections::default_of(tx, environment, &app)),
        "a default connection for github",
    );
    assert_eq!(vault.verify().unwrap().records, 2);
}
