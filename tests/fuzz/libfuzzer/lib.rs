//! The very targets that `tests/fuzz` runs on stable.

#[path = "../answers.rs"]
pub mod answers;

#[path = "../imports.rs"]
pub mod imports;

#[path = "../texts.rs"]
pub mod texts;

#[path = "../vaults.rs"]
pub mod vaults;
