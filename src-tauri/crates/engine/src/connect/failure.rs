//! A consent that the provider ended: told at once in the provider's terms, and kept with its Connection, where there is
//! one, for whoever asks the grant doctor later (OA10).

use keyward_model::{
    auth_client::{Grant, Registration},
    connection::{Connection, ConnectionError, ConnectionState},
    diagnosis::{self, Cause, Evidence, Remedy, Renewal},
};
use keyward_oauth::{Error as OauthError, grants};
use keyward_vault::table::{connections, items};

use super::Plan;
use crate::{Engine, Error, Kind, changes::ChangeKind};

/// Why a consent brought no tokens.
pub(super) struct Failure {
    /// The provider's word for it; empty where nothing is known of the registration by it.
    code: String,
    error: Error,
}

/// A failure that is no word of the provider's.
impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            code: String::new(),
            error: error.into(),
        }
    }
}

/// Where a request went.
#[derive(Clone, Copy)]
pub(super) enum To<'a> {
    /// The token address.
    Token(&'a str),
    /// Where a consent begins before a person sees it: this address of the registration.
    Before(&'static str, &'a str),
}

impl Failure {
    /// A word of the provider's, with how it is told.
    pub(super) fn said(code: &str, error: Error) -> Self {
        Self {
            code: code.to_owned(),
            error,
        }
    }

    /// What came of a request to the provider.
    pub(super) fn of(error: OauthError, to: To<'_>) -> Self {
        let (OauthError::Config { oauth_error, .. }
        | OauthError::Permanent { oauth_error, .. }
        | OauthError::Denied { oauth_error, .. }) = &error
        else {
            return error.into();
        };
        let code = oauth_error.clone();
        match (code.strip_prefix("http_"), to) {
            (Some(status), To::Token(address)) => {
                Self::said(&code, no_endpoint(status, "token address", address))
            }
            // The grant doctor knows the token address alone.
            (Some(status), To::Before(what, address)) => no_endpoint(status, what, address).into(),
            (None, _) => Self::said(&code, error.into()),
        }
    }

    /// What the provider refuses is told as what was sent: no consent has ended, one did not come about.
    pub(super) fn of_code(error: OauthError, registration: &Registration) -> Self {
        match error {
            OauthError::Permanent {
                oauth_error,
                description,
            } => {
                let (what, hint) = sent(registration);
                let said = description.map_or(String::new(), |description| format!(" ({description})"));
                let error = Error::new(
                    Kind::Provider,
                    format!("The provider refused {what}: {oauth_error}{said}."),
                    hint,
                );
                Self::said(&oauth_error, error)
            }
            error => match registration {
                Registration::Oauth2(client) => Self::of(error, To::Token(&client.token_uri)),
                _ => error.into(),
            },
        }
    }

    /// What the person reads: with the cause, where the provider's words name one, in place of a general hint. It stays
    /// with the Connection.
    pub(super) fn tell(self, engine: &Engine, plan: &Plan) -> Error {
        let Self { code, mut error } = self;
        if code.is_empty() {
            return error;
        }
        let Some(cause) = cause(engine, plan, &code, &error.message) else {
            return error;
        };
        // The address that was asked, and that nobody was asked (prompt=none), are in the error already.
        let is_told = code.starts_with("http_") || cause.id == "interaction_needed";
        let is_known = cause.id != diagnosis::UNKNOWN;
        if is_known && !is_told {
            error.hint = hint(&cause, plan);
        }
        // Why a grant ended, or cannot be renewed, is worth more than a person's No or a word that nobody knows.
        let is_weighty = is_known && error.kind != Kind::Denied;
        keep(engine, plan, code, &error, |connection| match connection.state {
            ConnectionState::Ready => error.kind != Kind::Denied && connection.error.is_none(),
            ConnectionState::NeedsConsent | ConnectionState::Error => {
                is_weighty || connection.error.is_none()
            }
            ConnectionState::AwaitingConsent | ConnectionState::Disconnected => {
                error.kind != Kind::Denied || connection.error.is_none()
            }
        });
        error
    }
}

