//! What a failed refresh means for its Connection: pure, from the failure to the state. Tokens stay, whatever it is.

use std::time::Duration;

use keyward_model::{
    Timestamp,
    auth_client::Grant,
    connection::{Connection, ConnectionError, ConnectionState, RefreshIntent},
};
use keyward_oauth::{Error as Failure, error::Sent, grants};
use sha2::{Digest, Sha256};

/// The least pause after a transient failure, whatever the provider says: at most one failed request in ten seconds
/// (O-63).
pub(crate) const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// Pauses are drawn below a bound that begins at a second and doubles up to this (O-63: full jitter, so that those who
/// failed together do not come back together).
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// The intent that was written before the request, and the one it replaced.
pub(crate) struct Intents {
    pub(crate) before: Option<RefreshIntent>,
    pub(crate) written: RefreshIntent,
}

/// What is stored of a failure.
pub(crate) struct Verdict {
    pub(crate) state: ConnectionState,
    /// No request before then; `None` where waiting mends nothing.
    pub(crate) retry_at: Option<Timestamp>,
    /// What happened, for whoever asked and for the log.
    pub(crate) error: ConnectionError,
    /// Whether it had stopped before, for a reason that still stands: that stays stored as it is (O-61).
    pub(crate) had_stopped: bool,
    /// The intent that stands afterwards: where the outcome is in doubt, there is one (O-53).
    pub(crate) intent: Option<RefreshIntent>,
}

/// Whether the provider may have replaced the tokens although no readable answer came (O-60).
pub(crate) fn is_in_doubt(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Transient {
            sent: Sent::Unknown,
            ..
        } | Failure::BadResponse { .. }
    )
}

/// Judges a failure of what renews by this grant (O-59 to O-63).
pub(crate) fn of(
    connection: &Connection,
    grant: Grant,
    intents: Intents,
    failure: Failure,
    now: Timestamp,
) -> Verdict {
    let Intents { before, written } = intents;
    let later = |said, message, intent| passing(connection, retry_at(connection, now, said), message, intent);
    match failure {
        Failure::Permanent {
            oauth_error,
            description,
        }
        | Failure::Denied {
            oauth_error,
            description,
        } => {
            let error = match grants::needs_no_person(grant) {
                true => own_request_refused(connection, oauth_error, description),
                false => grant_ended(connection, &written, (oauth_error, description), now),
            };
            Verdict {
                state: ConnectionState::NeedsConsent,
                retry_at: None,
                error,
                had_stopped: false,
                intent: unreadable(before),
            }
        }
        Failure::Config {
            oauth_error,
            description,
        } => {
            let message = format!(
                "The provider refuses the auth client or the request: {oauth_error}{}.",
                said(description)
            );
            misconfigured(connection, oauth_error, message, unreadable(before))
        }
        // Nothing was sent: what was in doubt before still is.
        Failure::BadEndpoint(what) => {
            misconfigured(connection, "bad_endpoint".to_owned(), unsent(&what), before)
        }
        Failure::BadParameter(what) => {
            misconfigured(connection, "bad_parameter".to_owned(), unsent(&what), before)
        }
        Failure::BadResponse { what, raw } => {
            // O-53: an answer that cannot be read may hold the only copy of a new refresh token.
            let intent = RefreshIntent {
                unreadable_answer: Some(raw),
                ..written
            };
            let message = format!("The provider's answer cannot be read: {what}.");
            later(None, message, Some(intent))
        }
        Failure::Transient {
            what,
            retry_after,
            sent,
        } => {
            let message = format!("The provider could not be asked for fresh tokens: {what}.");
            let intent = match sent {
                // What was in doubt before still is.
                Sent::No | Sent::Answered => before,
                Sent::Unknown | Sent::Undecided => Some(written),
            };
            later(retry_after, message, intent)
        }
        other => {
            let message = format!("The provider could not be asked for fresh tokens: {other}.");
            later(None, message, Some(written))
        }
    }
}

