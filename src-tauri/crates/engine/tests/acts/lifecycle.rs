use std::sync::Arc;

use keyward_engine::{
    Kind,
    changes::ChangeKind,
    home::{Mode, Opening},
    lifecycle::{self, NewMode},
};
use keyward_model::SecretValue;

use crate::support::{ENV, PASSPHRASE, World, count, kind, new_secret, owner};

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
            kind(lifecycle::create(
                &engine,
                &owner(),
                NewMode::Passphrase(&weak, Some(64))
            )),
            Some(Kind::Invalid)
        );
    }
    assert_eq!(
        kind(lifecycle::create(
            &engine,
            &owner(),
            NewMode::Passphrase(&right, Some(16))
        )),
        Some(Kind::Invalid)
    );
    assert!(lifecycle::status(&engine).unwrap().mode.is_none());
    lifecycle::create(&engine, &owner(), NewMode::Passphrase(&right, Some(64))).unwrap();
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

/// §b.2: the recovery key counts once two of its groups were typed back.
#[test]
fn b2_the_recovery_key_is_confirmed() {
    let world = World::new();
    let engine = world.engine(Opening::Host);
    assert_eq!(kind(lifecycle::recovery_offered(&engine)), Some(Kind::NotFound));
    let offer = lifecycle::create(&engine, &owner(), NewMode::Keychain).unwrap();
    let text = offer.groups.expose_text().unwrap().to_owned();
    let groups: Vec<&str> = text.split('-').collect();
    assert!(groups.len() == 8 && offer.ask.len() == 2 && offer.ask[0] < offer.ask[1]);
    assert_eq!(
        lifecycle::recovery_offered(&engine).unwrap().expose(),
        offer.groups.expose()
    );
    let [one, two] = [groups[offer.ask[0]], groups[offer.ask[1]]];
    let confirm = |typed: &[&str]| {
        let typed: Vec<SecretValue> = typed.iter().map(|text| SecretValue::from(*text)).collect();
        let typed: Vec<&SecretValue> = typed.iter().collect();
        lifecycle::recovery_confirm(&engine, &owner(), &typed)
    };
    for wrong in [&[][..], &[one], &[one, two, one], &[two, one], &[one, "0000"]] {
        if wrong == [two, one] && one == two {
            continue;
        }
        assert_eq!(kind(confirm(wrong)), Some(Kind::Invalid), "the offer stands");
        assert_eq!(lifecycle::status(&engine).unwrap().recovery, Some(false));
    }
    confirm(&[&one.to_lowercase(), two]).unwrap();
    assert_eq!(lifecycle::status(&engine).unwrap().recovery, Some(true));
    assert_eq!(kind(confirm(&[one, two])), Some(Kind::NotFound));
    assert_eq!(kind(lifecycle::recovery_begin(&engine)), Some(Kind::Conflict));
    assert_eq!(count(&engine, "recovery.create"), 1);

    // ST2: it opens the vault wherever a passphrase could be given, also when the keychain has lost its key.
    lifecycle::lock(&engine);
    world.keychain.spoil();
    assert!(lifecycle::unlock(&engine, None).is_err());
    let wrong = SecretValue::from("000G-40R4-0M30-E209-185G-R38E-1W81-24G6");
    assert_eq!(kind(lifecycle::unlock(&engine, Some(&wrong))), Some(Kind::Locked));
    let typed = SecretValue::from(text.to_lowercase().replace('-', " "));
    lifecycle::unlock(&engine, Some(&typed)).unwrap();
    assert!(!lifecycle::status(&engine).unwrap().locked);
}

/// An offer ends with the lock, and a new one can be made.
#[test]
fn b2_an_offer_ends_with_the_lock() {
    let (_world, engine) = World::host();
    lifecycle::recovery_offered(&engine).unwrap();
    lifecycle::lock(&engine);
    assert_eq!(kind(lifecycle::recovery_offered(&engine)), Some(Kind::NotFound));
    lifecycle::unlock(&engine, None).unwrap();
    lifecycle::recovery_begin(&engine).unwrap();
}

/// Two that unlock at once, and a lock beside acts of other threads: everybody gets an answer, nobody hangs.
#[test]
fn locks_and_unlocks_beside_acts() {
    let (_world, engine) = World::host();
    new_secret(&engine, "KEY", "value").unwrap();
    std::thread::scope(|scope| {
        for n in 0..4 {
            let engine = Arc::clone(&engine);
            scope.spawn(move || {
                for _ in 0..10 {
                    match n {
                        0 => lifecycle::lock(&engine),
                        1 | 2 => lifecycle::unlock(&engine, None).unwrap(),
                        _ => {
                            let read = keyward_engine::secrets::reveal(
                                &engine,
                                &owner(),
                                ENV,
                                "KEY",
                                "secret.reveal",
                            );
                            assert!(matches!(kind(read), None | Some(Kind::Locked)));
                        }
                    }
                }
            });
        }
    });
    lifecycle::unlock(&engine, None).unwrap();
    new_secret(&engine, "SECOND", "value").unwrap();
}
