//! Secrets.

use super::Plaintext;
use serde::{Deserialize, Serialize};

/// The `secret` object of CLI.md: metadata, never the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Secret {
    /// UUID.
    pub id: String,
    /// The referable key.
    pub key: String,
    /// Free text.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Free words.
    pub tags: Vec<String>,
    /// Whether faces hide the value until asked.
    pub masked: bool,
    /// Name of its environment.
    pub environment: String,
    /// Number of the current value.
    pub version: u32,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// The `version` object of CLI.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Version {
    /// From 1.
    pub number: u32,
    /// Why it was made.
    pub note: String,
    /// Whether it is the current value.
    pub current: bool,
    /// Whether the Owner declared it no longer valid.
    pub revoked: bool,
    /// RFC 3339.
    pub created_at: String,
}

/// Lists Secrets of an environment, by key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretList {
    /// Name of the environment.
    pub environment: String,
    /// Words that must all occur in key, name, description or tags.
    pub search: Option<String>,
    /// A tag they must have.
    pub tag: Option<String>,
    /// Only those whose key comes after this one: the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub after: Option<String>,
    /// At most so many; absent: all. Over the socket a page has at most 1 000 (SECURITY.md §b.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub limit: Option<u32>,
}

/// Makes a Secret.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretCreate {
    /// Name of the environment.
    pub environment: String,
    /// The key, for ever.
    pub key: String,
    /// Default: the key.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Free words.
    pub tags: Option<Vec<String>>,
    /// Default: masked.
    pub masked: Option<bool>,
    /// The value.
    pub value: Plaintext,
}

/// Fails when a new Secret could not have this key: invalid or taken.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretCheckKey {
    /// Name of the environment.
    pub environment: String,
    /// The key wanted.
    pub key: String,
}

/// Reads one Secret's metadata.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretShow {
    /// Name of the environment.
    pub environment: String,
    /// Key or id (PV4).
    pub secret: String,
}

/// Changes metadata; the key cannot change (PV5).
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretUpdate {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub secret: String,
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// New tags, replacing the old.
    pub tags: Option<Vec<String>>,
    /// Whether faces hide the value.
    pub masked: Option<bool>,
}

/// Stores a new value as a new version.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretSetValue {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub secret: String,
    /// The new value.
    pub value: Plaintext,
    /// Why.
    pub note: Option<String>,
}

/// Moves Secrets to the trash: all of them or, when one is missing, none.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretDelete {
    /// Name of the environment.
    pub environment: String,
    /// Keys or ids.
    pub secrets: Vec<String>,
}

/// Takes a Secret out of the trash, or makes an old value the current one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretRestore {
    /// Name of the environment.
    pub environment: String,
    /// Key (the newest of that key in the trash) or id.
    pub secret: String,
    /// The old value to store as a new version.
    pub version: Option<u32>,
}

/// Lists the versions of a Secret, newest first, without values.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretHistory {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub secret: String,
}

/// Reveals one value to the Owner; audited.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretReveal {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub secret: String,
    /// The passphrase again, where the settings ask for it (W-08).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub passphrase: Option<Plaintext>,
}

/// A value, revealed.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Revealed {
    /// The value.
    pub value: Plaintext,
    /// Says that this read could not be written to the audit log (SECURITY.md L-10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub notice: Option<String>,
}
