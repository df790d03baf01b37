//! Descriptors that arrive by number and hold one secret line: a passphrase, a recovery key.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd},
};

use keyward_api::wire::Error;
use keyward_model::SecretValue;
use rustix::io::{Errno, FdFlags};
use zeroize::Zeroizing;

/// Longest line that is read, in bytes.
const LONGEST: usize = 4096;

/// Where a secret line comes from.
pub enum Descriptor {
    /// Standard input: the secret is its first line, what follows belongs to whoever reads next.
    Stdin,
    /// A descriptor of its own, with its number; taken over as soon as it was named, so that nothing this process
    /// opens later can have its number, and no program it starts inherits it.
    Own(OwnedFd, i32),
    /// One was named that is not open. Nothing is said before it is needed.
    Closed(i32),
}

impl Descriptor {
    /// The descriptor that `what` names; to be called once for each number, before any file is opened.
    ///
    /// # Errors
    /// `usage` for a number that cannot be one.
    pub fn named(number: i32, what: &str) -> Result<Self, Error> {
        match number {
            ..0 => Err(Error::usage(format!("{what}: a file descriptor is not negative"))),
            0 => Ok(Self::Stdin),
            1 | 2 => Err(Error::usage(format!(
                "{what}: {number} is where this program writes; name 0, or 3 and above"
            ))),
            number => {
                Ok(own(number).map_or(Self::Closed(number), |descriptor| Self::Own(descriptor, number)))
            }
        }
    }

    /// Its number.
    pub fn number(&self) -> i32 {
        match self {
            Self::Stdin => 0,
            Self::Own(_, number) | Self::Closed(number) => *number,
        }
    }

    /// Its first line; the descriptor is closed, unless it is standard input.
    ///
    /// # Errors
    /// `usage` when it cannot be read.
    pub fn line(self, what: &str) -> Result<SecretValue, Error> {
        let number = self.number();
        let line = match self {
            Self::Stdin => first_line(rustix::stdio::stdin()),
            Self::Own(descriptor, _) => first_line(descriptor.as_fd()),
            Self::Closed(_) => Err(Errno::BADF),
        };
        line.map(SecretValue::from_zeroizing).map_err(|error| {
            let why = match error {
                Errno::BADF => "it is not open".to_owned(),
                error => io::Error::from(error).kind().to_string(),
            };
            Error::usage(format!("{what} {number}: it cannot be read ({why})."))
        })
    }
}

/// Takes over a descriptor above 2 that the caller of this program opened for us; `None` when it is not open.
#[expect(unsafe_code, reason = "the descriptors that arrive by number")]
fn own(number: i32) -> Option<OwnedFd> {
    // SAFETY: borrowed for one call that only sets a flag, and fails when the number is not open.
    let named = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_setfd(named, FdFlags::CLOEXEC).ok()?;
    // SAFETY: it is open. The person named it as the secret's own, this runs before the program opens any file of its
    // own, and once for each number: nothing else in this process owns it.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Reads up to the first newline, which is not part of it, or the end; nothing behind it is taken.
fn first_line(source: BorrowedFd<'_>) -> rustix::io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut byte = Zeroizing::new([0]);
    while line.len() < LONGEST {
        match rustix::io::read(source, &mut byte[..]) {
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => line.push(byte[0]),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(line)
}
