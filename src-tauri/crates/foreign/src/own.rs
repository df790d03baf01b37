//! Our own export: JSON of everything a person stored, inside an age file or in plain text (SECURITY.md §b.8).
//!
//! ```json
//! {"format": "keyward-export", "version": 1, "exported_at": "2026-11-22T09:00:00Z", "vault": "default",
//!  "environments": [{"name": "default", "production": false}],
//!  "items": [{"environment": "default", "key": "STRIPE_KEY", "name": "Stripe", "tags": ["payments"],
//!             "value": "…", "versions": [{"value": "…", "note": "", "created_at": "…"}]},
//!            {"environment": "default", "key": "DB", "name": "Database",
//!             "variables": [{"name": "PASSWORD", "masked": true, "value": "…"}]},
//!            {"environment": "default", "key": "GH", "name": "GitHub", "value": "…",
//!             "app": {"type": "access_token", "application": "github", "auth_client": "gh"}}],
//!  "auth_clients": [{"key": "gh", "type": "api_key", "environment": "default", "url": "https://api.github.com", …}]}
//! ```
//! A value is a text, or `{"base64": "…"}` when it is not UTF-8. Members that hold nothing are left out. Without
//! values it is structure alone: the same document, and not one `value` in it (WK3).

use std::io::{self, Write};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keyward_model::{SecretValue, Timestamp};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::{
    app,
    document::Document,
    error::{Error, Result},
    found::{Content, Found, Older, Sheet, Variable},
    json, limits,
};

/// What the `format` member says.
pub const FORMAT: &str = "keyward-export";

/// The newest version of the document that is read, and the one that is written.
pub const VERSION: u32 = 1;

/// What stands at the top of an export.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// Name of the vault.
    pub vault: &'a str,
    /// When it was made.
    pub exported_at: Timestamp,
}

/// Whether values go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carry {
    /// Values and the ones before them.
    Values,
    /// Names, descriptions and all that is no value (WK3).
    Structure,
}

/// An environment, as an export tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentOf {
    /// Its name.
    pub name: String,
    /// Treated as production.
    pub production: bool,
    /// The colour of its dot, where one was chosen.
    pub colour: Option<String>,
}

pub(crate) fn is_ours(object: &Map<String, Value>) -> bool {
    object.get("format").and_then(Value::as_str) == Some(FORMAT)
}

/// Writes a document and gives the writer back.
///
/// # Errors
/// What the writer says.
pub fn write<W: Write>(out: W, heading: Heading<'_>, sheet: &Sheet, carry: Carry) -> io::Result<W> {
    let mut document = Document::new(out);
    document.object(|document| {
        document.member("format")?.text(FORMAT)?;
        document.member("version")?.number(VERSION.into())?;
        document.member("exported_at")?.time(heading.exported_at)?;
        document.member("vault")?.text(heading.vault)?;
        document
            .member("environments")?
            .list(&sheet.environments, |document, environment| {
                document.object(|document| {
                    document.member("name")?.text(&environment.name)?;
                    document.member("production")?.flag(environment.production)?;
                    match &environment.colour {
                        Some(colour) => document.member("colour")?.text(colour),
                        None => Ok(()),
                    }
                })
            })?;
        if !sheet.applications.is_empty() {
            document
                .member("applications")?
                .list(&sheet.applications, app::write_application)?;
        }
        if !sheet.auth_clients.is_empty() {
            document
                .member("auth_clients")?
                .list(&sheet.auth_clients, |document, client| {
                    app::write_client(document, client, carry)
                })?;
        }
        if !sheet.remarks.is_empty() {
            document.member("remarks")?.texts(&sheet.remarks)?;
        }
        document
            .member("items")?
            .list(&sheet.entries, |document, found| item(document, found, carry))
    })?;
    Ok(document.into_inner())
}

