//! Connections whose values were entered, their defaults, and the Applications they are for.

use super::{
    tokens::{client, connection},
    *,
};

pub(crate) fn entered(vault: &UnlockedVault, text: &str) -> Connection {
    Connection {
        auth_client: None,
        auth_type: AuthType::ApiKey,
        state: ConnectionState::Ready,
        url: Some("https://api.example".to_owned()),
        apply: Some(Apply::Header("X-Key".to_owned())),
        default: false,
        ..connection(vault, vault.read(|tx| tx.new_id()).unwrap(), text)
    }
}

pub(crate) fn stored(vault: &UnlockedVault, connection: &Connection, text: &str) -> Connection {
    let value = SecretValue::from(text);
    vault
        .write(NOW, |tx| {
            connections::set_value(tx, connection.clone(), &value, "why", NOW)
        })
        .unwrap()
}

fn value(vault: &UnlockedVault, connection: &Connection) -> Option<Vec<u8>> {
    let value = vault.read(|tx| connections::value(tx, connection)).unwrap();
    value.map(|value| value.expose().to_vec())
}

#[test]
fn am7_values_are_versions_and_a_purge_takes_them_all() {
    let world = World::new();
    let vault = world.create();
    let empty = vault.verify().unwrap().records;
    let made = entered(&vault, "KEY");
    vault.write(NOW, |tx| connections::insert(tx, &made)).unwrap();
    assert_eq!(value(&vault, &made), None);
    let first = stored(&vault, &made, "one");
    let second = stored(&vault, &first, "two");
    assert_eq!(second.value.unwrap().0, 2);
    assert_eq!(value(&vault, &second).unwrap(), b"two");
    let read = vault.read(|tx| connections::read(tx, made.id)).unwrap();
    assert_eq!(read, second);
    let numbers: Vec<u32> = vault
        .read(|tx| connections::value_versions(tx, &second))
        .unwrap()
        .iter()
        .map(|version| version.number)
        .collect();
    assert_eq!(numbers, [2, 1]);
    let current = vault
        .read(|tx| connections::current_version(tx, &second))
        .unwrap()
        .unwrap();
    assert_eq!(
        (current.number, current.note.as_str(), current.created_at),
        (2, "why", NOW)
    );
    let none = vault.read(|tx| connections::current_version(tx, &made)).unwrap();
    assert!(none.is_none(), "nothing was entered yet");
    let old = vault
        .read(|tx| connections::version_value(tx, &second, 1))
        .unwrap();
    assert_eq!(old.expose(), b"one");
    is_not_found(
        vault.read(|tx| connections::version_value(tx, &second, 3)),
        "version 3 of KEY",
    );
    // Whoever read it before somebody else's write does not write over it.
    let late = SecretValue::from("late");
    is_conflict(
        vault.write(NOW, |tx| {
            connections::set_value(tx, first.clone(), &late, "", NOW)
        }),
        "KEY was changed meanwhile",
    );
    assert_eq!(vault.verify().unwrap().records, empty + 3);
    vault
        .write(NOW, |tx| connections::purge(tx, made.id, NOW))
        .unwrap();
    assert_eq!(vault.verify().unwrap().records, empty);
}

/// AM9: there is exactly one default, whoever is made, chosen or deleted.
#[test]
fn am9_one_default_of_an_application() {
    let world = World::new();
    let vault = world.create();
    let made: Vec<Connection> = ["A", "B", "C"].iter().map(|text| entered(&vault, text)).collect();
    for connection in &made {
        vault
            .write(NOW, |tx| connections::insert(tx, connection))
            .unwrap();
    }
    let environment = default_environment(&vault);
    let app = AppName::parse("github").unwrap();
    let default = || {
        let all = vault.read(|tx| connections::list(tx, Some(environment))).unwrap();
        let defaults: Vec<Connection> = all.into_iter().filter(|one| one.default).collect();
        assert!(defaults.len() <= 1, "{defaults:?}");
        let found = vault.read(|tx| connections::default_of(tx, environment, &app));
        assert_eq!(found.ok().as_ref(), defaults.first());
        defaults.first().map(|one| one.key.to_string())
    };
    let choose = |one: &Connection| vault.write(NOW, |tx| connections::make_default(tx, one.id, NOW));
    assert_eq!(default(), None);
    choose(&made[1]).unwrap();
    assert_eq!(default().as_deref(), Some("B"));
    choose(&made[2]).unwrap();
    choose(&made[2]).unwrap();
    assert_eq!(default().as_deref(), Some("C"));
    let purge = |one: &Connection| {
        vault
            .write(NOW, |tx| connections::purge(tx, one.id, NOW))
            .unwrap()
    };
    purge(&made[2]);
    assert_eq!(default().as_deref(), Some("A"), "the one made first");
    purge(&made[1]);
    assert_eq!(default().as_deref(), Some("A"));
    purge(&made[0]);
    assert_eq!(default(), None);
}

