//! Which Connections need a person, and which of them first (OA13).

use super::{AuthType, Connection, ConnectionState};
use crate::Timestamp;

/// How much a Connection needs a person: the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Nothing can be handed out until a person consents.
    Dead,
    /// It works, and ends soon unless a person consents.
    Ending,
    /// It never worked: somebody planned it.
    Planned,
}

impl Connection {
    /// Whether a person must consent, as far as its state says so, and since or until when: the end of what is dead,
    /// the coming end of what is ending, the day a planned one was made. `now` is the [`Connection::token_clock`].
    ///
    /// [`ConnectionState::Error`] says nothing of it: only its cause tells a consent from a correction. What the Owner
    /// disconnected needs nobody.
    #[must_use]
    pub fn wants_person(&self, now: Timestamp) -> Option<(Urgency, Timestamp)> {
        if !matches!(self.auth_type, AuthType::Oauth2 | AuthType::Oauth1) {
            return None;
        }
        match self.state {
            ConnectionState::NeedsConsent => Some((Urgency::Dead, self.updated_at)),
            ConnectionState::AwaitingConsent => Some((Urgency::Planned, self.created_at)),
            ConnectionState::Error | ConnectionState::Disconnected => None,
            ConnectionState::Ready => match (self.consent_ends_at(now), self.lifetime) {
                (Some(at), _) if at <= now => Some((Urgency::Dead, at)),
                (Some(at), _) => Some((Urgency::Ending, at)),
                // Nothing renews it (AM10). It is in the queue once a refresh would be due, not from its first minute:
                // who has just consented is not asked again at once.
                (None, Some(lifetime)) if !self.has_refresh_token && lifetime.is_expired(now) => {
                    Some((Urgency::Dead, lifetime.expires_at))
                }
                (None, Some(lifetime)) if !self.has_refresh_token && lifetime.is_due(now) => {
                    Some((Urgency::Ending, lifetime.expires_at))
                }
                _ => None,
            },
        }
    }

    /// The account that a consent should be given with, where the one who planned it said so: what the authorization
    /// request tells the provider as `login_hint` (OIDC Core §3.1.2.1).
    #[must_use]
    pub fn login_hint(&self) -> Option<&str> {
        self.params
            .iter()
            .find_map(|(name, value)| (name == LOGIN_HINT).then_some(value.as_str()))
    }
}

/// Name of that parameter.
pub const LOGIN_HINT: &str = "login_hint";