fn item<W: Write>(document: &mut Document<W>, found: &Found, carry: Carry) -> io::Result<()> {
    document.object(|document| {
        if let Some(environment) = &found.environment {
            document.member("environment")?.text(environment)?;
        }
        if !found.folder.is_empty() {
            document.member("folder")?.texts(&found.folder)?;
        }
        if let Some(key) = &found.key {
            document.member("key")?.text(key)?;
        }
        document.member("name")?.text(&found.name)?;
        if !found.description.is_empty() {
            document.member("description")?.text(&found.description)?;
        }
        if !found.note.is_empty() {
            document.member("note")?.text(&found.note)?;
        }
        if !found.tags.is_empty() {
            document.member("tags")?.texts(&found.tags)?;
        }
        if found.favourite {
            document.member("favourite")?.flag(true)?;
        }
        if let Some(at) = found.expires_at {
            document.member("expires_at")?.time(at)?;
        }
        if let Some(seconds) = found.rotate_every {
            document.member("rotate_every_seconds")?.number(seconds)?;
        }
        if let Some(app) = &found.app {
            document.member("app")?;
            app::write_credential(document, app)?;
        }
        match &found.content {
            Content::Value(one) => variable(document, one, carry),
            Content::Variables(all) => document.member("variables")?.list(all, |document, one| {
                document.object(|document| {
                    document.member("name")?.text(&one.name)?;
                    variable(document, one, carry)
                })
            }),
        }
    })
}

fn variable<W: Write>(document: &mut Document<W>, one: &Variable, carry: Carry) -> io::Result<()> {
    if !one.description.is_empty() {
        document.member("about")?.text(&one.description)?;
    }
    document.member("masked")?.flag(one.masked)?;
    let (Some(value), Carry::Values) = (&one.value, carry) else {
        return Ok(());
    };
    document.member("value")?.secret(value)?;
    if !one.note.is_empty() {
        document.member("value_note")?.text(&one.note)?;
    }
    if let Some(at) = one.created_at {
        document.member("value_created_at")?.time(at)?;
    }
    if one.older.is_empty() {
        return Ok(());
    }
    document.member("versions")?.list(&one.older, |document, older| {
        document.object(|document| {
            document.member("value")?.secret(&older.value)?;
            if !older.note.is_empty() {
                document.member("note")?.text(&older.note)?;
            }
            match older.created_at {
                Some(at) => document.member("created_at")?.time(at),
                None => Ok(()),
            }
        })
    })
}

/// Reads a document.
///
/// # Errors
/// [`crate::Fault::Malformed`] naming the item; [`crate::Fault::Unsupported`] for another format or a newer version.
pub fn parse(bytes: &[u8]) -> Result<Sheet> {
    let object = json::object(json::parse(bytes)?, "the file")?;
    if !is_ours(&object) {
        return Err(Error::unsupported("this JSON is no export of Keyward"));
    }
    read(object)
}

pub(crate) fn read(mut object: Map<String, Value>) -> Result<Sheet> {
    match object.get("version").and_then(Value::as_u64) {
        Some(version) if version == u64::from(VERSION) => {}
        _ => {
            return Err(Error::unsupported(
                "a newer version of Keyward wrote it; update this one",
            ));
        }
    }
    let mut sheet = Sheet {
        remarks: texts(json::list(&mut object, "remarks")?),
        ..Sheet::default()
    };
    for environment in json::list(&mut object, "environments")? {
        let mut environment = json::object(environment, "environments")?;
        sheet.environments.push(EnvironmentOf {
            name: json::text(&mut environment, "name").unwrap_or_default(),
            production: flag(&environment, "production"),
            colour: json::full(&mut environment, "colour"),
        });
    }
    let applications = json::list(&mut object, "applications")?;
    limits::entries(applications.len())?;
    for application in applications {
        let application = json::object(application, "applications")?;
        sheet.applications.push(app::read_application(application));
    }
    let clients = json::list(&mut object, "auth_clients")?;
    limits::entries(clients.len())?;
    for (at, client) in clients.into_iter().enumerate() {
        let place = format!("auth client {}", at + 1);
        let client = json::object(client, &place)?;
        sheet
            .auth_clients
            .push(app::read_client(client).map_err(|error| error.at(place))?);
    }
    let items = json::list(&mut object, "items")?;
    limits::entries(items.len())?;
    for (at, item) in items.into_iter().enumerate() {
        let place = format!("item {}", at + 1);
        let item = json::object(item, &place)?;
        sheet.entries.push(entry(item).map_err(|error| error.at(place))?);
    }
    Ok(sheet)
}

