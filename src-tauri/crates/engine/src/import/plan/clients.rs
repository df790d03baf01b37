//! Registrations that come along with an import: a file is no person, so each is checked as one that is typed in.

use keyward_foreign::app::ClientOf;
use keyward_model::{
    auth_client::{Grant, Registration},
    name::{EnvironmentName, Handle},
};
use keyward_oauth::{authorize, catalogue, redirect};
use keyward_vault::{error as store, table::auth_clients, tx::Tx};

use crate::{
    Error, Result, applications,
    auth_clients::{check_authentication, endpoint_of},
    secrets::check_text,
};

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
            catalogue::check_dialect(&oauth2.dialect).map_err(|error| Error::invalid(format!("{error}.")))?;
            check_authentication(oauth2)
        }
    }
}

#[cfg(test)]
mod tests {
    use keyward_model::{
        auth_client::{ClientAuthentication, Oauth2, Visibility},
        dialect::{Behaviour, Dialect},
    };

    use super::*;

    fn checked(change: impl FnOnce(&mut Oauth2)) -> std::result::Result<(), String> {
        let mut oauth2 = Oauth2::new(
            "https://as.example/authorize".to_owned(),
            "https://as.example/token".to_owned(),
            "client".to_owned(),
        );
        change(&mut oauth2);
        check(&ClientOf {
            key: "crm".to_owned(),
            name: "CRM".to_owned(),
            environment: "default".to_owned(),
            application: None,
            visibility: Visibility::Vault,
            registration: Registration::Oauth2(Box::new(oauth2)),
            client_secret: None,
        })
        .map_err(|error| error.message)
    }

    /// O-04, O-11, R-17: what a file says of a provider's ways is held against the rules of the catalogue.
    #[test]
    fn o11_a_dialect_of_a_file_is_checked_as_an_entry_is() {
        let pairs = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(checked(|_| ()), Ok(()));
        let of = |dialect: Dialect| checked(|client| client.dialect = dialect);
        let usual = Dialect::default;
        for (dialect, field) in [
            (
                Dialect {
                    renamed: pairs("state", ""),
                    ..usual()
                },
                "renamed",
            ),
            (
                Dialect {
                    renamed: pairs("code_challenge", "x"),
                    ..usual()
                },
                "renamed",
            ),
            (
                Dialect {
                    callback_names: pairs("state", "x"),
                    ..usual()
                },
                "callback_names",
            ),
            (
                Dialect {
                    keep_from_callback: vec!["code".to_owned()],
                    ..usual()
                },
                "keep_from",
            ),
            (
                Dialect {
                    keep_from_answer: pairs("it", "access_token"),
                    ..usual()
                },
                "keep_from",
            ),
            (
                Dialect {
                    headers: pairs("Authorization", "Basic eA=="),
                    ..usual()
                },
                "headers",
            ),
            (
                Dialect {
                    hosts: vec!["evil.example".to_owned()],
                    ..usual()
                },
                "hosts",
            ),
            (
                Dialect {
                    answer_paths: pairs("nonce", "/x"),
                    ..usual()
                },
                "answer_paths",
            ),
        ] {
            let error = of(dialect).unwrap_err();
            assert!(error.contains(field), "{field}: {error}");
        }
        // O-47: its private key would be sent.
        let error = checked(|client| {
            client.client_authentication = ClientAuthentication::PrivateKeyJwt;
            client.dialect.behaviour = Some(Behaviour::SecretAsUser);
        });
        assert!(error.unwrap_err().contains("private_key_jwt"));
    }
}
