//! `.env` files (the syntax of [`keyward_model::envfile`]).

use std::collections::HashMap;

use keyward_model::{SecretValue, envfile};

use crate::{
    error::{Error, Fault, Result},
    found::{Content, Found, Older, Sheet},
    limits,
};

/// Each variable becomes one value. A name that comes twice keeps its last value, as programs do, and the ones before
/// as older values.
///
/// # Errors
/// [`Fault::Malformed`] with line and column; [`Fault::TooLarge`].
pub fn parse(bytes: &[u8]) -> Result<Sheet> {
    limits::source(bytes)?;
    let lines = envfile::parse(bytes).map_err(|error| Error {
        fault: Fault::Malformed,
        place: format!("line {}, column {}", error.line, error.column),
        reason: error.fault.to_string(),
    })?;
    let mut entries: Vec<Found> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for line in lines {
        let value = SecretValue::from_zeroizing(line.value);
        match places.get(&line.name) {
            None => {
                limits::entries(entries.len() + 1)?;
                places.insert(line.name.clone(), entries.len());
                entries.push(Found::secret(line.name, value));
            }
            Some(&at) => supersede(&mut entries[at], value),
        }
    }
    Ok(Sheet {
        entries,
        ..Sheet::default()
    })
}

fn supersede(found: &mut Found, value: SecretValue) {
    if let Content::Value(one) = &mut found.content
        && let Some(before) = one.value.replace(value)
        && one.older.len() < limits::OLDER_VALUES
    {
        one.older.push(Older {
            value: before,
            created_at: None,
            note: String::new(),
        });
    }
}
