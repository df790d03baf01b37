//! One file a table: the numbers of its fields, and its verbs on a transaction.

use keyward_model::{Id, settings::Settings};

use crate::{
    error::{Error, Result},
    record::{Kind, Record},
    tx::Tx,
};

pub(crate) mod versions;

pub mod environments;

pub mod items;

pub mod secrets;

pub mod credentials;

pub mod applications;

pub mod auth_clients;

mod token_sets;

mod connection_values;

pub mod connections;

pub mod revocations;

pub mod settings;

pub mod audit;

/// A name out of a body: what was stored was valid once.
fn name<N, E>(parsed: std::result::Result<N, E>) -> Result<N> {
    parsed.map_err(|_| Error::Corrupt("a name that no rule allows".to_owned()))
}

/// After a record was opened, its name is computed again from its body (§b.4). Not while “locked, refreshing”, which
/// has no key for it: the name_bi stands as the leaf binds it (§b.2).
fn check_name(
    tx: &Tx<'_>,
    record: &Record,
    kind: Kind,
    name_bi: impl FnOnce() -> Result<[u8; 16]>,
) -> Result<()> {
    if record.kind == kind && (tx.keys.is_narrowed() || record.name_bi == name_bi()?) {
        Ok(())
    } else {
        Err(Error::Corrupt("a record lies under another's name".to_owned()))
    }
}

/// The name_bi that a record's body asks for under the keys of `new`. Under those of `tx`, which opened it, it must
/// have it: the whole verification looks at that alone, a rekey moves the record (§b.8).
pub(crate) fn name_bi(tx: &Tx<'_>, new: &Tx<'_>, record: &Record, plaintext: &[u8]) -> Result<[u8; 16]> {
    match record.kind {
        Kind::Environment => environments::name_bi(new, &environments::decode(tx, record, plaintext)?),
        Kind::Secret => secrets::name_bi(new, &secrets::decode(tx, record, plaintext)?),
        Kind::Credential => credentials::name_bi(new, &credentials::decode(tx, record, plaintext)?),
        Kind::Application => applications::name_bi(new, &applications::decode(tx, record, plaintext)?),
        Kind::AuthClient => auth_clients::name_bi(new, &auth_clients::decode(tx, record, plaintext)?),
        Kind::Connection => connections::name_bi(new, &connections::decode(tx, record, plaintext)?),
        Kind::SecretVersion | Kind::CredentialVersion | Kind::AuthClientVersion | Kind::ConnectionVersion => {
            versions::name_bi(tx, new, record, plaintext)
        }
        Kind::Settings => {
            settings::decode(tx, record, plaintext, Settings::SESSION)?;
            settings::place(new)
        }
        Kind::TokenSet | Kind::RefreshIntent | Kind::PendingRevocation => {
            check_name(tx, record, record.kind, || Ok(record.uuid))?;
            Ok(record.uuid)
        }
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
        || !credentials::list(tx, environment)?.is_empty()
        || !connections::list(tx, Some(environment))?.is_empty()
        || auth_clients::list(tx)?
            .iter()
            .any(|client| client.environment == environment))
}

/// A choice that this version has no name for.
fn unknown() -> Error {
    Error::TooNew("a record".to_owned())
}
