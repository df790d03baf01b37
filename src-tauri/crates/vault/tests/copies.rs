//! ST4: backup while in use, restore with verification, salvage of what is damaged; renaming and deleting vaults.
//! Long, because a copy is damaged here in every way that it must be saved from.

mod support;

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use keyward_model::{
    SecretValue, Timestamp,
    name::{EnvironmentName, VaultName},
};
use keyward_vault::{
    Damages, Error, Freshness, Opening, Place, RecoveryKey, UnlockedVault, Unlocking,
    backup::{self, DAILY, Reason},
    folder::{self, Deleted},
    restore::{Candidate, Restored},
    salvage::salvage,
    table::{connections, environments, secrets},
};
use support::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn elsewhere(world: &World, name: &str) -> PathBuf {
    world.folder.path().join(name)
}

fn restore_as(world: &World, name: &VaultName, file: &std::path::Path) -> keyward_vault::Result<Restored> {
    let place = Place {
        name,
        ..world.place(Opening::OneShot)
    };
    Candidate::read(&place, file)?.restore(Unlocking::Keychain, NOW)
}

fn restore(world: &World, file: &std::path::Path) -> keyward_vault::Result<Restored> {
    restore_as(world, &world.name, file)
}

/// Nothing but what belongs there: no draft, no side file of one.
#[track_caller]
fn no_left_overs(world: &World) {
    let folder = world.home.vault_dir(&world.name);
    let names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.') || name.contains("new"))
        .collect();
    assert_eq!(names, Vec::<String>::new());
}

/// ST4: what a restore would take away, turn back and bring back is told before it is done.
#[test]
fn st4_a_copy_is_compared_with_the_vault() {
    let world = World::new();
    let vault = world.create();
    for name in ["SAME", "CHANGED", "GONE"] {
        add(&vault, name, "1").unwrap();
    }
    let copy = elsewhere(&world, "copy.db");
    vault.back_up(&copy).unwrap();
    let place = world.place(Opening::OneShot);
    let candidate = Candidate::read(&place, &copy).unwrap();
    assert_eq!(
        candidate.mode().unwrap(),
        vault.mode(),
        "a copy opens as its vault does"
    );
    drop(candidate);
    let unchanged = vault.compare(&copy).unwrap();
    assert_eq!(unchanged, keyward_vault::compare::Comparison::default());
    let environment = default_environment(&vault);
    let found = |name: &str| {
        vault
            .read(|tx| secrets::find(tx, environment, &key(name)))
            .unwrap()
            .id
    };
    let (changed, gone) = (found("CHANGED"), found("GONE"));
    vault
        .write(NOW, |tx| {
            secrets::set_value(tx, changed, &SecretValue::from("2"), "", NOW)?;
            secrets::trash(tx, gone, NOW)?;
            secrets::purge(tx, gone)
        })
        .unwrap();
    add(&vault, "NEW", "1").unwrap();
    let comparison = vault.compare(&copy).unwrap();
    assert_eq!(comparison.lost, ["NEW"]);
    assert_eq!(comparison.older, ["CHANGED"]);
    assert_eq!(comparison.back, ["GONE"]);
    // Another vault's copy says nothing about this one.
    let other = World::new();
    let foreign = other.create();
    let theirs = elsewhere(&other, "copy.db");
    foreign.back_up(&theirs).unwrap();
    assert!(matches!(vault.compare(&theirs), Err(Error::Conflict(_))));
    assert!(vault.compare(&elsewhere(&world, "none.db")).is_err());
}

/// ST4: copies made while another connection writes without a pause, each whole and of one moment.
#[test]
fn st4_a_backup_is_made_while_writers_run() {
    let world = World::new();
    let vault = world.create();
    add(&vault, "FIRST", "1").unwrap();
    with_connection(&vault, "CANARY");
    let writer = world.unlock().unwrap();
    let stop = AtomicBool::new(false);
    let copies: Vec<PathBuf> = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                add(&writer, &format!("K{number}"), "x").unwrap();
                number += 1;
            }
        });
        let copies = (0..10)
            .map(|number| {
                let to = elsewhere(&world, &format!("{number}.db"));
                let verified = vault.back_up(&to).unwrap();
                assert!(verified.records > 5, "{verified:?}");
                to
            })
            .collect();
        stop.store(true, Ordering::Relaxed);
        copies
    });
    for copy in copies {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        for side in ["-wal", "-shm", "-journal"] {
            assert!(!PathBuf::from(format!("{}{side}", copy.display())).exists());
        }
    }
    // a copy tells no more than the file.
    let bytes = std::fs::read(elsewhere(&world, "9.db")).unwrap();
    for canary in [&b"canary-client"[..], b"canary@example.org", b"FIRST"] {
        assert!(!bytes.windows(canary.len()).any(|window| window == canary));
    }
}

