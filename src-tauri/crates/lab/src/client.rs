//! How the server treats one registered client.

use std::time::Duration;

/// Whether refresh tokens change (RFC 9700 §4.14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The first one stays; answers hold none.
    None,
    /// At each refresh; the old one is refused from then on.
    Always,
    /// At each refresh; the one before is accepted this many seconds more.
    Grace(u64),
    /// At each refresh; an old one ends the whole family (reuse detection).
    Strict,
}

/// The member `expires_in` of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpiresIn {
    /// The true lifetime, a number.
    True,
    /// Left out.
    Absent,
    /// This JSON, whatever the truth is.
    Json(String),
}

/// What becomes of a PKCE challenge (RFC 7636).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkce {
    /// The server never looks at it.
    Ignored,
    /// Checked where there is one.
    Checked,
    /// Requests without one are refused.
    Required,
}

/// The parameter `iss` of an authorization response (RFC 9207).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Iss {
    /// Left out.
    Off,
    /// The issuer.
    On,
    /// Another issuer.
    Wrong,
}

/// What the device flow says at the next poll (RFC 8628 §3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// `authorization_pending`
    Pending,
    /// `slow_down`
    SlowDown,
    /// `access_denied`
    Denied,
    /// `expired_token`
    Expired,
}

/// Faults drawn by chance, from a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chaos {
    /// Of a hundred token requests, how many meet a fault of [`crate::Fault::every`].
    pub percent: u8,
    /// Where the chance begins.
    pub seed: u64,
}

/// A registered client and its settings. The default is a public client of an honest server with one-hour tokens.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its secret; `None` for a public client.
    pub secret: Option<String>,
    /// True lifetime of access tokens, in seconds.
    pub lifetime: u64,
    /// What answers say of it.
    pub expires_in: ExpiresIn,
    /// Whether a consent gives a refresh token.
    pub offline: bool,
    /// What becomes of it at a refresh.
    pub rotation: Rotation,
    /// Idle lifetime of refresh tokens, in seconds, said as `refresh_token_expires_in`.
    pub refresh_lifetime: Option<u64>,
    /// PKCE.
    pub pkce: Pkce,
    /// `iss`.
    pub iss: Iss,
    /// Seconds that the `Date` header is off.
    pub date_skew: i64,
    /// Time that each token request takes.
    pub latency: Duration,
    /// Scope that answers say; as requested when `None`.
    pub scope: Option<String>,
    /// What the device flow says before it says yes, in order.
    pub polls: Vec<Poll>,
    /// Faults by chance.
    pub chaos: Option<Chaos>,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            secret: None,
            lifetime: 3600,
            expires_in: ExpiresIn::True,
            offline: true,
            rotation: Rotation::Strict,
            refresh_lifetime: None,
            pkce: Pkce::Checked,
            iss: Iss::On,
            date_skew: 0,
            latency: Duration::ZERO,
            scope: None,
            polls: Vec::new(),
            chaos: None,
        }
    }
}
