//! The fields of an AuthClient: what a kind of registration has no use for is absent.

use keyward_model::{
    Id,
    apply::Apply,
    auth_client::{AuthClient, ClientAuthentication, Oauth1, Oauth2, Registration, Signature, Visibility},
    name::{AppName, Handle},
};
use zeroize::Zeroizing;

use super::{SCOPE, beyond};
use crate::{
    body::{self, Item, Map},
    error::Result,
    record::{Kind, Record},
    table,
    tx::Tx,
};

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
const URL: u8 = 21;
const APPLY: u8 = 22;
const BEYOND: u8 = 23;
const REQUEST_URI: u8 = 24;
const SIGNATURE: u8 = 25;

pub(super) fn encode(client: &AuthClient) -> Zeroizing<Vec<u8>> {
    let registration = &client.registration;
    let kind = match registration {
        Registration::Oauth2(_) => 1,
        Registration::NoAuth { .. } => 2,
        Registration::Basic { .. } => 3,
        Registration::ApiKey { .. } => 4,
        Registration::Oauth1(_) => 5,
    };
    let visibility = match client.visibility {
        Visibility::Environment => 1,
        Visibility::Vault => 2,
        Visibility::Machine => 3,
    };
    let apply = match registration {
        Registration::ApiKey { apply, .. } => Some(apply.to_string()),
        _ => None,
    };
    let (oauth2, oauth1) = (client.oauth2(), client.oauth1());
    let beyond = oauth2
        .map(beyond::fields)
        .or(oauth1.map(|oauth1| beyond::redirect_fields(&oauth1.redirect)));
    let beyond: Vec<_> = beyond.filter(|fields| !fields.is_empty()).into_iter().collect();
    let (number, record) = client.client_secret().unzip();
    // What both kinds of OAuth have: two addresses, an id, a redirect path and parameters.
    let shared = oauth2
        .map(|it| [&it.auth_uri, &it.token_uri, &it.client_id, &it.redirect_path])
        .or(oauth1.map(|it| {
            [
                &it.authorize_uri,
                &it.access_uri,
                &it.consumer_key,
                &it.redirect_path,
            ]
        }));
    let params = oauth2
        .map(|oauth2| &oauth2.authorize_params)
        .or(oauth1.map(|oauth1| &oauth1.authorize_params));
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
        (
            ISSUER,
            Item::maybe(oauth2.and_then(|oauth2| oauth2.issuer.as_deref()), Item::Text),
        ),
        (
            ISSUER_IN_CALLBACK,
            Item::maybe(oauth2, |oauth2| Item::Bool(oauth2.issuer_in_callback)),
        ),
        (AUTH_URI, Item::maybe(shared, |shared| Item::Text(shared[0]))),
        (TOKEN_URI, Item::maybe(shared, |shared| Item::Text(shared[1]))),
        (
            REVOCATION_URI,
            Item::maybe(
                oauth2.and_then(|oauth2| oauth2.revocation_uri.as_deref()),
                Item::Text,
            ),
        ),
        (
            TOKEN_EXPIRES_IN,
            Item::maybe(oauth2, |oauth2| Item::Unsigned(oauth2.token_expires_in.into())),
        ),
        (CLIENT_ID, Item::maybe(shared, |shared| Item::Text(shared[2]))),
        (
            SECRET_NUMBER,
            Item::maybe(number, |number| Item::Unsigned(number.into())),
        ),
        (SECRET_RECORD, Item::maybe(record.as_ref(), Item::id)),
        (
            CLIENT_AUTHENTICATION,
            Item::maybe(oauth2, |oauth2| {
                Item::Unsigned(match oauth2.client_authentication {
                    ClientAuthentication::None => 1,
                    ClientAuthentication::Basic => 2,
                    ClientAuthentication::Post => 3,
                    ClientAuthentication::PrivateKeyJwt => 4,
                })
            }),
        ),
        (REDIRECT_PATH, Item::maybe(shared, |shared| Item::Text(shared[3]))),
        (
            AUTHORIZE_PARAMS,
            Item::maybe(params, |params| Item::Pairs(params)),
        ),
        (SCOPES, Item::maybe(oauth2, |oauth2| Item::Texts(&oauth2.scopes))),
        (CREATED_AT, Item::time(client.created_at)),
        (URL, Item::maybe(registration.url(), Item::Text)),
        (APPLY, Item::maybe(apply.as_deref(), Item::Text)),
        (
            BEYOND,
            if beyond.is_empty() {
                Item::Absent
            } else {
                Item::Maps(&beyond)
            },
        ),
        (
            REQUEST_URI,
            Item::maybe(oauth1, |oauth1| Item::Text(&oauth1.request_uri)),
        ),
        (
            SIGNATURE,
            Item::maybe(oauth1, |oauth1| Item::Text(oauth1.signature.word())),
        ),
    ])
}

