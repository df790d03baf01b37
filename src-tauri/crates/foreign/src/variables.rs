//! Variables of API tools: environments of Postman and of Insomnia.

use keyward_model::SecretValue;
use serde_json::{Map, Value};

use crate::{
    error::{Error, Result, shown},
    found::{Content, Found, Sheet, Variable},
    json, limits,
};

/// An environment or the globals that Postman exports.
///
/// # Errors
/// [`crate::Fault::Malformed`], [`crate::Fault::Unsupported`] for a collection.
pub fn postman(bytes: &[u8]) -> Result<Sheet> {
    let mut object = json::object(json::parse(bytes)?, "the file")?;
    if object.contains_key("item") || object.contains_key("requests") {
        return Err(Error::unsupported(
            "it is a collection of requests; export the environment instead",
        ));
    }
    if !object.contains_key("values") {
        return Err(Error::malformed("it has no values; it is no environment of Postman").at("the file"));
    }
    let folder = json::full(&mut object, "name");
    let values = json::list(&mut object, "values")?;
    limits::entries(values.len())?;
    let mut sheet = Sheet::default();
    for (at, value) in values.into_iter().enumerate() {
        let mut one = json::object(value, &format!("value {}", at + 1))?;
        let name = json::text(&mut one, "key").unwrap_or_default();
        let is_secret = one.get("type").and_then(Value::as_str) == Some("secret");
        let value = one
            .remove("value")
            .and_then(json::scalar)
            .unwrap_or_else(|| SecretValue::from(""));
        sheet.entries.push(variable(name, value, &folder, is_secret));
    }
    Ok(sheet)
}

/// The environments of an export of Insomnia (version 4, JSON), with what they inherit from as they stand.
///
/// # Errors
/// [`crate::Fault::Malformed`], [`crate::Fault::Unsupported`] for the YAML of version 5.
pub fn insomnia(bytes: &[u8]) -> Result<Sheet> {
    if bytes.trim_ascii_start().starts_with(b"type:") {
        return Err(Error::unsupported(
            "it is Insomnia's export of version 5; choose “Insomnia v4 (JSON)” when you export it",
        ));
    }
    let mut object = json::object(json::parse(bytes)?, "the file")?;
    if object.get("__export_format").and_then(Value::as_u64) != Some(4) {
        return Err(Error::malformed("it is no export of Insomnia of version 4").at("the file"));
    }
    let mut sheet = Sheet::default();
    for resource in json::list(&mut object, "resources")? {
        let mut resource = json::object(resource, "resources")?;
        if resource.get("_type").and_then(Value::as_str) != Some("environment") {
            continue;
        }
        let folder = json::full(&mut resource, "name");
        let data = json::inner(&mut resource, "data");
        flatten(data, &mut Vec::new(), &folder, &mut sheet)?;
    }
    Ok(sheet)
}

/// Objects inside objects become names joined by dots, as Insomnia's templates write them.
fn flatten(
    data: Map<String, Value>,
    path: &mut Vec<String>,
    folder: &Option<String>,
    sheet: &mut Sheet,
) -> Result<()> {
    for (name, value) in data {
        path.push(name);
        match value {
            // No deeper than the document, whose depth was looked at.
            Value::Object(inside) => flatten(inside, path, folder, sheet)?,
            Value::Null => {}
            Value::Array(_) => sheet.remarks.push(format!(
                "The list “{}” was left out: a variable holds one value.",
                shown(&path.join("."))
            )),
            scalar => {
                limits::entries(sheet.entries.len() + 1)?;
                if let Some(value) = json::scalar(scalar) {
                    sheet.entries.push(variable(path.join("."), value, folder, true));
                }
            }
        }
        path.pop();
    }
    Ok(())
}

fn variable(name: String, value: SecretValue, folder: &Option<String>, masked: bool) -> Found {
    Found {
        folder: folder.iter().cloned().collect(),
        name,
        content: Content::Value(match masked {
            true => Variable::masked("", value),
            false => Variable::plain("", value),
        }),
        ..Found::default()
    }
}
