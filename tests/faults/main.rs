//! Faults: keychains that are absent, locked or silent, killed processes, tampered files.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: tests own their environment and their clock"
)]

mod keychain_states;
