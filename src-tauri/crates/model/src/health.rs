//! What is not well with stored values: the rules, with `now` as an argument (WK5, WK6).

use std::time::Duration;

use crate::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An end within so many days is announced.
pub const ANNOUNCED: Duration = DAY.saturating_mul(30);

/// An end within so many days is to be acted on now.
pub const SOON: Duration = DAY.saturating_mul(14);

/// A value that is older than this and was never another one counts as never rotated. A year is what most rules of
/// organisations allow at most.
pub const OLD: Duration = DAY.saturating_mul(365);

/// What can be wrong with a value, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Whoever issued it refuses it by now.
    Expired,
    /// It should have been replaced by now: its Owner set how old it may become.
    Overdue,
    /// It ends within [`ANNOUNCED`].
    Expiring,
    /// The same value stands under another key too.
    Reused,
    /// It is called a password and is easy to guess.
    Weak,
    /// It is older than [`OLD`], and was never another one.
    NeverRotated,
}

impl Rule {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 6] = [
        Self::Expired,
        Self::Overdue,
        Self::Expiring,
        Self::Reused,
        Self::Weak,
        Self::NeverRotated,
    ];

    /// The stable word that programs know it by.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Overdue => "overdue",
            Self::Expiring => "expiring",
            Self::Reused => "reused",
            Self::Weak => "weak",
            Self::NeverRotated => "never_rotated",
        }
    }
}

/// What the rules know of one stored value without opening it.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// When the current value was made.
    pub made_at: Timestamp,
    /// How many values there have been.
    pub versions: u32,
    /// Whether it is confidential; a region or a channel's name need not change.
    pub masked: bool,
    /// From when on whoever issued it refuses it.
    pub expires_at: Option<Timestamp>,
    /// When it should be replaced, where its Owner said so.
    pub due_at: Option<Timestamp>,
}

/// One thing that time has done to a value, and since when, or from when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aged {
    /// The rule.
    pub rule: Rule,
    /// The moment it speaks of: the end of the value, the day it was due, the day it was made.
    pub at: Timestamp,
}

/// What time has done to a value. An end and a date for rotation are told apart; that it was never rotated is said
/// only where nothing more exact is.
#[must_use]
pub fn aged(facts: &Facts, now: Timestamp) -> Vec<Aged> {
    let mut found = Vec::new();
    if let Some(at) = facts.expires_at {
        if now >= at {
            found.push(Aged {
                rule: Rule::Expired,
                at,
            });
        } else if at.since(now) <= ANNOUNCED {
            found.push(Aged {
                rule: Rule::Expiring,
                at,
            });
        }
    }
    if let Some(at) = facts.due_at.filter(|at| now >= *at) {
        found.push(Aged {
            rule: Rule::Overdue,
            at,
        });
    }
    let unsaid = found.is_empty() && facts.due_at.is_none();
    if unsaid && facts.masked && facts.versions == 1 && now.since(facts.made_at) > OLD {
        found.push(Aged {
            rule: Rule::NeverRotated,
            at: facts.made_at,
        });
    }
    found
}

/// Whether it is to be acted on now; the rest can wait.
#[must_use]
pub fn is_urgent(rule: Rule, at: Option<Timestamp>, now: Timestamp) -> bool {
    match rule {
        Rule::Expired | Rule::Overdue => true,
        Rule::Expiring => at.is_some_and(|at| at.since(now) <= SOON),
        Rule::Reused | Rule::Weak | Rule::NeverRotated => false,
    }
}

/// Words that say: a person thought this value up.
const PASSWORDS: [&str; 6] = ["password", "passwd", "passphrase", "passcode", "pwd", "pass"];

/// Whether a value calls itself a password, by its key, name or tags. What a machine made (a token, a key) is not
/// judged by how guessable it is: an estimate for passwords says nothing about it.
#[must_use]
pub fn calls_itself_password(key: &str, name: &str, tags: &[String]) -> bool {
    let texts = [key, name].into_iter().chain(tags.iter().map(String::as_str));
    texts
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .flat_map(camel_words)
        .any(|word| PASSWORDS.contains(&word.to_lowercase().as_str()))
}

