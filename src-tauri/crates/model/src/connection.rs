//! Connections and their tokens.

use std::time::Duration;

use crate::{
    Id, SecretValue, Timestamp,
    apply::Apply,
    name::{AppName, Handle},
};

mod queue;
mod scopes;
mod upkeep;
mod values;

pub use queue::{LOGIN_HINT, Urgency};
pub use scopes::OFFLINE_ACCESS;
pub(crate) use scopes::not_granted;
pub use upkeep::{EndKind, PendingRevocation, RefreshTokenEnd, Replaced, Since, Upkeep};
pub use values::{AuthType, UserPass, ValuesError};

/// Where the AuthClient of a Connection is kept: one that is visible on the whole machine is used from other vaults too (EL7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Identity of the vault.
    pub vault: Id,
    /// Identity of its record there.
    pub client: Id,
}

/// Where a Connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// Defined, and nobody consented yet.
    AwaitingConsent,
    /// Tokens can be handed out.
    Ready,
    /// A person must consent again.
    NeedsConsent,
    /// The last refresh failed for now, or because of a configuration that consent cannot mend.
    Error,
    /// The Owner dropped the tokens.
    Disconnected,
}

/// Why a Connection is not ready; never holds a response body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionError {
    /// A stable word, for example `invalid_grant`.
    pub code: String,
    /// What happened, in one sentence.
    pub message: String,
    /// What the person can do.
    pub hint: String,
}

/// What the Owner consented to, of an Application, through an AuthClient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Identity of the record.
    pub id: Id,
    /// The referable key; never changes.
    pub key: Handle,
    /// Free text for people.
    pub name: String,
    /// The environment it belongs to.
    pub environment: Id,
    /// What it is for.
    pub application: Option<AppName>,
    /// The AuthClient it was made through: always there for OAuth.
    pub auth_client: Option<Address>,
    /// Key of that AuthClient where another vault keeps it: it never changes, and that vault may be locked.
    pub foreign_key: Option<Handle>,
    /// What it holds.
    pub auth_type: AuthType,
    /// Where requests go, where the application needs it said (AM4).
    pub url: Option<String>,
    /// How its value is sent (WK1).
    pub apply: Option<Apply>,
    /// Current value of a type without tokens: number from 1 and record. `None` while it is disconnected.
    pub value: Option<(u32, Id)>,
    /// Whose account the tokens are for, where the provider said so.
    pub account: Option<String>,
    /// Where it stands.
    pub state: ConnectionState,
    /// Why it is not ready, or what the last answer warned of.
    pub error: Option<ConnectionError>,
    /// Scopes asked for at the last consent.
    pub requested_scopes: Vec<String>,
    /// Additional parameters of the authorization request (EL9).
    pub params: Vec<(String, String)>,
    /// Scope as granted; absent in the answer means as requested (O-14).
    pub granted_scope: Option<String>,
    /// Lifetime of the present access token; `None` without tokens.
    pub lifetime: Option<Lifetime>,
    /// Whether something renews the tokens without a person: a refresh token, or the client's own credentials.
    pub has_refresh_token: bool,
    /// Record of the TokenSet, chosen when the Connection is made.
    pub token_set: Id,
    /// Record of the refresh intent, chosen when the Connection is made.
    pub refresh_intent: Id,
    /// Whether `@APP` means this one (AM9).
    pub default: bool,
    /// No refresh before this moment: back-off after a transient failure (O-62, O-63).
    pub retry_at: Option<Timestamp>,
    /// Transient failures in a row.
    pub failures: u32,
    /// What its provider said beside the tokens and requests need: `realmId`, `instance_url` (OA4).
    pub kept: Vec<(String, String)>,
    /// What keeping the tokens alive needs to know beside them.
    pub upkeep: Upkeep,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Identities of the records that a Connection has for as long as it lives: chosen when it is made.
#[derive(Clone, Copy, Debug)]
pub struct Records {
    /// The Connection itself.
    pub id: Id,
    /// Its TokenSet.
    pub token_set: Id,
    /// Its refresh intent.
    pub refresh_intent: Id,
}

impl Connection {
    /// One that holds nothing yet and waits for a person.
    #[must_use]
    pub fn new(records: Records, environment: Id, key: Handle, auth_type: AuthType, now: Timestamp) -> Self {
        Self {
            id: records.id,
            key,
            name: String::new(),
            environment,
            application: None,
            auth_client: None,
            foreign_key: None,
            auth_type,
            url: None,
            apply: None,
            value: None,
            account: None,
            state: ConnectionState::AwaitingConsent,
            error: None,
            requested_scopes: Vec::new(),
            params: Vec::new(),
            granted_scope: None,
            lifetime: None,
            has_refresh_token: false,
            token_set: records.token_set,
            refresh_intent: records.refresh_intent,
            default: false,
            retry_at: None,
            failures: 0,
            kept: Vec::new(),
            upkeep: Upkeep::default(),
            created_at: now,
            updated_at: now,
        }
    }
}

/// Tokens as the provider last gave them.
pub struct TokenSet {
    /// The access token.
    pub access_token: SecretValue,
    /// The refresh token, where one was given (O-54: an absent one keeps the old). An empty one, which no provider
    /// gives, stands for the client itself: it asks again by its own credentials, and nothing of this is sent (OA2).
    pub refresh_token: Option<SecretValue>,
    /// As the provider wrote it; compared without regard to case (O-67).
    pub token_type: String,
    /// Scope as granted.
    pub scope: Option<String>,
    /// When it was obtained and when it ends.
    pub lifetime: Lifetime,
    /// The raw answer, JSON bytes (O-75).
    pub raw: SecretValue,
}

