//! Argon2id and its policy (b.7): floor, cap, default and calibration.

use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{Error, wipe};

const MIB: u32 = 1024;

/// Most memory of a derivation, in KiB: 1 GiB.
const MOST_KIB: u32 = 1024 * MIB;

/// Argon2id parameters as they stand in a passphrase slot. Untrusted until [`KdfParams::check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfParams {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes (degree of parallelism; they are computed one after another).
    pub lanes: u32,
}

impl KdfParams {
    /// 64 MiB, 3 passes, 1 lane.
    pub const DEFAULT: Self = Self {
        memory_kib: 64 * MIB,
        iterations: 3,
        lanes: 1,
    };

    /// Refuses parameters below the floor (m ≥ 32 MiB, t ≥ 2, p ≥ 1) and above the cap
    /// (m ≤ 1 GiB, t ≤ 10, p ≤ 16). R-09: this runs before anything is allocated or derived.
    ///
    /// # Errors
    /// [`Error::KdfTooWeak`] or [`Error::KdfTooCostly`]; too weak is told first.
    pub fn check(&self) -> Result<(), Error> {
        if self.memory_kib < 32 * MIB || self.iterations < 2 || self.lanes < 1 {
            return Err(Error::KdfTooWeak);
        }
        if self.memory_kib > MOST_KIB || self.iterations > 10 || self.lanes > 16 {
            return Err(Error::KdfTooCostly);
        }
        Ok(())
    }

    /// Whether a slot with these parameters is to be wrapped again at unlock: less memory or
    /// fewer passes than today's default.
    pub fn below_default(&self) -> bool {
        self.memory_kib < Self::DEFAULT.memory_kib || self.iterations < Self::DEFAULT.iterations
    }

    /// The next costs above these on a machine where a derivation at these took `measured`: memory
    /// doubled once, and again until an unlock is expected to take 0.5 s, never above 1 GiB; with
    /// how long it is expected to take. `None` at the cap.
    pub fn stronger(self, measured: Duration) -> Option<(Self, Duration)> {
        let memory_kib = self.memory_kib.saturating_mul(2).min(MOST_KIB);
        if memory_kib <= self.memory_kib {
            return None;
        }
        let start = Self {
            memory_kib,
            iterations: self.iterations.max(Self::DEFAULT.iterations),
            ..self
        };
        Some(start.raised(self.expected(measured, &start), MOST_KIB))
    }

    /// Memory doubled until half a second is expected, or `most_kib` is reached; with what is expected.
    fn raised(mut self, mut expected: Duration, most_kib: u32) -> (Self, Duration) {
        while expected < Duration::from_millis(500) && self.memory_kib < most_kib {
            let before = self;
            self.memory_kib = self.memory_kib.saturating_mul(2).min(most_kib);
            expected = before.expected(expected, &self);
        }
        (self, expected)
    }

    /// How long `other` takes where these took `measured`: time grows with memory and with passes.
    fn expected(&self, measured: Duration, other: &Self) -> Duration {
        let work = |costs: &Self| f64::from(costs.memory_kib) * f64::from(costs.iterations);
        measured.mul_f64(work(other) / work(self))
    }
}

