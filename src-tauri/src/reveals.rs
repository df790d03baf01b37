//! How often values may be revealed (W-08): one a second, 30 in five minutes.

use std::{collections::VecDeque, time::Duration};

use keyward_api::wire::{Code, Error};

const APART: Duration = Duration::from_secs(1);
const WINDOW: Duration = Duration::from_secs(5 * 60);
const IN_WINDOW: usize = 30;

/// When values were revealed lately, as monotonic times.
#[derive(Debug, Default)]
pub struct Reveals(VecDeque<Duration>);

impl Reveals {
    /// Counts a reveal at `now`, or refuses it.
    ///
    /// # Errors
    /// `denied`, saying how long to wait.
    pub fn admit(&mut self, now: Duration) -> Result<(), Error> {
        while self
            .0
            .front()
            .is_some_and(|&first| now.saturating_sub(first) >= WINDOW)
        {
            self.0.pop_front();
        }
        let after_last = self
            .0
            .back()
            .map_or(Duration::ZERO, |&last| (last + APART).saturating_sub(now));
        let after_many = match self.0.front() {
            Some(&first) if self.0.len() >= IN_WINDOW => (first + WINDOW).saturating_sub(now),
            _ => Duration::ZERO,
        };
        let wait = after_last.max(after_many);
        if wait.is_zero() {
            self.0.push_back(now);
            return Ok(());
        }
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Err(Error::new(
            Code::Denied,
            "Values can be shown once a second, and 30 times in five minutes.",
            format!("Wait {seconds} s, or copy the value: copying does not show it."),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w08_one_a_second() {
        let mut reveals = Reveals::default();
        let at = Duration::from_millis;
        assert!(reveals.admit(at(10_000)).is_ok());
        assert!(reveals.admit(at(10_999)).is_err());
        assert!(reveals.admit(at(11_000)).is_ok());
    }

    #[test]
    fn w08_thirty_in_five_minutes() {
        let mut reveals = Reveals::default();
        for second in 0..30 {
            assert!(reveals.admit(Duration::from_secs(second)).is_ok());
        }
        let refused = reveals.admit(Duration::from_secs(60)).unwrap_err();
        assert_eq!(refused.code, Code::Denied);
        assert!(refused.hint.starts_with("Wait 240 s"), "{}", refused.hint);
        assert!(reveals.admit(Duration::from_secs(300)).is_ok());
        assert!(reveals.admit(Duration::from_millis(300_500)).is_err());
    }
}
