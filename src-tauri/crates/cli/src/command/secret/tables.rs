//! How secrets, versions and comparisons are written for a person.

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
fn state(secret: &SecretLine, now: Timestamp) -> &'static str {
    let is_past = |at: &Option<String>| {
        at.as_deref()
            .and_then(Timestamp::parse_rfc3339)
            .is_some_and(|at| now >= at)
    };
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
    lines.extend(&list.iter().map(SecretLine::from).collect::<Vec<_>>());
    lines.written()
}

/// What a person reads of Secrets in a list.
pub struct Lines {
    table: Table,
    now: Timestamp,
}

impl Lines {
    pub fn new() -> Self {
        Self {
            table: Table::new(&["KEY", "NAME", "TAGS", "VERSION", "UPDATED", "STATE"]),
            now: SystemClock.now(),
        }
    }

    pub fn extend(&mut self, list: &[SecretLine]) {
        for one in list {
            self.table.push(&[
                &one.key,
                &one.name,
                &one.tags.join(","),
                &one.version.to_string(),
                &one.updated_at,
                state(one, self.now),
            ]);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub fn written(&self) -> String {
        self.table.written()
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
