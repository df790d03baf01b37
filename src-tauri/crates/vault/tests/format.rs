//! the format is what FORMAT.md says, not what the code happens to do.

mod support;

use std::ops::ControlFlow;

use keyward_model::SecretValue;
use keyward_vault::{Depth, DeviceSecret, NewSlot, Opening, RecoveryKey, Rekey};
use support::*;

/// A reader written in another language from FORMAT.md alone opens a vault of today.
#[test]
#[ignore = "needs python3 with the package `cryptography`"]
fn r44_an_independent_reader_agrees() {
    let world = World::new();
    let vault = world.create();
    let secret = add(&vault, "DB_PASSWORD", "s3cr3t-value").unwrap();
    let gone = add(&vault, "GONE", "x").unwrap();
    vault
        .write(NOW, |tx| keyward_vault::table::secrets::trash(tx, gone.id, NOW))
        .unwrap();
    vault
        .add_recovery_slot(&RecoveryKey::make().unwrap(), NOW)
        .unwrap();
    with_connection(&vault, "CANARY");
    add_credential(&vault, "WAREHOUSE", &["host", "port"]).unwrap();
    let gone = add_credential(&vault, "GONE_TOO", &["host"]).unwrap();
    vault
        .write(NOW, |tx| {
            keyward_vault::table::credentials::trash(tx, gone.id, NOW)
        })
        .unwrap();
    let settings = keyward_model::settings::Settings::PASSPHRASE;
    vault
        .write(NOW, |tx| keyward_vault::table::settings::store(tx, &settings))
        .unwrap();
    vault.checkpoint().unwrap();
    drop(vault);
    let told = read(&world, &[&hex(&the_entry(&world))]);
    let (value, current) = (hex(b"s3cr3t-value"), hex(secret.current.as_bytes()));
    let variable = hex(b"port-value");
    let entered = hex(b"canary-entered-value");
    for expected in [
        "\"DB_PASSWORD\"",
        &value,
        "\"WAREHOUSE\"",
        &variable,
        &current,
        "canary@example.org",
        "header:X-CANARY",
        &entered,
        "connection.create",
        "\"settings\"",
        "recovery.create",
    ] {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
}

/// §b.7, §b.8: a vault of the second epoch, opened by passphrase and device secret, and by its recovery key.
#[test]
#[ignore = "needs python3 with the packages `cryptography` and `argon2-cffi`"]
fn r44_an_independent_reader_opens_a_rekeyed_vault_in_every_way() {
    let world = World::new();
    // Decomposed: the reader has to normalize it as the writer does.
    let text = "correct horse battery Zoe\u{308}";
    let passphrase = SecretValue::from(text);
    let slot = NewSlot::Passphrase {
        passphrase: &passphrase,
        kdf: Some(CHEAP),
        device_secret: DeviceSecret::With,
    };
    let vault = keyward_vault::create(&world.place(Opening::OneShot), slot, NOW, &stopwatch()).unwrap();
    add(&vault, "DB_PASSWORD", "s3cr3t-value").unwrap();
    with_connection(&vault, "CANARY");
    let recovery = RecoveryKey::make().unwrap();
    for depth in [Depth::Shallow, Depth::Deep] {
        let request = Rekey {
            depth,
            passphrase: Some(&passphrase),
            recovery: &recovery,
        };
        keyward_vault::rekey(&vault, &request, NOW, &mut |_| ControlFlow::Continue(())).unwrap();
    }
    vault.checkpoint().unwrap();
    drop(vault);
    let device = hex(&the_entry(&world));
    let composed = "correct horse battery Zo\u{eb}";
    for way in [
        &["--passphrase", composed, &device][..],
        &["--recovery", &recovery.to_groups()],
    ] {
        let told = read(&world, way);
        for expected in [&hex(b"s3cr3t-value"), "canary@example.org", "vault.rekey"] {
            assert!(told.contains(expected), "{expected} is not in {told}");
        }
    }
}

/// What the reader says; it fails when it finds anything wrong.
fn read(world: &World, way: &[&str]) -> String {
    let reader = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reader.py");
    let output = std::process::Command::new("python3")
        .arg(reader)
        .arg(world.file())
        .args(way)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The one key that the keychain holds.
fn the_entry(world: &World) -> Vec<u8> {
    let entries = world.map.entries.lock().unwrap();
    let mut keys = entries
        .iter()
        .filter(|(account, _)| !account.ends_with(":anchor"));
    let (_, key) = keys.next().unwrap();
    assert!(keys.next().is_none());
    key.clone()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
