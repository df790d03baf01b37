//! What the engine asks of the world outside; each has a second, real implementation in tests or faces.

use std::{
    sync::OnceLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use keyward_model::{BootTime, Timestamp};

/// Where `now` comes from.
pub trait Clock: Send + Sync {
    /// Wall-clock time.
    fn now(&self) -> Timestamp;
    /// Time since some fixed moment; never goes back.
    fn monotonic(&self) -> Duration;
    /// Time since the machine started, its sleep included; `None` where the system does not tell (O-68, O-70).
    fn boot(&self) -> Option<BootTime>;
}

/// Opens addresses in the system browser (RFC 8252 §8.12: never in a window of ours; O-06).
pub trait Browser: Send + Sync {
    /// Starts the browser and names the program, or says why none could be started.
    ///
    /// # Errors
    /// A sentence for people.
    fn open(&self, url: &str) -> Result<String, String>;
}

/// The system's clocks.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    fn now(&self) -> Timestamp {
        let now = SystemTime::now();
        Timestamp(match now.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |seconds| -seconds),
        })
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the monotonic clock"
    )]
    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }

    fn boot(&self) -> Option<BootTime> {
        boot()
    }
}

#[cfg(target_os = "linux")]
fn boot() -> Option<BootTime> {
    static BOOT: OnceLock<Option<keyward_model::Id>> = OnceLock::new();
    let read = || {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        keyward_model::Id::parse(text.trim())
    };
    let boot = (*BOOT.get_or_init(read))?;
    let since = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(BootTime {
        boot,
        seconds: u64::try_from(since.tv_sec).ok()?,
    })
}

/// Tokens are then counted by the wall clock alone.
#[cfg(not(target_os = "linux"))]
fn boot() -> Option<BootTime> {
    None
}