/// A file that is no copy of this vault is never written over; an earlier copy is.
#[test]
fn st4_a_backup_replaces_nothing_but_its_own() {
    let world = World::new();
    let vault = world.create();
    let to = elsewhere(&world, "copy.db");
    vault.back_up(&to).unwrap();
    add(&vault, "A", "1").unwrap();
    let second = vault.back_up(&to).unwrap();
    assert_eq!(second.records, 3);
    let other = World::new();
    let foreign = other.create();
    assert!(matches!(foreign.back_up(&to), Err(Error::Exists(_))));
    let text = elsewhere(&world, "text");
    std::fs::write(&text, "mine").unwrap();
    std::os::unix::fs::symlink(&to, elsewhere(&world, "link")).unwrap();
    for taken in [
        text.clone(),
        elsewhere(&world, "link"),
        world.folder.path().to_owned(),
        world.file(),
    ] {
        assert!(
            matches!(vault.back_up(&taken), Err(Error::Exists(_))),
            "{}",
            taken.display()
        );
    }
    assert_eq!(std::fs::read(text).unwrap(), b"mine");
    assert!(matches!(
        vault.back_up(&elsewhere(&world, "no/folder.db")),
        Err(Error::NotFound(_))
    ));
}

/// b.8: one copy a day where something changed, seven of them; a vault that does not verify has none.
#[test]
fn st4_seven_daily_copies() {
    let world = World::new();
    let vault = world.create();
    let mut now = NOW;
    for day in 0..10 {
        add(&vault, &format!("K{day}"), "1").unwrap();
        assert!(vault.back_up_daily(now).unwrap().is_some(), "day {day}");
        assert!(vault.back_up_daily(now).unwrap().is_none(), "twice on day {day}");
        now = now.after(DAY);
    }
    assert!(
        vault.back_up_daily(now).unwrap().is_none(),
        "nothing has changed since"
    );
    let copies = backup::list(&world.home, &world.name).unwrap();
    assert_eq!(copies.len(), DAILY);
    assert!(
        copies
            .iter()
            .all(|copy| copy.reason == Reason::Daily && copy.size > 0)
    );
    assert!(copies.is_sorted_by(|one, other| one.made_at > other.made_at));
    assert_eq!(copies[0].made_at, Timestamp(NOW.0 + 9 * 24 * 60 * 60));
    assert!(matches!(
        backup::find(&world.home, &world.name, "../vault.db"),
        Err(Error::NotFound(_))
    ));
    // A clock in 1970 makes one copy at most, and takes no good one away.
    add(&vault, "LATER", "1").unwrap();
    vault.back_up_daily(Timestamp(0)).unwrap();
    vault.back_up_daily(Timestamp(60)).unwrap();
    let after = backup::list(&world.home, &world.name).unwrap();
    assert_eq!(after[..DAILY - 1], copies[..DAILY - 1]);

    world
        .sql()
        .execute_batch("UPDATE rec SET version = version + 1 WHERE tbl = 'environment'")
        .unwrap();
    assert!(matches!(
        vault.back_up_daily(now.after(DAY)),
        Err(Error::Corrupt(_))
    ));
    assert_eq!(backup::list(&world.home, &world.name).unwrap(), after);
    assert_eq!(
        std::fs::read_dir(world.home.backups_dir(&world.name))
            .unwrap()
            .count(),
        after.len()
    );
}

