//! A roster: AuthClients and planned Connections that somebody else prepared, as JSON or CSV, without a secret in it
//! (OA13).
//!
//! Every fault of a file is told at once, each with its place and field. What looks like a secret is refused, and goes
//! no further than this module: not into a line, and not into an error.

mod leaks;

use csv::ByteRecord;
use serde_json::{Map, Value};

use self::leaks::{is_secret_name, is_secret_value};
use crate::{
    error::{Error, Result, shown},
    json, limits, table,
};

/// Largest roster, in bytes: two thousand lines of half a KiB, which one frame carries to whoever holds the keys.
pub const SOURCE_BYTES: usize = 1024 * 1024;

/// Most lines of one.
pub const LINES: usize = 2_000;

/// Most faults that are told of one file.
pub const COMPLAINTS: usize = 200;

/// What a line makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An AuthClient.
    AuthClient,
    /// A Connection that awaits consent.
    Connection,
}

impl Kind {
    /// Both, with their words in a file.
    pub const WORDS: [(Self, &'static str); 2] = [
        (Self::AuthClient, "auth_client"),
        (Self::Connection, "connection"),
    ];
}

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// One text.
    Text,
    /// Several words: a JSON list, or words between spaces.
    Words,
    /// Names with values: a JSON object, or `NAME=VALUE` between semicolons.
    Pairs,
}

use Shape::{Pairs, Text, Words};

/// Fields of an AuthClient: those of `keyward auth-client add`.
const OF_CLIENT: [(&str, Shape); 26] = [
    ("name", Text),
    ("title", Text),
    ("type", Text),
    ("app", Text),
    ("visibility", Text),
    ("provider", Text),
    ("vars", Pairs),
    ("issuer", Text),
    ("auth_uri", Text),
    ("token_uri", Text),
    ("request_token_uri", Text),
    ("signature_method", Text),
    ("revocation_uri", Text),
    ("refresh_token_uri", Text),
    ("device_uri", Text),
    ("client_id", Text),
    ("scopes", Words),
    ("grant", Text),
    ("redirect", Text),
    ("client_auth", Text),
    ("authorize_params", Pairs),
    ("token_params", Pairs),
    ("refresh_params", Pairs),
    ("resources", Words),
    ("refresh_window", Text),
    ("token_expires_in", Text),
];

/// Fields of a planned Connection.
const OF_CONNECTION: [(&str, Shape); 6] = [
    ("name", Text),
    ("title", Text),
    ("auth_client", Text),
    ("scopes", Words),
    ("login_hint", Text),
    ("params", Pairs),
];

/// Other words for the same. Where a line has a key, its name is the text for people, as on the command line.
const ALIASES: [(&str, &str); 3] = [
    ("scope", "scopes"),
    ("account", "login_hint"),
    ("variables", "vars"),
];

/// A fault of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Line or member.
    pub place: String,
    /// Field; empty for the whole line.
    pub field: String,
    /// What is wrong; never a value.
    pub reason: String,
    /// What the person can do; may be empty.
    pub hint: String,
}

/// One line: what it makes, and its fields as they were written. A field with nothing in it is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Line of a CSV, or member of a JSON document.
    pub place: String,
    /// What it makes.
    pub kind: Kind,
    /// Name and values: one text, several words, or `NAME=VALUE` each.
    pub fields: Vec<(String, Vec<String>)>,
}

impl Line {
    /// The values of a field; empty where it is not there.
    #[must_use]
    pub fn values(&self, field: &str) -> &[String] {
        self.fields
            .iter()
            .find_map(|(name, values)| (name == field).then_some(values.as_slice()))
            .unwrap_or_default()
    }

    /// The text of a field.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.values(field).first().map(String::as_str)
    }
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Its lines, without the fields that were refused.
    pub lines: Vec<Line>,
    /// Its faults, in the order they were met; at most [`COMPLAINTS`].
    pub complaints: Vec<Complaint>,
}

