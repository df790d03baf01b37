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

/// The Reference to `key` in `environment`. Both are parsed, so that no text of the page gets into a shell line (W-07).
///
/// # Errors
/// `usage`.
pub fn spell(environment: &str, key: &str, format: Format) -> Result<String, Error> {
    let environment =
        EnvironmentName::parse(environment).map_err(|error| Error::usage(format!("environment: {error}")))?;
    let key = Handle::parse(key).map_err(|error| Error::usage(format!("key: {error}")))?;
    let uri = format!("keyward://{environment}/{key}");
    Ok(match format {
        Format::Reference => format!("{{vault.{key}}}"),
        Format::Uri => uri,
        Format::Shell => format!("\"$(keyward get {uri})\""),
        Format::Dotenv => format!("{}={uri}", key.as_str().replace('-', "_")),
        Format::Curl => format!("curl -H \"Authorization: Bearer $(keyward get {uri})\""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w07_spellings_and_what_is_refused() {
        let check =
            |format, expected: &str| assert_eq!(spell("default", "DB-URL", format).unwrap(), expected);
        check(Format::Reference, "{vault.DB-URL}");
        check(Format::Uri, "keyward://default/DB-URL");
        check(Format::Shell, "\"$(keyward get keyward://default/DB-URL)\"");
        check(Format::Dotenv, "DB_URL=keyward://default/DB-URL");
        check(
            Format::Curl,
            "curl -H \"Authorization: Bearer $(keyward get keyward://default/DB-URL)\"",
        );
        for (environment, key) in [
            ("default", "$(id)"),
            ("a b", "KEY"),
            ("default", ""),
            ("`x`", "KEY"),
        ] {
            assert!(
                spell(environment, key, Format::Shell).is_err(),
                "{environment} {key}"
            );
        }
    }
}
