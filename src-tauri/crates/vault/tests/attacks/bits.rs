//! flipped bits.

use super::*;

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
