//! What an OAuth registration says beyond the plain authorization code. A member that is not there is as usual.

use std::io::{self, Write};

use keyward_model::{
    auth_client::{Grant, LoopbackHost, Oauth2, Origin, Pushed, Redirect},
    dialect::{Behaviour, Dialect, Pkce, RefreshTokenLife, Rotation, Separator, TokenBody},
};
use serde_json::{Map, Value};

use super::{maybe, meant, word};
use crate::{
    document::Document,
    error::{Error, Result},
    json,
    own::moment,
};

const HOSTS: [(LoopbackHost, &str); 3] = [
    (LoopbackHost::V4, "127.0.0.1"),
    (LoopbackHost::V6, "[::1]"),
    (LoopbackHost::Name, "localhost"),
];

pub(super) fn write<W: Write>(document: &mut Document<W>, client: &Oauth2) -> io::Result<()> {
    let dialect = &client.dialect;
    let usual = Dialect::default();
    maybe(document, "refresh_token_uri", client.refresh_token_uri.as_deref())?;
    maybe(document, "introspection_uri", client.introspection_uri.as_deref())?;
    maybe(document, "device_uri", client.device_uri.as_deref())?;
    maybe(document, "jwks_uri", client.jwks_uri.as_deref())?;
    if let Some(pushed) = &client.pushed {
        document.member("pushed_uri")?.text(&pushed.uri)?;
        document.member("pushed_is_required")?.flag(pushed.is_required)?;
    }
    if let Some(at) = client.client_secret_expires_at {
        document.member("client_secret_expires_at")?.time(at)?;
    }
    unless_usual(document, "grant", client.grant.word(), Grant::default().word())?;
    write_redirect(document, &client.redirect)?;
    write_pairs(document, "token_params", &client.token_params)?;
    write_pairs(document, "refresh_params", &client.refresh_params)?;
    write_texts(document, "resources", &client.resources)?;
    write_seconds(document, "refresh_window", client.refresh_window)?;
    if let Some(origin) = &client.provider {
        document.member("provider")?.text(&origin.id)?;
        write_pairs(document, "variables", &origin.variables)?;
    }
    unless_usual(
        document,
        "scope_separator",
        dialect.scope_separator.word(),
        usual.scope_separator.word(),
    )?;
    unless_usual(document, "pkce", dialect.pkce.word(), usual.pkce.word())?;
    unless_usual(
        document,
        "token_body",
        dialect.token_body.word(),
        usual.token_body.word(),
    )?;
    write_pairs(document, "renamed", &dialect.renamed)?;
    write_pairs(document, "callback_names", &dialect.callback_names)?;
    write_pairs(document, "answer_paths", &dialect.answer_paths)?;
    write_texts(document, "keep_from_callback", &dialect.keep_from_callback)?;
    write_pairs(document, "keep_from_answer", &dialect.keep_from_answer)?;
    write_texts(document, "hosts", &dialect.hosts)?;
    write_pairs(document, "headers", &dialect.headers)?;
    maybe(document, "behaviour", dialect.behaviour.map(Behaviour::word))?;
    write_seconds(document, "refresh_token_idle", dialect.refresh_token.idle)?;
    write_seconds(document, "refresh_token_absolute", dialect.refresh_token.absolute)?;
    unless_usual(
        document,
        "rotation",
        dialect.refresh_token.rotation.word(),
        usual.refresh_token.rotation.word(),
    )
}

/// Reads it into a registration that has the rest.
pub(super) fn read(object: &mut Map<String, Value>, plain: Oauth2) -> Result<Oauth2> {
    let pushed_is_required = object.get("pushed_is_required").and_then(Value::as_bool);
    let variables = pairs(object, "variables")?;
    Ok(Oauth2 {
        refresh_token_uri: json::full(object, "refresh_token_uri"),
        introspection_uri: json::full(object, "introspection_uri"),
        device_uri: json::full(object, "device_uri"),
        jwks_uri: json::full(object, "jwks_uri"),
        pushed: json::full(object, "pushed_uri").map(|uri| Pushed {
            uri,
            is_required: pushed_is_required.unwrap_or_default(),
        }),
        client_secret_expires_at: moment(object, "client_secret_expires_at")?,
        grant: choice(object, "grant", Grant::of_word)?,
        redirect: redirect(object)?,
        token_params: pairs(object, "token_params")?,
        refresh_params: pairs(object, "refresh_params")?,
        resources: texts(object, "resources")?,
        refresh_window: seconds(object, "refresh_window")?,
        provider: json::full(object, "provider").map(|id| Origin { id, variables }),
        dialect: Dialect {
            scope_separator: choice(object, "scope_separator", Separator::of_word)?,
            pkce: choice(object, "pkce", Pkce::of_word)?,
            token_body: choice(object, "token_body", TokenBody::of_word)?,
            renamed: pairs(object, "renamed")?,
            callback_names: pairs(object, "callback_names")?,
            answer_paths: pairs(object, "answer_paths")?,
            keep_from_callback: texts(object, "keep_from_callback")?,
            keep_from_answer: pairs(object, "keep_from_answer")?,
            hosts: texts(object, "hosts")?,
            headers: pairs(object, "headers")?,
            behaviour: match json::full(object, "behaviour") {
                Some(word) => Some(Behaviour::of_word(&word).ok_or_else(|| unknown("behaviour"))?),
                None => None,
            },
            refresh_token: RefreshTokenLife {
                idle: seconds(object, "refresh_token_idle")?,
                absolute: seconds(object, "refresh_token_absolute")?,
                rotation: choice(object, "rotation", Rotation::of_word)?,
            },
        },
        ..plain
    })
}

