//! hostile KDF parameters are refused before they cost anything. Alone in its process, so
//! that the memory measured is its own.

use keyward_seal::{Error, KdfParams, slot_key_passphrase};

/// Highest resident set of this process so far, in KiB.
#[cfg(target_os = "linux")]
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("proc");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("line");
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("number")
}

#[cfg(not(target_os = "linux"))]
fn peak_kib() -> u64 {
    0
}

/// R-09; AM2: Argon2id at no less than the floor is the only way from a passphrase to a key.
#[test]
fn r09_hostile_parameters_cost_nothing() {
    let weak_memory = [0, 1, 8, 19 * 1024, 32 * 1024 - 1];
    let costly_memory = [1024 * 1024 + 1, 2 * 1024 * 1024, u32::MAX / 2, u32::MAX];
    let fair_memory = [32 * 1024, 64 * 1024, 1024 * 1024];
    let mut refused = 0;
    let before = peak_kib();
    let mut check = |memory_kib, iterations, lanes, expected| {
        let params = KdfParams {
            memory_kib,
            iterations,
            lanes,
        };
        let got = slot_key_passphrase(b"right passphrase", &[1; 16], &params, None);
        assert_eq!(got.err(), Some(expected), "{params:?}");
        refused += 1;
    };
    for memory in weak_memory {
        for iterations in [0, 1, 2, 3, 10, 11, u32::MAX] {
            for lanes in [0, 1, 16, 17, u32::MAX] {
                check(memory, iterations, lanes, Error::KdfTooWeak);
            }
        }
    }
    for memory in costly_memory {
        for iterations in [2, 3, 10, 11, u32::MAX] {
            for lanes in [1, 4, 16, 17, u32::MAX] {
                check(memory, iterations, lanes, Error::KdfTooCostly);
            }
        }
    }
    for memory in fair_memory {
        check(memory, 1, 1, Error::KdfTooWeak);
        check(memory, 0, 1, Error::KdfTooWeak);
        check(memory, 3, 0, Error::KdfTooWeak);
        for (iterations, lanes) in [(11, 1), (u32::MAX, 1), (3, 17), (3, u32::MAX), (11, 17)] {
            check(memory, iterations, lanes, Error::KdfTooCostly);
        }
    }
    assert!(refused >= 299, "{refused}");
    assert!(peak_kib() - before < 16 * 1024, "memory was allocated");
}
