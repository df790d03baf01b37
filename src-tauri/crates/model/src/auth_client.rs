//! AuthClients: how we are registered at a provider.

use crate::{
    Id, Timestamp,
    name::{AppName, Handle},
};

/// How a registration authenticates and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthClientType {
    /// OAuth 2.0 (RFC 6749).
    Oauth2,
}

/// Who may use an AuthClient (EL7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Connections of its own environment.
    Environment,
}

/// Our registration at a provider (EL4). Its client secret lives in a version of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthClient {
    /// Identity of the record.
    pub id: Id,
    /// Unique in the vault; never changes.
    pub key: Handle,
    /// Free text for people.
    pub name: String,
    /// What kind of registration this is.
    pub kind: AuthClientType,
    /// What it is for.
    pub application: Option<AppName>,
    /// Who may use it.
    pub visibility: Visibility,
    /// The environment it was made in.
    pub environment: Id,
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
    /// When it was made.
    pub created_at: Timestamp,
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
