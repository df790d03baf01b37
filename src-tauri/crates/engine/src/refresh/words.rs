//! What a person reads when there is no fresh token.

use keyward_model::{
    Timestamp,
    connection::{AuthType, Connection, TokenSet},
};

use crate::{Error, Kind};

/// O-65: a token that is due is not handed out by default, even while it is still accepted; `--min-ttl` says otherwise.
pub(super) fn backing_off(
    connection: &Connection,
    tokens: &TokenSet,
    until: Timestamp,
    now: Timestamp,
) -> Error {
    let mut error = stored_error(connection);
    error.hint = format!("Keyward tries again at {}.", until.to_rfc3339());
    with_what_is_left(error, tokens, now)
}

/// O-65: how to have what the present token still lives, before what mends the failure.
pub(super) fn with_what_is_left(mut error: Error, tokens: &TokenSet, now: Timestamp) -> Error {
    let left = tokens.lifetime.left(now).as_secs();
    if left > 0 {
        error.hint = format!(
            "The present token lives {left} s more: --min-ttl 1s takes it. {}",
            error.hint
        );
    }
    error
}

pub(super) fn stored_error(connection: &Connection) -> Error {
    match &connection.error {
        Some(error) => Error::new(Kind::Provider, error.message.clone(), error.hint.clone()),
        None => Error::new(
            Kind::Provider,
            "The provider could not be asked for fresh tokens.",
            "",
        ),
    }
}

pub(super) fn too_short(connection: &Connection, tokens: &TokenSet) -> Error {
    let message = format!(
        "A fresh token of “{}” lives {} s, less than was asked for.",
        connection.key,
        tokens.lifetime.length().as_secs()
    );
    Error::new(Kind::Provider, message, "Ask for less with --min-ttl.")
}

/// O-69, EL13: places at the provider are taken by requests that have had no answer.
pub(super) fn crowded(connection: &Connection) -> Error {
    let message = format!(
        "“{}” is not refreshed: other requests to its provider have had no answer yet.",
        connection.key
    );
    Error::new(Kind::Provider, message, "Try again in a moment.")
}

/// O-63: the provider has answered nobody for a while.
pub(super) fn unreachable(connection: &Connection) -> Error {
    let message = format!(
        "“{}” is not refreshed: its provider has not answered any request lately and is asked once a minute.",
        connection.key
    );
    let hint = format!(
        "Ask it now all the same: keyward connection refresh {}",
        connection.key
    );
    Error::new(Kind::Provider, message, hint)
}

/// Another thread or process holds the lease for longer than a request takes.
pub(super) fn under_way() -> Error {
    Error::new(
        Kind::Provider,
        "Another program is refreshing this connection and has had no answer yet.",
        "Try again in a moment.",
    )
}

pub(super) fn nothing_to_refresh(connection: &Connection) -> Error {
    // RFC 5849: a token without an end, and no request that replaces it.
    if connection.auth_type == AuthType::Oauth1 {
        return Error::new(
            Kind::Invalid,
            format!(
                "The token of “{}” has no end, and nothing refreshes it.",
                connection.key
            ),
            format!("Another one: keyward connect {}", connection.key),
        );
    }
    Error::new(
        Kind::Invalid,
        format!(
            "“{}” is of type {} and has nothing to refresh.",
            connection.key,
            connection.auth_type.as_str()
        ),
        format!("New values: keyward connection update {}", connection.key),
    )
}

pub(super) fn no_refresh_token(connection: &Connection) -> Error {
    Error::new(
        Kind::NeedsConsent,
        format!("“{}” has no refresh token.", connection.key),
        "Connect it again and ask for offline access.",
    )
}

pub(super) fn changed_meanwhile(connection: &Connection) -> Error {
    let message = format!("“{}” was connected again meanwhile.", connection.key);
    Error::new(Kind::Conflict, message, "Try again.")
}

pub(super) fn no_tokens(connection: &Connection) -> Error {
    let message = format!("“{}” is not connected.", connection.key);
    Error::new(
        Kind::NeedsConsent,
        message,
        format!("Connect it: keyward connect {}", connection.key),
    )
}

pub(super) fn needs_consent(connection: &Connection) -> Error {
    let message = match &connection.error {
        Some(error) => format!("“{}” needs consent again. {}", connection.key, error.message),
        None => format!(
            "The token of “{}” has expired and there is no refresh token.",
            connection.key
        ),
    };
    Error::new(
        Kind::NeedsConsent,
        message,
        format!("Connect it again: keyward connect {}", connection.key),
    )
}

pub(super) fn no_tokens_ever(connection: &Connection) -> Error {
    Error::new(
        Kind::Invalid,
        format!(
            "“{}” is of type {} and has no tokens.",
            connection.key,
            connection.auth_type.as_str()
        ),
        format!("Its value: keyward get {}", connection.key),
    )
}
