//! What went wrong, named for what the caller can do next.

use std::time::Duration;

use keyward_model::SecretValue;

/// Why an exchange with a provider did not succeed. Texts hold no value, token, code or response body.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It may work later: keep the tokens and back off (O-60).
    #[error("{what}")]
    Transient {
        /// What happened, in one sentence.
        what: String,
        /// The provider's `Retry-After`, between one second and one hour (O-62).
        retry_after: Option<Duration>,
        /// Whether the provider can have acted on the request.
        sent: Sent,
    },
    /// The grant is gone, for example `invalid_grant`: a person must consent again.
    #[error("the provider no longer accepts this consent: {oauth_error}")]
    Permanent {
        /// The error code of RFC 6749 §5.2 or an extension of it.
        oauth_error: String,
        /// The provider's own words: plain text without control characters, at most 300 characters.
        description: Option<String>,
    },
    /// The registration or its settings are wrong: neither waiting nor consent mends it (O-61).
    #[error("the provider does not accept this registration or its settings: {oauth_error}")]
    Config {
        /// An OAuth error code, or `http_NNN` for an answer that is not one.
        oauth_error: String,
        /// The provider's own words, as in [`Error::Permanent`].
        description: Option<String>,
    },
    /// The person or the provider said no.
    #[error("access was denied: {oauth_error}")]
    Denied {
        /// The error code, usually `access_denied`.
        oauth_error: String,
        /// The provider's own words, as in [`Error::Permanent`].
        description: Option<String>,
    },
    /// Nobody finished the consent in time (O-22).
    #[error("nobody finished the consent in time")]
    TimedOut,
    /// A 2xx answer that cannot be read; the provider may have replaced the tokens (O-53).
    #[error("the provider's answer cannot be read: {what}")]
    BadResponse {
        /// What is wrong with it.
        what: String,
        /// The body as it came, at most 256 KiB of it.
        raw: SecretValue,
    },
    /// The address of an endpoint is not acceptable (O-12).
    #[error("{0}")]
    BadEndpoint(String),
    /// A setting of the registration or the request is not acceptable.
    #[error("{0}")]
    BadParameter(String),
}

/// Whether a failed request can have reached the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// No connection came about: nothing was sent.
    No,
    /// It may have been received and acted on.
    Unknown,
    /// The provider, or something between, answered that it did not act.
    Answered,
    /// Whoever answered does not know what the provider did: it failed in the middle of it (500), or a gateway had no
    /// answer from it (502, 504, and their like).
    Undecided,
}

impl Error {
    /// A failure before anything was sent.
    pub(crate) fn unsent(what: impl Into<String>) -> Self {
        Self::Transient {
            what: what.into(),
            retry_after: None,
            sent: Sent::No,
        }
    }
}
