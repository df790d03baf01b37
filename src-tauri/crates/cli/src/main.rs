//! `keyward`, the command line. A menu: each verb is a file in `command`.
//!
//! It is *not* where anything is decided: acts are the engine's, reached through the owner's door of a running host,
//! or in this process when there is none.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: it reads the environment and passes what it found"
)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a face: stdout is data, stderr is for people"
)]

mod args;
mod clipboard;
mod command;
mod context;
mod descriptor;
mod door;
mod output;
mod platform;
mod value;

use std::process::ExitCode;

/// R-10, T-06: libraries copy what they send and receive; whatever memory is given back, by whomever, is wiped first.
#[global_allocator]
static WIPED: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    // SECURITY.md §b.9: before any key is read.
    let before = keyward_engine::process::harden();
    let arguments = match args::read() {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    let face = output::Face::new(arguments.globals.json);
    match command::run(arguments, &face, before) {
        Ok(code) => code,
        Err(error) => face.fail(&error),
    }
}
