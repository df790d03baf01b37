use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use keyward_engine::{
    Engine, Kind, background,
    changes::ChangeKind,
    home::Opening,
    lifecycle::{self, NewMode},
    ports::SystemClock,
};
use keyward_model::{SecretValue, connection::ConnectionState};

use crate::{
    provider::Fault,
    server::answer,
    support::{PASSPHRASE, World, by_passphrase, eventually, kind, new_secret, owner, shown},
};

/// Looks at the clock now instead of at the end of the nap.
fn wake(engine: &Engine) {
    engine.changes().publish(ChangeKind::Vault, None);
}

/// O-64: what is due is refreshed without anybody asking, and nothing sooner; wakes by itself, on real time.
#[test]
fn o64_short_tokens_stay_fresh_by_themselves() {
    let world = World::new();
    let engine = world.engine_at(Opening::Host, Arc::new(SystemClock));
    lifecycle::create(&engine, &owner(), NewMode::Keychain).unwrap();
    world.provider.with(|state| state.expires_in = "6");
    world.auth_client(&engine, "CLIENT");
    let _background = background::start(&engine).unwrap();
    // A Consent is a Change, and that wakes the refresher, which slept for want of work.
    let mut lifetime = world.connect(&engine, "APP").lifetime.unwrap();
    for n in 1..=2 {
        eventually("a refresh by itself", || world.provider.refreshes() == n);
        eventually("its answer", || shown(&engine).lifetime != Some(lifetime));
        let next = shown(&engine).lifetime.unwrap();
        // A lifetime counts from when the request left.
        assert!(next.obtained_at >= lifetime.due_at(), "not sooner than due");
        lifetime = next;
    }
    assert_eq!(world.provider.with(|state| state.reused), 0);
    assert_eq!(shown(&engine).state, ConnectionState::Ready);
}

/// O-68: after eight hours of sleep everything is due, and fresh soon after the wake; a due token leaves at no moment.
/// EL6: seven Connections of one AuthClient, each with tokens of its own.
#[test]
fn o68_eight_hours_of_sleep() {
    let (world, engine) = World::connected();
    for n in 0..6 {
        world.connect(&engine, &format!("APP{n}"));
    }
    let _background = background::start(&engine).unwrap();
    thread::sleep(Duration::from_millis(200));
    assert_eq!(world.provider.refreshes(), 0, "not sooner than due");
    world.clock.sleep(8 * 3_600);
    wake(&engine);
    eventually("all are fresh", || {
        keyward_engine::connections::list(&engine, "default", None)
            .unwrap()
            .iter()
            .all(|shown| !shown.connection.lifetime.unwrap().is_due(engine.now()))
    });
    thread::sleep(Duration::from_millis(300));
    assert_eq!(world.provider.refreshes(), 7, "O-69: no storm");
}

