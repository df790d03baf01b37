//! What an issuer says of itself.

use keyward_oauth::{
    Error as OauthError, discovery,
    discovery::{IssuerInCallback, Metadata, Pkce},
};

use crate::{Engine, Error, Kind, Result};

/// Asks an issuer for its endpoints.
///
/// # Errors
/// [`crate::Kind::Invalid`] for a bad address, [`crate::Kind::Provider`].
pub fn discover(engine: &Engine, issuer: &str) -> Result<Metadata> {
    let network = engine.network()?;
    network
        .runtime
        .block_on(discovery::discover(&network.http, issuer))
        .map_err(|error| refused(issuer, error))
}

/// An issuer that is another, or none: nothing else of the registration is at fault.
fn refused(issuer: &str, error: OauthError) -> Error {
    let OauthError::Config {
        oauth_error,
        description,
    } = &error
    else {
        return error.into();
    };
    if oauth_error == "issuer_mismatch" {
        let said = description
            .as_deref()
            .unwrap_or("The server calls itself otherwise");
        // O-44: a slash at the end is the usual difference, and a difference.
        let is_slash = said.trim_end_matches('/').ends_with(issuer.trim_end_matches('/'));
        let hint = match is_slash {
            true => {
                "Only the slash at the end differs, and an issuer is compared letter by letter: give it as the server writes it."
            }
            false => {
                "An issuer is compared letter by letter. Ask the provider which of the two is its own, and give that one."
            }
        };
        let message = format!("{said}, and not {issuer}: issuer_mismatch.");
        return Error::new(Kind::Provider, message, hint);
    }
    match oauth_error.strip_prefix("http_") {
        Some(status) => Error::new(
            Kind::Provider,
            format!("The issuer {issuer} does not say what it is (HTTP {status})."),
            "Check its address; where a server has no metadata, give --auth-uri and --token-uri instead of --issuer.",
        ),
        None => error.into(),
    }
}

/// What the metadata of an issuer lacks, in words (O-03).
#[must_use]
pub fn warnings(metadata: &Metadata) -> Vec<String> {
    let mut warnings = Vec::new();
    if metadata.s256 == Pkce::NotSaid {
        warnings
            .push("The server does not say that it checks PKCE (S256). Keyward sends it anyway.".to_owned());
    }
    if !names_itself(metadata) {
        warnings.push("The server does not name itself in its answers (iss).".to_owned());
    }
    if metadata.revocation_endpoint.is_none() {
        warnings.push(
            "The server names no revocation address: disconnecting cannot end tokens there.".to_owned(),
        );
    }
    warnings
}

/// Whether the server says who it is in its answers (RFC 9207); where it does not, a path of its own keeps its answers
/// apart from those of others (O-41).
#[must_use]
pub fn names_itself(metadata: &Metadata) -> bool {
    metadata.issuer_in_callback == IssuerInCallback::Supported
}
