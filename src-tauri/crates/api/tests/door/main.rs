//! The owner's door on a real socket, with a real host behind it.
#![allow(clippy::disallowed_methods, reason = "tests measure how long something took")]

#[path = "../../../engine/tests/acts/doubles.rs"]
#[allow(dead_code, reason = "each user of the doubles needs a part of them")]
mod doubles;
mod frames;
mod hosts;
#[path = "../../../engine/tests/acts/provider.rs"]
#[allow(dead_code, reason = "each user of the doubles needs a part of them")]
mod provider;
#[path = "../../../oauth/tests/wire/server.rs"]
#[allow(dead_code, reason = "each user of the doubles needs a part of them")]
mod server;
mod support;
