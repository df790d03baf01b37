use keyward_engine::{
    Kind, environments,
    secrets::{self, Removal},
};
use keyward_model::{SecretValue, secret::Changes};

use crate::{
    elsewhere::found,
    support::{ENV, World, count, kind, new_secret, owner},
};

fn reveal(engine: &keyward_engine::Engine, key: &str) -> keyward_engine::Result<String> {
    secrets::reveal(engine, &owner(), ENV, key, None)
        .map(|(value, _)| value.expose_text().unwrap().to_owned())
}

/// PV5, CLI.md: a key is taken in whatever case, by whatever kind; nothing is changed then.
#[test]
fn a_key_is_taken_once() {
    let (_world, engine) = World::connected();
    new_secret(&engine, "KEY", "one").unwrap();
    for taken in ["KEY", "key", "APP", "app"] {
        assert_eq!(
            kind(new_secret(&engine, taken, "two")),
            Some(Kind::Conflict),
            "{taken}"
        );
        assert_eq!(
            kind(secrets::check_key(&engine, ENV, taken)),
            Some(Kind::Conflict)
        );
    }
    assert_eq!(reveal(&engine, "KEY").unwrap(), "one");
    for bad in ["Bad.Key", "", "9x", "a b"] {
        let error = new_secret(&engine, bad, "x").unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.message.starts_with("key:"), "{}", error.message);
    }
    let error = secrets::find(&engine, ENV, "key").unwrap_err();
    assert!(error.hint.contains("Did you mean KEY?"), "{}", error.hint);
    assert_eq!(
        kind(secrets::find(&engine, "nowhere", "KEY")),
        Some(Kind::NotFound)
    );
    // A thing of another kind is told as what it is, and not as one that is not there.
    let error = secrets::find(&engine, ENV, "APP").unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str(), error.hint.as_str()),
        (
            Kind::NotFound,
            "“APP” in environment “default” is a connection.",
            "`keyward connection show APP` shows it."
        )
    );
    // The same key in another environment is another one; `not_found` names who has it.
    environments::create(&engine, &owner(), "staging").unwrap();
    let error = secrets::find(&engine, "staging", "KEY").unwrap_err();
    assert_eq!(
        (error.kind, error.hint.as_str()),
        (Kind::NotFound, "Environments that have it: default.")
    );
}

/// PV4, PV5: by key or id; metadata changes, the key never, the value by a new version.
#[test]
fn versions_and_metadata() {
    let (_world, engine) = World::host();
    let secret = new_secret(&engine, "KEY", "one").unwrap();
    let id = secret.id.to_string();
    let changes = Changes {
        name: Some("Name".to_owned()),
        tags: Some(vec!["a".to_owned()]),
        ..Changes::default()
    };
    let (updated, _) = secrets::update(&engine, &owner(), ENV, &id, &changes).unwrap();
    assert_eq!(
        (updated.key.as_str(), updated.name.as_str(), updated.version),
        ("KEY", "Name", 1)
    );
    let set =
        |value: &str| secrets::set_value(&engine, &owner(), ENV, "KEY", &SecretValue::from(value), "why");
    assert_eq!(set("two").unwrap().0.version, 2);
    assert_eq!(reveal(&engine, &id).unwrap(), "two");
    let too_long = SecretValue::new(vec![b'x'; 1024 * 1024 + 1]);
    assert_eq!(
        kind(secrets::set_value(&engine, &owner(), ENV, "KEY", &too_long, "")),
        Some(Kind::Invalid)
    );
    secrets::restore_version(&engine, &owner(), ENV, "KEY", 1).unwrap();
    assert_eq!(reveal(&engine, "KEY").unwrap(), "one");
    assert_eq!(
        kind(secrets::restore_version(&engine, &owner(), ENV, "KEY", 9)),
        Some(Kind::NotFound)
    );
    let (current, versions) = secrets::history(&engine, ENV, "KEY").unwrap();
    assert_eq!((current.version, versions.len(), versions[0].number), (3, 3, 3));
    for (search, tag, after, keys) in [
        ("name", Some("a"), "", &["KEY"][..]),
        ("", Some("b"), "", &[]),
        // No value is searched.
        ("two", None, "", &[]),
        ("", None, "KEX", &["KEY"]),
        ("", None, "KEY", &[]),
    ] {
        let wanted = secrets::Wanted { search, tag, after };
        assert_eq!(found(&engine, ENV, &wanted), keys, "{search} {tag:?} {after}");
    }
}

