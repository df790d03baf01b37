//! The verbs on a real vault, real sockets and a server that misbehaves on purpose.
#![allow(clippy::disallowed_methods, reason = "tests measure how long something took")]
#![allow(
    clippy::print_stdout,
    reason = "a test says its figures; they are shown when it fails, or on request"
)]

mod background;
mod chaos;
mod clocks;
mod connecting;
mod consents;
mod copies;
mod crashes;
mod credentials;
mod doubles;
mod elsewhere;
mod entered;
mod faults;
mod figures;
mod grants;
mod handing_out;
mod health;
mod items;
mod keys;
mod lab;
mod lasting;
mod lifecycle;
mod locked;
mod machine;
mod provider;
mod providers;
mod queue;
mod reads;
mod refreshing;
#[path = "../../../oauth/tests/wire/server.rs"]
#[allow(dead_code, reason = "each user of the double needs a part of it")]
mod server;
mod settings;
mod support;
mod trash;
mod upkeep;
mod usage;
