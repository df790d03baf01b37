//! Connections whose values a person enters.

use super::{AuthType, Plaintext};
use serde::{Deserialize, Serialize};

/// One value by its name: `username` and `password` of basic, `value` of an API key, `access_token`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct NamedValue {
    /// Its name.
    pub name: String,
    /// The value.
    pub value: Plaintext,
}

/// Makes a Connection of a type whose values are entered (AM7, AM8).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionCreate {
    /// Name of the environment.
    pub environment: String,
    /// The key, for ever.
    pub key: String,
    /// Default: the key.
    pub name: Option<String>,
    /// What it holds; not `oauth2`, which needs consent.
    pub auth_type: AuthType,
    /// What it is for; default: what its AuthClient is for.
    pub application: Option<String>,
    /// What people call the Application, where it is new.
    pub application_name: Option<String>,
    /// Key or id of its AuthClient, where it has one.
    pub auth_client: Option<String>,
    /// Where requests go; default: what the AuthClient says.
    pub url: Option<String>,
    /// How the value is sent: `header:NAME`, `query:NAME`, `basic`, `body:NAME` (WK1).
    pub apply: Option<String>,
    /// All values of its type.
    pub values: Vec<NamedValue>,
    /// Whether `@APP` means it from now on; the first one is meant in any case.
    pub default: Option<bool>,
}

/// Changes a Connection, or gives it new values, which connects it again where it was disconnected.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionUpdate {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
    /// Free text.
    pub name: Option<String>,
    /// Where requests go; empty for nowhere in particular.
    pub url: Option<String>,
    /// How the value is sent.
    pub apply: Option<String>,
    /// All values of its type, as a new version.
    pub values: Option<Vec<NamedValue>>,
    /// Why the values are new.
    pub note: Option<String>,
}

/// Lists the versions of its values, newest first, without values.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionHistory {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
}

/// Makes the values of an old version the current ones.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionRestore {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
    /// Number of the version.
    pub version: u32,
}

/// Reveals one value (W-08).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ConnectionReveal {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub connection: String,
    /// Name of the value.
    pub field: String,
    /// The passphrase again, where the settings ask for it (W-08).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub passphrase: Option<Plaintext>,
}
