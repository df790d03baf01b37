//! Registrations that come along with an import: a file is no person, so each is checked as one that is typed in.

use keyward_foreign::app::ClientOf;
use keyward_model::{
    auth_client::{Grant, Registration},
    name::{EnvironmentName, Handle},
};
use keyward_oauth::{authorize, redirect};
use keyward_vault::{error as store, table::auth_clients, tx::Tx};

use crate::{Error, Result, applications, auth_clients::endpoint_of, secrets::check_text};

/// The key that a registration gets, or why it stays out.
pub(in crate::import) fn fit(
    tx: &Tx<'_>,
    client: &ClientOf,
) -> store::Result<std::result::Result<Handle, String>> {
    let key = match Handle::parse(&client.key) {
        Ok(key) => key,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let is_taken = auth_clients::list(tx)?
        .iter()
        .any(|one| one.key.same_ignoring_case(&key));
    if is_taken {
        return Ok(Err("one of that key is there and stays as it is".to_owned()));
    }
    Ok(match check(client) {
        Ok(()) => Ok(key),
        Err(error) => Err(error.message.trim_end_matches('.').to_owned()),
    })
}

fn check(client: &ClientOf) -> Result<()> {
    check_text("name", &client.name)?;
    EnvironmentName::parse(&client.environment)
        .map_err(|error| Error::invalid(format!("environment: {error}")))?;
    if let Some(application) = &client.application {
        applications::parse(application)?;
    }
    let uri = |field: &str, uri: Option<&str>| uri.map_or(Ok(()), |uri| endpoint_of(field, uri).map(drop));
    match &client.registration {
        Registration::NoAuth { url } | Registration::Basic { url } | Registration::ApiKey { url, .. } => {
            uri("url", url.as_deref())
        }
        Registration::Oauth1(oauth1) => {
            if oauth1.consumer_key.is_empty() {
                return Err(Error::invalid("consumer key: it is empty."));
            }
            uri("request uri", Some(&oauth1.request_uri))?;
            uri("authorize uri", Some(&oauth1.authorize_uri))?;
            uri("access uri", Some(&oauth1.access_uri))?;
            redirect::check(&oauth1.redirect, &oauth1.redirect_path)?;
            authorize::check_params(&oauth1.authorize_params)?;
            Ok(())
        }
        Registration::Oauth2(oauth2) => {
            if oauth2.client_id.is_empty() {
                return Err(Error::invalid("client id: it is empty."));
            }
            uri("issuer", oauth2.issuer.as_deref())?;
            // Nobody is sent there by another grant, and it may be unknown.
            let needs_browser = oauth2.grant == Grant::AuthorizationCode || !oauth2.auth_uri.is_empty();
            uri("auth uri", needs_browser.then_some(oauth2.auth_uri.as_str()))?;
            uri("token uri", Some(&oauth2.token_uri))?;
            uri("revocation uri", oauth2.revocation_uri.as_deref())?;
            uri("refresh token uri", oauth2.refresh_token_uri.as_deref())?;
            uri("introspection uri", oauth2.introspection_uri.as_deref())?;
            uri("device uri", oauth2.device_uri.as_deref())?;
            uri("jwks uri", oauth2.jwks_uri.as_deref())?;
            uri(
                "pushed uri",
                oauth2.pushed.as_ref().map(|pushed| pushed.uri.as_str()),
            )?;
            redirect::check(&oauth2.redirect, &oauth2.redirect_path)?;
            for params in [
                &oauth2.authorize_params,
                &oauth2.token_params,
                &oauth2.refresh_params,
            ] {
                authorize::check_params(params)?;
            }
            Ok(())
        }
    }
}
