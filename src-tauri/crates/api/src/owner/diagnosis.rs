//! The grant doctor.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, diagnosis};
use keyward_model::{Timestamp, diagnosis as model};

use super::Result;
use crate::wire;

/// Why a Connection is as it is, and what mends it.
///
/// # Errors
/// `not_found`; `usage` for one without tokens; `locked` when its AuthClient is kept in a locked vault.
pub fn why(engine: &Arc<Engine>, _: &Caller, request: wire::ConnectionWhy) -> Result<wire::Diagnosis> {
    let found = diagnosis::why(engine, &request.environment, &request.connection)?;
    let connection = wire::Connection::from(found.shown);
    let auth_client = connection.auth_client.as_deref().unwrap_or_default();
    Ok(wire::Diagnosis {
        causes: found
            .causes
            .iter()
            .map(|cause| shown(cause, &connection.key, auth_client))
            .collect(),
        consented_at: found.consented_at.map(Timestamp::to_rfc3339),
        connection,
    })
}

/// One cause, with the command of its act.
pub(super) fn shown(cause: &model::Cause, connection: &str, auth_client: &str) -> wire::Cause {
    wire::Cause {
        id: cause.id.to_owned(),
        title: cause.title.to_owned(),
        why: cause.why.to_owned(),
        fix: cause.fix.to_owned(),
        act: remedy(cause.act),
        command: command(cause, connection, auth_client),
    }
}

fn remedy(act: model::Remedy) -> wire::Remedy {
    match act {
        model::Remedy::Nothing => wire::Remedy::Nothing,
        model::Remedy::Wait => wire::Remedy::Wait,
        model::Remedy::Refresh => wire::Remedy::Refresh,
        model::Remedy::Connect => wire::Remedy::Connect,
        model::Remedy::EditAuthClient => wire::Remedy::EditAuthClient,
        model::Remedy::AtProvider => wire::Remedy::AtProvider,
    }
}

fn command(cause: &model::Cause, connection: &str, auth_client: &str) -> Option<String> {
    match cause.act {
        model::Remedy::Nothing | model::Remedy::Wait => None,
        model::Remedy::Refresh => Some(format!("keyward connection refresh {connection}")),
        model::Remedy::Connect | model::Remedy::AtProvider => Some(format!("keyward connect {connection}")),
        model::Remedy::EditAuthClient => Some(match change(cause.id) {
            Some(options) => format!("keyward auth-client update {auth_client} {options}"),
            None => format!("keyward auth-client show {auth_client}"),
        }),
    }
}

/// What is said to an AuthClient to mend a cause; `None` for what one in use keeps (EL11): then it is looked at, and
/// another is made.
fn change(cause: &str) -> Option<&'static str> {
    match cause {
        "endpoint_moved"
        | "endpoint_gone"
        | "endpoint_unacceptable"
        | "issuer_moved"
        | "microsoft_app_unknown"
        | "microsoft_single_tenant"
        | "request_refused" => None,
        "scope_refused" => Some("--scope SCOPE"),
        "resource_refused" => Some("--resource URL"),
        "exact_too_early" => Some("--refresh-window 30"),
        "google_offline" => Some("--authorize-param access_type=offline --authorize-param prompt=consent"),
        "dropbox_offline" => Some("--authorize-param token_access_type=offline"),
        "reddit_permanent" => Some("--authorize-param duration=permanent"),
        _ => Some("--client-secret-stdin"),
    }
}
