//! AuthClients: how we are registered at a provider.

mod oauth;

use crate::{
    Id, Timestamp,
    apply::Apply,
    connection::AuthType,
    name::{AppName, Handle},
};

pub use oauth::{
    ClientAuthentication, DEFAULT_REDIRECT_PATH, DEFAULT_TOKEN_EXPIRES_IN, Grant, LoopbackHost, Oauth1,
    Oauth2, Origin, Pushed, Redirect, Signature,
};

/// Our registration at a provider (EL4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthClient {
    /// Identity of the record.
    pub id: Id,
    /// Unique in the vault; never changes.
    pub key: Handle,
    /// Free text for people.
    pub name: String,
    /// What it is for.
    pub application: Option<AppName>,
    /// Who may use it.
    pub visibility: Visibility,
    /// The environment it was made in.
    pub environment: Id,
    /// What kind of registration this is, and what it consists of.
    pub registration: Registration,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Who may use an AuthClient (EL7). Its client secret is read only in the vault that owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Connections of its own environment.
    Environment,
    /// Connections of its own vault.
    Vault,
    /// Connections of all vaults of one KEYWARD_HOME, while its own vault is open too.
    Machine,
}

/// What a registration consists of (EL4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// OAuth 2.0 (RFC 6749).
    Oauth2(Box<Oauth2>),
    /// OAuth 1.0a (RFC 5849).
    Oauth1(Box<Oauth1>),
    /// An address that asks for no sign-in.
    NoAuth {
        /// Where requests go.
        url: Option<String>,
    },
    /// User name and password (RFC 7617).
    Basic {
        /// Where requests go.
        url: Option<String>,
    },
    /// One value, sent with each request.
    ApiKey {
        /// Where requests go.
        url: Option<String>,
        /// How the value is sent.
        apply: Apply,
    },
}

impl AuthClient {
    /// The OAuth 2.0 registration, where it is one.
    #[must_use]
    pub fn oauth2(&self) -> Option<&Oauth2> {
        match &self.registration {
            Registration::Oauth2(oauth2) => Some(oauth2),
            Registration::Oauth1(_)
            | Registration::NoAuth { .. }
            | Registration::Basic { .. }
            | Registration::ApiKey { .. } => None,
        }
    }

    /// The OAuth 1.0a registration, where it is one.
    #[must_use]
    pub fn oauth1(&self) -> Option<&Oauth1> {
        match &self.registration {
            Registration::Oauth1(oauth1) => Some(oauth1),
            _ => None,
        }
    }

    /// Number and record of the present client secret or consumer secret.
    #[must_use]
    pub fn client_secret(&self) -> Option<(u32, Id)> {
        match &self.registration {
            Registration::Oauth2(oauth2) => oauth2.client_secret,
            Registration::Oauth1(oauth1) => oauth1.client_secret,
            Registration::NoAuth { .. } | Registration::Basic { .. } | Registration::ApiKey { .. } => None,
        }
    }

    /// Whether it may be used in this environment of its own vault (EL7).
    #[must_use]
    pub fn is_visible_in(&self, environment: Id) -> bool {
        match self.visibility {
            Visibility::Environment => self.environment == environment,
            Visibility::Vault | Visibility::Machine => true,
        }
    }
}

impl Registration {
    /// The word for it in commands and documents.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Oauth2(_) => "oauth2",
            Self::Oauth1(_) => "oauth1",
            Self::NoAuth { .. } => "noauth",
            Self::Basic { .. } => "basic",
            Self::ApiKey { .. } => "api_key",
        }
    }

    /// Whether Connections of this type can be made through it.
    #[must_use]
    pub fn serves(&self, auth_type: AuthType) -> bool {
        match self {
            Self::Oauth2(_) => auth_type == AuthType::Oauth2,
            Self::Oauth1(_) => auth_type == AuthType::Oauth1,
            Self::NoAuth { .. } => auth_type == AuthType::None,
            Self::Basic { .. } => auth_type == AuthType::Basic,
            // A token that somebody made at the provider is sent as a key is: one value.
            Self::ApiKey { .. } => matches!(auth_type, AuthType::ApiKey | AuthType::AccessToken),
        }
    }

    /// Where requests go, where it says so.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Oauth2(_) | Self::Oauth1(_) => None,
            Self::NoAuth { url } | Self::Basic { url } | Self::ApiKey { url, .. } => url.as_deref(),
        }
    }

    /// How a value is sent, where it says so.
    #[must_use]
    pub fn apply(&self) -> Option<&Apply> {
        match self {
            Self::Oauth2(_) | Self::Oauth1(_) | Self::NoAuth { .. } => None,
            Self::Basic { .. } => Some(&Apply::Basic),
            Self::ApiKey { apply, .. } => Some(apply),
        }
    }
}

impl Visibility {
    /// The word for it in commands and documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Vault => "vault",
            Self::Machine => "machine",
        }
    }
}

#[cfg(test)]
mod tests;
