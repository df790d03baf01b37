//! Applications: what credentials are for.

use serde::{Deserialize, Serialize};

/// An Application, and what an environment has of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Application {
    /// What `@APP` says.
    pub key: String,
    /// Free text.
    pub name: String,
    /// Where its requests usually go.
    pub url: Option<String>,
    /// Keys of its AuthClients that are visible here.
    pub auth_clients: Vec<String>,
    /// Keys of its Connections here.
    pub connections: Vec<String>,
    /// Key of the Connection that `@APP` means here.
    pub default: Option<String>,
    /// RFC 3339.
    pub created_at: String,
}

/// Lists Applications, by key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ApplicationList {
    /// Name of the environment.
    pub environment: String,
    /// Words that must all occur in key or name.
    pub search: Option<String>,
}

/// Reads one Application.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ApplicationShow {
    /// Name of the environment.
    pub environment: String,
    /// Its key.
    pub application: String,
}

/// Changes what an Application is called and where its requests usually go; what is left out stays.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ApplicationUpdate {
    /// Name of the environment.
    pub environment: String,
    /// Its key, which never changes.
    pub application: String,
    /// Free text.
    pub name: Option<String>,
    /// Where its requests usually go; empty for nowhere in particular.
    pub url: Option<String>,
}

/// Makes a Connection the one that `@APP` means in its environment (AM9).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct ApplicationDefault {
    /// Name of the environment.
    pub environment: String,
    /// Its key.
    pub application: String,
    /// Key or id of the Connection.
    pub connection: String,
}
