//! Registrations at providers that give tokens: OAuth 2.0 and 1.0a, and what each of them chooses.

use crate::{Id, Timestamp, dialect::Dialect, words::words};

/// An OAuth 2.0 registration. Its client secret lives in a version of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oauth2 {
    /// The issuer, where it is known (RFC 8414); compared as a string (O-40).
    pub issuer: Option<String>,
    /// Metadata said `authorization_response_iss_parameter_supported` (RFC 9207): a missing `iss` is refused.
    pub issuer_in_callback: bool,
    /// Authorization endpoint; may be empty where the grant has no use for one (RFC 6749 §3.1).
    pub auth_uri: String,
    /// Token endpoint.
    pub token_uri: String,
    /// Endpoint for refreshes, where it is another one than the token endpoint (EL4).
    pub refresh_token_uri: Option<String>,
    /// Revocation endpoint (RFC 7009), where known.
    pub revocation_uri: Option<String>,
    /// Introspection endpoint (RFC 7662), where known.
    pub introspection_uri: Option<String>,
    /// Device authorization endpoint (RFC 8628), where known.
    pub device_uri: Option<String>,
    /// Pushed authorization requests (RFC 9126), where they are taken or asked for.
    pub pushed: Option<Pushed>,
    /// Where the keys of ID tokens are (OpenID Connect Discovery), where known.
    pub jwks_uri: Option<String>,
    /// Lifetime assumed when an answer has no `expires_in`, in seconds (EL12).
    pub token_expires_in: u32,
    /// OAuth client id.
    pub client_id: String,
    /// Current client secret: number from 1 and record.
    pub client_secret: Option<(u32, Id)>,
    /// When it ends, where the provider made it and said so (RFC 7591 §3.2.1).
    pub client_secret_expires_at: Option<Timestamp>,
    /// How the secret is sent to the token endpoint.
    pub client_authentication: ClientAuthentication,
    /// How tokens are got.
    pub grant: Grant,
    /// Where the browser comes back to (OA1).
    pub redirect: Redirect,
    /// Path of the redirect, starting with `/` (O-26).
    pub redirect_path: String,
    /// Further parameters of the authorization request, in order (EL9).
    pub authorize_params: Vec<(String, String)>,
    /// Further parameters of the request for tokens, in order (EL9).
    pub token_params: Vec<(String, String)>,
    /// Further parameters of a refresh, in order (EL9).
    pub refresh_params: Vec<(String, String)>,
    /// Resources the tokens are for (RFC 8707), sent with every request (O-15).
    pub resources: Vec<String>,
    /// Scopes asked for by default.
    pub scopes: Vec<String>,
    /// How long before its end a token is refreshed, in seconds; `None` as O-64 says.
    pub refresh_window: Option<u32>,
    /// The catalogue entry it was made from, and what stands for the variables of its addresses.
    pub provider: Option<Origin>,
    /// What the provider does its own way.
    pub dialect: Dialect,
}

/// An OAuth 1.0a registration (RFC 5849). Its consumer secret lives in a version of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oauth1 {
    /// Where a request token is got (RFC 5849 §2.1).
    pub request_uri: String,
    /// Where the person agrees (§2.2).
    pub authorize_uri: String,
    /// Where the request token becomes an access token (§2.3).
    pub access_uri: String,
    /// The consumer key.
    pub consumer_key: String,
    /// Current consumer secret: number from 1 and record.
    pub client_secret: Option<(u32, Id)>,
    /// How requests are signed.
    pub signature: Signature,
    /// Where the browser comes back to (OA1).
    pub redirect: Redirect,
    /// Path of the redirect, starting with `/` (O-26).
    pub redirect_path: String,
    /// Further parameters of the address where the person agrees, in order (EL9).
    pub authorize_params: Vec<(String, String)>,
}

/// How OAuth 1.0a requests are signed (RFC 5849 §3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signature {
    /// `HMAC-SHA1`, what nearly all take.
    #[default]
    HmacSha1,
    /// `HMAC-SHA256`, beyond the RFC: NetSuite and few others.
    HmacSha256,
    /// `PLAINTEXT`: the secrets themselves, over https alone.
    Plaintext,
}