/// It may work later. Asked for by the Owner: what a person must mend is not mended by a provider that cannot be
/// reached, and its reason is not replaced by one that passes (O-61).
fn passing(
    connection: &Connection,
    retry_at: Timestamp,
    message: String,
    intent: Option<RefreshIntent>,
) -> Verdict {
    let code = "temporary".to_owned();
    match connection.state {
        state @ (ConnectionState::NeedsConsent | ConnectionState::Error) => {
            let hint = format!(
                "Nothing was lost. Keyward does not try again by itself: why it had stopped before still stands. \
                 What mends it: keyward connection why {}",
                connection.key
            );
            Verdict {
                state,
                retry_at: None,
                error: error(code, message, hint),
                had_stopped: true,
                intent,
            }
        }
        _ => {
            let hint = "Keyward tries again by itself; nothing was lost.".to_owned();
            Verdict {
                state: ConnectionState::Ready,
                retry_at: Some(retry_at),
                error: error(code, message, hint),
                had_stopped: false,
                intent,
            }
        }
    }
}

/// O-59: a person consents again; the likeliest cause is told with it.
fn grant_ended(
    connection: &Connection,
    written: &RefreshIntent,
    (oauth_error, description): (String, Option<String>),
    now: Timestamp,
) -> ConnectionError {
    let ended = connection.refresh_token_expires_at().filter(|at| *at <= now);
    let cause = match ended {
        // OA9: the provider had said so.
        Some(at) => format!("its life ended at {}, as the provider had said", at.to_rfc3339()),
        // O-53: an intent was left behind, so an answer was lost.
        None if written.attempt > 1 => {
            "an earlier refresh was interrupted and its answer never arrived, or the grant was revoked"
                .to_owned()
        }
        None => "the grant was revoked, expired, or used by another program".to_owned(),
    };
    let message = format!(
        "The provider no longer accepts the refresh token: {oauth_error}{}. Probably {cause}.",
        said(description)
    );
    let hint = format!("Connect it again: keyward connect {}", connection.key);
    error(oauth_error, message, hint)
}

/// OA2: no consent of a person and no refresh token is behind such a request.
fn own_request_refused(
    connection: &Connection,
    oauth_error: String,
    description: Option<String>,
) -> ConnectionError {
    let message = format!(
        "The provider refused the auth client's own request for tokens: {oauth_error}{}.",
        said(description)
    );
    let hint = format!(
        "Compare client id, key or client secret, and what the provider allows this client; then: keyward connect {}",
        connection.key
    );
    error(oauth_error, message, hint)
}

/// O-61: neither waiting nor consent mends it; it is not tried again by itself.
fn misconfigured(
    connection: &Connection,
    code: String,
    message: String,
    intent: Option<RefreshIntent>,
) -> Verdict {
    let hint = format!(
        "Compare client id, client secret and token address, then: keyward connection refresh {}",
        connection.key
    );
    Verdict {
        state: ConnectionState::Error,
        retry_at: None,
        error: error(code, message, hint),
        had_stopped: false,
        intent,
    }
}

/// An intent with an answer in it is kept until somebody connects again.
fn unreadable(intent: Option<RefreshIntent>) -> Option<RefreshIntent> {
    intent.filter(|intent| intent.unreadable_answer.is_some())
}

fn unsent(what: &str) -> String {
    format!("The request for fresh tokens cannot be made: {what}.")
}

fn said(description: Option<String>) -> String {
    description.map_or_else(String::new, |text| format!(" ({text})"))
}

fn error(code: String, message: String, hint: String) -> ConnectionError {
    ConnectionError { code, message, hint }
}

/// O-62, O-63: what the provider says, else a pause by chance below a bound that doubles; never less than the least.
fn retry_at(connection: &Connection, now: Timestamp, said: Option<Duration>) -> Timestamp {
    let bound = Duration::from_secs(1 << connection.failures.min(16)).min(LONGEST_PAUSE);
    now.after(
        said.unwrap_or_else(|| drawn(connection, now, bound))
            .max(FIRST_PAUSE),
    )
}

/// Evenly from nothing to `bound`: of what differs between Connections, failures and moments, through a digest. It
/// need not be secret, only uneven.
fn drawn(connection: &Connection, now: Timestamp, bound: Duration) -> Duration {
    let mut digest = Sha256::new();
    digest.update(connection.id.as_bytes());
    digest.update(connection.failures.to_be_bytes());
    digest.update(now.seconds().to_be_bytes());
    let [a, b, c, d, ..] = <[u8; 32]>::from(digest.finalize());
    let share = f64::from(u32::from_be_bytes([a, b, c, d])) / f64::from(u32::MAX);
    bound.mul_f64(share)
}
