//! weakened slots, and files that are no vault of ours.

use super::*;

/// costs below the floor and above the cap, unknown KDFs and exchanged slots are refused before the KDF runs.
#[test]
fn r09_weakened_and_costly_slots() {
    let world = World::new();
    drop(world.create_with_passphrase());
    let db = world.sql();
    let params: Vec<u8> = db
        .query_row("SELECT params FROM slot", [], |row| row.get(0))
        .unwrap();
    // a6 01 50 salt(16) 02 01 03 1a memory(4) 04 passes 05 lanes 06 f4
    let with = |memory: u32, passes: u8, lanes: u8, kdf: u8| {
        let mut params = params.clone();
        params[20] = kdf;
        params[23..27].copy_from_slice(&memory.to_be_bytes());
        params[28] = passes;
        params[30] = lanes;
        params
    };
    assert_eq!(with(64 * 1024, 3, 1, 1), params);
    let cases = [
        with(65_536 / 4, 3, 1, 1),
        with(65_536, 1, 1, 1),
        with(u32::MAX, 3, 1, 1),
        with(1024 * 1024 + 1, 3, 1, 1),
        with(65_536, 11, 1, 1),
        with(65_536, 3, 17, 1),
        with(65_536, 3, 0, 1),
        with(65_536, 3, 1, 2),
        vec![0xff; 40],
        Vec::new(),
    ];
    for case in &cases {
        db.execute("UPDATE slot SET params = ?1", [case]).unwrap();
        // A KDF that ran would answer “wrong key”: the slot's AAD covers the params.
        let refused = world.unlock_with_passphrase(PASSPHRASE);
        assert!(
            matches!(refused, Err(Error::Corrupt(_))),
            "{case:02x?}: {:?}",
            refused.err()
        );
    }
    // Other costs that are allowed: the key that comes out opens nothing.
    db.execute("UPDATE slot SET params = ?1", [with(65_536, 2, 1, 1)])
        .unwrap();
    assert!(matches!(
        world.unlock_with_passphrase(PASSPHRASE),
        Err(Error::WrongKey)
    ));
    db.execute("UPDATE slot SET params = ?1", [&params]).unwrap();
    // Nine slots, or one that is larger than any of ours.
    for _ in 0..8 {
        db.execute_batch(
            "INSERT INTO slot SELECT randomblob(16), 'recovery', params, blob FROM slot LIMIT 1",
        )
        .unwrap();
    }
    assert!(matches!(
        world.unlock_with_passphrase(PASSPHRASE),
        Err(Error::Corrupt(_))
    ));
    db.execute_batch("DELETE FROM slot WHERE type = 'recovery'")
        .unwrap();
    world.unlock_with_passphrase(PASSPHRASE).unwrap();
}

