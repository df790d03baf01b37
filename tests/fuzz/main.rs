//! R-40 in small: hostile bytes for everything that reads bytes of others. Each target runs over its committed corpus
//! (`corpus/TARGET/*`) and then over seeded mutations of it, on stable and within seconds; the same plain functions
//! serve a long run under a coverage-guided fuzzer (`libfuzzer/`). `cargo xtask soak` runs both for as long as it is told.
//!
//! The one place of these tests that links our crates: a parser is fuzzed by itself, not through a process.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: tests own their environment and their clock"
)]
#![allow(
    clippy::print_stdout,
    reason = "a test says its seed and its figures; they are shown when it fails"
)]

// The targets: plain functions from bytes to nothing, that panic when something holds no longer.
mod answers;
mod imports;
mod texts;
mod vaults;

// Their runs: each with the words that its mutations are made of.
mod mutate;
mod runs;
