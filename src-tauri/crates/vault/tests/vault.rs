//! Making, unlocking and sharing a vault.

mod support;

use std::time::Duration;

use keyward_model::{SecretValue, Timestamp, audit::AuditEvent};
use keyward_vault::{
    DeviceSecret, Error, Freshness, KdfParams, Mode, NewSlot, Opening, ReadLog, RecoveryKey, Unlocking, mode,
    table::{audit, environments, secrets},
};
use support::*;

#[test]
fn a_keychain_vault_opens_again() {
    let world = World::new();
    let vault = world.create();
    assert_eq!(vault.freshness(), Freshness::Ok);
    assert_eq!(vault.mode(), Mode::Keychain);
    add(&vault, "DB_PASSWORD", "s3cr3t-value").unwrap();
    vault.close(NOW).unwrap();
    assert_eq!(mode(&world.place(Opening::OneShot)).unwrap(), Mode::Keychain);
    let vault = world.unlock().unwrap();
    assert_eq!(vault.freshness(), Freshness::Ok);
    assert_eq!(value_of(&vault, "DB_PASSWORD").unwrap(), "s3cr3t-value");
    assert_eq!(vault.verify().unwrap().records, 3);
}

#[test]
fn a_passphrase_vault_opens_with_it_alone() {
    let world = World::new();
    world.map.set_mood(Mood::Absent);
    add(&world.create_with_passphrase(), "A", "1").unwrap();
    assert_eq!(mode(&world.place(Opening::OneShot)).unwrap(), Mode::Passphrase);
    let vault = world.unlock_with_passphrase(PASSPHRASE).unwrap();
    assert_eq!(vault.freshness(), Freshness::None);
    assert_eq!(value_of(&vault, "A").unwrap(), "1");
    drop(vault);
    assert!(matches!(
        world.unlock_with_passphrase("wrong"),
        Err(Error::WrongKey)
    ));
    assert!(matches!(world.unlock(), Err(Error::WrongKey)));
}

#[test]
fn a_recovery_key_opens_and_the_one_before_ends() {
    let world = World::new();
    let vault = world.create();
    let (old, new) = (RecoveryKey::make().unwrap(), RecoveryKey::make().unwrap());
    assert!(!vault.has_recovery().unwrap());
    vault.add_recovery_slot(&old, NOW).unwrap();
    assert!(vault.has_recovery().unwrap());
    vault.add_recovery_slot(&new, NOW).unwrap();
    add(&vault, "A", "1").unwrap();
    drop(vault);
    // the keychain lost its entries.
    world.map.entries.lock().unwrap().clear();
    assert!(matches!(world.unlock(), Err(Error::KeychainUnavailable(_))));
    let place = world.place(Opening::OneShot);
    assert!(matches!(
        keyward_vault::unlock(&place, Unlocking::Recovery(&old), NOW),
        Err(Error::WrongKey)
    ));
    world.map.set_mood(Mood::Silent);
    let vault = keyward_vault::unlock(&place, Unlocking::Recovery(&new), NOW).unwrap();
    assert_eq!(value_of(&vault, "A").unwrap(), "1");
}

#[test]
fn a_vault_is_made_once_and_a_failure_leaves_nothing() {
    let world = World::new();
    world.map.set_mood(Mood::Absent);
    let place = world.place(Opening::OneShot);
    let failed = keyward_vault::create(&place, NewSlot::Keychain, NOW, &stopwatch());
    assert!(matches!(failed, Err(Error::KeychainUnavailable(_))));
    assert!(world.home.vault_names().unwrap().is_empty());
    assert!(!world.home.vault_dir(&world.name).exists());
    world.map.set_mood(Mood::Well);
    drop(world.create());
    let again = keyward_vault::create(&place, NewSlot::Keychain, NOW, &stopwatch());
    assert!(matches!(again, Err(Error::Exists(_))));
    assert_eq!(world.home.vault_names().unwrap().len(), 1);
    assert_eq!(world.map.entries.lock().unwrap().len(), 2, "slot key and anchor");
    assert!(matches!(
        keyward_vault::unlock(
            &keyward_vault::Place {
                name: &keyward_model::name::VaultName::parse("other").unwrap(),
                ..place
            },
            Unlocking::Keychain,
            NOW
        ),
        Err(Error::NotFound(_))
    ));
}

/// b.6: in passphrase mode a keychain that is silent or absent fails nothing, and is asked no second time.
#[test]
fn without_an_answer_nobody_asks_again() {
    let world = World::new();
    drop(world.create_with_passphrase());
    world.map.set_mood(Mood::Silent);
    world.map.calls.lock().unwrap().clear();
    let vault = world.unlock_with_passphrase(PASSPHRASE).unwrap();
    assert_eq!(vault.freshness(), Freshness::None);
    add(&vault, "A", "1").unwrap();
    vault.close(NOW).unwrap();
    assert_eq!(*world.map.calls.lock().unwrap(), ["get"]);
}

