use keyward_engine::{
    Engine, Kind, audit,
    changes::{Change, ChangeKind},
    credentials::{self, Changes, Draft, Masking},
    resolve::resolve,
};
use keyward_model::{SecretValue, credential::Credential};

use crate::support::{ENV, World, count, kind, new_secret, owner};

fn draft<'a>(name: &'a str, value: &'a SecretValue) -> Draft<'a> {
    Draft {
        id: None,
        name,
        description: "",
        masking: Masking::Masked,
        value: Some(value),
        file: None,
    }
}

fn create(engine: &Engine, key: &str, names: &[&str]) -> keyward_engine::Result<Credential> {
    let value = SecretValue::from("value");
    let variables: Vec<_> = names.iter().map(|name| draft(name, &value)).collect();
    let new = credentials::New {
        key,
        name: None,
        description: "",
        variables: &variables,
    };
    credentials::create(engine, &owner(), ENV, &new).map(|(credential, _)| credential)
}

fn get(engine: &Engine, reference: &str) -> keyward_engine::Result<String> {
    let references = [reference.parse().unwrap()];
    let mut resolved = resolve(engine, &owner(), ENV, &references)?;
    let value = resolved.answers.remove(0)?;
    Ok(value.expose_text().unwrap().to_owned())
}

/// I4, T-03: each act is one event and one Change; neither names a value, and a reveal names the variable.
#[test]
fn am11_each_act_is_logged_and_published() {
    let (_world, engine) = World::host();
    let mut changes = engine.changes().subscribe();
    let made = create(&engine, "DB", &["host", "password"]).unwrap();
    let renamed = Changes {
        name: Some("Shop"),
        ..Changes::default()
    };
    credentials::update(&engine, &owner(), ENV, "DB", &renamed).unwrap();
    credentials::restore_version(&engine, &owner(), ENV, "DB", "host", 1).unwrap();
    credentials::delete(&engine, &owner(), ENV, &["DB".to_owned()]).unwrap();
    credentials::restore(&engine, &owner(), ENV, "DB").unwrap();
    for _ in 0..5 {
        let expected = Change {
            kind: ChangeKind::Credential,
            id: Some(made.id),
        };
        assert_eq!(changes.try_recv().unwrap(), expected);
    }
    assert!(changes.try_recv().is_err());
    credentials::reveal(&engine, &owner(), ENV, "DB", "password", None).unwrap();
    let events = audit::list(&engine, None, 0, 100).unwrap();
    let events: Vec<_> = events
        .iter()
        .map(|(_, event)| (event.action.as_str(), event.subject.as_str()))
        .filter(|(action, _)| action.starts_with("credential."))
        .collect();
    assert_eq!(
        events,
        [
            ("credential.create", "credential default/DB"),
            ("credential.update", "credential default/DB"),
            ("credential.restore_version", "credential default/DB"),
            ("credential.delete", "credential default/DB"),
            ("credential.restore", "credential default/DB"),
            ("credential.reveal", "credential default/DB/password"),
        ]
    );
}

/// AM11: two who edit at once: the second is told, and loses nothing.
#[test]
fn am11_an_edit_of_what_changed_meanwhile_is_a_conflict() {
    let (_world, engine) = World::host();
    let seen = create(&engine, "DB", &["host"]).unwrap();
    let id = seen.variables[0].id.to_string();
    let value = SecretValue::from("new");
    let same = || Draft {
        id: Some(&id),
        value: None,
        ..draft("host", &value)
    };
    let with = |variables: &[Draft<'_>], removed: &[String]| {
        let changes = Changes {
            variables: Some(variables),
            removed,
            ..Changes::default()
        };
        credentials::update(&engine, &owner(), ENV, "DB", &changes)
    };
    with(&[same(), draft("port", &value)], &[]).unwrap();
    // The second editor never saw `port`.
    let error = with(&[same(), draft("user", &value)], &[]).unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert!(error.hint.contains("Nothing was changed"), "{}", error.hint);
    assert_eq!(get(&engine, "DB").unwrap(), r#"{"host":"value","port":"new"}"#);
    // What goes is named.
    assert_eq!(kind(with(&[], &[])), Some(Kind::Conflict));
    assert_eq!(kind(with(&[same()], &["no id".to_owned()])), Some(Kind::Invalid));
}

/// AM11: names and values are checked before anything is written, and what is wrong is named.
#[test]
fn am11_bad_input_is_named() {
    let (_world, engine) = World::host();
    let check = |key: &str, names: &[&str], expected: Kind, part: &str| {
        let error = create(&engine, key, names).unwrap_err();
        assert_eq!(error.kind, expected, "{names:?}: {}", error.message);
        assert!(error.message.contains(part), "{names:?}: {}", error.message);
    };
    let many: Vec<String> = (0..501).map(|number| format!("v{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    check("a.b", &["host"], Kind::Invalid, "key:");
    check("DB", &["host", "a b"], Kind::Invalid, "variable 2:");
    check(
        "DB",
        &["host", "HOST"],
        Kind::Invalid,
        "differs from host only in case",
    );
    check("DB", &["host", "host"], Kind::Invalid, "twice");
    check("DB", &many, Kind::Invalid, "at most 500");
    new_secret(&engine, "taken", "x").unwrap();
    check("TAKEN", &["host"], Kind::Conflict, "is taken");
    assert!(credentials::list(&engine, ENV, "").unwrap().0.is_empty());
    // As many as there may be.
    create(&engine, "DB", &many[..500]).unwrap();
    assert_eq!(get(&engine, "{vault.DB.v499}").unwrap(), "value");
    let error = get(&engine, "{vault.DB.v500}").unwrap_err();
    assert_eq!(error.kind, Kind::NotFound);
}

/// R-16, I4: the trash is emptied in one act; each that is gone is logged, and those that are not in it stay.
#[test]
fn r16_the_trash_of_credentials_is_emptied() {
    let (world, engine) = World::host();
    for key in ["A", "B", "C"] {
        create(&engine, key, &["x"]).unwrap();
    }
    new_secret(&engine, "S", "value").unwrap();
    credentials::delete(&engine, &owner(), ENV, &["A".to_owned(), "B".to_owned()]).unwrap();
    assert_eq!(credentials::empty(&engine, &owner(), ENV).unwrap().len(), 2);
    assert!(credentials::trashed(&engine, ENV).unwrap().0.is_empty());
    assert!(credentials::empty(&engine, &owner(), ENV).unwrap().is_empty());
    assert_eq!(credentials::list(&engine, ENV, "").unwrap().0.len(), 1);
    assert_eq!(count(&engine, "credential.purge"), 2);
    assert_eq!(
        kind(credentials::empty(&engine, &owner(), "nowhere")),
        Some(Kind::NotFound)
    );
    world.file().verify().unwrap();
}
