//! What holds for what a person says of a registration, whatever its type.

use keyward_model::apply::Apply;
use keyward_oauth::{authorize, endpoint};

use crate::{Error, Result};

/// Longest refresh window, in seconds.
const LONGEST_WINDOW: u32 = 86_400;

pub(super) fn variables_alone() -> Error {
    Error::invalid("variables: they belong to a provider, and none is named.")
}

/// The entry's parameters with the person's own: of two with one name the person's counts.
pub(super) fn over(
    field: &str,
    entry: &[(String, String)],
    own: &[(String, String)],
) -> Result<Vec<(String, String)>> {
    authorize::check_params(own).map_err(|error| Error::invalid(format!("{field}: {error}.")))?;
    let stays = entry
        .iter()
        .filter(|(name, _)| !own.iter().any(|(other, _)| other == name));
    Ok(stays.chain(own).cloned().collect())
}

/// O-64: a window longer than a day would refresh most tokens without end.
pub(crate) fn check_window(seconds: Option<u32>) -> Result<()> {
    if seconds.is_some_and(|seconds| seconds > LONGEST_WINDOW) {
        return Err(Error::invalid("refresh window: at most a day (86400 s)."));
    }
    Ok(())
}

/// RFC 8707 §2: an absolute URI without a fragment.
pub(crate) fn check_resource(resource: &str) -> Result<()> {
    let is_plain = resource.bytes().all(|b| b.is_ascii_graphic()) && !resource.contains('#');
    match resource.split_once(':') {
        Some((scheme, rest)) if is_plain && !scheme.is_empty() && !rest.is_empty() => Ok(()),
        _ => Err(Error::invalid(
            "resource: an absolute address without a fragment (RFC 8707).",
        )),
    }
}

/// An address that requests may go to: https, or http on this machine (T-12).
pub(crate) fn endpoint_of(field: &str, address: &str) -> Result<String> {
    endpoint::check(address).map_err(|error| Error::invalid(format!("{field}: {error}")))?;
    Ok(address.to_owned())
}

/// How a value is sent (WK1).
pub(crate) fn apply_of(text: &str) -> Result<Apply> {
    Apply::parse(text).map_err(|error| Error::invalid(format!("apply: {error}.")))
}