/// b.6: a one-shot command raises the anchor when it is a minute old, after a purge at once, never on a read.
#[test]
fn the_anchor_follows_writes() {
    let world = World::new();
    drop(world.create());
    let sets = || {
        world
            .map
            .calls
            .lock()
            .unwrap()
            .iter()
            .filter(|call| *call == "set")
            .count()
    };
    let base = sets();
    let vault = world.unlock().unwrap();
    let secret = add(&vault, "A", "1").unwrap();
    vault.close(NOW).unwrap();
    assert_eq!(sets(), base, "the anchor is seconds old");
    let vault = world.unlock().unwrap();
    value_of(&vault, "A").unwrap();
    vault.close(Timestamp(NOW.0 + 100)).unwrap();
    assert_eq!(sets(), base, "a read writes none");
    let vault = world.unlock().unwrap();
    vault.write(NOW, |tx| secrets::trash(tx, secret.id, NOW)).unwrap();
    vault.close(Timestamp(NOW.0 + 61)).unwrap();
    assert_eq!(sets(), base + 1, "a minute has passed");
    let vault = world.unlock().unwrap();
    vault.write(NOW, |tx| secrets::purge(tx, secret.id)).unwrap();
    vault.close(Timestamp(NOW.0 + 62)).unwrap();
    assert_eq!(sets(), base + 2, "a purge");
    let vault = world.unlock_as(Opening::Host).unwrap();
    add(&vault, "B", "1").unwrap();
    vault.save_anchor(NOW).unwrap();
    vault.save_anchor(NOW).unwrap();
    assert_eq!(sets(), base + 3, "once for each generation");
}

/// b.7: a slot below today's costs is wrapped again at unlock.
#[test]
fn a_weak_slot_is_strengthened() {
    let world = World::new();
    let passphrase = SecretValue::from(PASSPHRASE);
    let weak = KdfParams {
        memory_kib: 32 * 1024,
        iterations: 2,
        lanes: 1,
    };
    let slot = NewSlot::Passphrase {
        passphrase: &passphrase,
        kdf: Some(weak),
        device_secret: DeviceSecret::Without,
    };
    drop(keyward_vault::create(&world.place(Opening::OneShot), slot, NOW, &stopwatch()).unwrap());
    let before = slots(&world);
    drop(world.unlock_with_passphrase(PASSPHRASE).unwrap());
    let after = slots(&world);
    assert_ne!(before, after);
    drop(world.unlock_with_passphrase(PASSPHRASE).unwrap());
    assert_eq!(after, slots(&world));
}

fn slots(world: &World) -> Vec<Vec<u8>> {
    let db = world.sql();
    let mut statement = db.prepare("SELECT blob FROM slot").unwrap();
    statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Two connections that write by turns see each other's writes; what one has verified and kept is not stale.
#[test]
fn two_openers_stay_consistent() {
    let world = World::new();
    drop(world.create());
    let (one, two) = (world.unlock_as(Opening::Host).unwrap(), world.unlock().unwrap());
    for round in 0..40 {
        let (writer, reader) = if round % 2 == 0 {
            (&one, &two)
        } else {
            (&two, &one)
        };
        let secret = add(writer, &format!("KEY_{round}"), "first").unwrap();
        let value = SecretValue::from(format!("value {round}"));
        writer
            .write(NOW, |tx| secrets::set_value(tx, secret.id, &value, "", NOW))
            .unwrap();
        assert_eq!(
            value_of(reader, &format!("KEY_{round}")).unwrap(),
            format!("value {round}")
        );
        if round % 5 == 0 {
            one.checkpoint().unwrap();
        }
    }
    assert_eq!(one.generation(), two.generation());
    assert_eq!(one.verify().unwrap(), two.verify().unwrap());
}

/// Threads that write and read at once on one vault and on another connection.
#[test]
fn threads_share_a_vault() {
    let world = World::new();
    let vault = world.create();
    let other = world.unlock().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let vault = if thread % 2 == 0 { &vault } else { &other };
            scope.spawn(move || {
                for round in 0..10 {
                    let name = format!("T{thread}_{round}");
                    add(vault, &name, &name).unwrap();
                    assert_eq!(value_of(vault, &name).unwrap(), name);
                }
            });
        }
    });
    let environment = default_environment(&vault);
    assert_eq!(vault.read(|tx| secrets::list(tx, environment)).unwrap().len(), 40);
    assert_eq!(vault.verify().unwrap().audit_rows, 41);
}

