//! §b.8: a new key for all of it, in one transaction.

use std::ops::ControlFlow;

use keyward_vault::{
    Depth, Rekey, Stage, Step,
    table::{audit, connections, secrets},
};

use super::*;

/// Everything that a rekey must leave as it is.
#[derive(Debug, PartialEq)]
struct Content {
    secrets: Vec<String>,
    values: BTreeMap<String, String>,
    tokens: Vec<Vec<u8>>,
    versions: Vec<Vec<u8>>,
    log: Vec<(u64, String, String)>,
}

fn content(vault: &UnlockedVault, world: &World) -> Content {
    let environment = default_environment(vault);
    let all = vault.read(|tx| secrets::list(tx, environment)).unwrap();
    let trashed = vault.read(|tx| secrets::trashed(tx, environment)).unwrap();
    let tokens = vault
        .read(|tx| {
            connections::list(tx, None)?
                .iter()
                // What was entered by hand has none.
                .filter(|connection| connections::tokens(tx, connection).is_ok_and(|found| found.is_some()))
                .map(|connection| {
                    let (tokens, _) = connections::tokens(tx, connection)?.unwrap();
                    assert!(connections::intent(tx, connection)?.is_some());
                    Ok(tokens.access_token.expose().to_vec())
                })
                .collect()
        })
        .unwrap();
    let log = vault.read(|tx| audit::list(tx, None, 0, usize::MAX)).unwrap();
    Content {
        values: all
            .iter()
            .map(|secret| {
                let key = secret.key.to_string();
                let value = value_of(vault, &key).unwrap();
                (key, value)
            })
            .collect(),
        secrets: all
            .iter()
            .chain(&trashed)
            .map(|secret| format!("{secret:?}"))
            .collect(),
        tokens,
        versions: world
            .column("SELECT CAST(hex(record_uuid) || ':' || version AS BLOB) FROM rec ORDER BY rowid"),
        log: log
            .into_iter()
            .map(|(seq, event)| (seq, event.action, event.subject))
            .collect(),
    }
}

pub fn fill(vault: &UnlockedVault) -> RecoveryKey {
    for number in 0..20 {
        add(vault, &format!("KEY_{number}"), &format!("value {number}")).unwrap();
    }
    let environment = default_environment(vault);
    let newer = SecretValue::from("a newer value");
    vault
        .write(NOW, |tx| {
            let secret = secrets::find(tx, environment, &key("KEY_3"))?;
            secrets::set_value(tx, secret.id, &newer, "", NOW)?;
            let gone = secrets::find(tx, environment, &key("KEY_4"))?;
            secrets::trash(tx, gone.id, NOW)
        })
        .unwrap();
    with_connection(vault, "CANARY");
    let recovery = RecoveryKey::make().unwrap();
    vault.add_recovery_slot(&recovery, NOW).unwrap();
    recovery
}

pub fn rekey(
    vault: &UnlockedVault,
    depth: Depth,
    recovery: &RecoveryKey,
    watch: &mut dyn FnMut(Step) -> ControlFlow<()>,
) -> keyward_vault::Result<()> {
    let request = Rekey {
        depth,
        passphrase: None,
        recovery,
    };
    keyward_vault::rekey(vault, &request, NOW, watch)
}

