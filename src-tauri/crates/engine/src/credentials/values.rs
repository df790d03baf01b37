//! What a Reference to a Credential means: one variable, or all of them as one JSON object (CLI.md).

use keyward_model::{SecretValue, credential::Credential, reference::Field, value::MAX_VALUE_BYTES};
use keyward_vault::{error as store, table::credentials, tx::Tx};

use super::finding::no_variable;
use crate::{Error, Kind, Result, json};

/// The value of a field, or of the whole. The outer result is the vault's, the inner one says what was asked wrongly.
pub(crate) fn resolve(
    tx: &Tx<'_>,
    credential: &Credential,
    field: Option<&Field>,
) -> store::Result<Result<SecretValue>> {
    let Some(field) = field else {
        return whole(tx, credential);
    };
    let variable = match field {
        Field::Named(name) => credential.variable(name),
        Field::Raw(_) => None,
    };
    match variable {
        Some(variable) => credentials::value(tx, variable).map(Ok),
        None => Ok(Err(no_variable(credential, &field.to_string()))),
    }
}

fn whole(tx: &Tx<'_>, credential: &Credential) -> store::Result<Result<SecretValue>> {
    let bytes: u64 = credential.variables.iter().map(|one| u64::from(one.bytes)).sum();
    if bytes > MAX_VALUE_BYTES as u64 {
        return Ok(Err(too_long(credential)));
    }
    let mut members = Vec::with_capacity(credential.variables.len());
    for variable in &credential.variables {
        members.push((variable.name.as_str(), credentials::value(tx, variable)?));
    }
    Ok(match json::object(&members) {
        Ok(object) if object.len() > MAX_VALUE_BYTES => Err(too_long(credential)),
        Ok(object) => Ok(object),
        Err(name) => {
            let message = format!(
                "Variable {name} of “{}” is not UTF-8 text, so it cannot be part of a JSON object.",
                credential.key
            );
            Err(Error::new(Kind::Invalid, message, one_by_one(credential)))
        }
    })
}

/// What is longer than a value can be does not fit a frame of the door either.
fn too_long(credential: &Credential) -> Error {
    let message = format!(
        "All variables of “{}” together are longer than 1 MiB, the most that one value has.",
        credential.key
    );
    Error::new(Kind::Invalid, message, one_by_one(credential))
}

fn one_by_one(credential: &Credential) -> String {
    format!(
        "Refer to each variable by itself: {{vault.{}.VARIABLE}}.",
        credential.key
    )
}
