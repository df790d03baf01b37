//! The grant doctor.

use std::sync::Arc;

use keyward_engine::{Engine, access::Caller, diagnosis};
use keyward_model::{Timestamp, auth_client::Oauth2, diagnosis as model};

use super::Result;
use crate::wire;

/// Why a Connection is as it is, and what mends it.
///
/// # Errors
/// `not_found`; `usage` for one whose values were entered; `locked` when its AuthClient is kept in a locked vault.
pub fn why(engine: &Arc<Engine>, _: &Caller, request: wire::ConnectionWhy) -> Result<wire::Diagnosis> {
    let found = diagnosis::why(engine, &request.environment, &request.connection)?;
    let connection = wire::Connection::from(found.shown);
    let auth_client = connection.auth_client.as_deref().unwrap_or_default();
    Ok(wire::Diagnosis {
        causes: found
            .causes
            .iter()
            .map(|cause| shown(cause, &connection.key, auth_client, found.registration.as_ref()))
            .collect(),
        consented_at: found.consented_at.map(Timestamp::to_rfc3339),
        connection,
    })
}

/// One cause, with the command of its act.
pub(super) fn shown(
    cause: &model::Cause,
    connection: &str,
    auth_client: &str,
    registration: Option<&Oauth2>,
) -> wire::Cause {
    wire::Cause {
        id: cause.id.to_owned(),
        title: cause.title.to_owned(),
        why: cause.why.to_owned(),
        fix: cause.fix.to_owned(),
        act: remedy(cause.act),
        command: command(cause, connection, auth_client, registration),
    }
}

fn remedy(act: model::Remedy) -> wire::Remedy {
    match act {
        model::Remedy::Nothing => wire::Remedy::Nothing,
        model::Remedy::Wait => wire::Remedy::Wait,
        model::Remedy::Refresh => wire::Remedy::Refresh,
        model::Remedy::Connect => wire::Remedy::Connect,
        model::Remedy::EditAuthClient => wire::Remedy::EditAuthClient,
        model::Remedy::AtProvider => wire::Remedy::AtProvider,
    }
}

fn command(
    cause: &model::Cause,
    connection: &str,
    auth_client: &str,
    registration: Option<&Oauth2>,
) -> Option<String> {
    match cause.act {
        model::Remedy::Nothing | model::Remedy::Wait => None,
        model::Remedy::Refresh => Some(format!("keyward connection refresh {connection}")),
        // A connection keeps the scopes that it was made with: they are said anew.
        model::Remedy::Connect if cause.id == "scope_refused" => {
            let scopes = registration.map_or(&[][..], |own| &own.scopes);
            Some(format!(
                "keyward connect {connection} {}",
                repeated("--scope", scopes, "SCOPE")
            ))
        }
        model::Remedy::Connect | model::Remedy::AtProvider => Some(format!("keyward connect {connection}")),
        model::Remedy::EditAuthClient => Some(match change(cause.id, registration) {
            Some(options) => format!("keyward auth-client update {auth_client} {options}"),
            None => format!("keyward auth-client show {auth_client}"),
        }),
    }
}

/// What is said to an AuthClient to mend a cause; `None` for what one in use keeps (EL11): then it is looked at, and
/// another is made. Lists are replaced as a whole, so what is there is said again.
fn change(cause: &str, registration: Option<&Oauth2>) -> Option<String> {
    let there = |list: fn(&Oauth2) -> &[String]| registration.map_or(&[][..], list);
    let params = |wanted| with_params(registration.map_or(&[][..], |own| &own.authorize_params), wanted);
    Some(match cause {
        "endpoint_moved"
        | "endpoint_gone"
        | "endpoint_unacceptable"
        | "issuer_moved"
        | "microsoft_app_unknown"
        | "microsoft_single_tenant"
        | "request_refused" => return None,
        "resource_refused" => repeated("--resource", there(|own| &own.resources), "URL"),
        "exact_too_early" => "--refresh-window 30".to_owned(),
        "google_offline" => params(&[("access_type", "offline"), ("prompt", "consent")]),
        "dropbox_offline" => params(&[("token_access_type", "offline")]),
        "reddit_permanent" => params(&[("duration", "permanent")]),
        _ => "--client-secret-stdin".to_owned(),
    })
}

/// An option once for each value; with a word that stands for one where there is none.
fn repeated(option: &str, values: &[String], without: &str) -> String {
    if values.is_empty() {
        return format!("{option} {without}");
    }
    let all: Vec<String> = values
        .iter()
        .map(|value| format!("{option} {}", quoted(value)))
        .collect();
    all.join(" ")
}

/// The authorization parameters there are, and those that are wanted in place of their namesakes.
fn with_params(there: &[(String, String)], wanted: &[(&str, &str)]) -> String {
    let mut all: Vec<(&str, String)> = there
        .iter()
        .filter(|(name, _)| wanted.iter().all(|(other, _)| other != name))
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    for (name, value) in wanted {
        // `prompt` is a list of words, of which `none` stands alone (OpenID Connect Core §3.1.2.1).
        let before = there
            .iter()
            .find(|(other, said)| other == "prompt" && name == other && said != "none" && said != value);
        all.push((
            name,
            before.map_or((*value).to_owned(), |(_, said)| format!("{said} {value}")),
        ));
    }
    let options: Vec<String> = all
        .iter()
        .map(|(name, value)| format!("--authorize-param {}", quoted(&format!("{name}={value}"))))
        .collect();
    options.join(" ")
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/=@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Oauth2 {
        let uri = "https://as.example/token".to_owned();
        Oauth2::new(uri.clone(), uri, "client".to_owned())
    }

    /// OA10: the command says again what it would otherwise take away.
    #[test]
    fn oa10_a_command_takes_no_setting_away() {
        let mut client = client();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let change = |cause, client: &Oauth2| change(cause, Some(client)).unwrap();
        assert_eq!(
            change("google_offline", &client),
            "--authorize-param access_type=offline --authorize-param prompt=consent"
        );
        client.authorize_params = vec![
            pair("hd", "acme.com"),
            pair("access_type", "online"),
            pair("prompt", "select_account"),
        ];
        client.scopes = vec!["read".to_owned(), "it's".to_owned()];
        client.resources = vec!["https://api.example/".to_owned()];
        assert_eq!(
            change("google_offline", &client),
            "--authorize-param hd=acme.com --authorize-param access_type=offline \
             --authorize-param 'prompt=select_account consent'"
        );
        assert_eq!(
            change("reddit_permanent", &client),
            "--authorize-param hd=acme.com --authorize-param access_type=online \
             --authorize-param prompt=select_account --authorize-param duration=permanent"
        );
        // The scopes are the connection's own: it is made again with them.
        let cause = model::Cause {
            id: "scope_refused",
            title: "",
            why: "",
            fix: "",
            act: model::Remedy::Connect,
        };
        let told = |client: &Oauth2| command(&cause, "APP", "CLIENT", Some(client)).unwrap();
        assert_eq!(
            told(&client),
            r"keyward connect APP --scope read --scope 'it'\''s'"
        );
        client.scopes = Vec::new();
        assert_eq!(told(&client), "keyward connect APP --scope SCOPE");
        assert_eq!(
            change("resource_refused", &client),
            "--resource https://api.example/"
        );
        client.authorize_params = vec![pair("prompt", "none")];
        assert!(change("google_offline", &client).ends_with("--authorize-param prompt=consent"));
    }
}
