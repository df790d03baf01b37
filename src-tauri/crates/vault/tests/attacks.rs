//! T-03, T-04, T-05: somebody who can write the file and has no key (R-04 … R-09).

mod support;

use std::collections::BTreeMap;

use keyward_model::SecretValue;
use keyward_vault::{Error, Freshness, Opening, UnlockedVault, table::secrets};
use rusqlite::{
    Connection,
    types::{Value, ValueRef},
};
use support::*;

/// Numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// A vault with something of each kind, and what its secrets hold.
struct Target {
    world: World,
    values: BTreeMap<String, String>,
}

impl Target {
    fn new() -> Self {
        let world = World::new();
        let vault = world.create();
        let mut values = BTreeMap::new();
        for number in 0..10 {
            let (name, mut value) = (format!("KEY_{number}"), format!("value {number}"));
            let secret = add(&vault, &name, &value).unwrap();
            if number % 3 == 0 {
                value = format!("later value {number}");
                let new = SecretValue::from(value.as_str());
                vault
                    .write(NOW, |tx| secrets::set_value(tx, secret.id, &new, "", NOW))
                    .unwrap();
            }
            values.insert(name, value);
        }
        let gone = add(&vault, "GONE", "in the trash").unwrap();
        vault.write(NOW, |tx| secrets::trash(tx, gone.id, NOW)).unwrap();
        with_connection(&vault, "CANARY");
        vault
            .add_recovery_slot(&keyward_vault::RecoveryKey::make().unwrap(), NOW)
            .unwrap();
        vault.verify().unwrap();
        vault.checkpoint().unwrap();
        Self { world, values }
    }

    /// Whether the whole verification, or unlocking, finds something. Whatever is read must be right.
    fn is_detected(&self) -> bool {
        let Ok(vault) = self.world.unlock() else {
            return true;
        };
        for (name, value) in &self.values {
            if let Ok(read) = value_of(&vault, name) {
                assert_eq!(read, *value, "a wrong value was believed");
            }
        }
        vault.verify().is_err()
    }

    #[track_caller]
    fn check_detected(&self, what: &str) {
        assert!(self.is_detected(), "{what}");
    }

    /// The file as it was, after each attack.
    #[track_caller]
    fn check_whole(&self) {
        self.world.unlock().unwrap().verify().unwrap();
    }
}

/// Every cell of a table: row number and value.
fn cells(db: &Connection, table: &str, column: &str) -> Vec<(i64, Value)> {
    let place = if table == "slot" {
        "row_number() OVER (ORDER BY slot_id)"
    } else {
        "rowid"
    };
    let mut statement = db
        .prepare(&format!("SELECT {place}, {column} FROM {table}"))
        .unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, value(row.get_ref(1)?)));
    statement
        .query_map([], row)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

// Text as bytes: a flipped bit may leave no UTF-8.
fn value(found: ValueRef<'_>) -> Value {
    match found {
        ValueRef::Text(text) => Value::Blob(text.to_vec()),
        other => other.try_into().unwrap(),
    }
}

const TEXT: [&str; 2] = ["tbl", "type"];

/// Puts `new` in the place of `old`; `false` when a rule of the tables forbids it.
fn put(db: &Connection, table: &str, column: &str, rowid: i64, old: &Value, new: &Value) -> bool {
    let cast = if TEXT.contains(&column) {
        "CAST(?1 AS TEXT)"
    } else {
        "?1"
    };
    let done = match table {
        "slot" => db.execute(
            &format!(
                "UPDATE slot SET {column} = {cast} WHERE {} IS {}",
                column,
                if TEXT.contains(&column) {
                    "CAST(?2 AS TEXT)"
                } else {
                    "?2"
                }
            ),
            (new, old),
        ),
        _ => {
            // Changing the number of a row moves it.
            let rowid = match (column, old) {
                ("id" | "n" | "m" | "seq", Value::Integer(now)) => *now,
                _ => rowid,
            };
            db.execute(
                &format!("UPDATE {table} SET {column} = {cast} WHERE rowid = ?2"),
                (new, rowid),
            )
        }
    };
    done.is_ok_and(|rows| rows == 1)
}

fn flip(value: &Value, bit: usize) -> Value {
    match value {
        Value::Integer(number) => Value::Integer(number ^ (1 << (bit % 63))),
        Value::Blob(bytes) => {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            Value::Blob(bytes)
        }
        other => panic!("{other:?}"),
    }
}

fn bits(value: &Value) -> usize {
    match value {
        Value::Integer(_) => 63,
        Value::Blob(bytes) => bytes.len() * 8,
        other => panic!("{other:?}"),
    }
}

