//! rows swapped, deleted, doubled, re-ordered.

use super::*;

/// every two rows that differ in a column, swapped in it.
#[test]
fn r05_swapped_columns() {
    let target = Target::of(18);
    let db = target.world.sql();
    let mut tried = 0;
    for column in [
        "record_uuid",
        "tbl",
        "version",
        "epoch",
        "wrapped",
        "body",
        "name_bi",
    ] {
        let cells = cells(&db, "rec", column);
        let pairs = cells
            .iter()
            .enumerate()
            .flat_map(|(at, one)| cells[at + 1..].iter().map(move |two| (one, two)));
        for (one, two) in pairs.filter(|(one, two)| one.1 != two.1) {
            let swap = |first: &Value, second: &Value| {
                // Unique columns need a third value on the way.
                let third = Value::Blob(vec![0; 16]);
                if ["record_uuid", "name_bi"].contains(&column) {
                    assert!(put(&db, "rec", column, one.0, &one.1, &third));
                }
                assert!(put(&db, "rec", column, two.0, &two.1, second));
                assert!(put(&db, "rec", column, one.0, &one.1, first));
            };
            swap(&two.1, &one.1);
            tried += 1;
            target.check_detected(&format!("{column} of {} and {}", one.0, two.0));
            swap(&one.1, &two.1);
        }
    }
    target.check_whole();
    assert!(tried >= 5_000, "{tried}");
}

