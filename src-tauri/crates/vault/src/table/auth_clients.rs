//! AuthClients: how we are registered at providers; the client secret lies in a version of its own.

mod beyond;
mod body;

use keyward_model::{
    Id, SecretValue, Timestamp,
    auth_client::{AuthClient, Registration},
    connection::Address,
    name::Handle,
    secret::Version,
};

use crate::{
    error::{Error, Result},
    record::Kind,
    table::{self, connections, versions},
    tx::{Tx, WriteTx},
};
use body::encode;
pub(crate) use body::{decode, name_bi};

const SCOPE: &str = "auth_client";

/// Stores a new AuthClient, and its client secret where it has one. The identity is the caller's, from
/// [`Tx::new_id`]; what the registration says of a client secret is replaced by where the secret was put.
///
/// # Errors
/// [`Error::Conflict`] when the key is taken in the vault, in whatever case, [`Error::NotFound`] without such
/// an environment, [`Error::TooLarge`].
pub fn insert(
    tx: &mut WriteTx<'_>,
    client: &AuthClient,
    client_secret: Option<&SecretValue>,
    now: Timestamp,
) -> Result<AuthClient> {
    let name_bi = tx.name_bi(SCOPE, None, client.key.as_str())?;
    if tx.exists(&name_bi)? {
        return Err(Error::Conflict(format!(
            "an auth client {} exists already",
            client.key.as_str()
        )));
    }
    tx.expect_environment(client.environment)?;
    let mut client = client.clone();
    let id = client.id;
    if let Some(secret) = secret_of(&mut client.registration) {
        *secret = client_secret
            .map(|value| versions::insert(tx, place(id, 1), value, "", now).map(|record| (1, record)))
            .transpose()?;
    }
    tx.insert(Kind::AuthClient, *client.id.as_bytes(), name_bi, &encode(&client))?;
    Ok(client)
}

/// All AuthClients, in the order they were made. Opens no client secret.
///
/// # Errors
/// [`Error::Corrupt`] when one fails its checks.
pub fn list(tx: &Tx<'_>) -> Result<Vec<AuthClient>> {
    let mut clients = Vec::new();
    tx.each(Kind::AuthClient, |record, plaintext| {
        clients.push(decode(tx, record, plaintext)?);
        Ok(())
    })?;
    Ok(clients)
}

/// The AuthClient of this key.
///
/// # Errors
/// [`Error::NotFound`], with the right spelling where only the case differs.
pub fn find(tx: &Tx<'_>, key: &Handle) -> Result<AuthClient> {
    let Some(record) = tx.by_name(&tx.name_bi(SCOPE, None, key.as_str())?)? else {
        return Err(Error::NotFound(format!("the auth client {}", key.as_str())));
    };
    let client = decode(tx, &record, &tx.open(&record)?)?;
    table::same_case(key.as_str(), client.key.as_str())?;
    Ok(client)
}

/// The AuthClient of this identity.
///
/// # Errors
/// [`Error::NotFound`].
pub fn read(tx: &Tx<'_>, id: Id) -> Result<AuthClient> {
    let record = tx.by_uuid(Kind::AuthClient, id.as_bytes())?;
    decode(tx, &record, &tx.open(&record)?)
}

/// Stores what changed of an AuthClient, and a new client secret where one is given: a new version, used from the
/// very next refresh on (EL13).
///
/// # Errors
/// [`Error::NotFound`], [`Error::TooLarge`]; [`Error::Conflict`] when key, environment or kind are not what they
/// were: none of them ever changes.
pub fn update(
    tx: &mut WriteTx<'_>,
    client: &AuthClient,
    new_secret: Option<&SecretValue>,
    now: Timestamp,
) -> Result<AuthClient> {
    let record = tx.by_uuid(Kind::AuthClient, client.id.as_bytes())?;
    let before = decode(tx, &record, &tx.open(&record)?)?;
    let same = before.key == client.key
        && before.environment == client.environment
        && before.registration.kind() == client.registration.kind();
    if !same {
        return Err(Error::Conflict(format!(
            "key, environment and type of {} never change",
            before.key
        )));
    }
    let mut client = client.clone();
    let (id, old) = (client.id, before.client_secret());
    if let Some(secret) = secret_of(&mut client.registration) {
        *secret = match new_secret {
            None => old,
            Some(value) => {
                let number = old.map_or(0, |(number, _)| number) + 1;
                Some((number, versions::insert(tx, place(id, number), value, "", now)?))
            }
        };
    }
    tx.replace(&record, record.name_bi, &encode(&client))?;
    Ok(client)
}

/// The client secret; `None` for a public client.
///
/// # Errors
/// [`Error::Corrupt`] when it is not where the AuthClient says.
pub fn client_secret(tx: &Tx<'_>, client: &AuthClient) -> Result<Option<SecretValue>> {
    let Some((number, record)) = client.client_secret() else {
        return Ok(None);
    };
    versions::current(tx, place(client.id, number), record).map(Some)
}

/// What is known about the client secret; `None` for a public client.
///
/// # Errors
/// [`Error::Corrupt`] when it is not where the AuthClient says.
pub fn secret_version(tx: &Tx<'_>, client: &AuthClient) -> Result<Option<Version>> {
    let Some((number, _)) = client.oauth2().and_then(|oauth2| oauth2.client_secret) else {
        return Ok(None);
    };
    versions::describe(tx, place(client.id, number))?
        .ok_or_else(|| Error::Corrupt("a version is missing".to_owned()))
        .map(Some)
}

/// Deletes an AuthClient and its client secrets for good.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] while Connections use it.
pub fn delete(tx: &mut WriteTx<'_>, id: Id) -> Result<()> {
    let record = tx.by_uuid(Kind::AuthClient, id.as_bytes())?;
    let client = decode(tx, &record, &tx.open(&record)?)?;
    if let Some(user) = connections::list(tx, None)?
        .into_iter()
        .find(|connection| connection.auth_client == Some(address(tx, id)))
    {
        return Err(Error::Conflict(format!(
            "{} is used by the connection {}",
            client.key.as_str(),
            user.key.as_str()
        )));
    }
    for number in 1..=client.client_secret().map_or(0, |(number, _)| number) {
        versions::remove(tx, place(id, number))?;
    }
    tx.remove(&record)
}

/// Where an AuthClient of this vault is kept, as Connections name it.
#[must_use]
pub fn address(tx: &Tx<'_>, id: Id) -> Address {
    Address {
        vault: tx.vault_id(),
        client: id,
    }
}

/// Where a registration that can have a client secret says which one.
fn secret_of(registration: &mut Registration) -> Option<&mut Option<(u32, Id)>> {
    match registration {
        Registration::Oauth2(oauth2) => Some(&mut oauth2.client_secret),
        Registration::Oauth1(oauth1) => Some(&mut oauth1.client_secret),
        Registration::NoAuth { .. } | Registration::Basic { .. } | Registration::ApiKey { .. } => None,
    }
}

fn place(parent: Id, number: u32) -> versions::Place {
    versions::Place {
        kind: Kind::AuthClientVersion,
        parent,
        number,
    }
}
