//! T-03, T-04, T-05: somebody who can write the file and has no key (R-04 … R-09).

#[path = "../support/mod.rs"]
mod support;

mod bits;
mod crashes;
mod foreign;
mod pages;
mod rollback;
mod swaps;

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
        Self::of(10)
    }

    /// With so many secrets, a third of them with two versions.
    fn of(secrets: usize) -> Self {
        let world = World::new();
        let vault = world.create();
        let mut values = BTreeMap::new();
        for number in 0..secrets {
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
        add_credential(&vault, "BUNDLE", &["HOST", "PORT"]).unwrap();
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

/// What an attack came to.
#[derive(Debug, PartialEq, Eq)]
enum Attack {
    Changed,
    /// Its conditions met no row.
    Nothing,
}

/// Runs an attack in SQL, looks, and undoes it by putting the file back.
fn try_attack(target: &Target, sql: &str) -> Attack {
    let whole = std::fs::read(target.world.file()).unwrap();
    let changes = {
        let db = target.world.sql();
        db.execute_batch(sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        db.total_changes()
    };
    if changes > 0 {
        target.check_detected(sql);
    }
    put_back(&target.world, &whole);
    if changes > 0 {
        Attack::Changed
    } else {
        Attack::Nothing
    }
}

/// An attack that changes something.
fn attack(target: &Target, sql: &str) {
    assert_eq!(try_attack(target, sql), Attack::Changed, "{sql} did nothing");
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
