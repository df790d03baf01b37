//! Body of a Connection's record: which number holds what.

use keyward_model::{
    BootTime, Id, Timestamp,
    apply::Apply,
    connection::{
        Address, AuthType, Connection, ConnectionError, ConnectionState, EndKind, Lifetime, RefreshTokenEnd,
        Upkeep,
    },
    name::{AppName, Handle},
};
use zeroize::Zeroizing;

use super::name_bi;
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
const ENVIRONMENT: u8 = 3;
const APPLICATION: u8 = 4;
const AUTH_CLIENT: u8 = 5;
const AUTH_TYPE: u8 = 6;
const ACCOUNT: u8 = 7;
const STATE: u8 = 8;
const ERROR_CODE: u8 = 9;
const ERROR_MESSAGE: u8 = 10;
const ERROR_HINT: u8 = 11;
const REQUESTED_SCOPES: u8 = 12;
const PARAMS: u8 = 13;
const GRANTED_SCOPE: u8 = 14;
const OBTAINED_AT: u8 = 15;
const EXPIRES_AT: u8 = 16;
const HAS_REFRESH_TOKEN: u8 = 17;
const TOKEN_SET: u8 = 18;
const REFRESH_INTENT: u8 = 19;
const DEFAULT: u8 = 20;
const RETRY_AT: u8 = 21;
const FAILURES: u8 = 22;
const CREATED_AT: u8 = 23;
const UPDATED_AT: u8 = 24;
const FOREIGN_KEY: u8 = 25;
const URL: u8 = 26;
const APPLY: u8 = 27;
const VALUE_NUMBER: u8 = 28;
const VALUE_RECORD: u8 = 29;
const OBTAINED_BOOT: u8 = 30;
const OBTAINED_BOOT_SECONDS: u8 = 31;
const CLOCK_SKEW: u8 = 32;
const REFRESH_TOKEN_ENDS_AT: u8 = 33;
const REFRESH_TOKEN_END_IS_FIXED: u8 = 34;
const KEPT: u8 = 35;
const REFRESH_WINDOW: u8 = 36;
const REFRESH_TOKEN_LATEST: u8 = 37;
/// The highest of them.
const LAST: u8 = REFRESH_TOKEN_LATEST;

