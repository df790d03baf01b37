//! References to a value in a vault: `{vault.KEY}`, `keyward://ENV/KEY/FIELD` and what `keyward get` takes.
//!
//! The grammar is CLI.md "Keys, names, references". A reference never holds a value.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::name::{AppName, EnvironmentName, Handle, NameError};

/// What every URI reference starts with.
pub(crate) const URI_START: &str = "keyward://";
/// What a brace reference starts with; the first is how we write one.
pub(crate) const BRACE_STARTS: [&str; 2] = ["{vault.", "{pmio.vault."];

/// The thing a reference means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// A Secret, Credential or Connection by its key.
    Key(Handle),
    /// The default Connection of an application, written `@APP`.
    App(AppName),
}

impl Item {
    /// Reads `KEY` or `@APP`.
    pub fn parse(text: &str) -> Result<Item, NameError> {
        match text.strip_prefix('@') {
            Some(app) => AppName::parse(app).map(Item::App),
            None => Handle::parse(text).map(Item::Key),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Key(key) => key.fmt(f),
            Item::App(app) => write!(f, "@{app}"),
        }
    }
}

/// The part of an item that a reference means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// A Credential's variable or a Connection's field.
    Named(Handle),
    /// A member of a Connection's last answer, by its path from the top; never empty. Written `raw.a.b`.
    Raw(Vec<Handle>),
}

impl Field {
    /// Reads `NAME` or `raw.MEMBER.MEMBER…`.
    pub fn parse(text: &str) -> Result<Field, ReferenceError> {
        if let Some(path) = text.strip_prefix("raw.") {
            let members = path.split('.').map(Handle::parse).collect::<Result<_, _>>();
            return members.map(Field::Raw).map_err(ReferenceError::Field);
        }
        if text.contains('.') {
            return Err(ReferenceError::FieldShape);
        }
        Handle::parse(text)
            .map(Field::Named)
            .map_err(ReferenceError::Field)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::Named(name) => name.fmt(f),
            Field::Raw(path) => {
                f.write_str("raw")?;
                path.iter().try_for_each(|member| write!(f, ".{member}"))
            }
        }
    }
}

/// A well-formed reference; whether anything of that key exists is not known here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// The environment it names; `None` is the environment of the command.
    pub environment: Option<EnvironmentName>,
    /// The thing it means.
    pub item: Item,
    /// The part of the thing; `None` is its value as a whole.
    pub field: Option<Field>,
}

/// Text that is no reference. Each message is one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// Not a URI of ours.
    #[error("a URI reference starts with keyward://")]
    Scheme,
    /// Too few or too many segments.
    #[error("a URI reference is keyward://KEY, keyward://ENV/KEY or keyward://ENV/KEY/FIELD")]
    UriShape,
    /// Not in braces, or not closed.
    #[error("a brace reference is {{vault.KEY}} or {{vault.KEY.FIELD}}, closed by }}")]
    BraceShape,
    /// A field with dots that is not a raw path.
    #[error("a field is one name, or raw. and names with dots between them")]
    FieldShape,
    /// The first segment is no environment.
    #[error("in keyward://ENV/KEY the first part is the environment, or . for the current one: {0}")]
    Environment(NameError),
    /// The item is neither a key nor an app.
    #[error(transparent)]
    Item(NameError),
    /// The field is no name.
    #[error("a field is named by the rule of keys; {0}")]
    Field(NameError),
}

impl Reference {
    /// A reference to a whole thing in the environment of the command.
    pub fn to_item(item: Item) -> Reference {
        Reference {
            environment: None,
            item,
            field: None,
        }
    }

    /// Reads a whole URI: `keyward://KEY`, `keyward://ENV/KEY` or `keyward://ENV/KEY/FIELD`, where ENV may be `.`
    /// and KEY may be `@APP`.
    pub fn parse_uri(text: &str) -> Result<Reference, ReferenceError> {
        let body = text.strip_prefix(URI_START).ok_or(ReferenceError::Scheme)?;
        let mut segments = body.split('/');
        let parts = [segments.next(), segments.next(), segments.next(), segments.next()];
        let (environment, item, field) = match parts {
            [Some(""), None, ..] => return Err(ReferenceError::UriShape),
            [Some(item), None, ..] => (".", item, None),
            [Some(environment), Some(item), field, None] => (environment, item, field),
            _ => return Err(ReferenceError::UriShape),
        };
        let environment = match environment {
            "." => None,
            name => Some(EnvironmentName::parse(name).map_err(ReferenceError::Environment)?),
        };
        let item = Item::parse(item).map_err(ReferenceError::Item)?;
        let field = field.map(Field::parse).transpose()?;
        Ok(Reference {
            environment,
            item,
            field,
        })
    }

