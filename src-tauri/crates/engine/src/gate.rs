//! How many refresh requests leave a process at once, and which go first (O-69); and providers that answer nobody
//! (O-63).

use std::{
    collections::HashMap,
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

use crate::engine::hold;

/// Requests under way at once (O-69).
const AT_ONCE: usize = 4;

/// Requests under way at once at one host (O-69).
const PER_HOST: usize = 2;

/// A request that takes longer than this holds up nobody but its own host: a provider that hangs must not take the
/// places of all others (EL13).
const SLOW: Duration = Duration::from_secs(5);

/// Failures in a row, at one host and whatever the Connection, before it counts as down …
const DOWN_AFTER: u32 = 5;

/// … when they have gone on for this long.
const DOWN_FOR: Duration = Duration::from_secs(20);

/// One request in this time finds out whether a host that is down is back (O-63).
const PROBE_EVERY: Duration = Duration::from_secs(60);

/// Where refreshes wait for their turn. All times are monotonic.
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    flights: Vec<Flight>,
    /// Who waits because somebody asked, by host.
    waiting: HashMap<String, usize>,
    down: HashMap<String, Failing>,
    next: u64,
}

#[derive(Debug)]
struct Flight {
    number: u64,
    host: String,
    begun: Duration,
}

/// What a host did since its last answer.
#[derive(Debug)]
struct Failing {
    in_a_row: u32,
    since: Duration,
    asked: Duration,
}

/// The right to send to one host; ends when dropped.
#[derive(Debug)]
#[must_use = "the place is free again when this is dropped"]
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
    number: u64,
}

/// Why there is no pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// Others are under way.
    Full,
    /// The host has answered nobody for a while, and was asked a short time ago.
    Down,
}

/// How an act at a host went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Went {
    /// It answered, whatever it said.
    Answered,
    /// It did not.
    Failed,
}

/// Who the Owner's own wish is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A token is needed: a host that is down is not asked by everybody.
    Needed,
    /// The Owner said *now*.
    Now,
}

impl Gate {
    /// A place at once, or none: for the background, which comes after everybody who waits.
    pub(crate) fn try_enter(&self, host: &str, now: Duration) -> Result<Pass<'_>, Closed> {
        let mut state = hold(&self.state);
        // On demand first: somebody waits for a place that is there.
        if state.waiting.keys().any(|waits| state.has_room(waits, now)) || !state.has_room(host, now) {
            return Err(Closed::Full);
        }
        state.look(host, now)?;
        Ok(self.pass(&mut state, host, now))
    }

    /// Waits up to `patience` for a place.
    pub(crate) fn enter(
        &self,
        host: &str,
        wish: Wish,
        now: &dyn Fn() -> Duration,
        patience: Duration,
    ) -> Result<Pass<'_>, Closed> {
        let mut state = hold(&self.state);
        if wish == Wish::Needed {
            state.look(host, now())?;
        }
        *state.waiting.entry(host.to_owned()).or_default() += 1;
        let until = now().saturating_add(patience);
        // A short wait at a time: a flight that became slow frees a place without telling anybody.
        let mut left = patience;
        while !state.has_room(host, now()) && !left.is_zero() {
            let nap = left.min(SLOW);
            let (next, waited) = self
                .freed
                .wait_timeout(state, nap)
                .unwrap_or_else(PoisonError::into_inner);
            state = next;
            if waited.timed_out() {
                left = left.saturating_sub(nap);
            } else {
                left = left.min(until.saturating_sub(now()));
            }
        }
        if let Some(waiting) = state.waiting.get_mut(host) {
            *waiting -= 1;
            if *waiting == 0 {
                state.waiting.remove(host);
            }
        }
        if !state.has_room(host, now()) {
            return Err(Closed::Full);
        }
        Ok(self.pass(&mut state, host, now()))
    }

    fn pass(&self, state: &mut State, host: &str, now: Duration) -> Pass<'_> {
        let number = state.next;
        state.next += 1;
        state.flights.push(Flight {
            number,
            host: host.to_owned(),
            begun: now,
        });
        Pass { gate: self, number }
    }

    /// Remembers how it went at a host.
    pub(crate) fn went(&self, host: &str, went: Went, now: Duration) {
        let mut state = hold(&self.state);
        match went {
            Went::Answered => {
                state.down.remove(host);
            }
            Went::Failed => {
                let failing = state.down.entry(host.to_owned()).or_insert(Failing {
                    in_a_row: 0,
                    since: now,
                    asked: now,
                });
                failing.in_a_row = failing.in_a_row.saturating_add(1);
                failing.asked = now;
            }
        }
    }
}

impl State {
    fn has_room(&self, host: &str, now: Duration) -> bool {
        let at_host = self.flights.iter().filter(|flight| flight.host == host).count();
        let swift = self
            .flights
            .iter()
            .filter(|flight| now.saturating_sub(flight.begun) < SLOW)
            .count();
        at_host < PER_HOST && swift < AT_ONCE
    }

