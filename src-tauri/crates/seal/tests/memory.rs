//! b.9.3: when keys and plaintext are dropped, nothing of them is left in the memory of the process,
//! neither on the heap nor in old stack frames. Alone in its process, so that no other test holds
//! the same keys.
#![cfg(target_os = "linux")]

use std::{fs, os::unix::fs::FileExt};

use keyward_seal::{KdfParams, Key, MasterKey, derive_keys, open, record_aad, seal, slot_key_passphrase};
use zeroize::Zeroizing;

/// What is searched for, each byte inverted, so that the list does not find itself.
struct Needle {
    name: &'static str,
    inverted: Vec<u8>,
}

impl Needle {
    fn from_hex(name: &'static str, hex: &str) -> Self {
        let digit = |c: u8| char::from(c).to_digit(16).expect("hex") as u8;
        let bytes = hex.as_bytes().chunks(2);
        Self {
            name,
            inverted: bytes.map(|d| !(digit(d[0]) << 4 | digit(d[1]))).collect(),
        }
    }
}

/// The names of the needles that are anywhere in writable memory.
fn found(needles: &[Needle]) -> Vec<&'static str> {
    let memory = fs::File::open("/proc/self/mem").expect("own memory");
    let maps = fs::read_to_string("/proc/self/maps").expect("own maps");
    let mut names = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, rest) = line.split_once('-').expect("range");
        let (end, _) = rest.split_once(' ').expect("range");
        let [start, end] = [start, end].map(|hex| u64::from_str_radix(hex, 16).expect("hex"));
        let mut chunk = Zeroizing::new(vec![0; (end - start) as usize]);
        if memory.read_exact_at(&mut chunk, start).is_err() {
            continue;
        }
        for needle in needles {
            let first = !needle.inverted[0];
            let mut starts = chunk
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte == first)
                .map(|(at, _)| at);
            let same = |at: usize| {
                let window = chunk.get(at..at + needle.inverted.len());
                window.is_some_and(|w| w.iter().zip(&needle.inverted).all(|(a, b)| *a == !*b))
            };
            if starts.any(same) {
                names.push(needle.name);
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// A plaintext that stands nowhere in the program.
fn plaintext() -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(48));
    out.extend((0..48u8).map(|i| i.wrapping_mul(37) ^ 0x5B));
    out
}

/// Runs `work` far down the stack, where the frames of the search do not overwrite what it left.
#[inline(never)]
fn deep<T>(work: impl FnOnce() -> T) -> T {
    let room = [0u8; 256 * 1024];
    std::hint::black_box(&room);
    let out = work();
    std::hint::black_box(&room);
    out
}

#[test]
fn t16_nothing_stays_behind() {
    let mut needles = vec![
        Needle::from_hex(
            "wrap/main",
            "a7b1540b9c316227a9e6ff3df9c175aaa66fc99b6ad5c1156f6884ebfc37fd55",
        ),
        Needle::from_hex(
            "header",
            "3d37e7bd7d962077a1275a0e108ddbb3fc0382628e4315219784ee491ab1d7f1",
        ),
        Needle::from_hex(
            "audit_enc",
            "18ec452d42d0deef97da42f7530684c1ea6045abe8b0e9adf6329876659b1383",
        ),
        Needle::from_hex(
            "slot",
            "035801f62258ddd4da8ff556c348f107679961282416576bd4ee2d9eda1fc3fe",
        ),
    ];
    needles.push(Needle {
        name: "plaintext",
        inverted: plaintext().iter().map(|b| !b).collect(),
    });
    let nothing = |when: &str| assert_eq!(found(&needles), [""; 0], "{when}");
    nothing("before");

    // Each step: what is held is found (the control), what was dropped is not.
    let ring = deep(|| {
        let bytes = Zeroizing::new(std::array::from_fn(|i| i as u8));
        derive_keys(&MasterKey::from_bytes(&bytes), &[0x11; 16], 1)
    });
    assert_eq!(found(&needles), ["audit_enc", "header", "wrap/main"]);
    drop(ring);
    nothing("after deriving");

    let params = KdfParams {
        memory_kib: 32 * 1024,
        iterations: 2,
        lanes: 1,
    };
    let passphrase = "Zo\u{eb} keeps 4 keys".as_bytes();
    let slot = deep(|| slot_key_passphrase(passphrase, &[0x77; 16], &params, None)).expect("in range");
    assert_eq!(found(&needles), ["slot"]);
    drop(slot);
    nothing("after a passphrase");

    let key = Key::from_bytes(&[1; 32]);
    let aad = record_aad(&[0x11; 16], 1, "secret", &[0x22; 16], 7, "body");
    let blob = deep(|| seal(&key, "body", &aad, &plaintext())).expect("short");
    nothing("after sealing");
    let opened = deep(|| open(&key, "body", &aad, &blob)).expect("own blob");
    assert_eq!(found(&needles), ["plaintext"]);
    drop(opened);
    nothing("after opening");
    assert!(deep(|| open(&key, "slot", &aad, &blob)).is_err());
    nothing("after a refusal");
}
