//! I1, L-10: what leaves is in the log first, or it is said that it is not.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use keyward_engine::{Kind, audit, background, home::Opening, lifecycle, resolve, secrets};
use keyward_model::{audit::AuditEvent, reference::Reference};
use keyward_vault::table::audit as log;

use crate::support::{ENV, World, count, eventually, kind, logged, new_secret, owner, token};

/// L-10: one event for each value that leaves, whichever door it takes; a one-shot writes it before it returns.
#[test]
fn i1_l10_an_event_for_each_value() {
    let (world, engine) = World::connected();
    new_secret(&engine, "KEY", "value").unwrap();
    let command = world.another(Opening::OneShot);
    for _ in 0..3 {
        secrets::reveal(&command, &owner(), ENV, "KEY", None).unwrap();
        token(&command).unwrap();
    }
    let references: Vec<Reference> = ["KEY", "keyward://APP", "NONE"]
        .iter()
        .map(|text| Reference::parse_argument(text).unwrap())
        .collect();
    let resolved = resolve::resolve(&command, &owner(), ENV, &references).unwrap();
    assert_eq!(resolved.notice, None);
    assert_eq!(
        kind(resolved.answers.into_iter().nth(2).unwrap()),
        Some(Kind::NotFound)
    );
    let events = logged(&engine);
    let of = |action: &str, outcome: &str| {
        events
            .iter()
            .filter(|(name, said)| name == action && said == outcome)
            .count()
    };
    assert_eq!(of("secret.reveal", "ok"), 3);
    assert_eq!(of("connection.token", "ok"), 3);
    assert_eq!(
        (
            of("reference.resolve", "ok"),
            of("reference.resolve", "not_found")
        ),
        (2, 1)
    );
    assert!(audit::verify(&engine).unwrap() >= 9);
}

/// L-10: a host commits them in groups, a moment later; a lock does not lose what waits.
#[test]
fn l10_a_host_groups_them_and_a_lock_writes_them() {
    let (world, engine) = World::host();
    new_secret(&engine, "KEY", "value").unwrap();
    let reveal = || secrets::reveal(&engine, &owner(), ENV, "KEY", None).unwrap();
    let on_disk = || {
        world
            .file()
            .read(|tx| log::list(tx, None, 0, 10_000))
            .unwrap()
            .iter()
            .filter(|(_, event)| event.action == "secret.reveal")
            .count()
    };
    for _ in 0..5 {
        reveal();
    }
    lifecycle::lock(&engine);
    assert_eq!(on_disk(), 5, "no background was there to write them");
    lifecycle::unlock(&engine, None).unwrap();
    let _background = background::start(&engine).unwrap();
    for _ in 0..50 {
        reveal();
    }
    eventually("written", || on_disk() == 55);
    assert_eq!(count(&engine, "audit.reads_unlogged"), 0);
}

/// I1: reads beside locks: whatever value came back has its event.
#[test]
fn i1_no_value_without_its_event_beside_a_lock() {
    let (_world, engine) = World::host();
    new_secret(&engine, "KEY", "value").unwrap();
    let _background = background::start(&engine).unwrap();
    let is_over = AtomicBool::new(false);
    let given: usize = thread::scope(|scope| {
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut given = 0;
                    while !is_over.load(Ordering::SeqCst) {
                        let read = secrets::reveal(&engine, &owner(), ENV, "KEY", None);
                        given += usize::from(read.is_ok());
                    }
                    given
                })
            })
            .collect();
        for _ in 0..10 {
            thread::sleep(Duration::from_millis(20));
            lifecycle::lock(&engine);
            lifecycle::unlock(&engine, None).unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
        readers.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert!(given > 0);
    // A value that was kept back after its event was written is one event more, never one less.
    assert!(count(&engine, "secret.reveal") >= given, "{given}");
}

/// L-10: a log that is busy for 250 ms keeps no value from its Owner; it is said, and the next writer writes it down.
#[test]
fn l10_a_read_that_could_not_be_logged() {
    let (world, engine) = World::host();
    new_secret(&engine, "KEY", "value").unwrap();
    let command = world.another(Opening::OneShot);
    let (begun, wait) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let file = world.file();
    let now = engine.now();
    let writer = thread::spawn(move || {
        file.write(now, |tx| {
            begun.send(()).unwrap();
            ended.recv_timeout(Duration::from_secs(4)).unwrap();
            log::append(
                tx,
                &AuditEvent {
                    at: now,
                    actor: "a test".to_owned(),
                    action: "test.hold".to_owned(),
                    subject: String::new(),
                    outcome: "ok".to_owned(),
                    took: None,
                },
            )
        })
        .unwrap();
    });
    wait.recv().unwrap();
    let (value, notice) = secrets::reveal(&command, &owner(), ENV, "KEY", None).unwrap();
    assert_eq!(value.expose(), b"value");
    let notice = notice.expect("a sentence");
    assert!(
        notice.starts_with("This read is not in the audit log:"),
        "{notice}"
    );
    assert!(!notice.contains("value"));
    end.send(()).unwrap();
    writer.join().unwrap();
    assert_eq!(count(&engine, "secret.reveal"), 0);
    new_secret(&command, "SECOND", "value").unwrap();
    assert_eq!(count(&engine, "audit.reads_unlogged"), 1);
    let (_, notice) = secrets::reveal(&command, &owner(), ENV, "KEY", None).unwrap();
    assert_eq!(notice, None);
}
