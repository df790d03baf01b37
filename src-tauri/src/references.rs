//! The five spellings of a Reference that can be copied.

use keyward_api::wire::Error;
use keyward_model::name::{EnvironmentName, Handle};
use serde::Deserialize;

/// How a Reference is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// `{vault.KEY}`
    Reference,
    /// `keyward://ENV/KEY`
    Uri,
    /// A shell word that runs `keyward get`.
    Shell,
    /// A line for `.env`, resolved by `keyward run --env-file`.
    Dotenv,
    /// A bearer header for curl.
    Curl,
}

/// The Reference to `key`, or to a field of it, in `environment`. All are parsed, so that no text of the page gets into a shell line (W-07).
///
/// # Errors
/// `usage`.
pub fn spell(environment: &str, key: &str, field: Option<&str>, format: Format) -> Result<String, Error> {
    let environment =
        EnvironmentName::parse(environment).map_err(|error| Error::usage(format!("environment: {error}")))?;
    let key = Handle::parse(key).map_err(|error| Error::usage(format!("key: {error}")))?;
    let field = field
        .map(|name| Handle::parse(name).map_err(|error| Error::usage(format!("field: {error}"))))
        .transpose()?;
    let (brace, uri, variable) = match &field {
        None => (
            format!("{{vault.{key}}}"),
            format!("keyward://{environment}/{key}"),
            key.as_str(),
        ),
        Some(field) => (
            format!("{{vault.{key}.{field}}}"),
            format!("keyward://{environment}/{key}/{field}"),
            field.as_str(),
        ),
    };
    Ok(match format {
        Format::Reference => brace,
        Format::Uri => uri,
        Format::Shell => format!("\"$(keyward get {uri})\""),
        Format::Dotenv => format!("{}={uri}", variable.replace('-', "_")),
        Format::Curl => format!("curl -H \"Authorization: Bearer $(keyward get {uri})\""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w07_spellings_and_what_is_refused() {
        let check =
            |format, expected: &str| assert_eq!(spell("default", "DB-URL", None, format).unwrap(), expected);
        check(Format::Reference, "{vault.DB-URL}");
        check(Format::Uri, "keyward://default/DB-URL");
        check(Format::Shell, "\"$(keyward get keyward://default/DB-URL)\"");
        check(Format::Dotenv, "DB_URL=keyward://default/DB-URL");
        check(
            Format::Curl,
            "curl -H \"Authorization: Bearer $(keyward get keyward://default/DB-URL)\"",
        );
        let field = |format, expected: &str| {
            assert_eq!(
                spell("default", "DB", Some("user-name"), format).unwrap(),
                expected
            );
        };
        field(Format::Reference, "{vault.DB.user-name}");
        field(Format::Uri, "keyward://default/DB/user-name");
        field(Format::Dotenv, "user_name=keyward://default/DB/user-name");
        assert!(spell("default", "DB", Some("$(id)"), Format::Shell).is_err());
        for (environment, key) in [
            ("default", "$(id)"),
            ("a b", "KEY"),
            ("default", ""),
            ("`x`", "KEY"),
        ] {
            assert!(
                spell(environment, key, None, Format::Shell).is_err(),
                "{environment} {key}"
            );
        }
    }
}
