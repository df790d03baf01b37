//! The faults of one line of a roster: each field is looked at by itself, so that all are told at once.

use keyward_oauth::authorize;

use super::{Complaint, Error, Handle, Line};
use crate::secrets;

/// The faults of one line.
pub(super) struct Faults<'a> {
    pub(super) line: &'a Line,
    pub(super) found: Vec<Complaint>,
}

impl Faults<'_> {
    pub(super) fn add(&mut self, field: &str, reason: impl Into<String>, hint: impl Into<String>) {
        self.found.push(Complaint {
            place: self.line.place.clone(),
            field: field.to_owned(),
            reason: reason.into(),
            hint: hint.into(),
        });
    }

    /// Takes the fault of one field; its message may name the field itself.
    pub(super) fn take<T>(&mut self, field: &str, outcome: Result<T, Error>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                let named = format!("{}: ", field.replace('_', " "));
                let message = error.message.strip_prefix(&named).unwrap_or(&error.message);
                self.add(field, message.trim_end_matches('.'), error.hint);
                None
            }
        }
    }

    pub(super) fn word<T: Copy>(&mut self, field: &str, words: &[(T, &str)]) -> Option<T> {
        let said = self.line.text(field)?;
        let found = words.iter().find(|(_, word)| word.eq_ignore_ascii_case(said));
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
            self.add(field, format!("it is one of {}", all.join(", ")), "");
        }
        found.map(|(one, _)| *one)
    }

    pub(super) fn number(&mut self, field: &str) -> Option<u32> {
        let number = self.line.text(field)?.parse().ok();
        if number.is_none() {
            self.add(field, "it is a whole number of seconds", "");
        }
        number
    }

    pub(super) fn pairs(&mut self, field: &str) -> Vec<(String, String)> {
        let pairs: Vec<(String, String)> = self
            .line
            .values(field)
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
            .collect();
        // What stands for variables of an entry is no parameter.
        if field != "vars"
            && let Err(error) = authorize::check_params(&pairs)
        {
            self.add(field, error.to_string(), "");
        }
        pairs
    }

    pub(super) fn scopes(&mut self) -> Vec<String> {
        let scopes = self.line.values("scopes").to_vec();
        if let Err(error) = authorize::check_scopes(&scopes) {
            self.add("scopes", error.to_string(), "");
        }
        scopes
    }

    pub(super) fn key(&mut self) -> Option<Handle> {
        let Some(name) = self.line.text("name") else {
            self.add("name", "it is missing", "");
            return None;
        };
        let key = Handle::parse(name);
        if let Err(error) = &key {
            self.add("name", error.to_string(), "");
        }
        self.take(
            "title",
            secrets::check_text("title", self.line.text("title").unwrap_or_default()),
        );
        key.ok()
    }
}
