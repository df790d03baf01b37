//! How secrets, versions and comparisons are written for a person.

use keyward_api::wire::{Compared, ItemKind, Secret, Version};
use keyward_engine::ports::{Clock, SystemClock};
use keyward_model::Timestamp;

use crate::output;

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
        ("value of", secret.value_changed_at.clone()),
        ("rotate by", secret.rotation_due_at.clone().unwrap_or_else(never)),
        ("expires", secret.expires_at.clone().unwrap_or_else(never)),
        ("notes", secret.notes.clone()),
        ("created", secret.created_at.clone()),
        ("updated", secret.updated_at.clone()),
        ("id", secret.id.clone()),
    ])
}

/// What a person should know of a value at a glance.
fn state(secret: &Secret, now: Timestamp) -> &'static str {
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
    written(&rows(list))
}

/// What a person reads of Secrets in a list.
pub fn rows(list: &[Secret]) -> Vec<Vec<String>> {
    let now = SystemClock.now();
    list.iter()
        .map(|one| {
            vec![
                one.key.clone(),
                if one.name == one.key {
                    String::new()
                } else {
                    one.name.clone()
                },
                one.tags.join(","),
                one.version.to_string(),
                one.updated_at.clone(),
                state(one, now).to_owned(),
            ]
        })
        .collect()
}

/// A line for each of [`rows`].
pub fn written(rows: &[Vec<String>]) -> String {
    output::table(&["KEY", "NAME", "TAGS", "VERSION", "UPDATED", "STATE"], rows)
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

/// What lies in the trash, a line each.
pub fn trash(list: &[Secret]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            vec![
                one.key.clone(),
                one.deleted_at.clone().unwrap_or_default(),
                one.id.clone(),
            ]
        })
        .collect();
    output::table(&["KEY", "DELETED", "ID"], &rows)
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
