//! Environments and Secrets.

use super::*;

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

/// A write remembers the environment it put something into, and no longer than it stands.
#[test]
fn nothing_comes_into_an_environment_that_the_same_write_deleted() {
    let world = World::new();
    let vault = world.create();
    let put_after_deletion = vault.write(NOW, |tx| {
        let staging = environments::insert(tx, &environment("staging"), NOW)?;
        let secret = insert(tx, staging.id, "A", "1")?;
        secrets::trash(tx, secret.id, NOW)?;
        environments::delete(tx, staging.id)?;
        insert(tx, staging.id, "B", "2")
    });
    is_not_found(put_after_deletion, "the environment");
    assert_eq!(vault.verify().unwrap().records, 1, "nothing of the write stayed");
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
        notes: "",
        expires_at: None,
        rotate_every: None,
        favourite: false,
        value_changed_at: NOW,
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
