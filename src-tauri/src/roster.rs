//! The roster that the person chose to import (OA13): what is imported is what was looked at, even where the file changes
//! in between.

use std::{fs::File, path::PathBuf};

use keyward_api::wire::{Code, Error};
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

    /// What the file says: read now when `fresh`, or as it was read last.
    ///
    /// # Errors
    /// `not_found` when no file is chosen, or none was read before; `usage` for one that cannot be read or is no roster.
    pub fn read(&mut self, fresh: bool) -> Result<Roster, Error> {
        if fresh {
            let path = self.path.as_deref().ok_or_else(exchange::nothing_chosen)?;
            let name = exchange::shown(path);
            let file = File::open(path).map_err(|error| {
                let message = format!("{name} cannot be read: {}.", error.kind());
                Error::new(Code::Usage, message, "Choose another file.")
            })?;
            self.read = None;
            self.read = Some(roster::parse(file, &name)?);
        }
        self.read.clone().ok_or_else(exchange::nothing_chosen)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const TWO: &str =
        r#"{"connections": [{"name": "a", "auth_client": "idp"}, {"name": "b", "auth_client": "idp"}]}"#;

    #[test]
    fn oa13_an_import_is_of_what_was_read_last_and_names_no_path() {
        let folder = std::env::temp_dir().join(format!("kw-roster-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("clients.json");
        let mut chosen = ChosenRoster::default();
        assert_eq!(chosen.read(true).unwrap_err().code, Code::NotFound);
        chosen.choose(path.clone());
        let missing = chosen.read(true).unwrap_err();
        assert!(
            missing.message.starts_with("clients.json cannot be read"),
            "{missing:?}"
        );
        fs::write(&path, TWO).unwrap();
        assert_eq!(
            chosen.read(false).unwrap_err().code,
            Code::NotFound,
            "nobody looked at it"
        );
        assert_eq!(chosen.read(true).unwrap().lines.len(), 2);
        fs::write(&path, "{}").unwrap();
        assert_eq!(chosen.read(false).unwrap().lines.len(), 2);
        assert_eq!(chosen.read(true).unwrap().lines.len(), 0);
        fs::write(&path, "{").unwrap();
        let broken = chosen.read(true).unwrap_err();
        assert!(broken.message.starts_with("clients.json:"), "{broken:?}");
        assert!(
            chosen.read(false).is_err(),
            "what cannot be read is not imported as it once was"
        );
        chosen.clear();
        assert_eq!(chosen.read(true).unwrap_err().code, Code::NotFound);
        fs::remove_dir_all(&folder).unwrap();
    }
}
