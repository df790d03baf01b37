//! JSON of others: bounded in size and depth, strings moved out rather than copied.

mod once;

use keyward_model::SecretValue;
use serde_json::{Map, Value};

use crate::{
    error::{Error, Result},
    limits,
};

/// Reads one document, in which no object has a member twice. The depth is looked at first: no parser is asked to climb it.
///
/// # Errors
/// [`crate::Fault::Malformed`] with line and column, and the name of the member that stands twice.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value> {
    limits::source(bytes)?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    check_depth(bytes)?;
    // The parser's own message may quote the input, which may hold a value.
    let value = serde_json::from_slice(bytes).map_err(|error| {
        let reason = match error.classify() {
            serde_json::error::Category::Eof => "the JSON ends too early",
            _ if std::str::from_utf8(bytes).is_err() => "it is not UTF-8",
            _ => "it is no valid JSON",
        };
        Error::malformed(reason).at(format!("line {}, column {}", error.line(), error.column()))
    })?;
    once::check(bytes)?;
    Ok(value)
}

fn check_depth(bytes: &[u8]) -> Result<()> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for &byte in bytes {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limits::DEPTH {
                    return Err(Error::too_large(format!(
                        "its JSON is nested deeper than {} levels",
                        limits::DEPTH
                    )));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// The object that must stand here.
pub(crate) fn object(value: Value, place: &str) -> Result<Map<String, Value>> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Error::malformed("it must be a JSON object").at(place)),
    }
}

/// A list, or nothing where it is absent or null.
pub(crate) fn list(object: &mut Map<String, Value>, member: &str) -> Result<Vec<Value>> {
    match object.remove(member) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(Error::malformed("it must be a list").at(member)),
    }
}

/// Moves a text out; absent, null or another type is none.
pub(crate) fn text(object: &mut Map<String, Value>, member: &str) -> Option<String> {
    match object.get_mut(member).map(Value::take) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Moves a text that is not empty out.
pub(crate) fn full(object: &mut Map<String, Value>, member: &str) -> Option<String> {
    text(object, member).filter(|text| !text.is_empty())
}

/// Moves a value out; absent, null or another type is none.
pub(crate) fn secret(object: &mut Map<String, Value>, member: &str) -> Option<SecretValue> {
    text(object, member).map(SecretValue::from)
}

/// An object inside, or an empty one.
pub(crate) fn inner(object: &mut Map<String, Value>, member: &str) -> Map<String, Value> {
    match object.remove(member) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// A scalar as the text a program would read: text as it is, numbers and truth values as JSON writes them.
pub(crate) fn scalar(value: Value) -> Option<SecretValue> {
    match value {
        Value::String(text) => Some(SecretValue::from(text)),
        Value::Number(number) => Some(SecretValue::from(number.to_string())),
        Value::Bool(flag) => Some(SecretValue::from(flag.to_string())),
        _ => None,
    }
}
