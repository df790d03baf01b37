//! Fixtures, and entries as lines that are easy to compare.

use keyward_foreign::{Content, Error, Found, Sheet, Variable};
use keyward_model::SecretValue;

pub fn fixture(name: &str) -> Vec<u8> {
    let path = format!(
        "{}/../../../tests/fixtures/import/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What one value is, as text; `(none)` in a file of structure alone.
pub fn value(variable: &Variable) -> String {
    variable.value.as_ref().map_or("(none)".to_owned(), |value| {
        String::from_utf8_lossy(value.expose()).into_owned()
    })
}

/// `folder/name = value`, or `folder/name {field=value *hidden=value}`.
pub fn line(found: &Found) -> String {
    let mut path = found.folder.clone();
    path.push(found.name.clone());
    let path = path.join("/");
    match &found.content {
        Content::Value(one) => format!("{path} = {}", value(one)),
        Content::Variables(all) => {
            let all: Vec<String> = all
                .iter()
                .map(|one| format!("{}{}={}", if one.masked { "*" } else { "" }, one.name, value(one)))
                .collect();
            format!("{path} {{{}}}", all.join(" "))
        }
    }
}

pub fn lines(sheet: &Sheet) -> Vec<String> {
    sheet.entries.iter().map(line).collect()
}

pub fn older(variable: &Variable) -> Vec<String> {
    variable
        .older
        .iter()
        .map(|older| String::from_utf8_lossy(older.value.expose()).into_owned())
        .collect()
}

pub fn named<'a>(sheet: &'a Sheet, name: &str) -> &'a Found {
    let found = sheet.entries.iter().find(|found| found.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", lines(sheet)))
}

pub fn secret(text: &str) -> SecretValue {
    SecretValue::from(text)
}

/// The error says all of these words.
pub fn says(error: &Error, words: &[&str]) {
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "“{text}” does not say “{word}”");
    }
}