/// ST4, b.6: the copy is the vault, what was replaced is kept, sign-ins are doubted, and nothing older passes for it.
#[test]
fn st4_r08_a_restore_is_the_newest_there_is() {
    let world = World::new();
    let vault = world.create();
    add(&vault, "A", "old").unwrap();
    with_connection(&vault, "CANARY");
    let copy = elsewhere(&world, "copy.db");
    vault.back_up(&copy).unwrap();
    let secret = add(&vault, "B", "lost by the restore").unwrap();
    let new = SecretValue::from("new");
    let environment = default_environment(&vault);
    let first = vault
        .read(|tx| secrets::find(tx, environment, &key("A")))
        .unwrap();
    vault
        .write(NOW, |tx| secrets::set_value(tx, first.id, &new, "", NOW))
        .unwrap();
    vault.checkpoint().unwrap();
    let generation = vault.generation();
    vault.close(NOW).unwrap();
    let newest = std::fs::read(world.file()).unwrap();

    let restored = restore(&world, &copy).unwrap();
    assert_eq!(restored.doubtful, 1);
    assert!(restored.vault.generation() > generation);
    assert_eq!(restored.vault.freshness(), Freshness::Ok);
    assert_eq!(value_of(&restored.vault, "A").unwrap(), "old");
    assert!(matches!(
        restored.vault.read(|tx| secrets::read(tx, secret.id)),
        Err(Error::NotFound(_))
    ));
    let doubted = restored.vault.read(|tx| connections::list(tx, None)).unwrap();
    assert_eq!(doubted[0].error.as_ref().unwrap().code, "restored");
    assert_eq!(
        doubted[0].state,
        keyward_model::connection::ConnectionState::Ready
    );
    restored.vault.verify().unwrap();
    restored.vault.close(NOW).unwrap();
    no_left_overs(&world);

    // The replaced vault is a copy like any other, and can be put back.
    let kept = backup::list(&world.home, &world.name).unwrap();
    assert_eq!((kept.len(), kept[0].reason), (1, Reason::Replaced));
    // As a file it is older than what was last seen, whichever of the two is tried.
    let after = std::fs::read(world.file()).unwrap();
    for old in [&newest, &std::fs::read(&copy).unwrap()] {
        std::fs::write(world.file(), old).unwrap();
        assert!(matches!(
            world.unlock(),
            Err(Error::NotFresh(Freshness::Older { .. }))
        ));
    }
    std::fs::write(world.file(), &after).unwrap();
    let back = backup::find(&world.home, &world.name, &kept[0].name).unwrap();
    let restored = restore(&world, &back).unwrap();
    assert_eq!(value_of(&restored.vault, "A").unwrap(), "new");
    assert_eq!(value_of(&restored.vault, "B").unwrap(), "lost by the restore");
}

/// A restore that cannot be done changes nothing: damaged, foreign, locked, in use, or not there at all.
#[test]
fn st4_a_restore_that_is_refused_changes_nothing() {
    let world = World::new();
    let vault = world.create();
    add(&vault, "A", "1").unwrap();
    let copy = elsewhere(&world, "copy.db");
    vault.back_up(&copy).unwrap();
    let bytes = std::fs::read(&copy).unwrap();
    // Somebody has it open.
    let vault = {
        let place = world.place(Opening::OneShot);
        let holder = std::fs::File::open(world.home.vault_dir(&world.name).join("vault.lock")).unwrap();
        holder.lock_shared().unwrap();
        drop(vault);
        let refused = Candidate::read(&place, &copy)
            .unwrap()
            .restore(Unlocking::Keychain, NOW);
        assert!(matches!(refused.err(), Some(Error::Busy(_))));
        drop(holder);
        world.unlock().unwrap()
    };
    let generation = vault.generation();
    vault.close(NOW).unwrap();
    let mut cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("text", b"no vault at all".repeat(500)),
        ("half", bytes[..bytes.len() / 2].to_vec()),
    ];
    let mut flipped = bytes.clone();
    // In every page: the bytes in the middle of one may be free.
    flipped
        .iter_mut()
        .skip(4096)
        .step_by(64)
        .for_each(|byte| *byte ^= 0xff);
    cases.push(("changed", flipped));
    let other = World::new();
    let foreign = elsewhere(&world, "foreign.db");
    other.create().back_up(&foreign).unwrap();
    for (what, bytes) in cases {
        std::fs::write(&copy, bytes).unwrap();
        let refused = restore(&world, &copy).err();
        assert!(matches!(refused, Some(Error::Corrupt(_))), "{what}: {refused:?}");
    }
    // Another vault's copy: its key is in another keychain, and with it here it is a conflict.
    assert!(restore(&world, &foreign).is_err());
    world
        .map
        .entries
        .lock()
        .unwrap()
        .extend(other.map.entries.lock().unwrap().clone());
    assert!(matches!(
        restore(&world, &foreign).err(),
        Some(Error::Conflict(_))
    ));
    assert!(matches!(
        restore(&world, &elsewhere(&world, "none")).err(),
        Some(Error::NotFound(_))
    ));
    assert!(matches!(
        restore(&world, world.folder.path()).err(),
        Some(Error::Corrupt(_))
    ));
    let vault = world.unlock().unwrap();
    assert_eq!(vault.generation(), generation);
    assert_eq!(value_of(&vault, "A").unwrap(), "1");
    drop(vault);
    assert!(backup::list(&world.home, &world.name).unwrap().is_empty());
    no_left_overs(&world);

    // Under a name of its own the foreign copy becomes a vault; the same one twice does not.
    let (work, twice) = (
        VaultName::parse("work").unwrap(),
        VaultName::parse("twice").unwrap(),
    );
    restore_as(&world, &work, &foreign).unwrap();
    assert!(matches!(
        restore_as(&world, &twice, &foreign).err(),
        Some(Error::Conflict(_))
    ));
    assert!(!world.home.vault_dir(&twice).exists(), "a folder without a vault");
}

