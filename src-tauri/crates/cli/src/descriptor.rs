//! Descriptors that arrive by number and hold one secret line: a passphrase, a recovery key.

use std::{
    fs::File,
    io::{self, Read},
};

use keyward_api::wire::Error;
use keyward_model::SecretValue;
use zeroize::Zeroizing;

use crate::platform;

/// Longest line that is read, in bytes.
const LONGEST: usize = 4096;

/// Where a secret line comes from.
pub enum Descriptor {
    /// Standard input: the secret is its first line, what follows belongs to whoever reads next.
    Stdin,
    /// A descriptor of its own, with its number; taken over as soon as it was named, so that nothing this process
    /// opens later can have its number, and no program it starts inherits it.
    Own(File, i32),
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
            number => Ok(platform::inherit(number)
                .map_or(Self::Closed(number), |descriptor| Self::Own(descriptor, number))),
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
            Self::Stdin => platform::stdin().and_then(|stdin| first_line(&stdin)),
            Self::Own(file, _) => first_line(&file),
            Self::Closed(_) => Err(platform::not_open()),
        };
        line.map(SecretValue::from_zeroizing).map_err(|error| {
            let why = platform::why(&error);
            Error::usage(format!("{what} {number}: it cannot be read ({why})."))
        })
    }
}

/// Reads up to the first newline, which is not part of it, or the end; nothing behind it is taken.
fn first_line(mut source: &File) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    let mut byte = Zeroizing::new([0]);
    while line.len() < LONGEST {
        match source.read(&mut byte[..]) {
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(line)
}
