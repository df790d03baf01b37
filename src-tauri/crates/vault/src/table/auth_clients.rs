//! AuthClients: how we are registered at providers; the client secret lies in a version of its own.

use keyward_model::{
    Id, SecretValue, Timestamp,
    auth_client::{AuthClient, AuthClientType, ClientAuthentication, Visibility},
    name::{AppName, Handle},
};

use crate::{
    body::{self, Item, Map},
    error::{Error, Result},
    record::{Kind, Record},
    table::{self, connections, versions},
    tx::{Tx, WriteTx},
};

const SCOPE: &str = "auth_client";

// Numbers of the fields (FORMAT.md).
const KEY: u8 = 1;
const NAME: u8 = 2;
const TYPE: u8 = 3;
const APPLICATION: u8 = 4;
const VISIBILITY: u8 = 5;
const ENVIRONMENT: u8 = 6;
const ISSUER: u8 = 7;
const ISSUER_IN_CALLBACK: u8 = 8;
const AUTH_URI: u8 = 9;
const TOKEN_URI: u8 = 10;
const REVOCATION_URI: u8 = 11;
const TOKEN_EXPIRES_IN: u8 = 12;
const CLIENT_ID: u8 = 13;
const SECRET_NUMBER: u8 = 14;
const SECRET_RECORD: u8 = 15;
const CLIENT_AUTHENTICATION: u8 = 16;
const REDIRECT_PATH: u8 = 17;
const AUTHORIZE_PARAMS: u8 = 18;
const SCOPES: u8 = 19;
const CREATED_AT: u8 = 20;

