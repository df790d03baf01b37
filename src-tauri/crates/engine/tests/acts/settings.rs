use std::{sync::Arc, thread, time::Duration};

use keyward_engine::{
    Engine, Kind, auto_lock, background, changes::ChangeKind, home::Opening, lifecycle, secrets,
    session::Away, settings,
};
use keyward_model::{
    SecretValue,
    settings::{Changes, Settings},
};

use crate::support::{ENV, PASSPHRASE, World, by_passphrase, count, eventually, kind, new_secret, owner};

/// A vault in passphrase mode, unlocked as by a host.
fn guarded() -> (World, Arc<Engine>, SecretValue) {
    let world = World::new();
    let engine = world.engine(Opening::Host);
    let passphrase = SecretValue::from(PASSPHRASE);
    lifecycle::create(&engine, &owner(), by_passphrase(&passphrase, 64)).unwrap();
    (world, engine, passphrase)
}

fn is_locked(engine: &Engine) -> bool {
    lifecycle::status(engine).unwrap().locked
}

fn update(engine: &Engine, changes: Changes) -> keyward_engine::Result<Settings> {
    settings::update(engine, &owner(), &changes, None).map(|shown| shown.settings)
}

/// UI.md §17: what nobody changed is as the way of unlocking has it.
#[test]
fn st5_usual_settings_follow_the_mode() {
    let (_world, engine) = World::host();
    let shown = settings::show(&engine).unwrap();
    assert_eq!((shown.settings, shown.has_passphrase), (Settings::SESSION, false));
    let (_world, engine, _) = guarded();
    let shown = settings::show(&engine).unwrap();
    assert_eq!(
        (shown.settings, shown.has_passphrase),
        (Settings::PASSPHRASE, true)
    );
}

#[test]
fn b5_settings_are_stored_told_and_logged_once() {
    let (world, engine) = World::host();
    let mut changes = engine.changes().subscribe();
    let wanted = Changes {
        clipboard_seconds: Some(60),
        auto_lock_minutes: Some(5),
        ..Changes::default()
    };
    let expect = Settings {
        clipboard_seconds: 60,
        auto_lock_minutes: 5,
        ..Settings::SESSION
    };
    assert_eq!(update(&engine, wanted).unwrap(), expect);
    assert_eq!(changes.try_recv().unwrap().kind, ChangeKind::Settings);
    // The same again changes nothing, so it is neither written nor told.
    assert_eq!(update(&engine, wanted).unwrap(), expect);
    assert!(changes.try_recv().is_err());
    assert_eq!(count(&engine, "settings.update"), 1);

    let refused = update(
        &engine,
        Changes {
            reveal_seconds: Some(121),
            lock_on_suspend: Some(true),
            ..Changes::default()
        },
    );
    assert_eq!(kind(refused), Some(Kind::Invalid));
    assert_eq!(
        settings::read(&world.another(Opening::OneShot)).unwrap(),
        expect,
        "nothing of what was refused"
    );
    lifecycle::lock(&engine);
    assert_eq!(kind(settings::read(&engine)), Some(Kind::Locked));
    assert_eq!(kind(update(&engine, wanted)), Some(Kind::Locked));
}

/// W-08: in a host a value is shown after the passphrase was given again, and copied without.
#[test]
fn w08_showing_asks_for_the_passphrase() {
    let (world, engine, passphrase) = guarded();
    new_secret(&engine, "KEY", "value").unwrap();
    let reveal = |given: Option<&SecretValue>| {
        secrets::reveal(&engine, &owner(), ENV, "KEY", given).map(|(value, _)| value.len())
    };
    assert_eq!(kind(reveal(None)), Some(Kind::Locked));
    assert_eq!(
        kind(reveal(Some(&SecretValue::from("another passphrase")))),
        Some(Kind::Locked)
    );
    assert!(!is_locked(&engine), "a wrong answer locks nothing");
    assert_eq!(reveal(Some(&passphrase)).unwrap(), 5);
    secrets::copy(&engine, &owner(), ENV, "KEY").unwrap();
    assert_eq!(
        count(&engine, "secret.reveal"),
        1,
        "what was refused left no value"
    );

    // A command that opened the vault with its passphrase has just asked for it.
    let command = world.engine(Opening::OneShot);
    lifecycle::unlock(&command, Some(&passphrase)).unwrap();
    secrets::reveal(&command, &owner(), ENV, "KEY", None).unwrap();
}

