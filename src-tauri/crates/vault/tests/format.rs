//! the format is what FORMAT.md says, not what the code happens to do, and every released version opens.

mod support;

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use keyward_model::SecretValue;
use keyward_vault::{
    Depth, DeviceSecret, NewSlot, Opening, RecoveryKey, Rekey,
    table::{audit, connections, credentials, secrets},
};
use support::*;

/// The Python of the system: the packages it needs are packages of the system (`cargo xtask packages`).
const PYTHON: &str = "/usr/bin/python3";

/// A reader written in another language from FORMAT.md alone opens a vault of today.
#[test]
fn r44_an_independent_reader_agrees() {
    let world = World::new();
    let vault = world.create();
    let secret = add(&vault, "DB_PASSWORD", "s3cr3t-value").unwrap();
    let gone = add(&vault, "GONE", "x").unwrap();
    vault.write(NOW, |tx| secrets::trash(tx, gone.id, NOW)).unwrap();
    vault
        .add_recovery_slot(&RecoveryKey::make().unwrap(), NOW)
        .unwrap();
    with_connection(&vault, "CANARY");
    add_credential(&vault, "WAREHOUSE", &["host", "port"]).unwrap();
    let gone = add_credential(&vault, "GONE_TOO", &["host"]).unwrap();
    vault
        .write(NOW, |tx| credentials::trash(tx, gone.id, NOW))
        .unwrap();
    let settings = keyward_model::settings::Settings::PASSPHRASE;
    vault
        .write(NOW, |tx| {
            keyward_vault::table::settings::store(tx, &settings, keyward_model::settings::Settings::SESSION)
        })
        .unwrap();
    vault.checkpoint().unwrap();
    drop(vault);
    let told = read(&world.file(), &[&hex(&the_entry(&world))]);
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
        let told = read(&world.file(), way);
        for expected in [&hex(b"s3cr3t-value"), "canary@example.org", "vault.rekey"] {
            assert!(told.contains(expected), "{expected} is not in {told}");
        }
    }
}

fn fixture(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/v{version}.db"))
}

/// The frozen vault of version 1 opens, here and in the reader, and holds what was put into it.
#[test]
fn r44_the_vault_of_version_1_opens() {
    let world = World::new();
    world.home.create_vault_dir(&world.name).unwrap();
    drop(keyward_vault::files::create_new_private(&world.file()).unwrap());
    std::fs::write(world.file(), std::fs::read(fixture(1)).unwrap()).unwrap();
    let vault = world.unlock_with_passphrase(PASSPHRASE).unwrap();
    vault.verify().unwrap();
    assert_eq!(value_of(&vault, "DB_PASSWORD").unwrap(), "s3cr3t-value");
    let connections = vault.read(|tx| connections::list(tx, None)).unwrap();
    let tokens = vault
        .read(|tx| connections::tokens(tx, &connections[0]))
        .unwrap()
        .unwrap()
        .0;
    assert_eq!(tokens.access_token.expose_text(), Some("canary-access-token"));
    let environment = default_environment(&vault);
    let listed = vault.read(|tx| credentials::list(tx, environment)).unwrap();
    let variable = vault
        .read(|tx| credentials::value(tx, &listed[0].variables[1]))
        .unwrap();
    assert_eq!(variable.expose_text(), Some("port-value"));
    let events = vault.read(|tx| audit::list(tx, None, 0, 100)).unwrap();
    assert_eq!(events[0].1.action, "vault.create");
    let told = read(&fixture(1), &["--passphrase", PASSPHRASE]);
    for value in [
        &b"s3cr3t-value"[..],
        b"first value",
        b"canary-access-token",
        b"port-value",
    ] {
        assert!(told.contains(&hex(value)), "{told}");
    }
}

/// How the fixture was made. A released version's is never made again.
#[test]
#[ignore = "writes the fixture of a version before its release"]
fn r44_freeze() {
    let world = World::new();
    let vault = world.create_with_passphrase();
    let secret = add(&vault, "DB_PASSWORD", "first value").unwrap();
    let new = SecretValue::from("s3cr3t-value");
    vault
        .write(NOW, |tx| secrets::set_value(tx, secret.id, &new, "rotated", NOW))
        .unwrap();
    let gone = add(&vault, "GONE", "x").unwrap();
    vault.write(NOW, |tx| secrets::trash(tx, gone.id, NOW)).unwrap();
    with_connection(&vault, "CANARY");
    add_credential(&vault, "WAREHOUSE", &["host", "port"]).unwrap();
    let _ = std::fs::remove_file(fixture(1));
    vault.back_up(&fixture(1)).unwrap();
}

/// What the reader says; it fails when it finds anything wrong.
fn read(file: &Path, way: &[&str]) -> String {
    let reader = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reader.py");
    let output = std::process::Command::new(PYTHON)
        .arg(reader)
        .arg(file)
        .args(way)
        .output()
        .unwrap_or_else(|error| panic!("{PYTHON}: {error}"));
    assert!(
        output.status.success(),
        "needs python3-cryptography and python3-argon2: {}",
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
