//! Keeping tokens alive: when the background refreshes them, by which clock, and how long refresh tokens last.

use std::time::Duration;

use super::{Address, Connection, ConnectionState, Lifetime};
use crate::{BootTime, Id, SecretValue, Timestamp, dialect::RefreshTokenLife};

/// Tokens that live shorter than this, in seconds, are refreshed when somebody asks, not in the background: a
/// provider that answers `expires_in: 0` must not be asked without end.
const SHORTEST_BACKGROUND: u64 = 4;

/// Most that the background refreshes earlier than it must, in seconds, so that what was connected together is not
/// refreshed together for ever (O-69). Never more than a sixtieth of the token's life.
const LONGEST_JITTER: u64 = 5;

/// A pause longer than this was written by a clock that has been put back since: no provider's wish counts for more
/// (O-62), and no pause of ours is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// How long before its end a refresh token is used, so that a provider that counts idle time sees it (OA9): a day, or
/// a tenth of its life, whichever is more, and never more than half of it.
const KEEP_ALIVE: Duration = Duration::from_secs(24 * 3600);

/// A refresh token that ends within this is announced (O-77).
pub const ANNOUNCED: Duration = Duration::from_secs(7 * 24 * 3600);

/// What keeping a Connection's tokens alive needs to know beside the tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// The machine's own time when the present tokens were asked for, where it has one (O-70).
    pub obtained_boot: Option<BootTime>,
    /// Seconds that the provider's clock was ahead of ours at its last answer, from its `Date` (O-70).
    pub clock_skew: Option<i64>,
    /// When the refresh token ends, where the provider said so or is known for it (OA9).
    pub refresh_token: Option<RefreshTokenEnd>,
}

/// The end of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshTokenEnd {
    /// The moment.
    pub at: Timestamp,
    /// Whether using it moves that moment.
    pub kind: EndKind,
    /// The moment that no use moves it beyond, where the provider is known to end each consent (OA9).
    pub latest: Option<Timestamp>,
}

/// Whether using a refresh token moves its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndKind {
    /// Each use begins its life anew, or nobody has seen yet that none does.
    Idle,
    /// It stood where it was after a use: a person must consent again by then.
    Fixed,
}

/// Tokens that the Owner dropped while their provider could not be asked to forget them (O-52).
pub struct PendingRevocation {
    /// Identity of the record.
    pub id: Id,
    /// `ENVIRONMENT/KEY` of the Connection that held them; it may be gone.
    pub connection: String,
    /// The AuthClient they were given to.
    pub auth_client: Address,
    /// What the provider had said beside them: it may name the host that takes them back (OA4).
    pub kept: Vec<(String, String)>,
    /// The refresh token, where there was one.
    pub refresh_token: Option<SecretValue>,
    /// The access token.
    pub access_token: SecretValue,
    /// When they were dropped.
    pub queued_at: Timestamp,
    /// Tries that failed.
    pub tries: u32,
    /// No further try before this moment.
    pub retry_at: Timestamp,
}

impl RefreshTokenEnd {
    /// What an answer at `now` says of the refresh token's end: `said` is the rest of its life, where the answer has
    /// it, and `life` what is known of the provider where the answer is silent; `replaced` whether the token itself is
    /// another one now.
    #[must_use]
    pub fn learnt(
        since: Since,
        said: Option<Duration>,
        replaced: Replaced,
        life: RefreshTokenLife,
        now: Timestamp,
    ) -> Option<Self> {
        let after = |seconds: u32| now.after(Duration::from_secs(seconds.into()));
        let (before, latest) = match since {
            Since::Consent => (None, life.absolute.map(after)),
            // A refresh that worked shows that an end which has passed was none.
            Since::Refresh(before) => (
                before,
                before
                    .and_then(|before| before.latest)
                    .filter(|&latest| latest > now),
            ),
        };
        let (at, kind) = match (said, life.idle) {
            (Some(rest), _) => {
                let at = now.after(rest);
                let stood = before.is_some_and(|before| at <= before.at.after(Duration::from_secs(60)));
                (at, if stood { EndKind::Fixed } else { EndKind::Idle })
            }
            // Each use begins such a life anew.
            (None, Some(idle)) => (after(idle), EndKind::Idle),
            // Nothing is known of a new token but the end of the consent; an old one that nothing is said of ends when
            // it ended.
            (None, None) => match (replaced, before) {
                (Replaced::No, Some(before)) => (before.at, EndKind::Fixed),
                (Replaced::Yes, _) | (_, None) => (latest?, EndKind::Fixed),
            },
        };
        // What the provider says of a token that it made just now outweighs what is known of its consents.
        let latest = match (said, replaced, since) {
            (Some(_), Replaced::Yes, Since::Refresh(_)) => latest.filter(|&latest| at <= latest),
            _ => latest,
        };
        Some(match latest {
            Some(latest) if latest <= at => Self {
                at: latest,
                kind: EndKind::Fixed,
                latest: Some(latest),
            },
            _ => Self { at, kind, latest },
        })
    }
}