/// `dbPassword` is two words; `DBPASSWORD` is one, and ends with what it is.
fn camel_words(word: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut before_is_lower = false;
    for (at, c) in word.char_indices() {
        if c.is_uppercase() && before_is_lower {
            words.push(&word[start..at]);
            start = at;
        }
        before_is_lower = c.is_lowercase();
    }
    let last = &word[start..];
    let lower = last.to_lowercase();
    // ASCII only, so that lengths agree.
    let joined = PASSWORDS.iter().find(|known| {
        known.len() > 4 && last.is_ascii() && lower.len() > known.len() && lower.ends_with(*known)
    });
    match joined {
        Some(known) => words.extend([
            &last[..last.len() - known.len()],
            &last[last.len() - known.len()..],
        ]),
        None => words.push(last),
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn days(from_now: i64) -> Timestamp {
        Timestamp(NOW.0 + from_now * 24 * 60 * 60)
    }

    fn facts() -> Facts {
        Facts {
            made_at: days(-10),
            versions: 1,
            masked: true,
            expires_at: None,
            due_at: None,
        }
    }

    #[track_caller]
    fn check(facts: Facts, expect: &[Rule]) {
        let found: Vec<Rule> = aged(&facts, NOW).iter().map(|one| one.rule).collect();
        assert_eq!(found, expect, "{facts:?}");
    }

    #[test]
    fn wk6_an_end_is_announced_thirty_days_before() {
        let ending = |at| Facts {
            expires_at: Some(at),
            ..facts()
        };
        check(facts(), &[]);
        check(ending(days(31)), &[]);
        check(ending(days(30)), &[Rule::Expiring]);
        check(ending(Timestamp(NOW.0 + 1)), &[Rule::Expiring]);
        check(ending(NOW), &[Rule::Expired]);
        check(ending(days(-400)), &[Rule::Expired]);
        assert!(is_urgent(Rule::Expiring, Some(days(14)), NOW));
        assert!(!is_urgent(Rule::Expiring, Some(days(15)), NOW));
    }

    #[test]
    fn wk6_rotation_is_what_the_owner_asked_for_else_once_a_year() {
        let due = |at| Facts {
            due_at: Some(at),
            made_at: days(-800),
            ..facts()
        };
        check(due(days(1)), &[]);
        check(due(NOW), &[Rule::Overdue]);
        let old = Facts {
            made_at: days(-366),
            ..facts()
        };
        check(old, &[Rule::NeverRotated]);
        check(
            Facts {
                made_at: days(-365),
                ..old
            },
            &[],
        );
        check(Facts { versions: 2, ..old }, &[]);
        check(Facts { masked: false, ..old }, &[]);
        // What is more exact is said instead.
        let ended = Facts {
            expires_at: Some(days(-1)),
            ..old
        };
        check(ended, &[Rule::Expired]);
        check(
            Facts {
                due_at: Some(days(-2)),
                expires_at: Some(days(3)),
                ..old
            },
            &[Rule::Expiring, Rule::Overdue],
        );
    }

    /// A clock in 1970, and times at both ends of what a record can hold.
    #[test]
    fn a_wrong_clock_makes_no_findings_and_no_panic() {
        let odd = Facts {
            made_at: Timestamp(i64::MAX),
            expires_at: Some(Timestamp(i64::MAX)),
            due_at: Some(Timestamp(i64::MAX)),
            ..facts()
        };
        assert_eq!(aged(&odd, Timestamp(0)), []);
        assert_eq!(aged(&odd, Timestamp(i64::MIN)), []);
    }

    #[test]
    fn only_what_calls_itself_a_password_is_judged_as_one() {
        let check = |key: &str, name: &str, tags: &[&str], expect| {
            let tags: Vec<String> = tags.iter().map(|&tag| tag.to_owned()).collect();
            assert_eq!(calls_itself_password(key, name, &tags), expect, "{key} {name}");
        };
        for key in [
            "DB_PASSWORD",
            "dbPassword",
            "password",
            "SMTP-PWD",
            "pg_pass",
            "PGPASSWORD",
            "wifi_passphrase",
        ] {
            check(key, "", &[], true);
        }
        check("SMTP", "Mail relay password", &[], true);
        check("SMTP", "", &["Password"], true);
        for key in [
            "STRIPE_SECRET_KEY",
            "COMPASS_TOKEN",
            "BYPASS",
            "PASSPORT_ID",
            "passed",
            "Größe",
        ] {
            check(key, key, &[], false);
        }
    }
}
