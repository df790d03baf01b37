//! A clock that is set by hand, a keychain that is a map, a browser that only looks.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use keyward_engine::{
    home::{Keychain, keychain::KeychainError},
    ports::{Browser, Clock},
};
use keyward_model::{BootTime, Id, Timestamp};
use zeroize::Zeroizing;

pub const NOW: i64 = 1_800_000_000;

/// Time that passes when a test says so.
#[derive(Debug)]
pub struct FakeClock {
    seconds: AtomicI64,
    monotonic: AtomicU64,
    boot: AtomicU64,
    starts: AtomicU64,
    /// What a clock that nobody sets would say.
    truth: AtomicI64,
}

impl Default for FakeClock {
    fn default() -> Self {
        Self {
            seconds: AtomicI64::new(NOW),
            monotonic: AtomicU64::new(0),
            boot: AtomicU64::new(1_000),
            starts: AtomicU64::new(1),
            truth: AtomicI64::new(NOW),
        }
    }
}

impl FakeClock {
    pub fn pass(&self, seconds: u64) {
        self.monotonic.fetch_add(seconds, Ordering::SeqCst);
        self.sleep(seconds);
    }

    /// Time in which the machine slept: timers stood still (O-68).
    pub fn sleep(&self, seconds: u64) {
        self.boot.fetch_add(seconds, Ordering::SeqCst);
        let seconds = i64::try_from(seconds).unwrap();
        self.truth.fetch_add(seconds, Ordering::SeqCst);
        self.jump(seconds);
    }

    /// What a clock says that nobody sets: a provider's.
    pub fn truth(&self) -> i64 {
        self.truth.load(Ordering::SeqCst)
    }

    /// Somebody set the clock.
    pub fn jump(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Somebody set the clock right.
    pub fn set_right(&self) {
        self.seconds.store(self.truth(), Ordering::SeqCst);
    }

    /// The machine was started again.
    pub fn restart(&self) {
        self.starts.fetch_add(1, Ordering::SeqCst);
        self.boot.store(0, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.seconds.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.monotonic.load(Ordering::SeqCst))
    }

    fn boot(&self) -> Option<BootTime> {
        Some(BootTime {
            boot: Id::from_random([u8::try_from(self.starts.load(Ordering::SeqCst) % 251).unwrap(); 16]),
            seconds: self.boot.load(Ordering::SeqCst),
        })
    }
}

#[derive(Default)]
pub struct MapKeychain(Mutex<HashMap<String, Vec<u8>>>);

impl MapKeychain {
    /// As after a reset of the keychain.
    pub fn empty(&self) {
        self.0.lock().unwrap().clear();
    }

    /// Puts another key in the place of every one of this vault.
    pub fn spoil(&self) {
        for bytes in self
            .0
            .lock()
            .unwrap()
            .values_mut()
            .filter(|bytes| bytes.len() == 32)
        {
            bytes[0] ^= 1;
        }
    }
}

impl Keychain for MapKeychain {
    fn get(&self, account: &str, _: Duration) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        Ok(self.0.lock().unwrap().get(account).cloned().map(Zeroizing::new))
    }

    fn set(&self, account: &str, bytes: &[u8], _: Duration) -> Result<(), KeychainError> {
        self.0.lock().unwrap().insert(account.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn delete(&self, account: &str, _: Duration) -> Result<(), KeychainError> {
        self.0.lock().unwrap().remove(account);
        Ok(())
    }
}

/// Remembers addresses; opens nothing.
#[derive(Default)]
pub struct Onlooker(pub Mutex<Vec<String>>);

impl Browser for Onlooker {
    fn open(&self, url: &str) -> Result<String, String> {
        self.0.lock().unwrap().push(url.to_owned());
        Ok("onlooker".to_owned())
    }
}