    /// Reads a whole brace reference: `{vault.KEY}` or `{pmio.vault.KEY}`, each with an optional `.FIELD`.
    pub fn parse_brace(text: &str) -> Result<Reference, ReferenceError> {
        let body = BRACE_STARTS
            .iter()
            .find_map(|start| text.strip_prefix(start))
            .and_then(|rest| rest.strip_suffix('}'))
            .ok_or(ReferenceError::BraceShape)?;
        let (item, field) = match body.split_once('.') {
            Some((item, field)) => (item, Some(field)),
            None => (body, None),
        };
        let item = Item::parse(item).map_err(ReferenceError::Item)?;
        let field = field.map(Field::parse).transpose()?;
        Ok(Reference {
            environment: None,
            item,
            field,
        })
    }

    /// Reads what `keyward get` takes: a URI, a brace reference, `KEY` or `@APP`.
    pub fn parse_argument(text: &str) -> Result<Reference, ReferenceError> {
        if text.starts_with(URI_START) {
            Reference::parse_uri(text)
        } else if text.starts_with('{') {
            Reference::parse_brace(text)
        } else {
            Item::parse(text)
                .map(Reference::to_item)
                .map_err(ReferenceError::Item)
        }
    }

    /// The shortest URI of this reference.
    pub fn to_uri(&self) -> String {
        let Reference {
            environment,
            item,
            field,
        } = self;
        match (environment, field) {
            (None, None) => format!("{URI_START}{item}"),
            (None, Some(field)) => format!("{URI_START}./{item}/{field}"),
            (Some(environment), None) => format!("{URI_START}{environment}/{item}"),
            (Some(environment), Some(field)) => format!("{URI_START}{environment}/{item}/{field}"),
        }
    }

    /// The brace form; `None` when the reference names an environment, which only a URI can.
    pub fn to_brace(&self) -> Option<String> {
        match self {
            Reference {
                environment: Some(_), ..
            } => None,
            Reference {
                item,
                field: Some(field),
                ..
            } => Some(format!("{{vault.{item}.{field}}}")),
            Reference { item, .. } => Some(format!("{{vault.{item}}}")),
        }
    }
}

impl fmt::Display for Reference {
    /// Writes the URI.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_uri())
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    /// As [`Reference::parse_argument`].
    fn from_str(text: &str) -> Result<Reference, ReferenceError> {
        Reference::parse_argument(text)
    }
}

/// True for a byte that may stand in a URI reference after `keyward://`; `@` only where a segment starts.
pub(crate) fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'-' | b'@')
}

