//! The real window under a display server, driven as a person would.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: tests own their environment and their clock"
)]

mod app;
mod first_light;
mod hardening;
mod life;
mod screen;
mod tray;
mod tray_host;
