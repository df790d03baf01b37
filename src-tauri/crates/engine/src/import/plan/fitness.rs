//! What can be stored at all, and under which names.

use std::collections::HashSet;

use keyward_foreign::{Content, Found, Variable, app::AppCredential};
use keyward_model::{
    SecretValue,
    connection::{AuthType, UserPass},
    credential::MAX_VARIABLES,
    name::{EnvironmentName, Handle},
    value::MAX_VALUE_BYTES,
};

use super::desk::numbered;
use crate::{Error, Result, applications, connections::checked_url, secrets::check_text};

/// The FIELD of each variable: its name where that is one, else a proposed one; no two alike.
pub(in crate::import) fn names(variables: &[Variable]) -> Vec<String> {
    let mut used: HashSet<String> = HashSet::new();
    variables
        .iter()
        .map(|variable| {
            let base = Handle::parse(&variable.name)
                .ok()
                .or_else(|| Handle::propose(&variable.name))
                .or_else(|| Handle::parse("field").ok());
            let free = |key: &Handle| !used.contains(&key.as_str().to_ascii_lowercase());
            let name = base
                .clone()
                .filter(free)
                .or_else(|| (2..).find_map(|number| numbered(base.as_ref()?, number).filter(free)))
                .map_or_else(String::new, |name| name.to_string());
            used.insert(name.to_ascii_lowercase());
            name
        })
        .collect()
}

/// Why an entry cannot be stored.
pub(super) fn unusable(found: &Found, environment: &str) -> Option<String> {
    if let Err(error) = EnvironmentName::parse(environment) {
        return Some(error.to_string());
    }
    let texts = [
        ("name", &found.name),
        ("description", &found.description),
        ("notes", &found.note),
        ("tags", &found.tags.concat()),
    ];
    if let Some(error) = texts
        .into_iter()
        .find_map(|(field, text)| check_text(field, text).err())
    {
        return Some(without_stop(&error));
    }
    if let Some(error) = found.app.as_ref().and_then(|app| check_app(app, found).err()) {
        return Some(without_stop(&error));
    }
    let variables = found.variables();
    if variables.is_empty() {
        return Some("it holds no value".to_owned());
    }
    if variables.len() > MAX_VARIABLES {
        return Some(format!("it has more than {MAX_VARIABLES} variables"));
    }
    variables.iter().find_map(|variable| {
        let size = variable.value.as_ref().map_or(0, SecretValue::len);
        let older = variable.older.iter().map(|older| older.value.len()).max();
        let largest = size.max(older.unwrap_or(0));
        (largest > MAX_VALUE_BYTES).then(|| {
            let what = match variable.name.is_empty() {
                true => "its value".to_owned(),
                false => format!("“{}”", one_line(&variable.name)),
            };
            format!("{what} has {largest} bytes, and at most 1 MiB can be stored")
        })
    })
}

/// What makes it an app credential, as if it were typed in.
fn check_app(app: &AppCredential, found: &Found) -> Result<()> {
    if let Some(application) = &app.application {
        applications::parse(application)?;
    }
    checked_url(app.auth_type, app.url.as_deref().unwrap_or_default())?;
    let Content::Value(one) = &found.content else {
        return Err(Error::invalid("an app credential has one value."));
    };
    let values = one.older.iter().map(|older| &older.value).chain(&one.value);
    let mut both = values.filter(|_| app.auth_type == AuthType::Basic);
    if both.any(|value| UserPass::split(value).is_none()) {
        return Err(Error::invalid("it is no user name and password."));
    }
    Ok(())
}

fn without_stop(error: &Error) -> String {
    error.message.trim_end_matches('.').to_owned()
}

/// Text of a file on one line, without control characters.
pub(in crate::import) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
