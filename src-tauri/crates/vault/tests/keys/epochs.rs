//! §b.8: who has the vault open while it gets new keys, and what is left of the epoch before.

use std::ops::ControlFlow;

use keyward_vault::{Depth, ReadLog, Rekey, Stage, table::audit};

use super::{
    rekey::{fill, go_on, rekey},
    *,
};

/// Reading goes on meanwhile, in this process and in others; who writes waits, and a read is not held up by its log.
#[test]
fn b8_reading_goes_on_and_writing_waits() {
    let world = World::new();
    let vault = world.unlock_or_create(Opening::Host);
    fill(&vault);
    let other = world.unlock().unwrap();
    let third = world.unlock().unwrap();
    let new = RecoveryKey::make().unwrap();
    let mut unlogged = false;
    std::thread::scope(|scope| {
        let mut writers = Vec::new();
        rekey(&vault, Depth::Shallow, &new, &mut |step| {
            assert_eq!(value_of(&vault, "KEY_1").unwrap(), "value 1");
            assert_eq!(value_of(&other, "KEY_1").unwrap(), "value 1");
            if step.stage == Stage::Sealing && !unlogged {
                unlogged = matches!(
                    vault.log_reads(NOW, &[event("secret.read")]),
                    Ok(ReadLog::NotLogged(_))
                );
                writers.push(scope.spawn(|| add(&vault, "WHILE_IT_RAN", "1")));
                // As another process: it waits for the file, and then for the keys of the new epoch.
                writers.push(scope.spawn(|| add(&third, "BY_ANOTHER", "3")));
            }
            assert!(writers.iter().all(|writer| !writer.is_finished()));
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(writers.len(), 2);
        for writer in writers {
            writer.join().unwrap().unwrap();
        }
    });
    assert!(unlogged);
    let log = vault.read(|tx| audit::list(tx, None, 0, usize::MAX)).unwrap();
    assert!(
        log.iter()
            .any(|(_, event)| event.action == "audit.reads_unlogged")
    );
    // §b.8: keys of the epoch before are dropped, and new ones come from the keychain.
    assert_eq!(value_of(&other, "WHILE_IT_RAN").unwrap(), "1");
    assert_eq!(value_of(&other, "BY_ANOTHER").unwrap(), "3");
    add(&other, "BY_THE_OTHER", "2").unwrap();
    assert_eq!(value_of(&vault, "BY_THE_OTHER").unwrap(), "2");
    assert!(!other.is_outdated());
    other.verify().unwrap();
}

/// §b.8: who cannot have the new keys is locked, and never told that the vault was forged.
#[test]
fn b8_another_process_is_locked_never_told_of_a_forgery() {
    let world = World::new();
    let vault = world.create_with_passphrase();
    let old = fill(&vault);
    let other = world.unlock_with_passphrase(PASSPHRASE).unwrap();
    let new = RecoveryKey::make().unwrap();
    // Without the passphrase, and with a wrong one, nothing begins.
    let wrong = SecretValue::from("not this one at all");
    for given in [None, Some(&wrong)] {
        let request = Rekey {
            depth: Depth::Shallow,
            passphrase: given,
            recovery: &new,
        };
        let refused = keyward_vault::rekey(&vault, &request, NOW, &mut |_| panic!("it began"));
        assert_eq!(refused, Err(Error::WrongKey));
    }
    by_recovery(&world, &old).unwrap();
    let text = SecretValue::from(PASSPHRASE);
    let request = Rekey {
        depth: Depth::Shallow,
        passphrase: Some(&text),
        recovery: &new,
    };
    keyward_vault::rekey(&vault, &request, NOW, &mut go_on).unwrap();
    assert_eq!(value_of(&vault, "KEY_1").unwrap(), "value 1");
    assert!(!other.is_outdated());
    for _ in 0..2 {
        assert_eq!(value_of(&other, "KEY_1").err(), Some(Error::Locked));
        assert_eq!(add(&other, "NEW", "1").err(), Some(Error::Locked));
    }
    assert!(other.is_outdated());
    assert_eq!(
        value_of(&world.unlock_with_passphrase(PASSPHRASE).unwrap(), "KEY_1").unwrap(),
        "value 1"
    );
    assert_eq!(by_recovery(&world, &old).err(), Some(Error::WrongKey));
}

/// rows, slots and the whole header of the epoch before, put back into a rekeyed vault.
#[test]
fn r07_nothing_of_the_old_epoch_is_believed() {
    let world = World::new();
    let vault = world.create();
    fill(&vault);
    vault.checkpoint().unwrap();
    let copy = world.folder.path().join("before.db");
    std::fs::copy(world.file(), &copy).unwrap();
    rekey(&vault, Depth::Shallow, &RecoveryKey::make().unwrap(), &mut go_on).unwrap();
    vault.close(NOW).unwrap();
    let good = std::fs::read(world.file()).unwrap();
    let attacks = [
        "UPDATE rec SET wrapped = (SELECT o.wrapped FROM old.rec o WHERE o.record_uuid = rec.record_uuid)",
        "UPDATE rec SET name_bi = (SELECT o.name_bi FROM old.rec o WHERE o.record_uuid = rec.record_uuid)",
        "UPDATE rec SET epoch = 1",
        "DELETE FROM rec; INSERT INTO rec SELECT * FROM old.rec",
        "UPDATE header SET epoch = 1",
        "UPDATE header SET epoch = 3",
        "DELETE FROM header; INSERT INTO header SELECT * FROM old.header",
        "DELETE FROM slot; INSERT INTO slot SELECT * FROM old.slot",
        "DELETE FROM audit; INSERT INTO audit SELECT * FROM old.audit",
        "DELETE FROM bucket; INSERT INTO bucket SELECT * FROM old.bucket; DELETE FROM node;
         INSERT INTO node SELECT * FROM old.node; DELETE FROM manifest; INSERT INTO manifest SELECT * FROM old.manifest",
    ];
    for attack in attacks {
        let db = world.sql();
        db.execute_batch(&format!(
            "ATTACH '{}' AS old; {attack}; DETACH old",
            copy.display()
        ))
        .unwrap();
        drop(db);
        let detected = match world.unlock() {
            Err(_) => true,
            Ok(vault) => vault.verify().is_err(),
        };
        assert!(detected, "{attack}");
        let _ = std::fs::remove_file(world.file().with_extension("db-wal"));
        let _ = std::fs::remove_file(world.file().with_extension("db-shm"));
        std::fs::write(world.file(), &good).unwrap();
    }
    world.unlock().unwrap().verify().unwrap();
    // The whole file of the epoch before is older than last seen.
    std::fs::copy(&copy, world.file()).unwrap();
    assert!(world.unlock().is_err());
}
