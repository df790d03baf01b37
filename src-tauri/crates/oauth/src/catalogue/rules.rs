//! What an entry may say (O-11, O-12, T-11).

use keyward_model::{
    dialect::{Behaviour, Dialect, REDIRECT_NAME},
    name::{AppName, Handle},
    provider::{Confidence, Protocol, Provider, variables_in},
};
use reqwest::header::{HeaderName, HeaderValue};

use super::FileError;
use crate::{authorize, endpoint, error::Error};

/// Parameters that a provider may call otherwise. `state` and the PKCE challenge are not among them: without them a
/// consent could be forged.
const RENAMEABLE: [&str; 9] = [
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "response_type",
    "scope",
];

/// Parameters of a callback that a provider may call otherwise.
const RENAMEABLE_IN_CALLBACK: [&str; 3] = ["code", "error", "error_description"];

/// Members of an answer that may lie elsewhere.
pub(crate) const MEMBERS: [&str; 10] = [
    "access_token",
    "error",
    "error_description",
    "expires_at",
    "expires_in",
    "id_token",
    "refresh_token",
    "refresh_token_expires_in",
    "scope",
    "token_type",
];

/// Headers that speak for the client or frame the request: ours alone.
const OWN_HEADERS: [&str; 9] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "proxy-authorization",
    "te",
    "transfer-encoding",
];

pub(super) fn check(provider: &Provider) -> Result<(), FileError> {
    if AppName::parse(&provider.id).is_err() {
        return bad(
            "id",
            "it is not a-z, 0-9 and -, starting with a letter, at most 64 characters",
        );
    }
    words("name", &provider.name, 80)?;
    check_mark(provider)?;
    for (field, page) in [
        ("website", &provider.website),
        ("documentation", &provider.documentation),
        ("console", &provider.console),
    ] {
        if let Some(page) = page {
            check_page(field, page)?;
        }
    }
    check_variables(provider)?;
    check_addresses(provider)?;
    for (field, params) in [
        ("authorize_params", &provider.authorize_params),
        ("token_params", &provider.token_params),
        ("refresh_params", &provider.refresh_params),
    ] {
        authorize::check_params(params).map_err(|error| in_field(field, &error))?;
        for (_, value) in params {
            check_template(provider, field, value)?;
        }
    }
    let scopes: Vec<String> = provider.scopes.iter().map(|scope| scope.name.clone()).collect();
    authorize::check_scopes(&scopes).map_err(|error| in_field("scopes", &error))?;
    for scope in &provider.scopes {
        if let Some(description) = &scope.description {
            words("scopes.description", description, 200)?;
        }
    }
    for (_, value) in &provider.dialect.headers {
        check_template(provider, "dialect.headers", value)?;
    }
    check_dialect(&provider.dialect)?;
    let has_name = provider
        .variables
        .iter()
        .any(|variable| variable.name == REDIRECT_NAME);
    if provider.dialect.behaviour == Some(Behaviour::RedirectName) && !has_name {
        return bad(
            "variables",
            &format!("the behaviour redirect-name needs {REDIRECT_NAME}"),
        );
    }
    for step in &provider.steps {
        words("steps", step, 400)?;
    }
    check_verified(provider)
}

fn check_mark(provider: &Provider) -> Result<(), FileError> {
    let letters = provider.mark.letters.chars().count();
    if !(1..=2).contains(&letters) || !provider.mark.letters.chars().all(char::is_alphanumeric) {
        return bad("mark.letters", "one or two letters or digits");
    }
    if provider.mark.hue >= 360 {
        return bad("mark.hue", "degrees from 0 to 359");
    }
    Ok(())
}

