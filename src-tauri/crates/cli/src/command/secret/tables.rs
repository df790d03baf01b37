//! How secrets, versions and comparisons are written for a person.

use std::fmt::Write;

use keyward_api::wire::{Compared, ItemKind, Secret, SecretLine, Version};
use keyward_engine::ports::{Clock, SystemClock};
use keyward_model::Timestamp;

use crate::output::{self, Table};

/// One secret, a fact a line.
pub fn facts(secret: &Secret) -> String {
    output::facts(&[
        ("key", secret.key.clone()),
        ("name", secret.name.clone()),
        ("description", secret.description.clone()),
        ("tags", secret.tags.join(", ")),
        ("masked", if secret.masked { "yes" } else { "no" }.to_owned()),
        ("environment", secret.environment.clone()),
        (
            "favourite",
            if secret.favourite { "yes" } else { "no" }.to_owned(),
        ),
        ("version", secret.version.to_string()),
        ("value from", secret.value_changed_at.clone()),
        ("rotate by", secret.rotation_due_at.clone().unwrap_or_else(never)),
        ("expires", secret.expires_at.clone().unwrap_or_else(never)),
        ("notes", secret.notes.clone()),
        ("created", secret.created_at.clone()),
        ("updated", secret.updated_at.clone()),
        ("id", secret.id.clone()),
    ])
}

/// What a person should know of a value at a glance.
fn state(secret: &SecretLine<'_>, now: Timestamp) -> &'static str {
    // Never is an empty text.
    let is_past = |at: &str| Timestamp::parse_rfc3339(at).is_some_and(|at| now >= at);
    if is_past(&secret.expires_at) {
        "expired"
    } else if is_past(&secret.rotation_due_at) {
        "overdue"
    } else if secret.favourite {
        "favourite"
    } else {
        ""
    }
}

fn never() -> String {
    "never".to_owned()
}

/// Secrets, a line each.
pub fn lines(list: &[Secret]) -> String {
    let mut lines = Lines::new();
    for secret in list {
        lines.push(&secret.into());
    }
    lines.table.written()
}

/// What a person reads of Secrets in a list.
pub struct Lines {
    table: Table,
    /// The version of the line that is written: one memory for the numbers of all.
    version: String,
    now: Timestamp,
}

impl Lines {
    pub fn new() -> Self {
        Self {
            table: Table::new(&["KEY", "NAME", "TAGS", "VERSION", "UPDATED", "STATE"]),
            version: String::new(),
            now: SystemClock.now(),
        }
    }

    pub fn push(&mut self, line: &SecretLine<'_>) {
        self.version.clear();
        write!(self.version, "{}", line.version).expect("I1: a text takes whatever is written");
        self.table.push(&[
            &line.key,
            &line.name,
            &line.tags,
            &self.version,
            &line.updated_at,
            state(line, self.now),
        ]);
    }

    pub fn table(&self) -> &Table {
        &self.table
    }
}

/// Versions, a line each.
pub fn versions(list: &[Version]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            let state = if one.current {
                "current"
            } else if one.revoked {
                "revoked"
            } else {
                ""
            };
            vec![
                one.number.to_string(),
                one.created_at.clone(),
                state.to_owned(),
                one.note.clone(),
            ]
        })
        .collect();
    output::table(&["VERSION", "CREATED", "STATE", "NOTE"], &rows)
}

/// Two environments, a key a line.
pub fn compared(list: &[Compared], first: &str, second: &str) -> String {
    let kind = |kind: Option<ItemKind>| {
        match kind {
            None => "-",
            Some(ItemKind::Secret) => "secret",
            Some(ItemKind::Credential) => "credential",
            Some(ItemKind::Connection) => "connection",
        }
        .to_owned()
    };
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            let values = match one.same {
                None => "",
                Some(true) => "same",
                Some(false) => "different",
            };
            vec![
                one.key.clone(),
                kind(one.first),
                kind(one.second),
                values.to_owned(),
            ]
        })
        .collect();
    output::table(&["KEY", first, second, "VALUES"], &rows)
}
