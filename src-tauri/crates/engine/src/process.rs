//! What a process does before it reads any key (SECURITY.md §b.9, 2).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limits as they were, for a child that must not inherit ours.
pub struct Before(Rlimit);

/// No core dumps, and on Linux no other process of this user may look into our memory (T-16, R-11).
///
/// What the system refuses is left as it is: a sandbox may forbid both, and that is no reason to refuse to work.
pub fn harden() -> Before {
    let before = getrlimit(Resource::Core);
    let _ = setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: before.maximum,
        },
    );
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    Before(before)
}

/// Gives a child that is about to be exec'd the core limit it would have had.
pub fn soften(before: Before) {
    let _ = setrlimit(Resource::Core, before.0);
}
