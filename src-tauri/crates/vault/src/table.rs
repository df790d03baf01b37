//! One file a table: the numbers of its fields, and its verbs on a transaction.

use keyward_model::Id;

use crate::{
    error::{Error, Result},
    record::{Kind, Record},
    tx::Tx,
};

pub(crate) mod versions;

pub mod environments;

pub mod items;

pub mod secrets;

pub mod auth_clients;

mod token_sets;

pub mod connections;

pub mod audit;

/// A name out of a body: what was stored was valid once.
fn name<N, E>(parsed: std::result::Result<N, E>) -> Result<N> {
    parsed.map_err(|_| Error::Corrupt("a name that no rule allows".to_owned()))
}

/// After a record was opened, its name is computed again from its body (§b.4).
fn check_name(record: &Record, kind: Kind, name_bi: &[u8; 16]) -> Result<()> {
    if record.kind == kind && record.name_bi == *name_bi {
        Ok(())
    } else {
        Err(Error::Corrupt("a record lies under another's name".to_owned()))
    }
}

/// Names are unique without regard to case, and found only as they are written.
fn same_case(asked: &str, found: &str) -> Result<()> {
    if asked == found {
        Ok(())
    } else {
        Err(Error::NotFound(format!("{asked} (did you mean {found}?)")))
    }
}

/// Whether anything outside the trash belongs to an environment.
fn is_in_use(tx: &Tx<'_>, environment: Id) -> Result<bool> {
    Ok(!secrets::list(tx, environment)?.is_empty()
        || !connections::list(tx, Some(environment))?.is_empty()
        || auth_clients::list(tx)?
            .iter()
            .any(|client| client.environment == environment))
}

/// A choice that this version has no name for.
fn unknown() -> Error {
    Error::TooNew("a record".to_owned())
}
