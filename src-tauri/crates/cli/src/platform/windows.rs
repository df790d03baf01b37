//! Windows.

use std::{ffi::OsStr, fs::File, io, os::windows::io::AsHandle, process::Command};

use signal_hook::consts::{SIGINT, SIGTERM};

/// What ends this program from a terminal or a supervisor.
pub const ENDINGS: [i32; 2] = [SIGINT, SIGTERM];

/// The signals that end a host in order; none gets that far here, as it has no door.
pub struct Endings;

impl Endings {
    /// Nothing to listen to.
    #[expect(clippy::unnecessary_wraps, reason = "the other systems can fail")]
    pub fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    /// None can come.
    pub fn wait(self) -> bool {
        false
    }
}

/// Runs the program and ends as it ends. Comes back only when it could not be started.
pub fn become_program(command: &mut Command) -> io::Error {
    // Ctrl C is the program's to answer: this one has nothing left to do but to say how it ended.
    let ignored = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let _ = signal_hook::flag::register(SIGINT, ignored);
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

/// Bytes as the value of a variable; `None` when a variable cannot hold them: here it holds text.
pub fn variable(value: &[u8]) -> Option<&OsStr> {
    std::str::from_utf8(value).ok().map(OsStr::new)
}

/// The terminal itself, whatever stdin is: to read from, and to write on.
pub fn terminal() -> io::Result<(File, File)> {
    let open = |name| File::options().read(true).write(true).open(name);
    Ok((open("CONIN$")?, open("CONOUT$")?))
}

/// Standard input without a buffer: what is not read is left to whoever reads next.
pub fn stdin() -> io::Result<File> {
    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}

/// None arrives by number here.
pub fn inherit(_number: i32) -> Option<File> {
    None
}

/// What reading a descriptor that is not open comes to.
pub fn not_open() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "on Windows only 0, standard input, can be named",
    )
}

/// Why a descriptor could not be read.
pub fn why(error: &io::Error) -> String {
    error.to_string()
}

/// The library that asks turns the echo off by itself.
pub struct Silent;

impl Silent {
    /// Nothing to do.
    pub fn terminal() -> io::Result<Self> {
        Ok(Self)
    }
}
