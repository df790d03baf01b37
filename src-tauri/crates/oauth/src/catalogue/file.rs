//! The file of an entry: TOML, read into private structs. A field that is not known is an error, so that a slip of the
//! pen is not a silent default.
//!
//! Every file needs `id`, `name`, `category`, `[mark]`, `[endpoints]` with `authorize` and `token`, and `[verified]`; all
//! else has the default of the RFCs. Addresses and parameters may hold `{name}` of a `[[variables]]`. Lists of pairs are
//! texts `name=value`. In `[dialect]`, `renamed = ["client_id=client_key"]` renames in both requests, `"token:code="`
//! leaves out in one; `answer_paths = ["access_token=/data/token"]` and `keep_from_answer` hold JSON pointers, a name
//! alone standing for the member of that name; `hosts` are those that a callback may name, in the first parameter of
//! `keep_from_callback`. The words of each choice are those of `keyward_model::{dialect, provider, auth_client}`.

use keyward_model::{
    auth_client::{ClientAuthentication, Grant, Pushed},
    dialect::{Behaviour, Dialect, Pkce, RefreshTokenLife, Rotation, Separator, TokenBody},
    name::AppName,
    provider::{
        Author, Category, Confidence, Endpoints, Mark, Pattern, Protocol, Provider, RedirectRule, Scope,
        Variable, Verified,
    },
};
use serde::Deserialize;

/// Why a text is no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FileError(pub(super) String);

