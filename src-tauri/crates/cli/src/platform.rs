//! What the systems do differently with terminals, descriptors, signals and the programs that are started: the same acts
//! for each.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;