pub fn go_on(_: Step) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The key, every wrapped key and every name are new; what they lead to is as it was.
#[test]
fn b8_all_is_there_under_a_new_key() {
    for depth in [Depth::Shallow, Depth::Deep] {
        let world = World::new();
        let vault = world.create();
        let old = fill(&vault);
        let new = RecoveryKey::make().unwrap();
        vault.checkpoint().unwrap();
        let (entries, before) = (world.entries(), content(&vault, &world));
        let column = |name: &str| world.column(&format!("SELECT {name} FROM rec ORDER BY rowid"));
        let (wrapped, names, bodies) = (column("wrapped"), column("name_bi"), column("body"));
        let blobs = world.column("SELECT blob FROM slot");
        let head = world.column("SELECT audit_head FROM manifest").remove(0);

        let mut stages = Vec::new();
        rekey(&vault, depth, &new, &mut |step| {
            assert!(step.done <= step.total);
            if stages.last() != Some(&step.stage) {
                stages.push(step.stage);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        let in_order = [
            Stage::Checking,
            Stage::Sealing,
            Stage::Chaining,
            Stage::Verifying,
            Stage::Storing,
        ];
        assert_eq!(stages, in_order);

        // The same vault goes on, and another opening finds the same.
        for vault in [&vault, &world.unlock().unwrap()] {
            let mut after = content(vault, &world);
            let (_, action, subject) = after.log.pop().unwrap();
            assert_eq!(action, "vault.rekey");
            let hex: String = head.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(subject.ends_with(&format!(" {hex}")), "{subject}");
            assert_eq!(after, before);
            vault.verify().unwrap();
        }
        add(&vault, "AFTERWARDS", "1").unwrap();
        drop(vault);
        assert_eq!(world.unlock().unwrap().freshness(), Freshness::Ok);

        let db = world.sql();
        let epoch: (u32, u32, u32) = db
            .query_row(
                "SELECT min(epoch), max(epoch), (SELECT epoch FROM header) FROM rec",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        assert_eq!(epoch, (2, 2, 2));
        for (at, now) in column("wrapped").iter().take(wrapped.len()).enumerate() {
            assert_ne!(*now, wrapped[at]);
        }
        let kept = column("body")
            .iter()
            .zip(&bodies)
            .filter(|(now, then)| now == then)
            .count();
        assert_eq!(kept, if depth == Depth::Shallow { bodies.len() } else { 0 });
        // Tokens and intents are found by their uuid, which is no secret; every other name is new.
        let same = column("name_bi")
            .iter()
            .zip(&names)
            .filter(|(now, then)| now == then)
            .count();
        assert_eq!(same, 2);

        // nothing of the old keys is left, in file or log; the keychain has another entry.
        let bytes = world.bytes();
        for ended in blobs.iter().chain(&wrapped) {
            assert!(!contains(&bytes, ended), "bytes of the old key are still there");
        }
        assert_eq!(world.entries().len(), 1);
        assert_ne!(world.entries().keys().next(), entries.keys().next());
        assert_eq!(by_recovery(&world, &old).err(), Some(Error::WrongKey));
        by_recovery(&world, &new).unwrap();
    }
}

/// Stopped wherever it may be: the vault and the keychain are as they were.
#[test]
fn b8_stopped_is_as_if_never_begun() {
    let world = World::new();
    let vault = world.create();
    let old = fill(&vault);
    vault.checkpoint().unwrap();
    let (entries, before, rows) = (
        world.entries(),
        content(&vault, &world),
        world
            .column("SELECT CAST(hex(wrapped) || hex(name_bi) || hex(body) AS BLOB) FROM rec ORDER BY rowid"),
    );
    let new = RecoveryKey::make().unwrap();
    let mut steps = Vec::new();
    for stop_at in [0, 1, 7, 26, 30, 45, 60, 80, 100, 110] {
        let mut count = 0;
        let mut last = None;
        let stopped = rekey(&vault, Depth::Deep, &new, &mut |step| {
            last = Some(step.stage);
            count += 1;
            if count > stop_at {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(stopped, Err(Error::Stopped));
        steps.push(last.unwrap());
        assert_eq!(content(&vault, &world), before);
        let now = world
            .column("SELECT CAST(hex(wrapped) || hex(name_bi) || hex(body) AS BLOB) FROM rec ORDER BY rowid");
        assert!(now == rows, "rows were changed");
        assert_eq!(world.entries(), entries);
    }
    // The very last step too.
    let stopped = rekey(&vault, Depth::Shallow, &new, &mut |step| match step.stage {
        Stage::Storing => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(stopped, Err(Error::Stopped));
    assert!(
        steps.contains(&Stage::Checking)
            && steps.contains(&Stage::Sealing)
            && steps.contains(&Stage::Chaining)
    );
    assert_eq!(content(&vault, &world), before);
    add(&vault, "AFTERWARDS", "1").unwrap();
    drop(vault);
    world.unlock().unwrap().verify().unwrap();
    by_recovery(&world, &old).unwrap();
    assert_eq!(by_recovery(&world, &new).err(), Some(Error::WrongKey));
}

/// With both a keychain and a two-secret passphrase, each gets a new entry, and each opens.
#[test]
fn b8_every_way_in_is_kept() {
    let world = World::new();
    let vault = world.create();
    let text = SecretValue::from(PASSPHRASE);
    vault
        .renew_way(passphrase(&text, DeviceSecret::With), NOW, &stopwatch())
        .unwrap();
    let before = world.entries();
    let ways = vault.ways().unwrap();
    let new = RecoveryKey::make().unwrap();
    let request = Rekey {
        depth: Depth::Deep,
        passphrase: Some(&text),
        recovery: &new,
    };
    keyward_vault::rekey(&vault, &request, NOW, &mut go_on).unwrap();
    let after = vault.ways().unwrap();
    assert_eq!(
        (after.keychain, after.passphrase),
        (ways.keychain, ways.passphrase)
    );
    assert!(after.recovery);
    drop(vault);
    assert_eq!(world.entries().len(), 2);
    assert!(
        world
            .entries()
            .keys()
            .all(|account| !before.contains_key(account))
    );
    drop(world.unlock().unwrap());
    drop(world.unlock_with_passphrase(PASSPHRASE).unwrap());
    drop(by_recovery(&world, &new).unwrap());
}