    /// Half open: whoever comes first after a while asks for all (O-63).
    fn look(&mut self, host: &str, now: Duration) -> Result<(), Closed> {
        let Some(failing) = self.down.get_mut(host) else {
            return Ok(());
        };
        let is_down = failing.in_a_row >= DOWN_AFTER && now.saturating_sub(failing.since) >= DOWN_FOR;
        if is_down && now.saturating_sub(failing.asked) < PROBE_EVERY {
            return Err(Closed::Down);
        }
        if is_down {
            failing.asked = now;
        }
        Ok(())
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut state = hold(&self.gate.state);
        state.flights.retain(|flight| flight.number != self.number);
        drop(state);
        self.gate.freed.notify_all();
    }
}

/// What two addresses share when they are at one host: scheme, name and port as they are written.
pub(crate) fn host_of(uri: &str) -> &str {
    let after_scheme = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[after_scheme..]
        .find(['/', '?', '#'])
        .map_or(uri.len(), |at| after_scheme + at);
    &uri[..end]
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    fn at(seconds: u64) -> Duration {
        NOW + Duration::from_secs(seconds)
    }

    #[test]
    fn o69_two_at_a_host_and_four_in_all() {
        let gate = Gate::default();
        let _a = gate.try_enter("a", NOW).unwrap();
        let second = gate.try_enter("a", NOW).unwrap();
        assert_eq!(gate.try_enter("a", NOW).err(), Some(Closed::Full));
        let _b = gate.try_enter("b", NOW).unwrap();
        let _c = gate.try_enter("c", NOW).unwrap();
        assert_eq!(gate.try_enter("d", NOW).err(), Some(Closed::Full));
        drop(second);
        let _d = gate.try_enter("d", NOW).unwrap();
        assert_eq!(gate.try_enter("e", NOW).err(), Some(Closed::Full));
        // EL13: those that hang hold up their own hosts alone.
        let _e = gate.try_enter("e", at(5)).unwrap();
        let _again = gate.try_enter("a", at(5)).unwrap();
        assert_eq!(gate.try_enter("a", at(5)).err(), Some(Closed::Full));
    }

    #[test]
    fn o69_on_demand_goes_first() {
        let gate = Arc::new(Gate::default());
        let first = gate.try_enter("a", NOW).unwrap();
        let second = gate.try_enter("a", NOW).unwrap();
        let entered = AtomicUsize::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let pass = gate
                    .enter("a", Wish::Needed, &|| NOW, Duration::from_secs(60))
                    .unwrap();
                entered.fetch_add(1, Ordering::SeqCst);
                drop(pass);
            });
            while hold(&gate.state).waiting.is_empty() {
                thread::yield_now();
            }
            // Elsewhere there is room, and nobody waits for it.
            drop(gate.try_enter("b", NOW).unwrap());
            drop(first);
            // Either it has entered, or the background stands back for it.
            let background = gate.try_enter("a", NOW);
            assert!(background.is_err() || entered.load(Ordering::SeqCst) == 1);
        });
        drop(second);
        let nobody = gate.enter("a", Wish::Needed, &|| NOW, Duration::ZERO);
        assert!(nobody.is_ok());
    }

    /// O-63: a host that answers nobody is asked once a minute, by whoever comes first; the Owner may ask at any time.
    #[test]
    fn o63_a_host_that_is_down_is_probed() {
        let gate = Gate::default();
        for second in [0, 5, 10, 15] {
            gate.went("a", Went::Failed, at(second));
            drop(gate.try_enter("a", at(second)).unwrap());
        }
        gate.went("a", Went::Failed, at(20));
        assert_eq!(gate.try_enter("a", at(21)).err(), Some(Closed::Down));
        let ask = |wish, now| gate.enter("a", wish, &move || now, Duration::ZERO).map(drop);
        assert_eq!(ask(Wish::Needed, at(79)), Err(Closed::Down));
        assert_eq!(ask(Wish::Now, at(79)), Ok(()));
        assert_eq!(ask(Wish::Needed, at(80)), Ok(()));
        assert_eq!(ask(Wish::Needed, at(81)), Err(Closed::Down));
        drop(gate.try_enter("b", at(81)).unwrap());
        gate.went("a", Went::Answered, at(82));
        assert_eq!(ask(Wish::Needed, at(82)), Ok(()));
    }

    #[test]
    fn hosts_are_told_apart_by_scheme_name_and_port() {
        let check = |uri, expect| assert_eq!(host_of(uri), expect, "{uri}");
        check("https://a.example/token?x=1", "https://a.example");
        check("https://a.example:8443", "https://a.example:8443");
        check("http://127.0.0.1:7/t", "http://127.0.0.1:7");
        check("https://a.example?x=/", "https://a.example");
        check("", "");
    }
}