/// Reads a roster: JSON where it begins as an object, else CSV with a header.
///
/// # Errors
/// [`crate::Fault::Malformed`] for what is neither; [`crate::Fault::TooLarge`]. Every other fault is a [`Complaint`].
pub fn parse(bytes: &[u8]) -> Result<Roster> {
    if bytes.len() > SOURCE_BYTES {
        return Err(Error::too_large("it is larger than 1 MiB"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match bytes.trim_ascii_start().first() {
        None => Err(Error::malformed("it is empty")),
        Some(b'{' | b'[') => parse_json(bytes),
        Some(_) => parse_csv(bytes),
    }
}

fn parse_json(bytes: &[u8]) -> Result<Roster> {
    let mut document = json::object(json::parse(bytes)?, "the document")?;
    let mut roster = Roster::default();
    for (member, kind) in [
        ("auth_clients", Kind::AuthClient),
        ("connections", Kind::Connection),
    ] {
        for (at, value) in json::list(&mut document, member)?.into_iter().enumerate() {
            let place = format!("{member}[{at}]");
            match value {
                Value::Object(object) => roster.line(place, kind, members(object))?,
                _ => roster.complain(&place, "", "it must be a JSON object", ""),
            }
        }
    }
    for member in document.keys().filter(|member| *member != "$schema") {
        let hint = "A roster has the members auth_clients and connections.";
        roster.complain("the document", &shown(member), "it is unknown", hint);
    }
    Ok(roster)
}

/// What was written under a name.
enum Written {
    One(String),
    Several(Vec<String>),
    /// Something that is neither.
    Other,
}

fn members(object: Map<String, Value>) -> Vec<(String, Written)> {
    object
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name, written(value)))
        .collect()
}

fn written(value: Value) -> Written {
    match value {
        Value::Array(list) => list
            .into_iter()
            .map(scalar)
            .collect::<Option<_>>()
            .map(Written::Several),
        Value::Object(object) => object
            .into_iter()
            .map(|(name, value)| scalar(value).map(|value| format!("{name}={value}")))
            .collect::<Option<_>>()
            .map(Written::Several),
        one => scalar(one).map(Written::One),
    }
    .unwrap_or(Written::Other)
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn parse_csv(bytes: &[u8]) -> Result<Roster> {
    let delimiter = table::delimiter(bytes);
    table::quotes::check(bytes, delimiter)?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
    let header = reader.byte_headers().map_err(|error| table::problem(&error))?;
    if header.len() > limits::VARIABLES {
        return Err(Error::too_large("it has too many columns").at("line 1"));
    }
    let names: Vec<String> = header
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim().to_owned())
        .collect();
    let Some(kind_at) = names.iter().position(|name| name.eq_ignore_ascii_case("kind")) else {
        return Err(Error::malformed(
            "the first line must name the columns, and one of them must be kind (auth_client or connection)",
        )
        .at("line 1"));
    };
    let (mut roster, mut record) = (Roster::default(), ByteRecord::new());
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| table::problem(&error))?
    {
        let place = format!("line {}", record.position().map_or(0, csv::Position::line));
        if record.iter().all(|field| field.trim_ascii().is_empty()) {
            continue;
        }
        let word = String::from_utf8_lossy(&record[kind_at])
            .trim()
            .to_ascii_lowercase();
        let Some(&(kind, _)) = Kind::WORDS.iter().find(|(_, own)| *own == word) else {
            roster.complain(&place, "kind", "it is auth_client or connection", "");
            continue;
        };
        let mut fields = Vec::new();
        for (at, (name, field)) in names.iter().zip(&record).enumerate() {
            match std::str::from_utf8(field) {
                Ok(text) if at != kind_at => fields.push((name.clone(), Written::One(text.to_owned()))),
                Ok(_) => {}
                Err(_) => roster.complain(&place, &shown(name), "it is not UTF-8", ""),
            }
        }
        roster.line(place, kind, fields)?;
    }
    Ok(roster)
}

const NO_SECRETS: &str = "A roster holds no secrets: take it out of the file. A client secret is entered here, with \
                          `keyward auth-client update NAME --client-secret-stdin`; tokens come with the consent.";

impl Roster {
    fn complain(&mut self, place: &str, field: &str, reason: &str, hint: &str) {
        if self.complaints.len() < COMPLAINTS {
            self.complaints.push(Complaint {
                place: place.to_owned(),
                field: field.to_owned(),
                reason: reason.to_owned(),
                hint: hint.to_owned(),
            });
        }
    }

