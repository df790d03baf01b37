//! Whose account was connected (O-18): shown from a checked ID token or the provider's own word, and compared with
//! who was connected under this name before.

use keyward_model::{
    SecretValue, Timestamp,
    auth_client::Oauth2,
    connection::{Connection, TokenSet},
};
use keyward_oauth::{
    Error as OauthError,
    authorize::Pending,
    behaviour, discovery,
    id_token::{self, Claims},
    introspect::introspect,
    revoke::TokenKind,
    token::Answer,
    userinfo,
};
use keyward_vault::{
    table::{connections, items},
    vault::UnlockedVault,
};

use super::Plan;
use crate::{Engine, Error, Kind, Result, engine::Network};

/// Puts the account that the ID token or the userinfo endpoint names into the answer.
///
/// # Errors
/// [`Kind::Provider`] for an ID token that is not accepted (O-48): whoever could put that there could have put the
/// tokens there as well.
pub(super) fn show(
    engine: &Engine,
    network: &Network,
    used: (&Oauth2, Option<&SecretValue>),
    pending: Option<&Pending>,
    answer: &mut Answer,
) -> Result<()> {
    let now = engine.now();
    let (registration, secret) = used;
    let checked = network.runtime.block_on(id_token::verify(
        &network.http,
        &network.keys,
        registration,
        pending,
        answer,
        now,
    ));
    let claims = match checked {
        Ok(Some(claims)) => claims,
        Ok(None) => {
            if answer.account.is_none() {
                answer.account = introspected(network, registration, secret, answer, now);
            }
            return Ok(());
        }
        // The keys could not be had now. The token came over TLS from the token endpoint (OpenID Connect Core
        // §3.1.3.7), the name is for show, and a code is given once: the consent is not thrown away for it.
        Err(OauthError::Transient { .. }) => return Ok(()),
        Err(OauthError::Config {
            description: Some(description),
            ..
        }) => {
            return Err(Error::new(
                Kind::Provider,
                format!("{description}."),
                "Check the issuer of the auth client and this computer's clock. Without the scope openid there is \
                 no ID token.",
            ));
        }
        Err(error) => return Err(error.into()),
    };
    let named = match &claims.account {
        Some(_) => None,
        None => asked(network, registration, answer, &claims, now),
    };
    answer.account = claims
        .account
        .or(named.and_then(|named| named.account))
        .or(answer.account.take());
    Ok(())
}

/// The provider's word on a token without an ID token (RFC 7662), where it gives it to this client.
fn introspected(
    network: &Network,
    registration: &Oauth2,
    secret: Option<&SecretValue>,
    answer: &Answer,
    now: Timestamp,
) -> Option<String> {
    // T-11: at the host that the provider named, if the registration lists it.
    let registration = &*behaviour::at_home(registration, &answer.kept).ok()?;
    registration.introspection_uri.as_ref()?;
    let token = &answer.tokens.access_token;
    let kind = TokenKind::AccessToken;
    let asked = introspect(&network.http, registration, secret, token, kind, now);
    network.runtime.block_on(asked).ok()?.account
}

/// The userinfo endpoint, for an ID token that names nobody; found by the issuer now, not kept (O-43).
fn asked(
    network: &Network,
    registration: &Oauth2,
    answer: &Answer,
    claims: &Claims,
    now: Timestamp,
) -> Option<Claims> {
    let issuer = registration.issuer.as_deref()?;
    network.runtime.block_on(async {
        let metadata = discovery::discover(&network.http, issuer).await.ok()?;
        let address = metadata.userinfo_endpoint?;
        let token = &answer.tokens.access_token;
        userinfo::ask(&network.http, &address, token, &claims.subject, now)
            .await
            .ok()
    })
}

/// O-18, OA12: a name that is connected again stays the same person's.
///
/// # Errors
/// [`Kind::Conflict`] naming both accounts where they are known.
pub(super) fn check_same(vault: &UnlockedVault, plan: &Plan, answer: &Answer) -> Result<()> {
    let held = vault.read(|tx| {
        Ok(match items::in_any_case(tx, plan.environment.id, &plan.key)? {
            Some(items::Item::Connection(old)) => {
                connections::tokens(tx, &old)?.map(|(tokens, _)| (old, tokens))
            }
            _ => None,
        })
    })?;
    let Some((old, tokens)) = held else { return Ok(()) };
    if !is_another(&old, &tokens, answer) {
        return Ok(());
    }
    let name = |account: &Option<String>| account.clone().unwrap_or_else(|| "another account".to_owned());
    Err(Error::new(
        Kind::Conflict,
        format!(
            "“{}” belongs to {}, and now {} signed in.",
            plan.key,
            name(&old.account),
            name(&answer.account)
        ),
        format!(
            "Sign in with the same account, or connect this one under another name. To change the account of this \
             name: keyward connection disconnect {} first.",
            plan.key
        ),
    ))
}

/// By subject where both ID tokens are there, since addresses change; else by the account that is shown.
fn is_another(old: &Connection, tokens: &TokenSet, answer: &Answer) -> bool {
    match (
        id_token::subject(&tokens.raw),
        id_token::subject(&answer.tokens.raw),
    ) {
        (Some(before), Some(now)) => before != now,
        _ => matches!((&old.account, &answer.account), (Some(before), Some(now)) if before != now),
    }
}
