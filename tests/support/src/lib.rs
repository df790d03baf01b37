//! Support for the black-box tests and for `cargo xtask demo`: real programs in homes of their own.
//!
//! What it is: ways to start the built `keyward`, an authorization server, a Secret Service, a display and a WebDriver,
//! and to play the person in front of them. What it is not: a mock of any of these, or a door into our crates. It links
//! none of them.
//!
//! Invariants: a started program ends with the value that started it (even when the test is killed: each ends with its
//! stdin, or is told to die with its folder); nothing reads or writes outside a temporary folder; no port or display
//! number is fixed.
#![allow(
    clippy::disallowed_methods,
    reason = "a face: tests own their environment and their clock"
)]

pub mod consent;
pub mod display;
pub mod glewlwyd;
pub mod hand;
pub mod home;
pub mod http;
pub mod keyring;
pub mod oidc;
pub mod place;
pub mod process;
pub mod webdriver;

/// Why a piece of support did not work; tests unwrap it.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;
