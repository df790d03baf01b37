//! What a process does before it reads any key (SECURITY.md §b.9, 2).

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limits as they were, for a child that must not inherit ours.
#[cfg(unix)]
pub struct Before(Rlimit);

/// No core dumps; and on Linux no other process of this user may look into our memory, on macOS no debugger (T-16, R-11).
///
/// What the system refuses is left as it is: a sandbox may forbid both, and that is no reason to refuse to work.
#[cfg(unix)]
pub fn harden() -> Before {
    let before = getrlimit(Resource::Core);
    let _ = setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: before.maximum,
        },
    );
    close_memory();
    Before(before)
}

#[cfg(target_os = "linux")]
fn close_memory() {
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

#[cfg(target_os = "macos")]
#[expect(unsafe_code, reason = "ptrace has no safe wrapper")]
fn close_memory() {
    // SAFETY: this request takes no pointer.
    let _ = unsafe { libc::ptrace(libc::PT_DENY_ATTACH, 0, std::ptr::null_mut(), 0) };
}

/// Gives a child that is about to be exec'd the core limit it would have had.
#[cfg(unix)]
pub fn soften(before: Before) {
    let _ = setrlimit(Resource::Core, before.0);
}

/// Nothing was changed.
#[cfg(windows)]
pub struct Before;

/// Nothing yet: on Windows other programs of this user can look into our memory, and [`crate::doctor`] says so.
#[cfg(windows)]
pub fn harden() -> Before {
    Before
}

/// A child starts as it would have.
#[cfg(windows)]
pub fn soften(_before: Before) {}
