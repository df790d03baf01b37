//! `keyward get`

use std::io::{self, IsTerminal};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyward_api::wire::{Code, Error};
use keyward_model::{SecretValue, reference::Reference};
use serde_json::{Value, json};

use super::{Result, resolve};
use crate::{args::Get, context::Context, output::Face};

/// Prints one value; no newline is added when piped.
///
/// # Errors
/// `usage` for what is no reference, `not_found`, `locked`, `needs_consent`, `provider`.
pub fn run(context: &Context, face: &Face, get: &Get) -> Result {
    let reference =
        Reference::parse_argument(&get.reference).map_err(|error| Error::usage(error.to_string()))?;
    let mut answers = resolve::batch(context, face, [&reference])?;
    let value = answers
        .remove(&reference)
        .unwrap_or_else(|| Err(Error::new(Code::Internal, "The host gave no answer.", "")))?;
    if face.is_json() {
        let mut document = json!({ "reference": get.reference });
        add_value(&mut document, &value);
        return face.document(&document);
    }
    face.data(value.expose())?;
    if io::stdout().is_terminal() {
        face.data(b"\n")
    } else {
        Ok(())
    }
}

/// Adds `value`, or `value_base64` when it is not UTF-8.
pub fn add_value(document: &mut Value, value: &SecretValue) {
    match value.expose_text() {
        Some(text) => document["value"] = Value::from(text),
        None => document["value_base64"] = Value::from(STANDARD.encode(value.expose())),
    }
}
