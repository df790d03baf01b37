//! The catalogue of providers: one file each, in the program or in the person's own folder (OA4).
//!
//! An entry decides where client secrets and codes are sent. So each is held against the same rules, whoever wrote it,
//! when it is read: endpoints as O-12 has them, no parameter in place of the protocol's own (O-11), no header that
//! speaks for the client. What ships is held against them by a test of every file.

mod built_in;
mod file;
mod rules;

use keyward_model::{
    dialect::Dialect,
    provider::{Author, Provider},
};

pub use file::FileError;

/// Entries, and what could not be read of the person's own.
#[derive(Default)]
pub struct Catalogue {
    /// By name.
    pub providers: Vec<Provider>,
    /// Files that make no entry.
    pub problems: Vec<Problem>,
}

/// A file that makes no entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its name.
    pub file: String,
    /// Why, in a sentence.
    pub what: String,
}

/// Reads the text of one entry.
///
/// # Errors
/// [`FileError`] with the field and the rule that it breaks.
pub fn read(text: &str, author: Author) -> Result<Provider, FileError> {
    let provider = file::parse(text, author)?;
    rules::check(&provider)?;
    Ok(provider)
}

/// Holds a dialect that came with a registration from elsewhere against the rules of entries: no `state` under another
/// name, no code or token among what is kept and shown, no header that speaks for the client.
///
/// # Errors
/// [`FileError`] with the field and the rule that it breaks.
pub fn check_dialect(dialect: &Dialect) -> Result<(), FileError> {
    rules::check_dialect(dialect)
}

/// What ships, with the person's own entries: name of the file and its text. An own entry never stands in for one that
/// ships: nobody is sent elsewhere by a file that came along.
#[must_use]
pub fn with_own(files: &[(String, String)]) -> Catalogue {
    let mut all = Catalogue::default();
    for (id, text) in built_in::FILES {
        match read(text, Author::Keyward) {
            Ok(provider) => all.providers.push(provider),
            Err(error) => all.problems.push(Problem {
                file: format!("{id}.toml"),
                what: error.to_string(),
            }),
        }
    }
    for (file, text) in files {
        let taken = |provider: &Provider| {
            let same = |other: &&Provider| other.id == provider.id;
            all.providers.iter().find(same).map(|other| other.author)
        };
        let problem = match read(text, Author::Owner) {
            Err(error) => error.to_string(),
            Ok(provider) => match taken(&provider) {
                Some(Author::Keyward) => format!(
                    "the id {} belongs to an entry that ships with Keyward",
                    provider.id
                ),
                Some(Author::Owner) => format!("the id {} belongs to another file too", provider.id),
                None => {
                    all.providers.push(provider);
                    continue;
                }
            },
        };
        all.problems.push(Problem {
            file: file.clone(),
            what: problem,
        });
    }
    all.providers
        .sort_by_cached_key(|provider| (provider.name.to_lowercase(), provider.id.clone()));
    all
}

/// One entry that ships, or of the person's own files.
#[must_use]
pub fn find(files: &[(String, String)], id: &str) -> Option<Provider> {
    // One file is read, not all: an AuthClient is made from one entry.
    if let Some((_, text)) = built_in::FILES.iter().find(|(own, _)| *own == id) {
        return read(text, Author::Keyward).ok();
    }
    let own = files
        .iter()
        .filter_map(|(_, text)| read(text, Author::Owner).ok());
    own.into_iter().find(|provider| provider.id == id)
}

#[cfg(test)]
#[path = "tests/catalogue.rs"]
mod tests;