/// AM6: the trash keeps all or none, frees the key, and gives back without overwriting.
#[test]
fn the_trash() {
    let (_world, engine) = World::host();
    new_secret(&engine, "ONE", "1").unwrap();
    let two = new_secret(&engine, "TWO", "2").unwrap();
    let delete = |keys: &[&str]| {
        let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
        secrets::delete(&engine, &owner(), ENV, &keys, Removal::Trash)
    };
    assert_eq!(kind(delete(&["ONE", "NONE"])), Some(Kind::NotFound));
    assert_eq!(reveal(&engine, "ONE").unwrap(), "1");
    assert_eq!(delete(&["ONE", "TWO", "ONE"]).unwrap().len(), 2);
    assert_eq!(kind(reveal(&engine, "ONE")), Some(Kind::NotFound));
    new_secret(&engine, "ONE", "other").unwrap();
    assert_eq!(
        kind(secrets::restore(&engine, &owner(), ENV, "ONE")),
        Some(Kind::Conflict)
    );
    assert_eq!(reveal(&engine, "ONE").unwrap(), "other");
    assert_eq!(
        kind(secrets::restore(&engine, &owner(), ENV, "NONE")),
        Some(Kind::NotFound)
    );
    let in_trash = secrets::set_value(
        &engine,
        &owner(),
        ENV,
        &two.id.to_string(),
        &SecretValue::from("x"),
        "",
    );
    assert_eq!(kind(in_trash), Some(Kind::Conflict));
    let (restored, _) = secrets::restore(&engine, &owner(), ENV, &two.id.to_string()).unwrap();
    assert_eq!((restored.id, restored.key.as_str()), (two.id, "TWO"));
    assert_eq!(count(&engine, "secret.delete"), 2);
}

/// CLI.md: an environment with items or AuthClients stays, the last one always; an empty one goes with its trash.
#[test]
fn environments_come_and_go() {
    let (world, engine) = World::host();
    let delete = |name: &str| environments::delete(&engine, &owner(), name);
    assert_eq!(kind(delete("default")), Some(Kind::Conflict), "the last one");
    environments::create(&engine, &owner(), "staging").unwrap();
    assert_eq!(
        kind(environments::create(&engine, &owner(), "staging")),
        Some(Kind::Conflict)
    );
    for bad in ["", "Staging", "9", "a_b"] {
        assert_eq!(
            kind(environments::create(&engine, &owner(), bad)),
            Some(Kind::Invalid),
            "{bad}"
        );
    }
    let error = environments::find(&engine, "prod").unwrap_err();
    assert_eq!(
        (error.kind, error.hint.as_str()),
        (Kind::NotFound, "There are: default, staging.")
    );

    new_secret(&engine, "KEY", "value").unwrap();
    assert_eq!(kind(delete("default")), Some(Kind::Conflict), "it has a secret");
    secrets::delete(&engine, &owner(), ENV, &["KEY".to_owned()], Removal::Trash).unwrap();
    world.auth_client(&engine, "CLIENT");
    assert_eq!(
        kind(delete("default")),
        Some(Kind::Conflict),
        "it has an auth client"
    );
    keyward_engine::auth_clients::delete(&engine, &owner(), "CLIENT").unwrap();
    delete("default").unwrap();
    assert_eq!(kind(delete("default")), Some(Kind::NotFound));
    let left: Vec<String> = environments::list(&engine)
        .unwrap()
        .into_iter()
        .map(|counted| counted.environment.name.to_string())
        .collect();
    assert_eq!(left, ["staging"]);
}

/// PV5: what is said of a Secret and its new value are one transaction: both, or neither.
#[test]
fn metadata_and_value_are_changed_together() {
    let (_world, engine) = World::host();
    new_secret(&engine, "KEY", "one").unwrap();
    let renew = |changes: &Changes, value: &str| {
        let value = SecretValue::from(value);
        secrets::renew(&engine, &owner(), ENV, "KEY", changes, &value)
    };
    let tagged = Changes {
        tags: Some(vec!["b".to_owned()]),
        ..Changes::default()
    };
    let (renewed, _) = renew(&tagged, "two").unwrap();
    assert_eq!((renewed.version, renewed.tags), (2, vec!["b".to_owned()]));
    assert_eq!(reveal(&engine, "KEY").unwrap(), "two");
    let retagged = Changes {
        tags: Some(vec!["c".to_owned()]),
        ..Changes::default()
    };
    assert_eq!(
        kind(renew(&retagged, &"x".repeat(1024 * 1024 + 1))),
        Some(Kind::Invalid)
    );
    let misnamed = Changes {
        name: Some("x".repeat(17 * 1024)),
        ..Changes::default()
    };
    assert_eq!(kind(renew(&misnamed, "three")), Some(Kind::Invalid));
    let (kept, _) = secrets::find(&engine, ENV, "KEY").unwrap();
    assert_eq!(
        (kept.version, kept.tags, kept.name.as_str()),
        (2, vec!["b".to_owned()], "KEY")
    );
    assert_eq!(reveal(&engine, "KEY").unwrap(), "two");
}