/// On another machine, whose keychain knows nothing, the recovery key opens a copy; a damaged vault is replaced.
#[test]
fn st4_a_copy_opens_with_its_recovery_key_elsewhere() {
    let world = World::new();
    let vault = world.create();
    let recovery = RecoveryKey::make().unwrap();
    vault.add_recovery_slot(&recovery, NOW).unwrap();
    add(&vault, "A", "1").unwrap();
    let copy = elsewhere(&world, "copy.db");
    vault.back_up(&copy).unwrap();
    let other = World::new();
    let place = other.place(Opening::OneShot);
    let refused = Candidate::read(&place, &copy)
        .unwrap()
        .restore(Unlocking::Keychain, NOW);
    assert!(matches!(refused.err(), Some(Error::KeychainUnavailable(_))));
    assert!(!other.home.vault_dir(&other.name).exists());
    let restored = Candidate::read(&place, &copy)
        .unwrap()
        .restore(Unlocking::Recovery(&recovery), NOW)
        .unwrap();
    assert_eq!(value_of(&restored.vault, "A").unwrap(), "1");
    assert_eq!(restored.replaced, None);
    drop(restored);
    // Scribbled over, log and all: the copy takes its place, and what was there is kept as it was.
    std::fs::write(other.file(), vec![0xA5; 20_000]).unwrap();
    std::fs::write(format!("{}-wal", other.file().display()), vec![0x5A; 5_000]).unwrap();
    let restored = Candidate::read(&place, &copy)
        .unwrap()
        .restore(Unlocking::Recovery(&recovery), NOW)
        .unwrap();
    assert_eq!(value_of(&restored.vault, "A").unwrap(), "1");
    let kept = restored.replaced.unwrap();
    assert_eq!(std::fs::read(&kept).unwrap(), vec![0xA5; 20_000]);
    assert_eq!(
        std::fs::read(format!("{}-wal", kept.display())).unwrap(),
        vec![0x5A; 5_000]
    );
}

fn fill(vault: &UnlockedVault) {
    let environment = default_environment(vault);
    vault
        .write(NOW, |tx| {
            for number in 0..120 {
                insert(
                    tx,
                    environment,
                    &format!("KEY_{number}"),
                    &format!("value {number}"),
                )?;
            }
            Ok(())
        })
        .unwrap();
    with_connection(vault, "CANARY");
}