/// What was sent for tokens, and what to do where it is refused.
fn sent(registration: &Registration) -> (&'static str, &'static str) {
    match registration {
        Registration::Oauth2(client) if client.grant == Grant::Password => (
            "the user name or the password",
            "Compare both and connect again; some providers also want this grant switched on for the client.",
        ),
        Registration::Oauth2(client) if grants::needs_no_person(client.grant) => (
            "the auth client's own request for tokens",
            "Compare client id, key or client secret, and what the provider allows this client; then connect again.",
        ),
        _ => (
            "the code",
            "Connect again; if it repeats, compare the redirect address at the provider.",
        ),
    }
}

/// A redirect, or nothing there.
fn no_endpoint(status: &str, what: &str, address: &str) -> Error {
    let compare = format!("Compare the {what} with the provider's documentation");
    let (message, hint) = match status.starts_with('3') {
        true => (
            format!("The {what} {address} answers with a redirect (HTTP {status})."),
            format!(
                "It is not followed: the client secret would go to an address that nobody registered. {compare}, and make \
                 an auth client with the right one."
            ),
        ),
        false => (
            format!("The {what} {address} does not answer as one (HTTP {status})."),
            format!("{compare}, and make an auth client with the right one."),
        ),
    };
    Error::new(Kind::Provider, message, hint)
}

/// The likeliest cause, of what the provider said now alone; `None` for OAuth 1.0a, whose words say too little.
fn cause(engine: &Engine, plan: &Plan, code: &str, said: &str) -> Option<Cause> {
    let client = plan.auth_client.oauth2()?;
    let params = [client.authorize_params.as_slice(), plan.params.as_slice()].concat();
    let scopes = plan.scopes.join(" ");
    let now = engine.now();
    let mut causes = diagnosis::diagnose(&Evidence {
        provider: client.provider.as_ref().map(|origin| origin.id.as_str()),
        token_uri: &client.token_uri,
        // Whatever was given before: this consent gave nothing.
        state: ConnectionState::AwaitingConsent,
        code,
        said,
        has_refresh_token: false,
        renewal: match grants::needs_no_person(client.grant) {
            true => Renewal::Client,
            false => Renewal::Consent,
        },
        scopes: &scopes,
        requested: &scopes,
        params: &params,
        consented_at: None,
        obtained_at: None,
        expires_at: None,
        consent_ends_at: None,
        failed_at: now,
        skew: None,
        now,
    });
    Some(causes.swap_remove(0))
}

fn hint(cause: &Cause, plan: &Plan) -> String {
    let mut hint = format!("{}. {} {}", cause.title, cause.why, cause.fix_at_consent());
    if cause.act == Remedy::EditAuthClient {
        let key = &plan.auth_client.key;
        hint.push_str(&format!(" What it holds: keyward auth-client show {key}"));
    }
    hint
}

/// Puts the failure where the grant doctor finds it, if it is worth more than what stands there. No state changes: what
/// works goes on working.
fn keep(
    engine: &Engine,
    plan: &Plan,
    code: String,
    error: &Error,
    is_worth_it: impl FnOnce(&Connection) -> bool,
) {
    let Ok(vault) = engine.unlocked() else { return };
    let kept = ConnectionError {
        code,
        message: error.message.clone(),
        hint: error.hint.clone(),
    };
    let written = vault.write(engine.now(), |tx| {
        let Some(items::Item::Connection(mut connection)) =
            items::in_any_case(tx, plan.environment.id, &plan.key)?
        else {
            return Ok(None);
        };
        let is_ours = connection.key == plan.key && connection.auth_client == Some(plan.address);
        if !is_ours || !is_worth_it(&connection) {
            return Ok(None);
        }
        connection.error = Some(kept);
        connections::update(tx, &connection)?;
        Ok(Some(connection.id))
    });
    match written {
        Ok(Some(id)) => engine.changes.publish(ChangeKind::Connection, id),
        Ok(None) => {}
        Err(error) => log::warn!("why a consent failed could not be kept: {error}"),
    }
}
