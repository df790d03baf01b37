//! what the files tell to somebody without the key.

mod support;

use std::path::Path;

use keyward_model::{Id, SecretValue, secret::Changes};
use keyward_vault::{
    Opening,
    table::{credentials, secrets},
};
use support::*;

/// Every file below a folder.
fn files(folder: &Path, visit: &mut dyn FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, visit)
        } else {
            visit(&path, &std::fs::read(&path).unwrap())
        }
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// of 1 000 records no file holds a value, a name, an address, a scope or a token.
#[test]
fn r01_no_canary_in_any_file() {
    let world = World::new();
    let vault = world.unlock_or_create(Opening::Host);
    for number in 0..500 {
        add(
            &vault,
            &format!("CANARY_{number}"),
            &format!("canary-value-{number}"),
        )
        .unwrap();
    }
    with_connection(&vault, "CANARY");
    add_credential(&vault, "CANARY_TWO", &["CANARY_HOST", "CANARY_PORT"]).unwrap();
    let environment = default_environment(&vault);
    let first = vault
        .read(|tx| secrets::find(tx, environment, &key("CANARY_1")))
        .unwrap();
    vault
        .write(NOW, |tx| {
            let changes = Changes {
                name: Some("canary name".to_owned()),
                description: Some("canary description".to_owned()),
                tags: Some(vec!["canary-tag".to_owned()]),
                notes: Some("canary notes".to_owned()),
                ..Changes::default()
            };
            secrets::update(tx, first.id, &changes, NOW)?;
            secrets::set_value(
                tx,
                first.id,
                &SecretValue::from("canary-second"),
                "canary note",
                NOW,
            )?;
            secrets::trash(tx, first.id, NOW)
        })
        .unwrap();
    let look = |when: &str| {
        let mut seen = 0;
        files(world.folder.path(), &mut |path, bytes| {
            seen += bytes.len();
            for wanted in [&b"canary"[..], b"CANARY", b"Canary"] {
                assert!(!contains(bytes, wanted), "{when}: {}", path.display());
            }
        });
        assert!(seen > 100_000, "{when}: {seen} bytes looked at");
    };
    look("open");
    vault.checkpoint().unwrap();
    look("checkpointed");
    assert!(vault.verify().unwrap().records > 1_000);
    vault.close(NOW).unwrap();
    look("closed");
}

