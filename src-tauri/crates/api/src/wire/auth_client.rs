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
    /// `oauth2`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is for.
    pub application: Option<String>,
    /// `environment`.
    pub visibility: String,
    /// Issuer, where known.
    pub issuer: Option<String>,
    /// Authorization endpoint.
    pub auth_uri: String,
    /// Token endpoint.
    pub token_uri: String,
    /// Endpoint for refreshes where it differs.
    pub refresh_token_uri: Option<String>,
    /// Revocation endpoint, where known.
    pub revocation_uri: Option<String>,
    /// Lifetime assumed when an answer says none, in seconds.
    pub token_expires_in: u32,
    /// OAuth client id.
    pub client_id: String,
    /// Whether a client secret is stored.
    pub has_client_secret: bool,
    /// Redirect address to register at the provider; the port is free.
    pub redirect: String,
    /// Scopes asked for by default.
    pub scopes: Vec<String>,
    /// Further authorization parameters, `name=value`.
    pub authorize_params: Vec<String>,
    /// How many Connections use it.
    pub connections: u32,
    /// RFC 3339.
    pub created_at: String,
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

/// Makes an AuthClient of type `oauth2`; endpoints not given are discovered from the issuer.
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
    /// Issuer to discover from (OpenID, then RFC 8414).
    pub issuer: Option<String>,
    /// Authorization endpoint.
    pub auth_uri: Option<String>,
    /// Token endpoint.
    pub token_uri: Option<String>,
    /// Revocation endpoint.
    pub revocation_uri: Option<String>,
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: Option<Plaintext>,
    /// Seconds assumed when an answer has no lifetime; default 3600.
    pub token_expires_in: Option<u32>,
    /// Default `/callback`.
    pub redirect_path: Option<String>,
    /// Further authorization parameters, `name=value`.
    pub authorize_params: Option<Vec<String>>,
    /// Scopes asked for by default.
    pub scopes: Option<Vec<String>>,
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
    /// What was missing, for people (O-03).
    pub warnings: Vec<String>,
}