/// How many bytes of text that starts with `keyward://` belong to the URI: up to the first byte that cannot be in
/// one, without trailing `.` and `/`. What is left may still be no URI.
pub(crate) fn uri_length(text: &[u8]) -> usize {
    let mut end = URI_START.len();
    while let Some(&byte) = text.get(end) {
        if !is_uri_byte(byte) || (byte == b'@' && text[end - 1] != b'/') {
            break;
        }
        end += 1;
    }
    while end > URI_START.len() && matches!(text[end - 1], b'.' | b'/') {
        end -= 1;
    }
    end
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(argument: &str, uri: &str) {
        let reference = Reference::parse_argument(argument).unwrap_or_else(|e| panic!("{argument}: {e}"));
        assert_eq!(reference.to_uri(), uri, "{argument}");
    }

    /// CLI.md, PV6: every form of the grammar.
    #[test]
    fn every_form_is_read() {
        check("KEY", "keyward://KEY");
        check("@github", "keyward://@github");
        check("keyward://KEY", "keyward://KEY");
        check("keyward://./KEY", "keyward://KEY");
        check("keyward://prod/KEY", "keyward://prod/KEY");
        check(
            "keyward://prod/@github/access_token",
            "keyward://prod/@github/access_token",
        );
        check("keyward://./C/raw.user.email", "keyward://./C/raw.user.email");
        check("{vault.KEY}", "keyward://KEY");
        check("{pmio.vault.KEY}", "keyward://KEY");
        check("{vault.DB.user-name}", "keyward://./DB/user-name");
        check("{vault.@github.raw.a.b}", "keyward://./@github/raw.a.b");
        check("{vault.X.raw}", "keyward://./X/raw");
        // One segment is always an item, also when it would be an environment too.
        check("keyward://prod", "keyward://prod");
    }

    #[test]
    fn what_is_no_reference_says_why() {
        let check = |text: &str, part: &str| {
            let message = Reference::parse_argument(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
            assert!(!message.contains('\n'));
        };
        check("", "is empty");
        check("a.b", "'.' as character 2");
        check("@", "an app starts with a-z");
        check("@GitHub", "an app starts with a-z");
        check("keyward://", "keyward://ENV/KEY");
        check("keyward:///KEY", "the first part is the environment");
        check("keyward://KEY/field", "the first part is the environment");
        check("keyward://prod/", "is empty");
        check("keyward://a/b/c/d", "keyward://ENV/KEY/FIELD");
        check("keyward://./K/a.b", "a field is one name");
        check("keyward://./K/raw.", "a field is named by the rule of keys");
        check("{vault.K", "closed by }");
        check("{vault.}", "is empty");
        check("{vault.K.}", "a field is named");
        check("{vault. K}", "starts with ' '");
        check("{other.K}", "a brace reference is {vault.KEY}");
    }

    #[test]
    fn only_a_uri_names_an_environment() {
        assert_eq!(Reference::parse_uri("keyward://prod/K").unwrap().to_brace(), None);
        assert_eq!(
            Reference::parse_uri("keyward://K").unwrap().to_brace().as_deref(),
            Some("{vault.K}")
        );
        assert_eq!(Reference::parse_uri("http://K"), Err(ReferenceError::Scheme));
    }

    /// CLI.md: the end of a URI in text.
    #[test]
    fn a_uri_in_text_ends() {
        let check = |text: &str, uri: &str| {
            assert_eq!(&text[..uri_length(text.as_bytes())], uri, "{text:?}");
        };
        check("keyward://KEY, and", "keyward://KEY");
        check("keyward://KEY.", "keyward://KEY");
        check("keyward://prod/KEY/...", "keyward://prod/KEY");
        check("keyward://prod/@app/x\"", "keyward://prod/@app/x");
        check("keyward://KEY@host", "keyward://KEY");
        check("keyward://@app@b", "keyward://@app");
        check("keyward://./.", "keyward://");
        check("keyward://KÉY", "keyward://K");
    }

    pub(crate) fn reference() -> impl Strategy<Value = Reference> {
        let handle = || "[A-Za-z_][A-Za-z0-9_-]{0,12}".prop_map(|t| Handle::parse(&t).unwrap());
        let app = "[a-z][a-z0-9-]{0,12}".prop_map(|t| Item::App(AppName::parse(&t).unwrap()));
        let environment = "[a-z][a-z0-9-]{0,12}".prop_map(|t| EnvironmentName::parse(&t).unwrap());
        let raw = prop::collection::vec(handle(), 1..4).prop_map(Field::Raw);
        (
            prop::option::of(environment),
            prop_oneof![handle().prop_map(Item::Key), app],
            prop::option::of(prop_oneof![handle().prop_map(Field::Named), raw]),
        )
            .prop_map(|(environment, item, field)| Reference {
                environment,
                item,
                field,
            })
    }

    proptest! {
        #[test]
        fn parse_of_display_is_the_same(reference in reference()) {
            let text = reference.to_string();
            prop_assert_eq!(uri_length(text.as_bytes()), text.len());
            prop_assert_eq!(Reference::parse_uri(&text).unwrap(), reference.clone());
            prop_assert_eq!(Reference::parse_argument(&text).unwrap(), reference.clone());
            if let Some(brace) = reference.to_brace() {
                prop_assert_eq!(Reference::parse_brace(&brace).unwrap(), reference);
            }
        }

        #[test]
        fn nothing_panics(text in any::<String>(), tail in "[A-Za-z./@{}_ -]{0,40}") {
            let _ = Reference::parse_argument(&text);
            let _ = Reference::parse_argument(&format!("keyward://{tail}"));
            let _ = Reference::parse_argument(&format!("{{vault.{tail}}}"));
        }
    }
}
