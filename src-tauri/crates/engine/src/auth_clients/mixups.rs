//! AuthClients whose answers could be mixed up (O-41).

use keyward_model::{
    auth_client::{Grant, Oauth2},
    name::Handle,
};
use keyward_oauth::{endpoint, redirect};

use super::everything;
use crate::{Engine, Result};

/// Two AuthClients of different issuers on one path.
pub(crate) struct MixedUp {
    /// The one whose issuer does not name itself in its answers.
    pub(crate) nameless: Handle,
    pub(crate) other: Handle,
    pub(crate) path: String,
}

/// Each AuthClient whose issuer sends no `iss` and that shares its path with one of another issuer, once: the state
/// alone keeps those two apart, since servers do not compare the port.
///
/// # Errors
/// When locked or damaged.
pub(crate) fn mixed_up(engine: &Engine) -> Result<Vec<MixedUp>> {
    let all = everything(engine)?;
    let listening: Vec<(&Handle, &Oauth2)> = all
        .iter()
        .filter_map(|one| Some((&one.auth_client.key, one.auth_client.oauth2()?)))
        .filter(|(_, client)| client.grant == Grant::AuthorizationCode && redirect::listens(&client.redirect))
        .collect();
    let found = listening.iter().filter(|(_, client)| !client.issuer_in_callback);
    Ok(found
        .filter_map(|(key, client)| {
            let (other, _) = listening.iter().find(|(_, other)| {
                other.redirect_path == client.redirect_path && issuer(other) != issuer(client)
            })?;
            Some(MixedUp {
                nameless: (*key).clone(),
                other: (*other).clone(),
                path: client.redirect_path.clone(),
            })
        })
        .collect())
}

/// Who answers: the issuer, else the host of its authorization endpoint.
fn issuer(client: &Oauth2) -> String {
    match &client.issuer {
        Some(issuer) => issuer.clone(),
        None => endpoint::parse(&client.auth_uri)
            .map(|url| url.origin().ascii_serialization())
            .unwrap_or_default(),
    }
}
