//! Environments: named scopes inside a vault.

use crate::{Id, Timestamp, name::EnvironmentName};

/// The environment every new vault has.
pub const DEFAULT_ENVIRONMENT: &str = "default";

/// A named scope inside a vault; a Handle is unique within one (PV1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Identity of the record.
    pub id: Id,
    /// Unique in the vault.
    pub name: EnvironmentName,
    /// “Treat as production”: the window shows the red strip.
    pub production: bool,
    /// When it was made.
    pub created_at: Timestamp,
}