/// What an answer is the answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// A consent: everything begins.
    Consent,
    /// A refresh; what was known before it.
    Refresh(Option<RefreshTokenEnd>),
}

/// Whether an answer held another refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// It did.
    Yes,
    /// The old one stays (O-54).
    No,
}

impl Connection {
    /// The clock that a token's life is counted by: the wall clock, but never slower than the machine's own time since
    /// the token was asked for. Whoever puts the clock back does not make tokens younger (O-70).
    #[must_use]
    pub fn token_clock(&self, wall: Timestamp, boot: Option<BootTime>) -> Timestamp {
        let passed = self
            .upkeep
            .obtained_boot
            .zip(boot)
            .and_then(|(then, now)| now.since(then));
        match (self.lifetime, passed) {
            (Some(lifetime), Some(passed)) => {
                let counted = lifetime.obtained_at.after(passed);
                // Whole seconds of two clocks that do not tick together differ by one.
                if counted.since(wall) > Duration::from_secs(1) {
                    counted
                } else {
                    wall
                }
            }
            _ => wall,
        }
    }

    /// When the background refresh takes place: `None` without tokens to refresh.
    #[must_use]
    pub fn next_refresh_at(&self) -> Option<Timestamp> {
        let lifetime = self.refreshable()?;
        let due = lifetime.due_at();
        let at = self.keep_alive_at().map_or(due, |alive| due.min(alive));
        Some(at.max(self.retry_at.unwrap_or(at)))
    }

    /// Time until the background refreshes it, zero when it does so now; `None` without tokens to refresh. `now` is
    /// the [`Connection::token_clock`].
    #[must_use]
    pub fn refresh_in(&self, now: Timestamp) -> Option<Duration> {
        let lifetime = self.refreshable()?;
        if let Some(until) = self.pauses_until(now) {
            return Some(until.since(now));
        }
        // Only ever earlier (O-69): the window is what a caller was promised.
        let due = Timestamp(lifetime.due_at().0.saturating_sub(self.jitter(lifetime)));
        let at = self.keep_alive_at().map_or(due, |alive| due.min(alive));
        let is_due = lifetime.is_due(now) || at <= now;
        Some(if is_due { Duration::ZERO } else { at.since(now) })
    }

