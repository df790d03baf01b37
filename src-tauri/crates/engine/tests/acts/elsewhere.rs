//! Secrets under another key and in another environment; two environments side by side.

use std::time::Duration;

use keyward_engine::{
    Engine, Kind,
    environments::{self, Compared, ItemKind, Page, Values},
    secrets::{self, Removal, Transfer},
};
use keyward_model::{SecretValue, Timestamp, environment as model, secret::Changes};

use crate::{
    doubles::NOW,
    support::{ENV, World, count, kind, logged, new_secret, owner},
};

pub const DAY: u64 = 24 * 3_600;

pub fn value(engine: &Engine, environment: &str, key: &str) -> keyward_engine::Result<String> {
    secrets::copy(engine, &owner(), environment, key)
        .map(|(value, _)| value.expose_text().unwrap().to_owned())
}

pub fn set(engine: &Engine, key: &str, value: &str) {
    secrets::set_value(engine, &owner(), ENV, key, &SecretValue::from(value), "").unwrap();
}

pub fn names(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

pub fn keys(engine: &Engine, environment: &str) -> Vec<String> {
    found(engine, environment, &secrets::Wanted::default())
}

/// The keys of the Secrets that a list shows.
pub fn found(engine: &Engine, environment: &str, wanted: &secrets::Wanted<'_>) -> Vec<String> {
    let mut keys = Vec::new();
    secrets::each(engine, environment, wanted, |secret, _| {
        keys.push(secret.key.to_string());
        true
    })
    .unwrap();
    keys
}

/// WK6: notes, end, rotation and favourite are metadata: no version is made, and each can be taken away.
#[test]
fn wk6_the_life_of_a_value() {
    let (world, engine) = World::host();
    new_secret(&engine, "KEY", "one").unwrap();
    let update = |changes: &Changes| secrets::update(&engine, &owner(), ENV, "KEY", changes);
    let (said, _) = update(&Changes {
        notes: Some("from the console\nof the shop".to_owned()),
        expires_at: Some(Some(Timestamp(NOW + 10))),
        rotate_every: Some(Some(Duration::from_secs(90 * DAY))),
        favourite: Some(true),
        ..Changes::default()
    })
    .unwrap();
    assert_eq!(
        (said.version, said.favourite, said.value_changed_at),
        (1, true, Timestamp(NOW))
    );
    assert_eq!(secrets::find(&engine, ENV, "KEY").unwrap().0, said);
    assert!(!said.is_overdue(engine.now()) && !said.is_expired(engine.now()));
    world.clock.pass(90 * DAY);
    assert!(said.is_overdue(engine.now()) && said.is_expired(engine.now()));
    // A new value is young again, metadata does not make it so.
    update(&Changes {
        name: Some("Name".to_owned()),
        ..Changes::default()
    })
    .unwrap();
    assert!(
        secrets::find(&engine, ENV, "KEY")
            .unwrap()
            .0
            .is_overdue(engine.now())
    );
    set(&engine, "KEY", "two");
    assert!(
        !secrets::find(&engine, ENV, "KEY")
            .unwrap()
            .0
            .is_overdue(engine.now())
    );

    let (cleared, _) = update(&Changes {
        notes: Some(String::new()),
        expires_at: Some(None),
        rotate_every: Some(None),
        favourite: Some(false),
        ..Changes::default()
    })
    .unwrap();
    assert_eq!(
        (
            cleared.notes.as_str(),
            cleared.expires_at,
            cleared.rotate_every,
            cleared.favourite
        ),
        ("", None, None, false)
    );
    for every in [
        Duration::ZERO,
        Duration::from_millis(10),
        Duration::from_secs(101 * 366 * DAY),
    ] {
        let changes = Changes {
            rotate_every: Some(Some(every)),
            ..Changes::default()
        };
        assert_eq!(kind(update(&changes)), Some(Kind::Invalid), "{every:?}");
    }
    let changes = Changes {
        notes: Some("x".repeat(17 * 1024)),
        ..Changes::default()
    };
    assert_eq!(kind(update(&changes)), Some(Kind::Invalid));
}

/// All metadata is searched, the environment and the notes too; values never.
#[test]
fn search_looks_at_all_metadata() {
    let (_world, engine) = World::host();
    new_secret(&engine, "KEY", "hidden-value").unwrap();
    let changes = Changes {
        name: Some("Shop".to_owned()),
        description: Some("of the till".to_owned()),
        tags: Some(vec!["payments".to_owned()]),
        notes: Some("ask Priya".to_owned()),
        ..Changes::default()
    };
    secrets::update(&engine, &owner(), ENV, "KEY", &changes).unwrap();
    for (search, times) in [
        ("key", 1),
        ("shop", 1),
        ("TILL", 1),
        ("payments", 1),
        ("priya", 1),
        ("default shop priya", 1),
        ("hidden-value", 0),
        ("staging", 0),
    ] {
        let wanted = secrets::Wanted {
            search,
            ..secrets::Wanted::default()
        };
        assert_eq!(found(&engine, ENV, &wanted).len(), times, "{search}");
    }
}

/// PV5: another key is another Secret: the metadata, and the current value as its version 1.
#[test]
fn pv5_a_duplicate_has_a_key_of_its_own() {
    let (world, engine) = World::host();
    new_secret(&engine, "KEY", "one").unwrap();
    set(&engine, "KEY", "two");
    let changes = Changes {
        description: Some("what for".to_owned()),
        tags: Some(vec!["a".to_owned()]),
        rotate_every: Some(Some(Duration::from_secs(DAY))),
        ..Changes::default()
    };
    let (first, _) = secrets::update(&engine, &owner(), ENV, "KEY", &changes).unwrap();
    world.clock.pass(2 * DAY);
    let duplicate = |new: &str| secrets::duplicate(&engine, &owner(), ENV, "KEY", new);
    let (second, _) = duplicate("OTHER").unwrap();
    assert_ne!(second.id, first.id);
    assert_eq!(
        (
            second.version,
            second.name.as_str(),
            &second.description,
            &second.tags
        ),
        (1, "OTHER", &first.description, &first.tags)
    );
    assert_eq!(value(&engine, ENV, "OTHER").unwrap(), "two");
    assert!(
        second.is_overdue(engine.now()),
        "a copy does not make a value younger"
    );
    assert_eq!(second.created_at, engine.now());
    // Each goes its own way.
    set(&engine, "OTHER", "three");
    assert_eq!(value(&engine, ENV, "KEY").unwrap(), "two");
    for taken in ["KEY", "key", "Other"] {
        assert_eq!(kind(duplicate(taken)), Some(Kind::Conflict), "{taken}");
    }
    assert_eq!(kind(duplicate("no key")), Some(Kind::Invalid));
    assert_eq!(
        kind(secrets::duplicate(&engine, &owner(), ENV, "NONE", "NEW")),
        Some(Kind::NotFound)
    );
    secrets::delete(&engine, &owner(), ENV, &names(&["KEY"]), Removal::Trash).unwrap();
    let in_trash = secrets::duplicate(&engine, &owner(), ENV, &first.id.to_string(), "NEW");
    assert_eq!(kind(in_trash), Some(Kind::Conflict));
    assert_eq!(count(&engine, "secret.duplicate"), 1);
}

/// PV1: a move keeps identity and versions, a copy starts anew; all of them or none, and the conflict names the key.
#[test]
fn pv1_moves_are_all_or_nothing() {
    let (_world, engine) = World::host();
    environments::create(&engine, &owner(), "prod").unwrap();
    let one = new_secret(&engine, "ONE", "1").unwrap();
    set(&engine, "ONE", "1b");
    new_secret(&engine, "TWO", "2").unwrap();
    let go = |keys: &[&str], how| secrets::transfer(&engine, &owner(), ENV, &names(keys), "prod", how);

    let copied = go(&["TWO"], Transfer::Copy).unwrap();
    assert_eq!(copied[0].0.version, 1);
    assert_eq!(keys(&engine, ENV), ["ONE", "TWO"]);
    assert_eq!(value(&engine, "prod", "TWO").unwrap(), "2");
    for how in [Transfer::Move, Transfer::Copy] {
        let before = logged(&engine).len();
        let error = go(&["ONE", "TWO"], how).unwrap_err();
        assert_eq!(error.kind, Kind::Conflict);
        assert!(
            error.message.contains("“TWO”") && error.message.contains("“prod”"),
            "{}",
            error.message
        );
        assert_eq!(keys(&engine, ENV), ["ONE", "TWO"], "{how:?}: nothing moved");
        assert_eq!(keys(&engine, "prod"), ["TWO"]);
        assert_eq!(
            logged(&engine).len(),
            before,
            "nothing half-done in the log either"
        );
    }
    assert_eq!(kind(go(&["ONE", "NONE"], Transfer::Move)), Some(Kind::NotFound));
    assert_eq!(keys(&engine, ENV), ["ONE", "TWO"]);

    let moved = go(&["ONE", "ONE"], Transfer::Move).unwrap();
    assert_eq!((moved.len(), moved[0].0.id, moved[0].0.version), (1, one.id, 2));
    assert_eq!(moved[0].1.name.as_str(), "prod");
    assert_eq!(keys(&engine, ENV), ["TWO"]);
    assert_eq!(value(&engine, "prod", "ONE").unwrap(), "1b");
    let (_, versions) = secrets::history(&engine, "prod", "ONE").unwrap();
    assert_eq!(versions.len(), 2, "all versions came along");
    // The key is free where it was.
    new_secret(&engine, "ONE", "new").unwrap();
    // By its id it is found in prod, where it is already.
    assert_eq!(
        kind(go(&[one.id.to_string().as_str()], Transfer::Move)),
        Some(Kind::Invalid)
    );
    let nowhere = secrets::transfer(
        &engine,
        &owner(),
        ENV,
        &names(&["ONE"]),
        "nowhere",
        Transfer::Move,
    );
    assert_eq!(kind(nowhere), Some(Kind::NotFound));
    assert_eq!(
        (count(&engine, "secret.move"), count(&engine, "secret.copy_to")),
        (1, 1)
    );
}

/// Which keys exist where, over all kinds, and whether the values are the same; no value is told.
#[test]
fn pv1_two_environments_side_by_side() {
    let (_world, engine) = World::connected();
    environments::create(&engine, &owner(), "prod").unwrap();
    for key in ["BOTH", "HERE", "SAME"] {
        new_secret(&engine, key, "value").unwrap();
    }
    let copy = names(&["BOTH", "SAME"]);
    secrets::transfer(&engine, &owner(), ENV, &copy, "prod", Transfer::Copy).unwrap();
    set(&engine, "BOTH", "another");
    let compare = |page| environments::compare(&engine, &owner(), ENV, "prod", page).unwrap();
    let told: Vec<_> = compare(Page::WHOLE)
        .into_iter()
        .map(
            |Compared {
                 key,
                 first,
                 second,
                 values,
             }| (key.to_string(), first, second, values),
        )
        .collect();
    let secret = Some(ItemKind::Secret);
    assert_eq!(
        told,
        [
            ("APP".to_owned(), Some(ItemKind::Connection), None, None),
            ("BOTH".to_owned(), secret, secret, Some(Values::Different)),
            ("HERE".to_owned(), secret, None, None),
            ("SAME".to_owned(), secret, secret, Some(Values::Same)),
        ]
    );
    let page = compare(Page {
        after: "APP",
        limit: 2,
    });
    assert_eq!(
        page.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(),
        ["BOTH", "HERE"]
    );
    assert_eq!(
        kind(environments::compare(
            &engine,
            &owner(),
            ENV,
            "nowhere",
            Page::WHOLE
        )),
        Some(Kind::NotFound)
    );
}

/// Whoever stores a value is told whether it is the one that is there.
#[test]
fn a_value_is_compared_in_here() {
    let (_world, engine) = World::host();
    new_secret(&engine, "KEY", "value").unwrap();
    let is_current =
        |value: &str| secrets::is_current(&engine, &owner(), ENV, "KEY", &SecretValue::from(value)).unwrap();
    assert!(is_current("value") && !is_current("value ") && !is_current(""));
}

/// Colour and “treat as production” are properties of an environment.
#[test]
fn environments_look_as_they_are_told() {
    let (_world, engine) = World::host();
    let update = |changes| environments::update(&engine, &owner(), ENV, changes).map(|done| done.environment);
    let changes = model::Changes {
        production: Some(true),
        colour: Some(Some(model::Colour::Teal)),
    };
    let changed = update(changes).unwrap();
    assert_eq!(
        (changed.production, changed.colour),
        (true, Some(model::Colour::Teal))
    );
    assert_eq!(environments::find(&engine, ENV).unwrap(), changed);
    let quiet = model::Changes {
        production: Some(false),
        ..model::Changes::default()
    };
    assert_eq!(update(quiet).unwrap().colour, Some(model::Colour::Teal));
    let by_name = model::Changes {
        colour: Some(None),
        ..model::Changes::default()
    };
    assert_eq!(update(by_name).unwrap().colour, None);
}
