//! Recovery key, passphrase and rekey as the Owner meets them (SECURITY.md §b.2, §b.7, §b.8; ST2).

use std::{sync::Arc, time::Duration};

use keyward_engine::{
    Engine, Kind, hardening,
    home::{DeviceSecret, Mode, Opening},
    lifecycle::{self, NewMode},
    passphrase,
    ports::SystemClock,
    recovery::{self, NewWay, RecoveryOffer},
    rekey::{self, Depth, State},
    secrets,
};
use keyward_model::SecretValue;

use crate::support::{
    ENV, PASSPHRASE, World, by_passphrase, count, eventually, kind, new_secret, owner, token,
};

/// Types back what is asked for.
fn confirm(engine: &Arc<Engine>, offer: &RecoveryOffer) -> keyward_engine::Result<()> {
    let text = offer.groups.expose_text().unwrap();
    let groups: Vec<&str> = text.split('-').collect();
    let typed: Vec<SecretValue> = offer
        .ask
        .iter()
        .map(|&at| SecretValue::from(groups[at]))
        .collect();
    recovery::confirm(engine, &owner(), &typed.iter().collect::<Vec<_>>())
}

fn key_of(offer: &RecoveryOffer) -> SecretValue {
    offer.groups.duplicate()
}

fn value(engine: &Engine, key: &str) -> String {
    let (revealed, _) = secrets::copy(engine, &owner(), ENV, key).unwrap();
    revealed.expose_text().unwrap().to_owned()
}

/// Waits for the end of a rekey.
fn end(engine: &Engine) -> State {
    eventually("the end of the rekey", || {
        rekey::status(engine).unwrap().state != State::Running
    });
    rekey::status(engine).unwrap().state
}

