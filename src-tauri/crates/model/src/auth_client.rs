//! AuthClients: how we are registered at a provider.

use crate::{
    Id, Timestamp,
    apply::Apply,
    connection::AuthType,
    dialect::Dialect,
    name::{AppName, Handle},
    words::words,
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
mod tests {
    use super::*;

    fn id(byte: u8) -> Id {
        Id::from_bytes([byte; 16])
    }

    fn oauth2() -> Oauth2 {
        Oauth2::new(
            "https://as.example/a".to_owned(),
            "https://as.example/t".to_owned(),
            "client-1".to_owned(),
        )
    }

    fn client(registration: Registration) -> AuthClient {
        AuthClient {
            id: id(1),
            key: Handle::parse("CLIENT").unwrap(),
            name: "Client".to_owned(),
            application: None,
            visibility: Visibility::Environment,
            environment: id(2),
            registration,
            created_at: Timestamp(0),
        }
    }

    /// EL4: refreshes have an address of their own where the registration says one.
    #[test]
    fn el4_where_a_refresh_goes() {
        let mut oauth2 = oauth2();
        assert_eq!(oauth2.refresh_uri(), "https://as.example/t");
        oauth2.refresh_token_uri = Some("https://as.example/r".to_owned());
        assert_eq!(oauth2.refresh_uri(), "https://as.example/r");
    }

    /// EL7: an AuthClient of one environment is seen in no other; wider ones are seen in all.
    #[test]
    fn el7_visibility() {
        let mut client = client(Registration::Oauth2(Box::new(oauth2())));
        assert!(client.is_visible_in(id(2)) && !client.is_visible_in(id(3)));
        for wide in [Visibility::Vault, Visibility::Machine] {
            client.visibility = wide;
            assert!(
                client.is_visible_in(id(2)) && client.is_visible_in(id(3)),
                "{wide:?}"
            );
        }
        let words = [Visibility::Environment, Visibility::Vault, Visibility::Machine].map(Visibility::as_str);
        assert_eq!(words, ["environment", "vault", "machine"]);
    }

    /// EL4: each type serves the Connections of its kind alone, and says its own word, address and way of sending.
    #[test]
    fn el4_what_each_type_serves() {
        let url = || Some("https://api.example".to_owned());
        let header = Apply::Header("X-Key".to_owned());
        let oauth1 = Oauth1 {
            request_uri: String::new(),
            authorize_uri: String::new(),
            access_uri: String::new(),
            consumer_key: String::new(),
            client_secret: Some((3, id(9))),
            signature: Signature::default(),
            redirect: Redirect::default(),
            redirect_path: DEFAULT_REDIRECT_PATH.to_owned(),
            authorize_params: Vec::new(),
        };
        let api_key = Registration::ApiKey {
            url: url(),
            apply: header.clone(),
        };
        let all = [
            (
                Registration::Oauth2(Box::new(oauth2())),
                "oauth2",
                vec![AuthType::Oauth2],
                None,
            ),
            (
                Registration::Oauth1(Box::new(oauth1)),
                "oauth1",
                vec![AuthType::Oauth1],
                None,
            ),
            (
                Registration::NoAuth { url: url() },
                "noauth",
                vec![AuthType::None],
                None,
            ),
            (
                Registration::Basic { url: url() },
                "basic",
                vec![AuthType::Basic],
                Some(Apply::Basic),
            ),
            (
                api_key,
                "api_key",
                vec![AuthType::ApiKey, AuthType::AccessToken],
                Some(header),
            ),
        ];
        let types = [
            AuthType::Oauth2,
            AuthType::Oauth1,
            AuthType::None,
            AuthType::Basic,
            AuthType::ApiKey,
            AuthType::AccessToken,
        ];
        for (registration, word, served, apply) in all {
            assert_eq!(registration.kind(), word);
            for auth_type in types {
                let expect = served.contains(&auth_type);
                assert_eq!(registration.serves(auth_type), expect, "{word}, {auth_type:?}");
            }
            assert_eq!(registration.apply(), apply.as_ref(), "{word}");
            let is_oauth = word.starts_with("oauth");
            assert_eq!(registration.url().is_none(), is_oauth, "{word}");
            let client = client(registration);
            assert_eq!(
                (client.oauth2().is_some(), client.oauth1().is_some()),
                (word == "oauth2", word == "oauth1")
            );
            let secret = (word == "oauth1").then_some((3, id(9)));
            assert_eq!(client.client_secret(), secret, "{word}");
        }
    }
}
