//! JSON as programs read it: an object of names and values, or of objects of them.

use serde_json::Value;

use crate::{
    error::{Error, Result, shown},
    found::{Content, Found, Sheet, Variable},
    json, limits, own,
};

/// `{"NAME": "value"}` becomes one value each, `{"NAME": {"FIELD": "value"}}` a set of variables. Our own export, when
/// it was decrypted or written in plain text, is recognised by its `format` member.
///
/// # Errors
/// [`crate::Fault::Malformed`] naming the member that is neither.
pub fn parse(bytes: &[u8]) -> Result<Sheet> {
    let mut object = json::object(json::parse(bytes)?, "the file")?;
    if own::is_ours(&object) {
        return own::read(object);
    }
    limits::entries(object.len())?;
    let mut sheet = Sheet::default();
    for (name, value) in std::mem::take(&mut object) {
        let place = format!("member “{}”", shown(&name));
        let content = match value {
            Value::Object(fields) => {
                if fields.len() > limits::VARIABLES {
                    return Err(Error::too_large("it has too many members").at(place));
                }
                let mut variables = Vec::new();
                for (field, value) in fields {
                    let within = format!("member “{}.{}”", shown(&name), shown(&field));
                    variables.push(Variable::masked(field, scalar(value).map_err(|e| e.at(within))?));
                }
                Content::Variables(variables)
            }
            value => Content::Value(Variable::masked("", scalar(value).map_err(|e| e.at(place))?)),
        };
        sheet.entries.push(Found {
            name,
            content,
            ..Found::default()
        });
    }
    Ok(sheet)
}

fn scalar(value: Value) -> Result<keyward_model::SecretValue> {
    json::scalar(value)
        .ok_or_else(|| Error::malformed("it must be a text, a number or a truth value, or an object of them"))
}
