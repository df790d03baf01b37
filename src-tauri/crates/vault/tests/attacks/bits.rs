//! flipped bits, 20 000 in all.

use super::*;

/// each bit of header and slots.
#[test]
fn r04_flipped_bits_of_header_and_slots() {
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
    let mut tried = flip_bits(&target, "header", &header, usize::MAX, &mut dice);
    let slot = ["slot_id", "type", "params", "blob"];
    tried += flip_bits(&target, "slot", &slot, usize::MAX, &mut dice);
    assert!(tried > 2_500, "{tried}");
}

/// each bit of the manifest; of its 65 536 node bits a sample.
#[test]
fn r04_flipped_bits_of_the_manifest() {
    let target = Target::new();
    let manifest = ["generation", "audit_seq", "audit_head", "nodes", "root"];
    let tried = flip_bits(&target, "manifest", &manifest, 6_000, &mut Dice(3));
    assert!(tried > 6_500, "{tried}");
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
    let times = soak();
    let mut tried = flip_bits(&target, "rec", &columns, 30 * times, &mut dice);
    tried += flip_bits(&target, "bucket", &["n", "leaves"], 15 * times, &mut dice);
    tried += flip_bits(&target, "node", &["m", "digests"], 15 * times, &mut dice);
    tried += flip_bits(&target, "audit", &["seq", "body", "mac"], 15 * times, &mut dice);
    assert!(tried > 8_500, "{tried}");
}

/// bits of the file itself: detected, or everything reads as before; never a panic.
#[test]
fn r04_flipped_bits_of_the_file() {
    let target = Target::new();
    let whole = std::fs::read(target.world.file()).unwrap();
    let mut dice = Dice(6);
    for _ in 0..2_500 * soak() {
        let mut bytes = whole.clone();
        let bit = dice.below(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        put_back(&target.world, &bytes);
        target.is_detected();
    }
    put_back(&target.world, &whole);
    target.check_whole();
}
