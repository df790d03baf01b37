//! SECURITY §b.4–b.6, end to end: rows swapped, deleted, doubled and rolled back by a program that writes the file
//! without the key (T-03), and an older whole file put in the newer one's place (T-04). Each is told with status 9,
//! and nothing that was tampered with is handed out.

use std::path::{Path, PathBuf};

use crate::ground::{Keychained, database, error_code, sql};

/// A vault with two Secrets, and copies of its file to come back to.
struct Tampered {
    home: Keychained,
    sound: PathBuf,
}

impl Tampered {
    fn new() -> Self {
        let home = Keychained::new();
        home.add("FIRST", "the-first-value");
        home.add("SECOND", "the-second-value");
        let sound = home.path().join("sound");
        let it = Self { home, sound };
        it.keep(&it.sound);
        it
    }

    /// Copies the whole vault, its log moved into the file first.
    fn keep(&self, to: &Path) {
        sql(&self.database(), "PRAGMA wal_checkpoint(TRUNCATE)");
        std::fs::copy(self.database(), to).unwrap();
    }

    fn put_back(&self, from: &Path) {
        for side in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{side}", self.database().display()));
        }
        std::fs::copy(from, self.database()).unwrap();
    }

    fn database(&self) -> PathBuf {
        database(&self.home)
    }

    /// The rows that a change of FIRST's value touches.
    fn rows(&self, table: &str) -> Vec<String> {
        let kind = format!("SELECT hex(record_uuid) FROM rec WHERE tbl = '{table}' ORDER BY record_uuid");
        sql(&self.database(), &kind).lines().map(str::to_owned).collect()
    }

    /// The command ends with 9 and says nothing that it read.
    fn refused(&self, what: &str, args: &[&str]) {
        let mut args = args.to_vec();
        args.push("--json");
        let outcome = self.home.keyward(&args).output().unwrap();
        assert_eq!(
            outcome.code(),
            9,
            "{what}: `keyward {}`: {}{}",
            args.join(" "),
            outcome.text(),
            outcome.said()
        );
        assert!(
            !outcome.text().contains("-value"),
            "{what}: released {}",
            outcome.text()
        );
        if args[0] != "doctor" {
            assert_eq!(error_code(&outcome), "corrupt", "{what}");
        }
    }
}

