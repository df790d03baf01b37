//! What an OAuth registration says beyond the plain authorization code: a map of its own inside the body, with
//! nothing in it for a provider that keeps to the RFCs.

use keyward_model::{
    auth_client::{Grant, LoopbackHost, Oauth2, Origin, Pushed, Redirect},
    dialect::{Behaviour, Dialect, Pkce, RefreshTokenLife, Rotation, Separator, TokenBody},
};

use crate::{
    body::{Item, Map},
    error::Result,
    table,
};

// Numbers of the fields (FORMAT.md).
const REFRESH_TOKEN_URI: u8 = 1;
const INTROSPECTION_URI: u8 = 2;
const DEVICE_URI: u8 = 3;
const PUSHED_URI: u8 = 4;
const PUSHED_IS_REQUIRED: u8 = 5;
const JWKS_URI: u8 = 6;
const GRANT: u8 = 7;
const REDIRECT: u8 = 8;
const REDIRECT_HOST: u8 = 9;
const REDIRECT_PORT: u8 = 10;
const REDIRECT_TEXT: u8 = 11;
const TOKEN_PARAMS: u8 = 12;
const REFRESH_PARAMS: u8 = 13;
const RESOURCES: u8 = 14;
const REFRESH_WINDOW: u8 = 15;
const PROVIDER: u8 = 16;
const VARIABLES: u8 = 17;
const SCOPE_SEPARATOR: u8 = 18;
const PKCE: u8 = 19;
const TOKEN_BODY: u8 = 20;
const RENAMED: u8 = 21;
const ANSWER_PATHS: u8 = 22;
const KEEP_FROM_CALLBACK: u8 = 23;
const KEEP_FROM_ANSWER: u8 = 24;
const HEADERS: u8 = 25;
const BEHAVIOUR: u8 = 26;
const REFRESH_IDLE: u8 = 27;
const REFRESH_ABSOLUTE: u8 = 28;
const ROTATION: u8 = 29;
const CALLBACK_NAMES: u8 = 30;
const HOSTS: u8 = 31;
const SECRET_ENDS_AT: u8 = 32;

/// The highest number: one above it was written by a newer Keyward.
pub(super) const HIGHEST: u8 = SECRET_ENDS_AT;

/// The fields that are not as in [`Oauth2::new`].
pub(super) fn fields(client: &Oauth2) -> Vec<(u8, Item<'_>)> {
    let dialect = &client.dialect;
    let pushed = client.pushed.as_ref();
    let origin = client.provider.as_ref();
    let mut fields = vec![
        (REFRESH_TOKEN_URI, maybe(client.refresh_token_uri.as_ref())),
        (INTROSPECTION_URI, maybe(client.introspection_uri.as_ref())),
        (DEVICE_URI, maybe(client.device_uri.as_ref())),
        (PUSHED_URI, maybe(pushed.map(|pushed| &pushed.uri))),
        (
            PUSHED_IS_REQUIRED,
            Item::maybe(pushed, |pushed| Item::Bool(pushed.is_required)),
        ),
        (JWKS_URI, maybe(client.jwks_uri.as_ref())),
        (GRANT, word(client.grant.word(), Grant::default().word())),
        (TOKEN_PARAMS, pairs(&client.token_params)),
        (REFRESH_PARAMS, pairs(&client.refresh_params)),
        (RESOURCES, texts(&client.resources)),
        (
            REFRESH_WINDOW,
            Item::maybe(client.refresh_window, |seconds| Item::Unsigned(seconds.into())),
        ),
        (PROVIDER, maybe(origin.map(|origin| &origin.id))),
        (
            VARIABLES,
            Item::maybe(origin, |origin| Item::Pairs(&origin.variables)),
        ),
        (
            SCOPE_SEPARATOR,
            word(dialect.scope_separator.word(), Separator::default().word()),
        ),
        (PKCE, word(dialect.pkce.word(), Pkce::default().word())),
        (
            TOKEN_BODY,
            word(dialect.token_body.word(), TokenBody::default().word()),
        ),
        (RENAMED, pairs(&dialect.renamed)),
        (ANSWER_PATHS, pairs(&dialect.answer_paths)),
        (KEEP_FROM_CALLBACK, texts(&dialect.keep_from_callback)),
        (KEEP_FROM_ANSWER, pairs(&dialect.keep_from_answer)),
        (HEADERS, pairs(&dialect.headers)),
        (
            BEHAVIOUR,
            Item::maybe(dialect.behaviour, |behaviour| Item::Text(behaviour.word())),
        ),
        (
            REFRESH_IDLE,
            Item::maybe(dialect.refresh_token.idle, |seconds| {
                Item::Unsigned(seconds.into())
            }),
        ),
        (
            REFRESH_ABSOLUTE,
            Item::maybe(dialect.refresh_token.absolute, |seconds| {
                Item::Unsigned(seconds.into())
            }),
        ),
        (
            ROTATION,
            word(dialect.refresh_token.rotation.word(), Rotation::default().word()),
        ),
        (CALLBACK_NAMES, pairs(&dialect.callback_names)),
        (HOSTS, texts(&dialect.hosts)),
        (
            SECRET_ENDS_AT,
            Item::maybe(client.client_secret_expires_at, Item::time),
        ),
    ];
    fields.extend(redirect_fields(&client.redirect));
    fields.retain(|(_, item)| !matches!(item, Item::Absent));
    fields.sort_by_key(|(number, _)| *number);
    fields
}

