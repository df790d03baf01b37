//! AuthClients: our registrations at providers.

use super::Plaintext;
use serde::{Deserialize, Serialize};

/// The `auth_client` object of CLI.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuthClient {
    /// UUID.
    pub id: String,
    /// Unique in the vault.
    pub key: String,
    /// Free text.
    pub name: String,
    /// `oauth2`, `oauth1`, `noauth`, `basic`, `api_key`.
    #[serde(rename = "type")]
    pub kind: AuthClientType,
    /// What it is for.
    pub application: Option<String>,
    /// Who may use it.
    pub visibility: Visibility,
    /// The vault that keeps it, when it is another one: it is used here, and changed there.
    pub kept_in: Option<String>,
    /// Issuer, where known.
    pub issuer: Option<String>,
    /// Authorization endpoint, where the grant has one; `null` but for oauth2 and oauth1, as all that follows up to the
    /// redirect.
    pub auth_uri: Option<String>,
    /// Token endpoint.
    pub token_uri: Option<String>,
    /// Endpoint for refreshes where it differs.
    pub refresh_token_uri: Option<String>,
    /// Revocation endpoint, where known.
    pub revocation_uri: Option<String>,
    /// Lifetime assumed when an answer says none, in seconds.
    pub token_expires_in: Option<u32>,
    /// OAuth client id.
    pub client_id: Option<String>,
    /// Whether a client secret is stored.
    pub has_client_secret: bool,
    /// How tokens are got: `authorization_code`, `device_code`, `client_credentials`, `jwt_bearer`, `password`.
    pub grant: Option<String>,
    /// How the client authenticates: `none`, `basic`, `post`, `private_key_jwt`.
    pub client_authentication: Option<String>,
    /// Where request tokens are got, of oauth1.
    pub request_token_uri: Option<String>,
    /// How requests are signed, of oauth1: `HMAC-SHA1`, `HMAC-SHA256`, `PLAINTEXT`.
    pub signature_method: Option<String>,
    /// Redirect address to register at the provider; without a port any is taken. `null` where no browser comes back.
    pub redirect: Option<String>,
    /// Where requests go, of the other types.
    pub url: Option<String>,
    /// How a value is sent: `header:NAME`, `query:NAME`, `basic`, `body:NAME`.
    pub apply: Option<String>,
    /// Scopes asked for by default.
    pub scopes: Vec<String>,
    /// Further authorization parameters, `name=value`.
    pub authorize_params: Vec<String>,
    /// Further parameters of the request for tokens, `name=value`.
    pub token_params: Vec<String>,
    /// Further parameters of a refresh, `name=value`.
    pub refresh_params: Vec<String>,
    /// Resources the tokens are for (RFC 8707).
    pub resources: Vec<String>,
    /// How long before its end a token is refreshed, in seconds; `null` for the usual tenth.
    pub refresh_window: Option<u32>,
    /// The catalogue entry it was made from.
    pub provider: Option<String>,
    /// What stands for the variables of that entry, `name=value`.
    pub provider_variables: Vec<String>,
    /// How many Connections use it.
    pub connections: u32,
    /// RFC 3339.
    pub created_at: String,
}

/// What kind of registration an AuthClient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum AuthClientType {
    /// OAuth 2.0 (RFC 6749).
    Oauth2,
    /// OAuth 1.0a (RFC 5849).
    Oauth1,
    /// An address without sign-in.
    Noauth,
    /// User name and password.
    Basic,
    /// One value.
    #[serde(rename = "api_key")]
    ApiKey,
}

/// Who may use an AuthClient (EL7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum Visibility {
    /// Its own environment.
    Environment,
    /// Its own vault.
    Vault,
    /// All vaults of one KEYWARD_HOME, while its own vault is open too.
    Machine,
}

/// Lists the AuthClients visible in an environment, newest first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuthClientList {
    /// Name of the environment.
    pub environment: String,
}

/// Reads one AuthClient.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuthClientShow {
    /// Key or id.
    pub auth_client: String,
}

/// Deletes an AuthClient that no Connection uses (EL11).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuthClientDelete {
    /// Key or id.
    pub auth_client: String,
}