    fn line(&mut self, place: String, kind: Kind, written: Vec<(String, Written)>) -> Result<()> {
        if self.lines.len() >= LINES {
            return Err(Error::too_large(format!(
                "it has more than {LINES} lines; import it in parts"
            )));
        }
        let own: &[(&str, Shape)] = match kind {
            Kind::AuthClient => &OF_CLIENT,
            Kind::Connection => &OF_CONNECTION,
        };
        let mut line = Line {
            place,
            kind,
            fields: Vec::new(),
        };
        let is_empty = |value: &Written| matches!(value, Written::One(text) if text.trim().is_empty());
        let has_key = written
            .iter()
            .any(|(said, value)| plain(said) == "key" && !is_empty(value));
        for (said, value) in written {
            // An empty cell is there because its column is.
            if is_empty(&value) {
                continue;
            }
            let place = line.place.clone();
            let name = plain(&said);
            let name = match name.as_str() {
                "key" => "name",
                "name" if has_key => "title",
                other => ALIASES
                    .iter()
                    .find_map(|(alias, meant)| (*alias == other).then_some(*meant))
                    .unwrap_or(other),
            };
            let Some(&(name, shape)) = own.iter().find(|(own, _)| *own == name) else {
                if is_secret_name(&said) {
                    self.complain(&place, &shown(&said), "it looks like a secret", NO_SECRETS);
                } else {
                    let all: Vec<&str> = own.iter().map(|(name, _)| *name).collect();
                    let hint = format!("Here stand: {}.", all.join(", "));
                    self.complain(&place, &shown(&said), "it is unknown here", &hint);
                }
                continue;
            };
            let Some(values) = values(shape, value) else {
                let must = match shape {
                    Text => "it must be one text",
                    Words => "it must be a list of texts, or words between spaces",
                    Pairs => "it must be NAME=VALUE between semicolons, or a JSON object of texts",
                };
                self.complain(&place, name, must, "");
                continue;
            };
            let is_secret = |value: &String| {
                let pair = value.split_once('=').filter(|_| shape == Pairs);
                pair.is_some_and(|(name, _)| is_secret_name(name))
                    || is_secret_value(pair.map_or(value, |(_, value)| value))
            };
            if values.iter().any(is_secret) {
                self.complain(&place, name, "something in it looks like a secret", NO_SECRETS);
            } else if line.fields.iter().any(|(own, _)| own == name) {
                self.complain(&place, name, "it is there twice", "");
            } else if !values.is_empty() {
                line.fields.push((name.to_owned(), values));
            }
        }
        self.lines.push(line);
        Ok(())
    }
}

fn values(shape: Shape, written: Written) -> Option<Vec<String>> {
    let trimmed = |part: &str| {
        let part = part.trim();
        (!part.is_empty()).then(|| part.to_owned())
    };
    let values: Vec<String> = match (shape, written) {
        (Text, Written::One(text)) => vec![text.trim().to_owned()],
        (Words, Written::One(text)) => text.split_whitespace().map(str::to_owned).collect(),
        (Pairs, Written::One(text)) => text.split(';').filter_map(trimmed).collect(),
        (Words | Pairs, Written::Several(list)) => list,
        (Text, Written::Several(_)) | (_, Written::Other) => return None,
    };
    let is_pair = |value: &String| value.split_once('=').is_some_and(|(name, _)| !name.is_empty());
    (shape != Pairs || values.iter().all(is_pair)).then_some(values)
}

