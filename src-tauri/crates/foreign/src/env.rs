//! `.env` files (the syntax of [`keyward_model::envfile`]).

use std::collections::HashMap;

use keyward_model::{SecretValue, envfile};

use crate::{
    error::{Error, Fault, Result, shown},
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
    let mut repeated: Vec<usize> = Vec::new();
    for line in lines {
        let value = SecretValue::from_zeroizing(line.value);
        match places.get(&line.name) {
            None => {
                limits::entries(entries.len() + 1)?;
                places.insert(line.name.clone(), entries.len());
                entries.push(Found::secret(line.name, value));
            }
            Some(&at) => {
                if entries[at].variables().iter().all(|one| one.older.is_empty()) {
                    repeated.push(at);
                }
                supersede(&mut entries[at], value);
            }
        }
    }
    let remarks = told(&entries, &repeated).into_iter().collect();
    Ok(Sheet {
        entries,
        remarks,
        ..Sheet::default()
    })
}

/// Most names that a remark lists.
const TOLD: usize = 10;

/// What becomes of names that come more than once.
fn told(entries: &[Found], repeated: &[usize]) -> Option<String> {
    let names: Vec<String> = repeated
        .iter()
        .take(TOLD)
        .map(|at| shown(&entries[*at].name))
        .collect();
    let more = match repeated.len().saturating_sub(TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!names.is_empty()).then(|| {
        format!(
            "More than once in the file: {}{more}. The last value counts; where the key is new, the ones before become \
             older versions.",
            names.join(", ")
        )
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