    /// Until when nothing is asked after a failure (O-62, O-63); `None` when nothing keeps a request back.
    #[must_use]
    pub fn pauses_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.retry_at
            .filter(|&at| at > now && at.since(now) <= LONGEST_PAUSE)
    }

    /// When the refresh token ends, where the provider said so (O-77).
    #[must_use]
    pub fn refresh_token_expires_at(&self) -> Option<Timestamp> {
        let end = self.upkeep.refresh_token.filter(|_| self.has_refresh_token)?;
        Some(end.at)
    }

    /// When a person must have consented again, where that is near and no refresh puts it off (OA9, O-77).
    #[must_use]
    pub fn consent_ends_at(&self, now: Timestamp) -> Option<Timestamp> {
        let end = self.upkeep.refresh_token.filter(|_| self.has_refresh_token)?;
        let is_near = end.at.since(now) <= ANNOUNCED;
        (end.kind == EndKind::Fixed && is_near && self.state == ConnectionState::Ready).then_some(end.at)
    }

    /// O-61: what consent or a person must mend is not tried again by itself.
    fn refreshable(&self) -> Option<Lifetime> {
        let lifetime = self.lifetime?;
        let refreshable = self.has_refresh_token
            && self.state == ConnectionState::Ready
            && lifetime.length().as_secs() >= SHORTEST_BACKGROUND;
        refreshable.then_some(lifetime)
    }

    /// When the refresh token is used for its own sake, inside its idle limit (OA9).
    fn keep_alive_at(&self) -> Option<Timestamp> {
        let end = self.upkeep.refresh_token?;
        let life = end.at.since(self.lifetime?.obtained_at);
        // A fixed end comes whatever is done: using the token more often would only be noise.
        if end.kind == EndKind::Fixed {
            return None;
        }
        let window = KEEP_ALIVE.max(life / 10).min(life / 2);
        let seconds = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
        Some(Timestamp(end.at.0.saturating_sub(seconds)))
    }

    /// The same for a Connection at every refresh: what one refreshes alone stays alone.
    fn jitter(&self, lifetime: Lifetime) -> i64 {
        // A window of the client's own is there because its provider refuses earlier ones (EL3).
        if lifetime.refresh_window.is_some() {
            return 0;
        }
        let most = LONGEST_JITTER.min(lifetime.length().as_secs() / 60);
        let [first, second, ..] = *self.id.as_bytes();
        i64::try_from(u64::from(u16::from_be_bytes([first, second])) % (most + 1)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connection::{AuthType, Records},
        name::Handle,
    };

    const NOW: Timestamp = Timestamp(1_000_000);
    const DAY: u64 = 24 * 3600;

    fn connection(seconds: u64) -> Connection {
        let id = |byte| Id::from_random([byte; 16]);
        let records = Records {
            id: id(7),
            token_set: id(2),
            refresh_intent: id(3),
        };
        let key = Handle::parse("APP").unwrap();
        Connection {
            state: ConnectionState::Ready,
            lifetime: Some(Lifetime::new(NOW, Duration::from_secs(seconds))),
            has_refresh_token: true,
            ..Connection::new(records, id(1), key, AuthType::Oauth2, NOW)
        }
    }

    fn later(seconds: u64) -> Timestamp {
        NOW.after(Duration::from_secs(seconds))
    }

    /// O-69: jitter of at most five seconds, and only ever earlier.
    #[test]
    fn o69_jitter_is_short_and_only_earlier() {
        let mut seen = std::collections::BTreeSet::new();
        for byte in 0..=255 {
            for seconds in [4, 60, 300, 3_600, 86_400] {
                let mut connection = connection(seconds);
                connection.id = Id::from_random([byte; 16]);
                let lifetime = connection.lifetime.unwrap();
                let early = lifetime.due_at().since(NOW) - connection.refresh_in(NOW).unwrap();
                assert!(
                    early <= Duration::from_secs(5.min(seconds / 60)),
                    "{seconds}: {early:?}"
                );
                seen.insert(early);
            }
        }
        assert_eq!(seen.len(), 6, "spread over all of it");
    }

    /// OA9: a refresh token with an idle limit is used inside it, also when the access token lives longer.
    #[test]
    fn oa9_an_idle_refresh_token_is_kept_alive() {
        let mut connection = connection(90 * DAY);
        let end = |days, kind| {
            Some(RefreshTokenEnd {
                at: later(days * DAY),
                kind,
                latest: None,
            })
        };
        connection.upkeep.refresh_token = end(30, EndKind::Idle);
        assert_eq!(connection.next_refresh_at(), Some(later(27 * DAY)));
        assert_eq!(connection.refresh_in(later(27 * DAY)), Some(Duration::ZERO));
        assert!(connection.refresh_in(later(27 * DAY - 10)).unwrap() > Duration::ZERO);
        connection.upkeep.refresh_token = end(1, EndKind::Idle);
        assert_eq!(connection.next_refresh_at(), Some(later(DAY / 2)));
        // O-77: a fixed end is no reason to ask, but one to warn.
        connection.upkeep.refresh_token = end(30, EndKind::Fixed);
        assert_eq!(connection.next_refresh_at(), Some(later(81 * DAY)));
        assert_eq!(connection.consent_ends_at(later(22 * DAY)), None);
        assert_eq!(connection.consent_ends_at(later(24 * DAY)), Some(later(30 * DAY)));
        // One that access tokens outlive by far is used with them.
        connection.lifetime = Some(Lifetime::new(NOW, Duration::from_secs(3_600)));
        connection.upkeep.refresh_token = end(30, EndKind::Idle);
        assert_eq!(connection.next_refresh_at(), Some(later(3_240)));
    }

    /// OA9: whether a use moves the end is learnt by looking.
    #[test]
    fn oa9_a_fixed_end_is_noticed() {
        let days = |days| Some(Duration::from_secs(days * DAY));
        let learnt = |since, said, replaced, now| {
            RefreshTokenEnd::learnt(since, said, replaced, RefreshTokenLife::default(), now)
        };
        let first = learnt(Since::Consent, days(30), Replaced::Yes, NOW);
        assert_eq!(first.map(|end| end.kind), Some(EndKind::Idle));
        let refreshed = |said, replaced| learnt(Since::Refresh(first), said, replaced, later(DAY));
        let moved = refreshed(days(30), Replaced::Yes).unwrap();
        assert_eq!((moved.kind, moved.at), (EndKind::Idle, later(31 * DAY)));
        let stood = refreshed(days(29), Replaced::Yes).unwrap();
        assert_eq!((stood.kind, stood.at), (EndKind::Fixed, later(30 * DAY)));
        let kept = refreshed(None, Replaced::No).unwrap();
        assert_eq!((kept.kind, kept.at), (EndKind::Fixed, later(30 * DAY)));
        assert_eq!(refreshed(None, Replaced::Yes), None);
    }

    /// OA9, O-77: what is known of a provider counts where its answers are silent: an idle life begins anew with each
    /// use, and the end of the consent stands whatever is done.
    #[test]
    fn oa9_the_catalogues_lifetimes_count_where_answers_are_silent() {
        let seconds = |days: u64| u32::try_from(days * DAY).unwrap();
        let life = |idle: Option<u64>, absolute: Option<u64>| RefreshTokenLife {
            idle: idle.map(seconds),
            absolute: absolute.map(seconds),
            ..RefreshTokenLife::default()
        };
        let both = life(Some(90), Some(365));
        let said = |end: Option<RefreshTokenEnd>| end.map(|end| (end.at, end.kind));
        let refreshed = |before, life, day: u64| {
            RefreshTokenEnd::learnt(
                Since::Refresh(before),
                None,
                Replaced::Yes,
                life,
                later(day * DAY),
            )
        };
        let consented = |life| RefreshTokenEnd::learnt(Since::Consent, None, Replaced::Yes, life, NOW);
        let mut end = consented(both);
        assert_eq!(said(end), Some((later(90 * DAY), EndKind::Idle)));
        // Used again at once: the idle life is known to begin anew, and is not taken for one that stood.
        end = refreshed(end, both, 0);
        assert_eq!(said(end), Some((later(90 * DAY), EndKind::Idle)));
        for day in [80, 160, 240] {
            end = refreshed(end, both, day);
            assert_eq!(said(end), Some((later((day + 90) * DAY), EndKind::Idle)));
        }
        end = refreshed(end, both, 300);
        assert_eq!(said(end), Some((later(365 * DAY), EndKind::Fixed)));
        // The end of a consent stands from the beginning, whether or not the token is another one.
        let absolute = life(None, Some(30));
        let first = consented(absolute);
        assert_eq!(said(first), Some((later(30 * DAY), EndKind::Fixed)));
        assert_eq!(said(refreshed(first, absolute, 10)), said(first));
        // An answer's own word goes before an idle life, and not beyond the consent's end.
        let told = RefreshTokenEnd::learnt(
            Since::Consent,
            Some(Duration::from_secs(400 * DAY)),
            Replaced::Yes,
            both,
            NOW,
        );
        assert_eq!(said(told), Some((later(365 * DAY), EndKind::Fixed)));
        // A refresh that worked shows more than the catalogue: what its answer says of the new token, and that a known
        // end has passed.
        let more = RefreshTokenEnd::learnt(
            Since::Refresh(first),
            Some(Duration::from_secs(60 * DAY)),
            Replaced::Yes,
            absolute,
            later(20 * DAY),
        );
        assert_eq!(said(more), Some((later(80 * DAY), EndKind::Idle)));
        assert_eq!(said(refreshed(first, absolute, 31)), None);
        // When the consent was is not known of a Connection that had no end before.
        assert_eq!(refreshed(None, absolute, 10), None);
    }

    /// EL3, O-69: a provider that refuses an early refresh is asked in its own window, to the second.
    #[test]
    fn el3_a_window_of_the_auth_client_has_no_jitter() {
        for byte in 0..=255 {
            let mut connection = connection(600);
            connection.id = Id::from_random([byte; 16]);
            connection.lifetime = connection.lifetime.map(|life| life.with_window(Some(30)));
            assert_eq!(connection.refresh_in(NOW), Some(Duration::from_secs(570)));
            assert_eq!(connection.refresh_in(later(569)), Some(Duration::from_secs(1)));
            assert_eq!(connection.refresh_in(later(570)), Some(Duration::ZERO));
        }
    }

    /// O-70: a clock that is put back makes no token younger, and no pause longer; another start of the machine says
    /// nothing.
    #[test]
    fn o70_the_machines_own_time_counts() {
        let boot = |byte, seconds| BootTime {
            boot: Id::from_random([byte; 16]),
            seconds,
        };
        let mut connection = connection(3_600);
        connection.upkeep.obtained_boot = Some(boot(1, 100));
        let clock = |wall, at| connection.token_clock(wall, Some(at));
        assert_eq!(clock(later(10), boot(1, 110)), later(10));
        assert_eq!(clock(later(10), boot(1, 111)), later(10));
        assert_eq!(clock(later(10), boot(1, 112)), later(12));
        assert_eq!(clock(Timestamp(0), boot(1, 3_600)), later(3_500));
        assert_eq!(clock(later(9_000), boot(1, 110)), later(9_000));
        assert_eq!(clock(Timestamp(5), boot(2, 110)), Timestamp(5));
        assert_eq!(connection.token_clock(Timestamp(5), None), Timestamp(5));
        connection.retry_at = Some(later(300));
        assert_eq!(connection.pauses_until(NOW), Some(later(300)));
        assert_eq!(connection.pauses_until(Timestamp(0)), None);
    }
}
