//! The real window under a display server, driven as a person would.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: tests own their environment and their clock"
)]

mod screen;
