//! What a Connection holds, and what its values are called.

use thiserror::Error;

use crate::{SecretValue, apply::Apply, value::MAX_VALUE_BYTES};

/// What a Connection holds (AM7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthType {
    /// OAuth 2.0 tokens that we keep fresh.
    Oauth2,
    /// An OAuth 1.0a token (RFC 5849): it has no end and is never refreshed.
    Oauth1,
    /// A user name and a password (RFC 7617).
    Basic,
    /// One value.
    ApiKey,
    /// A token that was made at the provider and does not refresh.
    AccessToken,
    /// An address alone.
    None,
}

impl AuthType {
    /// Every type, in the order that faces offer them.
    pub const ALL: [Self; 6] = [
        Self::Oauth2,
        Self::Oauth1,
        Self::AccessToken,
        Self::ApiKey,
        Self::Basic,
        Self::None,
    ];

    /// The word for it in commands and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oauth2 => "oauth2",
            Self::Oauth1 => "oauth1",
            Self::Basic => "basic",
            Self::ApiKey => "api_key",
            Self::AccessToken => "access_token",
            Self::None => "none",
        }
    }

    /// Reads that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// The values that a person enters for it, in order; none for types that get tokens or need nothing.
    #[must_use]
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Self::Oauth2 | Self::Oauth1 | Self::None => &[],
            Self::Basic => &["username", "password"],
            Self::ApiKey => &["value"],
            Self::AccessToken => &["access_token"],
        }
    }

    /// Whether a Reference may name this field of a value that was entered (CLI.md, FIELD).
    #[must_use]
    pub fn has_field(self, field: &str) -> bool {
        // An access token is a value like a key's as well.
        self.values().contains(&field) || self == Self::AccessToken && field == "value"
    }

    /// How its value is sent unless somebody says otherwise; `None` where there is no value of ours to send.
    #[must_use]
    pub fn usual_apply(self) -> Option<Apply> {
        match self {
            Self::Oauth2 | Self::Oauth1 | Self::None => None,
            Self::Basic => Some(Apply::Basic),
            Self::ApiKey => Some(Apply::Header("X-API-Key".to_owned())),
            Self::AccessToken => Some(Apply::Header("Authorization".to_owned())),
        }
    }

    /// Whether its value can be sent like this.
    #[must_use]
    pub fn allows(self, apply: &Apply) -> bool {
        match self {
            Self::Oauth2 | Self::Oauth1 | Self::None => false,
            // Two values have no single name.
            Self::Basic => *apply == Apply::Basic,
            Self::ApiKey | Self::AccessToken => true,
        }
    }
}

/// User name and password, stored as one value: `user-id ":" password` (RFC 7617 §2).
pub struct UserPass {
    /// May be empty; holds no colon and no control characters.
    pub username: SecretValue,
    /// Any bytes without control characters.
    pub password: SecretValue,
}

/// Why a user name and a password are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ValuesError {
    /// RFC 7617 §2: the first colon ends the user name.
    #[error("a user name cannot hold a colon (RFC 7617)")]
    Colon,
    /// RFC 7617 §2: neither may hold control characters.
    #[error("user name and password cannot hold control characters (RFC 7617)")]
    Control,
    /// Together they are one value.
    #[error("user name and password together may have up to 1 MiB")]
    TooLong,
}

impl UserPass {
    /// The two as one value.
    ///
    /// # Errors
    /// [`ValuesError`]; no part of a value is in it.
    pub fn join(&self) -> Result<SecretValue, ValuesError> {
        let (username, password) = (self.username.expose(), self.password.expose());
        if username.contains(&b':') {
            return Err(ValuesError::Colon);
        }
        if username.iter().chain(password).any(u8::is_ascii_control) {
            return Err(ValuesError::Control);
        }
        if username.len() + 1 + password.len() > MAX_VALUE_BYTES {
            return Err(ValuesError::TooLong);
        }
        Ok(SecretValue::new([username, b":", password].concat()))
    }

    /// The two out of what was stored; `None` without a colon.
    #[must_use]
    pub fn split(value: &SecretValue) -> Option<Self> {
        let bytes = value.expose();
        let colon = bytes.iter().position(|byte| *byte == b':')?;
        let part = |part: &[u8]| SecretValue::new(part.to_vec());
        Some(Self {
            username: part(&bytes[..colon]),
            password: part(&bytes[colon + 1..]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(username: &str, password: &str) -> UserPass {
        UserPass {
            username: SecretValue::from(username),
            password: SecretValue::from(password),
        }
    }

    #[test]
    fn am7_a_user_name_and_a_password_are_one_value_and_two_again() {
        for (username, password) in [("ada", "se:cr:et"), ("", "x"), ("ada", ""), ("grüße", "pä ss")] {
            let joined = pair(username, password).join().unwrap();
            let back = UserPass::split(&joined).unwrap();
            assert_eq!(back.username.expose_text(), Some(username));
            assert_eq!(back.password.expose_text(), Some(password));
        }
        assert!(UserPass::split(&SecretValue::from("no colon")).is_none());
    }

    #[test]
    fn am7_what_basic_cannot_carry_is_refused() {
        assert_eq!(pair("a:b", "x").join().err(), Some(ValuesError::Colon));
        assert_eq!(pair("a\n", "x").join().err(), Some(ValuesError::Control));
        assert_eq!(pair("a", "x\0").join().err(), Some(ValuesError::Control));
        assert_eq!(
            pair("a", &"x".repeat(MAX_VALUE_BYTES - 1)).join().err(),
            Some(ValuesError::TooLong)
        );
    }

    #[test]
    fn am7_every_type_has_its_word_and_its_fields() {
        for auth_type in AuthType::ALL {
            assert_eq!(AuthType::parse(auth_type.as_str()), Some(auth_type));
            for field in auth_type.values() {
                assert!(auth_type.has_field(field), "{field}");
            }
            assert!(
                auth_type
                    .usual_apply()
                    .is_none_or(|apply| auth_type.allows(&apply))
            );
        }
        assert!(AuthType::AccessToken.has_field("value"));
        assert!(!AuthType::ApiKey.has_field("access_token"));
        assert!(!AuthType::Basic.allows(&Apply::Header("X-Key".to_owned())));
        assert_eq!(AuthType::parse("oauth3"), None);
    }
}
