//! Resolving a batch of References through the door: what `get`, `run` and `inject` share.

use std::collections::HashMap;

use keyward_api::wire::{Error, Resolution, Resolve};
use keyward_model::{SecretValue, reference::Reference};

use super::Result;
use crate::{context::Context, door::Door, output::Face};

/// Values, or why there are none, by Reference.
pub type Answers = HashMap<Reference, std::result::Result<SecretValue, Error>>;

/// Resolves each Reference once, in one request.
///
/// # Errors
/// `locked`, `not_found` for the environment.
pub fn batch<'a>(
    context: &Context,
    face: &Face,
    references: impl IntoIterator<Item = &'a Reference>,
) -> Result<Answers> {
    let mut unique: Vec<Reference> = Vec::new();
    for reference in references {
        if !unique.contains(reference) {
            unique.push(reference.clone());
        }
    }
    if unique.is_empty() {
        return Ok(Answers::new());
    }
    let request = Resolve {
        environment: context.environment.clone(),
        references: unique.iter().map(Reference::to_uri).collect(),
    };
    let resolved = Door::open(context)?.call(context, request)?;
    if let Some(notice) = &resolved.notice {
        face.say(notice);
    }
    let answers = resolved.answers.into_iter().map(|answer| match answer {
        Resolution::Value(value) => Ok(value.0),
        Resolution::Error(error) => Err(error),
    });
    Ok(unique.into_iter().zip(answers).collect())
}
