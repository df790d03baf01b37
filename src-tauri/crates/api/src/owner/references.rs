//! References.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, resolve};
use keyward_model::reference::Reference;

use super::Result;
use crate::wire::{self, Error, Plaintext, Resolution};

/// Most References in one batch.
const MAX_BATCH: usize = 10_000;

/// Resolves a batch.
///
/// # Errors
/// `locked`, `usage` for what is no Reference; everything else is an answer.
pub fn resolve(engine: &Arc<Engine>, caller: &Caller, request: wire::Resolve) -> Result<wire::Resolved> {
    if request.references.len() > MAX_BATCH {
        return Err(Error::usage("At most 10 000 references at once."));
    }
    let references = request
        .references
        .iter()
        .map(|text| Reference::parse_argument(text).map_err(|error| Error::usage(error.to_string())))
        .collect::<Result<Vec<_>>>()?;
    let resolved = resolve::resolve(engine, caller, &request.environment, &references)?;
    let answers = resolved
        .answers
        .into_iter()
        .map(|answer| match answer {
            Ok(value) => Resolution::Value(Plaintext(value)),
            Err(error) => Resolution::Error(error.into()),
        })
        .collect();
    Ok(wire::Resolved {
        answers,
        notice: resolved.notice,
    })
}
