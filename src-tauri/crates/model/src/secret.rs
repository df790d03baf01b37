//! Secrets: one value under one key.

use std::time::Duration;

use crate::{Id, Timestamp, name::Handle};

/// A Secret's metadata; its value lives in its versions (PV3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Identity of the record.
    pub id: Id,
    /// The referable key; never changes (PV5).
    pub key: Handle,
    /// Free text for people.
    pub name: String,
    /// Free text, may hold many lines.
    pub description: String,
    /// Free words, in the order given.
    pub tags: Vec<String>,
    /// Whether faces hide the value until asked (PV2).
    pub masked: bool,
    /// The environment it belongs to.
    pub environment: Id,
    /// Number of the current value, from 1.
    pub version: u32,
    /// Record of the current value.
    pub current: Id,
    /// When it was made.
    pub created_at: Timestamp,
    /// When value or metadata last changed.
    pub updated_at: Timestamp,
    /// When it was put into the trash.
    pub deleted_at: Option<Timestamp>,
    /// What its Owner wants to remember about it; may hold many lines.
    pub notes: String,
    /// From when on whoever issued the value refuses it.
    pub expires_at: Option<Timestamp>,
    /// How old a value may become before it should be replaced; whole seconds.
    pub rotate_every: Option<Duration>,
    /// Whether the Owner wants it at hand.
    pub favourite: bool,
    /// When the current value was made; a copy keeps the age of what it was copied from.
    pub value_changed_at: Timestamp,
}

impl Secret {
    /// How old the current value is; zero when it was made by a clock that ran ahead.
    #[must_use]
    pub fn value_age(&self, now: Timestamp) -> Duration {
        now.since(self.value_changed_at)
    }

    /// Whether the value is past its end. The end itself is past it.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| now >= at)
    }

    /// When the value becomes overdue for rotation, where that was asked for.
    #[must_use]
    pub fn rotation_due_at(&self) -> Option<Timestamp> {
        self.rotate_every.map(|every| self.value_changed_at.after(every))
    }

    /// Whether the value should have been replaced by now.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.rotation_due_at().is_some_and(|at| now >= at)
    }

    /// Whether the trash has kept it for so long that it is purged.
    #[must_use]
    pub fn is_spent(&self, now: Timestamp) -> bool {
        self.deleted_at
            .is_some_and(|deleted| now.since(deleted) >= TRASH_KEEPS)
    }
}

/// How long the trash keeps what is in it (AM12).
pub const TRASH_KEEPS: Duration = Duration::from_secs(30 * 24 * 3600);

/// Longest time between rotations: a hundred years. More is a slip of the keyboard.
pub const LONGEST_ROTATION: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// One value of a Secret, without the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Identity of the record.
    pub id: Id,
    /// From 1, in the order made.
    pub number: u32,
    /// Why this value was made.
    pub note: String,
    /// Whether the Owner declared it no longer valid.
    pub revoked: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a person says about a Secret besides its key and value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// New list of tags, replacing the old one.
    pub tags: Option<Vec<String>>,
    /// Whether faces hide the value.
    pub masked: Option<bool>,
    /// New notes.
    pub notes: Option<String>,
    /// New end of the value; `Some(None)` takes it away.
    pub expires_at: Option<Option<Timestamp>>,
    /// New time between rotations; `Some(None)` takes it away.
    pub rotate_every: Option<Option<Duration>>,
    /// Whether the Owner wants it at hand.
    pub favourite: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 3600;

    fn secret() -> Secret {
        Secret {
            id: Id::from_bytes([1; 16]),
            key: Handle::parse("KEY").unwrap(),
            name: String::new(),
            description: String::new(),
            tags: Vec::new(),
            masked: true,
            environment: Id::from_bytes([2; 16]),
            version: 1,
            current: Id::from_bytes([3; 16]),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            deleted_at: None,
            notes: String::new(),
            expires_at: None,
            rotate_every: None,
            favourite: false,
            value_changed_at: Timestamp(1000 * DAY),
        }
    }

    #[test]
    fn wk6_a_value_is_overdue_from_its_day_on() {
        let mut secret = secret();
        assert!(!secret.is_overdue(Timestamp(i64::MAX)), "nobody asked for it");
        secret.rotate_every = Some(Duration::from_secs(90 * 24 * 3600));
        assert_eq!(secret.rotation_due_at(), Some(Timestamp(1090 * DAY)));
        assert!(!secret.is_overdue(Timestamp(1090 * DAY - 1)));
        assert!(secret.is_overdue(Timestamp(1090 * DAY)));
    }

    #[test]
    fn a_value_is_expired_from_its_end_on() {
        let mut secret = secret();
        assert!(!secret.is_expired(Timestamp(i64::MAX)));
        secret.expires_at = Some(Timestamp(1001 * DAY));
        assert!(!secret.is_expired(Timestamp(1001 * DAY - 1)));
        assert!(secret.is_expired(Timestamp(1001 * DAY)));
    }

    /// A clock in 1970: a value made in the future is new, not of a negative age, and nothing is purged or overdue.
    #[test]
    fn a_clock_in_1970_makes_nothing_old() {
        let mut secret = secret();
        secret.rotate_every = Some(Duration::ZERO);
        secret.deleted_at = Some(Timestamp(1000 * DAY));
        let wrong = Timestamp(0);
        assert_eq!(secret.value_age(wrong), Duration::ZERO);
        assert!(!secret.is_overdue(wrong) && !secret.is_spent(wrong));
        secret.rotate_every = Some(Duration::MAX);
        assert!(!secret.is_overdue(Timestamp(i64::MAX - 1)), "a far end saturates");
    }

    #[test]
    fn the_trash_keeps_thirty_days() {
        let mut secret = secret();
        assert!(!secret.is_spent(Timestamp(i64::MAX)), "not in the trash");
        secret.deleted_at = Some(Timestamp(0));
        assert!(!secret.is_spent(Timestamp(30 * DAY - 1)));
        assert!(secret.is_spent(Timestamp(30 * DAY)));
    }
}