pub(crate) fn decode(tx: &Tx<'_>, record: &Record, plaintext: &[u8]) -> Result<AuthClient> {
    let map = Map::parse(plaintext, SIGNATURE.into())?;
    let client = AuthClient {
        id: Id::from_bytes(record.uuid),
        key: table::name(Handle::parse(map.text(KEY.into())?))?,
        name: map.string(NAME.into())?,
        application: map.maybe(APPLICATION.into(), |map, number| {
            table::name(AppName::parse(map.text(number)?))
        })?,
        visibility: match map.unsigned(VISIBILITY.into())? {
            1 => Visibility::Environment,
            2 => Visibility::Vault,
            3 => Visibility::Machine,
            _ => return Err(table::unknown()),
        },
        environment: map.id(ENVIRONMENT.into())?,
        registration: registration(&map)?,
        created_at: map.time(CREATED_AT.into())?,
    };
    table::check_name(tx, record, Kind::AuthClient, || name_bi(tx, &client))?;
    Ok(client)
}

pub(crate) fn name_bi(tx: &Tx<'_>, client: &AuthClient) -> Result<[u8; 16]> {
    tx.name_bi(SCOPE, None, client.key.as_str())
}

fn registration(map: &Map<'_>) -> Result<Registration> {
    let url = map.maybe(URL.into(), Map::string)?;
    Ok(match map.unsigned(TYPE.into())? {
        1 => Registration::Oauth2(Box::new(oauth2(map)?)),
        2 => Registration::NoAuth { url },
        3 => Registration::Basic { url },
        4 => Registration::ApiKey {
            url,
            apply: table::name(Apply::parse(map.text(APPLY.into())?))?,
        },
        5 => Registration::Oauth1(Box::new(oauth1(map)?)),
        _ => return Err(table::unknown()),
    })
}

fn secret(map: &Map<'_>) -> Result<Option<(u32, Id)>> {
    let number = map.maybe(SECRET_NUMBER.into(), Map::u32)?;
    Ok(number.zip(map.maybe(SECRET_RECORD.into(), Map::id)?))
}

fn beyond_the_rfc(map: &Map<'_>) -> Result<Oauth2> {
    let maps = map.maybe(BEYOND.into(), |map, number| {
        map.maps(number, beyond::HIGHEST.into(), beyond::read)
    })?;
    Ok(maps
        .and_then(|maps| maps.into_iter().next())
        .unwrap_or_else(beyond::nothing))
}

fn oauth1(map: &Map<'_>) -> Result<Oauth1> {
    Ok(Oauth1 {
        request_uri: map.string(REQUEST_URI.into())?,
        authorize_uri: map.string(AUTH_URI.into())?,
        access_uri: map.string(TOKEN_URI.into())?,
        consumer_key: map.string(CLIENT_ID.into())?,
        client_secret: secret(map)?,
        signature: Signature::of_word(map.text(SIGNATURE.into())?).ok_or_else(table::unknown)?,
        redirect: beyond_the_rfc(map)?.redirect,
        redirect_path: map.string(REDIRECT_PATH.into())?,
        authorize_params: map.pairs(AUTHORIZE_PARAMS.into())?,
    })
}

fn oauth2(map: &Map<'_>) -> Result<Oauth2> {
    Ok(Oauth2 {
        issuer: map.maybe(ISSUER.into(), Map::string)?,
        issuer_in_callback: map.flag(ISSUER_IN_CALLBACK.into())?,
        auth_uri: map.string(AUTH_URI.into())?,
        token_uri: map.string(TOKEN_URI.into())?,
        revocation_uri: map.maybe(REVOCATION_URI.into(), Map::string)?,
        token_expires_in: map.u32(TOKEN_EXPIRES_IN.into())?,
        client_id: map.string(CLIENT_ID.into())?,
        client_secret: secret(map)?,
        client_authentication: match map.unsigned(CLIENT_AUTHENTICATION.into())? {
            1 => ClientAuthentication::None,
            2 => ClientAuthentication::Basic,
            3 => ClientAuthentication::Post,
            4 => ClientAuthentication::PrivateKeyJwt,
            _ => return Err(table::unknown()),
        },
        redirect_path: map.string(REDIRECT_PATH.into())?,
        authorize_params: map.pairs(AUTHORIZE_PARAMS.into())?,
        scopes: map.texts(SCOPES.into())?,
        ..beyond_the_rfc(map)?
    })
}
