//! ST4: what becomes of an open vault while a copy is put in its place.

use std::sync::Arc;

use keyward_engine::{
    Engine, Kind, backup, changes::ChangeKind, doctor, environments, home::Opening, lifecycle, secrets,
};
use keyward_model::SecretValue;

use crate::support::{ENV, PASSPHRASE, World, by_passphrase, kind, new_secret, owner};

/// A host of a vault in passphrase mode with one Secret, and a copy of it.
fn host_and_copy(world: &World) -> (Arc<Engine>, std::path::PathBuf) {
    let engine = world.engine(Opening::Host);
    let right = SecretValue::from(PASSPHRASE);
    lifecycle::create(&engine, &owner(), by_passphrase(&right, 64)).unwrap();
    new_secret(&engine, "A", "one").unwrap();
    let copy = world.home.root().join("copy.db");
    backup::make(&engine, &owner(), &copy).unwrap();
    (engine, copy)
}

/// ST4: a key that does not open the copy changes nothing, and a vault that is open stays so and tells nobody of it;
/// the right key puts the copy in place, and no window hears that the vault was closed meanwhile.
#[test]
fn st4_a_wrong_key_of_a_copy_changes_nothing() {
    let world = World::new();
    let (engine, copy) = host_and_copy(&world);
    new_secret(&engine, "B", "two").unwrap();
    let mut changes = engine.changes().subscribe();
    let wrong = SecretValue::from("not this one at all");
    for given in [Some(&wrong), None] {
        let refused = backup::restore(&engine, &owner(), &copy, given);
        assert_eq!(kind(refused), Some(Kind::Locked));
        assert!(!lifecycle::status(&engine).unwrap().locked);
    }
    assert!(changes.try_recv().is_err(), "nothing changed");
    secrets::find(&engine, ENV, "B").unwrap();

    let right = SecretValue::from(PASSPHRASE);
    backup::restore(&engine, &owner(), &copy, Some(&right)).unwrap();
    assert!(!lifecycle::status(&engine).unwrap().locked);
    assert_eq!(kind(secrets::find(&engine, ENV, "B")), Some(Kind::NotFound));
    let told: Vec<ChangeKind> = std::iter::from_fn(|| changes.try_recv().ok())
        .map(|change| change.kind)
        .collect();
    for kind in [ChangeKind::Vault, ChangeKind::Secret, ChangeKind::Connection] {
        assert!(told.contains(&kind), "{told:?}");
    }
}

/// ST4: where a restore ends with the vault locked, that is told, so that a window is emptied.
#[test]
fn st4_a_vault_that_a_restore_left_locked_is_told() {
    let world = World::new();
    let (engine, copy) = host_and_copy(&world);
    let right = SecretValue::from(PASSPHRASE);
    let other = world.engine(Opening::OneShot);
    lifecycle::unlock(&other, Some(&right)).unwrap();
    let mut changes = engine.changes().subscribe();
    let refused = backup::restore(&engine, &owner(), &copy, Some(&right));
    assert_eq!(kind(refused), Some(Kind::Conflict), "another process has it open");
    assert!(lifecycle::status(&engine).unwrap().locked);
    assert_eq!(changes.try_recv().unwrap().kind, ChangeKind::Vault);
}

/// ST4: things whose environment is missing are named, and salvage of that very file makes them reachable.
#[test]
fn st4_things_without_an_environment_are_named() {
    let (world, engine) = World::host();
    new_secret(&engine, "A", "one").unwrap();
    let copy = world.home.root().join("copy.db");
    backup::make(&engine, &owner(), &copy).unwrap();
    let is_told = |engine: &Engine| {
        doctor::run(engine)
            .into_iter()
            .find(|check| check.id == "environments")
    };
    assert!(is_told(&engine).is_none());
    // The wrapped key of a record lies behind its kind.
    let (kind, mut bytes) = (b"environment", std::fs::read(&copy).unwrap());
    for at in 0..bytes.len() - 64 {
        if bytes[at..].starts_with(kind) {
            bytes[at + 31..at + 39].fill(0xA5);
        }
    }
    std::fs::write(&copy, bytes).unwrap();
    let out = world.home.root().join("out.db");
    let saved = backup::salvage(&engine, &owner(), &copy, &out, None).unwrap();
    assert_eq!(saved.recovered, ["recovered"]);
    backup::restore(&engine, &owner(), &out, None).unwrap();
    assert!(is_told(&engine).is_none());
    assert_eq!(environments::list(&engine).unwrap().len(), 1);
    secrets::find(&engine, "recovered", "A").unwrap();
}