/// A name of a field, however it is written: `Client ID` is `client_id`.
fn plain(name: &str) -> String {
    name.trim()
        .chars()
        .map(|c| match c {
            ' ' | '-' => '_',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let told = parse(text.as_bytes()).unwrap().complaints.into_iter();
        told.map(|one| format!("{} {}: {}", one.place, one.field, one.reason))
            .collect()
    }

    /// OA13: both forms say the same.
    #[test]
    fn oa13_json_and_csv_say_the_same() {
        let json = br#"{"auth_clients": [{"name": "shop", "client_id": 7, "scopes": ["a", "b"], "vars": {"x": "1"}}],
            "connections": [{"name": "S", "auth_client": "shop", "account": "ada@x", "params": ["p=q"]}]}"#;
        let csv = b"\xEF\xBB\xBFkind;Name;Client ID;scopes;vars;auth_client;account;params;client_secret\n\
            auth_client;shop;7;a b;x=1;;;;\n;;;;;;;;\nconnection;S;;;;shop;ada@x;p=q;\n";
        let (json, csv) = (parse(json).unwrap(), parse(csv).unwrap());
        assert_eq!((json.complaints.len(), csv.complaints.len()), (0, 0), "{csv:?}");
        let sorted = |roster: Roster| {
            let lines = roster.lines.into_iter();
            lines
                .map(|mut line| {
                    line.fields.sort();
                    (line.kind, line.fields)
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(sorted(json), sorted(csv));
    }

    /// OA13: as on the command line, a key has a name beside it; alone, the name is the key.
    #[test]
    fn oa13_a_key_and_a_name() {
        let both = parse(b"kind,name,key\nconnection,Shop of Ada,shop\nconnection,alone,\n").unwrap();
        assert_eq!(both.complaints, []);
        let read: Vec<_> = both
            .lines
            .iter()
            .map(|line| (line.text("name"), line.text("title")))
            .collect();
        assert_eq!(read, [(Some("shop"), Some("Shop of Ada")), (Some("alone"), None)]);
        assert_eq!(
            told(r#"{"connections": [{"key": "a", "name": "A", "title": "B"}]}"#),
            ["connections[0] title: it is there twice"]
        );
    }

    /// OA13: what looks like a secret is refused wherever it stands, and no complaint repeats it.
    #[test]
    fn oa13_secrets_are_refused() {
        for member in [
            r#""client_secret": "s3cr3t""#,
            r#""Client Secret": "s3cr3t""#,
            r#""access-token": "s3cr3t""#,
            r#""token": "s3cr3t""#,
            r#""password": {"a": "s3cr3t"}"#,
            r#""token_params": {"client_secret": "s3cr3t"}"#,
            r#""vars": {"apiKey": "s3cr3t"}"#,
            r#""client_id": "GOCSPX-s3cr3t""#,
            r#""title": "-----BEGIN PRIVATE KEY----- s3cr3t""#,
            r#""token_uri": "https://a.example/t?client_secret=s3cr3t""#,
        ] {
            let roster = parse(format!(r#"{{"auth_clients": [{{{member}}}]}}"#).as_bytes()).unwrap();
            assert_eq!(roster.complaints.len(), 1, "{member}");
            assert!(roster.complaints[0].hint.contains("no secrets"), "{member}");
            assert!(!format!("{roster:?}").contains("s3cr3t"), "{member}");
        }
        for member in [
            r#""token_uri": "https://a.example/token""#,
            r#""authorize_params": {"token_access_type": "offline"}"#,
        ] {
            assert!(
                told(&format!(r#"{{"auth_clients": [{{{member}}}]}}"#)).is_empty(),
                "{member}"
            );
        }
    }

    /// OA13: all faults at once, each with place and field.
    #[test]
    fn oa13_every_fault_is_told() {
        assert_eq!(
            told(
                r#"{"connections": [{"nome": "x"}, 7, {"title": [], "scopes": [[]], "params": "p"}], "other": 1}"#
            ),
            [
                "connections[0] nome: it is unknown here",
                "connections[1] : it must be a JSON object",
                "connections[2] params: it must be NAME=VALUE between semicolons, or a JSON object of texts",
                "connections[2] scopes: it must be a list of texts, or words between spaces",
                "connections[2] title: it must be one text",
                "the document other: it is unknown",
            ]
        );
        assert_eq!(
            told("kind,name,name\nthing,a,\nconnection,a,b\n"),
            [
                "line 2 kind: it is auth_client or connection",
                "line 3 name: it is there twice"
            ]
        );
    }

    /// R-40: hostile files end in an error before they cost anything.
    #[test]
    fn r40_hostile_rosters_are_bounded() {
        let deep = format!("{{\"connections\": {}", "[".repeat(100_000));
        let long = format!("kind,name\n{}", "connection,a\n".repeat(LINES + 1));
        let wide = format!("kind{}\n", ",x".repeat(limits::VARIABLES));
        let large = " ".repeat(SOURCE_BYTES + 1);
        for text in [&deep, &long, &wide, &large] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert_eq!(error.fault, crate::Fault::TooLarge, "{error}");
        }
        for text in [
            "",
            "  ",
            "name\nx\n",
            "{",
            "[]",
            "kind,name\nconnection\n",
            "{\"connections\": 7}",
        ] {
            assert_eq!(
                parse(text.as_bytes()).unwrap_err().fault,
                crate::Fault::Malformed,
                "{text}"
            );
        }
        let many = format!("kind,bad\n{}", "connection,a\n".repeat(LINES));
        assert_eq!(parse(many.as_bytes()).unwrap().complaints.len(), COMPLAINTS);
    }
}
