//! Pushed authorization requests (RFC 9126): the parameters go to the provider first, the browser carries a reference.

use std::time::Duration;

use keyward_model::{SecretValue, Timestamp, auth_client::Oauth2};
use url::Url;

use crate::{authorize::Pending, endpoint, error::Error, form, http::Http};

/// Longest reference that is believed, in bytes.
const LONGEST_REFERENCE: usize = 2048;

#[derive(serde::Deserialize)]
struct Taken {
    request_uri: String,
    expires_in: f64,
}

/// Pushes a consent's request: from then on its address holds the reference alone, and is good for as long as the
/// provider says.
///
/// # Errors
/// [`Error::BadEndpoint`] when the registration knows no such endpoint; [`Error::BadResponse`] for a reference that
/// cannot stand in an address; else what the answer means. `pending` is as it was.
pub async fn push(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    pending: &mut Pending,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(pushed) = &client.pushed else {
        return Err(Error::BadEndpoint(
            "this provider has no known address for pushed requests".to_owned(),
        ));
    };
    let mut address = endpoint::parse(&client.auth_uri)?;
    let client_id = client.dialect.name_of("authorize", "client_id");
    let own: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    let url = Url::parse(pending.url())
        .map_err(|_| Error::BadEndpoint("the authorization address is not a URL".to_owned()))?;
    let fields: Vec<(String, String)> = url
        .query_pairs()
        .into_owned()
        // What the endpoint's own address holds stays there; the client id comes with its authentication.
        .filter(|pair| pair.0 != client_id && !own.contains(pair))
        .collect();
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    // RFC 9126 §2.1: `client_id` is a parameter of the request, however the client authenticates.
    let with_id = [fields.as_slice(), &[("client_id", client.client_id.as_str())]].concat();
    let fields = match client.client_authentication {
        keyward_model::auth_client::ClientAuthentication::Basic if secret.is_some() => with_id,
        _ => fields,
    };
    let taken: Taken = form::ask(http, client, secret, &pushed.uri, &fields, &[], now).await?;
    let fits = !taken.request_uri.is_empty()
        && taken.request_uri.len() <= LONGEST_REFERENCE
        && taken.request_uri.bytes().all(|byte| byte.is_ascii_graphic());
    let life = Duration::try_from_secs_f64(taken.expires_in).unwrap_or_default();
    if !fits || life.is_zero() {
        return Err(Error::BadResponse {
            what: "its request_uri cannot be used".to_owned(),
            raw: SecretValue::new(Vec::new()),
        });
    }
    address
        .query_pairs_mut()
        .append_pair(client_id, &client.client_id)
        .append_pair("request_uri", &taken.request_uri);
    pending.refer_to(address.into(), now.after(life));
    Ok(())
}