fn check_variables(provider: &Provider) -> Result<(), FileError> {
    for (index, variable) in provider.variables.iter().enumerate() {
        let name = &variable.name;
        let fits = !name.is_empty()
            && name.len() <= 40
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !fits {
            return bad("variables.name", "letters, digits and _");
        }
        if provider.variables[..index]
            .iter()
            .any(|other| other.name == *name)
        {
            return bad("variables.name", &format!("{name} is there twice"));
        }
        words("variables.title", &variable.title, 80)?;
        let values = variable
            .choices
            .iter()
            .chain(&variable.default)
            .chain([&variable.example]);
        for value in values {
            if !variable.pattern.fits(value) {
                let what = format!("{value:?} is not {}", variable.pattern.what());
                return bad(&format!("the variable {name}"), &what);
            }
            if !variable.choices.is_empty() && !variable.choices.contains(value) {
                return bad(
                    &format!("the variable {name}"),
                    &format!("{value:?} is not among its choices"),
                );
            }
        }
    }
    Ok(())
}

/// O-12: each address is acceptable with the examples in it, and holds no variable that is not declared.
fn check_addresses(provider: &Provider) -> Result<(), FileError> {
    let at = &provider.endpoints;
    let request_uri = match &provider.protocol {
        Protocol::Oauth1 { request_uri } => Some(request_uri),
        Protocol::Oauth2 => None,
    };
    let addresses = [
        ("issuer", at.issuer.as_ref()),
        ("authorize", Some(&at.auth_uri)),
        ("token", Some(&at.token_uri)),
        ("refresh", at.refresh_token_uri.as_ref()),
        ("revocation", at.revocation_uri.as_ref()),
        ("introspection", at.introspection_uri.as_ref()),
        ("device", at.device_uri.as_ref()),
        ("pushed", at.pushed.as_ref().map(|pushed| &pushed.uri)),
        ("jwks", at.jwks_uri.as_ref()),
        ("request", request_uri),
    ];
    let mut used = Vec::new();
    for (name, address) in addresses {
        let Some(address) = address else { continue };
        let field = format!("endpoints.{name}");
        used.extend(check_template(provider, &field, address)?);
        let mut example = address.clone();
        for variable in &provider.variables {
            example = example.replace(&format!("{{{}}}", variable.name), &variable.example);
        }
        endpoint::check(&example).map_err(|error| in_field(&field, &error))?;
        // The catalogue speaks of providers, and none is at this machine: plain http is for tests.
        if !example.starts_with("https://") {
            return bad(&field, "it is not https");
        }
    }
    let params = [
        &provider.authorize_params,
        &provider.token_params,
        &provider.refresh_params,
    ];
    let values = params
        .into_iter()
        .flatten()
        .chain(&provider.dialect.headers)
        .map(|(_, value)| value);
    for value in values.chain(&provider.resources) {
        used.extend(variables_in(value).unwrap_or_default());
    }
    let is_used = |name: &str| used.contains(&name) || is_behaviours_own(provider, name);
    match provider
        .variables
        .iter()
        .find(|variable| !is_used(&variable.name))
    {
        Some(variable) => bad("variables", &format!("nothing uses {}", variable.name)),
        None => Ok(()),
    }
}

/// Variables that go into no address, but into what a behaviour makes.
fn is_behaviours_own(provider: &Provider, name: &str) -> bool {
    match provider.dialect.behaviour {
        Some(Behaviour::AppleClientSecret) => ["team_id", "key_id"].contains(&name),
        Some(Behaviour::RedirectName) => name == REDIRECT_NAME,
        _ => false,
    }
}

fn check_template<'t>(provider: &Provider, field: &str, text: &'t str) -> Result<Vec<&'t str>, FileError> {
    let Some(names) = variables_in(text) else {
        return bad(field, "a brace stands alone");
    };
    let unknown = |name: &&&str| provider.variables.iter().all(|variable| variable.name != ***name);
    match names.iter().find(unknown) {
        Some(name) => bad(field, &format!("there is no variable {name}")),
        None => Ok(names),
    }
}

