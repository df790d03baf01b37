//! `keyward app`

use keyward_api::wire::{
    Application, ApplicationDefault, ApplicationList, ApplicationShow, ApplicationUpdate, Code, Error,
};
use serde_json::{Value, json};

use super::Result;
use crate::{args::App as Command, context::Context, door::Door, output, output::Face};

/// Everything about Applications.
///
/// # Errors
/// `usage`, `not_found`, `locked`.
pub fn run(context: &Context, face: &Face, command: Command) -> Result {
    let mut door = Door::open(context)?;
    let environment = context.environment.clone();
    let shown = match command {
        Command::List { search } => {
            let is_filtered = search.is_some();
            let list = door.call(context, ApplicationList { environment, search })?;
            if list.is_empty() {
                face.say(match is_filtered {
                    true => "No application here fits.",
                    false => "No applications here. --app makes one: keyward connection add NAME --type api_key --app A",
                });
            }
            return match face.is_json() {
                true => face.document(&list.iter().map(document).collect()),
                false => face.data(rows(&list).as_bytes()),
            };
        }
        Command::Show { application } => {
            let request = ApplicationShow {
                environment,
                application,
            };
            door.call(context, request)?
        }
        Command::Update {
            application,
            name,
            url,
        } => {
            if name.is_none() && url.is_none() {
                return Err(Error::new(
                    Code::Usage,
                    "There is nothing to change.",
                    "Say --name or --url.",
                ));
            }
            let request = ApplicationUpdate {
                environment,
                application,
                name,
                url,
            };
            door.call(context, request)?
        }
        Command::Default {
            application,
            connection,
        } => {
            let request = ApplicationDefault {
                environment,
                application,
                connection,
            };
            let shown = door.call(context, request)?;
            if let Some(default) = &shown.default {
                face.say(format!("@{} means {default} now.", shown.key));
            }
            shown
        }
    };
    match face.is_json() {
        true => face.document(&document(&shown)),
        false => face.data(facts(&shown).as_bytes()),
    }
}

fn document(one: &Application) -> Value {
    json!({
        "key": one.key,
        "name": one.name,
        "url": one.url,
        "auth_clients": one.auth_clients,
        "connections": one.connections,
        "default": one.default,
        "created_at": one.created_at,
    })
}

fn facts(one: &Application) -> String {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    output::facts(&[
        ("key", one.key.clone()),
        ("name", one.name.clone()),
        ("url", or_none(&one.url)),
        ("auth clients", one.auth_clients.join(" ")),
        ("connections", one.connections.join(" ")),
        ("default", or_none(&one.default)),
        ("created", one.created_at.clone()),
    ])
}

fn rows(list: &[Application]) -> String {
    let rows: Vec<_> = list
        .iter()
        .map(|one| {
            vec![
                one.key.clone(),
                one.name.clone(),
                one.default.clone().unwrap_or_default(),
                one.connections.join(" "),
                one.auth_clients.join(" "),
            ]
        })
        .collect();
    output::table(&["APP", "NAME", "DEFAULT", "CONNECTIONS", "AUTH CLIENTS"], &rows)
}