/// Statements that change both Secrets' rows, with what they are.
fn attacks(it: &Tampered) -> Vec<(&'static str, String)> {
    let versions = it.rows("secret_version");
    let secrets = it.rows("secret");
    let [one, two] = &versions[..] else {
        panic!("two values: {versions:?}")
    };
    let [first, second] = &secrets[..] else {
        panic!("two Secrets: {secrets:?}")
    };
    let swap = |column: &str, one: &str, two: &str| {
        format!(
            "CREATE TEMP TABLE kept AS SELECT {column} AS c FROM rec WHERE record_uuid = x'{one}';
             UPDATE rec SET {column} = (SELECT {column} FROM rec WHERE record_uuid = x'{two}') WHERE record_uuid = x'{one}';
             UPDATE rec SET {column} = (SELECT c FROM kept) WHERE record_uuid = x'{two}';"
        )
    };
    // A unique column goes through a third value.
    let swap_index = |one: &str, two: &str| {
        format!(
            "CREATE TEMP TABLE kept AS SELECT record_uuid AS r, name_bi AS c FROM rec;
             UPDATE rec SET name_bi = zeroblob(16) WHERE record_uuid = x'{one}';
             UPDATE rec SET name_bi = (SELECT c FROM kept WHERE r = x'{one}') WHERE record_uuid = x'{two}';
             UPDATE rec SET name_bi = (SELECT c FROM kept WHERE r = x'{two}') WHERE record_uuid = x'{one}';"
        )
    };
    vec![
        ("bodies of two values swapped", swap("body", one, two)),
        ("keys of two values swapped", swap("wrapped", one, two)),
        ("bodies and keys swapped", swap("body", one, two) + "DROP TABLE kept;" + &swap("wrapped", one, two)),
        ("index of two values swapped", swap_index(one, two)),
        ("bodies of two Secrets swapped", swap("body", first, second)),
        ("index of two Secrets swapped", swap_index(first, second)),
        ("uuids of two values swapped", format!(
            "UPDATE rec SET record_uuid = zeroblob(16) WHERE record_uuid = x'{one}';
             UPDATE rec SET record_uuid = x'{one}' WHERE record_uuid = x'{two}';
             UPDATE rec SET record_uuid = x'{two}' WHERE record_uuid = zeroblob(16);")),
        ("both values deleted", "DELETE FROM rec WHERE tbl = 'secret_version';".to_owned()),
        ("both Secrets deleted", "DELETE FROM rec WHERE tbl = 'secret';".to_owned()),
        ("all records deleted", "DELETE FROM rec;".to_owned()),
        ("records and their leaves deleted", "DELETE FROM rec WHERE tbl LIKE 'secret%'; DELETE FROM bucket;".to_owned()),
        ("records, leaves and nodes deleted", "DELETE FROM rec; DELETE FROM bucket; DELETE FROM node;".to_owned()),
        ("a value doubled under another uuid", format!(
            "DELETE FROM rec WHERE record_uuid = x'{one}' AND 0;
             UPDATE rec SET (wrapped, body, version, epoch) = (SELECT wrapped, body, version, epoch FROM rec WHERE record_uuid = x'{two}') WHERE record_uuid = x'{one}';
             UPDATE rec SET (wrapped, body, version, epoch) = (SELECT wrapped, body, version, epoch FROM rec WHERE record_uuid = x'{one}') WHERE record_uuid = x'{two}';
             UPDATE rec SET version = version + 1 WHERE tbl = 'secret_version';")),
        ("values moved to another table", "UPDATE rec SET tbl = 'token_set' WHERE tbl = 'secret_version';".to_owned()),
        ("write counters raised", "UPDATE rec SET version = version + 1 WHERE tbl LIKE 'secret%';".to_owned()),
        ("epochs raised", "UPDATE rec SET epoch = epoch + 1 WHERE tbl LIKE 'secret%';".to_owned()),
        ("one byte of each body", "UPDATE rec SET body = CAST(substr(body, 1, 100) || x'00' || substr(body, 102) AS BLOB) WHERE substr(body, 101, 1) <> x'00';".to_owned()),
        ("bodies cut", "UPDATE rec SET body = substr(body, 1, length(body) - 1);".to_owned()),
        ("bodies emptied", "UPDATE rec SET body = x'';".to_owned()),
        ("the vault's epoch", "UPDATE header SET epoch = epoch + 1;".to_owned()),
        ("a feature added", "UPDATE header SET features_compat = x'816161';".to_owned()),
        ("the recovery slot deleted", "DELETE FROM slot WHERE type = 'recovery';".to_owned()),
        ("a slot doubled", "INSERT INTO slot SELECT zeroblob(16), type, params, blob FROM slot WHERE type = 'recovery';".to_owned()),
        ("generation raised", "UPDATE manifest SET generation = generation + 100;".to_owned()),
        ("root changed", "UPDATE manifest SET root = zeroblob(32);".to_owned()),
        ("the log's end cut", "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit);".to_owned()),
        ("the log deleted", "DELETE FROM audit;".to_owned()),
        ("the log's end changed", "UPDATE audit SET mac = zeroblob(32) WHERE seq = (SELECT max(seq) FROM audit);".to_owned()),
        ("the log's end and its counter cut", "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit); UPDATE manifest SET audit_seq = audit_seq - 1;".to_owned()),
    ]
}

/// by the real binary: whoever asks for what was touched is told, and so is who asks the doctor.
#[test]
fn r05_r06_tampered_rows_are_told() {
    let it = Tampered::new();
    let attacks = attacks(&it);
    for (what, statements) in &attacks {
        it.put_back(&it.sound);
        sql(&it.database(), statements);
        it.refused(what, &["get", "FIRST"]);
        it.refused(what, &["doctor"]);
    }
    println!("{} attacks told", attacks.len());
    it.put_back(&it.sound);
    assert_eq!(it.home.ends(&["get", "FIRST"], 0).stdout, b"the-first-value");
    it.home.is_sound();
}

/// what a look-up does not touch, the whole verification and the log's own do.
#[test]
fn r06_a_change_far_away_is_told_by_the_doctor() {
    let it = Tampered::new();
    for (what, statements, told_by) in [
        (
            "an environment deleted",
            "DELETE FROM rec WHERE tbl = 'environment'",
            "doctor",
        ),
        (
            "an old event changed",
            "UPDATE audit SET body = (SELECT body FROM audit WHERE seq = 2) WHERE seq = 1",
            "audit verify",
        ),
        (
            "an old event deleted",
            "DELETE FROM audit WHERE seq = 1",
            "audit verify",
        ),
        (
            "two events exchanged",
            "UPDATE audit SET seq = -1 WHERE seq = 1; UPDATE audit SET seq = 1 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = -1",
            "audit verify",
        ),
    ] {
        it.put_back(&it.sound);
        sql(&it.database(), statements);
        it.refused(what, &told_by.split(' ').collect::<Vec<_>>());
        it.refused(what, &["doctor"]);
    }
}

/// one record, or all that belongs to it but the root, as it was before a newer value.
#[test]
fn r07_rows_rolled_back_are_told() {
    let it = Tampered::new();
    let update = it.home.keyward(&["secret", "update", "FIRST", "--value-stdin"]);
    update
        .stdin("the-newer-value")
        .output()
        .unwrap()
        .success()
        .unwrap();
    let newer = it.home.path().join("newer");
    it.keep(&newer);
    let older = it.sound.display().to_string();
    for (what, tables) in [
        ("the record alone", &["rec"][..]),
        ("record and bucket", &["rec", "bucket"]),
        ("record, bucket and node", &["rec", "bucket", "node"]),
        ("all but the log", &["rec", "bucket", "node", "manifest"]),
        ("the log alone", &["audit"]),
        ("the root alone", &["manifest"]),
    ] {
        it.put_back(&newer);
        let mut statements = format!("ATTACH '{older}' AS old;");
        for table in tables {
            statements +=
                &format!("DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM old.{table};");
        }
        sql(&it.database(), &statements);
        it.refused(what, &["get", "FIRST"]);
        it.refused(what, &["doctor"]);
    }
    it.put_back(&newer);
    assert_eq!(it.home.ends(&["get", "FIRST"], 0).stdout, b"the-newer-value");
}

/// a file that is no vault, or half of one.
#[test]
fn r24_a_damaged_file_is_told() {
    let it = Tampered::new();
    let whole = std::fs::read(&it.sound).unwrap();
    let mut scribbled = whole.clone();
    for byte in &mut scribbled[4096..12_288] {
        *byte = byte.wrapping_mul(31).wrapping_add(7);
    }
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("text", b"not a database, not even close\n".repeat(400)),
        ("its first page", whole[..4096].to_vec()),
        ("half", whole[..whole.len() / 2 / 4096 * 4096].to_vec()),
        ("a page and a half", whole[..6000].to_vec()),
        ("pages scribbled over", scribbled),
    ] {
        it.put_back(&it.sound);
        std::fs::write(it.database(), bytes).unwrap();
        it.refused(what, &["get", "FIRST"]);
        it.refused(what, &["doctor"]);
    }
}

/// A host run that writes `values`; its end writes the anchor (SECURITY §b.6).
fn newer_by_a_host(it: &Tampered, values: &[&str]) {
    let host = it.home.host();
    for value in values {
        let update = it.home.keyward(&["secret", "update", "FIRST", "--value-stdin"]);
        update.stdin(*value).output().unwrap().success().unwrap();
    }
    host.process
        .terminate(std::time::Duration::from_secs(20))
        .unwrap();
}

/// R-08, T-04: an older whole file, whole in itself, is refused by every command and leaves a host locked.
#[test]
fn r08_an_older_file_is_told() {
    let it = Tampered::new();
    newer_by_a_host(&it, &["the-newer-value"]);
    let newer = it.home.path().join("newer");
    it.keep(&newer);
    it.put_back(&it.sound);
    it.refused("older", &["get", "FIRST"]);
    it.refused("older", &["doctor"]);
    it.refused("older", &["secret", "list"]);
    let said = it.home.ends(&["get", "FIRST"], 9).said();
    assert!(said.contains("older"), "{said}");

    let mut host = it.home.keyward(&["serve"]).start().unwrap();
    let line = host
        .stderr
        .find("state", std::time::Duration::from_secs(20), |line| {
            line.contains("vault “default”").then(|| line.to_owned())
        });
    let line = line.unwrap();
    assert!(line.contains("locked: ") && line.contains("older"), "{line}");
    it.home.ends(&["get", "FIRST"], 4);
    host.process
        .terminate(std::time::Duration::from_secs(20))
        .unwrap();

    it.put_back(&newer);
    assert_eq!(it.home.ends(&["get", "FIRST"], 0).stdout, b"the-newer-value");
    it.home.is_sound();
}

/// as old as last seen, with another history.
#[test]
fn r08_a_fork_is_told() {
    let it = Tampered::new();
    let generation = || sql(&it.database(), "SELECT generation FROM manifest");
    // One history, kept after every step of it: less than a minute old, the anchor does not know it.
    let mut history = Vec::new();
    for step in 0..5 {
        let update = it.home.keyward(&["secret", "update", "SECOND", "--value-stdin"]);
        update
            .stdin(format!("step-{step}-value"))
            .output()
            .unwrap()
            .success()
            .unwrap();
        let kept = it.home.path().join(format!("step-{step}"));
        it.keep(&kept);
        history.push((generation(), kept));
    }
    // Another one from the same beginning; a host's end makes it the one that was last seen.
    it.put_back(&it.sound);
    newer_by_a_host(&it, &["the-newer-value", "the-newest-value"]);
    let seen = generation();
    let (_, fork) = history
        .iter()
        .find(|(generation, _)| *generation == seen)
        .unwrap_or_else(|| panic!("no fork as old as {seen}: {history:?}"));
    it.put_back(fork);
    it.refused("forked", &["get", "FIRST"]);
    it.refused("forked", &["doctor"]);
}