/// What a dialect may say, wherever it comes from.
pub(super) fn check_dialect(dialect: &Dialect) -> Result<(), FileError> {
    let plain = |text: &str| {
        text.len() <= 100
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
    };
    for (standard, own) in &dialect.renamed {
        let standard = standard
            .strip_prefix("authorize:")
            .or(standard.strip_prefix("token:"))
            .unwrap_or(standard);
        if !RENAMEABLE.contains(&standard) || !plain(own) {
            return bad("dialect.renamed", &format!("{standard}={own} is not possible"));
        }
    }
    for (standard, own) in &dialect.callback_names {
        if !RENAMEABLE_IN_CALLBACK.contains(&standard.as_str()) || own.is_empty() || !plain(own) {
            return bad(
                "dialect.callback_names",
                &format!("{standard}={own} is not possible"),
            );
        }
    }
    for (member, path) in &dialect.answer_paths {
        if !MEMBERS.contains(&member.as_str()) || !path.starts_with('/') {
            return bad(
                "dialect.answer_paths",
                &format!("{member}={path} is not possible"),
            );
        }
    }
    let kept = dialect
        .keep_from_answer
        .iter()
        .map(|(name, path)| (name, path.starts_with('/')));
    for (name, fits) in kept.chain(dialect.keep_from_callback.iter().map(|name| (name, true))) {
        // A kept value is shown and referred to: no secret of the protocol is one.
        // It is referred to as a field, beside those that every Connection has (CLI.md).
        let is_field =
            Handle::parse(name).is_ok() && !["account", "expires_at", "raw"].contains(&name.as_str());
        if !fits || !is_field || authorize::is_core(name) || name.contains("token") {
            return bad("dialect.keep_from", &format!("{name} cannot be kept"));
        }
    }
    for (name, value) in &dialect.headers {
        let own = OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str());
        if own || HeaderName::try_from(name).is_err() || HeaderValue::try_from(value).is_err() {
            return bad("dialect.headers", &format!("{name} cannot be set"));
        }
    }
    if (dialect.behaviour == Some(Behaviour::CallbackHost)) == dialect.hosts.is_empty() {
        return bad(
            "dialect.hosts",
            "they belong to the behaviour callback-host, and it to them",
        );
    }
    for host in &dialect.hosts {
        let name = host.strip_prefix("*.").unwrap_or(host);
        if !keyward_model::provider::Pattern::Host.fits(name) || !name.contains('.') {
            return bad("dialect.hosts", &format!("{host:?} is not a host name"));
        }
    }
    Ok(())
}

fn check_verified(provider: &Provider) -> Result<(), FileError> {
    let verified = &provider.verified;
    words("verified.source", &verified.source, 200)?;
    let is_date = |text: &String| {
        let parts: Vec<&str> = text.split('-').collect();
        matches!(parts.as_slice(), [y, m, d] if y.len() == 4 && m.len() == 2 && d.len() == 2)
            && parts.concat().bytes().all(|b| b.is_ascii_digit())
    };
    match (&verified.on, verified.confidence) {
        (Some(on), Confidence::Documented | Confidence::Catalogued) if is_date(on) => Ok(()),
        (None, Confidence::Unchecked) => Ok(()),
        _ => bad(
            "verified",
            "a day (YYYY-MM-DD) for what was checked, and none for what was not",
        ),
    }
}

fn check_page(field: &str, page: &str) -> Result<(), FileError> {
    if page.starts_with("https://") && endpoint::check(page.split('#').next().unwrap_or_default()).is_ok() {
        return Ok(());
    }
    bad(field, "it is not an https address")
}

fn words(field: &str, text: &str, longest: usize) -> Result<(), FileError> {
    if text.trim().is_empty() || text.chars().count() > longest || text.chars().any(char::is_control) {
        return bad(field, &format!("1 to {longest} characters on one line"));
    }
    Ok(())
}

fn in_field(field: &str, error: &Error) -> FileError {
    FileError(format!("{field}: {error}"))
}

fn bad<T>(field: &str, what: &str) -> Result<T, FileError> {
    Err(FileError(format!("{field}: {what}")))
}
