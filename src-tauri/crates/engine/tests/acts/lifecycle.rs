use std::sync::Arc;

use keyward_engine::{
    Kind,
    changes::ChangeKind,
    home::{Mode, Opening},
    lifecycle::{self, NewMode},
};
use keyward_model::SecretValue;

use crate::support::{ENV, PASSPHRASE, World, by_passphrase, kind, new_secret, owner};

#[test]
fn a_vault_is_made_once_and_tells_its_state() {
    let world = World::new();
    let engine = world.engine(Opening::Host);
    let status = lifecycle::status(&engine).unwrap();
    assert_eq!((status.mode, status.locked), (None, true));
    assert_eq!(kind(lifecycle::unlock(&engine, None)), Some(Kind::NotFound));
    let mut changes = engine.changes().subscribe();
    lifecycle::create(&engine, &owner(), NewMode::Keychain).unwrap();
    assert_eq!(changes.try_recv().unwrap().kind, ChangeKind::Vault);
    let status = lifecycle::status(&engine).unwrap();
    assert_eq!(
        (status.mode, status.locked, status.recovery),
        (Some(Mode::Keychain), false, Some(false))
    );
    assert_eq!(
        kind(lifecycle::create(&engine, &owner(), NewMode::Keychain)),
        Some(Kind::Conflict)
    );
    lifecycle::lock(&engine);
    lifecycle::lock(&engine);
    assert!(lifecycle::status(&engine).unwrap().locked);
    assert_eq!(kind(new_secret(&engine, "KEY", "value")), Some(Kind::Locked));
    lifecycle::unlock(&engine, None).unwrap();
    lifecycle::unlock(&engine, None).unwrap();
    new_secret(&engine, "KEY", "value").unwrap();
}

/// §b.7: after five wrong passphrases there is a wait that doubles; the right one ends it.
#[test]
fn b7_wrong_passphrases_wait() {
    let world = World::new();
    let engine = world.engine(Opening::Host);
    let (right, wrong) = (
        SecretValue::from(PASSPHRASE),
        SecretValue::from("not this one at all"),
    );
    for weak in ["short", "password"] {
        let weak = SecretValue::from(weak);
        assert_eq!(
            kind(lifecycle::create(&engine, &owner(), by_passphrase(&weak, 64))),
            Some(Kind::Invalid)
        );
    }
    assert_eq!(
        kind(lifecycle::create(&engine, &owner(), by_passphrase(&right, 16))),
        Some(Kind::Invalid)
    );
    assert!(lifecycle::status(&engine).unwrap().mode.is_none());
    lifecycle::create(&engine, &owner(), by_passphrase(&right, 64)).unwrap();
    lifecycle::lock(&engine);
    assert_eq!(kind(lifecycle::unlock(&engine, None)), Some(Kind::Locked));
    for _ in 0..5 {
        let error = lifecycle::unlock(&engine, Some(&wrong)).unwrap_err();
        assert_eq!(error.kind, Kind::Locked);
        assert!(!error.message.contains("Wait"), "{}", error.message);
    }
    let error = lifecycle::unlock(&engine, Some(&right)).unwrap_err();
    assert_eq!(error.message, "Too many wrong passphrases. Wait 1 s.");
    // The wall clock does not shorten it.
    world.clock.sleep(1_000);
    assert_eq!(kind(lifecycle::unlock(&engine, Some(&right))), Some(Kind::Locked));
    world.clock.pass(1);
    assert_eq!(kind(lifecycle::unlock(&engine, Some(&wrong))), Some(Kind::Locked));
    let error = lifecycle::unlock(&engine, Some(&right)).unwrap_err();
    assert_eq!(error.message, "Too many wrong passphrases. Wait 2 s.");
    world.clock.pass(2);
    lifecycle::unlock(&engine, Some(&right)).unwrap();
    lifecycle::lock(&engine);
    let error = lifecycle::unlock(&engine, Some(&wrong)).unwrap_err();
    assert!(!error.message.contains("Wait"), "the count began anew");
}

/// A keychain that holds another key is no wrong passphrase.
#[test]
fn a_strange_key_in_the_keychain() {
    let (world, engine) = World::host();
    lifecycle::lock(&engine);
    world.keychain.spoil();
    let passphrase = SecretValue::from(PASSPHRASE);
    for given in [None, Some(&passphrase)] {
        let error = lifecycle::unlock(&engine, given).unwrap_err();
        assert_eq!(error.kind, Kind::Keychain, "{error:?}");
        assert!(!error.hint.contains("Caps Lock"));
    }
}

/// Two that unlock at once, locks and an end beside acts of other threads, while tokens are kept fresh (O-71): everybody
/// gets an answer, nobody hangs, and what was closed last is closed.
#[test]
fn locks_and_unlocks_beside_acts() {
    let (_world, engine) = World::connected();
    new_secret(&engine, "KEY", "value").unwrap();
    let _background = keyward_engine::background::start(&engine).unwrap();
    std::thread::scope(|scope| {
        for n in 0..5 {
            let engine = Arc::clone(&engine);
            scope.spawn(move || {
                for _ in 0..10 {
                    match n {
                        0 => lifecycle::lock(&engine),
                        1 | 2 => lifecycle::unlock(&engine, None).unwrap(),
                        3 => lifecycle::close(&engine),
                        _ => {
                            let read = keyward_engine::secrets::reveal(&engine, &owner(), ENV, "KEY", None);
                            assert!(matches!(kind(read), None | Some(Kind::Locked)));
                        }
                    }
                }
            });
        }
    });
    lifecycle::unlock(&engine, None).unwrap();
    new_secret(&engine, "SECOND", "value").unwrap();
    lifecycle::lock(&engine);
    lifecycle::close(&engine);
    assert!(!lifecycle::status(&engine).unwrap().refreshing);
}
