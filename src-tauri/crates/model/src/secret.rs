//! Secrets: one value under one key.

use crate::{Id, Timestamp, name::Handle};

/// A Secret's metadata; its value lives in its versions (PV3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Identity of the record.
    pub id: Id,
    /// The referable key; never changes (PV5).
    pub key: Handle,
    /// Free text for people.
    pub name: String,
    /// Free text, may hold many lines.
    pub description: String,
    /// Free words, in the order given.
    pub tags: Vec<String>,
    /// Whether faces hide the value until asked (PV2).
    pub masked: bool,
    /// The environment it belongs to.
    pub environment: Id,
    /// Number of the current value, from 1.
    pub version: u32,
    /// Record of the current value.
    pub current: Id,
    /// When it was made.
    pub created_at: Timestamp,
    /// When value or metadata last changed.
    pub updated_at: Timestamp,
    /// When it was put into the trash.
    pub deleted_at: Option<Timestamp>,
}

/// One value of a Secret, without the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Identity of the record.
    pub id: Id,
    /// From 1, in the order made.
    pub number: u32,
    /// Why this value was made.
    pub note: String,
    /// Whether the Owner declared it no longer valid.
    pub revoked: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a person says about a Secret besides its key and value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// New list of tags, replacing the old one.
    pub tags: Option<Vec<String>>,
    /// Whether faces hide the value.
    pub masked: Option<bool>,
}
