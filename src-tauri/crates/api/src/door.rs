//! What the owner's door is made of: a Unix socket, where the system has one and says who is at its other end.
//!
//! Windows has named pipes for this (SECURITY.md L-01), which Keyward does not speak yet: nobody can be a host there,
//! and every command opens the vault by itself.

#[cfg(windows)]
mod none;
#[cfg(unix)]
mod peer;
#[cfg(unix)]
mod unix;

#[cfg(windows)]
pub(crate) use none::{HINT, Listener, Stream, bind, peer};
#[cfg(unix)]
pub(crate) use unix::{HINT, Listener, Stream, bind, peer};

/// Who is at the other end.
pub(crate) struct Peer {
    /// Whether it is a process of this user.
    pub is_ours: bool,
    /// Its program and process number, for the log of what was done: information, and no proof.
    pub shown: String,
}
