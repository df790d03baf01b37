//! One entry on its way: its strings by name, and its history.

use keyward_model::{SecretValue, Timestamp};

use crate::{
    error::{Error, Result, shown},
    found::{Found, Login, Older, Variable},
    limits,
};

/// An entry as the document tells it.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) fields: Vec<Field>,
    pub(super) tags: Vec<String>,
    pub(super) expires: bool,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) changed_at: Option<Timestamp>,
    older: Vec<Older>,
}

/// A string of an entry, or a file attached to it.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: SecretValue,
    pub(super) masked: bool,
}

impl Draft {
    /// Keeps the password of an earlier state, unless it is the one kept last.
    pub(super) fn remember(&mut self, before: Self) -> Result<()> {
        if self.older.len() >= limits::OLDER_VALUES {
            return Err(Error::too_large("an entry has too long a history"));
        }
        let changed_at = before.changed_at;
        for field in before.fields {
            let is_same = |older: &Older| older.value.expose() == field.value.expose();
            if field.name == "Password" && !field.value.is_empty() && !self.older.last().is_some_and(is_same)
            {
                self.older.push(Older {
                    value: field.value,
                    created_at: changed_at,
                    note: String::new(),
                });
            }
        }
        Ok(())
    }

    pub(super) fn into_found(mut self, folder: Vec<String>) -> Result<Found> {
        let mut found = Found {
            folder,
            tags: self.tags,
            expires_at: self.expires_at.filter(|_| self.expires),
            ..Found::default()
        };
        let mut login = Login::default();
        let mut password = None;
        for field in self.fields {
            match field.name.as_str() {
                "Title" => found.name = text(&field),
                "UserName" => login.username = Some(field.value),
                "Password" => password = Some(field.value),
                "URL" => login.url = Some(text(&field)),
                "Notes" => found.note = text(&field),
                "otp" => login.otp = Some(field.value),
                _ => login.more.push(Variable {
                    masked: field.masked,
                    ..Variable::masked(field.name, field.value)
                }),
            }
        }
        if login.more.len() > limits::VARIABLES {
            return Err(
                Error::too_large("it has too many fields").at(format!("entry “{}”", shown(&found.name)))
            );
        }
        // The last state of the history often has the password of today.
        if let Some(password) = &password {
            while self
                .older
                .last()
                .is_some_and(|older| older.value.expose() == password.expose())
            {
                self.older.pop();
            }
        }
        login.password = password;
        login.older_passwords = self.older;
        Ok(login.into_found(found))
    }
}

fn text(field: &Field) -> String {
    String::from_utf8_lossy(field.value.expose()).into_owned()
}
