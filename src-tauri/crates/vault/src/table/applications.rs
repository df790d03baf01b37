//! Applications: what AuthClients and Connections are for. Vault-wide: the same in every environment.

use keyward_model::{Id, Timestamp, application::Application, name::AppName};

use crate::{
    body::{self, Item, Map},
    error::Result,
    record::{Kind, Record},
    table::{self, auth_clients, connections},
    tx::{Tx, WriteTx},
};

const SCOPE: &str = "application";

// Numbers of the fields (FORMAT.md).
const KEY: u8 = 1;
const NAME: u8 = 2;
const URL: u8 = 3;
const CREATED_AT: u8 = 4;

/// What a new Application is made of.
#[derive(Clone, Copy)]
pub struct New<'a> {
    /// Unique in the vault.
    pub key: &'a AppName,
    /// Free text for people; default: the key.
    pub name: Option<&'a str>,
    /// Where its requests usually go.
    pub url: Option<&'a str>,
}

/// The Application of this key, made now when there is none: whatever names it first makes it.
///
/// # Errors
/// [`crate::error::Error::Corrupt`].
pub fn find_or_insert(tx: &mut WriteTx<'_>, new: New<'_>, now: Timestamp) -> Result<Application> {
    if let Some(application) = find(tx, new.key)? {
        return Ok(application);
    }
    let application = Application {
        id: tx.new_id()?,
        key: new.key.clone(),
        name: new.name.unwrap_or(new.key.as_str()).to_owned(),
        url: new.url.map(str::to_owned),
        created_at: now,
    };
    let name_bi = name_bi(tx, &application)?;
    tx.insert(
        Kind::Application,
        *application.id.as_bytes(),
        name_bi,
        &encode(&application),
    )?;
    Ok(application)
}

/// Changes what is said of an Application; key and birth stay.
///
/// # Errors
/// [`crate::error::Error::NotFound`], [`crate::error::Error::Corrupt`].
pub fn update(tx: &mut WriteTx<'_>, application: &Application) -> Result<()> {
    let record = tx.by_uuid(Kind::Application, application.id.as_bytes())?;
    let before = decode(tx, &record, &tx.open(&record)?)?;
    let after = Application {
        name: application.name.clone(),
        url: application.url.clone(),
        ..before
    };
    tx.replace(&record, record.name_bi, &encode(&after))
}

/// The Application of this key; `None` when nothing was ever for it.
///
/// # Errors
/// [`crate::error::Error::Corrupt`].
pub fn find(tx: &Tx<'_>, key: &AppName) -> Result<Option<Application>> {
    let Some(record) = tx.by_name(&tx.name_bi(SCOPE, None, key.as_str())?)? else {
        return Ok(None);
    };
    decode(tx, &record, &tx.open(&record)?).map(Some)
}

/// All Applications, in the order they were made.
///
/// # Errors
/// [`crate::error::Error::Corrupt`] when one fails its checks.
pub fn list(tx: &Tx<'_>) -> Result<Vec<Application>> {
    let mut applications = Vec::new();
    tx.each(Kind::Application, |record, plaintext| {
        applications.push(decode(tx, record, plaintext)?);
        Ok(())
    })?;
    Ok(applications)
}

/// Removes an Application that nothing is for any more; one that is used stays.
///
/// # Errors
/// [`crate::error::Error::Corrupt`].
pub fn remove_unused(tx: &mut WriteTx<'_>, key: &AppName) -> Result<()> {
    let is_it = |application: &Option<AppName>| application.as_ref() == Some(key);
    let used = connections::list(tx, None)?
        .iter()
        .any(|connection| is_it(&connection.application))
        || auth_clients::list(tx)?
            .iter()
            .any(|client| is_it(&client.application));
    let record = tx.by_name(&tx.name_bi(SCOPE, None, key.as_str())?)?;
    match record {
        Some(record) if !used => tx.remove(&record),
        _ => Ok(()),
    }
}

fn encode(application: &Application) -> zeroize::Zeroizing<Vec<u8>> {
    body::encode(&[
        (KEY, Item::Text(application.key.as_str())),
        (NAME, Item::Text(&application.name)),
        (URL, Item::maybe(application.url.as_deref(), Item::Text)),
        (CREATED_AT, Item::time(application.created_at)),
    ])
}

pub(crate) fn decode(tx: &Tx<'_>, record: &Record, plaintext: &[u8]) -> Result<Application> {
    let map = Map::parse(plaintext, CREATED_AT.into())?;
    let key = table::name(AppName::parse(map.text(KEY.into())?))?;
    let application = Application {
        id: Id::from_bytes(record.uuid),
        key,
        name: map.string(NAME.into())?,
        url: map.maybe(URL.into(), Map::string)?,
        created_at: map.time(CREATED_AT.into())?,
    };
    table::check_name(tx, record, Kind::Application, || name_bi(tx, &application))?;
    Ok(application)
}

pub(crate) fn name_bi(tx: &Tx<'_>, application: &Application) -> Result<[u8; 16]> {
    tx.name_bi(SCOPE, None, application.key.as_str())
}
