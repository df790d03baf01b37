//! Custom credentials.

use super::Plaintext;
use serde::{Deserialize, Serialize};

/// The `credential` object of CLI.md: metadata, never a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Credential {
    /// UUID.
    pub id: String,
    /// The referable key.
    pub key: String,
    /// Free text.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Name of its environment.
    pub environment: String,
    /// Whose it is.
    pub owner: String,
    /// In the Owner's order.
    pub variables: Vec<Variable>,
    /// What the Owner answered to whoever asked for it (AM13).
    pub request_status: RequestStatus,
    /// Who may have its values (AM13).
    pub access_type: AccessType,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339; when a value or anything else last changed.
    pub changed_at: String,
    /// RFC 3339; when it was put into the trash, where it still lies.
    pub deleted_at: Option<String>,
}

/// One variable of a Credential, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct Variable {
    /// UUID.
    pub id: String,
    /// The FIELD of references.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Whether faces hide the value until asked.
    pub masked: bool,
    /// Number of the current value.
    pub version: u32,
    /// Length of the current value, in bytes.
    pub bytes: u32,
    /// Name of the file that the current value was read from.
    pub file: Option<String>,
}

/// What became of a request for access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum RequestStatus {
    /// Nobody asked.
    None,
}

/// Who may have the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub enum AccessType {
    /// The Owner, nobody else.
    Owner,
}

/// Lists Credentials of an environment, by key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CredentialList {
    /// Name of the environment.
    pub environment: String,
    /// Words that must all occur in key, name, description or the variables' names.
    pub search: Option<String>,
    /// Only those whose key comes after this one: the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub after: Option<String>,
    /// At most so many; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub limit: Option<u32>,
}

/// A variable as it shall be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct VariableDraft {
    /// Its id; absent: a new one.
    pub id: Option<String>,
    /// The FIELD of references.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Whether faces hide the value.
    pub masked: bool,
    /// Its new value; absent: the one it has.
    pub value: Option<Plaintext>,
    /// Name of the file that the new value was read from.
    pub file: Option<String>,
}

/// Makes a Credential.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CredentialCreate {
    /// Name of the environment.
    pub environment: String,
    /// The key, for ever.
    pub key: String,
    /// Default: the key.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// In order; each with a value.
    pub variables: Vec<VariableDraft>,
}

/// Reads one Credential's metadata.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CredentialShow {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub credential: String,
}

/// Changes everything but the key, in one act. Fails when the Credential has a variable that is named neither in
/// `variables` nor in `removed`: it came meanwhile.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CredentialUpdate {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub credential: String,
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// All variables there shall be, in order.
    pub variables: Option<Vec<VariableDraft>>,
    /// Ids of the variables to take out.
    pub removed: Option<Vec<String>>,
}

/// Lists what lies in the trash of an environment, newest first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CredentialTrash {
    /// Name of the environment.
    pub environment: String,
}

/// Empties the trash of an environment of Credentials for good.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CredentialEmptyTrash {
    /// Name of the environment.
    pub environment: String,
}

/// Moves Credentials to the trash, and those that lie there out of it for good: all of them or, when one is missing, none.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CredentialDelete {
    /// Name of the environment.
    pub environment: String,
    /// Keys or ids.
    pub credentials: Vec<String>,
}

/// Takes a Credential out of the trash.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CredentialRestore {
    /// Name of the environment.
    pub environment: String,
    /// Key (the newest of that key in the trash) or id.
    pub credential: String,
}

/// Makes an old value of a variable the current one, also of a variable that was taken out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CredentialRestoreVersion {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub credential: String,
    /// Name or id of the variable.
    pub variable: String,
    /// The old value to store as a new version.
    pub version: u32,
}

/// Lists the versions of one variable, newest first, without values.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CredentialHistory {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub credential: String,
    /// Name or id of the variable.
    pub variable: String,
}

/// Reveals the value of one variable to the Owner; audited.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export))]
pub struct CredentialReveal {
    /// Name of the environment.
    pub environment: String,
    /// Key or id.
    pub credential: String,
    /// Name or id of the variable.
    pub variable: String,
    /// The passphrase again, where the settings ask for it (W-08).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub passphrase: Option<Plaintext>,
}