impl Default for KdfParams {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Parameters for a new vault, from the time that [`KdfParams::DEFAULT`] took on this machine.
/// Only memory is raised (64 → 128 → 256 → 512 MiB), time growing with it, until an unlock is
/// expected to take 0.5 to 1.0 s. A slow machine keeps the default.
pub fn calibrated(measured_at_64mib: Duration) -> KdfParams {
    KdfParams::DEFAULT.raised(measured_at_64mib, 512 * MIB).0
}

/// `Argon2id(NFC(passphrase), salt)`, 32 bytes. Its memory is wiped, and so is the stack it used.
pub(crate) fn argon2id(
    passphrase: &[u8],
    salt: &[u8; 16],
    params: &KdfParams,
    out: &mut [u8; 32],
) -> Result<(), Error> {
    params.check()?;
    let result = run(passphrase, salt, params, out);
    wipe::clear_stack::<{ wipe::DEEP }>();
    result
}

#[inline(never)]
fn run(passphrase: &[u8], salt: &[u8; 16], params: &KdfParams, out: &mut [u8; 32]) -> Result<(), Error> {
    let text = normalized(passphrase)?;
    let params = Params::new(
        params.memory_kib,
        params.iterations,
        params.lanes,
        Some(out.len()),
    )
    .map_err(|_| Error::KdfTooCostly)?;
    // Our own memory: the crate frees its own unwiped, and an allocation that fails must be an
    // error, not an abort.
    let count = params.block_count();
    let mut blocks = Zeroizing::new(Vec::new());
    blocks.try_reserve_exact(count).map_err(|_| Error::Memory)?;
    blocks.resize(count, Block::new());
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(text.as_bytes(), salt, out, &mut blocks[..])
        .map_err(|_| Error::TooLong)
}

/// The passphrase in Unicode form NFC, so that the same keys pressed on another system give the
/// same bytes.
fn normalized(passphrase: &[u8]) -> Result<Zeroizing<String>, Error> {
    let text = std::str::from_utf8(passphrase).map_err(|_| Error::PassphraseText)?;
    // NFC grows UTF-8 to at most three times its length: no copy is left by growing the buffer.
    let mut out = Zeroizing::new(String::with_capacity(text.len() * 3));
    out.extend(text.nfc());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(memory_kib: u32, iterations: u32, lanes: u32) -> KdfParams {
        KdfParams {
            memory_kib,
            iterations,
            lanes,
        }
    }

    /// the edges of floor and cap.
    #[test]
    fn r09_edges() {
        let ok = [(32, 2, 1), (64, 3, 1), (1024, 10, 16)];
        for (mib, t, p) in ok {
            assert_eq!(params(mib * MIB, t, p).check(), Ok(()));
        }
        let weak = [
            params(32 * MIB - 1, 3, 1),
            params(64 * MIB, 1, 1),
            params(64 * MIB, 3, 0),
        ];
        for p in weak {
            assert_eq!(p.check(), Err(Error::KdfTooWeak), "{p:?}");
        }
        let costly = [
            params(1024 * MIB + 1, 3, 1),
            params(64 * MIB, 11, 1),
            params(64 * MIB, 3, 17),
        ];
        for p in costly {
            assert_eq!(p.check(), Err(Error::KdfTooCostly), "{p:?}");
        }
    }

    #[test]
    fn calibration_raises_memory_only() {
        let mib = |ms| {
            let p = calibrated(Duration::from_millis(ms));
            assert_eq!((p.iterations, p.lanes), (3, 1));
            assert_eq!(p.check(), Ok(()));
            p.memory_kib / MIB
        };
        assert_eq!(mib(5_000), 64);
        assert_eq!(mib(500), 64);
        assert_eq!(mib(499), 128);
        assert_eq!(mib(250), 128);
        assert_eq!(mib(249), 256);
        assert_eq!(mib(125), 256);
        assert_eq!(mib(124), 512);
        assert_eq!(mib(0), 512);
    }

    /// Stronger is always stronger, keeps to the cap and makes no vault weaker in passes.
    #[test]
    fn b7_the_next_step_up() {
        let step = |from: KdfParams, ms| {
            let (to, expected) = from.stronger(Duration::from_millis(ms))?;
            assert_eq!(to.check(), Ok(()));
            assert!(to.memory_kib > from.memory_kib && to.iterations >= from.iterations);
            Some((to.memory_kib / MIB, to.iterations, expected.as_millis()))
        };
        // Once, however slow; further where half a second is not reached.
        assert_eq!(step(KdfParams::DEFAULT, 5_000), Some((128, 3, 10_000)));
        assert_eq!(step(KdfParams::DEFAULT, 100), Some((512, 3, 800)));
        assert_eq!(step(params(512 * MIB, 3, 1), 10), Some((1024, 3, 20)));
        assert_eq!(step(params(600 * MIB, 4, 2), 300), Some((1024, 4, 512)));
        assert_eq!(step(params(32 * MIB, 2, 1), 200), Some((64, 3, 600)));
        assert_eq!(step(params(1024 * MIB, 3, 1), 1), None);
        assert_eq!(params(u32::MAX, 3, 1).stronger(Duration::MAX), None);
    }

    #[test]
    fn below_default_looks_at_memory_and_passes() {
        assert!(!KdfParams::DEFAULT.below_default());
        assert!(params(32 * MIB, 3, 1).below_default());
        assert!(params(512 * MIB, 2, 4).below_default());
        assert!(!params(128 * MIB, 3, 1).below_default());
    }

    /// b.2: composed and decomposed spellings are one passphrase; the buffer never grows.
    #[test]
    fn passphrases_are_normalized() {
        let nfc = normalized("Zo\u{eb}".as_bytes()).expect("utf-8");
        let nfd = normalized("Zoe\u{308}".as_bytes()).expect("utf-8");
        assert_eq!(nfc, nfd);
        // U+FB2C decomposes for good under NFC: the worst growth in UTF-8.
        let worst = "\u{FB2C}\u{1D160}".repeat(50);
        let out = normalized(worst.as_bytes()).expect("utf-8");
        assert!(out.len() <= worst.len() * 3);
        assert_eq!(normalized(b"\xff").err(), Some(Error::PassphraseText));
    }
}
