//! Asking a provider what it thinks of a token (RFC 7662).

use keyward_model::{SecretValue, Timestamp, auth_client::Oauth2};

use crate::{
    error::Error,
    form,
    http::{Http, Reply},
    revoke::TokenKind,
    text, token,
};

/// What the provider says. Texts are plain, for display alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introspection {
    /// Whether it accepts the token now.
    pub active: bool,
    /// Its scope.
    pub scope: Option<String>,
    /// Whose it is: `username`, else `sub`.
    pub account: Option<String>,
    /// `sub` alone.
    pub subject: Option<String>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

#[derive(serde::Deserialize)]
struct Document {
    active: bool,
    scope: Option<String>,
    username: Option<String>,
    sub: Option<String>,
    exp: Option<i64>,
}

/// Asks about one token.
///
/// # Errors
/// [`Error::BadEndpoint`] when the registration knows no such endpoint; else what the answer means.
pub async fn introspect(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    of: &SecretValue,
    kind: TokenKind,
    now: Timestamp,
) -> Result<Introspection, Error> {
    let Some(address) = &client.introspection_uri else {
        return Err(Error::BadEndpoint(
            "this provider has no known introspection endpoint".to_owned(),
        ));
    };
    let token = token::text(of)?;
    let fields = [("token", token), ("token_type_hint", kind.hint())];
    let found = form::ask(http, client, secret, address, &fields, &[token], now).await?;
    Ok(told(&found))
}

/// Reads a whole 2xx answer, as [`introspect`] does: bytes in, verdict out.
///
/// # Errors
/// [`Error::BadResponse`], which carries it.
pub fn read(body: &[u8]) -> Result<Introspection, Error> {
    Ok(told(&form::read(Reply::whole(200, body))?))
}

fn told(found: &Document) -> Introspection {
    let plain = |words: &Option<String>| words.as_deref().and_then(text::plain);
    Introspection {
        active: found.active,
        scope: plain(&found.scope),
        account: plain(&found.username).or_else(|| plain(&found.sub)),
        subject: plain(&found.sub),
        expires_at: found.exp.map(Timestamp),
    }
}
