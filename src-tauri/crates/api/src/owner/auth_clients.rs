//! AuthClients.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, auth_clients};

use super::{Result, params};
use crate::wire::{self, Done};

/// Visible ones, newest first.
///
/// # Errors
/// `locked`, `not_found` for the environment.
pub fn list(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::AuthClientList,
) -> Result<Vec<wire::AuthClient>> {
    Ok(auth_clients::list(engine, &request.environment)?
        .into_iter()
        .map(Into::into)
        .collect())
}

/// One of them.
///
/// # Errors
/// `not_found`.
pub fn show(engine: &Arc<Engine>, _: &Caller, request: wire::AuthClientShow) -> Result<wire::AuthClient> {
    Ok(auth_clients::find(engine, &request.auth_client)?.into())
}

/// Makes one.
///
/// # Errors
/// `usage`, `conflict`, `provider` when discovery fails.
pub fn create(
    engine: &Arc<Engine>,
    caller: &Caller,
    request: wire::AuthClientCreate,
) -> Result<wire::AuthClient> {
    let new = auth_clients::New {
        key: &request.key,
        name: request.name.as_deref(),
        application: request.application.as_deref(),
        issuer: request.issuer.as_deref(),
        auth_uri: request.auth_uri.as_deref(),
        token_uri: request.token_uri.as_deref(),
        revocation_uri: request.revocation_uri.as_deref(),
        client_id: &request.client_id,
        client_secret: request.client_secret.as_ref().map(|secret| &secret.0),
        token_expires_in: request.token_expires_in,
        redirect_path: request.redirect_path.as_deref(),
        authorize_params: params(request.authorize_params.as_deref().unwrap_or_default())?,
        scopes: request.scopes.unwrap_or_default(),
    };
    Ok(auth_clients::create(engine, caller, &request.environment, &new)?.into())
}

/// Deletes one that nothing uses.
///
/// # Errors
/// `not_found`, `conflict`.
pub fn delete(engine: &Arc<Engine>, caller: &Caller, request: wire::AuthClientDelete) -> Result<Done> {
    auth_clients::delete(engine, caller, &request.auth_client)?;
    Ok(Done {})
}

/// Asks an issuer for its endpoints.
///
/// # Errors
/// `usage`, `provider`.
pub fn discover(
    engine: &Arc<Engine>,
    _: &Caller,
    request: wire::AuthClientDiscover,
) -> Result<wire::Discovered> {
    let metadata = auth_clients::discover(engine, &request.issuer)?;
    Ok(wire::Discovered {
        warnings: auth_clients::warnings(&metadata),
        issuer: metadata.issuer,
        auth_uri: metadata.authorization_endpoint,
        token_uri: metadata.token_endpoint,
        revocation_uri: metadata.revocation_endpoint,
    })
}
