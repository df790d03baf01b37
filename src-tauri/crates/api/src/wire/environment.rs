//! Environments.

use serde::{Deserialize, Serialize};

/// The `env` object of CLI.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Environment {
    /// Unique in the vault.
    pub name: String,
    /// “Treat as production”.
    pub production: bool,
    /// Secrets and Connections in it.
    pub items: u32,
    /// RFC 3339.
    pub created_at: String,
}

/// Lists all environments, oldest first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct EnvironmentList {}

/// Makes an environment.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct EnvironmentCreate {
    /// Lower case letters, digits and hyphens.
    pub name: String,
}

/// Deletes an empty environment; never the last.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct EnvironmentDelete {
    /// Which.
    pub name: String,
}
