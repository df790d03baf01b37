//! 1Password's 1PUX export: a zip archive with one JSON document (support.1password.com/1pux-format).

use std::io::{Cursor, Read};

use keyward_model::{SecretValue, Timestamp};
use serde_json::{Map, Value};
use zeroize::Zeroizing;
use zip::{ZipArchive, result::ZipError};

use crate::{
    error::{Error, Result, shown},
    found::{Found, Login, Older, Sheet, Variable},
    json, limits,
};

/// The one member that is read.
const DATA: &str = "export.data";

/// Reads an archive. Nothing of it is unpacked to disk; files attached to items are left out, and it is said.
///
/// # Errors
/// [`crate::Fault::Malformed`] naming the member, [`crate::Fault::TooLarge`] for one that claims or has too much.
pub fn parse(bytes: &[u8]) -> Result<Sheet> {
    limits::source(bytes)?;
    let (data, attached) = unpack(bytes)?;
    let mut object = json::object(
        json::parse(&data).map_err(|error| {
            let place = format!("{DATA}, {}", error.place);
            error.at(place)
        })?,
        DATA,
    )?;
    let mut sheet = Sheet::default();
    for account in json::list(&mut object, "accounts")? {
        let mut account = json::object(account, "accounts")?;
        for vault in json::list(&mut account, "vaults")? {
            self::vault(vault, &mut sheet)?;
        }
    }
    if attached > 0 {
        let files = if attached == 1 { "file" } else { "files" };
        sheet
            .remarks
            .push(format!("Left out: {attached} attached {files}."));
    }
    Ok(sheet)
}

/// The document, and how many attached files there are. Sizes are believed only when they are small: what is claimed
/// is refused before anything is inflated, and what is inflated is counted.
fn unpack(bytes: &[u8]) -> Result<(Zeroizing<Vec<u8>>, usize)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))
        .map_err(|_| Error::malformed("it is no zip archive, or it is cut"))?;
    if archive.len() > limits::MEMBERS {
        return Err(Error::too_large("it has too many members"));
    }
    let mut attached = 0;
    for at in 0..archive.len() {
        let member = archive
            .by_index_raw(at)
            .map_err(|_| Error::malformed("the list of its members is damaged"))?;
        let name = member
            .name()
            .map_err(|_| Error::malformed("the name of a member is not UTF-8"))?
            .into_owned();
        let place = || format!("member “{}”", shown(&name));
        if leaves(&name) {
            return Err(Error::malformed("its name leaves the archive").at(place()));
        }
        if member.size() > limits::UNPACKED_BYTES as u64 {
            return Err(Error::too_large("it claims to unpack to more than 256 MiB").at(place()));
        }
        attached += usize::from(name.starts_with("files/") && !name.ends_with('/'));
    }
    let member = archive.by_name(DATA).map_err(|error| match error {
        ZipError::FileNotFound => Error::malformed("it has no export.data; it is no 1PUX export"),
        ZipError::UnsupportedArchive(_) => {
            Error::unsupported("it is encrypted or packed in an unknown way").at(DATA)
        }
        _ => Error::malformed("it is damaged").at(DATA),
    })?;
    // A claim costs memory before anything is inflated: it may not be more than the whole archive could unpack to.
    let most = bytes.len().saturating_mul(limits::UNPACKED_OF_A_BYTE);
    let claimed = usize::try_from(member.size())
        .ok()
        .filter(|claimed| *claimed <= most)
        .ok_or_else(|| Error::too_large("it claims to unpack to more than the archive can hold").at(DATA))?;
    // Counted while it is inflated: the claim may be a lie.
    let mut data = Zeroizing::new(Vec::with_capacity(claimed));
    let read = member.take(claimed as u64 + 1).read_to_end(&mut data);
    match read {
        Ok(read) if read > claimed => Err(Error::malformed("it unpacks to more than it claims").at(DATA)),
        Ok(_) => Ok((data, attached)),
        Err(_) => Err(Error::malformed("it is damaged").at(DATA)),
    }
}

/// Whether a name would lead out of the folder it is unpacked to. Nothing is unpacked; such an archive is a lie all the
/// same.
fn leaves(name: &str) -> bool {
    name.starts_with('/') || name.contains(['\\', '\0']) || name.split('/').any(|part| part == "..")
}

fn vault(vault: Value, sheet: &mut Sheet) -> Result<()> {
    let mut vault = json::object(vault, "vaults")?;
    let name = json::full(&mut json::inner(&mut vault, "attrs"), "name");
    let mut archived = 0;
    for item in json::list(&mut vault, "items")? {
        limits::entries(sheet.entries.len() + 1)?;
        let mut item = json::object(item, "items")?;
        // Early exports wrap each item.
        if let Some(Value::Object(inside)) = item.remove("item") {
            item = inside;
        }
        let state = item.get("state").and_then(Value::as_str);
        if item.get("trashed").and_then(Value::as_bool) == Some(true) || state == Some("deleted") {
            archived += 1;
            continue;
        }
        sheet.entries.push(entry(item, &name)?);
    }
    if archived > 0 {
        sheet
            .remarks
            .push(format!("Left out: {archived} in 1Password's trash."));
    }
    Ok(())
}