/// What is written before a refresh request is sent (O-53).
pub struct RefreshIntent {
    /// Attempts since the last answer, from 1.
    pub attempt: u32,
    /// SHA-256 of the refresh token that is sent.
    pub refresh_token_digest: [u8; 32],
    /// When the request was about to be sent.
    pub started_at: Timestamp,
    /// An answer that could not be read, kept as it came.
    pub unreadable_answer: Option<SecretValue>,
}

/// When an access token was obtained and when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// When the answer arrived.
    pub obtained_at: Timestamp,
    /// When the provider stops accepting it.
    pub expires_at: Timestamp,
    /// The AuthClient's refresh window when the token was obtained, in seconds; `None` for the usual one (O-64).
    pub refresh_window: Option<u32>,
}

/// The least a token is refreshed before its end, in seconds (EL3).
const LEAST_WINDOW: u64 = 60;

/// Longest lifetime believed: one year (O-66).
pub const LONGEST_LIFETIME: Duration = Duration::from_secs(366 * 24 * 3600);

impl Lifetime {
    /// A lifetime from the provider's `expires_in`, clamped to one year (O-66).
    #[must_use]
    pub fn new(obtained_at: Timestamp, expires_in: Duration) -> Self {
        Self {
            obtained_at,
            expires_at: obtained_at.after(expires_in.min(LONGEST_LIFETIME)),
            refresh_window: None,
        }
    }

    /// The same lifetime with the AuthClient's own refresh window, in seconds.
    #[must_use]
    pub fn with_window(self, refresh_window: Option<u32>) -> Self {
        Self {
            refresh_window,
            ..self
        }
    }

    /// Whole length.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.expires_at.since(self.obtained_at)
    }

    /// What is left at `now`; zero once expired.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Duration {
        // O-70: a clock that stands before the token was obtained gives no credit beyond the whole length.
        self.expires_at.since(now).min(self.length())
    }

    /// How long before the end it is refreshed: the AuthClient's window, else max(60 s, a tenth); never more than half
    /// (O-64).
    #[must_use]
    pub fn window(&self) -> Duration {
        let length = self.length();
        let usual = || Duration::from_secs(LEAST_WINDOW).max(length / 10);
        let wanted = self
            .refresh_window
            .map(|seconds| Duration::from_secs(seconds.into()));
        wanted.unwrap_or_else(usual).min(length / 2)
    }

    /// When it becomes due: whole seconds, rounded to the earlier one.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        let window = self.window();
        let seconds = window.as_secs() + u64::from(window.subsec_nanos() > 0);
        Timestamp(
            self.expires_at
                .0
                .saturating_sub(i64::try_from(seconds).unwrap_or(i64::MAX)),
        )
    }

    /// Whether it must be refreshed now (O-64). Also true while the clock stands two minutes or more
    /// before the moment it was obtained (O-70).
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.due_at() || now.after(Duration::from_secs(120)) < self.obtained_at
    }

    /// Whether the provider no longer accepts it.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifetime(seconds: u64) -> Lifetime {
        Lifetime::new(Timestamp(1_000), Duration::from_secs(seconds))
    }

    fn check_due(seconds: u64, due_after: i64) {
        assert_eq!(
            lifetime(seconds).due_at(),
            Timestamp(1_000 + due_after),
            "lifetime {seconds}"
        );
    }

    #[test]
    fn o64_due_is_sixty_seconds_a_tenth_or_half() {
        check_due(3_600, 3_240);
        check_due(600, 540);
        check_due(300, 240);
        check_due(90, 45);
        check_due(5, 2);
        check_due(1, 0);
        check_due(0, 0);
    }

    /// EL3, O-64: Exact Online refuses a refresh more than 30 s before the end.
    #[test]
    fn o64_a_window_of_the_auth_client_counts_and_is_never_more_than_half() {
        let due_after = |seconds: u64, window: u32| {
            let lifetime = lifetime(seconds).with_window(Some(window));
            lifetime.due_at().0 - lifetime.obtained_at.0
        };
        assert_eq!(due_after(600, 30), 570);
        assert_eq!(due_after(600, 900), 300);
        assert_eq!(due_after(40, 30), 20);
        assert_eq!(due_after(600, 0), 600);
    }

    #[test]
    fn o65_what_is_handed_out_before_it_is_due_has_its_window_left() {
        for seconds in 0..5_000 {
            let lifetime = lifetime(seconds);
            for now in [
                1_000,
                1_000 + i64::try_from(seconds).unwrap() / 3,
                lifetime.due_at().0 - 1,
            ] {
                let now = Timestamp(now);
                if !lifetime.is_due(now) {
                    assert!(lifetime.left(now) >= lifetime.window(), "{seconds} at {now:?}");
                }
            }
        }
    }

    #[test]
    fn o66_a_lifetime_is_clamped_to_a_year() {
        assert_eq!(lifetime(u64::MAX).length(), LONGEST_LIFETIME);
    }

    #[test]
    fn o70_a_clock_far_before_the_token_makes_it_due() {
        assert!(lifetime(3_600).is_due(Timestamp(0)));
        assert!(!lifetime(3_600).is_due(Timestamp(950)));
    }
}
