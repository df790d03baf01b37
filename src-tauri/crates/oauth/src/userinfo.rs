//! Asking a provider who somebody is (OpenID Connect Core §5.3), to show whose account it is.

use keyward_model::{SecretValue, Timestamp};
use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION, HeaderValue},
};
use zeroize::Zeroizing;

use crate::{
    endpoint,
    error::Error,
    form,
    http::{Http, Reply},
    id_token::Claims,
    refusal, text, token,
};

#[derive(serde::Deserialize)]
struct Document {
    sub: String,
    email: Option<String>,
    preferred_username: Option<String>,
    name: Option<String>,
}

/// Asks at `address`, the issuer's userinfo endpoint, with the access token in the header and nowhere else
/// (RFC 6750 §2.1). `subject` is the ID token's: another person's answer is not believed (§5.3.2).
///
/// # Errors
/// [`Error::BadResponse`] for somebody else's; else what the answer means.
pub async fn ask(
    http: &Http,
    address: &str,
    access_token: &SecretValue,
    subject: &str,
    now: Timestamp,
) -> Result<Claims, Error> {
    let mut request = reqwest::Request::new(Method::GET, endpoint::parse(address)?);
    let bearer = Zeroizing::new(format!("Bearer {}", token::text(access_token)?));
    let mut value = HeaderValue::try_from(bearer.as_str())
        .map_err(|_| Error::BadParameter("the access token cannot be sent".to_owned()))?;
    value.set_sensitive(true);
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, value);
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let reply = http.send(request).await?;
    if reply.status != 200 {
        return Err(refusal::of(&reply, &[], now));
    }
    about(form::read(reply)?, subject)
}

/// Reads a whole answer about `subject`, as [`ask`] does: bytes in, verdict out.
///
/// # Errors
/// [`Error::BadResponse`].
pub fn read(body: &[u8], subject: &str) -> Result<Claims, Error> {
    about(form::read(Reply::whole(200, body))?, subject)
}

fn about(found: Document, subject: &str) -> Result<Claims, Error> {
    if found.sub != subject {
        return Err(Error::BadResponse {
            what: "it is about another person".to_owned(),
            raw: SecretValue::new(Vec::new()),
        });
    }
    Ok(Claims {
        subject: found.sub,
        account: [found.email, found.preferred_username, found.name]
            .into_iter()
            .flatten()
            .find_map(|name| text::plain(&name)),
    })
}
