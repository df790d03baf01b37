//! Reading: from a path or bytes, by format, to entries. Everything that is no parsing of bytes is done here.

mod store;

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use keyward_foreign::{
    self as foreign, Fault, Sheet, bitwarden, env, envelope, flat, kdbx, limits, onepux, own, table,
    variables,
};
use keyward_model::{SecretValue, Timestamp, plain};
use zeroize::Zeroizing;

use crate::{Error, Kind, Result};

/// What wrote the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.env` files.
    Env,
    /// A flat JSON object, or our own export in plain text.
    Json,
    /// CSV with a header.
    Csv,
    /// Our own export.
    Age,
    /// KeePassXC and KeePass 2.
    Kdbx,
    /// Bitwarden's JSON.
    Bitwarden,
    /// 1Password's archive.
    OnePux,
    /// 1Password's CSV.
    OnePasswordCsv,
    /// A folder of `pass` or `gopass`.
    Pass,
    /// An environment of Postman.
    Postman,
    /// An export of Insomnia.
    Insomnia,
}

impl Format {
    /// All of them with the names of CLI.md.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Env, "env"),
        (Self::Json, "json"),
        (Self::Csv, "csv"),
        (Self::Age, "age"),
        (Self::Kdbx, "kdbx"),
        (Self::Bitwarden, "bitwarden"),
        (Self::OnePux, "1pux"),
        (Self::OnePasswordCsv, "1password-csv"),
        (Self::Pass, "pass"),
        (Self::Postman, "postman"),
        (Self::Insomnia, "insomnia"),
    ];

    /// The format of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(_, known)| *known == name)
            .map(|(format, _)| format)
    }

    /// Whether it is a folder, not a file.
    #[must_use]
    pub fn is_folder(self) -> bool {
        self == Self::Pass
    }
}

/// Where the bytes come from.
pub enum Source<'a> {
    /// A file, or a folder for [`Format::Pass`].
    Path(&'a Path),
    /// Bytes that were read already, such as stdin.
    Bytes(Zeroizing<Vec<u8>>),
}

/// What a file holds, not stored yet.
pub struct Reading {
    pub(crate) sheet: Sheet,
}

impl Reading {
    /// How many entries it has.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.sheet.entries.len()
    }

    /// As the document of our own export, for a process that holds the keys (see [`super::receive`]).
    ///
    /// # Errors
    /// [`Kind::Internal`] alone.
    pub fn to_document(&self) -> Result<Zeroizing<Vec<u8>>> {
        let heading = own::Heading {
            vault: "",
            exported_at: Timestamp(0),
        };
        // Twice: once to count, so that the buffer of the values never moves.
        let fault = |_| Error::internal("The entries could not be encoded.");
        let count = own::write(Counter(0), heading, &self.sheet, own::Carry::Values)
            .map_err(fault)?
            .0;
        let buffer = Zeroizing::new(Vec::with_capacity(count));
        let buffer = own::write(Buffer(buffer), heading, &self.sheet, own::Carry::Values).map_err(fault)?;
        Ok(buffer.0)
    }
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Buffer(Zeroizing<Vec<u8>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a source. `passphrase` opens what is sealed: a database, an age file, the key of a `pass` folder.
///
/// # Errors
/// Naming file, entry and reason: [`Kind::Invalid`] for what cannot be read, [`Kind::Locked`] for a missing or wrong
/// passphrase.
pub fn read(format: Format, source: Source<'_>, passphrase: Option<&SecretValue>) -> Result<Reading> {
    let (label, bytes) = match source {
        Source::Path(path) if format.is_folder() => {
            let sheet = store::read(path, passphrase)?;
            return finish(&path.display().to_string(), sheet);
        }
        Source::Path(path) => (path.display().to_string(), file(path)?),
        Source::Bytes(_) if format.is_folder() => {
            return Err(Error::invalid(
                "pass: give the path of its folder, such as ~/.password-store.",
            ));
        }
        Source::Bytes(bytes) => ("stdin".to_owned(), bytes),
    };
    let parsed = match format {
        Format::Env => env::parse(&bytes),
        Format::Json => flat::parse(&bytes),
        Format::Csv | Format::OnePasswordCsv => table::parse(&bytes),
        Format::Age => envelope::open(&bytes, passphrase).and_then(|document| own::parse(&document)),
        Format::Kdbx => kdbx::parse(&bytes, passphrase),
        Format::Bitwarden => bitwarden::parse(&bytes),
        Format::OnePux => onepux::parse(&bytes),
        Format::Postman => variables::postman(&bytes),
        Format::Insomnia => variables::insomnia(&bytes),
        Format::Pass => unreachable!("I1: a folder was read above"),
    };
    finish(&label, parsed.map_err(|error| refused(&label, &error))?)
}

fn finish(label: &str, sheet: Sheet) -> Result<Reading> {
    if sheet.entries.is_empty() && sheet.environments.is_empty() {
        return Err(Error::new(
            Kind::Invalid,
            format!("{label}: there is nothing to import in it."),
            sheet.remarks.join(" "),
        ));
    }
    Ok(Reading { sheet })
}

fn refused(label: &str, error: &foreign::Error) -> Error {
    let (kind, hint) = match error.fault {
        Fault::Malformed => (
            Kind::Invalid,
            "Check --format, and that the file is whole; nothing was imported.",
        ),
        Fault::Unsupported | Fault::TooLarge => (Kind::Invalid, "Nothing was imported."),
        Fault::NeedsPassphrase => (
            Kind::Locked,
            "Give the file's passphrase with --source-passphrase-fd N.",
        ),
        Fault::WrongPassphrase => (
            Kind::Locked,
            "Check the keyboard layout and Caps Lock, then try again; nothing was imported.",
        ),
    };
    Error::new(kind, format!("{label}: {error}."), hint)
}

/// Reads a file whole, up to the bound of a source; a claim of 10 GB costs nothing.
fn file(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let unreadable = |error: &io::Error| {
        Error::invalid(format!(
            "{}: it cannot be read ({}).",
            path.display(),
            plain::why(error.kind())
        ))
    };
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let meta = file.metadata().map_err(|error| unreadable(&error))?;
    if meta.is_dir() {
        return Err(Error::invalid(format!(
            "{}: it is a folder, and this format is a file.",
            path.display()
        )));
    }
    let too_large = || {
        Error::invalid(format!(
            "{}: it is larger than 128 MiB; nothing was imported.",
            path.display()
        ))
    };
    let claimed = usize::try_from(meta.len()).unwrap_or(usize::MAX);
    if claimed > limits::SOURCE_BYTES {
        return Err(too_large());
    }
    let bytes = whole(file, claimed).map_err(|error| unreadable(&error))?;
    if bytes.len() > limits::SOURCE_BYTES {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Reads at most one byte more than a source may have, into a buffer that starts as large as it is expected to become.
///
/// # Errors
/// What the reader says.
pub fn whole(source: impl Read, expected: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected.min(limits::SOURCE_BYTES) + 1));
    source
        .take(limits::SOURCE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
