//! What an issuer says of itself.

use keyward_oauth::{
    discovery,
    discovery::{IssuerInCallback, Metadata, Pkce},
};

use crate::{Engine, Result};

/// Asks an issuer for its endpoints.
///
/// # Errors
/// [`crate::Kind::Invalid`] for a bad address, [`crate::Kind::Provider`].
pub fn discover(engine: &Engine, issuer: &str) -> Result<Metadata> {
    let network = engine.network()?;
    Ok(network
        .runtime
        .block_on(discovery::discover(&network.http, issuer))?)
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
