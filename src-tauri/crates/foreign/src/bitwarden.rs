//! Bitwarden's JSON export, unencrypted (bitwarden.com/help/export-your-data).

use std::collections::HashMap;

use keyward_model::{SecretValue, Timestamp};
use serde_json::{Map, Value};

use crate::{
    error::{Error, Result},
    found::{Found, Login, Older, Sheet, Variable},
    json, limits,
};

/// Members of a card and of an identity that faces need not hide.
const PLAIN: [&str; 4] = ["brand", "cardholderName", "expMonth", "expYear"];

/// Reads an export.
///
/// # Errors
/// [`crate::Fault::Unsupported`] for the encrypted form; [`crate::Fault::Malformed`], [`crate::Fault::TooLarge`].
pub fn parse(bytes: &[u8]) -> Result<Sheet> {
    let mut object = json::object(json::parse(bytes)?, "the file")?;
    if object.get("encrypted").and_then(Value::as_bool) == Some(true) {
        return Err(Error::unsupported(
            "it is Bitwarden's encrypted export, which only Bitwarden opens; export it as “.json” without encryption, \
             import that, and delete the file",
        ));
    }
    if !object.contains_key("items") {
        return Err(Error::malformed("it has no items; it is no export of Bitwarden").at("the file"));
    }
    let folders = folders(&mut object)?;
    let items = json::list(&mut object, "items")?;
    limits::entries(items.len())?;
    let mut sheet = Sheet::default();
    let mut deleted = 0;
    for (at, item) in items.into_iter().enumerate() {
        let item = json::object(item, &format!("item {}", at + 1))?;
        if item.get("deletedDate").is_some_and(|date| !date.is_null()) {
            deleted += 1;
            continue;
        }
        sheet.entries.push(entry(item, &folders, &mut sheet.remarks)?);
    }
    if deleted > 0 {
        sheet
            .remarks
            .push(format!("Left out: {deleted} in Bitwarden's trash."));
    }
    Ok(sheet)
}

fn folders(object: &mut Map<String, Value>) -> Result<HashMap<String, String>> {
    let mut folders = HashMap::new();
    for member in ["folders", "collections"] {
        for folder in json::list(object, member)? {
            let mut folder = json::object(folder, member)?;
            if let (Some(id), Some(name)) = (json::text(&mut folder, "id"), json::text(&mut folder, "name")) {
                folders.insert(id, name);
            }
        }
    }
    Ok(folders)
}

fn entry(
    mut item: Map<String, Value>,
    folders: &HashMap<String, String>,
    remarks: &mut Vec<String>,
) -> Result<Found> {
    let collection = json::list(&mut item, "collectionIds")?
        .into_iter()
        .find_map(|id| id.as_str().map(str::to_owned));
    let folder = json::full(&mut item, "folderId")
        .or(collection)
        .and_then(|id| folders.get(&id).cloned());
    let found = Found {
        folder: folder
            .map(|name| name.split('/').map(str::to_owned).collect())
            .unwrap_or_default(),
        name: json::text(&mut item, "name").unwrap_or_default(),
        note: json::text(&mut item, "notes").unwrap_or_default(),
        favourite: item.get("favorite").and_then(Value::as_bool).unwrap_or_default(),
        ..Found::default()
    };
    let mut login = Login::default();
    let mut own = json::inner(&mut item, "login");
    login.username = json::secret(&mut own, "username");
    login.password = json::secret(&mut own, "password");
    login.otp = json::secret(&mut own, "totp");
    login.url = json::list(&mut own, "uris")?
        .into_iter()
        .find_map(|uri| json::full(&mut json::object(uri, "uris").ok()?, "uri"));
    if own.get("fido2Credentials").is_some_and(is_filled) {
        remarks.push(format!(
            "The passkey of “{}” was left out: it cannot be used outside Bitwarden.",
            crate::error::shown(&found.name)
        ));
    }
    for member in ["card", "identity", "sshKey"] {
        for (name, value) in json::inner(&mut item, member) {
            if let Some(value) = json::scalar(value) {
                let is_plain = PLAIN.contains(&name.as_str()) || member == "identity" || name == "publicKey";
                login.more.push(match is_plain {
                    true => Variable::plain(name, value),
                    false => Variable::masked(name, value),
                });
            }
        }
    }
    for field in json::list(&mut item, "fields")? {
        login.more.extend(custom(field)?);
    }
    for older in json::list(&mut item, "passwordHistory")? {
        login.older_passwords.extend(before(older)?);
    }
    // Newest first there, oldest first here.
    login.older_passwords.reverse();
    if login.more.len() > limits::VARIABLES {
        return Err(Error::too_large("it has too many fields").at(crate::error::shown(&found.name)));
    }
    Ok(login.into_found(found))
}

fn is_filled(value: &Value) -> bool {
    value.as_array().is_some_and(|list| !list.is_empty())
}

/// A custom field: 0 text, 1 hidden, 2 truth value, 3 a link to another field, which holds nothing.
fn custom(field: Value) -> Result<Option<Variable>> {
    let mut field = json::object(field, "fields")?;
    let kind = field.get("type").and_then(Value::as_u64).unwrap_or(0);
    let name = json::text(&mut field, "name").unwrap_or_default();
    let value: Option<SecretValue> = field.remove("value").and_then(json::scalar);
    Ok(match (kind, value) {
        (3, _) | (_, None) => None,
        (1, Some(value)) => Some(Variable::masked(name, value)),
        (_, Some(value)) => Some(Variable::plain(name, value)),
    })
}

fn before(older: Value) -> Result<Option<Older>> {
    let mut older = json::object(older, "passwordHistory")?;
    let at = json::text(&mut older, "lastUsedDate").and_then(|at| Timestamp::parse_rfc3339(&at));
    Ok(json::secret(&mut older, "password").map(|value| Older {
        value,
        created_at: at,
        note: String::new(),
    }))
}
