//! O-71: what goes on while a vault is locked, and what does not.

use std::{thread, time::Duration};

use keyward_engine::{
    Engine, Kind, audit, background, changes::ChangeKind, connections, home::Opening, lifecycle, settings,
};
use keyward_model::{SecretValue, connection::ConnectionState, settings::Changes};

use crate::support::{
    ENV, PASSPHRASE, World, by_passphrase, eventually, kind, new_secret, owner, shown, token,
};

/// Looks at the clock now instead of at the end of the nap.
fn wake(engine: &Engine) {
    engine.changes().publish(ChangeKind::Vault, None);
}

fn refreshing(engine: &Engine) -> (bool, bool) {
    let status = lifecycle::status(engine).unwrap();
    (status.locked, status.refreshing)
}

fn all_are_fresh(engine: &Engine) -> bool {
    connections::list(engine, ENV, None)
        .unwrap()
        .iter()
        .all(|shown| !shown.connection.lifetime.unwrap().is_due(engine.now()))
}

fn switch(engine: &Engine, on: bool) {
    let changes = Changes {
        refresh_while_locked: Some(on),
        ..Changes::default()
    };
    let passphrase = SecretValue::from(PASSPHRASE);
    settings::update(engine, &owner(), &changes, Some(&passphrase)).unwrap();
}

/// In keychain mode a locked host keeps every token fresh, by itself and for nobody who asks; what it did stands in the
/// log, and no refresh token was sent twice.
#[test]
fn o71_a_locked_vault_keeps_its_tokens_fresh() {
    let (world, engine) = World::connected();
    let first = shown(&engine);
    let second = world.connect(&engine, "APP2");
    new_secret(&engine, "KEY", "value").unwrap();
    let _background = background::start(&engine).unwrap();
    lifecycle::lock(&engine);
    assert_eq!(refreshing(&engine), (true, true));
    for round in 1..=3 {
        world.clock.pass(3_550);
        wake(&engine);
        eventually("both are refreshed", || world.provider.refreshes() == 2 * round);
        assert_eq!(kind(token(&engine)), Some(Kind::Locked), "nobody gets one");
        assert_eq!(kind(new_secret(&engine, "OTHER", "value")), Some(Kind::Locked));
        assert_eq!(kind(connections::list(&engine, ENV, None)), Some(Kind::Locked));
        // The answer is stored before the next round begins, and a Connection rests for a second (O-63).
        eventually("both are stored", || {
            [first.id, second.id]
                .into_iter()
                .all(|id| !world.connection(id).lifetime.unwrap().is_due(engine.now()))
        });
        world.clock.pass(2);
    }
    lifecycle::lock(&engine);
    assert_eq!(refreshing(&engine), (true, true), "it was locked already");
    lifecycle::unlock(&engine, None).unwrap();
    assert_eq!(refreshing(&engine), (false, true));
    assert!(all_are_fresh(&engine));
    token(&engine).unwrap();
    assert_eq!(world.provider.refreshes(), 6);
    assert_eq!(world.provider.with(|state| state.reused), 0);
    let log = audit::list(&engine, None, 0, 100).unwrap();
    let refreshed = |key: &str| {
        let subject = format!("connection default/{key}");
        log.iter()
            .filter(|(_, event)| event.action == "connection.refresh" && event.subject == subject)
            .count()
    };
    assert_eq!((refreshed("APP"), refreshed("APP2")), (3, 3));
    world.file().verify().unwrap();
}

/// A refusal that only a person mends is found while locked, and told at the unlock.
#[test]
fn o71_a_grant_that_ends_while_locked_is_told_at_the_unlock() {
    let (world, engine) = World::connected();
    let id = shown(&engine).id;
    let _background = background::start(&engine).unwrap();
    lifecycle::lock(&engine);
    world.provider.revoke_all();
    world.clock.pass(3_550);
    wake(&engine);
    eventually("stored", || {
        world.connection(id).state == ConnectionState::NeedsConsent
    });
    assert_eq!(world.provider.refreshes(), 1);
    lifecycle::unlock(&engine, None).unwrap();
    assert_eq!(shown(&engine).state, ConnectionState::NeedsConsent);
}

/// In passphrase mode nobody is asked while it is locked, until the Owner switches it on; what came due meanwhile is
/// fresh soon after the unlock, with one request each.
#[test]
fn o71_in_passphrase_mode_it_is_off_until_switched_on() {
    let world = World::new();
    let engine = world.engine(Opening::Host);
    let passphrase = SecretValue::from(PASSPHRASE);
    lifecycle::create(&engine, &owner(), by_passphrase(&passphrase, 64)).unwrap();
    world.auth_client(&engine, "CLIENT");
    world.connect(&engine, "APP");
    let _background = background::start(&engine).unwrap();
    lifecycle::lock(&engine);
    assert_eq!(refreshing(&engine), (true, false));
    for _ in 0..5 {
        world.clock.pass(3_550);
        wake(&engine);
        thread::sleep(Duration::from_millis(40));
        assert_eq!(kind(token(&engine)), Some(Kind::Locked));
    }
    assert_eq!(world.provider.refreshes(), 0);
    lifecycle::unlock(&engine, Some(&passphrase)).unwrap();
    wake(&engine);
    eventually("fresh", || all_are_fresh(&engine));
    assert_eq!(world.provider.refreshes(), 1);

    switch(&engine, true);
    lifecycle::lock(&engine);
    assert_eq!(refreshing(&engine), (true, true));
    world.clock.pass(3_550);
    wake(&engine);
    eventually("refreshed while locked", || world.provider.refreshes() == 2);
    assert_eq!(
        kind(lifecycle::unlock(&engine, None)),
        Some(Kind::Locked),
        "the passphrase is asked for"
    );
    lifecycle::unlock(&engine, Some(&passphrase)).unwrap();
    eventually("stored", || all_are_fresh(&engine));
    assert_eq!(world.provider.with(|state| state.reused), 0);
}

/// No key stays where there is nothing to keep fresh, where the Owner switched it off, or where the vault is closed; and
/// a command that runs by itself keeps none.
#[test]
fn o71_no_key_is_kept_for_nothing() {
    let (world, engine) = World::host();
    new_secret(&engine, "KEY", "value").unwrap();
    lifecycle::lock(&engine);
    assert_eq!(refreshing(&engine), (true, false), "nothing to refresh");
    lifecycle::unlock(&engine, None).unwrap();
    world.auth_client(&engine, "CLIENT");
    lifecycle::lock(&engine);
    assert_eq!(refreshing(&engine), (true, false), "nothing is connected");
    lifecycle::unlock(&engine, None).unwrap();
    world.connect(&engine, "APP");
    switch(&engine, false);
    lifecycle::lock(&engine);
    assert_eq!(refreshing(&engine), (true, false), "switched off");
    lifecycle::unlock(&engine, None).unwrap();
    switch(&engine, true);
    lifecycle::lock(&engine);
    assert_eq!(refreshing(&engine), (true, true));
    lifecycle::close(&engine);
    assert_eq!(refreshing(&engine), (true, false), "closed");
    let command = world.another(Opening::OneShot);
    lifecycle::lock(&command);
    assert_eq!(refreshing(&command), (true, false), "a command");
}

/// A restore that fails, and a rename, leave it as far open as it was.
#[test]
fn o71_what_fails_leaves_it_as_it_was() {
    let (world, engine) = World::connected();
    lifecycle::lock(&engine);
    let nothing = world.home.root().join("no such copy");
    assert!(keyward_engine::backup::restore(&engine, &owner(), &nothing, None).is_err());
    assert_eq!(refreshing(&engine), (true, true));
}