pub(super) fn encode(connection: &Connection) -> Zeroizing<Vec<u8>> {
    let auth_type = match connection.auth_type {
        AuthType::Oauth2 => 1,
        AuthType::Basic => 2,
        AuthType::ApiKey => 3,
        AuthType::AccessToken => 4,
        AuthType::None => 5,
        AuthType::Oauth1 => 6,
    };
    let state = match connection.state {
        ConnectionState::AwaitingConsent => 1,
        ConnectionState::Ready => 2,
        ConnectionState::NeedsConsent => 3,
        ConnectionState::Error => 4,
        ConnectionState::Disconnected => 5,
    };
    // vault_uuid || record_uuid (§b.4)
    let auth_client = connection
        .auth_client
        .map(|address| [*address.vault.as_bytes(), *address.client.as_bytes()].concat());
    let apply = connection.apply.as_ref().map(Apply::to_string);
    let (value_number, value_record) = connection.value.unzip();
    let error = connection.error.as_ref();
    let upkeep = &connection.upkeep;
    body::encode(&[
        (KEY, Item::Text(connection.key.as_str())),
        (NAME, Item::Text(&connection.name)),
        (ENVIRONMENT, Item::id(&connection.environment)),
        (
            APPLICATION,
            Item::maybe(connection.application.as_ref(), |name| Item::Text(name.as_str())),
        ),
        (AUTH_CLIENT, Item::maybe(auth_client.as_deref(), Item::Bytes)),
        (AUTH_TYPE, Item::Unsigned(auth_type)),
        (ACCOUNT, Item::maybe(connection.account.as_deref(), Item::Text)),
        (STATE, Item::Unsigned(state)),
        (ERROR_CODE, Item::maybe(error, |error| Item::Text(&error.code))),
        (
            ERROR_MESSAGE,
            Item::maybe(error, |error| Item::Text(&error.message)),
        ),
        (ERROR_HINT, Item::maybe(error, |error| Item::Text(&error.hint))),
        (REQUESTED_SCOPES, Item::Texts(&connection.requested_scopes)),
        (PARAMS, Item::Pairs(&connection.params)),
        (
            GRANTED_SCOPE,
            Item::maybe(connection.granted_scope.as_deref(), Item::Text),
        ),
        (
            OBTAINED_AT,
            Item::maybe(connection.lifetime, |lifetime| Item::time(lifetime.obtained_at)),
        ),
        (
            EXPIRES_AT,
            Item::maybe(connection.lifetime, |lifetime| Item::time(lifetime.expires_at)),
        ),
        (HAS_REFRESH_TOKEN, Item::Bool(connection.has_refresh_token)),
        (TOKEN_SET, Item::id(&connection.token_set)),
        (REFRESH_INTENT, Item::id(&connection.refresh_intent)),
        (DEFAULT, Item::Bool(connection.default)),
        (RETRY_AT, Item::maybe(connection.retry_at, Item::time)),
        (FAILURES, Item::Unsigned(connection.failures.into())),
        (CREATED_AT, Item::time(connection.created_at)),
        (UPDATED_AT, Item::time(connection.updated_at)),
        (
            FOREIGN_KEY,
            Item::maybe(connection.foreign_key.as_ref(), |key| Item::Text(key.as_str())),
        ),
        (URL, Item::maybe(connection.url.as_deref(), Item::Text)),
        (APPLY, Item::maybe(apply.as_deref(), Item::Text)),
        (
            VALUE_NUMBER,
            Item::maybe(value_number, |number| Item::Unsigned(number.into())),
        ),
        (VALUE_RECORD, Item::maybe(value_record.as_ref(), Item::id)),
        (
            OBTAINED_BOOT,
            Item::maybe(upkeep.obtained_boot.as_ref(), |then| Item::id(&then.boot)),
        ),
        (
            OBTAINED_BOOT_SECONDS,
            Item::maybe(upkeep.obtained_boot, |then| Item::Unsigned(then.seconds)),
        ),
        (CLOCK_SKEW, Item::maybe(upkeep.clock_skew, Item::Signed)),
        (
            REFRESH_TOKEN_ENDS_AT,
            Item::maybe(upkeep.refresh_token, |end| Item::time(end.at)),
        ),
        (
            REFRESH_TOKEN_END_IS_FIXED,
            Item::maybe(upkeep.refresh_token, |end| Item::Bool(end.kind == EndKind::Fixed)),
        ),
        (
            KEPT,
            Item::maybe(
                (!connection.kept.is_empty()).then_some(&connection.kept),
                |kept| Item::Pairs(kept),
            ),
        ),
        (
            REFRESH_WINDOW,
            Item::maybe(
                connection.lifetime.and_then(|lifetime| lifetime.refresh_window),
                |seconds| Item::Unsigned(seconds.into()),
            ),
        ),
        (
            REFRESH_TOKEN_LATEST,
            Item::maybe(upkeep.refresh_token.and_then(|end| end.latest), Item::time),
        ),
    ])
}