/// what is stored of a value is as long as its size class, whatever its length in it.
#[test]
fn r02_sizes_tell_the_class_alone() {
    let world = World::new();
    let vault = world.create();
    let mut classes = std::collections::BTreeMap::<usize, usize>::new();
    for length in (1..=4_000).step_by(8) {
        let secret = add(&vault, &format!("K{length}"), &"x".repeat(length)).unwrap();
        let stored: usize = world
            .sql()
            .query_row(
                "SELECT length(body) FROM rec WHERE record_uuid = ?1",
                [secret.current.as_bytes()],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!((stored - 81) % 256, 0, "length {length}");
        assert!((stored - 81).abs_diff(length) <= 256 + 64, "length {length}");
        *classes.entry(stored).or_default() += 1;
    }
    assert_eq!(classes.values().sum::<usize>(), 500);
    assert!(classes.len() <= 17, "{} sizes", classes.len());
}

/// The sealed bytes of records, as they lie in the file.
fn blobs(world: &World, ids: &[Id]) -> Vec<Vec<u8>> {
    let db = world.sql();
    let mut blobs = Vec::new();
    for id in ids {
        let row = |row: &rusqlite::Row<'_>| Ok([row.get(0)?, row.get(1)?]);
        let both: [Vec<u8>; 2] = db
            .query_row(
                "SELECT wrapped, body FROM rec WHERE record_uuid = ?1",
                [id.as_bytes()],
                row,
            )
            .unwrap();
        blobs.extend(both);
    }
    blobs
}

/// Asserts that no file holds a piece of them: one from each kilobyte, as pages may be cut anywhere.
fn are_gone(world: &World, blobs: &[Vec<u8>], when: &str) {
    const PIECE: usize = 32;
    let pieces: Vec<&[u8]> = blobs
        .iter()
        .flat_map(|blob| blob.chunks_exact(PIECE).step_by(PIECE))
        .collect();
    // Most places of a file begin no piece, as two bytes tell; a plain loop, as this is the whole cost of the test.
    let start = |bytes: &[u8], at: usize| (usize::from(bytes[at]) << 8) | usize::from(bytes[at + 1]);
    let mut starts = vec![false; 1 << 16];
    pieces.iter().for_each(|piece| starts[start(piece, 0)] = true);
    files(world.folder.path(), &mut |path, bytes| {
        let mut at = 0;
        while at + PIECE <= bytes.len() {
            if starts[start(bytes, at)] {
                assert!(
                    !pieces.contains(&&bytes[at..at + PIECE]),
                    "{} {when}",
                    path.display()
                );
            }
            at += 1;
        }
    });
}

/// R-16, AM11: purging a credential takes the versions of each variable along, also of one that was taken out.
#[test]
fn r16_am11_a_purged_credential_leaves_nothing() {
    let world = World::new();
    let vault = world.unlock_or_create(Opening::Host);
    add(&vault, "KEEP", "kept").unwrap();
    let before = vault.verify().unwrap().records;
    let credential = add_credential(&vault, "GONE", &["HOST", "PORT", "USER"]).unwrap();
    let removed = [credential.variables[1].id];
    let names: Vec<_> = credential.variables.iter().map(|one| one.name.clone()).collect();
    let more = SecretValue::from("another value");
    let draft = |at: usize, value| credentials::Draft {
        id: Some(credential.variables[at].id),
        name: &names[at],
        description: "",
        masking: secrets::Masking::Masked,
        value,
        file: None,
    };
    let kept = [draft(2, Some(&more)), draft(0, None)];
    let arrangement = credentials::Arrangement {
        kept: &kept,
        removed: &removed,
    };
    let changes = credentials::Changes {
        variables: Some(arrangement),
        ..credentials::Changes::default()
    };
    vault
        .write(NOW, |tx| credentials::update(tx, credential.id, &changes, NOW))
        .unwrap();
    assert_eq!(
        vault.verify().unwrap().records,
        before + 5,
        "itself and four values"
    );
    let mut blobs = Vec::<Vec<u8>>::new();
    {
        let db = world.sql();
        let mut statement = db
            .prepare("SELECT wrapped, body FROM rec WHERE tbl IN ('credential', 'credential_version')")
            .unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            blobs.extend([row.get(0).unwrap(), row.get(1).unwrap()]);
        }
    }
    assert_eq!(blobs.len(), 10);
    vault
        .write(NOW, |tx| credentials::trash(tx, credential.id, NOW))
        .unwrap();
    vault
        .write(NOW, |tx| credentials::purge(tx, credential.id))
        .unwrap();
    are_gone(&world, &blobs, "after the purge");
    assert_eq!(vault.verify().unwrap().records, before);
}

/// after a purge neither file nor log holds a piece of what was purged: of the Secret, of its versions, and of
/// the rows that changes had overwritten before.
#[test]
fn r16_a_purge_leaves_nothing() {
    let world = World::new();
    let vault = world.unlock_or_create(Opening::Host);
    for number in 0..30 {
        add(&vault, &format!("KEEP_{number}"), "kept").unwrap();
    }
    for round in 0..500 {
        // From a single page to many.
        let value = "v".repeat(1 << (round % 13));
        let secret = add(&vault, &format!("GONE_{round}"), &value).unwrap();
        let mut gone = blobs(&world, &[secret.id, secret.current]);
        let more = SecretValue::from(value);
        let rotated = vault
            .write(NOW, |tx| secrets::set_value(tx, secret.id, &more, "", NOW))
            .unwrap();
        gone.extend(blobs(&world, &[secret.id, rotated.current]));
        vault.write(NOW, |tx| secrets::trash(tx, secret.id, NOW)).unwrap();
        gone.extend(blobs(&world, &[secret.id]));
        vault.write(NOW, |tx| secrets::purge(tx, secret.id)).unwrap();
        are_gone(&world, &gone, &format!("after round {round}"));
    }
    vault.verify().unwrap();
}

/// what a change has overwritten is gone after the next checkpoint, however often it was changed.
#[test]
fn r16_what_was_overwritten_is_gone() {
    let world = World::new();
    let vault = world.unlock_or_create(Opening::Host);
    let secret = add(&vault, "KEY", "value").unwrap();
    for round in 0..500 {
        let overwritten = blobs(&world, &[secret.id]);
        let changes = Changes {
            notes: Some("n".repeat(1 << (round % 13))),
            ..Changes::default()
        };
        vault
            .write(NOW, |tx| secrets::update(tx, secret.id, &changes, NOW))
            .unwrap();
        vault.checkpoint().unwrap();
        are_gone(&world, &overwritten, &format!("after round {round}"));
    }
    vault.verify().unwrap();
}
