//! CSV with a header: ours to guess, as spreadsheets, browsers, 1Password, KeePassXC and Bitwarden write it.

pub(crate) mod quotes;

use csv::ByteRecord;
use keyward_model::{SecretValue, Timestamp};

use crate::{
    error::{Error, Result},
    found::{Found, Login, Sheet, Variable},
    limits,
};

/// What a column means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    Name,
    Folder,
    Username,
    Password,
    Url,
    Otp,
    Note,
    Description,
    Tags,
    Favourite,
    Expires,
    Ignored,
    /// A variable of its own.
    More(String),
}

/// Headers in lower case, and what they mean. The first column that fits wins.
const MEANINGS: [(&[&str], Column); 12] = [
    (&["key", "name", "title", "variable", "account"], Column::Name),
    (&["folder", "group", "grouping", "vault", "path"], Column::Folder),
    (
        &[
            "username",
            "user",
            "login",
            "login_username",
            "user name",
            "email",
        ],
        Column::Username,
    ),
    (
        &["value", "password", "secret", "login_password", "token"],
        Column::Password,
    ),
    (
        &["url", "website", "login_uri", "uri", "web site", "urls"],
        Column::Url,
    ),
    (&["otpauth", "otp", "totp", "login_totp"], Column::Otp),
    (&["notes", "note", "extra", "comments", "comment"], Column::Note),
    (&["description"], Column::Description),
    (&["tags", "tag", "labels"], Column::Tags),
    (&["favorite", "favourite", "fav"], Column::Favourite),
    (&["expires", "expiry", "expires_at"], Column::Expires),
    // What other programs say about themselves.
    (
        &[
            "archived",
            "icon",
            "last modified",
            "created",
            "reprompt",
            "type",
            "httprealm",
            "formactionorigin",
            "guid",
            "timecreated",
            "timelastused",
            "timepasswordchanged",
        ],
        Column::Ignored,
    ),
];

/// Reads records under a header that names at least what an entry is called and its value.
///
/// # Errors
/// [`crate::Fault::Malformed`] with the line, of a quote that is not closed the one where it opens; [`crate::Fault::TooLarge`].
pub fn parse(bytes: &[u8]) -> Result<Sheet> {
    limits::source(bytes)?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let delimiter = delimiter(bytes);
    quotes::check(bytes, delimiter)?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
    let header = reader.byte_headers().map_err(|error| problem(&error))?.clone();
    let columns = columns(&header)?;
    let mut sheet = Sheet::default();
    let mut record = ByteRecord::new();
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| problem(&error))?
    {
        limits::entries(sheet.entries.len() + 1)?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().any(|field| !field.is_empty()) {
            sheet
                .entries
                .push(entry(&columns, &record).map_err(|error| error.at(format!("line {line}")))?);
        }
    }
    Ok(sheet)
}

/// A comma, unless the header has none and something else that spreadsheets use.
pub(crate) fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if header.contains(&b',') {
        return b',';
    }
    [b';', b'\t']
        .into_iter()
        .find(|one| header.contains(one))
        .unwrap_or(b',')
}

fn columns(header: &ByteRecord) -> Result<Vec<Column>> {
    if header.len() > limits::VARIABLES {
        return Err(Error::too_large("it has too many columns").at("line 1"));
    }
    let mut columns: Vec<Column> = Vec::new();
    for (at, name) in header.iter().enumerate() {
        let name = std::str::from_utf8(name).map_err(|_| {
            Error::malformed(format!("the name of column {} is not UTF-8", at + 1)).at("line 1")
        })?;
        let lower = name.trim().to_lowercase();
        let meant = MEANINGS
            .iter()
            .find(|(words, column)| words.contains(&lower.as_str()) && !columns.contains(column))
            .map(|(_, column)| column.clone());
        columns.push(meant.unwrap_or_else(|| match lower.is_empty() {
            true => Column::Ignored,
            false => Column::More(name.trim().to_owned()),
        }));
    }
    if !columns.contains(&Column::Name) {
        return Err(Error::malformed(
            "the first line must name the columns, and one of them must be Key, Name or Title",
        )
        .at("line 1"));
    }
    let holds_value = |column: &Column| {
        matches!(
            column,
            Column::Password | Column::Username | Column::Otp | Column::Note | Column::More(_)
        )
    };
    if !columns.iter().any(holds_value) {
        return Err(
            Error::malformed("no column holds values; one of them must be Value or Password").at("line 1"),
        );
    }
    Ok(columns)
}

fn entry(columns: &[Column], record: &ByteRecord) -> Result<Found> {
    let mut found = Found::default();
    let mut login = Login::default();
    for (column, field) in columns.iter().zip(record) {
        let value = || SecretValue::new(field.to_vec());
        match column {
            Column::Name => found.name = text(field, "the name")?,
            Column::Folder => {
                let folder = text(field, "the folder")?;
                found.folder = folder
                    .split('/')
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned)
                    .collect();
            }
            Column::Username => login.username = Some(value()),
            Column::Password => login.password = Some(value()),
            Column::Url => login.url = Some(text(field, "the address")?),
            Column::Otp => login.otp = Some(value()),
            Column::Note => found.note = text(field, "the note")?,
            Column::Description => found.description = text(field, "the description")?,
            Column::Tags => {
                let tags = text(field, "the tags")?;
                found.tags = words(&tags);
            }
            Column::Favourite => {
                found.favourite = field.eq_ignore_ascii_case(b"true") || field == b"1";
            }
            Column::Expires => {
                found.expires_at = std::str::from_utf8(field).ok().and_then(moment);
            }
            Column::Ignored => {}
            Column::More(name) => login.more.push(Variable::masked(name.clone(), value())),
        }
    }
    Ok(login.into_found(found))
}

/// A date, or a moment in RFC 3339.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    Timestamp::parse_rfc3339(text).or_else(|| Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")))
}

/// Tags between semicolons or commas.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split([';', ','])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn text(field: &[u8], what: &str) -> Result<String> {
    match std::str::from_utf8(field) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Error::malformed(format!("{what} is not UTF-8"))),
    }
}

pub(crate) fn problem(error: &csv::Error) -> Error {
    let place = error
        .position()
        .map_or_else(String::new, |at| format!("line {}", at.line()));
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            let fields = if len == &1 {
                "1 field"
            } else {
                &format!("{len} fields")
            };
            format!("it has {fields}, and the header has {expected_len}")
        }
        _ => "it is no valid CSV".to_owned(),
    };
    Error::malformed(reason).at(place)
}