/// ST4: whatever page is damaged, everything that does not lie on it is saved, and the rest is named.
#[test]
fn st4_salvage_saves_what_opens_and_names_the_rest() {
    let world = World::new();
    let vault = world.create();
    fill(&vault);
    let whole = elsewhere(&world, "whole.db");
    let records = vault.back_up(&whole).unwrap().records;
    drop(vault);
    let place = world.place(Opening::OneShot);
    let bytes = std::fs::read(&whole).unwrap();
    let (mut opened, mut refused) = (0, 0);
    for page in 0..bytes.len() / 4096 {
        let mut damaged = bytes.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0xA5);
        let (file, out) = (
            elsewhere(&world, "damaged.db"),
            elsewhere(&world, &format!("out-{page}.db")),
        );
        std::fs::write(&file, damaged).unwrap();
        let saved = match salvage(&place, &file, &out, Unlocking::Keychain, NOW) {
            Ok(saved) => saved,
            // The one page that holds the header, or the slots.
            Err(Error::Corrupt(_)) => {
                refused += 1;
                continue;
            }
            Err(error) => panic!("page {page}: {error}"),
        };
        opened += 1;
        let count = saved.saved.values().sum::<usize>();
        let lost = saved.lost.values().sum::<usize>() + saved.missing;
        assert!(
            count >= usize::try_from(records).unwrap() - 12,
            "page {page}: {saved:?}"
        );
        assert!(
            count + lost >= usize::try_from(records).unwrap() - 4,
            "page {page}: {saved:?}"
        );
        assert!(
            count + lost >= usize::try_from(records).unwrap() || saved.list_damaged,
            "page {page}: gone, and nothing says so: {saved:?}"
        );
        std::fs::remove_file(&out).unwrap();
    }
    assert!(refused <= 2 && opened > 20, "{refused} of {opened} refused");

    // Cut in the midst of the records, the manifest gone: what is saved is a vault like any other, and restores.
    let file = elsewhere(&world, "cut.db");
    std::fs::write(&file, &bytes[..bytes.len() / 16]).unwrap();
    let out = elsewhere(&world, "out.db");
    let saved = salvage(&place, &file, &out, Unlocking::Keychain, NOW).unwrap();
    assert!(saved.unvouched > 0 && saved.list_damaged, "{saved:?}");
    assert!(matches!(
        salvage(&place, &file, &out, Unlocking::Keychain, NOW),
        Err(Error::Exists(_))
    ));
    let restored = restore(&world, &out).unwrap();
    let environment = default_environment(&restored.vault);
    let list = restored.vault.read(|tx| secrets::list(tx, environment)).unwrap();
    let mut read = 0;
    for secret in &list {
        let number = secret.key.as_str().strip_prefix("KEY_").unwrap();
        match value_of(&restored.vault, secret.key.as_str()) {
            Ok(value) => {
                assert_eq!(value, format!("value {number}"));
                read += 1;
            }
            Err(_) => assert!(saved.without_value.contains(&secret.key.as_str().to_owned())),
        }
    }
    assert!(read > 20, "{read} of {}", list.len());
    // What lost its value takes a new one.
    if let Some(secret) = list
        .iter()
        .find(|secret| saved.without_value.contains(&secret.key.as_str().to_owned()))
    {
        let new = SecretValue::from("new");
        restored
            .vault
            .write(NOW, |tx| secrets::set_value(tx, secret.id, &new, "", NOW))
            .unwrap();
        assert_eq!(value_of(&restored.vault, secret.key.as_str()).unwrap(), "new");
    }
}

/// What lies in the log alone is saved from the log; a whole file gives up everything, vouched for.
#[test]
fn st4_salvage_reads_the_log() {
    let world = World::new();
    let vault = world.create();
    add(&vault, "A", "1").unwrap();
    vault.checkpoint().unwrap();
    let secret = add(&vault, "B", "in the log").unwrap();
    let new = SecretValue::from("newer, in the log");
    vault
        .write(NOW, |tx| secrets::set_value(tx, secret.id, &new, "", NOW))
        .unwrap();
    let (file, out) = (elsewhere(&world, "copy.db"), elsewhere(&world, "out.db"));
    std::fs::copy(world.file(), &file).unwrap();
    std::fs::copy(
        format!("{}-wal", world.file().display()),
        format!("{}-wal", file.display()),
    )
    .unwrap();
    drop(vault);
    let saved = salvage(
        &world.place(Opening::OneShot),
        &file,
        &out,
        Unlocking::Keychain,
        NOW,
    )
    .unwrap();
    assert_eq!(saved.saved["secret"], 2);
    assert_eq!(saved.saved["secret_version"], 3);
    assert!(
        saved.lost.is_empty() && saved.without_value.is_empty(),
        "{saved:?}"
    );
    assert_eq!((saved.missing, saved.lost_events), (0, Some(0)), "{saved:?}");
    assert!(!saved.list_damaged && saved.recovered.is_empty(), "{saved:?}");
    let restored = restore(&world, &out).unwrap();
    assert_eq!(value_of(&restored.vault, "B").unwrap(), "newer, in the log");
}

