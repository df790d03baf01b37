//! Journeys: the real binary, real SQLite, a real authorization server, a real keychain.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: tests own their environment and their clock"
)]

mod authorization_server;
mod first_light;