/// Longest file, in bytes: the longest that ships has 4 KiB.
const LONGEST: usize = 64 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    name: String,
    application: Option<String>,
    category: String,
    #[serde(default)]
    keywords: Vec<String>,
    mark: FileMark,
    website: Option<String>,
    documentation: Option<String>,
    console: Option<String>,
    redirect: Option<String>,
    #[serde(default)]
    grants: Vec<String>,
    client_authentication: Option<String>,
    #[serde(default)]
    authorize_params: Vec<String>,
    #[serde(default)]
    token_params: Vec<String>,
    #[serde(default)]
    refresh_params: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    token_expires_in: Option<u32>,
    refresh_window: Option<u32>,
    #[serde(default)]
    steps: Vec<String>,
    endpoints: FileEndpoints,
    #[serde(default)]
    variables: Vec<FileVariable>,
    #[serde(default)]
    scopes: Vec<FileScope>,
    #[serde(default)]
    dialect: FileDialect,
    #[serde(default)]
    refresh_token: FileLife,
    verified: FileVerified,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMark {
    letters: String,
    hue: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEndpoints {
    issuer: Option<String>,
    authorize: String,
    token: String,
    refresh: Option<String>,
    revocation: Option<String>,
    introspection: Option<String>,
    device: Option<String>,
    pushed: Option<String>,
    #[serde(default)]
    pushed_is_required: bool,
    jwks: Option<String>,
    /// OAuth 1.0a alone: temporary credentials.
    request: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileVariable {
    name: String,
    title: String,
    example: String,
    pattern: String,
    default: Option<String>,
    #[serde(default)]
    choices: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileScope {
    name: String,
    description: Option<String>,
    #[serde(default)]
    usual: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileDialect {
    scope_separator: Option<String>,
    pkce: Option<String>,
    token_body: Option<String>,
    renamed: Vec<String>,
    callback_names: Vec<String>,
    answer_paths: Vec<String>,
    keep_from_callback: Vec<String>,
    keep_from_answer: Vec<String>,
    hosts: Vec<String>,
    headers: Vec<String>,
    behaviour: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLife {
    idle: Option<u32>,
    absolute: Option<u32>,
    rotation: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileVerified {
    on: Option<String>,
    source: String,
    confidence: String,
}

/// Reads a text into an entry; whether its addresses and parameters are acceptable is still to be asked.
pub(super) fn parse(text: &str, author: Author) -> Result<Provider, FileError> {
    if text.len() > LONGEST {
        return Err(FileError("the file is longer than 64 KiB".to_owned()));
    }
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let message = error.message();
        FileError(line.map_or_else(|| message.to_owned(), |line| format!("line {line}: {message}")))
    })?;
    let life = RefreshTokenLife {
        idle: file.refresh_token.idle,
        absolute: file.refresh_token.absolute,
        rotation: word(
            "refresh_token.rotation",
            file.refresh_token.rotation,
            Rotation::of_word,
        )?,
    };
    let application = file.application.as_deref().unwrap_or(&file.id);
    Ok(Provider {
        application: AppName::parse(application)
            .map_err(|error| FileError(format!("application: {error}")))?,
        category: required("category", &file.category, Category::of_word)?,
        mark: Mark {
            letters: file.mark.letters,
            hue: file.mark.hue,
        },
        protocol: match &file.endpoints.request {
            None => Protocol::Oauth2,
            Some(request_uri) => Protocol::Oauth1 {
                request_uri: request_uri.clone(),
            },
        },
        endpoints: endpoints(file.endpoints),
        variables: file
            .variables
            .into_iter()
            .map(variable)
            .collect::<Result<_, _>>()?,
        scopes: file.scopes.into_iter().map(scope).collect(),
        redirect: match &file.redirect {
            None => RedirectRule::AnyPort,
            Some(redirect) => required("redirect", redirect, RedirectRule::of_word)?,
        },
        grants: match file.grants.as_slice() {
            [] => vec![Grant::AuthorizationCode],
            grants => grants
                .iter()
                .map(|grant| required("grants", grant, Grant::of_word))
                .collect::<Result<_, _>>()?,
        },
        client_authentication: match &file.client_authentication {
            None => ClientAuthentication::Basic,
            Some(way) => required("client_authentication", way, ClientAuthentication::of_word)?,
        },
        authorize_params: pairs("authorize_params", &file.authorize_params)?,
        token_params: pairs("token_params", &file.token_params)?,
        refresh_params: pairs("refresh_params", &file.refresh_params)?,
        dialect: dialect(file.dialect, life)?,
        verified: Verified {
            on: file.verified.on,
            source: file.verified.source,
            confidence: required(
                "verified.confidence",
                &file.verified.confidence,
                Confidence::of_word,
            )?,
        },
        id: file.id,
        name: file.name,
        keywords: file.keywords,
        website: file.website,
        documentation: file.documentation,
        console: file.console,
        resources: file.resources,
        token_expires_in: file.token_expires_in,
        refresh_window: file.refresh_window,
        steps: file.steps,
        author,
    })
}

fn endpoints(file: FileEndpoints) -> Endpoints {
    let is_required = file.pushed_is_required;
    Endpoints {
        issuer: file.issuer,
        auth_uri: file.authorize,
        token_uri: file.token,
        refresh_token_uri: file.refresh,
        revocation_uri: file.revocation,
        introspection_uri: file.introspection,
        device_uri: file.device,
        pushed: file.pushed.map(|uri| Pushed { uri, is_required }),
        jwks_uri: file.jwks,
    }
}

fn variable(file: FileVariable) -> Result<Variable, FileError> {
    Ok(Variable {
        pattern: required("variables.pattern", &file.pattern, Pattern::of_word)?,
        name: file.name,
        title: file.title,
        example: file.example,
        default: file.default,
        choices: file.choices,
    })
}

fn scope(file: FileScope) -> Scope {
    Scope {
        name: file.name,
        description: file.description,
        is_usual: file.usual,
    }
}

fn dialect(file: FileDialect, refresh_token: RefreshTokenLife) -> Result<Dialect, FileError> {
    Ok(Dialect {
        scope_separator: word(
            "dialect.scope_separator",
            file.scope_separator,
            Separator::of_word,
        )?,
        pkce: word("dialect.pkce", file.pkce, Pkce::of_word)?,
        token_body: word("dialect.token_body", file.token_body, TokenBody::of_word)?,
        renamed: pairs("dialect.renamed", &file.renamed)?,
        callback_names: pairs("dialect.callback_names", &file.callback_names)?,
        answer_paths: pairs("dialect.answer_paths", &file.answer_paths)?,
        keep_from_callback: file.keep_from_callback,
        // A name alone is the member of that name.
        keep_from_answer: file
            .keep_from_answer
            .iter()
            .map(|text| {
                let (name, path) = text.split_once('=').map_or_else(
                    || (text.clone(), format!("/{text}")),
                    |(name, path)| (name.to_owned(), path.to_owned()),
                );
                (name, path)
            })
            .collect(),
        hosts: file.hosts,
        headers: pairs("dialect.headers", &file.headers)?,
        behaviour: file
            .behaviour
            .map(|behaviour| required("dialect.behaviour", &behaviour, Behaviour::of_word))
            .transpose()?,
        refresh_token,
    })
}

/// `name=value`, as everywhere in Keyward.
fn pairs(field: &str, texts: &[String]) -> Result<Vec<(String, String)>, FileError> {
    let pair = |text: &String| {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| FileError(format!("{field}: {text:?} is not name=value")))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    texts.iter().map(pair).collect()
}

fn word<T: Default>(
    field: &str,
    text: Option<String>,
    of_word: impl Fn(&str) -> Option<T>,
) -> Result<T, FileError> {
    text.map_or_else(|| Ok(T::default()), |text| required(field, &text, of_word))
}

fn required<T>(field: &str, text: &str, of_word: impl Fn(&str) -> Option<T>) -> Result<T, FileError> {
    of_word(text).ok_or_else(|| FileError(format!("{field}: {text:?} is not a word that is known here")))
}