/// Stores a new AuthClient, and its client secret where it has one. The identity is the caller's, from
/// [`Tx::new_id`]; what `client.client_secret` says is replaced by where the secret was put.
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
    let name_bi = tx.name_bi(SCOPE, None, client.key.as_str());
    if tx.exists(&name_bi)? {
        return Err(Error::Conflict(format!(
            "an auth client {} exists already",
            client.key.as_str()
        )));
    }
    tx.by_uuid(Kind::Environment, client.environment.as_bytes())?;
    let mut client = client.clone();
    client.client_secret = None;
    if let Some(value) = client_secret {
        client.client_secret = Some((1, versions::insert(tx, place(client.id, 1), value, "", now)?));
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
    let Some(record) = tx.by_name(&tx.name_bi(SCOPE, None, key.as_str()))? else {
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

/// The client secret; `None` for a public client.
///
/// # Errors
/// [`Error::Corrupt`] when it is not where the AuthClient says.
pub fn client_secret(tx: &Tx<'_>, client: &AuthClient) -> Result<Option<SecretValue>> {
    let Some((number, record)) = client.client_secret else {
        return Ok(None);
    };
    versions::current(tx, place(client.id, number), record).map(Some)
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
        .find(|connection| connection.auth_client == id)
    {
        return Err(Error::Conflict(format!(
            "{} is used by the connection {}",
            client.key.as_str(),
            user.key.as_str()
        )));
    }
    for number in 1..=client.client_secret.map_or(0, |(number, _)| number) {
        versions::remove(tx, place(id, number))?;
    }
    tx.remove(&record)
}

fn place(parent: Id, number: u32) -> versions::Place {
    versions::Place {
        kind: Kind::AuthClientVersion,
        parent,
        number,
    }
}

fn encode(client: &AuthClient) -> zeroize::Zeroizing<Vec<u8>> {
    let kind = match client.kind {
        AuthClientType::Oauth2 => 1,
    };
    let visibility = match client.visibility {
        Visibility::Environment => 1,
    };
    let authentication = match client.client_authentication {
        ClientAuthentication::None => 1,
        ClientAuthentication::Basic => 2,
        ClientAuthentication::Post => 3,
    };
    let (number, record) = client.client_secret.unzip();
    body::encode(&[
        (KEY, Item::Text(client.key.as_str())),
        (NAME, Item::Text(&client.name)),
        (TYPE, Item::Unsigned(kind)),
        (
            APPLICATION,
            Item::maybe(client.application.as_ref(), |name| Item::Text(name.as_str())),
        ),
        (VISIBILITY, Item::Unsigned(visibility)),
        (ENVIRONMENT, Item::id(&client.environment)),
        (ISSUER, Item::maybe(client.issuer.as_deref(), Item::Text)),
        (ISSUER_IN_CALLBACK, Item::Bool(client.issuer_in_callback)),
        (AUTH_URI, Item::Text(&client.auth_uri)),
        (TOKEN_URI, Item::Text(&client.token_uri)),
        (
            REVOCATION_URI,
            Item::maybe(client.revocation_uri.as_deref(), Item::Text),
        ),
        (TOKEN_EXPIRES_IN, Item::Unsigned(client.token_expires_in.into())),
        (CLIENT_ID, Item::Text(&client.client_id)),
        (
            SECRET_NUMBER,
            Item::maybe(number, |number| Item::Unsigned(number.into())),
        ),
        (SECRET_RECORD, Item::maybe(record.as_ref(), Item::id)),
        (CLIENT_AUTHENTICATION, Item::Unsigned(authentication)),
        (REDIRECT_PATH, Item::Text(&client.redirect_path)),
        (AUTHORIZE_PARAMS, Item::Pairs(&client.authorize_params)),
        (SCOPES, Item::Texts(&client.scopes)),
        (CREATED_AT, Item::time(client.created_at)),
    ])
}

pub(crate) fn decode(tx: &Tx<'_>, record: &Record, plaintext: &[u8]) -> Result<AuthClient> {
    let map = Map::parse(plaintext, CREATED_AT.into())?;
    let number = map.maybe(SECRET_NUMBER.into(), Map::u32)?;
    let client = AuthClient {
        id: Id::from_bytes(record.uuid),
        key: table::name(Handle::parse(map.text(KEY.into())?))?,
        name: map.string(NAME.into())?,
        kind: match map.unsigned(TYPE.into())? {
            1 => AuthClientType::Oauth2,
            _ => return Err(table::unknown()),
        },
        application: map.maybe(APPLICATION.into(), |map, number| {
            table::name(AppName::parse(map.text(number)?))
        })?,
        visibility: match map.unsigned(VISIBILITY.into())? {
            1 => Visibility::Environment,
            _ => return Err(table::unknown()),
        },
        environment: map.id(ENVIRONMENT.into())?,
        issuer: map.maybe(ISSUER.into(), Map::string)?,
        issuer_in_callback: map.flag(ISSUER_IN_CALLBACK.into())?,
        auth_uri: map.string(AUTH_URI.into())?,
        token_uri: map.string(TOKEN_URI.into())?,
        revocation_uri: map.maybe(REVOCATION_URI.into(), Map::string)?,
        token_expires_in: map.u32(TOKEN_EXPIRES_IN.into())?,
        client_id: map.string(CLIENT_ID.into())?,
        client_secret: number.zip(map.maybe(SECRET_RECORD.into(), Map::id)?),
        client_authentication: match map.unsigned(CLIENT_AUTHENTICATION.into())? {
            1 => ClientAuthentication::None,
            2 => ClientAuthentication::Basic,
            3 => ClientAuthentication::Post,
            _ => return Err(table::unknown()),
        },
        redirect_path: map.string(REDIRECT_PATH.into())?,
        authorize_params: map.pairs(AUTHORIZE_PARAMS.into())?,
        scopes: map.texts(SCOPES.into())?,
        created_at: map.time(CREATED_AT.into())?,
    };
    table::check_name(record, Kind::AuthClient, &name_bi(tx, &client))?;
    Ok(client)
}

pub(crate) fn name_bi(tx: &Tx<'_>, client: &AuthClient) -> [u8; 16] {
    tx.name_bi(SCOPE, None, client.key.as_str())
}
