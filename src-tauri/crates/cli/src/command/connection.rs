//! `keyward connection`

mod entered;

use keyward_api::wire::{
    AuthType, Connection, ConnectionDelete, ConnectionDisconnect, ConnectionHistory, ConnectionInvalidate,
    ConnectionList, ConnectionRefresh, ConnectionRefreshes, ConnectionRestore, ConnectionShow,
    ConnectionState, ConnectionWhy, Diagnosis, Disconnected, Plaintext, RefreshAttempt, RenewedBy,
    Revocation,
};

use super::{Result, of_version, secret::versions};
use crate::{
    args::{Connection as Command, State},
    context::Context,
    door::Door,
    output,
    output::Face,
    value,
};

/// Everything about Connections that exist.
///
/// # Errors
/// `not_found`, `needs_consent`, `provider`, `locked`.
pub fn run(context: &Context, face: &Face, command: Command) -> Result {
    let command = match command {
        Command::Add(add) => return entered::add(context, face, *add),
        Command::Update(update) => return entered::update(context, face, update),
        other => other,
    };
    let mut door = Door::open(context)?;
    let environment = context.environment.clone();
    match command {
        Command::Add(_) | Command::Update(_) => Ok(()),
        Command::History { name } => {
            let show = ConnectionShow {
                environment: environment.clone(),
                connection: name.clone(),
            };
            if is_of_tokens(&door.call(context, show)?) {
                let request = ConnectionRefreshes {
                    environment,
                    connection: name,
                };
                let list = door.call(context, request)?;
                if list.is_empty() {
                    face.say("It has not been refreshed yet.");
                }
                return face.show(&list, |list| attempts(list));
            }
            let request = ConnectionHistory {
                environment,
                connection: name,
            };
            face.show(&door.call(context, request)?, |list| versions(list))
        }
        Command::Restore { name, version } => {
            let history = format!("connection history {name}");
            let request = ConnectionRestore {
                environment,
                connection: name,
                version,
            };
            face.show(&of_version(door.call(context, request), &history)?, facts)
        }
        Command::List { state } => {
            let state = state.map(|state| match state {
                State::AwaitingConsent => ConnectionState::AwaitingConsent,
                State::Ready => ConnectionState::Ready,
                State::NeedsConsent => ConnectionState::NeedsConsent,
                State::Error => ConnectionState::Error,
                State::Disconnected => ConnectionState::Disconnected,
            });
            let list = door.call(context, ConnectionList { environment, state })?;
            if list.is_empty() {
                face.say(match state {
                    Some(_) => "No connection here is in that state.",
                    None => "No connections here. Make one: keyward connect NAME",
                });
            }
            face.show(&list, |list| rows(list))
        }
        Command::Show { name } => {
            let show = ConnectionShow {
                environment: environment.clone(),
                connection: name.clone(),
            };
            let connection = door.call(context, show)?;
            let refreshes = ConnectionRefreshes {
                environment,
                connection: name,
            };
            // The document is the Connection alone (CLI.md); a person is told how its last refresh went as well.
            let newest = match !face.is_json() && is_of_tokens(&connection) {
                true => door.call(context, refreshes)?.into_iter().next(),
                false => None,
            };
            face.show(&connection, |connection| {
                let last = newest.map(|newest| ("last refresh", attempt(&newest)));
                output::facts(&listed(connection).into_iter().chain(last).collect::<Vec<_>>())
            })
        }
        Command::Why { name } => {
            let request = ConnectionWhy {
                environment,
                connection: name,
            };
            face.show(&door.call(context, request)?, why)
        }
        Command::Refresh { name } => {
            let refreshed = door.call(
                context,
                ConnectionRefresh {
                    environment,
                    connection: name,
                },
            )?;
            face.show(&refreshed, facts)
        }
        Command::Invalidate { name, token_stdin } => {
            let access_token = token_stdin
                .then(|| value::stdin(false))
                .transpose()?
                .map(Plaintext);
            let show = ConnectionShow {
                environment: environment.clone(),
                connection: name.clone(),
            };
            let before = door.call(context, show)?.obtained_at;
            let is_unnamed = access_token.is_none();
            let request = ConnectionInvalidate {
                environment,
                connection: name,
                access_token,
            };
            let reported = door.call(context, request)?;
            if is_unnamed && reported.obtained_at == before {
                // O-76: a report that does not name its token means one that is older than the present one.
                face.say(format!(
                    "Nothing was asked: the token of {} is so new that the refused one was most likely the one before it. \
                     To report this one, name it with --token-stdin.",
                    reported.key
                ));
            }
            face.show(&reported, facts)
        }
        Command::Disconnect { name } => {
            let gone = door.call(
                context,
                ConnectionDisconnect {
                    environment,
                    connection: name,
                },
            )?;
            face.say(format!(
                "{} is disconnected: it holds no tokens or values any more, its definition stays. {}",
                gone.connection,
                at_provider(&gone)
            ));
            if face.is_json() {
                face.show(&gone, at_provider)
            } else {
                Ok(())
            }
        }
        Command::Delete { names } => {
            let gone = door.call(
                context,
                ConnectionDelete {
                    environment,
                    connections: names,
                },
            )?;
            for one in &gone {
                face.say(format!("{} is deleted. {}", one.connection, at_provider(one)));
            }
            if face.is_json() {
                face.show(&gone, |_| String::new())
            } else {
                Ok(())
            }
        }
    }
}

/// Whether a provider gives it tokens: what has a history then is their refreshes, else the values that were entered.
fn is_of_tokens(connection: &Connection) -> bool {
    matches!(connection.auth_type, AuthType::Oauth2 | AuthType::Oauth1)
}