pub(super) fn write_redirect<W: Write>(document: &mut Document<W>, redirect: &Redirect) -> io::Result<()> {
    let (kind, host, port, text) = match redirect {
        Redirect::Free => return Ok(()),
        Redirect::FreeLocalhost => ("localhost", None, None, None),
        Redirect::Fixed { host, port } => ("fixed", Some(*host), Some(*port), None),
        Redirect::Https { port } => ("https", None, Some(*port), None),
        Redirect::Scheme(scheme) => ("scheme", None, None, Some(scheme)),
        Redirect::Paste(address) => ("paste", None, None, Some(address)),
    };
    document.member("redirect")?.text(kind)?;
    maybe(document, "redirect_host", host.map(|host| word(&HOSTS, host)))?;
    if let Some(port) = port {
        document.member("redirect_port")?.number(port.into())?;
    }
    maybe(document, "redirect_to", text.map(String::as_str))
}

pub(super) fn redirect(object: &mut Map<String, Value>) -> Result<Redirect> {
    let Some(kind) = json::full(object, "redirect") else {
        return Ok(Redirect::Free);
    };
    let port = object.get("redirect_port").and_then(Value::as_u64);
    let port = port.and_then(|port| u16::try_from(port).ok());
    let host = meant(&HOSTS, json::text(object, "redirect_host").as_deref());
    let to = json::full(object, "redirect_to");
    match (kind.as_str(), host, port, to) {
        ("localhost", ..) => Ok(Redirect::FreeLocalhost),
        ("fixed", Some(host), Some(port), _) => Ok(Redirect::Fixed { host, port }),
        ("https", _, Some(port), _) => Ok(Redirect::Https { port }),
        ("scheme", _, _, Some(scheme)) => Ok(Redirect::Scheme(scheme)),
        ("paste", _, _, Some(address)) => Ok(Redirect::Paste(address)),
        _ => Err(unknown("redirect")),
    }
}

fn unless_usual<W: Write>(
    document: &mut Document<W>,
    member: &str,
    word: &str,
    usual: &str,
) -> io::Result<()> {
    maybe(document, member, (word != usual).then_some(word))
}

pub(super) fn write_pairs<W: Write>(
    document: &mut Document<W>,
    member: &str,
    pairs: &[(String, String)],
) -> io::Result<()> {
    let lines: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    write_texts(document, member, &lines)
}

fn write_texts<W: Write>(document: &mut Document<W>, member: &str, texts: &[String]) -> io::Result<()> {
    if texts.is_empty() {
        return Ok(());
    }
    document.member(member)?.texts(texts)
}

fn write_seconds<W: Write>(document: &mut Document<W>, member: &str, seconds: Option<u32>) -> io::Result<()> {
    match seconds {
        Some(seconds) => document.member(member)?.number(seconds.into()),
        None => Ok(()),
    }
}

/// `NAME=VALUE` lines.
pub(super) fn pairs(object: &mut Map<String, Value>, member: &str) -> Result<Vec<(String, String)>> {
    texts(object, member)?
        .into_iter()
        .map(|line| match line.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(Error::malformed(format!("{member} must be NAME=VALUE"))),
        })
        .collect()
}

fn texts(object: &mut Map<String, Value>, member: &str) -> Result<Vec<String>> {
    Ok(crate::own::texts(json::list(object, member)?))
}

fn choice<T: Default>(
    object: &mut Map<String, Value>,
    member: &str,
    of_word: impl Fn(&str) -> Option<T>,
) -> Result<T> {
    match json::full(object, member) {
        None => Ok(T::default()),
        Some(word) => of_word(&word).ok_or_else(|| unknown(member)),
    }
}

fn seconds(object: &mut Map<String, Value>, member: &str) -> Result<Option<u32>> {
    match object.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .and_then(|seconds| u32::try_from(seconds).ok())
            .map(Some)
            .ok_or_else(|| Error::malformed(format!("{member} must be whole seconds"))),
    }
}

pub(super) fn unknown(member: &str) -> Error {
    Error::malformed(format!("{member} is none that is known"))
}