fn entry(mut item: Map<String, Value>, vault: &Option<String>) -> Result<Found> {
    let favourite = item.get("favIndex").and_then(Value::as_i64).unwrap_or(0) > 0;
    let mut overview = json::inner(&mut item, "overview");
    let mut details = json::inner(&mut item, "details");
    let mut login = Login {
        url: json::full(&mut overview, "url"),
        ..Login::default()
    };
    let found = Found {
        folder: vault.iter().cloned().collect(),
        name: json::text(&mut overview, "title").unwrap_or_default(),
        note: json::text(&mut details, "notesPlain").unwrap_or_default(),
        tags: json::list(&mut overview, "tags")?
            .into_iter()
            .filter_map(|tag| tag.as_str().map(str::to_owned))
            .collect(),
        favourite,
        ..Found::default()
    };
    let place = || format!("item “{}”", shown(&found.name));
    login.password = json::secret(&mut details, "password");
    for field in json::list(&mut details, "loginFields")? {
        let mut field = json::object(field, &place())?;
        let value = json::secret(&mut field, "value");
        match (field.get("designation").and_then(Value::as_str), value) {
            (_, None) => {}
            (Some("username"), value) => login.username = value,
            (Some("password"), value) => login.password = value,
            (_, Some(value)) => {
                let name = json::full(&mut field, "name").unwrap_or_else(|| "field".to_owned());
                // T is text; P a password, and everything else stays hidden too.
                login
                    .more
                    .push(match field.get("fieldType").and_then(Value::as_str) {
                        Some("T" | "E" | "U") => Variable::plain(name, value),
                        _ => Variable::masked(name, value),
                    });
            }
        }
    }
    for section in json::list(&mut details, "sections")? {
        let mut section = json::object(section, &place())?;
        for field in json::list(&mut section, "fields")? {
            self::field(json::object(field, &place())?, &mut login);
        }
    }
    for older in json::list(&mut details, "passwordHistory")? {
        let mut older = json::object(older, &place())?;
        let at = older.get("time").and_then(Value::as_i64).map(Timestamp);
        if let Some(value) = json::secret(&mut older, "value") {
            login.older_passwords.push(Older {
                value,
                created_at: at,
                note: String::new(),
            });
        }
    }
    login.older_passwords.sort_by_key(|older| older.created_at);
    if login.more.len() > limits::VARIABLES {
        return Err(Error::too_large("it has too many fields").at(place()));
    }
    Ok(login.into_found(found))
}

/// A field of a section: its value is an object with one member, which is its type.
fn field(mut field: Map<String, Value>, login: &mut Login) {
    let name = json::full(&mut field, "title")
        .or_else(|| json::full(&mut field, "id"))
        .unwrap_or_else(|| "field".to_owned());
    for (kind, value) in json::inner(&mut field, "value") {
        match kind.as_str() {
            "totp" => {
                let otp = json::scalar(value);
                match (&login.otp, otp) {
                    (None, otp) => login.otp = otp,
                    (Some(_), Some(otp)) => login.more.push(Variable::masked(name.clone(), otp)),
                    (Some(_), None) => {}
                }
            }
            "sshKey" => {
                let Value::Object(mut key) = value else { continue };
                if let Some(private) = json::secret(&mut key, "privateKey") {
                    login.more.push(Variable::masked(name.clone(), private));
                }
                if let Some(public) = json::secret(&mut json::inner(&mut key, "metadata"), "publicKey") {
                    login.more.push(Variable::plain("public_key", public));
                }
            }
            "email" => {
                let Value::Object(mut email) = value else {
                    if let Some(address) = json::scalar(value) {
                        login.more.push(Variable::plain(name.clone(), address));
                    }
                    continue;
                };
                if let Some(address) = json::secret(&mut email, "email_address") {
                    login.more.push(Variable::plain(name.clone(), address));
                }
            }
            "date" => {
                if let Some(at) = value.as_i64() {
                    let day = Timestamp(at).to_rfc3339();
                    login
                        .more
                        .push(Variable::plain(name.clone(), SecretValue::from(day)));
                }
            }
            "address" => {
                let Value::Object(parts) = value else { continue };
                for (part, value) in parts {
                    if let Some(value) = json::scalar(value) {
                        login.more.push(Variable::plain(format!("{name} {part}"), value));
                    }
                }
            }
            "string" | "url" | "phone" | "menu" | "monthYear" | "gender" | "creditCardType" => {
                if let Some(value) = json::scalar(value) {
                    login.more.push(Variable::plain(name.clone(), value));
                }
            }
            _ => {
                if let Some(value) = json::scalar(value) {
                    login.more.push(Variable::masked(name.clone(), value));
                }
            }
        }
    }
}
