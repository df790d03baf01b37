//! What a person says of an OAuth 1.0a registration, over what the catalogue says.

use keyward_model::{
    SecretValue,
    auth_client::{DEFAULT_REDIRECT_PATH, Oauth1, Redirect, Signature},
};
use keyward_oauth::redirect;

use super::checks::{endpoint_of, over, variables_alone};
use crate::{Engine, Error, Kind, Result, providers};

/// A new OAuth 1.0a registration (RFC 5849).
#[derive(Default)]
pub struct NewOauth1<'a> {
    /// Entry of the catalogue; it says whatever is left out here (OA4).
    pub provider: Option<&'a str>,
    /// What stands for the variables of that entry.
    pub variables: Vec<(String, String)>,
    /// Where a request token is got.
    pub request_uri: Option<&'a str>,
    /// Where the person agrees.
    pub authorize_uri: Option<&'a str>,
    /// Where it becomes an access token.
    pub access_uri: Option<&'a str>,
    /// Consumer key.
    pub consumer_key: &'a str,
    /// Consumer secret.
    pub consumer_secret: Option<&'a SecretValue>,
    /// How requests are signed; default: HMAC-SHA1.
    pub signature: Option<Signature>,
    /// Where the browser comes back to; default: as the entry of the catalogue says, else a free port of this machine.
    pub redirect: Option<Redirect>,
    /// Path of the redirect.
    pub redirect_path: Option<&'a str>,
    /// Further parameters of the address where the person agrees.
    pub authorize_params: Vec<(String, String)>,
}

pub(super) fn registration(engine: &Engine, new: &NewOauth1<'_>) -> Result<Oauth1> {
    if new.consumer_key.is_empty() {
        return Err(Error::invalid("client id: it is empty."));
    }
    let base = match new.provider {
        Some(provider) => Some(from_provider(engine, provider, &new.variables)?),
        None if new.variables.is_empty() => None,
        None => return Err(variables_alone()),
    };
    let base = base.as_ref();
    let address = |field: &str, own: Option<&str>, entry: Option<&String>| {
        endpoint_of(field, own.or(entry.map(String::as_str)).unwrap_or_default())
    };
    let entry_params = base.map_or(&[][..], |base| &base.authorize_params);
    let authorize_params = over("authorize param", entry_params, &new.authorize_params)?;
    let redirect = new
        .redirect
        .clone()
        .or(base.map(|base| base.redirect.clone()))
        .unwrap_or_default();
    let redirect_path = new.redirect_path.unwrap_or(DEFAULT_REDIRECT_PATH);
    redirect::check(&redirect, redirect_path)?;
    Ok(Oauth1 {
        request_uri: address(
            "request token uri",
            new.request_uri,
            base.map(|base| &base.request_uri),
        )?,
        authorize_uri: address(
            "auth uri",
            new.authorize_uri,
            base.map(|base| &base.authorize_uri),
        )?,
        access_uri: address("token uri", new.access_uri, base.map(|base| &base.access_uri))?,
        consumer_key: new.consumer_key.to_owned(),
        client_secret: None,
        signature: new.signature.unwrap_or_default(),
        redirect,
        redirect_path: redirect_path.to_owned(),
        authorize_params,
    })
}

/// What an entry that speaks OAuth 1.0a makes of a person's variables.
fn from_provider(engine: &Engine, id: &str, variables: &[(String, String)]) -> Result<Oauth1> {
    let provider = providers::find(engine, id)?;
    let made = provider
        .oauth1_registration(variables)
        .map_err(|error| providers::unfilled(&error))?;
    made.ok_or_else(|| {
        Error::new(
            Kind::Invalid,
            format!("provider: {} speaks OAuth 2.0.", provider.name),
            "Leave the type out, or say oauth2.",
        )
    })
}
