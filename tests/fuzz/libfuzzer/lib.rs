//! The very targets that `tests/fuzz` runs on stable.

#[path = "../imports.rs"]
pub mod imports;

#[path = "../targets.rs"]
pub mod targets;

#[path = "../vaults.rs"]
pub mod vaults;
