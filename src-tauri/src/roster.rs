//! The roster that the person chose to import (OA13): what is imported is what was looked at, even where the file changes
//! in between.

use std::path::{Path, PathBuf};

use keyward_api::wire::Error;
use keyward_engine::roster::{self, Roster};

use crate::exchange;

/// One at a time, from the dialog until it was imported, another was chosen, or the vault locks.
#[derive(Default)]
pub struct ChosenRoster {
    path: Option<PathBuf>,
    read: Option<Roster>,
}

impl ChosenRoster {
    /// Takes a file that was not read yet.
    pub fn choose(&mut self, path: PathBuf) {
        *self = Self {
            path: Some(path),
            read: None,
        };
    }

    /// Keeps nothing.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Which file to read now; what was read of it before no longer counts.
    ///
    /// # Errors
    /// `not_found` when no file is chosen.
    pub fn begin(&mut self) -> Result<PathBuf, Error> {
        self.read = None;
        self.path.clone().ok_or_else(exchange::nothing_chosen)
    }

    /// Keeps what this file said, unless another was chosen or the vault was locked while it was read.
    pub fn keep(&mut self, path: &Path, read: Roster) {
        if self.path.as_deref() == Some(path) {
            self.read = Some(read);
        }
    }

    /// What was read last.
    ///
    /// # Errors
    /// `not_found` when nothing was read since a file was chosen.
    pub fn last(&self) -> Result<Roster, Error> {
        self.read.clone().ok_or_else(exchange::nothing_chosen)
    }
}

/// What a file says. May take as long as its disk does: nobody may wait for the one that reads.
///
/// # Errors
/// `usage` for one that cannot be read or is no roster.
pub fn read(path: &Path) -> Result<Roster, Error> {
    let file = exchange::open(path)?;
    Ok(roster::parse(file, &exchange::shown(path))?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use keyward_api::wire::Code;

    use super::*;

    const TWO: &str =
        r#"{"connections": [{"name": "a", "auth_client": "idp"}, {"name": "b", "auth_client": "idp"}]}"#;

    /// As a dry run does it.
    fn look(chosen: &mut ChosenRoster) -> Result<Roster, Error> {
        let path = chosen.begin()?;
        chosen.keep(&path, read(&path)?);
        chosen.last()
    }

    #[test]
    fn oa13_an_import_is_of_what_was_read_last_and_names_no_path() {
        let folder = std::env::temp_dir().join(format!("kw-roster-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("clients.json");
        let mut chosen = ChosenRoster::default();
        assert_eq!(look(&mut chosen).unwrap_err().code, Code::NotFound);
        chosen.choose(path.clone());
        let missing = look(&mut chosen).unwrap_err();
        assert!(
            missing.message.starts_with("clients.json cannot be read"),
            "{missing:?}"
        );
        fs::write(&path, TWO).unwrap();
        assert_eq!(
            chosen.last().unwrap_err().code,
            Code::NotFound,
            "nobody looked at it"
        );
        assert_eq!(look(&mut chosen).unwrap().lines.len(), 2);
        fs::write(&path, "{}").unwrap();
        assert_eq!(chosen.last().unwrap().lines.len(), 2);
        assert_eq!(look(&mut chosen).unwrap().lines.len(), 0);
        fs::write(&path, "{").unwrap();
        let broken = look(&mut chosen).unwrap_err();
        assert!(broken.message.starts_with("clients.json:"), "{broken:?}");
        assert!(
            chosen.last().is_err(),
            "what cannot be read is not imported as it once was"
        );
        chosen.clear();
        assert_eq!(look(&mut chosen).unwrap_err().code, Code::NotFound);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn w09_what_was_read_across_a_lock_or_another_choice_is_not_kept() {
        let empty = || roster::parse(&b"{}"[..], "clients.json").unwrap();
        let mut chosen = ChosenRoster::default();
        chosen.choose(PathBuf::from("one.json"));
        let path = chosen.begin().unwrap();
        chosen.choose(PathBuf::from("two.json"));
        chosen.keep(&path, empty());
        assert!(chosen.last().is_err());
        let path = chosen.begin().unwrap();
        chosen.clear();
        chosen.keep(&path, empty());
        assert!(chosen.last().is_err());
    }
}