/// O-63: a provider that fails is asked at the pace of the pauses, and what needs a person not at all.
#[test]
fn o63_no_storm() {
    let (world, engine) = World::connected();
    world
        .provider
        .will((0..3).map(|_| Fault::Instead(answer("503 Nope", "", ""))));
    let _background = background::start(&engine).unwrap();
    world.clock.pass(3_550);
    for asked in 1..=3 {
        wake(&engine);
        eventually("asked", || world.provider.refreshes() == asked);
        eventually("told", || {
            shown(&engine).failures == u32::try_from(asked).unwrap()
        });
        for _ in 0..5 {
            wake(&engine);
            thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(world.provider.refreshes(), asked);
        world.clock.pass(40);
    }
    wake(&engine);
    eventually("mended", || shown(&engine).failures == 0);
    world.provider.revoke_all();
    world.clock.pass(3_550);
    eventually("ended", || {
        // The rest after the refresh above may begin only now, and this clock passes by itself for nobody.
        world.clock.pass(1);
        wake(&engine);
        shown(&engine).state == ConnectionState::NeedsConsent
    });
    let asked = world.provider.refreshes();
    world.clock.pass(4_000);
    wake(&engine);
    thread::sleep(Duration::from_millis(200));
    assert_eq!(world.provider.refreshes(), asked);
}

/// EL13, O-69: connections whose provider hangs keep neither the others nor the auto-lock waiting.
#[test]
fn el13_a_hanging_provider_does_not_hold_up_the_others() {
    let (world, engine) = World::connected();
    world.connect(&engine, "OTHER");
    let lab = crate::lab::Lab::new(&world);
    lab.register(&engine, "LAB", keyward_lab::Client::default());
    lab.connect(&engine, "LAB", "THIRD");
    world.provider.with(|state| state.delay = Duration::from_secs(5));
    world.clock.pass(3_550);
    let background = background::start(&engine).unwrap();
    let start = Instant::now();
    eventually("the third is fresh", || lab.server.history().refreshes() == 1);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    thread::sleep(Duration::from_millis(500));
    assert_eq!(world.provider.refreshes(), 0, "both are under way and wait");
    // L-01: a refresh that is under way is waited for, and its answer stored.
    lifecycle::lock(&engine);
    drop(background);
    assert_eq!(world.provider.refreshes(), 2);
    assert!(start.elapsed() > Duration::from_secs(3), "{:?}", start.elapsed());
    lifecycle::unlock(&engine, None).unwrap();
    assert_eq!(shown(&engine).error, None);
    assert!(world.intent(shown(&engine).id).is_none());
    assert_eq!(world.provider.with(|state| state.reused), 0);
}

#[test]
fn it_ends_when_it_is_dropped() {
    let (world, engine) = World::connected();
    let background = background::start(&engine).unwrap();
    thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    drop(background);
    // It takes milliseconds; a machine under load gets more, and a whole nap would be thirty seconds.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    // Closed, it sleeps; unlocked, it looks.
    lifecycle::close(&engine);
    let background = background::start(&engine).unwrap();
    world.clock.pass(3_550);
    wake(&engine);
    thread::sleep(Duration::from_millis(100));
    assert_eq!(world.provider.refreshes(), 0);
    lifecycle::unlock(&engine, None).unwrap();
    eventually("refreshed", || world.provider.refreshes() == 1);
    drop(background);
}

/// Issue 2, §2: a host in passphrase mode locks after fifteen idle minutes; nothing else does.
#[test]
fn a_host_in_passphrase_mode_locks_itself() {
    let world = World::new();
    let engine = world.engine(Opening::Host);
    let passphrase = SecretValue::from(PASSPHRASE);
    lifecycle::create(&engine, &owner(), by_passphrase(&passphrase, 64)).unwrap();
    let _background = background::start(&engine).unwrap();
    let locked = || lifecycle::status(&engine).unwrap().locked;
    world.clock.pass(899);
    wake(&engine);
    thread::sleep(Duration::from_millis(150));
    assert!(!locked());
    lifecycle::touch(&engine);
    world.clock.pass(899);
    wake(&engine);
    thread::sleep(Duration::from_millis(150));
    assert!(!locked(), "an act counts");
    world.clock.pass(1);
    wake(&engine);
    eventually("locked", locked);
    assert_eq!(kind(new_secret(&engine, "KEY", "value")), Some(Kind::Locked));

    // One command is no host: its vault stays open until it ends.
    let command = world.engine(Opening::OneShot);
    lifecycle::unlock(&command, Some(&passphrase)).unwrap();
    world.clock.pass(10_000);
    new_secret(&command, "KEY", "value").unwrap();

    let (world, engine) = World::host();
    let _background = background::start(&engine).unwrap();
    world.clock.pass(10_000);
    wake(&engine);
    thread::sleep(Duration::from_millis(150));
    assert!(!lifecycle::status(&engine).unwrap().locked, "keychain mode");
}

/// §b.6: a host raises the anchor every minute, so that an older copy of the file is noticed.
#[test]
fn b6_the_anchor_follows() {
    let (world, engine) = World::host();
    let _background = background::start(&engine).unwrap();
    new_secret(&engine, "KEY", "value").unwrap();
    let file = world.home.vault_file(&world.name);
    world.clock.pass(61);
    wake(&engine);
    thread::sleep(Duration::from_millis(200));
    lifecycle::close(&engine);
    let old = std::fs::read(&file).unwrap();
    lifecycle::unlock(&engine, None).unwrap();
    new_secret(&engine, "SECOND", "value").unwrap();
    world.clock.pass(61);
    wake(&engine);
    thread::sleep(Duration::from_millis(200));
    lifecycle::close(&engine);
    std::fs::write(&file, old).unwrap();
    assert_eq!(kind(lifecycle::unlock(&engine, None)), Some(Kind::Corrupt));
}
