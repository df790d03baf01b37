//! The trash of Secrets: emptied on demand, by a host, and never by a clock that is wrong.

use std::time::Duration;

use keyward_engine::{
    Kind, background,
    changes::ChangeKind,
    secrets::{self, Removal},
};
use keyward_model::Timestamp;

use crate::{
    doubles::NOW,
    elsewhere::{DAY, keys, names, set, value},
    support::{ENV, World, count, eventually, kind, new_secret, owner},
};

/// purged at once, by emptying, and after thirty days; what is younger stays.
#[test]
fn r16_the_trash_is_emptied() {
    let (world, engine) = World::host();
    for key in ["A", "B", "C", "D"] {
        new_secret(&engine, key, "value").unwrap();
    }
    let delete =
        |key: &str, removal| secrets::delete(&engine, &owner(), ENV, &names(&[key]), removal).unwrap();
    let trash = || -> Vec<String> {
        let (all, _) = secrets::trashed(&engine, ENV).unwrap();
        all.into_iter().map(|secret| secret.key.to_string()).collect()
    };
    // For good at once.
    let gone = delete("A", Removal::Purge);
    assert_eq!(gone[0].0.deleted_at, None, "it lies in no trash");
    assert_eq!(
        kind(secrets::restore(&engine, &owner(), ENV, "A")),
        Some(Kind::NotFound)
    );
    let id = gone[0].0.id.to_string();
    assert_eq!(kind(secrets::find(&engine, ENV, &id)), Some(Kind::NotFound));
    // Deleted once more, out of the trash.
    let b = delete("B", Removal::Trash)[0].0.id.to_string();
    assert_eq!(trash(), ["B"]);
    delete(&b, Removal::Trash);
    assert!(trash().is_empty());
    // Newest first; what is thirty days old goes when somebody looks.
    delete("C", Removal::Trash);
    world.clock.pass(29 * DAY);
    delete("D", Removal::Trash);
    assert_eq!(trash(), ["D", "C"]);
    world.clock.pass(DAY);
    assert_eq!(trash(), ["D"]);
    assert_eq!(secrets::empty(&engine, &owner(), ENV).unwrap().len(), 1);
    assert!(trash().is_empty());
    assert!(secrets::empty(&engine, &owner(), ENV).unwrap().is_empty());
    assert_eq!(count(&engine, "secret.purge"), 4);
    world.file().verify().unwrap();
}

/// A host empties the trash by itself.
#[test]
fn a_host_purges_after_thirty_days() {
    let (world, engine) = World::host();
    new_secret(&engine, "OLD", "value").unwrap();
    new_secret(&engine, "KEPT", "value").unwrap();
    secrets::delete(&engine, &owner(), ENV, &names(&["OLD"]), Removal::Trash).unwrap();
    let _background = background::start(&engine).unwrap();
    world.clock.pass(30 * DAY);
    engine.changes().publish(ChangeKind::Vault, None);
    eventually("it is purged", || count(&engine, "secret.purge") == 1);
    assert_eq!(keys(&engine, ENV), ["KEPT"]);
}

/// A clock in 1970: what was made since lies in the future, is of no negative age, and the trash keeps it.
#[test]
fn a_clock_in_1970_loses_nothing() {
    let (world, engine) = World::host();
    new_secret(&engine, "KEY", "one").unwrap();
    new_secret(&engine, "GONE", "two").unwrap();
    secrets::delete(&engine, &owner(), ENV, &names(&["GONE"]), Removal::Trash).unwrap();
    world.clock.jump(-NOW);
    assert_eq!(engine.now(), Timestamp(0));
    assert_eq!(secrets::trashed(&engine, ENV).unwrap().0.len(), 1);
    let (secret, _) = secrets::find(&engine, ENV, "KEY").unwrap();
    assert_eq!(secret.value_age(engine.now()), Duration::ZERO);
    set(&engine, "KEY", "three");
    assert_eq!(value(&engine, ENV, "KEY").unwrap(), "three");
    secrets::restore(&engine, &owner(), ENV, "GONE").unwrap();
    world.file().verify().unwrap();
}

/// A clock in 2099, and back: the trash keeps what it has, and is emptied once thirty days have really gone by.
#[test]
fn a_clock_in_2099_empties_no_trash() {
    let (world, engine) = World::host();
    new_secret(&engine, "GONE", "one").unwrap();
    new_secret(&engine, "OTHER", "two").unwrap();
    let delete = |key: &str| secrets::delete(&engine, &owner(), ENV, &names(&[key]), Removal::Trash).unwrap();
    let trash = || secrets::trashed(&engine, ENV).unwrap().0.len();
    delete("GONE");
    let leap = 73 * 365 * DAY;
    world.clock.jump(i64::try_from(leap).unwrap());
    assert_eq!(trash(), 1, "nothing happened in between");
    // What is written in 2099 makes 2099 no truer.
    set(&engine, "OTHER", "three");
    world.clock.sleep(DAY);
    assert_eq!(trash(), 1);
    world.clock.jump(-i64::try_from(leap).unwrap());
    assert_eq!(trash(), 1);
    world.clock.pass(30 * DAY);
    assert_eq!(trash(), 0, "events of 2099 hold up no clock that is right");
    // A vault that was left alone for years keeps its trash for thirty days more.
    delete("OTHER");
    world.clock.pass(3 * 365 * DAY);
    assert_eq!(trash(), 1);
    new_secret(&engine, "NEW", "four").unwrap();
    world.clock.pass(29 * DAY);
    assert_eq!(trash(), 1);
    world.clock.pass(2 * DAY);
    assert_eq!(trash(), 0);
    world.file().verify().unwrap();
}