/// §b.7: guessing through this door costs the same waits as through the other.
#[test]
fn b7_wrong_answers_are_counted_together() {
    let (world, engine, passphrase) = guarded();
    new_secret(&engine, "KEY", "value").unwrap();
    let wrong = SecretValue::from("another passphrase");
    let reveal = |given| secrets::reveal(&engine, &owner(), ENV, "KEY", Some(given)).map(drop);
    for _ in 0..5 {
        assert_eq!(kind(reveal(&wrong)), Some(Kind::Locked));
    }
    let waits = reveal(&passphrase).unwrap_err();
    assert_eq!(waits.kind, Kind::Locked);
    assert!(waits.message.contains("Wait 1 s"), "{}", waits.message);
    world.clock.pass(1);
    reveal(&passphrase).unwrap();
}

/// T-20: who may not see a value may not switch the question off either.
#[test]
fn t20_protecting_less_asks_for_the_passphrase() {
    let (_world, engine, passphrase) = guarded();
    let off = Changes {
        passphrase_to_reveal: Some(false),
        ..Changes::default()
    };
    assert_eq!(kind(update(&engine, off)), Some(Kind::Locked));
    let longer = Changes {
        auto_lock_minutes: Some(0),
        ..Changes::default()
    };
    assert_eq!(kind(update(&engine, longer)), Some(Kind::Locked));
    assert_eq!(settings::read(&engine).unwrap(), Settings::PASSPHRASE);
    // Protecting more needs nothing.
    let shorter = Changes {
        auto_lock_minutes: Some(1),
        ..Changes::default()
    };
    assert_eq!(update(&engine, shorter).unwrap().auto_lock_minutes, 1);
    settings::update(&engine, &owner(), &off, Some(&passphrase)).unwrap();
    new_secret(&engine, "KEY", "value").unwrap();
    secrets::reveal(&engine, &owner(), ENV, "KEY", None).unwrap();
}

/// ST5: the idle limit is the Owner's, in both modes; 0 is never.
#[test]
fn st5_a_host_locks_when_idle_for_as_long_as_the_settings_say() {
    let (world, engine) = World::host();
    update(
        &engine,
        Changes {
            auto_lock_minutes: Some(2),
            ..Changes::default()
        },
    )
    .unwrap();
    let _background = background::start(&engine).unwrap();
    let look = || engine.changes().publish(ChangeKind::Vault, None);
    lifecycle::touch(&engine);
    world.clock.pass(119);
    look();
    thread::sleep(Duration::from_millis(150));
    assert!(!is_locked(&engine));
    world.clock.pass(1);
    look();
    eventually("locked", || is_locked(&engine));

    let (world, engine, passphrase) = guarded();
    let never = Changes {
        auto_lock_minutes: Some(0),
        ..Changes::default()
    };
    settings::update(&engine, &owner(), &never, Some(&passphrase)).unwrap();
    let _background = background::start(&engine).unwrap();
    world.clock.pass(1_000_000);
    engine.changes().publish(ChangeKind::Vault, None);
    thread::sleep(Duration::from_millis(150));
    assert!(!is_locked(&engine));
}

/// ST5: each reason to be away has its own setting.
#[test]
fn st5_a_vault_locks_with_the_session_where_it_says_so() {
    let (_world, engine) = World::host();
    for away in [Away::Sleep, Away::ScreenLocked] {
        auto_lock::when_away(&engine, away);
        assert!(!is_locked(&engine), "{away:?}");
    }
    for (away, other, changes) in [
        (
            Away::Sleep,
            Away::ScreenLocked,
            Changes {
                lock_on_suspend: Some(true),
                ..Changes::default()
            },
        ),
        (
            Away::ScreenLocked,
            Away::Sleep,
            Changes {
                lock_on_suspend: Some(false),
                lock_on_screen_lock: Some(true),
                ..Changes::default()
            },
        ),
    ] {
        update(&engine, changes).unwrap();
        auto_lock::when_away(&engine, other);
        assert!(!is_locked(&engine), "{other:?}");
        auto_lock::when_away(&engine, away);
        assert!(is_locked(&engine), "{away:?}");
        // Locking what is locked is nothing.
        auto_lock::when_away(&engine, away);
        lifecycle::unlock(&engine, None).unwrap();
    }
}