/// The catalogue entry that an AuthClient was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its id, for example `github`.
    pub id: String,
    /// Variable and value, in the entry's order.
    pub variables: Vec<(String, String)>,
}

/// How tokens are got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grant {
    /// Authorization code with PKCE (RFC 6749 §4.1, RFC 7636).
    #[default]
    AuthorizationCode,
    /// A code that is typed in on another device (RFC 8628).
    DeviceCode,
    /// The client itself, without a person (RFC 6749 §4.4).
    ClientCredentials,
    /// An assertion signed with the client's key (RFC 7523 §2.1), for example of a service account.
    JwtBearer,
    /// User name and password (RFC 6749 §4.3): legacy, off unless asked for, and warned of.
    Password,
}

/// Where the browser comes back to (OA1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Redirect {
    /// A free port of 127.0.0.1, or of `[::1]` (O-09, O-10).
    #[default]
    Free,
    /// A free port of the name `localhost`, for providers that take no address.
    FreeLocalhost,
    /// A fixed port, for providers that compare it.
    Fixed {
        /// The host as it is registered.
        host: LoopbackHost,
        /// The port.
        port: u16,
    },
    /// https on a fixed port of `localhost`, with a certificate of this machine's own.
    Https {
        /// The port.
        port: u16,
    },
    /// A custom scheme that the app answers to, without `://`.
    Scheme(String),
    /// An address elsewhere; the person pastes where the browser ended (O-36).
    Paste(String),
}

/// A name for this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopbackHost {
    /// `127.0.0.1`
    V4,
    /// `[::1]`
    V6,
    /// `localhost`
    Name,
}

/// Pushed authorization requests (RFC 9126).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// The endpoint.
    pub uri: String,
    /// Whether the provider takes no other.
    pub is_required: bool,
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
    /// An assertion signed with the client's key (RFC 7523 §2.2); the key is kept as the client secret.
    PrivateKeyJwt,
}

words!(Grant {
    AuthorizationCode = "authorization_code",
    DeviceCode = "device_code",
    ClientCredentials = "client_credentials",
    JwtBearer = "jwt_bearer",
    Password = "password",
});
words!(Signature {
    HmacSha1 = "HMAC-SHA1",
    HmacSha256 = "HMAC-SHA256",
    Plaintext = "PLAINTEXT",
});
words!(ClientAuthentication {
    None = "none",
    Basic = "basic",
    Post = "post",
    PrivateKeyJwt = "private_key_jwt",
});

/// Lifetime assumed when nobody says one, in seconds (EL12).
pub const DEFAULT_TOKEN_EXPIRES_IN: u32 = 3600;

/// Redirect path of an AuthClient unless it has one of its own (O-26).
pub const DEFAULT_REDIRECT_PATH: &str = "/callback";

impl Oauth2 {
    /// Where refreshes go.
    #[must_use]
    pub fn refresh_uri(&self) -> &str {
        self.refresh_token_uri.as_deref().unwrap_or(&self.token_uri)
    }

    /// A registration with these endpoints, and nothing said about anything else.
    #[must_use]
    pub fn new(auth_uri: String, token_uri: String, client_id: String) -> Self {
        Self {
            issuer: None,
            issuer_in_callback: false,
            auth_uri,
            token_uri,
            refresh_token_uri: None,
            revocation_uri: None,
            introspection_uri: None,
            device_uri: None,
            pushed: None,
            jwks_uri: None,
            token_expires_in: DEFAULT_TOKEN_EXPIRES_IN,
            client_id,
            client_secret: None,
            client_secret_expires_at: None,
            client_authentication: ClientAuthentication::None,
            grant: Grant::default(),
            redirect: Redirect::default(),
            redirect_path: DEFAULT_REDIRECT_PATH.to_owned(),
            authorize_params: Vec::new(),
            token_params: Vec::new(),
            refresh_params: Vec::new(),
            resources: Vec::new(),
            scopes: Vec::new(),
            refresh_window: None,
            provider: None,
            dialect: Dialect::default(),
        }
    }
}
