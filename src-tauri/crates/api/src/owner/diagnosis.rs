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
        command: command(cause.act, connection, auth_client),
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

fn command(act: model::Remedy, connection: &str, auth_client: &str) -> Option<String> {
    match act {
        model::Remedy::Nothing | model::Remedy::Wait => None,
        model::Remedy::Refresh => Some(format!("keyward connection refresh {connection}")),
        model::Remedy::Connect | model::Remedy::AtProvider => Some(format!("keyward connect {connection}")),
        model::Remedy::EditAuthClient => Some(format!("keyward auth-client update {auth_client}")),
    }
}
