//! What a person reads of a consent: every way in which an answer is no, and what an answer that is yes left out.

use std::time::Duration;

use keyward_model::{
    connection::{AuthType, Connection, ConnectionError, OFFLINE_ACCESS},
    diagnosis::SCOPES_NOT_GRANTED,
};
use keyward_oauth::{callback::CallbackError, token::Answer};

use super::Plan;
use crate::{Error, Kind};

/// A token that ends with nothing to renew it by.
pub(super) fn ends_by_itself(plan: &Plan, answer: &Answer) -> bool {
    plan.auth_type() == AuthType::Oauth2 && answer.tokens.refresh_token.is_none()
}

/// AM10: says so, why, and what to do.
pub(super) fn no_refresh_token(answer: &Answer, plan: &Plan) -> ConnectionError {
    let asked = plan.scopes.iter().any(|scope| scope == OFFLINE_ACCESS);
    let (although, hint) = match asked {
        true => (
            ", although the scope offline_access was asked for",
            "Allow refresh tokens (offline access) for the app in its registration at the provider, then connect again.",
        ),
        false => (
            "",
            "Ask for offline access: the scope offline_access at most providers, access_type=offline with \
             prompt=consent at Google; then connect again.",
        ),
    };
    ConnectionError {
        code: "no_refresh_token".to_owned(),
        message: format!(
            "The provider gave no refresh token{although}: the connection ends at {}.",
            answer.tokens.lifetime.expires_at.to_rfc3339()
        ),
        hint: hint.to_owned(),
    }
}

/// O-14: what a provider left out is named once, when its tokens are stored; the grant doctor goes on telling it. What
/// ends by itself is the greater trouble, and told first.
pub(super) fn tell_scopes(connection: &mut Connection) {
    let mut missing = connection.scopes_not_granted();
    if connection.error.is_some() {
        // Told by the lack of a refresh token.
        missing.retain(|scope| *scope != OFFLINE_ACCESS);
    }
    if missing.is_empty() {
        return;
    }
    let message = format!("The provider did not grant: {}.", missing.join(" "));
    match &mut connection.error {
        Some(error) => error.message = format!("{} {message}", error.message),
        None => {
            connection.error = Some(ConnectionError {
                code: SCOPES_NOT_GRANTED.to_owned(),
                message,
                hint: "Connect again and agree to all of them, or see whether the app and the account may have them."
                    .to_owned(),
            });
        }
    }
}

/// O-33: every code of RFC 6749 §4.1.2.1 in words, and the other ways in which an answer is no.
pub(super) fn explain(refused: &CallbackError) -> Error {
    let (error, description) = match refused {
        CallbackError::Refused { error, description } => (error, description),
        CallbackError::WrongIssuer => {
            return Error::new(
                Kind::Provider,
                "The answer came from another server than the one that was asked.",
                "Check the issuer of the auth client. Somebody may be mixing up servers; nothing was sent.",
            );
        }
        CallbackError::TimedOut => {
            return Error::new(
                Kind::NeedsConsent,
                "Nobody finished the consent in time.",
                "Connect again when you can approve in the browser.",
            );
        }
        CallbackError::NotOurs(reason) => {
            return Error::internal(format!("The consent could not be waited for: {reason}."));
        }
    };
    let (kind, sentence, hint) = match error.as_str() {
        // The last two: LinkedIn, where the person went back.
        "access_denied" | "user_cancelled_login" | "user_cancelled_authorize" => (
            Kind::Denied,
            "The provider's page said no.",
            "Connect again and approve, or ask the provider's administrator to allow this application.",
        ),
        "invalid_scope" => (
            Kind::Provider,
            "The provider does not know one of the scopes.",
            "Compare the scopes with the provider's documentation.",
        ),
        "unauthorized_client" => (
            Kind::Provider,
            "The provider does not allow this client to ask this way.",
            "Register it there as a desktop or native application.",
        ),
        "invalid_request" => (
            Kind::Provider,
            "The provider found the request malformed.",
            "Compare client id, scopes and additional parameters.",
        ),
        "unsupported_response_type" => (
            Kind::Provider,
            "The provider does not offer the authorization code flow.",
            "Use another provider endpoint or registration.",
        ),
        "login_required" | "consent_required" | "interaction_required" | "account_selection_required" => (
            Kind::NeedsConsent,
            "The provider needs a person to sign in.",
            "Leave out prompt=none and connect again.",
        ),
        "redirect_uri_mismatch" | "invalid_redirect_uri" => (
            Kind::Provider,
            "The provider does not know the redirect address.",
            "Register the redirect address of the auth client at the provider, letter by letter.",
        ),
        "server_error" | "temporarily_unavailable" => (
            Kind::Provider,
            "The provider failed for now.",
            "Try again in a moment.",
        ),
        _ => (
            Kind::Provider,
            "The provider refused.",
            "Look the code up in the provider's documentation.",
        ),
    };
    let message = match description {
        Some(description) => format!("{sentence} It said: {error} ({description})."),
        None => format!("{sentence} It said: {error}."),
    };
    Error::new(kind, message, hint)
}

pub(super) fn minutes(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
