//! What an issuer offers beyond two endpoints: the other endpoints, and a client that it makes for us (OA3).

use keyward_model::{
    SecretValue,
    auth_client::{ClientAuthentication, Grant, Oauth2, Redirect},
};
use keyward_oauth::{
    discovery::Metadata,
    redirect,
    registration::{self, Registered, Wish},
};

use crate::{Engine, Error, Kind, Result};

/// The endpoints that a registration does not name itself.
pub(super) fn fill(registration: &mut Oauth2, metadata: &Metadata) {
    let fill = |own: &mut Option<String>, found: &Option<String>| {
        if own.is_none() {
            own.clone_from(found);
        }
    };
    fill(
        &mut registration.introspection_uri,
        &metadata.introspection_endpoint,
    );
    fill(
        &mut registration.device_uri,
        &metadata.device_authorization_endpoint,
    );
    fill(&mut registration.jwks_uri, &metadata.jwks_uri);
    if registration.pushed.is_none() {
        registration.pushed.clone_from(&metadata.pushed);
    }
}

/// Has the issuer make a client (RFC 7591), for somebody who has none there.
///
/// # Errors
/// [`Kind::Invalid`] when it offers that to nobody, [`Kind::Provider`] when not to us.
pub(super) fn register(
    engine: &Engine,
    metadata: &Metadata,
    name: &str,
    grant: Grant,
    (redirect, path): (&Redirect, &str),
    scopes: &[String],
) -> Result<Registered> {
    let Some(address) = &metadata.registration_endpoint else {
        return Err(Error::new(
            Kind::Invalid,
            "client id: it is missing.",
            "This issuer registers no clients by itself: make one on its pages and give --client-id.",
        ));
    };
    // A program on somebody's computer keeps no secret from them (O-08); who must have one gets one (RFC 8252 §8.5).
    let offers = |method| metadata.client_authentication_methods.contains(&method);
    let method = match grant {
        Grant::AuthorizationCode | Grant::DeviceCode if offers(ClientAuthentication::None) => {
            ClientAuthentication::None
        }
        _ if offers(ClientAuthentication::Basic) => ClientAuthentication::Basic,
        _ if offers(ClientAuthentication::Post) => ClientAuthentication::Post,
        _ => ClientAuthentication::None,
    };
    let mut redirect_uris = vec![redirect::address(redirect, path)];
    if *redirect == Redirect::Free {
        // O-09: where 127.0.0.1 cannot be had.
        redirect_uris.push(format!("http://[::1]{path}"));
    }
    let wish = Wish {
        name,
        grant,
        redirect_uris: &redirect_uris,
        scopes,
        client_authentication: method,
    };
    let network = engine.network()?;
    Ok(network.runtime.block_on(registration::register(
        &network.http,
        address,
        &wish,
        engine.now(),
    ))?)
}

/// What a made client brings into its registration; gives its secret.
pub(super) fn adopt(registration: &mut Oauth2, made: Registered) -> Option<SecretValue> {
    registration.client_id = made.client_id;
    registration.client_authentication = made.client_authentication;
    registration.client_secret_expires_at = made.client_secret_expires_at;
    made.client_secret
}