fn flip_bits(target: &Target, table: &str, columns: &[&str], most: usize, dice: &mut Dice) -> usize {
    let db = target.world.sql();
    let mut tried = 0;
    for column in columns {
        for (rowid, old) in cells(&db, table, column) {
            let all = bits(&old);
            let chosen: Vec<usize> = if all <= most {
                (0..all).collect()
            } else {
                (0..most).map(|_| dice.below(all)).collect()
            };
            for bit in chosen {
                let new = flip(&old, bit);
                if put(&db, table, column, rowid, &old, &new) {
                    tried += 1;
                    target.check_detected(&format!("{table}.{column} of {rowid}, bit {bit}"));
                    assert!(put(&db, table, column, rowid, &new, &old));
                }
            }
        }
    }
    target.check_whole();
    tried
}

/// each bit of header, slots and manifest (of its 65 536 node bits a sample).
#[test]
fn r04_flipped_bits_of_header_slots_and_manifest() {
    let target = Target::new();
    let mut dice = Dice(4);
    let header = [
        "vault_uuid",
        "epoch",
        "min_reader",
        "features_critical",
        "features_compat",
        "mac",
    ];
    let mut tried = flip_bits(&target, "header", &header, 256, &mut dice);
    tried += flip_bits(
        &target,
        "slot",
        &["slot_id", "type", "params", "blob"],
        128,
        &mut dice,
    );
    let manifest = ["generation", "audit_seq", "audit_head", "nodes", "root"];
    tried += flip_bits(&target, "manifest", &manifest, 256, &mut dice);
    assert!(tried > 1_500, "{tried}");
}

/// bits of every other column.
#[test]
fn r04_flipped_bits_of_rows() {
    let target = Target::new();
    let mut dice = Dice(5);
    let columns = [
        "record_uuid",
        "tbl",
        "version",
        "epoch",
        "wrapped",
        "body",
        "name_bi",
    ];
    let mut tried = flip_bits(&target, "rec", &columns, 1, &mut dice);
    tried += flip_bits(&target, "bucket", &["n", "leaves"], 2, &mut dice);
    tried += flip_bits(&target, "node", &["m", "digests"], 2, &mut dice);
    tried += flip_bits(&target, "audit", &["seq", "body", "mac"], 2, &mut dice);
    assert!(tried > 500, "{tried}");
}

/// bits of the file itself: detected, or everything reads as before; never a panic.
#[test]
fn r04_flipped_bits_of_the_file() {
    let target = Target::new();
    let path = target.world.file();
    let _ = std::fs::remove_file(path.with_extension("db-wal"));
    let _ = std::fs::remove_file(path.with_extension("db-shm"));
    let whole = std::fs::read(&path).unwrap();
    let mut dice = Dice(6);
    for _ in 0..300 {
        let mut bytes = whole.clone();
        let bit = dice.below(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &bytes).unwrap();
        let _ = std::fs::remove_file(path.with_extension("db-wal"));
        let _ = std::fs::remove_file(path.with_extension("db-shm"));
        target.is_detected();
    }
    std::fs::write(&path, &whole).unwrap();
    target.check_whole();
}

/// swaps of one column between two rows.
#[test]
fn r05_swapped_columns() {
    let target = Target::new();
    let db = target.world.sql();
    let mut dice = Dice(7);
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
        for _ in 0..120 {
            let (one, two) = (&cells[dice.below(cells.len())], &cells[dice.below(cells.len())]);
            if one.1 == two.1 {
                continue;
            }
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
    assert!(tried > 500, "{tried}");
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

/// Runs an attack in SQL, looks, and undoes it by putting the file back.
fn attack(target: &Target, sql: &str) {
    let path = target.world.file();
    let whole = std::fs::read(&path).unwrap();
    {
        let db = target.world.sql();
        db.execute_batch(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(db.total_changes() > 0, "{sql} did nothing");
    }
    target.check_detected(sql);
    for suffix in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(path.with_extension(suffix));
    }
    std::fs::write(&path, whole).unwrap();
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

/// one row put back as it once was, alone, with its bucket, and with its node.
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
    for round in 0..12 {
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
            .chain([("KEY_0".to_owned(), "round 11".to_owned())])
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

fn keep(world: &World, vault: &UnlockedVault) -> Vec<u8> {
    vault.checkpoint().unwrap();
    std::fs::read(world.file()).unwrap()
}

fn put_back(world: &World, bytes: &[u8]) {
    for suffix in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(world.file().with_extension(suffix));
    }
    std::fs::write(world.file(), bytes).unwrap();
}

/// the whole file as it was some generations ago, and of the same generation with another history.
#[test]
fn r08_whole_files_rolled_back_and_forked() {
    let world = World::new();
    drop(world.create());
    let mut old = Vec::new();
    for round in 0..10 {
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