/// §b.2: the recovery key counts once two of its groups were typed back.
#[test]
fn b2_the_recovery_key_is_confirmed() {
    let world = World::new();
    let engine = world.engine(Opening::Host);
    assert_eq!(kind(recovery::offered(&engine)), Some(Kind::NotFound));
    let offer = lifecycle::create(&engine, &owner(), NewMode::Keychain).unwrap();
    let text = offer.groups.expose_text().unwrap().to_owned();
    let groups: Vec<&str> = text.split('-').collect();
    assert!(groups.len() == 8 && offer.ask.len() == 2 && offer.ask[0] < offer.ask[1]);
    assert_eq!(
        recovery::offered(&engine).unwrap().expose(),
        offer.groups.expose()
    );
    let [one, two] = [groups[offer.ask[0]], groups[offer.ask[1]]];
    let confirm = |typed: &[&str]| {
        let typed: Vec<SecretValue> = typed.iter().map(|text| SecretValue::from(*text)).collect();
        let typed: Vec<&SecretValue> = typed.iter().collect();
        recovery::confirm(&engine, &owner(), &typed)
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
    assert_eq!(count(&engine, "recovery.create"), 1);
}

/// An offer ends with the lock, and a new one can be made.
#[test]
fn b2_an_offer_ends_with_the_lock() {
    let (_world, engine) = World::host();
    recovery::offered(&engine).unwrap();
    lifecycle::lock(&engine);
    assert_eq!(kind(recovery::offered(&engine)), Some(Kind::NotFound));
    lifecycle::unlock(&engine, None).unwrap();
    recovery::begin(&engine, None).unwrap();
    recovery::decline(&engine);
    assert_eq!(kind(recovery::offered(&engine)), Some(Kind::NotFound));
}

/// ST2: emptied keychain: nothing opens the vault but its recovery key, which ends by being used.
#[test]
fn st2_an_emptied_keychain_and_the_way_back() {
    let (world, engine) = World::host();
    let first = recovery::begin(&engine, None).unwrap();
    confirm(&engine, &first).unwrap();
    new_secret(&engine, "KEY", "value").unwrap();
    lifecycle::lock(&engine);
    world.keychain.empty();
    let error = lifecycle::unlock(&engine, None).unwrap_err();
    assert_eq!(error.kind, Kind::Keychain);
    assert!(error.hint.contains("keyward recovery use"), "{}", error.hint);
    // The recovery key does more than unlock: it is not taken for a passphrase.
    assert_eq!(
        kind(lifecycle::unlock(&engine, Some(&key_of(&first)))),
        Some(Kind::Keychain)
    );

    let wrong = SecretValue::from("000G-40R4-0M30-E209-185G-R38E-1W81-24G6");
    let begun = |key: &SecretValue| recovery::begin_use(&engine, &owner(), key, NewWay::Keychain);
    assert_eq!(kind(begun(&wrong)), Some(Kind::Locked));
    for none in ["", "not a key", "000G-40R4-0M30-E209-185G-R38E-1W81-24G7"] {
        assert_eq!(
            kind(begun(&SecretValue::from(none))),
            Some(Kind::Invalid),
            "{none}"
        );
    }
    // Taken back: the vault is as it was, and the key still opens it.
    begun(&key_of(&first)).unwrap();
    assert!(lifecycle::status(&engine).unwrap().locked);
    recovery::decline(&engine);
    let typed = SecretValue::from(
        first
            .groups
            .expose_text()
            .unwrap()
            .to_lowercase()
            .replace('-', " "),
    );
    let second = begun(&typed).unwrap();
    assert!(
        lifecycle::status(&engine).unwrap().locked,
        "nothing is open before it is confirmed"
    );
    confirm(&engine, &second).unwrap();
    assert!(!lifecycle::status(&engine).unwrap().locked);
    assert_eq!(value(&engine, "KEY"), "value");
    lifecycle::lock(&engine);
    lifecycle::unlock(&engine, None).unwrap();
    lifecycle::lock(&engine);
    assert_eq!(kind(begun(&key_of(&first))), Some(Kind::Locked), "it ended");
    begun(&key_of(&second)).unwrap();
}

/// ST2: a forgotten passphrase. §b.7: the new one must be strong, and wrong recovery keys wait like wrong passphrases.
#[test]
fn st2_a_forgotten_passphrase() {
    let world = World::new();
    let engine = world.engine_at(Opening::Host, Arc::new(SystemClock));
    let text = SecretValue::from(PASSPHRASE);
    let offer = lifecycle::create(&engine, &owner(), by_passphrase(&text, 64)).unwrap();
    confirm(&engine, &offer).unwrap();
    new_secret(&engine, "KEY", "value").unwrap();
    lifecycle::lock(&engine);
    let error = lifecycle::unlock(&engine, Some(&key_of(&offer))).unwrap_err();
    assert!(error.hint.contains("recovery use"), "{error:?}");
    let way = |text: &str| NewWay::Passphrase(SecretValue::from(text), DeviceSecret::With);
    let weak = recovery::begin_use(&engine, &owner(), &key_of(&offer), way("short"));
    assert_eq!(kind(weak), Some(Kind::Invalid));
    let next =
        recovery::begin_use(&engine, &owner(), &key_of(&offer), way("a brand new passphrase")).unwrap();
    confirm(&engine, &next).unwrap();
    assert_eq!(value(&engine, "KEY"), "value");
    let ways = lifecycle::ways(&engine).unwrap();
    assert_eq!(ways.passphrase.unwrap().device_secret, DeviceSecret::With);
    lifecycle::lock(&engine);
    assert_eq!(kind(lifecycle::unlock(&engine, Some(&text))), Some(Kind::Locked));
    lifecycle::unlock(&engine, Some(&SecretValue::from("a brand new passphrase"))).unwrap();
    lifecycle::lock(&engine);
    let wrong = SecretValue::from("000G-40R4-0M30-E209-185G-R38E-1W81-24G6");
    let mut waits = false;
    for _ in 0..8 {
        let error = recovery::begin_use(&engine, &owner(), &wrong, NewWay::Keychain)
            .err()
            .unwrap();
        assert_eq!(error.kind, Kind::Locked);
        waits |= error.message.contains("Wait");
    }
    assert!(waits);
    // on another machine, without the device secret, the passphrase says what is missing.
    world.keychain.empty();
    std::thread::sleep(Duration::from_secs(2));
    let error = lifecycle::unlock(&engine, Some(&SecretValue::from("a brand new passphrase"))).unwrap_err();
    assert_eq!(error.kind, Kind::Keychain, "{error:?}");
    assert!(error.hint.contains("recovery"), "{error:?}");
}

/// §b.8, T-20: the passphrase is changed by who knows it; a keychain's vault gets a first one without being asked.
#[test]
fn b8_a_passphrase_is_added_and_changed() {
    let world = World::new();
    let engine = world.engine_at(Opening::Host, Arc::new(SystemClock));
    let offer = lifecycle::create(&engine, &owner(), NewMode::Keychain).unwrap();
    confirm(&engine, &offer).unwrap();
    let (first, second) = (
        SecretValue::from("the first passphrase"),
        SecretValue::from("the second passphrase"),
    );
    let change = |current: Option<&SecretValue>, new: &SecretValue, device| {
        passphrase::change(&engine, &owner(), current, new, device, None)
    };
    assert_eq!(
        kind(change(None, &SecretValue::from("short"), None)),
        Some(Kind::Invalid)
    );
    change(None, &first, None).unwrap();
    assert_eq!(lifecycle::status(&engine).unwrap().mode, Some(Mode::Keychain));
    // From now on it is asked for: for another one, for a new recovery key, for a rekey.
    for wrong in [None, Some(&second)] {
        assert_eq!(kind(change(wrong, &second, None)), Some(Kind::Locked));
        assert_eq!(kind(recovery::begin(&engine, wrong)), Some(Kind::Locked));
        let begun = rekey::begin(&engine, &owner(), Depth::Shallow, wrong);
        assert_eq!(kind(begun), Some(Kind::Locked));
    }
    change(Some(&first), &second, Some(DeviceSecret::With)).unwrap();
    let cost = lifecycle::ways(&engine).unwrap().passphrase.unwrap();
    assert_eq!(cost.device_secret, DeviceSecret::With);
    // Without a word it stays as it is.
    change(Some(&second), &first, None).unwrap();
    assert_eq!(lifecycle::ways(&engine).unwrap().passphrase, Some(cost));
    assert_eq!(count(&engine, "passphrase.change"), 3);
    recovery::begin(&engine, Some(&first)).unwrap();
    // it opens the vault beside a keychain whose key is another's.
    change(Some(&first), &first, Some(DeviceSecret::Without)).unwrap();
    lifecycle::lock(&engine);
    world.keychain.spoil();
    let error = lifecycle::unlock(&engine, None).unwrap_err();
    assert_eq!(error.kind, Kind::Keychain);
    assert!(error.hint.contains("passphrase"), "{}", error.hint);
    let dead = || {
        let checks = keyward_engine::doctor::run(&engine);
        checks.iter().any(|check| check.id == "keychain_entry")
    };
    lifecycle::unlock(&engine, Some(&first)).unwrap();
    assert!(
        dead() && lifecycle::has_dead_slot(&engine),
        "the keychain works, its key does not"
    );
    lifecycle::lock(&engine);
    world.keychain.empty();
    lifecycle::unlock(&engine, Some(&first)).unwrap();
    assert!(dead() && lifecycle::has_dead_slot(&engine));
}

/// §b.7: costs are measured here and only raised, by who knows the passphrase; what opens alone goes on doing so.
#[test]
fn b7_guessing_is_made_to_cost_more() {
    let world = World::new();
    let engine = world.engine_at(Opening::Host, Arc::new(SystemClock));
    let text = SecretValue::from(PASSPHRASE);
    let offer = lifecycle::create(&engine, &owner(), by_passphrase(&text, 64)).unwrap();
    confirm(&engine, &offer).unwrap();
    new_secret(&engine, "KEY", "value").unwrap();
    let found = hardening::measure(&engine).unwrap();
    let next = found.stronger.unwrap();
    let mib = |measured: hardening::Measured| measured.kdf.memory_kib / 1024;
    assert_eq!((mib(found.now), found.now.kdf.iterations), (64, 3));
    assert!(mib(next) >= 128 && next.takes > found.now.takes, "{found:?}");

    let strengthen = |text: &SecretValue, mib| hardening::strengthen(&engine, &owner(), text, mib);
    for (given, mib, refused) in [
        (&SecretValue::from("not this one at all"), 128, Kind::Locked),
        (&text, 64, Kind::Invalid),
        (&text, 0, Kind::Invalid),
        (&text, 1025, Kind::Invalid),
        (&text, u32::MAX, Kind::Invalid),
    ] {
        assert_eq!(kind(strengthen(given, mib)), Some(refused), "{mib}");
    }
    let costs = || lifecycle::ways(&engine).unwrap().passphrase.unwrap();
    let before = costs();
    assert_eq!(before.kdf, found.now.kdf);
    strengthen(&text, 128).unwrap();
    let after = costs();
    assert_eq!((after.kdf.memory_kib, after.kdf.iterations), (128 * 1024, 3));
    assert_eq!(after.device_secret, before.device_secret);
    assert_eq!(count(&engine, "passphrase.strengthen"), 1);
    assert_eq!(
        kind(strengthen(&text, 128)),
        Some(Kind::Invalid),
        "never a step back"
    );
    // It stays so: another passphrase costs the same, unless another cost is chosen with it.
    let second = SecretValue::from("the second passphrase");
    passphrase::change(&engine, &owner(), Some(&text), &second, None, None).unwrap();
    assert_eq!(costs().kdf, after.kdf);
    passphrase::change(&engine, &owner(), Some(&second), &second, None, Some(64)).unwrap();
    assert_eq!(costs().kdf, before.kdf);
    let chosen = passphrase::change(&engine, &owner(), Some(&second), &second, None, Some(63));
    assert_eq!(kind(chosen), Some(Kind::Invalid));
    lifecycle::lock(&engine);
    assert_eq!(kind(hardening::measure(&engine)), Some(Kind::Locked));
    assert_eq!(kind(strengthen(&second, 128)), Some(Kind::Locked));
    lifecycle::unlock(&engine, Some(&second)).unwrap();
    assert_eq!(value(&engine, "KEY"), "value");
}

/// A vault that only the keychain opens has nothing to measure.
#[test]
fn b7_without_a_passphrase_there_are_no_costs() {
    let world = World::new();
    let engine = world.engine_at(Opening::Host, Arc::new(SystemClock));
    lifecycle::create(&engine, &owner(), NewMode::Keychain).unwrap();
    assert_eq!(kind(hardening::measure(&engine)), Some(Kind::NotFound));
    let asked = hardening::strengthen(&engine, &owner(), &SecretValue::from(PASSPHRASE), 128);
    assert_eq!(kind(asked), Some(Kind::NotFound));
}

/// §b.8: a rekey needs the Owner and a recovery key that was typed back; it works while a provider is asked, and
/// afterwards everything is there.
#[test]
fn b8_a_rekey_beside_a_refresh() {
    for depth in [Depth::Shallow, Depth::Deep] {
        let (world, engine) = World::connected();
        let first = recovery::begin(&engine, None).unwrap();
        confirm(&engine, &first).unwrap();
        new_secret(&engine, "KEY", "value").unwrap();
        assert_eq!(kind(rekey::status(&engine)), Some(Kind::NotFound));
        world.clock.pass(3_590);
        world
            .provider
            .with(|state| state.delay = Duration::from_millis(300));
        std::thread::scope(|scope| {
            let refreshed = scope.spawn(|| token(&engine).unwrap());
            eventually("a request under way", || world.provider.refreshes() == 1);
            let offer = rekey::begin(&engine, &owner(), depth, None).unwrap();
            confirm(&engine, &offer).unwrap();
            assert_eq!(value(&engine, "KEY"), "value");
            assert_eq!(end(&engine), State::Done);
            assert_eq!(token(&engine).unwrap(), refreshed.join().unwrap());
        });
        assert_eq!(world.provider.with(|state| state.reused), 0, "O-58");
        assert_eq!(value(&engine, "KEY"), "value");
        assert_eq!(count(&engine, "vault.rekey"), 1);
        // L-10: what was read meanwhile is in the log, once it could be written.
        assert_eq!(count(&engine, "secret.copy"), 2);
        assert_eq!(count(&engine, "audit.reads_unlogged"), 0);
        lifecycle::lock(&engine);
        let ended = recovery::begin_use(&engine, &owner(), &key_of(&first), NewWay::Keychain);
        assert_eq!(kind(ended), Some(Kind::Locked));
        lifecycle::unlock(&engine, None).unwrap();
        world.clock.pass(3_590);
        token(&engine).unwrap();
        assert_eq!(world.provider.refreshes(), 2);
    }
}

/// §b.8: a vault that is locked under a rekey, or whose rekey is stopped, is as it was.
#[test]
fn b8_a_locked_vault_is_not_rekeyed() {
    let (_world, engine) = World::connected();
    let first = recovery::begin(&engine, None).unwrap();
    confirm(&engine, &first).unwrap();
    // A refresh that is under way holds the rekey up, long enough to lock.
    let connection = crate::support::shown(&engine).id;
    let lease = keyward_vault::lease::take(engine.home(), engine.name(), connection, Duration::ZERO).unwrap();
    let offer = rekey::begin(&engine, &owner(), Depth::Shallow, None).unwrap();
    confirm(&engine, &offer).unwrap();
    assert_eq!(rekey::status(&engine).unwrap().state, State::Running);
    assert_eq!(
        kind(rekey::begin(&engine, &owner(), Depth::Shallow, None)),
        Some(Kind::Conflict)
    );
    lifecycle::lock(&engine);
    drop(lease);
    assert_eq!(end(&engine), State::Stopped);
    lifecycle::unlock(&engine, None).unwrap();
    assert_eq!(count(&engine, "vault.rekey"), 0);
    lifecycle::lock(&engine);
    recovery::begin_use(&engine, &owner(), &key_of(&first), NewWay::Keychain).unwrap();
}

/// §b.8: another process that cannot have the new keys is locked from then on; one with the keychain goes on.
#[test]
fn b8_other_processes_follow_or_are_locked() {
    let (world, engine) = World::host();
    new_secret(&engine, "KEY", "value").unwrap();
    let other = world.another(Opening::OneShot);
    let offer = rekey::begin(&engine, &owner(), Depth::Shallow, None).unwrap();
    confirm(&engine, &offer).unwrap();
    assert_eq!(end(&engine), State::Done);
    assert_eq!(value(&other, "KEY"), "value");
    // The keychain is gone for the other one, and the vault gets new keys once more.
    let third = world.another(Opening::OneShot);
    let offer = rekey::begin(&engine, &owner(), Depth::Shallow, None).unwrap();
    confirm(&engine, &offer).unwrap();
    assert_eq!(end(&engine), State::Done);
    world.keychain.empty();
    let refused = secrets::copy(&third, &owner(), ENV, "KEY");
    assert_eq!(kind(refused), Some(Kind::Locked));
    assert!(lifecycle::status(&third).unwrap().locked);
}
