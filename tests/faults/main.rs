//! Faults: keychains that are absent, locked or silent, killed processes, forged callbacks, tampered files, hostile
//! homes, rude clients, full disks; and that no canary stands where it must not.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: tests own their environment and their clock"
)]
#![allow(
    clippy::print_stdout,
    reason = "a test says its seed and its figures; they are shown when it fails"
)]

mod ground;

mod keychain_states;
mod kill_in_writes;
mod memory;
mod rude_clients;
mod tampered;
mod unsaved_tokens;

mod relay;

mod laboratory;

mod browser_attacks;
mod canary;
mod disks;
mod forged_callbacks;
mod hostile_homes;
mod kill_in_refresh;
mod kill_in_rekey;
mod locked_memory;
mod single_flight;
