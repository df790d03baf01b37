//! No door: these types have no values, and whoever asks for one is told that there is none.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    path::Path,
    time::Duration,
};

use super::Peer;

/// What helps where the door cannot be made.
pub(crate) const HINT: &str = "Use the commands by themselves: each opens the vault while it works.";

enum Never {}

/// A connection; there is none.
pub(crate) struct Stream(Never);

/// A door; there is none.
pub(crate) struct Listener(Never);

/// Refuses.
pub(crate) fn bind(_path: &Path) -> io::Result<Listener> {
    let why = "on Windows it takes a named pipe, which Keyward does not speak yet";
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}

/// Nobody is at the other end of no connection.
pub(crate) fn peer(stream: &Stream) -> io::Result<Peer> {
    match stream.0 {}
}

impl Listener {
    pub(crate) fn incoming(&self) -> std::iter::Empty<io::Result<Stream>> {
        match self.0 {}
    }
}

impl Stream {
    /// Finds nobody.
    pub(crate) fn connect(_path: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::NotFound.into())
    }

    pub(crate) fn shutdown(&self, _how: Shutdown) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        match self.0 {}
    }

    pub(crate) fn set_read_timeout(&self, _time: Option<Duration>) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn set_write_timeout(&self, _time: Option<Duration>) -> io::Result<()> {
        match self.0 {}
    }
}

impl Read for Stream {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl Read for &Stream {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl Write for Stream {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0 {}
    }
}
