//! Connections and tokens.

use super::{Error, Plaintext};
use serde::{Deserialize, Serialize};

/// The `connection` object of CLI.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Connection {
    /// UUID.
    pub id: String,
    /// The referable key.
    pub key: String,
    /// Free text.
    pub name: String,
    /// Name of its environment.
    pub environment: String,
    /// What it is for.
    pub application: Option<String>,
    /// Key of its AuthClient, where it has one.
    pub auth_client: Option<String>,
    /// What it holds.
    pub auth_type: AuthType,
    /// The Owner.
    pub owner: String,
    /// Whose account, where the provider said so.
    pub account: Option<String>,
    /// `awaiting_consent`, `ready`, `needs_consent`, `error`, `disconnected`.
    pub state: ConnectionState,
    /// Why it is not ready, or what to know.
    pub error: Option<ConnectionError>,
    /// Scope as granted.
    pub scope: Option<String>,
    /// RFC 3339; when the access token ends.
    pub expires_at: Option<String>,
    /// RFC 3339; when it was obtained.
    pub obtained_at: Option<String>,
    /// RFC 3339; when the background refresh takes place.
    pub next_refresh_at: Option<String>,
    /// Whether a refresh token is held.
    pub refresh_token: bool,
    /// What renews its tokens without a person; `null` where nothing does.
    pub renewed_by: Option<RenewedBy>,
    /// RFC 3339; when the refresh token ends, where the provider says so.
    pub refresh_token_expires_at: Option<String>,
    /// Where its requests go, where that was said.
    pub url: Option<String>,
    /// How its value is sent: `header:NAME`, `query:NAME`, `basic`, `body:NAME`.
    pub apply: Option<String>,
    /// Number of the current values; `null` for tokens, and while there are none.
    pub value_version: Option<u32>,
    /// Fields that its provider said beside the tokens, for references: `instance_url`, `realmId`.
    pub kept: Vec<String>,
    /// Whether `@APP` means this one.
    pub default: bool,
    /// RFC 3339.
    pub created_at: String,
}

/// What renews tokens without a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum RenewedBy {
    /// A refresh token that the provider gave.
    RefreshToken,
    /// The AuthClient's own request, by its client secret or its key.
    AuthClient,
}

/// What a Connection holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum AuthType {
    /// OAuth 2.0 tokens that are kept fresh.
    Oauth2,
    /// An OAuth 1.0a token, which has no end.
    Oauth1,
    /// A user name and a password.
    Basic,
    /// One value.
    ApiKey,
    /// A token that was made at the provider.
    AccessToken,
    /// An address alone.
    None,
}

/// Where a Connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum ConnectionState {
    /// Nobody consented yet.
    AwaitingConsent,
    /// Tokens can be handed out.
    Ready,
    /// A person must consent again.
    NeedsConsent,
    /// The last refresh failed.
    Error,
    /// The Owner dropped the tokens.
    Disconnected,
}

/// Why a Connection is not ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionError {
    /// A stable word.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// Lists Connections, by key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionList {
    /// Name of the environment.
    pub environment: String,
    /// Only those in this state.
    pub state: Option<ConnectionState>,
}

/// Names one Connection.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionShow {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
}

/// Begins a Consent: a new Connection, or the same one again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionConnect {
    /// Name of the environment.
    pub environment: String,
    /// Key of the Connection, new or existing.
    pub connection: String,
    /// Free text; default: the key.
    pub name: Option<String>,
    /// Key of the AuthClient; may be left out when exactly one is visible.
    pub auth_client: Option<String>,
    /// Scopes; default: the AuthClient's, or those asked for last.
    pub scopes: Option<Vec<String>>,
    /// Further authorization parameters, `name=value`.
    pub params: Option<Vec<String>>,
    /// Whether to open the system browser.
    pub browser: BrowserChoice,
    /// User name and password, for an AuthClient whose grant asks for them (legacy).
    pub login: Option<Login>,
    /// Give up after this many seconds (at most 600); default 300.
    pub timeout_seconds: Option<u32>,
}

/// User name and password: sent to the provider once, kept nowhere.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Login {
    /// User name.
    pub username: String,
    /// Password.
    pub password: Plaintext,
}

/// Whether a Consent opens the system browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum BrowserChoice {
    /// Open it.
    Open,
    /// Only show the link.
    Link,
}

/// Asks the provider for fresh tokens now (EL10).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionRefresh {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
}

/// The newest refreshes of a Connection, newest first, at most twenty.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionRefreshes {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
}

/// One refresh that took place, or was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct RefreshAttempt {
    /// RFC 3339.
    pub at: String,
    /// `ok`, or the word for what went wrong, as in `error.code` of the Connection.
    pub outcome: String,
    /// How long the provider took over the request, in milliseconds; `null` for one of before that was counted.
    #[cfg_attr(test, ts(type = "number | null"))]
    pub took_ms: Option<u64>,
}

/// Reports that an access token was refused: new ones are asked for at once, at most once for each token (OA14, O-76).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionInvalidate {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
    /// The access token that was refused; without it the present one is meant, unless it is only seconds old.
    pub access_token: Option<Plaintext>,
}

/// Drops the tokens, revoking them where the endpoint is known, and keeps the definition (AM6).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionDisconnect {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
}

/// Deletes Connections for good, revoking their tokens where the endpoint is known.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionDelete {
    /// Name of the environment.
    pub environment: String,
    /// Keys or ids.
    pub connections: Vec<String>,
}

/// What became of the tokens at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Disconnected {
    /// Key of the Connection.
    pub connection: String,
    /// What the provider did.
    pub revocation: Revocation,
    /// Why it could not be revoked; `null` otherwise.
    pub error: Option<Error>,
}

/// What became of tokens at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum Revocation {
    /// Revoked (RFC 7009).
    Revoked,
    /// No revocation endpoint is known: they end by themselves.
    NoEndpoint,
    /// The provider could not be reached: a host asks again until it can be (O-52).
    Queued,
    /// The provider refused: they end by themselves.
    Failed,
    /// There were none; values that had been entered were destroyed.
    NoTokens,
}

/// Asks for a fresh access token.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct TokenRequest {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
    /// Least seconds it must still live; default: what O-65 guarantees.
    pub min_ttl_seconds: Option<u32>,
}

/// The `token` object of CLI.md.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Token {
    /// The access token.
    pub access_token: Plaintext,
    /// As the provider wrote it.
    pub token_type: String,
    /// RFC 3339; `null` for a token that was entered.
    pub expires_at: Option<String>,
    /// Scope as granted.
    pub scope: Option<String>,
    /// Says that this read could not be written to the audit log (SECURITY.md L-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub notice: Option<String>,
}
