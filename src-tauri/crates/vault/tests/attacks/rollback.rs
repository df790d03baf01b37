//! rows and whole files rolled back.

use super::*;

/// one row put back as it was at each of 250 moments, alone, with its bucket, with its node, and with the root.
#[test]
fn r07_rows_rolled_back() {
    let target = Target::new();
    // A host leaves an anchor: with the manifest put back too, the rollback is that of a whole file.
    let vault = target.world.unlock_as(Opening::Host).unwrap();
    let environment = default_environment(&vault);
    let secret = vault
        .read(|tx| secrets::find(tx, environment, &key("KEY_0")))
        .unwrap();
    let name_bi: Vec<u8> = target
        .world
        .sql()
        .query_row(
            "SELECT name_bi FROM rec WHERE record_uuid = ?1",
            [secret.id.as_bytes()],
            |row| row.get(0),
        )
        .unwrap();
    let (n, m) = (
        i64::from(name_bi[0]) * 256 + i64::from(name_bi[1]),
        i64::from(name_bi[0]),
    );
    let path = target.world.file();
    let mut old = Vec::new();
    for round in 0..250 {
        vault.checkpoint().unwrap();
        let copy = target.world.folder.path().join(format!("old-{round}.db"));
        std::fs::copy(&path, &copy).unwrap();
        old.push(copy);
        let value = SecretValue::from(format!("round {round}"));
        vault
            .write(NOW, |tx| secrets::set_value(tx, secret.id, &value, "", NOW))
            .unwrap();
    }
    vault.close(NOW).unwrap();
    let target = Target {
        values: target
            .values
            .into_iter()
            .chain([("KEY_0".to_owned(), "round 249".to_owned())])
            .collect(),
        world: target.world,
    };
    for copy in old {
        let row = format!(
            "ATTACH '{}' AS old; DELETE FROM rec WHERE rowid = (SELECT rowid FROM old.rec WHERE record_uuid = x'{uuid}');
             INSERT INTO rec SELECT * FROM old.rec WHERE record_uuid = x'{uuid}';",
            copy.display(),
            uuid = secret.id.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        );
        let bucket = format!("{row} INSERT OR REPLACE INTO bucket SELECT * FROM old.bucket WHERE n = {n};");
        let node = format!("{bucket} INSERT OR REPLACE INTO node SELECT * FROM old.node WHERE m = {m};");
        let manifest =
            format!("{node} DELETE FROM manifest; INSERT INTO manifest SELECT * FROM old.manifest;");
        for sql in [row, bucket, node, manifest] {
            attack(&target, &sql);
        }
    }
    target.check_whole();
}

/// the whole file as it was some generations ago, and of the same generation with another history.
#[test]
fn r08_whole_files_rolled_back_and_forked() {
    let world = World::new();
    drop(world.create());
    let mut old = Vec::new();
    for round in 0..200 {
        let vault = world.unlock_as(Opening::Host).unwrap();
        old.push((vault.generation(), keep(&world, &vault)));
        add(&vault, &format!("K{round}"), "1").unwrap();
        vault.close(NOW).unwrap();
    }
    let newest = world.unlock().unwrap().generation();
    let latest = std::fs::read(world.file()).unwrap();
    for (generation, bytes) in &old {
        put_back(&world, bytes);
        let found = world.unlock();
        let expect = Freshness::Older {
            file: *generation,
            seen: newest,
        };
        assert!(matches!(found, Err(Error::NotFresh(freshness)) if freshness == expect));
    }
    // A refused vault leaves no trace: the newest is still the newest.
    put_back(&world, &latest);
    assert_eq!(world.unlock().unwrap().freshness(), Freshness::Ok);

    // Somebody with the same key and another keychain writes another history of the same length.
    let (_, before) = old.last().unwrap();
    put_back(&world, before);
    world
        .map
        .entries
        .lock()
        .unwrap()
        .retain(|account, _| !account.ends_with(":anchor"));
    let other = world.unlock().unwrap();
    assert_eq!(other.freshness(), Freshness::None);
    add(&other, "OTHER", "1").unwrap();
    let fork = keep(&world, &other);
    drop(other);
    put_back(&world, &latest);
    world
        .map
        .entries
        .lock()
        .unwrap()
        .retain(|account, _| !account.ends_with(":anchor"));
    let vault = world.unlock_as(Opening::Host).unwrap();
    vault.close(NOW).unwrap(); // makes the anchor anew
    put_back(&world, &fork);
    assert!(matches!(world.unlock(), Err(Error::NotFresh(Freshness::Forked))));
}

/// T-04 under a host: the tables of an older copy put into the file while it is open.
#[test]
fn r08_an_older_copy_under_an_open_vault() {
    let world = World::new();
    let vault = world.create();
    add(&vault, "A", "1").unwrap();
    vault.checkpoint().unwrap();
    let copy = world.folder.path().join("old.db");
    std::fs::copy(world.file(), &copy).unwrap();
    add(&vault, "B", "1").unwrap();
    let db = world.sql();
    db.execute("ATTACH ?1 AS old", [copy.to_str().unwrap()]).unwrap();
    let tables = ["header", "slot", "rec", "bucket", "node", "manifest", "audit"];
    let sql: String = tables
        .iter()
        .map(|t| format!("DELETE FROM {t}; INSERT INTO {t} SELECT * FROM old.{t};"))
        .collect();
    db.execute_batch(&format!("BEGIN; {sql} COMMIT")).unwrap();
    assert!(matches!(
        vault.read(|_| Ok(())),
        Err(Error::NotFresh(Freshness::Older { .. }))
    ));
    assert!(matches!(
        vault.write(NOW, |_| Ok(())),
        Err(Error::NotFresh(Freshness::Older { .. }))
    ));
}