/// “worked in 132 ms”, or the word for what went wrong with the time that took.
fn attempt(attempt: &RefreshAttempt) -> String {
    let how = match attempt.outcome.as_str() {
        "ok" => "worked",
        word => word,
    };
    match attempt.took_ms {
        Some(took) => format!("{}, {how} in {took} ms", attempt.at),
        None => format!("{}, {how}", attempt.at),
    }
}

fn attempts(list: &[RefreshAttempt]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            let took = one.took_ms.map(|took| format!("{took} ms"));
            vec![one.at.clone(), one.outcome.clone(), took.unwrap_or_default()]
        })
        .collect();
    output::table(&["AT", "OUTCOME", "TOOK"], &rows)
}

/// The likeliest cause with its one act, then what may also be it.
fn why(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    for (number, cause) in diagnosis.causes.iter().enumerate() {
        match number {
            0 => {}
            1 => text.push_str("\nIt may also be:\n"),
            _ => text.push('\n'),
        }
        text.push_str(&format!("{}\n  {}\n", cause.title, cause.why));
        if !cause.fix.is_empty() {
            text.push_str(&format!("  {}\n", cause.fix));
        }
        if let Some(command) = &cause.command {
            text.push_str(&format!("  → {command}\n"));
        }
    }
    if let Some(error) = &diagnosis.connection.error {
        text.push_str(&format!("\nThe error: {} ({})\n", error.message, error.code));
    }
    text
}

/// What became of the tokens at the provider (OA11).
fn at_provider(gone: &Disconnected) -> String {
    match (gone.revocation, &gone.error) {
        (Revocation::Revoked, _) => "The provider revoked its tokens.".to_owned(),
        (Revocation::NoEndpoint, _) => {
            "No revocation address is known: the tokens end by themselves. Remove the app on the provider's page.".to_owned()
        }
        (Revocation::Queued, _) => {
            "The provider cannot be reached: they are revoked as soon as it can be, while the app or `keyward serve` runs.".to_owned()
        }
        (Revocation::Failed, Some(error)) => {
            format!("The provider could not revoke them ({}). Remove the app on the provider's page.", error.message)
        }
        (Revocation::Failed, None) => "The provider could not revoke them.".to_owned(),
        (Revocation::NoTokens, _) => "No tokens are left to revoke.".to_owned(),
    }
}

fn state(connection: &Connection) -> &'static str {
    match connection.state {
        ConnectionState::AwaitingConsent => "awaiting_consent",
        ConnectionState::Ready => "ready",
        ConnectionState::NeedsConsent => "needs_consent",
        ConnectionState::Error => "error",
        ConnectionState::Disconnected => "disconnected",
    }
}

fn auth_type(connection: &Connection) -> &'static str {
    match connection.auth_type {
        AuthType::Oauth2 => "oauth2",
        AuthType::Oauth1 => "oauth1",
        AuthType::Basic => "basic",
        AuthType::ApiKey => "api_key",
        AuthType::AccessToken => "access_token",
        AuthType::None => "none",
    }
}

/// A Connection in words.
pub fn facts(connection: &Connection) -> String {
    output::facts(&listed(connection))
}

fn listed(connection: &Connection) -> Vec<(&'static str, String)> {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let yes_or_no = |is: bool, yes: &str, no: &str| if is { yes } else { no }.to_owned();
    let mut facts = vec![
        ("key", connection.key.clone()),
        ("name", connection.name.clone()),
        ("environment", connection.environment.clone()),
        ("application", or_none(&connection.application)),
        ("auth client", or_none(&connection.auth_client)),
        ("type", auth_type(connection).to_owned()),
        ("state", state(connection).to_owned()),
        ("default", yes_or_no(connection.default, "yes", "no")),
        ("owner", connection.owner.clone()),
        ("created", connection.created_at.clone()),
    ];
    if !connection.kept.is_empty() {
        facts.push(("kept", connection.kept.join(" ")));
    }
    if connection.auth_type == AuthType::Oauth2 {
        facts.extend([
            ("account", or_none(&connection.account)),
            ("scope", or_none(&connection.scope)),
            ("expires", or_none(&connection.expires_at)),
            ("next refresh", or_none(&connection.next_refresh_at)),
            (
                "refresh token",
                match connection.renewed_by {
                    Some(RenewedBy::RefreshToken) => "held",
                    Some(RenewedBy::AuthClient) => "none needed: the auth client asks for tokens by itself",
                    None => "none",
                }
                .to_owned(),
            ),
            ("its end", or_none(&connection.refresh_token_expires_at)),
        ]);
    } else if connection.auth_type == AuthType::Oauth1 {
        facts.extend([
            ("account", or_none(&connection.account)),
            ("expires", "never".to_owned()),
        ]);
    } else {
        let version = connection.value_version.map(|number| number.to_string());
        facts.extend([
            ("url", or_none(&connection.url)),
            ("apply", or_none(&connection.apply)),
            ("version", or_none(&version)),
        ]);
    }
    facts.push(("id", connection.id.clone()));
    if let Some(error) = &connection.error {
        facts.extend([
            ("problem", error.message.clone()),
            ("what to do", error.hint.clone()),
        ]);
    }
    facts
}

fn rows(list: &[Connection]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            vec![
                one.key.clone(),
                auth_type(one).to_owned(),
                state(one).to_owned(),
                one.application.clone().unwrap_or_default(),
                one.account.clone().unwrap_or_default(),
                one.auth_client.clone().unwrap_or_default(),
                one.expires_at.clone().unwrap_or_default(),
                one.next_refresh_at.clone().unwrap_or_default(),
            ]
        })
        .collect();
    output::table(
        &[
            "NAME",
            "TYPE",
            "STATE",
            "APP",
            "ACCOUNT",
            "AUTH CLIENT",
            "EXPIRES",
            "NEXT REFRESH",
        ],
        &rows,
    )
}
