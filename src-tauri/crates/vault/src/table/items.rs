//! What a Handle in an environment names: Secrets, Credentials and Connections share one namespace.

use keyward_model::{Id, connection::Connection, credential::Credential, name::Handle, secret::Secret};

use crate::{
    error::{Error, Result},
    record::Kind,
    table::{connections, credentials, same_case, secrets},
    tx::Tx,
};

pub(crate) const SCOPE: &str = "item";

/// A thing that a Handle names.
pub enum Item {
    /// A value that was stored.
    Secret(Secret),
    /// Values that belong together.
    Credential(Credential),
    /// Tokens that are kept fresh.
    Connection(Box<Connection>),
}

impl Item {
    /// The Handle it has.
    #[must_use]
    pub fn key(&self) -> &Handle {
        match self {
            Item::Secret(secret) => &secret.key,
            Item::Credential(credential) => &credential.key,
            Item::Connection(connection) => &connection.key,
        }
    }
}

/// The item of this key; what lies in the trash has none.
///
/// # Errors
/// [`Error::NotFound`], with the right spelling where only the case differs.
pub fn find(tx: &Tx<'_>, environment: Id, key: &Handle) -> Result<Item> {
    let item = in_any_case(tx, environment, key)?
        .ok_or_else(|| Error::NotFound(format!("the key {}", key.as_str())))?;
    same_case(key.as_str(), item.key().as_str())?;
    Ok(item)
}

/// Everything that a Handle names in an environment. Opens no value.
///
/// # Errors
/// [`Error::Corrupt`] when one fails its checks.
pub fn list(tx: &Tx<'_>, environment: Id) -> Result<Vec<Item>> {
    let secrets = secrets::list(tx, environment)?.into_iter().map(Item::Secret);
    let credentials = credentials::list(tx, environment)?
        .into_iter()
        .map(Item::Credential);
    let connections = connections::list(tx, Some(environment))?
        .into_iter()
        .map(|connection| Item::Connection(Box::new(connection)));
    Ok(secrets.chain(credentials).chain(connections).collect())
}

/// Whether a new item may have this key.
///
/// # Errors
/// [`Error::Conflict`] names the item that has it, in whatever case.
pub(crate) fn check_free(tx: &Tx<'_>, environment: Id, key: &Handle) -> Result<()> {
    let Some(item) = in_any_case(tx, environment, key)? else {
        return Ok(());
    };
    let what = match item {
        Item::Secret(_) => "secret",
        Item::Credential(_) => "credential",
        Item::Connection(_) => "connection",
    };
    Err(Error::Conflict(format!("a {what} {} exists already", item.key())))
}

/// The item of this key in whatever case, for whoever asks whether a key is free.
///
/// # Errors
/// [`Error::Corrupt`].
pub fn in_any_case(tx: &Tx<'_>, environment: Id, key: &Handle) -> Result<Option<Item>> {
    let Some(record) = tx.by_name(&tx.name_bi(SCOPE, Some(environment), key.as_str())?)? else {
        return Ok(None);
    };
    let plaintext = tx.open(&record)?;
    match record.kind {
        Kind::Secret => secrets::decode(tx, &record, &plaintext).map(|secret| Some(Item::Secret(secret))),
        Kind::Credential => {
            credentials::decode(tx, &record, &plaintext).map(|credential| Some(Item::Credential(credential)))
        }
        Kind::Connection => connections::decode(tx, &record, &plaintext)
            .map(|connection| Some(Item::Connection(Box::new(connection)))),
        _ => Err(Error::Corrupt("a record lies under another's name".to_owned())),
    }
}
