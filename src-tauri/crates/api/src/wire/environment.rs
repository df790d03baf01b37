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
    /// Colour of its dot: grey, blue, violet, teal, amber or pink; none: by its name.
    pub colour: Option<String>,
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

/// Changes an environment; its name cannot change, as references name it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct EnvironmentUpdate {
    /// Which.
    pub name: String,
    /// “Treat as production”.
    pub production: Option<bool>,
    /// Colour of its dot; an empty text leaves it to its name.
    pub colour: Option<String>,
}

/// Compares two environments: which keys exist where.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct EnvironmentCompare {
    /// One.
    pub first: String,
    /// The other.
    pub second: String,
    /// Only keys that come after this one: the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub after: Option<String>,
    /// At most so many; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub limit: Option<u32>,
}

/// One key in two environments, never with a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Compared {
    /// The key.
    pub key: String,
    /// What it names in the first, if anything.
    pub first: Option<ItemKind>,
    /// What it names in the second, if anything.
    pub second: Option<ItemKind>,
    /// Whether the values are the same, where both have values that can be compared.
    pub same: Option<bool>,
}

/// Kinds of things that a key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum ItemKind {
    /// One value.
    Secret,
    /// Values that belong together.
    Credential,
    /// Tokens that are kept fresh.
    Connection,
}

/// Deletes an empty environment; never the last.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct EnvironmentDelete {
    /// Which.
    pub name: String,
}