fn entry(mut item: Map<String, Value>) -> Result<Found> {
    let variables = match item.remove("variables") {
        None => None,
        Some(Value::Array(list)) if list.len() <= limits::VARIABLES => Some(list),
        Some(Value::Array(_)) => return Err(Error::too_large("it has too many variables")),
        Some(_) => return Err(Error::malformed("variables must be a list")),
    };
    let content = match variables {
        None => Content::Value(one(&mut item, String::new())?),
        Some(list) => {
            let mut variables = Vec::new();
            for variable in list {
                let mut variable = json::object(variable, "a variable")?;
                let name = json::text(&mut variable, "name").unwrap_or_default();
                variables.push(one(&mut variable, name)?);
            }
            Content::Variables(variables)
        }
    };
    let app = match item.remove("app") {
        None => None,
        Some(_) if matches!(content, Content::Variables(_)) => {
            return Err(Error::malformed("an app credential has one value"));
        }
        Some(app) => Some(app::read_credential(json::object(app, "app")?)?),
    };
    let mut found = Found {
        app,
        folder: texts(json::list(&mut item, "folder")?),
        environment: json::full(&mut item, "environment"),
        key: json::full(&mut item, "key"),
        name: json::text(&mut item, "name").unwrap_or_default(),
        description: json::text(&mut item, "description").unwrap_or_default(),
        note: json::text(&mut item, "note").unwrap_or_default(),
        tags: texts(json::list(&mut item, "tags")?),
        favourite: flag(&item, "favourite"),
        expires_at: moment(&mut item, "expires_at")?,
        rotate_every: item.get("rotate_every_seconds").and_then(Value::as_u64),
        content,
    };
    if found.name.is_empty() {
        found.name = found.key.clone().unwrap_or_default();
    }
    Ok(found)
}

fn one(object: &mut Map<String, Value>, name: String) -> Result<Variable> {
    let value = object.remove("value").map(secret).transpose()?;
    let mut older = Vec::new();
    let versions = json::list(object, "versions")?;
    if versions.len() > limits::OLDER_VALUES {
        return Err(Error::too_large("it has too many versions"));
    }
    for version in versions {
        let mut version = json::object(version, "a version")?;
        let Some(value) = version.remove("value").map(secret).transpose()? else {
            continue;
        };
        older.push(Older {
            value,
            created_at: moment(&mut version, "created_at")?,
            note: json::text(&mut version, "note").unwrap_or_default(),
        });
    }
    Ok(Variable {
        name,
        description: json::text(object, "about").unwrap_or_default(),
        masked: object.get("masked").and_then(Value::as_bool).unwrap_or(true),
        value,
        created_at: moment(object, "value_created_at")?,
        note: json::text(object, "value_note").unwrap_or_default(),
        older,
    })
}

pub(crate) fn secret(value: Value) -> Result<SecretValue> {
    match value {
        Value::String(text) => Ok(SecretValue::from(text)),
        Value::Object(mut object) => {
            let base64 = Zeroizing::new(json::text(&mut object, "base64").unwrap_or_default());
            STANDARD
                .decode(base64.as_bytes())
                .map(SecretValue::new)
                .map_err(|_| Error::malformed("a value is no valid base64"))
        }
        _ => Err(Error::malformed("a value must be a text or {\"base64\": …}")),
    }
}

pub(crate) fn texts(list: Vec<Value>) -> Vec<String> {
    list.into_iter()
        .filter_map(|value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
        .collect()
}

fn flag(object: &Map<String, Value>, member: &str) -> bool {
    object.get(member).and_then(Value::as_bool).unwrap_or_default()
}

pub(crate) fn moment(object: &mut Map<String, Value>, member: &str) -> Result<Option<Timestamp>> {
    let Some(text) = json::full(object, member) else {
        return Ok(None);
    };
    match Timestamp::parse_rfc3339(&text) {
        Some(at) => Ok(Some(at)),
        // R-17: what stands there may be a value that slipped into the wrong member.
        None => Err(Error::malformed(format!(
            "{member} is no time such as 2026-11-22T09:00:00Z"
        ))),
    }
}
