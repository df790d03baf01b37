//! The very targets that `tests/fuzz` runs on stable.

#[path = "../targets.rs"]
pub mod targets;
