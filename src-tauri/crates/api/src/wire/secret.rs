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
    /// What the Owner wants to remember about it.
    pub notes: String,
    /// From when on whoever issued the value refuses it; RFC 3339.
    pub expires_at: Option<String>,
    /// How old a value may become before it should be replaced, in seconds.
    pub rotate_every: Option<u32>,
    /// When the value is that old; RFC 3339.
    pub rotation_due_at: Option<String>,
    /// Whether the Owner wants it at hand.
    pub favourite: bool,
    /// When the current value was made; RFC 3339.
    pub value_changed_at: String,
    /// When it was put into the trash; RFC 3339.
    pub deleted_at: Option<String>,
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
    /// Words that must all occur in key, name, description, tags, notes or environment.
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
    /// What the Owner wants to remember about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub notes: Option<String>,
    /// From when on whoever issued the value refuses it; RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub expires_at: Option<String>,
    /// How old a value may become before it should be replaced, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub rotate_every: Option<u32>,
    /// Default: no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub favourite: Option<bool>,
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
    /// New notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub notes: Option<String>,
    /// New end of the value, RFC 3339; an empty text takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub expires_at: Option<String>,
    /// New time between rotations, in seconds; 0 takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub rotate_every: Option<u32>,
    /// Whether the Owner wants it at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub favourite: Option<bool>,
    /// A new value, stored with all that or not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub value: Option<Plaintext>,
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

/// Deletes Secrets: all of them or, when one is missing, none. Into the trash; what lies there already, for good.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretDelete {
    /// Name of the environment.
    pub environment: String,
    /// Keys or ids.
    pub secrets: Vec<String>,
    /// For good, wherever they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub purge: Option<bool>,
}

/// Lists the trash of an environment, newest first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretTrash {
    /// Name of the environment.
    pub environment: String,
    /// Only those after the one of this id: the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub after: Option<String>,
    /// At most so many; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub limit: Option<u32>,
}

/// Empties the trash of an environment of Secrets for good.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretEmptyTrash {
    /// Name of the environment.
    pub environment: String,
}

/// How many things are gone for good.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Purged {
    /// Their number.
    pub purged: u32,
}

/// Makes a second Secret under another key, with the metadata and the current value of the first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretDuplicate {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub secret: String,
    /// The key of the second.
    pub key: String,
}

/// Moves or copies Secrets to another environment: all of them or, when one is missing or its key is taken, none.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretMove {
    /// Name of the environment they are in.
    pub environment: String,
    /// Keys or ids.
    pub secrets: Vec<String>,
    /// Name of the environment they go to.
    pub to: String,
    /// They stay where they are, too: version 1 there is their current value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub copy: Option<bool>,
}

/// Asks whether a value is the one that is stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct SecretIsCurrent {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub secret: String,
    /// The value to compare with.
    pub value: Plaintext,
}

/// Whether two values are the same.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Sameness {
    /// Byte for byte.
    pub same: bool,
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
    /// An older value; absent: the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub version: Option<u32>,
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
