//! Telling a provider to forget a token (RFC 7009).

use keyward_model::{SecretValue, Timestamp, auth_client::Oauth2};

use crate::{
    dialect::Kind,
    error::Error,
    form,
    http::Http,
    refusal,
    token::{secret_text, text},
};

/// Which kind of token is revoked: RFC 7009 §2.1 `token_type_hint`. The refresh token goes first (O-52).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An access token.
    AccessToken,
    /// A refresh token; servers drop its access tokens as well.
    RefreshToken,
}

impl TokenKind {
    /// The registered word.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// Revokes one token. `Ok` also when the provider did not know it: it is gone either way (RFC 7009 §2.2).
///
/// # Errors
/// [`Error::BadEndpoint`] when the registration has no revocation endpoint; else what the answer means.
pub async fn revoke(
    http: &Http,
    client: &Oauth2,
    secret: Option<&SecretValue>,
    token: &SecretValue,
    hint: TokenKind,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(address) = &client.revocation_uri else {
        return Err(Error::BadEndpoint(
            "this provider has no known revocation endpoint".to_owned(),
        ));
    };
    let token = text(token)?;
    // What a client renews by its own credentials has no refresh token to end.
    if token.is_empty() {
        return Ok(());
    }
    let fields = [("token", token), ("token_type_hint", hint.hint())];
    let reply = form::send(http, client, secret, address, &fields, Kind::Beside, now).await?;
    if (200..300).contains(&reply.status) {
        return Ok(());
    }
    let sent = [token, secret_text(secret)?.unwrap_or_default()];
    Err(refusal::of(&reply, &sent, now))
}