/// ST4: what belonged to a lost environment is reached in a new one, whose name is free.
#[test]
fn st4_salvage_replaces_a_lost_environment() {
    let world = World::new();
    let vault = world.create();
    add(&vault, "A", "one").unwrap();
    let lost = default_environment(&vault);
    vault
        .write(NOW, |tx| {
            environments::insert(tx, &EnvironmentName::parse("recovered").unwrap(), NOW)
        })
        .unwrap();
    let (file, out) = (elsewhere(&world, "copy.db"), elsewhere(&world, "out.db"));
    vault.back_up(&file).unwrap();
    drop(vault);
    let db = rusqlite::Connection::open(&file).unwrap();
    let damaged = db
        .execute(
            "UPDATE rec SET body = zeroblob(400) WHERE record_uuid = ?1",
            [lost.as_bytes()],
        )
        .unwrap();
    assert_eq!(damaged, 1);
    db.close().unwrap();
    let place = world.place(Opening::OneShot);
    let saved = salvage(&place, &file, &out, Unlocking::Keychain, NOW).unwrap();
    assert_eq!(saved.recovered, ["recovered-2"], "{saved:?}");
    assert_eq!(saved.lost["environment"], 1);
    let restored = restore(&world, &out).unwrap();
    restored
        .vault
        .read(|tx| {
            let name = EnvironmentName::parse("recovered-2").unwrap();
            let found = environments::find(tx, &name)?;
            assert_eq!(found.id, lost, "what belongs to it still does");
            let secret = secrets::find(tx, found.id, &key("A"))?;
            assert_eq!(secrets::value(tx, &secret)?.expose_text(), Some("one"));
            assert!(environments::missing(tx)?.is_empty());
            Ok(())
        })
        .unwrap();
}

/// ST4: a file of which no record opens is refused; nobody is advised to restore an empty vault.
#[test]
fn st4_salvage_of_nothing_makes_no_file() {
    let world = World::new();
    let vault = world.create();
    add(&vault, "A", "one").unwrap();
    let (file, out) = (elsewhere(&world, "copy.db"), elsewhere(&world, "out.db"));
    vault.back_up(&file).unwrap();
    drop(vault);
    let db = rusqlite::Connection::open(&file).unwrap();
    db.execute("UPDATE rec SET body = zeroblob(400)", []).unwrap();
    db.close().unwrap();
    let refused = salvage(
        &world.place(Opening::OneShot),
        &file,
        &out,
        Unlocking::Keychain,
        NOW,
    );
    assert!(matches!(refused, Err(Error::Corrupt(_))), "{refused:?}");
    assert!(!out.exists());
}

/// §b.5: where the whole verification ends at the first fault, every damaged record is named.
#[test]
fn b5_damaged_records_are_named() {
    let world = World::new();
    let vault = world.create();
    for name in ["SOUND", "NO_VALUE", "GONE"] {
        add(&vault, name, "one").unwrap();
    }
    assert_eq!(vault.damages().unwrap(), Damages::default());
    let (unread, gone) = vault
        .read(|tx| {
            let environment = environments::list(tx)?[0].id;
            Ok((
                secrets::find(tx, environment, &key("NO_VALUE"))?.id,
                secrets::find(tx, environment, &key("GONE"))?.id,
            ))
        })
        .unwrap();
    vault.checkpoint().unwrap();
    let db = world.sql();
    // The value of a Secret is the row before it.
    let version: i64 = db
        .query_row(
            "SELECT rowid FROM rec WHERE tbl = 'secret_version' AND rowid <
             (SELECT rowid FROM rec WHERE record_uuid = ?1) ORDER BY rowid DESC LIMIT 1",
            [unread.as_bytes()],
            |row| row.get(0),
        )
        .unwrap();
    db.execute("UPDATE rec SET body = zeroblob(400) WHERE rowid = ?1", [version])
        .unwrap();
    db.execute("DELETE FROM rec WHERE record_uuid = ?1", [gone.as_bytes()])
        .unwrap();
    drop(db);
    assert!(matches!(vault.verify(), Err(Error::Corrupt(_))));
    let damages = vault.damages().unwrap();
    assert_eq!(damages.records, ["value of secret NO_VALUE"]);
    assert_eq!(damages.missing, 1);
}

