//! Ending tokens at the provider (OA11, O-52).

use keyward_model::{Id, SecretValue, auth_client::Oauth2, connection::TokenSet};
use keyward_oauth::revoke::{self, TokenKind};
use keyward_vault::{table::connections, vault::UnlockedVault};

use crate::{Engine, Error, Result, auth_clients};

/// What became of what a Connection held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Revoked (RFC 7009).
    Revoked,
    /// No revocation endpoint is known: they end by themselves.
    NoEndpoint,
    /// The request failed: they end by themselves.
    Failed(Error),
    /// There were none.
    NoTokens,
}

/// Revokes at the provider; with what became of it goes the row of the tokens that were meant.
pub(super) fn revoke_tokens(
    engine: &Engine,
    vault: &UnlockedVault,
    id: Id,
) -> Result<(Revocation, Option<u64>)> {
    let (connection, tokens) = vault.read(|tx| {
        let connection = connections::read(tx, id)?;
        let tokens = connections::tokens(tx, &connection)?;
        Ok((connection, tokens))
    })?;
    let (Some((tokens, row)), Some(address)) = (tokens, connection.auth_client) else {
        return Ok((Revocation::NoTokens, None));
    };
    // An AuthClient that another vault keeps may be out of reach now: the tokens are dropped here all the same.
    let revocation = match auth_clients::read_for_use(engine, vault, address) {
        Err(error) => Revocation::Failed(error),
        Ok(used) => match auth_clients::oauth2(&used.auth_client) {
            Err(error) => Revocation::Failed(error),
            Ok(client) if client.revocation_uri.is_none() => Revocation::NoEndpoint,
            Ok(client) => match send(engine, client, used.client_secret.as_ref(), &tokens) {
                Ok(()) => Revocation::Revoked,
                Err(error) => Revocation::Failed(error),
            },
        },
    };
    Ok((revocation, Some(row)))
}

/// The refresh token first, then the access token, whatever became of the first (O-52).
fn send(engine: &Engine, client: &Oauth2, secret: Option<&SecretValue>, tokens: &TokenSet) -> Result<()> {
    let network = engine.network()?;
    let send = |token, kind| {
        network.runtime.block_on(revoke::revoke(
            &network.http,
            client,
            secret,
            token,
            kind,
            engine.now(),
        ))
    };
    let refresh_token = tokens
        .refresh_token
        .as_ref()
        .map(|token| send(token, TokenKind::RefreshToken));
    let access_token = send(&tokens.access_token, TokenKind::AccessToken);
    match (refresh_token, access_token) {
        (Some(Err(error)), _) => Err(error.into()),
        // RFC 7009 §2: a server need not revoke access tokens; without their refresh token they end soon.
        (Some(Ok(())), Err(keyward_oauth::Error::Config { oauth_error, .. }))
            if oauth_error == "unsupported_token_type" =>
        {
            Ok(())
        }
        (_, access_token) => Ok(access_token?),
    }
}
