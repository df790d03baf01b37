//! Keyward's window: a host of its own process, a webview that shows it, a tray.
//!
//! It is *not* where anything is decided: each command is one act of `keyward_api`, named in `commands/`.
//!
//! Invariants
//! - The webview never holds a key or a token; a value only after `secret_reveal` (W-08), the recovery key while it is offered.
//! - What the window may call is `commands/names.rs`: build.rs, the capability and the handler have the same list (W-03).
#![allow(
    clippy::disallowed_methods,
    reason = "a face: it reads the environment once, in surroundings.rs, and hands it on"
)]
#![allow(
    clippy::print_stderr,
    reason = "a face: what goes wrong before there is a window is said on stderr"
)]
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

#[cfg(all(feature = "e2e", not(debug_assertions)))]
compile_error!("the feature `e2e` lets other programs drive the window: test builds only");

mod appearance;
mod clipboard;
mod commands;
mod desk;
mod events;
mod exchange;
mod profile;
mod recovery;
mod references;
mod reveals;
mod roster;
mod run;
mod standing;
mod surroundings;
mod tray;
mod value_file;
mod window;
mod words;

use std::process::ExitCode;

/// R-10, T-06: libraries copy what they send and receive; whatever memory is given back, by whomever, is wiped first.
#[global_allocator]
static WIPED: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    // First of all: no core dumps, no other process of this user in our memory (T-16, R-11).
    let _before = keyward_engine::process::harden();
    surroundings::close_the_test_door();
    match run::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keyward-desktop: {} {}", error.message, error.hint);
            ExitCode::from(error.code.exit_status())
        }
    }
}
