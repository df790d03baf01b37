//! AuthClients: how we are registered at a provider.

use crate::{
    Id, Timestamp,
    apply::Apply,
    connection::AuthType,
    name::{AppName, Handle},
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

/// An OAuth 2.0 registration. Its client secret lives in a version of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oauth2 {
    /// The issuer, where it is known (RFC 8414); compared as a string (O-40).
    pub issuer: Option<String>,
    /// Metadata said `authorization_response_iss_parameter_supported` (RFC 9207): a missing `iss` is refused.
    pub issuer_in_callback: bool,
    /// Authorization endpoint.
    pub auth_uri: String,
    /// Token endpoint.
    pub token_uri: String,
    /// Revocation endpoint (RFC 7009), where known.
    pub revocation_uri: Option<String>,
    /// Lifetime assumed when an answer has no `expires_in`, in seconds (EL12).
    pub token_expires_in: u32,
    /// OAuth client id.
    pub client_id: String,
    /// Current client secret: number from 1 and record.
    pub client_secret: Option<(u32, Id)>,
    /// How the secret is sent to the token endpoint.
    pub client_authentication: ClientAuthentication,
    /// Path of the loopback redirect, starting with `/` (O-26).
    pub redirect_path: String,
    /// Further parameters of the authorization request, in order (EL9).
    pub authorize_params: Vec<(String, String)>,
    /// Scopes asked for by default.
    pub scopes: Vec<String>,
}

/// How a client authenticates at the token endpoint (RFC 6749 §2.3; O-47).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// Public client: `client_id` in the body.
    None,
    /// HTTP Basic with form-encoded id and secret.
    Basic,
    /// `client_id` and `client_secret` in the body.
    Post,
}

/// Lifetime assumed when nobody says one, in seconds (EL12).
pub const DEFAULT_TOKEN_EXPIRES_IN: u32 = 3600;

/// Redirect path of an AuthClient unless it has one of its own (O-26).
pub const DEFAULT_REDIRECT_PATH: &str = "/callback";

impl AuthClient {
    /// The OAuth 2.0 registration, where it is one.
    #[must_use]
    pub fn oauth2(&self) -> Option<&Oauth2> {
        match &self.registration {
            Registration::Oauth2(oauth2) => Some(oauth2),
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
            Self::Oauth2(_) => None,
            Self::NoAuth { url } | Self::Basic { url } | Self::ApiKey { url, .. } => url.as_deref(),
        }
    }

    /// How a value is sent, where it says so.
    #[must_use]
    pub fn apply(&self) -> Option<&Apply> {
        match self {
            Self::Oauth2(_) | Self::NoAuth { .. } => None,
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
