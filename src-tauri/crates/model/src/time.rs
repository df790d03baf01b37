//! Wall-clock time as data.

use std::time::Duration;

use crate::Id;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Seconds since the Unix epoch, UTC, without leap seconds. May lie before 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// Time since the machine started, its sleep included: what no one can put forward or back (O-68, O-70).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootTime {
    /// Which start: two moments of different ones cannot be compared.
    pub boot: Id,
    /// Whole seconds since then.
    pub seconds: u64,
}

impl BootTime {
    /// Time from `earlier` to this moment; `None` when the machine was started in between.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Duration> {
        let seconds = self.seconds.checked_sub(earlier.seconds)?;
        (self.boot == earlier.boot).then_some(Duration::from_secs(seconds))
    }
}

impl Timestamp {
    /// Seconds since the Unix epoch.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// This moment plus a duration, whole seconds, saturating.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)),
        )
    }

    /// Time from `earlier` to this moment; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC, whole seconds; the epoch when it lies outside years 0 to 9999.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let at = OffsetDateTime::from_unix_timestamp(self.0).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        // Long enough at once: a list has three of these an entry, and growing one cost half of writing it (P6).
        let mut text = Vec::with_capacity("2026-11-22T09:00:00Z".len());
        let written = at.format_into(&mut text, &Rfc3339).is_ok();
        String::from_utf8(text)
            .ok()
            .filter(|_| written)
            .unwrap_or_default()
    }

    /// Reads RFC 3339 with any offset; `None` when it is not.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .map(|at| Self(at.unix_timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_utc() {
        assert_eq!(Timestamp(1_795_338_000).to_rfc3339(), "2026-11-22T09:00:00Z");
        assert_eq!(
            Timestamp::parse_rfc3339("2026-11-22T10:00:00+01:00"),
            Some(Timestamp(1_795_338_000))
        );
    }
}