#[test]
fn am5_an_application_stays_while_something_is_for_it() {
    let world = World::new();
    let vault = world.create();
    let app = AppName::parse("github").unwrap();
    let make = |name| {
        let new = applications::New {
            key: &app,
            name,
            url: Some("https://api.example"),
        };
        vault
            .write(NOW, |tx| applications::find_or_insert(tx, new, NOW))
            .unwrap()
    };
    let made = make(Some("GitHub"));
    assert_eq!(make(Some("Other")), made, "the first one counts");
    assert_eq!(
        (made.name.as_str(), made.url.as_deref()),
        ("GitHub", Some("https://api.example"))
    );
    let client = client(&vault, "CLIENT");
    let connection = entered(&vault, "KEY");
    vault
        .write(NOW, |tx| {
            auth_clients::insert(tx, &client, None, NOW)?;
            connections::insert(tx, &connection)
        })
        .unwrap();
    let remove = || {
        vault
            .write(NOW, |tx| applications::remove_unused(tx, &app))
            .unwrap()
    };
    let there = || vault.read(|tx| applications::find(tx, &app)).unwrap().is_some();
    remove();
    vault
        .write(NOW, |tx| connections::purge(tx, connection.id, NOW))
        .unwrap();
    remove();
    assert!(there(), "an auth client is for it");
    vault
        .write(NOW, |tx| auth_clients::delete(tx, client.id))
        .unwrap();
    remove();
    assert!(!there());
    remove();
    vault.verify().unwrap();
}

/// EL4, EL11: every kind of registration comes back as it was; a new client secret is a new version.
#[test]
fn el4_registrations_come_back_as_they_were() {
    let world = World::new();
    let vault = world.create();
    let url = Some("https://api.example".to_owned());
    let kinds = [
        Registration::NoAuth { url: url.clone() },
        Registration::Basic { url: None },
        Registration::ApiKey {
            url,
            apply: Apply::Query("key".to_owned()),
        },
    ];
    for (number, registration) in kinds.into_iter().enumerate() {
        let made = AuthClient {
            registration,
            visibility: Visibility::Machine,
            ..client(&vault, &format!("CLIENT_{number}"))
        };
        vault
            .write(NOW, |tx| auth_clients::insert(tx, &made, None, NOW))
            .unwrap();
        assert_eq!(vault.read(|tx| auth_clients::read(tx, made.id)).unwrap(), made);
    }
    let first = SecretValue::from("first");
    let made = client(&vault, "OAUTH2");
    let made = vault
        .write(NOW, |tx| auth_clients::insert(tx, &made, Some(&first), NOW))
        .unwrap();
    let renamed = AuthClient {
        name: "Other".to_owned(),
        visibility: Visibility::Vault,
        ..made.clone()
    };
    let second = SecretValue::from("second");
    let updated = vault
        .write(NOW, |tx| auth_clients::update(tx, &renamed, Some(&second), NOW))
        .unwrap();
    assert_eq!(updated.oauth2().unwrap().client_secret.unwrap().0, 2);
    let secret = vault
        .read(|tx| auth_clients::client_secret(tx, &updated))
        .unwrap()
        .unwrap();
    assert_eq!(secret.expose(), b"second");
    let kept = vault
        .write(NOW, |tx| auth_clients::update(tx, &updated, None, NOW))
        .unwrap();
    assert_eq!(kept, updated);
    let other_kind = AuthClient {
        registration: Registration::NoAuth { url: None },
        ..updated
    };
    is_conflict(
        vault.write(NOW, |tx| auth_clients::update(tx, &other_kind, None, NOW)),
        "key, environment and type of OAUTH2 never change",
    );
    vault.write(NOW, |tx| auth_clients::delete(tx, made.id)).unwrap();
    vault.verify().unwrap();
}