/// The fields of a redirect that is not the usual one: all that OAuth 1.0a has here.
pub(super) fn redirect_fields(redirect: &Redirect) -> Vec<(u8, Item<'_>)> {
    let (kind, host, port, text) = redirect_parts(redirect);
    let mut fields = vec![
        (REDIRECT, number(kind)),
        (REDIRECT_HOST, number(host)),
        (REDIRECT_PORT, number(port.into())),
        (REDIRECT_TEXT, Item::maybe(text, Item::Text)),
    ];
    fields.retain(|(_, item)| !matches!(item, Item::Absent));
    fields
}

/// A registration that says nothing.
pub(super) fn nothing() -> Oauth2 {
    Oauth2::new(String::new(), String::new(), String::new())
}

/// A registration with these fields alone.
pub(super) fn read(map: &Map<'_>) -> Result<Oauth2> {
    let string = |number: u8| map.maybe(number.into(), Map::string);
    let pushed_is_required = map.maybe(PUSHED_IS_REQUIRED.into(), Map::flag)?;
    let variables = read_pairs(map, VARIABLES)?;
    Ok(Oauth2 {
        refresh_token_uri: string(REFRESH_TOKEN_URI)?,
        introspection_uri: string(INTROSPECTION_URI)?,
        device_uri: string(DEVICE_URI)?,
        pushed: string(PUSHED_URI)?.map(|uri| Pushed {
            uri,
            is_required: pushed_is_required.unwrap_or_default(),
        }),
        jwks_uri: string(JWKS_URI)?,
        grant: read_word(map, GRANT, Grant::of_word)?,
        redirect: redirect(map)?,
        token_params: read_pairs(map, TOKEN_PARAMS)?,
        refresh_params: read_pairs(map, REFRESH_PARAMS)?,
        resources: read_texts(map, RESOURCES)?,
        refresh_window: map.maybe(REFRESH_WINDOW.into(), Map::u32)?,
        provider: string(PROVIDER)?.map(|id| Origin { id, variables }),
        dialect: dialect(map)?,
        client_secret_expires_at: map.maybe(SECRET_ENDS_AT.into(), Map::time)?,
        ..nothing()
    })
}