/// Makes an AuthClient. Of the fields after the visibility each type has its own: oauth2 endpoints (those not given are
/// discovered from the issuer), client id and secret; the others an address and how a value is sent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuthClientCreate {
    /// Name of the environment it is visible in.
    pub environment: String,
    /// The key, for ever.
    pub key: String,
    /// Default: the key.
    pub name: Option<String>,
    /// What it is for.
    pub application: Option<String>,
    /// Default: `oauth2`.
    #[serde(rename = "type")]
    pub kind: Option<AuthClientType>,
    /// Default: `environment`.
    pub visibility: Option<Visibility>,
    /// Issuer to discover from (OpenID, then RFC 8414).
    pub issuer: Option<String>,
    /// Authorization endpoint.
    pub auth_uri: Option<String>,
    /// Token endpoint.
    pub token_uri: Option<String>,
    /// Revocation endpoint.
    pub revocation_uri: Option<String>,
    /// Endpoint for refreshes, where it is another one than the token endpoint.
    pub refresh_token_uri: Option<String>,
    /// Entry of the catalogue, which says whatever is left out.
    pub provider: Option<String>,
    /// What stands for the variables of that entry, `name=value`.
    pub variables: Option<Vec<String>>,
    /// Device authorization endpoint (RFC 8628), where no issuer names it.
    pub device_uri: Option<String>,
    /// Where request tokens are got; oauth1, whose token endpoint is that of access tokens.
    pub request_token_uri: Option<String>,
    /// How requests are signed, of oauth1: `HMAC-SHA1` (default), `HMAC-SHA256`, `PLAINTEXT`.
    pub signature_method: Option<String>,
    /// OAuth client id; left out with an issuer that registers clients, it makes one (RFC 7591).
    pub client_id: Option<String>,
    /// OAuth client secret, or the private key of a client or service account.
    pub client_secret: Option<Plaintext>,
    /// How tokens are got; default: as the provider says, else `authorization_code`.
    pub grant: Option<String>,
    /// How the client authenticates; default: as the issuer or the provider says.
    pub client_authentication: Option<String>,
    /// Where the browser comes back to: `auto`, `localhost`, `fixed:PORT/PATH`, `https[:PORT]`, `scheme[:NAME]`,
    /// `paste:ADDRESS`; default: as the provider says, else `auto`.
    pub redirect: Option<String>,
    /// Seconds assumed when an answer has no lifetime; default 3600.
    pub token_expires_in: Option<u32>,
    /// Default `/callback`.
    pub redirect_path: Option<String>,
    /// Further authorization parameters, `name=value`.
    pub authorize_params: Option<Vec<String>>,
    /// Further parameters of the request for tokens, `name=value`.
    pub token_params: Option<Vec<String>>,
    /// Further parameters of a refresh, `name=value`.
    pub refresh_params: Option<Vec<String>>,
    /// Resources the tokens are for (RFC 8707).
    pub resources: Option<Vec<String>>,
    /// How long before its end a token is refreshed, in seconds.
    pub refresh_window: Option<u32>,
    /// Scopes asked for by default.
    pub scopes: Option<Vec<String>>,
    /// Where requests go.
    pub url: Option<String>,
    /// How a value is sent: `header:NAME`, `query:NAME`, `basic`, `body:NAME`.
    pub apply: Option<String>,
}

/// Changes an AuthClient; what is left out stays (EL11).
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuthClientUpdate {
    /// Key or id.
    pub auth_client: String,
    /// Free text.
    pub name: Option<String>,
    /// Who may use it.
    pub visibility: Option<Visibility>,
    /// Not while it has Connections, as all addresses.
    pub client_id: Option<String>,
    /// Used from the very next refresh on.
    pub client_secret: Option<Plaintext>,
    /// Authorization endpoint.
    pub auth_uri: Option<String>,
    /// Token endpoint.
    pub token_uri: Option<String>,
    /// Revocation endpoint.
    pub revocation_uri: Option<String>,
    /// Endpoint for refreshes, empty for the token endpoint.
    pub refresh_token_uri: Option<String>,
    /// Seconds assumed when an answer has no lifetime.
    pub token_expires_in: Option<u32>,
    /// How tokens are got; not while it has Connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub grant: Option<String>,
    /// How the client authenticates, from the very next request on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub client_authentication: Option<String>,
    /// Where the browser comes back to; not while it has Connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub redirect: Option<String>,
    /// Path of the redirect.
    pub redirect_path: Option<String>,
    /// Further authorization parameters, `name=value`, in place of those there are.
    pub authorize_params: Option<Vec<String>>,
    /// Further parameters of the request for tokens, in place of those there are.
    pub token_params: Option<Vec<String>>,
    /// Further parameters of a refresh, in place of those there are.
    pub refresh_params: Option<Vec<String>>,
    /// Resources the tokens are for, in place of those there are.
    pub resources: Option<Vec<String>>,
    /// How long before its end a token is refreshed, in seconds: counts from the next token on.
    pub refresh_window: Option<u32>,
    /// Scopes asked for by default, in place of those there are.
    pub scopes: Option<Vec<String>>,
    /// Where requests go.
    pub url: Option<String>,
    /// How a value is sent.
    pub apply: Option<String>,
}

/// Asks an issuer for its endpoints.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct AuthClientDiscover {
    /// The issuer's address.
    pub issuer: String,
}

/// What an issuer's metadata said.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Discovered {
    /// The issuer, exactly as it names itself.
    pub issuer: String,
    /// Authorization endpoint.
    pub auth_uri: String,
    /// Token endpoint.
    pub token_uri: String,
    /// Revocation endpoint, where there is one.
    pub revocation_uri: Option<String>,
    /// Device authorization endpoint, where there is one.
    pub device_uri: Option<String>,
    /// Where its signing keys are, for ID tokens; `null` where it names none.
    pub jwks_uri: Option<String>,
    /// Whether it makes clients by itself (RFC 7591): then no client id is needed.
    pub registers_clients: bool,
    /// Whether it names itself in its answers (RFC 9207); without that a redirect path of its own is wise (O-41).
    pub names_itself: bool,
    /// What was missing, for people (O-03).
    pub warnings: Vec<String>,
}
