//! `keyward token`

use std::io::{self, IsTerminal};

use keyward_api::wire::{Error, TokenRequest};
use serde_json::json;

use super::Result;
use crate::{args::Token, context::Context, door::Door, output::Face};

/// Prints a fresh access token.
///
/// # Errors
/// `needs_consent`, `provider`, `not_found`, `locked`.
pub fn run(context: &Context, face: &Face, token: &Token) -> Result {
    let min_ttl_seconds = token
        .min_ttl
        .map(|least| u32::try_from(least.as_secs()).map_err(|_| Error::usage("min-ttl: at most 136 years.")))
        .transpose()?;
    let request = TokenRequest {
        environment: context.environment.clone(),
        connection: token.name.clone(),
        min_ttl_seconds,
    };
    let fresh = Door::open(context)?.call(context, request)?;
    if let Some(notice) = &fresh.notice {
        face.say(notice);
    }
    if face.is_json() {
        return face.document(&json!({
            "access_token": fresh.access_token.0.expose_text(),
            "token_type": fresh.token_type,
            "expires_at": fresh.expires_at,
            "scope": fresh.scope,
        }));
    }
    face.data(fresh.access_token.0.expose())?;
    if io::stdout().is_terminal() {
        face.data(b"\n")
    } else {
        Ok(())
    }
}
