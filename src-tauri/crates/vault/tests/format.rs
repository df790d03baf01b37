//! the format is what FORMAT.md says, not what the code happens to do.

mod support;

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
        .add_recovery_slot(&keyward_vault::RecoveryKey::make().unwrap(), NOW)
        .unwrap();
    with_connection(&vault, "CANARY");
    vault.checkpoint().unwrap();
    drop(vault);
    let entries = world.map.entries.lock().unwrap();
    let kek = entries
        .iter()
        .find(|(account, _)| !account.ends_with(":anchor"))
        .unwrap()
        .1;
    let hex: String = kek.iter().map(|byte| format!("{byte:02x}")).collect();
    let reader = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reader.py");
    let output = std::process::Command::new("python3")
        .arg(reader)
        .arg(world.file())
        .arg(hex)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told = String::from_utf8(output.stdout).unwrap();
    let value: String = b"s3cr3t-value".iter().map(|byte| format!("{byte:02x}")).collect();
    let current: String = secret
        .current
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for expected in [
        "\"DB_PASSWORD\"",
        &value,
        &current,
        "canary@example.org",
        "connection.create",
        "recovery.create",
    ] {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
}
