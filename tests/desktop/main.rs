//! The real window under a display server, driven as a person would.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: tests own their environment and their clock"
)]
#![allow(clippy::print_stdout, reason = "times are measured and told (SECURITY §f.3)")]

mod app;
mod app_credentials;
mod consents;
mod credentials;
mod dialogs;
mod dragging;
mod first_light;
mod hardening;
mod life;
mod lists;
mod memory;
mod queue;
mod recovery;
mod screen;
mod secrets;
mod tray;
mod tray_host;
mod vaults;
