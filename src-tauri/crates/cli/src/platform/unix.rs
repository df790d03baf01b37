//! Linux and macOS.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    os::{
        fd::{AsFd, BorrowedFd, FromRawFd},
        unix::{ffi::OsStrExt, process::CommandExt},
    },
    process::Command,
};

use keyward_model::plain;
use rustix::{
    io::{Errno, FdFlags},
    termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr},
};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, TERM_SIGNALS},
    iterator::Signals,
};

/// What ends this program from a terminal or a supervisor.
pub const ENDINGS: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// The signals that end a host in order, from here on.
pub struct Endings(Signals);

impl Endings {
    /// Listens from here on.
    pub fn listen() -> io::Result<Self> {
        Signals::new(TERM_SIGNALS).map(Self)
    }

    /// Comes back with the first; `false` when none can come any more.
    pub fn wait(mut self) -> bool {
        self.0.forever().next().is_some()
    }
}

/// Becomes the program: pid, signals, status and terminal are its own. Comes back only when that failed.
pub fn become_program(command: &mut Command) -> io::Error {
    command.exec()
}

/// Bytes as the value of a variable; `None` when a variable cannot hold them.
pub fn variable(value: &[u8]) -> Option<&OsStr> {
    Some(OsStr::from_bytes(value))
}

/// The terminal itself, whatever stdin is: to read from, and to write on.
pub fn terminal() -> io::Result<(File, File)> {
    let terminal = File::options().read(true).write(true).open("/dev/tty")?;
    Ok((terminal.try_clone()?, terminal))
}

/// Standard input without a buffer: what is not read is left to whoever reads next.
pub fn stdin() -> io::Result<File> {
    Ok(rustix::stdio::stdin().try_clone_to_owned()?.into())
}

/// Takes over a descriptor above 2 that the caller of this program opened for us; `None` when it is not open.
#[expect(unsafe_code, reason = "the descriptors that arrive by number")]
pub fn inherit(number: i32) -> Option<File> {
    // SAFETY: borrowed for one call that only sets a flag, and fails when the number is not open.
    let named = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_setfd(named, FdFlags::CLOEXEC).ok()?;
    // SAFETY: it is open. The person named it as the secret's own, this runs before the program opens any file of its
    // own, and once for each number: nothing else in this process owns it.
    Some(unsafe { File::from_raw_fd(number) })
}

/// What reading a descriptor that is not open comes to.
pub fn not_open() -> io::Error {
    Errno::BADF.into()
}

/// Why a descriptor could not be read.
pub fn why(error: &io::Error) -> String {
    match Errno::from_io_error(error) {
        Some(Errno::BADF) => "it is not open".to_owned(),
        _ => plain::why(error.kind()),
    }
}

/// The terminal without echo, until dropped.
pub struct Silent {
    terminal: File,
    before: Termios,
}

impl Silent {
    /// Turns the echo off.
    pub fn terminal() -> io::Result<Self> {
        let terminal = File::open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
        tcsetattr(terminal.as_fd(), OptionalActions::Now, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        // A terminal that is gone needs no echo.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
