//! Applications: what credentials are for.

use crate::{Id, Timestamp, name::AppName};

/// An Application: made when something is first said to be for it, gone with the last that is (AM5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Identity of the record.
    pub id: Id,
    /// Unique in the vault; what `@APP` says.
    pub key: AppName,
    /// Free text for people; can be changed.
    pub name: String,
    /// Where its requests usually go: proposed for the next credential.
    pub url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}