#[test]
fn a_failed_write_changes_nothing() {
    let world = World::new();
    let vault = world.create();
    let before = (vault.generation(), vault.verify().unwrap());
    let environment = default_environment(&vault);
    let failed: Result<(), _> = vault.write(NOW, |tx| {
        insert(tx, environment, "A", "1")?;
        environments::insert(
            tx,
            &keyward_model::name::EnvironmentName::parse("staging").unwrap(),
            NOW,
        )?;
        Err(Error::Conflict("on purpose".to_owned()))
    });
    assert!(matches!(failed, Err(Error::Conflict(_))));
    assert!(matches!(value_of(&vault, "A"), Err(Error::NotFound(_))));
    assert_eq!(before, (vault.generation(), vault.verify().unwrap()));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _: Result<(), _> = vault.write(NOW, |tx| {
            insert(tx, environment, "A", "1")?;
            panic!("on purpose")
        });
    }));
    assert!(panicked.is_err());
    add(&vault, "A", "2").unwrap();
    assert_eq!(value_of(&vault, "A").unwrap(), "2");
    vault.write(NOW, |_| Ok(())).unwrap();
    vault.verify().unwrap();
}

/// L-10: a read that cannot be logged is read all the same, and the next writer says so.
#[test]
fn l10_reads_that_were_not_logged_are_counted() {
    let world = World::new();
    let vault = world.create();
    assert_eq!(
        vault.log_reads(NOW, &[event("secret.read")]).unwrap(),
        ReadLog::Logged
    );
    let busy = world.sql();
    busy.execute_batch("BEGIN IMMEDIATE").unwrap();
    let log = vault
        .log_reads(NOW, &[event("secret.read"), event("secret.read")])
        .unwrap();
    assert!(matches!(log, ReadLog::NotLogged(_)));
    busy.execute_batch("ROLLBACK").unwrap();
    add(&vault, "A", "1").unwrap();
    let events = vault.read(|tx| audit::list(tx, None, 0, 100)).unwrap();
    let actions: Vec<_> = events.iter().map(|(_, event)| event.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "vault.create",
            "secret.read",
            "secret.create",
            "audit.reads_unlogged"
        ]
    );
    assert_eq!(
        events.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    assert_eq!(vault.read(|tx| audit::list(tx, Some(NOW), 2, 1)).unwrap()[0].0, 3);
    assert_eq!(vault.read(audit::verify).unwrap(), 4);
}

/// b.5: the log read from its end is the log, as far as somebody looks; a row that was touched is damage.
#[test]
fn b5_the_log_backwards_is_believed_row_by_row() {
    let world = World::new();
    let vault = world.create();
    for key in ["A", "B", "C"] {
        add(&vault, key, "1").unwrap();
    }
    let newest = |most: usize| {
        vault.read(|tx| {
            let mut events = Vec::new();
            audit::newest_first(tx, |_, event| {
                events.push(event);
                events.len() < most
            })?;
            Ok(events)
        })
    };
    let mut events = newest(usize::MAX).unwrap();
    assert_eq!((events.len(), newest(2).unwrap().len()), (4, 2));
    events.reverse();
    let forwards = vault.read(|tx| audit::list(tx, None, 0, 100)).unwrap();
    assert_eq!(
        events,
        forwards.into_iter().map(|(_, event)| event).collect::<Vec<_>>()
    );
    // How long a request took is told to the millisecond, and of those events alone that know it.
    let took = Some(Duration::from_micros(1_234_567));
    let refreshed = AuditEvent {
        took,
        ..event("connection.refresh")
    };
    vault.write(NOW, |tx| audit::append(tx, &refreshed)).unwrap();
    let last = newest(1).unwrap().remove(0);
    assert_eq!(last.took, Some(Duration::from_millis(1_234)));
    assert!(events.iter().all(|event| event.took.is_none()));
    // What is not looked at costs nothing and says nothing.
    world
        .sql()
        .execute("DELETE FROM audit WHERE seq = 2", [])
        .unwrap();
    assert_eq!(newest(1).unwrap().len(), 1);
    assert!(matches!(newest(usize::MAX), Err(Error::Corrupt(_))));
}

/// P5: a one-shot command moves the log into the file only when it is long.
#[test]
fn p5_a_short_log_is_left_alone() {
    let world = World::new();
    drop(world.create());
    let wal = || {
        std::fs::metadata(world.home.vault_dir(&world.name).join("vault.db-wal")).map_or(0, |file| file.len())
    };
    assert_eq!(wal(), 0);
    let mut seen = 0;
    for round in 0..40 {
        let vault = world.unlock().unwrap();
        add(&vault, &format!("K{round}"), "1").unwrap();
        vault.close(NOW).unwrap();
        seen = seen.max(wal());
        assert!(wal() <= 600 * 1024);
    }
    assert!(seen > 200 * 1024, "it grew to {seen}");
}