pub(crate) fn decode(tx: &Tx<'_>, record: &Record, plaintext: &[u8]) -> Result<Connection> {
    let map = Map::parse(plaintext, LAST.into())?;
    let auth_client = map.maybe(AUTH_CLIENT.into(), |map, number| {
        let both: [u8; 32] = map.array(number)?;
        let half = |bytes: &[u8]| Id::from_bytes(bytes.try_into().expect("half of 32 bytes"));
        Ok(Address {
            vault: half(&both[..16]),
            client: half(&both[16..]),
        })
    })?;
    let value_number = map.maybe(VALUE_NUMBER.into(), Map::u32)?;
    let obtained_at = map.maybe(OBTAINED_AT.into(), Map::time)?;
    let expires_at = map.maybe(EXPIRES_AT.into(), Map::time)?;
    let refresh_window = map.maybe(REFRESH_WINDOW.into(), Map::u32)?;
    let error = map.maybe(ERROR_CODE.into(), |map, code| {
        Ok(ConnectionError {
            code: map.string(code)?,
            message: map.string(ERROR_MESSAGE.into())?,
            hint: map.string(ERROR_HINT.into())?,
        })
    })?;
    let connection = Connection {
        id: Id::from_bytes(record.uuid),
        key: table::name(Handle::parse(map.text(KEY.into())?))?,
        name: map.string(NAME.into())?,
        environment: map.id(ENVIRONMENT.into())?,
        application: map.maybe(APPLICATION.into(), |map, number| {
            table::name(AppName::parse(map.text(number)?))
        })?,
        auth_client,
        foreign_key: map.maybe(FOREIGN_KEY.into(), |map, number| {
            table::name(Handle::parse(map.text(number)?))
        })?,
        auth_type: match map.unsigned(AUTH_TYPE.into())? {
            1 => AuthType::Oauth2,
            2 => AuthType::Basic,
            3 => AuthType::ApiKey,
            4 => AuthType::AccessToken,
            5 => AuthType::None,
            6 => AuthType::Oauth1,
            _ => return Err(table::unknown()),
        },
        url: map.maybe(URL.into(), Map::string)?,
        apply: map.maybe(APPLY.into(), |map, number| {
            table::name(Apply::parse(map.text(number)?))
        })?,
        value: value_number.zip(map.maybe(VALUE_RECORD.into(), Map::id)?),
        account: map.maybe(ACCOUNT.into(), Map::string)?,
        state: match map.unsigned(STATE.into())? {
            1 => ConnectionState::AwaitingConsent,
            2 => ConnectionState::Ready,
            3 => ConnectionState::NeedsConsent,
            4 => ConnectionState::Error,
            5 => ConnectionState::Disconnected,
            _ => return Err(table::unknown()),
        },
        error,
        requested_scopes: map.texts(REQUESTED_SCOPES.into())?,
        params: map.pairs(PARAMS.into())?,
        granted_scope: map.maybe(GRANTED_SCOPE.into(), Map::string)?,
        lifetime: obtained_at
            .zip(expires_at)
            .map(|(obtained_at, expires_at)| Lifetime {
                obtained_at,
                expires_at,
                refresh_window,
            }),
        has_refresh_token: map.flag(HAS_REFRESH_TOKEN.into())?,
        token_set: map.id(TOKEN_SET.into())?,
        refresh_intent: map.id(REFRESH_INTENT.into())?,
        default: map.flag(DEFAULT.into())?,
        retry_at: map.maybe(RETRY_AT.into(), Map::time)?,
        failures: map.u32(FAILURES.into())?,
        kept: map.maybe(KEPT.into(), Map::pairs)?.unwrap_or_default(),
        upkeep: upkeep(&map)?,
        created_at: map.time(CREATED_AT.into())?,
        updated_at: map.time(UPDATED_AT.into())?,
    };
    table::check_name(tx, record, Kind::Connection, || name_bi(tx, &connection))?;
    Ok(connection)
}

fn upkeep(map: &Map<'_>) -> Result<Upkeep> {
    let boot = map.maybe(OBTAINED_BOOT.into(), Map::id)?;
    let seconds = map.maybe(OBTAINED_BOOT_SECONDS.into(), Map::unsigned)?;
    let ends_at = map.maybe(REFRESH_TOKEN_ENDS_AT.into(), Map::time)?;
    let is_fixed = map.maybe(REFRESH_TOKEN_END_IS_FIXED.into(), Map::flag)?;
    let latest = map.maybe(REFRESH_TOKEN_LATEST.into(), Map::time)?;
    Ok(Upkeep {
        obtained_boot: boot
            .zip(seconds)
            .map(|(boot, seconds)| BootTime { boot, seconds }),
        clock_skew: map.maybe(CLOCK_SKEW.into(), Map::time)?.map(Timestamp::seconds),
        refresh_token: ends_at.map(|at| RefreshTokenEnd {
            at,
            kind: match is_fixed {
                Some(true) => EndKind::Fixed,
                _ => EndKind::Idle,
            },
            latest,
        }),
    })
}