/// A wrong key saves nothing, and makes no file.
#[test]
fn st4_salvage_needs_a_key() {
    let world = World::new();
    let vault = world.create_with_passphrase();
    let file = elsewhere(&world, "copy.db");
    vault.back_up(&file).unwrap();
    drop(vault);
    let out = elsewhere(&world, "out.db");
    let wrong = SecretValue::from("not this one at all");
    for with in [Unlocking::Passphrase(&wrong), Unlocking::Keychain] {
        let refused = salvage(&world.place(Opening::OneShot), &file, &out, with, NOW);
        assert_eq!(refused, Err(Error::WrongKey));
    }
    let right = SecretValue::from(PASSPHRASE);
    let none = elsewhere(&world, "none");
    std::fs::write(&none, vec![0; 9000]).unwrap();
    let refused = salvage(
        &world.place(Opening::OneShot),
        &none,
        &out,
        Unlocking::Passphrase(&right),
        NOW,
    );
    assert!(matches!(refused, Err(Error::Corrupt(_))));
    assert!(!out.exists());
    salvage(
        &world.place(Opening::OneShot),
        &file,
        &out,
        Unlocking::Passphrase(&right),
        NOW,
    )
    .unwrap();
}

/// AM14: of two vaults with the same content, keys and blind indexes differ, and no row of one passes in the other.
#[test]
fn am14_two_vaults_share_nothing() {
    let world = World::new();
    drop(world.create());
    let other = World {
        name: VaultName::parse("work").unwrap(),
        ..World::new()
    };
    let (one, two) = (world.unlock().unwrap(), other.create());
    for vault in [&one, &two] {
        add(vault, "SAME", "the same value").unwrap();
        with_connection(vault, "SAME");
    }
    one.checkpoint().unwrap();
    two.checkpoint().unwrap();
    let columns = |world: &World, column: &str| -> std::collections::BTreeSet<Vec<u8>> {
        let db = world.sql();
        let mut statement = db
            .prepare(&format!("SELECT CAST({column} AS BLOB) FROM rec"))
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    for column in ["record_uuid", "name_bi", "wrapped", "body"] {
        let (mine, theirs) = (columns(&world, column), columns(&other, column));
        assert!(mine.is_disjoint(&theirs), "{column}");
    }
    let db = other.sql();
    db.execute("ATTACH ?1 AS mine", [world.file().to_str().unwrap()])
        .unwrap();
    db.execute_batch(
        "BEGIN; DELETE FROM rec WHERE tbl = 'secret';
         INSERT INTO rec SELECT * FROM mine.rec WHERE tbl = 'secret'; COMMIT",
    )
    .unwrap();
    assert!(matches!(value_of(&two, "SAME"), Err(Error::Corrupt(_))));
    assert!(matches!(two.verify(), Err(Error::Corrupt(_))));
    assert_eq!(value_of(&one, "SAME").unwrap(), "the same value");
}

/// AM14: a vault that is deleted takes its keychain entries with it; one in use is left alone.
#[test]
fn am14_deleting_a_vault() {
    let world = World::new();
    let vault = world.create();
    add(&vault, "A", "1").unwrap();
    vault.back_up_daily(NOW).unwrap();
    vault.close(NOW).unwrap();
    assert_eq!(world.map.entries.lock().unwrap().len(), 2, "a key and an anchor");
    let holder = std::fs::File::open(world.home.vault_dir(&world.name).join("vault.lock")).unwrap();
    holder.lock_shared().unwrap();
    let keychain = world.keychain.as_ref();
    assert!(matches!(
        folder::delete(&world.home, keychain, &world.name),
        Err(Error::Busy(_))
    ));
    drop(holder);
    world.unlock().unwrap();
    assert_eq!(
        folder::delete(&world.home, keychain, &world.name),
        Ok(Deleted::Whole)
    );
    assert!(world.map.entries.lock().unwrap().is_empty());
    assert_eq!(
        std::fs::read_dir(world.home.root().join("vaults"))
            .unwrap()
            .count(),
        0
    );
    assert!(matches!(world.unlock(), Err(Error::NotFound(_))));
    assert!(matches!(
        folder::delete(&world.home, keychain, &world.name),
        Err(Error::NotFound(_))
    ));

    // A keychain that does not answer keeps nobody from deleting, and it is said what stays.
    world.create();
    world.map.set_mood(Mood::Silent);
    assert!(matches!(
        folder::delete(&world.home, keychain, &world.name),
        Ok(Deleted::KeysLeft(_))
    ));
    assert!(!world.home.vault_exists(&world.name));
    world.map.set_mood(Mood::Absent);
    world.create_with_passphrase();
    assert_eq!(
        folder::delete(&world.home, keychain, &world.name),
        Ok(Deleted::Whole)
    );
}