/// what a newer version wrote is refused by name; R-24: what is no vault is explained.
#[test]
fn r24_files_that_are_no_vault_of_ours() {
    let target = Target::new();
    let path = target.world.file();
    let whole = std::fs::read(&path).unwrap();
    target
        .world
        .sql()
        .execute_batch("PRAGMA user_version = 2; PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    assert!(matches!(target.world.unlock(), Err(Error::TooNew(_))));
    put_back(&target.world, &whole);
    target
        .world
        .sql()
        .execute_batch("UPDATE header SET min_reader = 2")
        .unwrap();
    assert!(matches!(target.world.unlock(), Err(Error::TooNew(_))));
    put_back(&target.world, &whole);
    target
        .world
        .sql()
        .execute_batch("UPDATE header SET features_critical = x'816162'")
        .unwrap();
    assert!(matches!(target.world.unlock(), Err(Error::TooNew(_))));
    for bytes in [
        &b""[..],
        b"not a database at all",
        &whole[..4096],
        &whole[..whole.len() / 2],
    ] {
        put_back(&target.world, bytes);
        let refused = target.world.unlock().map(|vault| vault.verify());
        assert!(
            matches!(refused, Err(Error::Corrupt(_)) | Ok(Err(Error::Corrupt(_)))),
            "{} bytes",
            bytes.len()
        );
    }
    put_back(&target.world, &whole);
    target.check_whole();
}

/// Lists of many records verify all buckets in one pass: what is changed shows there as well.
#[test]
fn r06_long_lists() {
    let world = World::new();
    let vault = world.create();
    let environment = default_environment(&vault);
    let listed = vault
        .write(NOW, |tx| {
            for number in 0..300 {
                insert(tx, environment, &format!("KEY_{number}"), "1")?;
            }
            secrets::list(tx, environment)
        })
        .unwrap();
    assert_eq!(listed.len(), 300);
    let list = || vault.read(|tx| secrets::list(tx, environment));
    assert_eq!(list().unwrap(), listed);
    let db = world.sql();
    for sql in [
        "UPDATE rec SET version = version + 1 WHERE rowid = (SELECT max(rowid) FROM rec WHERE tbl = 'secret')",
        "UPDATE bucket SET leaves = zeroblob(48) WHERE n = (SELECT max(n) FROM bucket)",
        "UPDATE node SET digests = zeroblob(8192) WHERE m = (SELECT max(m) FROM node)",
        "DELETE FROM bucket",
    ] {
        db.execute_batch(sql).unwrap();
        assert!(matches!(list(), Err(Error::Corrupt(_))), "{sql}");
    }
}

/// the file cut at each quarter, and what lies beside it taken away, cut, filled with noise or brought from
/// another vault, in every combination: explained, or read as it was; 40 cases and more.
#[test]
fn r24_cut_files_and_foreign_logs() {
    let target = Target::new();
    let path = target.world.file();
    let side = |suffix: &str| std::path::PathBuf::from(format!("{}{suffix}", path.display()));
    let whole = std::fs::read(&path).unwrap();
    // A log of ours with a commit in it, and one of another vault.
    let vault = target.world.unlock().unwrap();
    add(&vault, "LATER", "in the log").unwrap();
    let log = std::fs::read(side("-wal")).unwrap();
    let shared = std::fs::read(side("-shm")).unwrap();
    drop(vault);
    let other = Target::new();
    let vault = other.world.unlock().unwrap();
    add(&vault, "OTHER", "1").unwrap();
    let foreign = std::fs::read(format!("{}-wal", other.world.file().display())).unwrap();
    drop(vault);
    let noise: Vec<u8> = (0..20_000_u32)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let files: [(&str, Vec<u8>); 6] = [
        ("empty", Vec::new()),
        ("a quarter", whole[..whole.len() / 4].to_vec()),
        ("half", whole[..whole.len() / 2].to_vec()),
        ("all but a page", whole[..whole.len() - 4096].to_vec()),
        ("all but a byte", whole[..whole.len() - 1].to_vec()),
        ("whole", whole.clone()),
    ];
    let logs: [(&str, &str, &[u8]); 8] = [
        ("no log", "-wal", b""),
        ("its log", "-wal", &log),
        ("half its log", "-wal", &log[..log.len() / 2]),
        ("a log cut in its header", "-wal", &log[..20]),
        ("a foreign log", "-wal", &foreign),
        ("a log of noise", "-wal", &noise),
        ("a journal of noise", "-journal", &noise),
        ("a foreign index of the log", "-shm", &shared),
    ];
    let mut cases = 0;
    for (file, bytes) in &files {
        for (beside, suffix, content) in &logs {
            for suffix in ["-wal", "-shm", "-journal"] {
                let _ = std::fs::remove_file(side(suffix));
            }
            std::fs::write(&path, bytes).unwrap();
            if !content.is_empty() {
                drop(keyward_vault::files::create_new_private(&side(suffix)).unwrap());
                std::fs::write(side(suffix), content).unwrap();
            }
            let explained = match target.world.unlock() {
                Ok(vault) => {
                    // Whatever is read is right, and LATER may be there or not.
                    for (name, value) in &target.values {
                        if let Ok(read) = value_of(&vault, name) {
                            assert_eq!(read, *value, "{file}, {beside}");
                        }
                    }
                    vault.verify().err()
                }
                Err(error) => Some(error),
            };
            // Pages at the end may be free, or stand in the log.
            let may_be_whole = bytes.len() + 4096 >= whole.len();
            match explained {
                None => assert!(
                    may_be_whole || *beside == "its log",
                    "{file}, {beside}: nothing was said"
                ),
                Some(Error::Corrupt(text) | Error::Storage(text)) => {
                    assert!(!text.is_empty(), "{file}, {beside}")
                }
                Some(error) => panic!("{file}, {beside}: {error}"),
            }
            cases += 1;
        }
    }
    assert!(cases >= 40, "{cases}");
    for suffix in ["-wal", "-shm", "-journal"] {
        let _ = std::fs::remove_file(side(suffix));
    }
    put_back(&target.world, &whole);
    target.check_whole();
}