/// a row of another vault, in the place of one of ours and beside them.
#[test]
fn r05_rows_of_another_vault() {
    let (target, other) = (Target::new(), Target::new());
    let db = target.world.sql();
    let path = other.world.file();
    db.execute("ATTACH ?1 AS other", [path.to_str().unwrap()])
        .unwrap();
    db.execute_batch("BEGIN; INSERT INTO rec SELECT * FROM other.rec WHERE tbl = 'secret' LIMIT 1; COMMIT")
        .unwrap();
    target.check_detected("a foreign row beside ours");
    db.execute_batch(
        "DELETE FROM rec WHERE record_uuid IN (SELECT record_uuid FROM other.rec);
         CREATE TEMP TABLE kept AS SELECT rowid AS r, * FROM rec WHERE tbl = 'secret' LIMIT 1;
         UPDATE rec SET (wrapped, body, version) =
           (SELECT wrapped, body, version FROM other.rec WHERE tbl = 'secret' LIMIT 1)
         WHERE rowid = (SELECT r FROM kept)",
    )
    .unwrap();
    target.check_detected("a foreign row in the place of ours");
    db.execute_batch("DELETE FROM rec; INSERT INTO rec SELECT * FROM other.rec; DELETE FROM bucket;
        INSERT INTO bucket SELECT * FROM other.bucket; DELETE FROM node; INSERT INTO node SELECT * FROM other.node")
        .unwrap();
    target.check_detected("all rows of another vault");
    db.execute_batch("DELETE FROM manifest; INSERT INTO manifest SELECT * FROM other.manifest")
        .unwrap();
    target.check_detected("and its manifest");
    db.execute_batch("DELETE FROM header; INSERT INTO header SELECT * FROM other.header")
        .unwrap();
    target.check_detected("and its header");
}

/// rows, buckets, nodes and the end of the log taken away, doubled and put in another order.
#[test]
fn r06_deleted_doubled_and_reordered() {
    let target = Target::new();
    let count = |table: &str| -> i64 {
        target
            .world
            .sql()
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
            .unwrap()
    };
    let nth = |table: &str, key: &str, at: i64| {
        format!("(SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {at})")
    };
    for at in 0..count("rec") {
        let row = nth("rec", "rowid", at);
        attack(&target, &format!("DELETE FROM rec WHERE rowid = {row}"));
        attack(
            &target,
            &format!(
                "INSERT INTO rec SELECT randomblob(16), tbl, version, epoch, wrapped, body, randomblob(16)
                 FROM rec WHERE rowid = {row}"
            ),
        );
    }
    for at in 0..count("bucket") {
        let n = nth("bucket", "n", at);
        attack(&target, &format!("DELETE FROM bucket WHERE n = {n}"));
        attack(
            &target,
            &format!("UPDATE bucket SET leaves = CAST(leaves || leaves AS BLOB) WHERE n = {n}"),
        );
        attack(&target, &format!("UPDATE bucket SET leaves = x'' WHERE n = {n}"));
        attack(
            &target,
            &format!(
                "UPDATE bucket SET leaves = (SELECT leaves FROM bucket WHERE n <> {n} LIMIT 1) WHERE n = {n}"
            ),
        );
    }
    for at in 0..count("node") {
        let m = nth("node", "m", at);
        attack(&target, &format!("DELETE FROM node WHERE m = {m}"));
        attack(
            &target,
            &format!("DELETE FROM node WHERE m = {m}; DELETE FROM bucket WHERE n / 256 = {m}"),
        );
        attack(
            &target,
            &format!(
                "UPDATE node SET digests = (SELECT digests FROM node WHERE m <> {m} LIMIT 1) WHERE m = {m}"
            ),
        );
    }
    let rows = count("audit");
    for cut in 1..=rows {
        attack(&target, &format!("DELETE FROM audit WHERE seq >= {cut}"));
        attack(&target, &format!("DELETE FROM audit WHERE seq = {cut}"));
    }
    attack(
        &target,
        &format!("INSERT INTO audit SELECT {rows} + 1, body, mac FROM audit WHERE seq = {rows}"),
    );
    attack(
        &target,
        "CREATE TEMP TABLE t AS SELECT * FROM audit WHERE seq IN (2, 3);
         UPDATE audit SET body = (SELECT body FROM t WHERE seq = 5 - audit.seq),
           mac = (SELECT mac FROM t WHERE seq = 5 - audit.seq) WHERE seq IN (2, 3)",
    );
    for table in ["rec", "bucket", "node", "audit", "manifest", "header", "slot"] {
        attack(&target, &format!("DELETE FROM {table}"));
        attack(
            &target,
            &format!("ALTER TABLE {table} RENAME TO other; DELETE FROM other"),
        );
    }
    attack(
        &target,
        "INSERT INTO slot SELECT randomblob(16), type, params, blob FROM slot LIMIT 1",
    );
    target.check_whole();
}

/// two or three such attacks at once, drawn by lot: none hides another.
#[test]
fn r06_attacks_combined() {
    let target = Target::new();
    let mut dice = Dice(8);
    let count = |table: &str| -> usize {
        let sql = format!("SELECT count(*) FROM {table}");
        target.world.sql().query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    let tables = [
        ("rec", "rowid", "(wrapped, body)", "wrapped, body"),
        ("bucket", "n", "leaves", "leaves"),
        ("node", "m", "digests", "digests"),
        ("audit", "seq", "(body, mac)", "body, mac"),
    ]
    .map(|table| (table, count(table.0)));
    let mut tried = 0;
    while tried < 1_500 {
        let mut sql = String::new();
        for _ in 0..2 + dice.below(2) {
            let ((table, key, content, columns), count) = tables[dice.below(tables.len())];
            let mut one = || {
                format!(
                    "(SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {})",
                    dice.below(count)
                )
            };
            let (this, that) = (one(), one());
            sql += &match dice.below(3) {
                0 => format!("DELETE FROM {table} WHERE {key} = {this};"),
                1 => format!("DELETE FROM {table} WHERE {key} >= {this} AND {key} <= {that};"),
                _ => format!(
                    "UPDATE {table} SET {content} = (SELECT {columns} FROM {table} WHERE {key} = {that})
                     WHERE {key} = {this} AND {this} <> {that};"
                ),
            };
        }
        tried += usize::from(try_attack(&target, &sql) == Attack::Changed);
    }
    target.check_whole();
}

/// b.4: a row that is gone is damage for whoever asks for it, by name and by identity, and never “not found”.
#[test]
fn r06_not_found_is_said_only_after_verifying() {
    let target = Target::new();
    let vault = target.world.unlock().unwrap();
    let environment = default_environment(&vault);
    let secret = vault
        .read(|tx| secrets::find(tx, environment, &key("KEY_1")))
        .unwrap();
    target
        .world
        .sql()
        .execute("DELETE FROM rec WHERE record_uuid = ?1", [secret.id.as_bytes()])
        .unwrap();
    assert!(matches!(value_of(&vault, "KEY_1"), Err(Error::Corrupt(_))));
    assert!(matches!(
        vault.read(|tx| secrets::read(tx, secret.id)),
        Err(Error::Corrupt(_))
    ));
    assert!(matches!(add(&vault, "KEY_1", "x"), Err(Error::Corrupt(_))));
    // What nothing happened to is still there.
    assert_eq!(value_of(&vault, "KEY_2").unwrap(), "value 2");
    assert!(matches!(value_of(&vault, "KEY_99"), Err(Error::NotFound(_))));
    drop(vault);
    let target = Target::new();
    target.world.sql().execute_batch("DELETE FROM bucket").unwrap();
    let vault = target.world.unlock().unwrap();
    for name in target.values.keys() {
        assert!(matches!(value_of(&vault, name), Err(Error::Corrupt(_))));
    }
}