fn dialect(map: &Map<'_>) -> Result<Dialect> {
    Ok(Dialect {
        scope_separator: read_word(map, SCOPE_SEPARATOR, Separator::of_word)?,
        pkce: read_word(map, PKCE, Pkce::of_word)?,
        token_body: read_word(map, TOKEN_BODY, TokenBody::of_word)?,
        renamed: read_pairs(map, RENAMED)?,
        callback_names: read_pairs(map, CALLBACK_NAMES)?,
        hosts: read_texts(map, HOSTS)?,
        answer_paths: read_pairs(map, ANSWER_PATHS)?,
        keep_from_callback: read_texts(map, KEEP_FROM_CALLBACK)?,
        keep_from_answer: read_pairs(map, KEEP_FROM_ANSWER)?,
        headers: read_pairs(map, HEADERS)?,
        behaviour: map.maybe(BEHAVIOUR.into(), |map, number| {
            Behaviour::of_word(map.text(number)?).ok_or_else(table::unknown)
        })?,
        refresh_token: RefreshTokenLife {
            idle: map.maybe(REFRESH_IDLE.into(), Map::u32)?,
            absolute: map.maybe(REFRESH_ABSOLUTE.into(), Map::u32)?,
            rotation: read_word(map, ROTATION, Rotation::of_word)?,
        },
    })
}

/// Kind, host, port and text; zero and nothing for what is not said.
fn redirect_parts(redirect: &Redirect) -> (u64, u64, u16, Option<&str>) {
    let host_number = |host: LoopbackHost| match host {
        LoopbackHost::V4 => 1,
        LoopbackHost::V6 => 2,
        LoopbackHost::Name => 3,
    };
    match redirect {
        Redirect::Free => (0, 0, 0, None),
        Redirect::FreeLocalhost => (1, 0, 0, None),
        Redirect::Fixed { host, port } => (2, host_number(*host), *port, None),
        Redirect::Https { port } => (3, 0, *port, None),
        Redirect::Scheme(scheme) => (4, 0, 0, Some(scheme)),
        Redirect::Paste(address) => (5, 0, 0, Some(address)),
    }
}

fn redirect(map: &Map<'_>) -> Result<Redirect> {
    let port = || {
        let port = map.unsigned(REDIRECT_PORT.into())?;
        u16::try_from(port).map_err(|_| table::unknown())
    };
    Ok(
        match map.maybe(REDIRECT.into(), Map::unsigned)?.unwrap_or_default() {
            0 => Redirect::Free,
            1 => Redirect::FreeLocalhost,
            2 => Redirect::Fixed {
                host: match map.unsigned(REDIRECT_HOST.into())? {
                    1 => LoopbackHost::V4,
                    2 => LoopbackHost::V6,
                    3 => LoopbackHost::Name,
                    _ => return Err(table::unknown()),
                },
                port: port()?,
            },
            3 => Redirect::Https { port: port()? },
            4 => Redirect::Scheme(map.string(REDIRECT_TEXT.into())?),
            5 => Redirect::Paste(map.string(REDIRECT_TEXT.into())?),
            _ => return Err(table::unknown()),
        },
    )
}

fn maybe(text: Option<&String>) -> Item<'_> {
    Item::maybe(text, |text| Item::Text(text))
}

fn word(word: &'static str, usual: &str) -> Item<'static> {
    if word == usual {
        Item::Absent
    } else {
        Item::Text(word)
    }
}

fn number(number: u64) -> Item<'static> {
    if number == 0 {
        Item::Absent
    } else {
        Item::Unsigned(number)
    }
}

fn pairs(pairs: &[(String, String)]) -> Item<'_> {
    if pairs.is_empty() {
        Item::Absent
    } else {
        Item::Pairs(pairs)
    }
}

fn texts(texts: &[String]) -> Item<'_> {
    if texts.is_empty() {
        Item::Absent
    } else {
        Item::Texts(texts)
    }
}

fn read_word<T: Default>(map: &Map<'_>, number: u8, of_word: impl Fn(&str) -> Option<T>) -> Result<T> {
    let read = map.maybe(number.into(), |map, number| {
        of_word(map.text(number)?).ok_or_else(table::unknown)
    })?;
    Ok(read.unwrap_or_default())
}

fn read_pairs(map: &Map<'_>, number: u8) -> Result<Vec<(String, String)>> {
    Ok(map.maybe(number.into(), Map::pairs)?.unwrap_or_default())
}

fn read_texts(map: &Map<'_>, number: u8) -> Result<Vec<String>> {
    Ok(map.maybe(number.into(), Map::texts)?.unwrap_or_default())
}
